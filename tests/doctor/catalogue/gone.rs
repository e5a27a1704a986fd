//! Paths that were there: links that went, paths that fell silent, subflows that were closed.

use super::super::case::{Case, Family, Mends, Side, over_both};

pub fn cases() -> Vec<Case> {
    let mut cases = links();
    cases.extend(silent());
    cases.extend(closed());
    cases
}

fn links() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::fault("the second link is set down while the doctor watches", family)
            .later(Side::Client, "joined $C2")
            .meanwhile(Side::Client, "ip link set c2 down")
            .problem("link-down", "c2")
            .mends(Mends::Living)
    });
    cases.extend(over_both(|family| {
        let case = Case::fault("the second link was set down", family)
            .later(Side::Client, "ip link set c2 down")
            .problem("link-down", "c2")
            .mends(Mends::TidiesUp);
        if family == Family::V4 { case.short() } else { case }
    }));
    cases.push(
        Case::fault("the second link was down from the start", Family::V4)
            .client("ip link set c2 down")
            .problem("link-down", "c2")
            .mends(Mends::TidiesUp),
    );
    cases.extend(over_both(|family| {
        Case::fault("the second link lost its carrier", family)
            .later(Side::Middle, "ip link set n2 down")
            .seen(Side::Client, "ip link show dev c2 | grep -q NO-CARRIER")
            .problem("link-down", "c2")
    }));
    cases
}

fn silent() -> Vec<Case> {
    let drops = |link: &str| format!("filter forward -150 add rule inet lab forward iifname {link} drop");
    let backs_off = |address: &str| format!("ss -tinH src $(at {address}) | grep -q 'backoff:[3-9]'");
    let mut cases = over_both(|family| {
        Case::fault("the second path falls silent", family)
            .later(Side::Middle, &drops("n2"))
            .seen(Side::Client, &backs_off("$C2"))
            .problem("stale", "$C2")
    });
    cases.push(
        Case::fault("the first path falls silent", Family::V4)
            .later(Side::Middle, &drops("n1"))
            .seen(Side::Client, &backs_off("$C1"))
            .problem("stale", "$C1"),
    );
    cases.push(
        Case::fault("large packets vanish on the second path", Family::V4)
            .later(
                Side::Middle,
                "filter forward -150 add rule inet lab forward iifname n2 meta length gt 900 drop",
            )
            .seen(Side::Client, &backs_off("$C2"))
            .problem("mtu-hole", "$C2"),
    );
    cases
}

fn closed() -> Vec<Case> {
    let mut cases = over_both(|family| {
        Case::fault("somebody here closed the second subflow", family)
            .later(Side::Client, "ss -K src $(at $C2) >/dev/null")
            .seen(Side::Client, "! joined $C2")
            .problem("subflow-missing", "$C2")
            .mends(Mends::Living)
    });
    cases.extend(over_both(|family| {
        Case::fault(
            "the peer resets the second subflow while the doctor watches",
            family,
        )
        .later(Side::Client, "joined $C2")
        .meanwhile(Side::Server, "ss -K dst $(at $C2) >/dev/null")
        .problem("subflow-reset", "$C2")
        .mends(Mends::Living)
    }));
    cases.push(
        Case::fault("the peer reset the second subflow long ago", Family::V4)
            .later(Side::Server, "ss -K dst $(at $C2) >/dev/null")
            .seen(Side::Client, "! joined $C2")
            .problem("subflow-missing", "$C2")
            .mends(Mends::Living),
    );
    cases
}
