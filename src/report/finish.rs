//! What the lines came to: the report, made when the last was taken.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::connections::Key;
use super::model::{ConnectionReport, Figures, HandoverReport, Leftover, Machine, RecordingReport, Report};
use crate::doctor::examine;
use crate::history::State;
use crate::history::handover::{Fate, Handover, Incident, Uninterrupted, incidents};
use crate::model::SCHEMA;
use crate::words;
use crate::words::finding::FindingInWords;
use crate::words::path::device_name;

/// What is known when the last line was taken.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The name of the file; `None` where that would tell too much.
    pub file: Option<String>,
    /// Why the file ended before its time.
    pub cut: Option<String>,
    /// The zone of clocks that people read.
    pub zone: TimeZone,
}

impl Builder {
    /// The report on the lines that were taken.
    pub fn finish(mut self, ending: Ending) -> Report {
        self.close_stream();
        let state = self.history.state().clone();
        let names = self.paths.names();
        let handovers = std::mem::take(&mut self.handovers);
        let incidents = incidents(handovers.iter().map(|(_, handover)| handover));
        let told = self.handover_reports(&handovers, &incidents, &names);
        let from_s = self.part.from_s.unwrap_or(0.0).clamp(0.0, self.now.max(0.0));
        let length_s = self.now - from_s;
        let more = self.connections.more;
        let connections_seen = self.connections.len();
        let (paths, throughput) = self.paths.into_reports(from_s, length_s);
        let connections = connection_reports(self.connections.into_reports(), &handovers);
        let figures = Figures {
            connections: connections_seen,
            events_lost: self.overruns,
            ..figures(&incidents, &connections, more)
        };
        let sentence = words::report::sentence(&incidents, connections_seen, length_s, |device| {
            device_name(&names, device)
        });
        Report {
            schema: SCHEMA,
            kind: "report",
            made_by: format!("pathscope {}", env!("CARGO_PKG_VERSION")),
            sentence,
            recording: RecordingReport {
                file: ending.file,
                started_at: self.header.started_at,
                host: self.header.host,
                kernel: self.header.kernel,
                netns: self.header.netns,
                anonymised: self.header.anonymised,
                events_from_kernel: self.header.access.events,
                interval_ms: self.header.interval_ms,
                from_s,
                to_s: self.now,
                samples: self.samples,
                streams: self.stream,
                cut: ending.cut,
                gaps: self.gaps,
            },
            figures,
            paths,
            throughput,
            handovers: told,
            incidents,
            connections,
            connections_more: more,
            machine: machine(state, self.grown),
            changes: self.changes,
            changes_more: self.changes_more,
            events: self.counts,
            all_events: self.events,
            findings: self.facts.is_complete.then(|| {
                let examined = examine(&self.facts);
                examined.findings.iter().map(FindingInWords::from).collect()
            }),
            zone: ending.zone,
            names,
        }
    }

    /// Each connection's handovers, by what happened.
    fn handover_reports(
        &self,
        handovers: &[(u64, Handover)],
        incidents: &[Incident],
        names: &State,
    ) -> Vec<HandoverReport> {
        let members = incidents.iter().flat_map(|incident| {
            let members = incident.members.iter();
            members.map(move |handover| (incident.number, handover))
        });
        let report = |(number, handover): (usize, &Handover)| {
            let stream = handovers
                .iter()
                .find(|(_, other)| other == handover)
                .map(|(stream, _)| *stream);
            let connection = stream.and_then(|stream| self.connections.get((stream, handover.connection)));
            let gap = handover.interruption;
            HandoverReport {
                number,
                t: handover.t,
                token: handover.token,
                application: connection.and_then(|connection| connection.application.clone()),
                remote: connection.map(|connection| connection.remote),
                cause: handover.cause,
                from: handover.from.clone(),
                to: handover.to.clone(),
                interruption_ms: gap.map(|gap| gap.ms),
                uncertainty_ms: gap.map(|gap| gap.uncertainty_ms),
                recovery_ms: gap.and_then(|gap| gap.recovery_ms),
                survived: (!handover.ongoing).then_some(handover.survived),
                ongoing: handover.ongoing,
                sentence: words::handover::sentence(handover, |device| device_name(names, device)),
            }
        };
        members.map(report).collect()
    }
}

