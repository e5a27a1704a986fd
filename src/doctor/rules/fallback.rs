//! Connections that go on as plain TCP, and who or what made them.

use super::super::examination::Examination;
use super::super::facts::Facts;
use super::super::finding::{Concerns, Evidence, Finding, RuleName, Severity, Subject, Verdict};
use super::super::mend;
use super::kernel::{setting, value};
use crate::model::Connection;

/// How many peers one rule names; the others share their cause.
const MOST_PEERS: usize = 8;

pub(super) fn counter(facts: &Facts, name: &'static str) -> Evidence {
    Evidence::Counter {
        name,
        grown: facts.counters.grown(name),
        total: facts.counters.total(name),
    }
}

fn fell_back(connection: &Connection) -> Evidence {
    Evidence::FellBack {
        peer: connection.remote,
        peer_spoke: connection.remote_key_received == Some(true),
    }
}

/// Connections of this host that went on as plain TCP before the peer's key came.
fn without_key(facts: &Facts) -> Vec<&Connection> {
    let mut found = facts.fallen_back();
    found.retain(|connection| !facts.is_accepted(connection) && connection.remote_key_received != Some(true));
    found
}

/// Whether what fell back did so because SYNs with the option were dropped: while it was watched, or, where nothing moved
/// since, because nothing else can have been it.
fn is_dropped(facts: &Facts) -> bool {
    let counters = &facts.counters;
    let dropped = ["MPCapableSYNTXDrop", "Blackhole", "MPCapableSYNTXDisabled"];
    if dropped.iter().any(|name| counters.grown(name) > 0) {
        return true;
    }
    let before = dropped.iter().any(|name| counters.total(name) > 0);
    before && counters.total("MPCapableFallbackSYNACK") == 0 && !without_key(facts).is_empty()
}

pub(super) fn syn_dropped(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    if !is_dropped(facts) {
        return Verdict::Holds;
    }
    let back_off = value(exam, "blackhole_timeout").filter(|value| value != "0");
    let fell = without_key(facts);
    let subject = fell
        .first()
        .map_or(Subject::Setting("blackhole_timeout"), |connection| {
            Subject::Peer(connection.remote)
        });
    let finding = Finding::problem(RuleName::SynDropped, subject)
        .seen([counter(facts, "MPCapableSYNTXDrop"), counter(facts, "Blackhole")])
        .seen(back_off.iter().map(|value| setting("blackhole_timeout", value)))
        .seen(fell.into_iter().take(MOST_PEERS).map(fell_back))
        // Writing it ends the back-off (net/mptcp/ctrl.c, `proc_blackhole_detect_timeout`).
        .mended_by(
            back_off
                .iter()
                .flat_map(|value| mend::set("blackhole_timeout", value)),
        )
        .concerning(Concerns::New);
    Verdict::from(vec![finding])
}

pub(super) fn peer_without_mptcp(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    if is_dropped(facts) {
        return Verdict::Holds;
    }
    let mut findings: Vec<Finding> = Vec::new();
    for connection in without_key(facts) {
        let subject = Subject::Peer(connection.remote);
        let is_known = findings.iter().any(|finding| finding.subject == subject);
        if !is_known && findings.len() < MOST_PEERS {
            let finding = Finding::problem(RuleName::PeerWithoutMptcp, subject)
                .with_severity(exam.severity_of_fallback())
                .seen([fell_back(connection), counter(facts, "MPCapableFallbackSYNACK")]);
            findings.push(finding);
        }
    }
    let name = "MPCapableFallbackSYNACK";
    if findings.is_empty() && facts.counters.grown(name) > 0 {
        let finding = Finding::problem(RuleName::PeerWithoutMptcp, Subject::Host)
            .with_severity(Severity::Warning)
            .seen([counter(facts, name)]);
        findings.push(finding);
    }
    Verdict::from(findings)
}

pub(super) fn option_stripped(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let counters = ["MPCapableDataFallback", "DssFallback", "MPCapableFallbackACK"];
    let moved: Vec<_> = counters
        .into_iter()
        .filter(|name| facts.counters.total(name) > 0)
        .map(|name| counter(facts, name))
        .collect();
    let mut findings: Vec<Finding> = Vec::new();
    let spoke = facts.fallen_back().into_iter();
    for connection in spoke.filter(|connection| connection.remote_key_received == Some(true)) {
        let subject = Subject::Peer(connection.remote);
        let is_known = findings.iter().any(|finding| finding.subject == subject);
        if !is_known && findings.len() < MOST_PEERS {
            let finding = Finding::problem(RuleName::OptionStripped, subject)
                .with_severity(exam.severity_of_fallback())
                .seen([fell_back(connection)])
                .seen(moved.clone());
            findings.push(finding);
        }
    }
    let has_grown = counters.iter().any(|name| facts.counters.grown(name) > 0);
    if findings.is_empty() && has_grown {
        let finding = Finding::problem(RuleName::OptionStripped, Subject::Host)
            .with_severity(Severity::Warning)
            .seen(moved);
        findings.push(finding);
    }
    Verdict::from(findings)
}

/// A finding of this host where a counter moved while it was watched.
fn by_counter(facts: &Facts, name: &'static str, rule: RuleName, severity: Severity) -> Verdict {
    let has_grown = facts.counters.grown(name) > 0;
    let finding = has_grown.then(|| {
        Finding::problem(rule, Subject::Host)
            .with_severity(severity)
            .seen([counter(facts, name)])
    });
    Verdict::from(finding)
}

pub(super) fn checksum_failures(exam: &mut Examination<'_>) -> Verdict {
    by_counter(
        exam.facts,
        "DataCsumErr",
        RuleName::ChecksumFailures,
        Severity::Problem,
    )
}

pub(super) fn simultaneous_connect(exam: &mut Examination<'_>) -> Verdict {
    let name = "SimultConnectFallback";
    by_counter(exam.facts, name, RuleName::SimultaneousConnect, Severity::Warning)
}

pub(super) fn md5_signature(exam: &mut Examination<'_>) -> Verdict {
    by_counter(
        exam.facts,
        "MD5SigFallback",
        RuleName::Md5Signature,
        Severity::Warning,
    )
}
