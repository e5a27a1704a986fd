//! Paths that are never tried because of the endpoints.

use super::super::case::{Case, Family, Mends, Side, over_both};
use super::super::traffic::Kind;

pub fn cases() -> Vec<Case> {
    let mut cases = without_endpoint();
    cases.extend(wrong_flags());
    cases.extend(wrong_address());
    cases.extend(unusable_address());
    cases.push(two_faults());
    cases
}

fn without_endpoint() -> Vec<Case> {
    let mut cases = over_both(|family| {
        let case = Case::fault("no endpoint for the second link", family)
            .client("ip mptcp endpoint flush")
            .problem("no-endpoint-for-interface", "c2")
            .mends(Mends::Living);
        if family == Family::V4 { case.short() } else { case }
    });
    cases.push(
        Case::fault("no endpoint on a client that receives", Family::V4)
            .client("ip mptcp endpoint flush")
            .traffic(Kind::Receive)
            .problem("no-endpoint-for-interface", "c2")
            .mends(Mends::Living),
    );
    cases.push(
        Case::fault(
            "no endpoint, two default routes, and no connection yet",
            Family::V4,
        )
        .client("ip mptcp endpoint flush; $IP route add default via $G2 dev c2 metric 200")
        .traffic(Kind::ListenOnly)
        .problem("no-endpoint-for-interface", "c2")
        .mends(Mends::New),
    );
    cases.push(
        Case::fault("the endpoint is deleted while a connection lives", Family::V6)
            .later(Side::Client, "ip mptcp endpoint flush")
            .problem("no-endpoint-for-interface", "c2")
            .mends(Mends::Living),
    );
    cases.push(
        Case::fault(
            "all eight endpoints are taken, and the second link has none",
            Family::V4,
        )
        .client(
            "ip mptcp endpoint flush
                for n in 1 2 3 4 5 6 7 8; do
                    ip addr add 10.1.0.1$n/24 dev c1
                    ip mptcp endpoint add 10.1.0.1$n dev c1 signal
                done",
        )
        .problem("endpoints-full", "endpoints")
        .mends(Mends::Living),
    );
    cases
}

fn wrong_flags() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::fault("the client's endpoint only announces", family)
            .client("ip mptcp endpoint flush; ip mptcp endpoint add $C2 dev c2 signal")
            .problem("only-signal-on-client", "$C2")
            .mends(Mends::Living)
    });
    cases.extend(over_both(|family| {
        Case::fault("the only endpoint is the connection's own address", family)
            .client("ip mptcp endpoint flush; ip mptcp endpoint add $C1 dev c1 subflow")
            .problem("endpoint-is-initial-address", "$C1")
            .mends(Mends::Living)
    }));
    cases
}

fn wrong_address() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::fault("the endpoint's address is on no interface", family)
            .client("ip mptcp endpoint flush; ip mptcp endpoint add $X2 dev c2 subflow")
            .seen(Side::Client, "test $(count MPTcpExtMPJoinSynTxBindErr) -ge 1")
            .problem("endpoint-address-gone", "$X2")
            .mends(Mends::Living)
    });
    cases.extend(over_both(|family| {
        Case::fault(
            "the second link gets another address while a connection lives",
            family,
        )
        .client("$IP rule add from $N2 lookup 102")
        .later(
            Side::Client,
            "$IP addr del $C2/$L dev c2; $IP addr add $X2/$L dev c2 $DAD
                $IP route replace default via $G2 dev c2 table 102",
        )
        .path(Side::Client, "c2", "$X2")
        .problem("endpoint-address-gone", "$C2")
        .mends(Mends::Living)
    }));
    cases.extend(over_both(|family| {
        let case = Case::fault("the endpoint is bound to the wrong device", family)
            .client("ip mptcp endpoint flush; ip mptcp endpoint add $C2 dev c1 subflow")
            .problem("endpoint-wrong-device", "$C2")
            .mends(Mends::Living);
        if family == Family::V4 { case.short() } else { case }
    }));
    cases.extend(over_both(|family| {
        Case::fault(
            "the second link's address is lost while a connection lives",
            family,
        )
        .later(Side::Client, "$IP addr del $C2/$L dev c2")
        .problem("endpoint-address-gone", "$C2")
        .mends(Mends::TidiesUp)
    }));
    cases.push(
        Case::fault(
            "the second link's device goes while a connection lives",
            Family::V4,
        )
        .later(Side::Client, "ip link del c2")
        .problem("endpoint-address-gone", "$C2")
        .mends(Mends::TidiesUp),
    );
    cases
}

fn unusable_address() -> Vec<Case> {
    const READDED: &str = "ip mptcp endpoint flush; ip -6 addr del $C2/64 dev c2
        sysctl -qw net.ipv6.conf.all.accept_dad=1 net.ipv6.conf.c2.accept_dad=1";
    vec![
        Case::fault("the address stays tentative", Family::V6)
            .client(&format!(
                "{READDED} net.ipv6.conf.c2.dad_transmits=1000
                ip -6 addr add $C2/64 dev c2; ip mptcp endpoint add $C2 dev c2 subflow"
            ))
            .seen(Side::Client, "test $(count MPTcpExtMPJoinSynTxBindErr) -ge 1")
            .problem("address-not-usable", "$C2")
            .mends(Mends::Living),
        Case::fault("somebody had the address when it was tested", Family::V6)
            .before(Side::Middle, "ip -6 addr add $C2/64 dev n2 nodad")
            .client(&format!(
                "{READDED}; ip -6 addr add $C2/64 dev c2; ip mptcp endpoint add $C2 dev c2 subflow
                until ip -6 addr show dev c2 | grep -q dadfailed; do sleep 0.1; done"
            ))
            .before(Side::Middle, "ip -6 addr del $C2/64 dev n2")
            .seen(Side::Client, "test $(count MPTcpExtMPJoinSynTxBindErr) -ge 1")
            .problem("address-not-usable", "$C2")
            .mends(Mends::Living),
    ]
}

/// Two that have nothing to do with each other, of two links.
fn two_faults() -> Case {
    Case::fault(
        "one link without endpoint, and another whose table is empty",
        Family::V4,
    )
    .third_link()
    .client(
        "ip mptcp limits set subflows 4; ip mptcp endpoint flush; ip mptcp endpoint add $C2 dev c2 subflow
            $IP route flush table 102",
    )
    .problem("no-endpoint-for-interface", "c3")
    .problem("rule-without-table", "$C2")
    .mends(Mends::Living)
}
