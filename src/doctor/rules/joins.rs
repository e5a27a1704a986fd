//! Joins that were tried and came to nothing, and subflows that are there and carry nothing.

use super::super::examination::{Examination, Expected, is_stuck};
use super::super::facts::{Facts, FailedJoin, is_waiting};
use super::super::finding::{CannotTell, Concerns, Evidence, Finding, RuleName, Subject, Verdict};
use super::super::mend;
use super::fallback::counter;
use crate::model::Subflow;

/// Up to so many joins their counters are told apart.
const FEW_JOINS: u64 = 16;
/// Errors with which a join ends (include/uapi/asm-generic/errno.h).
const EPERM: u32 = 1;
const EACCES: u32 = 13;
const ENETUNREACH: u32 = 101;
const ECONNRESET: u32 = 104;
const ETIMEDOUT: u32 = 110;
const ECONNREFUSED: u32 = 111;
const EHOSTUNREACH: u32 = 113;

fn ended(join: &FailedJoin) -> Evidence {
    Evidence::Ended {
        local: join.local,
        remote: join.remote,
        was_established: join.was_established,
        error: join.error,
        reset_reason: join.reset_reason,
    }
}

/// The newest end of a join that came from where a subflow is missing, and that the question fits.
fn last_end<'a>(facts: &'a Facts, case: &Expected<'_>) -> Option<&'a FailedJoin> {
    let ends = facts.failed_joins.iter().rev();
    let mut own = ends.filter(|join| {
        join.local.ip() == case.endpoint.address && join.remote.ip() == case.connection.remote.ip()
    });
    own.next()
}

/// What became of a join before anybody watched, where counters since the namespace was made can only mean that one: so
/// many were tried, so many were answered, and so many are there.
fn past_end(facts: &Facts) -> Option<RuleName> {
    let total = |name: &str| facts.counters.total(name);
    let host = |name: &str| facts.host_counters.total(name);
    let (tried, answered) = (total("MPJoinSynTx"), total("MPJoinSynAckRx"));
    let clients = facts.clients();
    let joined = clients.iter().flat_map(|connection| connection.living_subflows());
    let joined = joined.filter(|subflow| subflow.initial == Some(false)).count();
    let joined = u64::try_from(joined).unwrap_or(u64::MAX);
    if tried > FEW_JOINS || tried < joined {
        return None;
    }
    match () {
        () if total("MPJoinSynTxBindErr") > 0 && tried == joined => Some(RuleName::BindFailed),
        () if tried == joined => None,
        () if answered > joined && host("TcpEstabResets") > 0 => Some(RuleName::PeerLimit),
        () if answered > joined || host("TcpAttemptFails") == 0 => None,
        () if host("IcmpInDestUnreachs") > 0 => Some(RuleName::JoinUnreachable),
        () if host("TcpExtTCPSynRetrans") > 0 => Some(RuleName::JoinUnanswered),
        () => Some(RuleName::JoinRefused),
    }
}

/// A finding for each endpoint whose last join ended in a way.
fn by_end(exam: &mut Examination<'_>, rule: RuleName, fits: impl Fn(&Facts, &FailedJoin) -> bool) -> Verdict {
    let facts = exam.facts;
    let mut findings = Vec::new();
    for case in exam.broken().iter().filter(|case| case.subflow.is_none()) {
        let seen = match last_end(facts, case) {
            Some(join) if fits(facts, join) => vec![ended(join)],
            None if past_end(facts) == Some(rule) => counted(facts),
            _ => continue,
        };
        exam.explain_address(case.endpoint.address);
        let finding = Finding::problem(rule, Subject::Address(case.endpoint.address))
            .seen(seen)
            .concerning(Concerns::All);
        findings.push(finding.mended_by(match rule {
            RuleName::SubflowReset | RuleName::PeerLimit => mend::again(case.endpoint),
            _ => Vec::new(),
        }));
    }
    // Without the kernel's own events nothing tells how a join ended.
    let hears = facts.header.as_ref().is_none_or(|header| header.access.events);
    if !hears && findings.is_empty() && exam.broken().iter().any(|case| case.subflow.is_none()) {
        return Verdict::CannotTell(CannotTell::NoEvents);
    }
    Verdict::from(findings)
}

/// The counters that tell how far joins got.
fn counted(facts: &Facts) -> Vec<Evidence> {
    let names = [
        "MPJoinSynTx",
        "MPJoinSynAckRx",
        "MPJoinSynTxBindErr",
        "MPJoinSynTxConnectErr",
    ];
    let host = ["TcpAttemptFails", "TcpEstabResets"].map(|name| Evidence::Counter {
        name,
        grown: facts.host_counters.grown(name),
        total: facts.host_counters.total(name),
    });
    names
        .map(|name| counter(facts, name))
        .into_iter()
        .chain(host)
        .collect()
}

