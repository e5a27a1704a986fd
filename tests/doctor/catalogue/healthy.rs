//! Hosts whose paths are in order: no problem, and no warning.

use super::super::case::{Case, Family, Side, over_both};
use super::super::traffic::Kind;

const ACCEPTS: &str = "ip mptcp limits set subflows 4 add_addr_accepted 4";

pub fn cases() -> Vec<Case> {
    let mut cases = two_paths();
    cases.extend(announced());
    cases.extend(kinds_of_traffic());
    cases.extend(mended());
    cases
}

fn two_paths() -> Vec<Case> {
    let joined = |name: &str, family| Case::healthy(name, family).seen(Side::Client, "joined $C2");
    let mut cases = over_both(|family| joined("two paths", family).short());
    cases.extend(over_both(|family| {
        joined("two paths, seen by the server", family).on_server()
    }));
    cases.push(joined("two paths, both families", Family::Both));
    cases.push(joined("two paths, and the server sends", Family::V4).traffic(Kind::Receive));
    let again = |flags: &str| format!("ip mptcp endpoint flush; ip mptcp endpoint add $C2 dev c2 {flags}");
    for (name, flags) in [
        ("the second path is a backup", "subflow backup"),
        ("full mesh", "subflow fullmesh"),
        (
            "the endpoint has an id of its own, and no device",
            "id 77 subflow",
        ),
    ] {
        let flags = if flags.starts_with("id") {
            "id 77 subflow"
        } else {
            flags
        };
        let script = if flags.starts_with("id") {
            again(flags).replace(" dev c2", "")
        } else {
            again(flags)
        };
        cases.push(joined(name, Family::V4).client(&script));
    }
    cases.push(joined("the second path is a backup", Family::V6).client(&again("subflow backup")));
    cases.push(
        joined("three paths", Family::V4)
            .third_link()
            .client("ip mptcp limits set subflows 3")
            .seen(Side::Client, "joined $C3"),
    );
    cases
}

fn announced() -> Vec<Case> {
    let announced = |name: &str, family| {
        Case::healthy(name, family)
            .announces()
            .client(ACCEPTS)
            .seen(Side::Server, "joined $S2")
    };
    let mut cases = over_both(|family| announced("the server announces an address", family));
    cases[0].is_short = true;
    cases.push(announced("the server announces an address, seen by itself", Family::V4).on_server());
    cases.push(
        announced("the server announces an address with a port", Family::V4).before(
            Side::Server,
            "ip mptcp endpoint flush; ip mptcp endpoint add $S2 dev s2 port 5100 signal",
        ),
    );
    cases.push(
        Case::healthy("the server announces, and the client has an endpoint", Family::V4)
            .announces_too()
            .client(ACCEPTS)
            .seen(Side::Server, "joined $S2")
            .seen(Side::Client, "joined $C2"),
    );
    cases
}

fn kinds_of_traffic() -> Vec<Case> {
    let with = |name: &str, kind| Case::healthy(name, Family::V4).traffic(kind);
    vec![
        with("a connection over which nothing was ever said", Kind::Idle).short(),
        with("a connection over which nothing is said any more", Kind::Once).seen(Side::Client, "joined $C2"),
        with("short connections", Kind::Short).short(),
        with("connections that come and go", Kind::Again),
        with("connections that come and go, seen by the server", Kind::Again).on_server(),
        with("only a listener", Kind::ListenOnly).on_server().short(),
        with("nobody uses MPTCP", Kind::Nothing),
        with("connections over loopback", Kind::Loopback).short(),
        with("a plain TCP connection beside", Kind::BesidePlainTcp).seen(Side::Client, "joined $C2"),
    ]
}

/// The endpoint anew, so that a connection that lives tries it again.
const AGAIN: &str = "ip mptcp endpoint flush; ip mptcp endpoint add $C2 dev c2 subflow";

/// What was wrong once and is not any more.
fn mended() -> Vec<Case> {
    let mended = |name: &str, fault: &str, wait: &str, mend: &str| {
        Case::healthy(name, Family::V4)
            .client(fault)
            .seen(Side::Client, wait)
            .seen(Side::Client, mend)
            .seen(Side::Client, "joined $C2")
    };
    vec![
        mended(
            "the limit was 0 once",
            "ip mptcp limits set subflows 0",
            "true",
            &format!("ip mptcp limits set subflows 2; {AGAIN}"),
        ),
        mended(
            "a strict filter dropped answers once",
            "ip rule del from $C2 lookup 102; ip route add default via $G2 dev c2 metric 200
            sysctl -qw net.ipv4.conf.c2.rp_filter=1",
            "test $(count TcpExtIPReversePathFilter) -ge 1",
            "sysctl -qw net.ipv4.conf.c2.rp_filter=2",
        ),
        mended(
            "there was no rule once",
            "ip rule del from $C2 lookup 102",
            "test $(count TcpAttemptFails) -ge 1",
            &format!("ip rule add from $C2 lookup 102; {AGAIN}"),
        ),
        Case::healthy("the second path was silent once", Family::V4)
            .later(
                Side::Middle,
                "filter forward -150 add rule inet lab forward iifname n2 drop",
            )
            .seen(Side::Client, "ss -tinH src $C2 | grep -q 'backoff:[2-9]'")
            .seen(Side::Middle, "nft flush ruleset")
            .seen(
                Side::Client,
                "joined $C2 && ! ss -tinH src $C2 | grep -q 'backoff:'",
            ),
    ]
}
