//! Which side does what: a client opens subflows, a server announces addresses.

use super::super::examination::Examination;
use super::super::finding::{Evidence, Finding, RuleName, Severity, Subject, Verdict};
use super::super::mend;
use super::fallback::counter;
use crate::model::{Connection, Endpoint, EndpointFlags};

/// Endpoints with one of the flags and without the other, at no address of an initial subflow.
fn one_sided<'a>(exam: &Examination<'a>, has: EndpointFlags, lacks: EndpointFlags) -> Vec<&'a Endpoint> {
    let facts = exam.facts;
    let endpoints = facts.endpoints.values().filter(|endpoint| {
        endpoint.flags.contains(has) && !endpoint.flags.contains(lacks) && endpoint.port.is_none()
    });
    endpoints
        .filter(|endpoint| !exam.is_explained(endpoint.address))
        .collect()
}

pub(super) fn only_signal_on_client(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    if !facts.accepted().is_empty() || !facts.listeners.is_empty() {
        return Verdict::Holds;
    }
    let clients = facts.clients();
    let mut findings = Vec::new();
    for endpoint in one_sided(exam, EndpointFlags::SIGNAL, EndpointFlags::SUBFLOW) {
        let unused = clients.iter().find(|connection| {
            connection.remote.is_ipv4() == endpoint.address.is_ipv4()
                && connection.local.ip() != endpoint.address
                && !connection
                    .living_subflows()
                    .any(|subflow| subflow.local.ip() == endpoint.address)
        });
        let Some(connection) = unused else {
            continue;
        };
        let flags = endpoint
            .flags
            .without(EndpointFlags::SIGNAL)
            .with(EndpointFlags::SUBFLOW);
        let finding = unused_there(RuleName::OnlySignalOnClient, endpoint, connection, flags);
        exam.explain_address(endpoint.address);
        if let Some(home) = facts.home(endpoint) {
            exam.explain_interface(&home.name);
        }
        findings.push(finding);
    }
    Verdict::from(findings)
}

/// That an endpoint has no subflow of a connection, because its flags are for the other side.
fn unused_there(
    rule: RuleName,
    endpoint: &Endpoint,
    connection: &Connection,
    flags: EndpointFlags,
) -> Finding {
    let lines = mend::replace(endpoint, endpoint.address, endpoint.interface.as_deref(), flags);
    let evidence = [
        Evidence::Endpoint(endpoint.clone()),
        Evidence::NoSubflow {
            from: endpoint.address,
            peer: connection.remote,
        },
    ];
    Finding::problem(rule, Subject::Address(endpoint.address))
        .seen(evidence)
        .mended_by(lines)
}

pub(super) fn only_subflow_on_server(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let accepted = facts.accepted();
    if !facts.clients().is_empty() {
        return Verdict::Holds;
    }
    let mut findings = Vec::new();
    for endpoint in one_sided(exam, EndpointFlags::SUBFLOW, EndpointFlags::SIGNAL) {
        let unused = accepted.iter().find(|connection| {
            connection.local.ip() != endpoint.address
                && !connection
                    .living_subflows()
                    .any(|subflow| subflow.local.ip() == endpoint.address)
        });
        let Some(connection) = unused else {
            continue;
        };
        let flags = endpoint
            .flags
            .without(EndpointFlags::SUBFLOW.with(EndpointFlags::FULLMESH))
            .with(EndpointFlags::SIGNAL);
        let finding = unused_there(RuleName::OnlySubflowOnServer, endpoint, connection, flags);
        exam.explain_address(endpoint.address);
        findings.push(finding);
    }
    Verdict::from(findings)
}

pub(super) fn no_token_here(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let name = "MPJoinNoTokenFound";
    let finding = (facts.counters.grown(name) > 0).then(|| {
        let allows = facts.number("allow_join_initial_addr_port") == Some(1);
        let lines = allows.then(|| mend::set("allow_join_initial_addr_port", "0"));
        Finding::problem(RuleName::NoTokenHere, Subject::Host)
            .with_severity(Severity::Warning)
            .seen([counter(facts, name)])
            .mended_by(lines.into_iter().flatten())
    });
    Verdict::from(finding)
}
