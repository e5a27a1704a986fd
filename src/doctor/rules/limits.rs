//! Limits of this host: of subflows, and of addresses that it accepts from peers.

use super::super::examination::Examination;
use super::super::facts::has_flowed;
use super::super::finding::{Concerns, Evidence, Finding, RuleName, Severity, Subject, Verdict};
use super::super::mend;
use super::fallback::counter;
use crate::model::EndpointFlags;

/// How many subflows the endpoints and the accepted addresses may come to.
fn wanted(exam: &Examination<'_>) -> u32 {
    let endpoints = exam.facts.subflow_endpoints().count();
    let accepted = exam.facts.limits.map_or(0, |limits| limits.add_addr_accepted_max);
    u32::try_from(endpoints)
        .unwrap_or(u32::MAX)
        .saturating_add(accepted)
}

pub(super) fn subflow_limit_zero(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let Some(limits) = facts.limits.filter(|limits| limits.extra_subflows_max == 0) else {
        return Verdict::Holds;
    };
    let wants = facts
        .endpoints
        .values()
        .any(|endpoint| !endpoint.flags.contains(EndpointFlags::IMPLICIT));
    let speaks = !facts.clients().is_empty() || !facts.accepted().is_empty();
    if exam.is_everything_explained() || !(wants || (speaks && limits.add_addr_accepted_max > 0)) {
        return Verdict::Holds;
    }
    let again = facts
        .subflow_endpoints()
        .flat_map(|endpoint| mend::try_again(facts, endpoint));
    let commands: Vec<String> = mend::allow_subflows(wanted(exam))
        .into_iter()
        .chain(again)
        .collect();
    for endpoint in facts.endpoints.values() {
        exam.explain_missing(endpoint.address);
    }
    let finding = Finding::problem(RuleName::SubflowLimitZero, Subject::Limits)
        .seen([Evidence::Limit {
            subflows: true,
            value: 0,
        }])
        .mended_by(commands);
    Verdict::from(vec![finding])
}

pub(super) fn subflow_limit_reached(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let limit = facts.limits.map(|limits| limits.extra_subflows_max);
    let missing: Vec<_> = exam
        .broken()
        .into_iter()
        .filter(|case| case.subflow.is_none())
        .filter_map(|case| {
            let used = u32::from(case.connection.extra_subflows?);
            let most = case.connection.extra_subflows_max.map(u32::from).or(limit)?;
            (most > 0 && used >= most).then_some((case, used, most))
        })
        .collect();
    let Some((first, used, most)) = missing.first() else {
        return Verdict::Holds;
    };
    let lacking = u32::try_from(missing.len()).unwrap_or(u32::MAX);
    let raised = used.saturating_add(lacking).max(wanted(exam));
    let again = missing.iter().flat_map(|(case, ..)| mend::again(case.endpoint));
    let commands: Vec<String> = mend::allow_subflows(raised).into_iter().chain(again).collect();
    let peer = first.connection.remote;
    let slots = Evidence::Slots {
        peer,
        used: *used,
        most: *most,
    };
    let finding = Finding::problem(RuleName::SubflowLimitReached, Subject::Limits)
        .seen([slots])
        .seen(missing.iter().map(|(case, ..)| Evidence::NoSubflow {
            from: case.endpoint.address,
            peer: case.connection.remote,
        }))
        .mended_by(commands);
    for (case, ..) in &missing {
        exam.explain_address(case.endpoint.address);
    }
    Verdict::from(vec![finding])
}

pub(super) fn announced_ignored(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let accepts = facts.limits.map(|limits| limits.add_addr_accepted_max);
    if accepts != Some(0) {
        return Verdict::Holds;
    }
    let heard = facts.counters.total("AddAddr") > 0 || !facts.announced.is_empty();
    // Where there is another path already, the announced address would be one more.
    let alone = facts
        .clients()
        .into_iter()
        .find(|connection| has_flowed(connection) && connection.living_subflows().count() < 2);
    let Some(connection) = alone.filter(|_| heard) else {
        return Verdict::Holds;
    };
    let announced = facts.announced.iter().copied().map(Evidence::Announced);
    let number = u32::try_from(facts.announced.len()).unwrap_or(u32::MAX).max(2);
    let finding = Finding::problem(
        RuleName::AnnouncedAddressIgnored,
        Subject::Peer(connection.remote),
    )
    .seen(announced)
    .seen([
        counter(facts, "AddAddr"),
        Evidence::Limit {
            subflows: false,
            value: 0,
        },
    ])
    .mended_by(mend::accept_announced(number))
    .concerning(Concerns::New);
    Verdict::from(vec![finding])
}

pub(super) fn join_rejected_here(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let name = "MPJoinRejected";
    let at_limit = facts.accepted().into_iter().find_map(|connection| {
        let (used, most) = connection.extra_subflows.zip(connection.extra_subflows_max)?;
        (used >= most).then_some((connection.remote, u32::from(used), u32::from(most)))
    });
    let limit = facts.limits.map_or(0, |limits| limits.extra_subflows_max);
    let grown = facts.counters.grown(name) > 0;
    // Before it was watched, it counts where the limit is still reached.
    if !grown && (facts.counters.total(name) == 0 || at_limit.is_none()) {
        return Verdict::Holds;
    }
    if limit == 0 {
        // That is its own finding.
        return Verdict::Holds;
    }
    let slots = at_limit.map(|(peer, used, most)| Evidence::Slots { peer, used, most });
    let finding = Finding::problem(RuleName::JoinRejectedHere, Subject::Limits)
        .seen([counter(facts, name)])
        .seen(slots)
        .mended_by(mend::allow_subflows(limit.saturating_add(2)))
        .with_severity(Severity::Problem);
    Verdict::from(vec![finding])
}