pub(super) fn own_firewall(exam: &mut Examination<'_>) -> Verdict {
    by_end(exam, RuleName::OwnFirewall, |_, join| {
        !join.was_established && matches!(join.error, Some(EPERM | EACCES))
    })
}

pub(super) fn refused(exam: &mut Examination<'_>) -> Verdict {
    by_end(exam, RuleName::JoinRefused, |_, join| {
        !join.was_established && join.error == Some(ECONNREFUSED)
    })
}

pub(super) fn unreachable(exam: &mut Examination<'_>) -> Verdict {
    by_end(exam, RuleName::JoinUnreachable, |_, join| {
        !join.was_established && matches!(join.error, Some(ENETUNREACH | EHOSTUNREACH))
    })
}

pub(super) fn peer_limit(exam: &mut Examination<'_>) -> Verdict {
    by_end(exam, RuleName::PeerLimit, |facts, join| {
        let answered = facts.counters.grown("MPJoinSynAckRx") > 0;
        let is_reset = matches!(join.error, None | Some(ECONNRESET)) && join.reset_reason.is_none();
        is_reset && answered
    })
}

pub(super) fn option_stripped(exam: &mut Examination<'_>) -> Verdict {
    by_end(exam, RuleName::OptionStrippedOnJoin, |facts, join| {
        !join.was_established && join.error.is_none() && facts.counters.grown("MPJoinSynAckRx") == 0
    })
}

pub(super) fn reset(exam: &mut Examination<'_>) -> Verdict {
    by_end(exam, RuleName::SubflowReset, |_, join| {
        join.was_established
            || matches!(join.error, Some(ECONNRESET | ETIMEDOUT))
            || join.reset_reason.is_some()
    })
}

pub(super) fn bind_failed(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let name = "MPJoinSynTxBindErr";
    let broken = exam.broken();
    let missing = broken.iter().find(|case| case.subflow.is_none());
    let is_it = facts.counters.grown(name) > 0 || past_end(facts) == Some(RuleName::BindFailed);
    let Some(case) = missing.filter(|_| is_it) else {
        return Verdict::Holds;
    };
    exam.explain_address(case.endpoint.address);
    let finding = Finding::problem(RuleName::BindFailed, Subject::Address(case.endpoint.address))
        .seen([counter(facts, name)])
        .mended_by(mend::again(case.endpoint));
    Verdict::from(vec![finding])
}

pub(super) fn unanswered(exam: &mut Examination<'_>) -> Verdict {
    let mut findings = Vec::new();
    for case in exam.broken() {
        let waits = |subflow: &Subflow| {
            let again = subflow.backoff.is_some_and(|times| times > 0)
                || subflow.retrans_total.is_some_and(|times| times > 0);
            is_waiting(subflow) && again
        };
        let seen = match case.subflow {
            Some(subflow) if waits(subflow) => vec![Evidence::Waiting {
                local: subflow.local,
                remote: subflow.remote,
            }],
            None if last_end(exam.facts, &case).is_none()
                && past_end(exam.facts) == Some(RuleName::JoinUnanswered) =>
            {
                counted(exam.facts)
            }
            _ => continue,
        };
        exam.explain_address(case.endpoint.address);
        let finding =
            Finding::problem(RuleName::JoinUnanswered, Subject::Address(case.endpoint.address)).seen(seen);
        findings.push(finding);
    }
    Verdict::from(findings)
}

pub(super) fn stale(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut findings: Vec<Finding> = Vec::new();
    for connection in facts.clients().into_iter().chain(facts.accepted()) {
        let living: Vec<_> = connection.living_subflows().collect();
        // What stalls everywhere is no matter of one path.
        let others_go_on = living
            .iter()
            .any(|subflow| !is_stuck(subflow) && !is_waiting(subflow));
        for subflow in living
            .into_iter()
            .filter(|subflow| others_go_on && is_stuck(subflow))
        {
            let subject = Subject::Address(subflow.local.ip());
            let is_known = findings.iter().any(|finding| finding.subject == subject);
            if is_known || is_waiting(subflow) || exam.is_explained(subflow.local.ip()) {
                continue;
            }
            exam.explain_address(subflow.local.ip());
            let finding = Finding::problem(RuleName::Stale, subject).seen([Evidence::Unacknowledged {
                local: subflow.local,
                remote: subflow.remote,
                for_ms: subflow.last_ack_received_ms,
            }]);
            findings.push(finding);
        }
    }
    Verdict::from(findings)
}

pub(super) fn missing(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut findings = Vec::new();
    for case in exam.broken().iter().filter(|case| case.subflow.is_none()) {
        exam.explain_address(case.endpoint.address);
        let finding = Finding::problem(RuleName::SubflowMissing, Subject::Address(case.endpoint.address))
            .seen([Evidence::NoSubflow {
                from: case.endpoint.address,
                peer: case.connection.remote,
            }])
            .seen(counted(facts))
            .mended_by(mend::again(case.endpoint));
        findings.push(finding);
    }
    Verdict::from(findings)
}
