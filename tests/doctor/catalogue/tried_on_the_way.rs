//! Paths that are tried and fail because of what lies beyond this host: networks, middleboxes and the peer.

use super::super::case::{Case, Family, Side, over_both};
use super::super::traffic::Kind;

pub fn cases() -> Vec<Case> {
    let mut cases = unanswered();
    for family in [Family::V4, Family::V6] {
        cases.extend(answered_otherwise(family));
    }
    cases.extend(of_long_ago());
    cases.extend(while_watched());
    cases
}

fn on_second(what: &str) -> String {
    format!("filter forward -150 add rule inet lab forward iifname n2 {what}")
}

fn unanswered() -> Vec<Case> {
    let mut cases = over_both(|family| {
        let case = Case::fault("a network that drops every packet of the second path", family)
            .before(Side::Middle, &on_second("drop"))
            .seen(Side::Client, "waits $C2")
            .problem("join-unanswered", "$C2");
        if family == Family::V4 { case.short() } else { case }
    });
    cases.push(
        Case::fault("a network that drops only joins", Family::V4)
            .before(
                Side::Middle,
                &on_second("tcp option mptcp exists 'tcp flags & (syn|ack) == syn' drop"),
            )
            .seen(Side::Client, "waits $C2")
            .problem("join-unanswered", "$C2"),
    );
    cases.push(
        Case::fault("the peer's firewall drops the second path", Family::V4)
            .before(
                Side::Server,
                "filter input 0 add rule inet lab input ip saddr $C2 drop",
            )
            .seen(Side::Client, "waits $C2")
            .problem("join-unanswered", "$C2"),
    );
    cases
}

fn answered_otherwise(family: Family) -> Vec<Case> {
    vec![
        Case::fault("a box on the second path refuses it", family)
            .before(Side::Middle, &on_second("tcp flags syn reject with tcp reset"))
            .traffic(Kind::Again)
            .problem("join-refused", "$C2"),
        Case::fault("a box on the second path calls it prohibited", family)
            .before(Side::Middle, &on_second("tcp flags syn reject with icmpx type admin-prohibited"))
            .traffic(Kind::Again)
            .problem("join-unreachable", "$C2"),
        Case::fault("the option is stripped on the second path", family)
            .before(Side::Middle, &on_second("tcp flags syn reset tcp option mptcp"))
            .traffic(Kind::Again)
            .problem("option-stripped-on-join", "$C2"),
        Case::fault("the peer takes no more subflows", family)
            .before(Side::Server, "ip mptcp limits set subflows 0")
            .traffic(Kind::Again)
            .problem("peer-limit", "$C2"),
        Case::fault("the second path ends at another server", family)
            .decoy()
            .before(
                Side::Middle,
                "nft add table inet nat; nft 'add chain inet nat pre { type nat hook prerouting priority -100; }'
                nft add rule inet nat pre iifname n2 tcp dport 5000 redirect to :5000",
            )
            .traffic(Kind::Again)
            .problem("join-refused", "$C2"),
    ]
}

/// Tried before anybody watched: no event tells of it any more.
fn of_long_ago() -> Vec<Case> {
    vec![
        Case::fault("a box on the second path refused it long ago", Family::V4)
            .before(Side::Middle, &on_second("tcp flags syn reject with tcp reset"))
            .seen(Side::Client, "test $(count TcpAttemptFails) -ge 1")
            .problem("join-refused", "$C2"),
        Case::fault("the option was stripped on the second path long ago", Family::V6)
            .before(Side::Middle, &on_second("tcp flags syn reset tcp option mptcp"))
            .seen(Side::Client, "test $(count MPTcpExtMPRstTx) -ge 1")
            .problem("option-stripped-on-join", "$C2"),
        Case::fault("the peer took no more subflows long ago", Family::V4)
            .before(Side::Server, "ip mptcp limits set subflows 0")
            .seen(Side::Client, "test $(count TcpEstabResets) -ge 1")
            .problem("peer-limit", "$C2"),
    ]
}

/// Tried again by a person while the doctor watches, for a connection that lives on.
fn while_watched() -> Vec<Case> {
    let again = |name: &str, family, side, fault: &str, rule| {
        Case::fault(&format!("{name}, tried again"), family)
            .before(side, fault)
            .meanwhile(
                Side::Client,
                "ip mptcp endpoint flush; ip mptcp endpoint add $C2 dev c2 subflow",
            )
            .problem(rule, "$C2")
    };
    let middle =
        |name: &str, family, what: &str, rule| again(name, family, Side::Middle, &on_second(what), rule);
    vec![
        middle(
            "a box on the second path refuses it",
            Family::V6,
            "tcp flags syn reject with tcp reset",
            "join-refused",
        ),
        middle(
            "a box on the second path calls it prohibited",
            Family::V4,
            "tcp flags syn reject with icmpx type admin-prohibited",
            "join-unreachable",
        ),
        middle(
            "the option is stripped on the second path",
            Family::V4,
            "tcp flags syn reset tcp option mptcp",
            "option-stripped-on-join",
        ),
        again(
            "the peer takes no more subflows",
            Family::V4,
            Side::Server,
            "ip mptcp limits set subflows 0",
            "peer-limit",
        ),
    ]
}
