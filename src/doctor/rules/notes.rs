//! What is good to know and no fault.

use super::super::examination::Examination;
use super::super::facts::has_flowed;
use super::super::finding::{Evidence, Finding, RuleName, Severity, Subject, Verdict};
use crate::model::{Connection, EndpointFlags, FlagChange, Subflow, TcpState, equivalent};

/// How many endpoints the kernel takes (`MPTCP_PM_ADDR_MAX`).
const MOST_ENDPOINTS: usize = 8;
/// A subflow that has sent nothing for so long is idle, ms.
const IDLE_MS: u32 = 1000;
/// How many findings of a kind are told.
const MOST: usize = 8;

fn note(rule: RuleName, subject: Subject) -> Finding {
    Finding::problem(rule, subject).with_severity(Severity::Note)
}

pub(super) fn endpoints_full(exam: &mut Examination<'_>) -> Verdict {
    let is_full = exam.facts.endpoints.len() >= MOST_ENDPOINTS;
    Verdict::from(is_full.then(|| note(RuleName::EndpointsFull, Subject::Endpoints)))
}

/// What a subflow is called: its interface, else the address.
fn path(subflow: &Subflow) -> String {
    let owner = subflow.address_owner();
    owner.map_or_else(|| subflow.local.host().to_string(), str::to_owned)
}

pub(super) fn backup(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut findings: Vec<Finding> = Vec::new();
    let connections = facts.clients().into_iter().chain(facts.accepted());
    for subflow in connections.flat_map(Connection::living_subflows) {
        let subject = Subject::Interface(path(subflow));
        let is_known = findings.iter().any(|finding| finding.subject == subject);
        if !subflow.is_backup() || is_known || findings.len() >= MOST {
            continue;
        }
        let here = subflow.backup_local == Some(true);
        let mut endpoints = facts.endpoints.values();
        let endpoint = endpoints.find(|endpoint| {
            endpoint.may_have(subflow.local) && endpoint.flags.contains(EndpointFlags::BACKUP)
        });
        let lines = endpoint.filter(|_| here).map(|endpoint| {
            let command = crate::model::Command::EndpointChange {
                id: endpoint.id,
                flags: FlagChange::one(EndpointFlags::BACKUP, false),
            };
            equivalent(&command, std::slice::from_ref(endpoint))
        });
        let seen = Evidence::IsBackup {
            local: subflow.local,
            here,
            there: subflow.backup_remote == Some(true),
        };
        let finding = note(RuleName::Backup, subject).seen([seen]);
        findings.push(finding.mended_by(lines.into_iter().flatten()));
    }
    Verdict::from(findings)
}

pub(super) fn not_fully_established(exam: &mut Examination<'_>) -> Verdict {
    let has_endpoints = exam.facts.subflow_endpoints().next().is_some();
    let clients = exam.facts.clients().into_iter();
    let quiet = clients.filter(|connection| has_endpoints && !has_flowed(connection));
    let findings: Vec<_> = quiet
        .take(MOST)
        .map(|connection| note(RuleName::NotFullyEstablished, Subject::Peer(connection.remote)))
        .collect();
    Verdict::from(findings)
}

fn is_idle(subflow: &Subflow) -> bool {
    let sent = subflow.last_data_sent_ms;
    sent.is_none_or(|since| since >= IDLE_MS)
}

pub(super) fn scheduler_prefers(exam: &mut Examination<'_>) -> Verdict {
    let mut findings: Vec<Finding> = Vec::new();
    for connection in exam.facts.clients() {
        let carries = |subflow: &&crate::model::Shared<Subflow>| {
            subflow.state == TcpState::Established && !subflow.is_backup()
        };
        let all: Vec<_> = connection.living_subflows().filter(carries).collect();
        let busy = all.iter().find(|subflow| !is_idle(subflow));
        let Some(busy) = busy else {
            continue;
        };
        for idle in all.iter().filter(|subflow| is_idle(subflow)) {
            let subject = Subject::Interface(path(idle));
            let is_known = findings.iter().any(|finding| finding.subject == subject);
            if is_known || findings.len() >= MOST {
                continue;
            }
            let rtts = [busy, idle].into_iter().filter_map(|subflow| {
                Some(Evidence::Rtt {
                    path: path(subflow),
                    rtt_us: subflow.rtt_us?,
                })
            });
            findings.push(note(RuleName::SchedulerPrefers, subject).seen(rtts));
        }
    }
    Verdict::from(findings)
}

pub(super) fn plain_tcp(exam: &mut Examination<'_>) -> Verdict {
    let number = exam.facts.plain_tcp.filter(|number| *number > 0);
    let finding = number.map(|number| {
        note(RuleName::ApplicationOnPlainTcp, Subject::Host).seen([Evidence::PlainTcp(number)])
    });
    Verdict::from(finding)
}
