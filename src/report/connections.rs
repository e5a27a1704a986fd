//! Each connection's totals while lines are taken, and its report afterwards.

use rustc_hash::FxHashMap;

use super::model::{ConnectionReport, Leftover, SubflowReport};
use super::paths::Moved;
use crate::model::{Connection, ConnectionId, Cookie, Process, Subflow};

/// The most connections of which more is kept than their sum.
const CONNECTIONS: usize = 20_000;
/// The most subflows of one connection; of more, the oldest that ended are forgotten, and stay in its sums.
const SUBFLOWS: usize = 256;

/// A counter within a part of the stream.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    first: u64,
    last: u64,
}

impl Span {
    fn from(first: u64) -> Self {
        Self { first, last: first }
    }

    fn take(&mut self, value: u64, is_within: bool) -> u64 {
        let grown = value.saturating_sub(self.last);
        self.last = value.max(self.last);
        if is_within {
            return grown;
        }
        self.first = self.last;
        0
    }

    fn total(self) -> u64 {
        self.last.saturating_sub(self.first)
    }
}

/// The stream of a file that a connection belongs to: tokens may come again in the next.
pub(super) type Key = (u64, ConnectionId);

/// When a sample was taken, and how it stands to the part that is told of.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// Seconds.
    pub t: f64,
    /// Whether it lies in the part.
    pub is_within: bool,
    /// Whether it is the stream's first: what it shows was there before.
    pub is_first: bool,
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    living: FxHashMap<Key, Record>,
    ended: Vec<Record>,
    pub(super) more: Leftover,
}

#[derive(Debug)]
struct Record {
    key: Key,
    report: ConnectionReport,
    sent: Span,
    received: Span,
    subflows: Vec<(Cookie, SubflowRecord)>,
    /// Sent in all and sent again by subflows that are forgotten, bytes.
    forgotten: (u64, u64),
    /// Whether anything of it was seen in the part.
    is_within: bool,
}

#[derive(Debug)]
struct SubflowRecord {
    report: SubflowReport,
    delivered: Span,
    received: Span,
    sent: Span,
    again: Span,
    segments: Span,
}

impl Connections {
    /// Takes a connection as a sample shows it; what its subflows carried since goes to `carried`, by interface.
    pub(super) fn take(
        &mut self,
        key: Key,
        connection: &Connection,
        at: At,
        mut carried: impl FnMut(&Subflow, Moved),
    ) {
        let record = self
            .living
            .entry(key)
            .or_insert_with(|| Record::new(key, connection, at));
        record.is_within |= at.is_within;
        record.note(connection);
        record.sent.take(connection.sent_bytes(), at.is_within);
        record.received.take(connection.received_bytes(), at.is_within);
        for subflow in &connection.subflows {
            let moved = record.take_subflow(subflow, at);
            if at.is_within {
                carried(subflow, moved);
            }
        }
        for (cookie, subflow) in &mut record.subflows {
            let is_there = connection.subflows.iter().any(|other| other.cookie == *cookie);
            if !is_there {
                subflow.report.ended_s.get_or_insert(at.t);
            }
        }
    }

    /// What has ended by now: all for which `is_there` says no.
    pub(super) fn end(&mut self, t: f64, is_within: bool, is_there: impl Fn(Key) -> bool) {
        let gone: Vec<Key> = self
            .living
            .keys()
            .copied()
            .filter(|key| !is_there(*key))
            .collect();
        for key in gone {
            let Some(mut record) = self.living.remove(&key) else {
                continue;
            };
            // What ended before the part is none of it.
            if !is_within {
                continue;
            }
            record.is_within = true;
            record.report.ended_s = Some(t);
            for (_, subflow) in &mut record.subflows {
                subflow.report.ended_s.get_or_insert(t);
            }
            self.ended.push(record);
        }
        if self.living.len() + self.ended.len() > CONNECTIONS {
            self.fold();
        }
    }

    /// Keeps only the sum of the half of the ended ones that carried least.
    fn fold(&mut self) {
        self.ended
            .sort_by_key(|record| std::cmp::Reverse(record.volume()));
        for record in self.ended.drain(self.ended.len() / 2..) {
            self.more.connections += 1;
            self.more.sent_bytes += record.sent.total();
            self.more.received_bytes += record.received.total();
        }
    }

    /// How many there are, and those of which more is known.
    pub(super) fn len(&self) -> u64 {
        let all = self.ended.iter().chain(self.living.values());
        all.filter(|record| record.is_within).count() as u64 + self.more.connections
    }

    /// The reports, those that carried most first.
    pub(super) fn into_reports(self) -> Vec<(Key, ConnectionReport)> {
        let mut all: Vec<Record> = self.ended.into_iter().chain(self.living.into_values()).collect();
        all.retain(|record| record.is_within);
        all.sort_by(|a, b| b.volume().cmp(&a.volume()).then_with(|| a.key.cmp(&b.key)));
        all.into_iter()
            .map(|record| (record.key, record.into_report()))
            .collect()
    }

    /// What is known of one: whose it is and to whom.
    pub(super) fn get(&self, key: Key) -> Option<&ConnectionReport> {
        let ended = || self.ended.iter().rev().find(|record| record.key == key);
        self.living.get(&key).or_else(ended).map(|record| &record.report)
    }
}

