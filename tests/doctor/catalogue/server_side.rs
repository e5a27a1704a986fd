//! The doctor on the server.

use super::super::case::{Case, Family, Mends, Side, over_both};
use super::super::traffic::Kind;

const ACCEPTS: &str = "ip mptcp limits set subflows 4 add_addr_accepted 4";

pub fn cases() -> Vec<Case> {
    let mut cases = over_both(|family| {
        let case = Case::fault("the server's endpoint does not announce", family)
            .on_server()
            .announces()
            .client(ACCEPTS)
            .before(
                Side::Server,
                "ip mptcp endpoint flush; ip mptcp endpoint add $S2 dev s2 subflow",
            )
            .problem("only-subflow-on-server", "$S2")
            .mends(Mends::Living);
        if family == Family::V4 { case.short() } else { case }
    });
    cases.extend(over_both(|family| {
        Case::fault("the server's limit of subflows is 0", family)
            .on_server()
            .before(Side::Server, "ip mptcp limits set subflows 0")
            .traffic(Kind::Again)
            .problem("join-rejected-here", "limits")
            .mends(Mends::New)
    }));
    cases.push(
        Case::fault("a strict filter on the server drops the join", Family::V4)
            .on_server()
            .before(
                Side::Server,
                "ip addr add $S2/24 dev s2; ip route add $N2 via $W2 dev s2
                sysctl -qw net.ipv4.conf.s1.rp_filter=1",
            )
            .seen(Side::Client, "waits $C2")
            .problem("strict-reverse-path-filter", "s1")
            .mends(Mends::Living),
    );
    cases.extend(over_both(|family| {
        Case::fault("the announced link of the server was set down", family)
            .on_server()
            .announces()
            .client(ACCEPTS)
            .later(Side::Server, "ip link set s2 down")
            .problem("link-down", "s2")
            .mends(Mends::TidiesUp)
    }));
    cases.push(
        Case::fault(
            "the announced address is on no interface of the server",
            Family::V4,
        )
        .on_server()
        .announces()
        .client(ACCEPTS)
        .before(
            Side::Server,
            "ip mptcp endpoint flush; ip mptcp endpoint add 10.98.0.9 dev s2 signal",
        )
        .problem("endpoint-address-gone", "10.98.0.9")
        .mends(Mends::Living),
    );
    cases.push(
        Case::fault(
            "the option is stripped after the SYN, seen by the server",
            Family::V4,
        )
        .on_server()
        .before(
            Side::Middle,
            "filter forward -150 add rule inet lab forward 'tcp flags & syn == 0' reset tcp option mptcp",
        )
        .traffic(Kind::Again)
        .seen(Side::Server, "test $(count MPTcpExtMPCapableFallbackACK) -ge 1")
        .finding("warning", "option-stripped", "this host"),
    );
    cases.push(
        Case::fault("checksums fail at the server", Family::V4)
            .on_server()
            .client("sysctl -qw net.mptcp.checksum_enabled=1")
            .before(Side::Server, "sysctl -qw net.mptcp.checksum_enabled=1")
            .before(
                Side::Middle,
                "filter forward -150 add rule inet lab forward tcp dport 5000 'tcp flags & (syn|rst|fin) == 0' meta length gt 500 @ih,0,32 set 0x41414141",
            )
            .traffic(Kind::Again)
            .seen(Side::Server, "test $(count MPTcpExtDataCsumErr) -ge 1")
            .problem("checksum-failures", "this host"),
    );
    let mut decoy = Case::fault("joins arrive here for connections of another server", Family::V4)
        .decoy()
        .before(
            Side::Middle,
            "nft add table inet nat; nft 'add chain inet nat pre { type nat hook prerouting priority -100; }'
            nft add rule inet nat pre iifname n2 tcp dport 5000 redirect to :5000",
        )
        .traffic(Kind::Again)
        .finding("warning", "no-token-here", "this host");
    decoy.watched = Side::Middle;
    cases.push(decoy);
    cases
}
