//! The reverse-path filter: IPv4 packets are dropped that come in where none would go out to their sender.

use super::super::examination::Examination;
use super::super::finding::{CannotTell, Evidence, Finding, RuleName, Subject, Verdict};
use super::super::mend;
use super::super::way::{Way, way};

/// Strict: by the best way back only (RFC 3704, 2.2).
const STRICT: u8 = 1;
/// Loose: by any way back (RFC 3704, 2.4).
const LOOSE: u8 = 2;
const COUNTER: &str = "TcpExtIPReversePathFilter";

pub(super) fn strict(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let is_known = facts
        .interfaces
        .values()
        .any(|found| found.reverse_path_filter.is_some());
    if !is_known && facts.is_complete {
        return Verdict::CannotTell(CannotTell::NoFilter);
    }
    let mut findings: Vec<Finding> = Vec::new();
    for case in exam.broken() {
        let (from, to) = (case.endpoint.address, case.connection.remote.ip());
        let is_strict = case.interface.reverse_path_filter == Some(STRICT);
        if !is_strict || !from.is_ipv4() {
            continue;
        }
        // Answers come in where the packets went out, and are looked up without the device that the socket is bound to
        // (net/ipv4/fib_frontend.c, `__fib_validate_source`).
        let back = way(facts, from, to, None);
        let comes_back = matches!(back, Way::Via { interface, .. } if interface == case.interface.index);
        if comes_back || back == Way::Unknown {
            continue;
        }
        let grown = facts.host_counters.grown(COUNTER);
        exam.explain_address(from);
        let name = case.interface.name.clone();
        let finding = Finding::problem(
            RuleName::StrictReversePathFilter,
            Subject::Interface(name.clone()),
        )
        .seen([
            Evidence::Filter {
                interface: name.clone(),
                value: STRICT,
            },
            Evidence::Counter {
                name: COUNTER,
                grown,
                total: facts.host_counters.total(COUNTER),
            },
            Evidence::NoSubflow {
                from,
                peer: case.connection.remote,
            },
        ])
        .mended_by([mend::set_reverse_path_filter(&name, LOOSE)])
        // One whose SYN still waits goes on by itself; adding the endpoint anew does no harm.
        .mended_by(mend::try_again(facts, case.endpoint));
        findings.push(finding);
    }
    Verdict::from(findings)
}
