//! Paths that are tried and fail because of this host: its rules, routes, filters and firewall.

use super::super::case::{Case, Family, Mends, Side, over_both};

/// The endpoint without its device, so that rules and routes alone decide.
const UNBOUND: &str = "ip mptcp endpoint flush; ip mptcp endpoint add $C2 subflow";

pub fn cases() -> Vec<Case> {
    let mut cases = routes();
    cases.extend(ways());
    cases.extend(forbidden());
    cases.extend(gateways());
    cases.extend(filters());
    cases
}

fn routes() -> Vec<Case> {
    let mut cases = over_both(|family| {
        let case = Case::fault("no rule and no table for the second address", family)
            .client("$IP rule del from $C2 lookup 102; $IP route flush table 102")
            .problem("no-route-from-source", "$C2")
            .mends(Mends::Living);
        if family == Family::V4 { case.short() } else { case }
    });
    cases.extend(over_both(|family| {
        Case::fault("a table, and no rule that leads there", family)
            .client("$IP rule del from $C2 lookup 102")
            .problem("no-route-from-source", "$C2")
            .mends(Mends::Living)
    }));
    cases.extend(over_both(|family| {
        Case::fault(
            "no rule, and a default route of a higher metric elsewhere",
            family,
        )
        .client(
            "$IP rule del from $C2 lookup 102; $IP route flush table 102
                $IP route add default via $G2 dev c2 table 77",
        )
        .problem("no-route-from-source", "$C2")
        .mends(Mends::Living)
    }));
    cases.extend(over_both(|family| {
        Case::fault("the rule goes while a connection lives", family)
            .later(Side::Client, "$IP rule del from $C2 lookup 102")
            .problem("no-route-from-source", "$C2")
            .mends(Mends::Living)
    }));
    cases.extend(over_both(|family| {
        Case::fault("a rule that leads to an empty table", family)
            .client("$IP route flush table 102; $IP route add default via $G2 dev c2 metric 300 table 77")
            .problem("rule-without-table", "$C2")
            .mends(Mends::Living)
    }));
    cases
}

fn ways() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::fault("packets of the second address leave by the first link", family)
            .client(&format!("$IP rule del from $C2 lookup 102; {UNBOUND}"))
            .seen(Side::Client, "joined $C2")
            .problem("wrong-way-out", "$C2")
            .mends(Mends::Living)
    });
    cases.push(
        Case::fault(
            "packets of the second address leave by the first link by now",
            Family::V4,
        )
        .client(UNBOUND)
        .later(Side::Client, "$IP rule del from $C2 lookup 102")
        .problem("wrong-way-out", "$C2")
        .mends(Mends::Living),
    );
    cases.push(
        Case::fault("a tunnel catches the second address", Family::V4)
            .client(&format!(
                "ip link add vpn0 type veth peer name vpn9; ip link set vpn0 up; ip link set vpn9 up
                ip addr add 10.50.0.1/24 dev vpn0; ip route add default dev vpn0 table 50
                ip rule add pref 100 from $C2 lookup 50; {UNBOUND}"
            ))
            .problem("wrong-way-out", "$C2")
            .mends(Mends::Living),
    );
    cases
}

fn forbidden() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::fault("a rule prohibits the second address", family)
            .client("$IP rule add pref 50 from $C2 prohibit")
            .problem("route-forbidden", "$C2")
            .mends(Mends::Living)
    });
    for (kind, family) in [("unreachable", Family::V4), ("blackhole", Family::V6)] {
        cases.push(
            Case::fault(&format!("{kind} for the server in the second table"), family)
                .client(&format!("$IP route add {kind} $S table 102; {UNBOUND}"))
                .problem("route-forbidden", "$C2")
                .mends(Mends::Living),
        );
    }
    cases
}

fn gateways() -> Vec<Case> {
    let is_dead = |gateway: &str| format!("$IP neigh show {gateway} dev c2 | grep -qE 'FAILED|INCOMPLETE'");
    let mut cases = over_both(|family| {
        Case::fault("nobody answers at the gateway", family)
            .before(Side::Middle, "$IP addr del $G2/$L dev n2")
            .seen(Side::Client, &is_dead("$G2"))
            .problem("dead-gateway", "$G2")
    });
    cases.extend(over_both(|family| {
        Case::fault(
            "the gateway is the wrong one, and another table has the right one",
            family,
        )
        .client(
            "$IP route replace default via $X2 dev c2 table 102
                $IP route add default via $G2 dev c2 table 77",
        )
        .seen(Side::Client, &is_dead("$X2"))
        .problem("dead-gateway", "$X2")
        .mends(Mends::Living)
    }));
    cases
}

fn filters() -> Vec<Case> {
    let strict = |name: &str, setting: &str| {
        Case::fault(name, Family::V4)
            .client(&format!(
                "ip rule del from $C2 lookup 102; ip route add default via $G2 dev c2 metric 200
                sysctl -qw net.ipv4.conf.{setting}.rp_filter=1"
            ))
            .seen(
                Side::Client,
                "waits $C2 && test $(count TcpExtIPReversePathFilter) -ge 1",
            )
            .problem("strict-reverse-path-filter", "c2")
            .mends(Mends::Living)
    };
    let mut cases = vec![
        strict("a strict filter on the second link drops the answers", "c2").short(),
        strict("a strict filter on all links drops the answers", "all"),
    ];
    cases.extend(over_both(|family| {
        Case::fault("the own firewall drops what leaves by the second link", family)
            .client("filter output 0 add rule inet lab output oifname c2 tcp dport 5000 drop")
            .seen(Side::Client, "waits $C2")
            .problem("own-firewall", "$C2")
    }));
    cases
}
