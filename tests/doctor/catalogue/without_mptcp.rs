//! Connections that are plain TCP: MPTCP is off, the peer does not speak it, or something on the way takes it out.

use super::super::case::{Case, Family, Mends, Side, over_both};
use super::super::traffic::Kind;

/// Takes the option out of every first packet of a connection.
const STRIPS_SYN: &str = "filter forward -150 add rule inet lab forward tcp flags syn reset tcp option mptcp";
const STRIPS_LATER: &str =
    "filter forward -150 add rule inet lab forward 'tcp flags & syn == 0' reset tcp option mptcp";
const DROPS_SYN: &str =
    "filter forward 0 add rule inet lab forward 'tcp flags & (syn|ack) == syn' tcp option mptcp exists drop";
const PEER_WITHOUT: &str = "peer-without-mptcp";

pub fn cases() -> Vec<Case> {
    let mut cases = disabled();
    cases.extend(over_both(|family| {
        let is_v4 = family == Family::V4;
        let case = Case::fault("the peer listens on plain TCP", family)
            .server_on_plain_tcp()
            .seen(
                Side::Client,
                "test $(count MPTcpExtMPCapableFallbackSYNACK) -ge 1",
            )
            .problem(PEER_WITHOUT, "$PEER");
        if is_v4 { case.short() } else { case }
    }));
    cases.extend(over_both(|family| {
        Case::fault("the option is stripped from the SYN", family)
            .before(Side::Middle, STRIPS_SYN)
            .seen(
                Side::Client,
                "test $(count MPTcpExtMPCapableFallbackSYNACK) -ge 1",
            )
            .problem(PEER_WITHOUT, "$PEER")
    }));
    cases.push(
        Case::fault(
            "peers on plain TCP, one short connection after another",
            Family::V4,
        )
        .server_on_plain_tcp()
        .traffic(Kind::Short)
        .finding("warning", PEER_WITHOUT, "this host"),
    );
    cases.extend(over_both(|family| {
        Case::fault("the option is stripped after the SYN", family)
            .before(Side::Middle, STRIPS_LATER)
            .seen(Side::Server, "test $(count MPTcpExtMPCapableFallbackACK) -ge 1 || test $(count MPTcpExtMPCapableDataFallback) -ge 1")
            .problem("option-stripped", "$PEER")
    }));
    cases.extend(black_hole());
    cases
}

fn disabled() -> Vec<Case> {
    vec![
        Case::fault("MPTCP is switched off", Family::V4)
            .short()
            .client("sysctl -qw net.mptcp.enabled=0")
            .traffic(Kind::Fails)
            .problem("disabled", "net.mptcp.enabled")
            .mends(Mends::New),
        Case::fault("MPTCP is switched off while a connection lives", Family::V6)
            .later(Side::Client, "sysctl -qw net.mptcp.enabled=0")
            .problem("disabled", "net.mptcp.enabled")
            .mends(Mends::New),
    ]
}

fn black_hole() -> Vec<Case> {
    let dropped = |name: &str, family| {
        Case::fault(name, family)
            .before(Side::Middle, DROPS_SYN)
            .seen(Side::Client, "test $(count MPTcpExtBlackhole) -ge 1")
            .problem("syn-dropped", "$PEER")
    };
    vec![
        dropped("SYNs with the option are dropped", Family::V4).mends(Mends::TidiesUp),
        dropped(
            "SYNs with the option were dropped, and the back-off goes on",
            Family::V4,
        )
        .seen(Side::Middle, "nft flush ruleset")
        .mends(Mends::New),
        dropped(
            "SYNs with the option were dropped, and the back-off goes on",
            Family::V6,
        )
        .seen(Side::Middle, "nft flush ruleset")
        .mends(Mends::New),
    ]
}
