//! Hosts that are well in surroundings that look odd: no problem, and no warning.

use super::super::case::{Case, Family, Side, over_both};

pub fn cases() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::healthy("a NAT on the way", family)
            .before(
                Side::Middle,
                "nft add table inet nat; nft 'add chain inet nat post { type nat hook postrouting priority 100; }'
                nft add rule inet nat post oifname w1 masquerade",
            )
            .seen(Side::Client, "joined $C2")
    });
    cases[0].is_short = true;
    cases.extend(filters());
    cases.extend(other_interfaces());
    cases.extend(other_routes());
    cases
}

fn filters() -> Vec<Case> {
    let filtered = |name: &str, value: u8| {
        Case::healthy(name, Family::V4)
            .client(&format!(
                "sysctl -qw net.ipv4.conf.all.rp_filter={value} net.ipv4.conf.c1.rp_filter={value} net.ipv4.conf.c2.rp_filter={value}"
            ))
            .seen(Side::Client, "joined $C2")
    };
    vec![
        filtered("strict filters that drop nothing", 1).short(),
        filtered("loose filters that drop nothing", 2),
        Case::healthy("a strict filter drops strays, and no path needs them", Family::V4)
            .client("sysctl -qw net.ipv4.conf.c2.rp_filter=1")
            .before(
                Side::Middle,
                "ip addr add 10.77.0.1/32 dev lo; ip rule add ipproto udp lookup 77
                ip route add $C1 via $C2 dev n2 src 10.77.0.1 table 77
                timeout 40 bash -c 'while echo stray >/dev/udp/$C1/9; do sleep 0.2; done' >/dev/null 2>&1 &",
            )
            .seen(
                Side::Client,
                "test $(count TcpExtIPReversePathFilter) -ge 1 && joined $C2",
            ),
    ]
}

fn other_interfaces() -> Vec<Case> {
    let beside = |name: &str, script: &str| {
        Case::healthy(name, Family::V4)
            .client(script)
            .seen(Side::Client, "joined $C2")
    };
    vec![
        Case::healthy("one interface only", Family::V4).client("ip mptcp endpoint flush; ip link del c2; ip link del c3").short(),
        Case::healthy("one interface only", Family::V6).client("ip mptcp endpoint flush; ip link del c2; ip link del c3"),
        beside(
            "bridges beside",
            "ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
            ip link add virbr0 type bridge; ip addr add 192.168.122.1/24 dev virbr0; ip link set virbr0 up
            ip link add veth7 type veth peer name in7; ip link set veth7 master docker0 up; ip link set in7 up",
        )
        .short(),
        beside(
            "tunnels beside",
            "ip tuntap add tun0 mode tun; ip addr add 10.60.0.1/24 dev tun0; ip link set tun0 up
            ip link add vx0 type vxlan id 7 dstport 4789 remote $G1 dev c1; ip addr add 10.61.0.1/24 dev vx0; ip link set vx0 up",
        ),
        beside(
            "a macvlan beside",
            "ip link add mac0 link c1 type macvlan mode bridge; ip addr add 10.62.0.1/24 dev mac0; ip link set mac0 up",
        ),
        beside("a link without any address", "ip addr flush dev c3; ip link set c3 up"),
        beside("a third link that is down", "ip addr add $C3/24 dev c3; ip link set c3 down"),
        Case::healthy("the second link is a bridge's", Family::V4)
            .client(
                "ip link add br0 type bridge; ip link set br0 up; ip addr flush dev c2; ip link set c2 master br0
                ip addr add $C2/24 dev br0; ip route replace default via $G2 dev br0 table 102
                ip mptcp endpoint flush; ip mptcp endpoint add $C2 dev br0 subflow",
            )
            .seen(Side::Client, "joined $C2"),
    ]
}

fn other_routes() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::healthy("two default routes and no rules", family)
            .client(
                "$IP rule del from $C2 lookup 102; $IP route flush table 102
                $IP route add default via $G2 dev c2 metric 2000",
            )
            .seen(Side::Client, "joined $C2")
    });
    cases.push(
        Case::healthy("two links in one network", Family::V4)
            .before(
                Side::Middle,
                "ip link add br0 type bridge; ip link set br0 up; ip addr flush dev n1; ip addr flush dev n2
                ip link set n1 master br0; ip link set n2 master br0; ip addr add $G1/24 dev br0",
            )
            .client(
                "ip mptcp endpoint flush; ip addr flush dev c2; ip addr add 10.1.0.2/24 dev c2
                sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
                ip rule add from 10.1.0.2 lookup 103; ip route add 10.1.0.0/24 dev c2 table 103
                ip route add default via $G1 dev c2 table 103; ip mptcp endpoint add 10.1.0.2 dev c2 subflow",
            )
            .seen(Side::Client, "joined 10.1.0.2"),
    );
    cases.push(
        Case::healthy("two links in the server's network, without any rule", Family::V4)
            .before(
                Side::Middle,
                "ip link add br0 type bridge; ip link set br0 up
                for link in n1 n2 w1; do ip addr flush dev $link; ip link set $link master br0; done",
            )
            .client(
                "ip mptcp endpoint flush; ip rule del from $C2 lookup 102
                ip addr flush dev c1; ip addr add 10.99.0.11/24 dev c1
                ip addr flush dev c2; ip addr add 10.99.0.12/24 dev c2
                sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
                ip mptcp endpoint add 10.99.0.12 dev c2 subflow",
            )
            .seen(Side::Client, "joined 10.99.0.12"),
    );
    cases.push(
        Case::healthy("a route to the server alone", Family::V4)
            .client("ip route del default; ip route add $S via $G1 dev c1; ip route add $S via $G2 dev c2 table 102; ip route del default table 102")
            .seen(Side::Client, "joined $C2"),
    );
    cases.push(
        Case::healthy("rules by network, for more than this address", Family::V4)
            .client("ip rule del from $C2 lookup 102; ip rule add from $N2 lookup 102")
            .seen(Side::Client, "joined $C2"),
    );
    cases
}
