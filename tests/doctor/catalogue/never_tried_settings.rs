//! Paths that are never tried because of limits, settings and families, or because of what the peer announced.

use super::super::case::{Case, Family, Mends, Side, over_both};
use super::super::traffic::Kind;

pub fn cases() -> Vec<Case> {
    let mut cases = limits();
    cases.extend(announced());
    cases.extend(families());
    cases.extend(over_both(|family| {
        Case::fault("the path manager is in userspace, and there is none", family)
            .client("sysctl -qw net.mptcp.path_manager=userspace")
            .problem("userspace-path-manager", "net.mptcp.path_manager")
            .mends(Mends::New)
    }));
    cases.push(
        Case::fault(
            "the peer forbids joins to its first address, and announces no other",
            Family::V4,
        )
        .before(
            Side::Server,
            "sysctl -qw net.mptcp.allow_join_initial_addr_port=0",
        )
        .traffic(Kind::Again)
        .problem("peer-denies-join", "$PEER"),
    );
    cases
}

fn limits() -> Vec<Case> {
    let mut cases = over_both(|family| {
        let case = Case::fault("the limit of subflows is 0", family)
            .client("ip mptcp limits set subflows 0")
            .problem("subflow-limit-zero", "limits")
            .mends(Mends::Living);
        if family == Family::V4 { case.short() } else { case }
    });
    cases.extend(over_both(|family| {
        Case::fault("the limit of subflows is reached", family)
            .third_link()
            .client("ip mptcp limits set subflows 1")
            .path(Side::Client, "c3", "$C3")
            .seen(Side::Client, "joined $C2")
            .problem("subflow-limit-reached", "limits")
            .mends(Mends::Living)
    }));
    cases
}

fn announced() -> Vec<Case> {
    let accepts = "ip mptcp limits set subflows 4 add_addr_accepted 4";
    let mut cases = over_both(|family| {
        let case = Case::fault("no announced address is accepted", family)
            .announces()
            .traffic(Kind::Again)
            .problem("announced-address-ignored", "$PEER")
            .mends(Mends::New);
        if family == Family::V4 { case.short() } else { case }
    });
    cases.push(
        Case::fault(
            "no announced address is accepted, by a connection of long ago",
            Family::V4,
        )
        .announces()
        .seen(Side::Client, "test $(count MPTcpExtAddAddr) -ge 1")
        .problem("announced-address-ignored", "$PEER")
        .mends(Mends::New),
    );
    cases.push(
        Case::fault("more addresses are announced than are accepted", Family::V4)
            .announces()
            .before(
                Side::Server,
                "ip addr add 10.98.0.3/24 dev s2; ip rule add from 10.98.0.3 lookup 102
                ip mptcp endpoint add 10.98.0.3 dev s2 signal",
            )
            .client("ip mptcp limits set subflows 4 add_addr_accepted 1")
            .traffic(Kind::Again)
            .path(Side::Server, "s2", "10.98.0.3")
            .problem("announced-address-ignored", "$PEER")
            .mends(Mends::New),
    );
    cases.push(
        Case::fault("the announced address has no listener", Family::V4)
            .announces()
            .client(accepts)
            .listens_on("$S")
            .traffic(Kind::Again)
            .problem("join-refused", "$PEER2"),
    );
    cases.push(
        Case::fault("the announced address is not reachable", Family::V4)
            .announces()
            .client(accepts)
            .before(Side::Middle, "$IP route add prohibit $S2")
            .traffic(Kind::Again)
            .problem("join-unreachable", "$PEER2"),
    );
    cases
}

fn families() -> Vec<Case> {
    let mismatch = |name: &str| {
        Case::fault(name, Family::Both)
            .client("ip mptcp endpoint flush; ip mptcp endpoint add $C2_6 dev c2 subflow")
            .problem("family-mismatch", "c2")
    };
    vec![
        mismatch("only IPv6 endpoints for an IPv4 connection").mends(Mends::Living),
        mismatch("the second link has IPv6 only, the connection is IPv4").client("ip addr del $C2/$L dev c2"),
    ]
}