/// The connections with what their handovers came to.
fn connection_reports(
    connections: Vec<(Key, ConnectionReport)>,
    handovers: &[(u64, Handover)],
) -> Vec<ConnectionReport> {
    let mut by_key: FxHashMap<Key, Vec<&Handover>> = FxHashMap::default();
    for (stream, handover) in handovers {
        by_key
            .entry((*stream, handover.connection))
            .or_default()
            .push(handover);
    }
    let with_handovers = |(key, mut report): (Key, ConnectionReport)| {
        let own = by_key.get(&key).map_or(&[][..], Vec::as_slice);
        let waited = own.iter().filter_map(|handover| handover.interruption);
        let idle = |handover: &&Handover| {
            let why = handover.uninterrupted;
            matches!(
                why,
                Some(Uninterrupted::NothingToSend | Uninterrupted::Unknown) | None
            )
        };
        let is_idle = !own.is_empty() && own.iter().all(|one| one.interruption.is_none() && idle(one));
        report.handovers = own.len() as u64;
        report.without_delivery_ms = (!is_idle).then(|| waited.map(|gap| gap.ms).sum());
        report.lost = own.iter().any(|handover| handover.fate() == Fate::Lost);
        report
    };
    connections.into_iter().map(with_handovers).collect()
}

fn figures(incidents: &[Incident], connections: &[ConnectionReport], more: Leftover) -> Figures {
    let worst = incidents
        .iter()
        .filter_map(Incident::worst)
        .max_by_key(|gap| gap.ms);
    let without = incidents.iter().filter_map(Incident::worst).map(|gap| gap.ms);
    let members = incidents.iter().flat_map(|incident| &incident.members);
    let longest = members.filter_map(|one| one.interruption).map(|gap| gap.ms);
    let count = |is_so: &dyn Fn(&ConnectionReport) -> bool| {
        connections.iter().filter(|connection| is_so(connection)).count() as u64
    };
    let is_multipath = |connection: &ConnectionReport| {
        let devices: BTreeSet<_> = connection
            .subflows
            .iter()
            .filter_map(|subflow| subflow.interface.as_deref())
            .collect();
        devices.len() > 1
    };
    let applications: BTreeSet<_> = connections
        .iter()
        .filter_map(|connection| connection.application.as_deref())
        .collect();
    let carried = |of: fn(&ConnectionReport) -> u64| connections.iter().map(of).sum::<u64>();
    Figures {
        handovers: incidents.len() as u64,
        worst_interruption_ms: worst.map(|gap| gap.ms),
        worst_uncertainty_ms: worst.map(|gap| gap.uncertainty_ms),
        longest_interruption_ms: longest.max(),
        without_delivery_ms: without.sum(),
        connections: 0,
        connections_multipath: count(&is_multipath),
        connections_fallback: count(&|connection| connection.fallback == Some(true)),
        connections_lost: count(&|connection| connection.lost),
        applications: applications.len() as u64,
        sent_bytes: carried(|connection| connection.sent_bytes) + more.sent_bytes,
        received_bytes: carried(|connection| connection.received_bytes) + more.received_bytes,
        events_lost: 0,
    }
}

fn machine(state: State, counters: BTreeMap<String, u64>) -> Machine {
    Machine {
        interfaces: state.interfaces.into_values().collect(),
        endpoints: state.endpoints.into_values().collect(),
        limits: state.limits,
        settings: state.settings,
        counters,
        plain_tcp: state.plain_tcp,
    }
}