impl Record {
    fn new(key: Key, connection: &Connection, at: At) -> Self {
        // What came into being between two samples has all its bytes since.
        let first = |bytes: u64| Span::from(if at.is_first { bytes } else { 0 });
        Self {
            key,
            report: ConnectionReport {
                token: connection.token,
                application: None,
                pid: None,
                user: None,
                local: connection.local,
                remote: connection.remote,
                server_side: None,
                fallback: None,
                began_s: at.t,
                was_there: at.is_first,
                ended_s: None,
                sent_bytes: 0,
                received_bytes: 0,
                subflows_sent_bytes: 0,
                retransmitted_bytes: 0,
                handovers: 0,
                without_delivery_ms: None,
                lost: false,
                subflows: Vec::new(),
            },
            sent: first(connection.sent_bytes()),
            received: first(connection.received_bytes()),
            subflows: Vec::new(),
            forgotten: (0, 0),
            is_within: false,
        }
    }

    fn note(&mut self, connection: &Connection) {
        let report = &mut self.report;
        if let Some(Process { pid, name }) = &connection.process {
            report.pid = Some(*pid);
            if report.application.as_ref() != Some(name) {
                report.application = Some(name.clone());
            }
        }
        if connection.user.is_some() && report.user != connection.user {
            report.user.clone_from(&connection.user);
        }
        report.server_side = connection.server_side.or(report.server_side);
        report.fallback = connection.fallback.or(report.fallback);
    }

    fn take_subflow(&mut self, subflow: &Subflow, at: At) -> Moved {
        let place = self
            .subflows
            .iter()
            .position(|(cookie, _)| *cookie == subflow.cookie);
        let place = place.unwrap_or_else(|| {
            if self.subflows.len() >= SUBFLOWS {
                self.forget_subflow();
            }
            self.subflows
                .push((subflow.cookie, SubflowRecord::new(subflow, at)));
            self.subflows.len() - 1
        });
        let record = self.subflows.get_mut(place).map(|(_, record)| record);
        record.map_or_else(Moved::default, |record| record.take(subflow, at))
    }

    /// Forgets the oldest subflow, first of those that ended.
    fn forget_subflow(&mut self) {
        let ended = |(_, record): &(Cookie, SubflowRecord)| record.report.ended_s.is_some();
        let oldest = self.subflows.iter().position(ended).unwrap_or(0);
        let (_, record) = self.subflows.remove(oldest);
        self.forgotten.0 += record.sent.total();
        self.forgotten.1 += record.again.total();
    }

    fn volume(&self) -> u64 {
        self.sent.total() + self.received.total()
    }

    fn into_report(self) -> ConnectionReport {
        let subflows: Vec<_> = self
            .subflows
            .into_iter()
            .map(|(_, record)| record.into_report())
            .collect();
        ConnectionReport {
            sent_bytes: self.sent.total(),
            received_bytes: self.received.total(),
            subflows_sent_bytes: self.forgotten.0 + subflows.iter().map(|one| one.sent_bytes).sum::<u64>(),
            retransmitted_bytes: self.forgotten.1
                + subflows.iter().map(|one| one.retransmitted_bytes).sum::<u64>(),
            subflows,
            ..self.report
        }
    }
}

impl SubflowRecord {
    fn new(subflow: &Subflow, at: At) -> Self {
        let first = |bytes: Option<u64>| Span::from(if at.is_first { bytes.unwrap_or(0) } else { 0 });
        Self {
            report: SubflowReport {
                local: subflow.local,
                remote: subflow.remote,
                interface: None,
                initial: None,
                backup: false,
                state: subflow.state,
                began_s: at.t,
                ended_s: None,
                delivered_bytes: 0,
                received_bytes: 0,
                sent_bytes: 0,
                retransmitted_bytes: 0,
                retransmitted_segments: 0,
                min_rtt_us: None,
                rtt_us: None,
            },
            delivered: first(subflow.bytes_acked),
            received: first(subflow.bytes_received),
            sent: first(subflow.bytes_sent),
            again: first(subflow.bytes_retrans),
            segments: first(subflow.retrans_total.map(u64::from)),
        }
    }

    fn take(&mut self, subflow: &Subflow, at: At) -> Moved {
        let report = &mut self.report;
        if subflow.interface.is_some() && report.interface != subflow.interface {
            report.interface.clone_from(&subflow.interface);
        }
        report.initial = subflow.initial.or(report.initial);
        report.backup = subflow.is_backup();
        report.state = subflow.state;
        report.ended_s = None;
        report.min_rtt_us = subflow.min_rtt_us.or(report.min_rtt_us);
        report.rtt_us = subflow.rtt_us.or(report.rtt_us);
        self.sent.take(subflow.bytes_sent.unwrap_or(0), at.is_within);
        self.segments
            .take(subflow.retrans_total.unwrap_or(0).into(), at.is_within);
        Moved {
            sent: self
                .delivered
                .take(subflow.bytes_acked.unwrap_or(0), at.is_within),
            received: self
                .received
                .take(subflow.bytes_received.unwrap_or(0), at.is_within),
            again: self.again.take(subflow.bytes_retrans.unwrap_or(0), at.is_within),
        }
    }

    fn into_report(self) -> SubflowReport {
        SubflowReport {
            delivered_bytes: self.delivered.total(),
            received_bytes: self.received.total(),
            sent_bytes: self.sent.total(),
            retransmitted_bytes: self.again.total(),
            retransmitted_segments: self.segments.total(),
            ..self.report
        }
    }
}
