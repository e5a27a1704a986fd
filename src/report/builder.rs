//! Takes the lines of a stream, one after another, and keeps what a report says of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rustc_hash::FxHashSet;

use super::connections::{At, Connections, Key};
use super::model::GapReport;
use super::paths::Paths;
use crate::doctor::Facts;
use crate::history::handover::{Delivery, Handover, Interruption, Running, Uninterrupted};
use crate::history::{Bounds, History, State};
use crate::model::{Connection, ConnectionId, ConnectionKey, Cookie, Event, EventKind, Header, Line, Sample};

/// The most events that are kept, and the most changes.
const EVENTS: usize = 10_000;
const CHANGES: usize = 1_000;
/// The most handovers that are kept.
const HANDOVERS: usize = 10_000;
/// The most gaps that are kept.
const GAPS: usize = 1_000;
/// How long it is known of a connection that has ended, seconds: a handover may be told after its end.
const REMEMBERED_S: f64 = 60.0;

/// Which part of a stream is told of, seconds; `None` for its beginning or its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// From when on.
    pub from_s: Option<f64>,
    /// Until when.
    pub to_s: Option<f64>,
}

/// Whether there is anything to be had from further lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// There may be.
    Wanted,
    /// What follows lies after the part.
    Enough,
}

/// What a report will say.
pub struct Builder {
    pub(super) part: Part,
    pub(super) header: Header,
    pub(super) history: History,
    pub(super) facts: Facts,
    pub(super) connections: Connections,
    pub(super) paths: Paths,
    pub(super) handovers: Vec<(u64, Handover)>,
    pub(super) events: Vec<Event>,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) changes: Vec<Event>,
    pub(super) changes_more: u64,
    pub(super) overruns: u64,
    pub(super) gaps: Vec<GapReport>,
    pub(super) samples: u64,
    /// The newest time of all streams, seconds since the first began.
    pub(super) now: f64,
    /// The stream that is being read, from 1 on, and when it began, seconds since the first did.
    pub(super) stream: u64,
    pub(super) offset_s: f64,
    /// The counters when the part began.
    pub(super) counters: Option<BTreeMap<String, u64>>,
    /// What the kernel's counters grew by in streams before this one.
    pub(super) grown: BTreeMap<String, u64>,
    has_sample: bool,
}

impl Builder {
    /// Begins a report on a stream with this header.
    pub fn new(header: Header, part: Part) -> Self {
        let mut builder = Self {
            part,
            header: header.clone(),
            history: History::new(Bounds {
                span_s: 1.0,
                events: 1,
                ended_s: REMEMBERED_S,
                ..Bounds::default()
            }),
            facts: Facts::default(),
            connections: Connections::default(),
            paths: Paths::default(),
            handovers: Vec::new(),
            events: Vec::new(),
            counts: BTreeMap::new(),
            changes: Vec::new(),
            changes_more: 0,
            overruns: 0,
            gaps: Vec::new(),
            samples: 0,
            now: 0.0,
            stream: 1,
            offset_s: 0.0,
            counters: None,
            grown: BTreeMap::new(),
            has_sample: false,
        };
        let header = Line::Header(header);
        builder.facts.take(&header);
        builder.history.apply(header);
        builder
    }

    /// Takes the next line.
    pub fn take(&mut self, line: Line) -> More {
        if let Line::Header(header) = &line {
            self.begin_stream(header);
        }
        let t = line.t() + self.offset_s;
        if self.part.to_s.is_some_and(|to| t > to) {
            return More::Enough;
        }
        self.now = self.now.max(t);
        self.facts.take(&line);
        match line {
            Line::Header(_) => {
                self.history.apply(line);
            }
            Line::Sample(sample) => self.take_sample(*sample, t),
            Line::Event(event) => self.take_event(*event, t),
        }
        for handover in self.history.take_handovers() {
            self.take_handover(handover);
        }
        More::Wanted
    }

    /// Everything as the lines until now have it.
    pub fn state(&self) -> &State {
        self.history.state()
    }

    pub(super) fn is_within(&self, t: f64) -> bool {
        t > self.part.from_s.unwrap_or(f64::NEG_INFINITY)
    }

    /// Another stream follows in the same file, later by what the wall clocks say.
    fn begin_stream(&mut self, header: &Header) {
        self.close_stream();
        let wall = |text: &str| {
            text.parse::<Timestamp>()
                .ok()
                .map(|time| time.as_duration().as_secs_f64())
        };
        let apart = wall(&header.started_at).zip(wall(&self.header.started_at));
        let apart = apart.map_or(0.0, |(this, first)| this - first);
        self.offset_s = apart.max(self.now);
        if self.gaps.len() < GAPS && self.offset_s > self.now {
            self.gaps.push(GapReport {
                from_s: self.now,
                to_s: self.offset_s,
            });
        }
        self.stream += 1;
        self.has_sample = false;
    }

    /// Takes up what only the end of a stream tells.
    pub(super) fn close_stream(&mut self) {
        let lasting: Vec<_> = self
            .history
            .all_running()
            .iter()
            .filter_map(|running| self.so_far(running))
            .collect();
        for handover in lasting {
            self.take_handover(handover);
        }
        let from = self.part.from_s.unwrap_or(0.0);
        let gaps = self.history.gaps().within(0.0, f64::INFINITY);
        let gaps = gaps.map(|(begin, end)| (begin + self.offset_s, end + self.offset_s));
        let gaps: Vec<_> = gaps.filter(|(_, end)| *end > from).collect();
        let room = GAPS.saturating_sub(self.gaps.len());
        self.gaps
            .extend(gaps.into_iter().take(room).map(|(begin, end)| GapReport {
                from_s: begin.max(from),
                to_s: end,
            }));
        let before = self.counters.take().unwrap_or_default();
        for (name, value) in &self.history.state().counters {
            let grown = value.saturating_sub(before.get(name).copied().unwrap_or(*value));
            if grown > 0 {
                *self.grown.entry(name.clone()).or_default() += grown;
            }
        }
        let (now, within) = (self.now, self.is_within(self.now));
        let this = self.stream;
        // What lives on when the last stream ends has not ended.
        self.connections.end(now, within, |(stream, _)| stream >= this);
    }

    /// A handover that has not ended, as far as is known.
    fn so_far(&self, running: &Running) -> Option<Handover> {
        let (to, interruption, ongoing) = match &running.delivery {
            Delivery::Stopped { since } => {
                let lasts = Duration::try_from_secs_f64(self.history.now() - since).unwrap_or_default();
                let gap = Interruption {
                    t: *since,
                    ms: u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX),
                    uncertainty_ms: self.header.interval_ms,
                    recovery_ms: None,
                };
                (None, Some(gap), true)
            }
            Delivery::Resumed { over, gap } => (over.clone(), *gap, false),
            Delivery::Idle => return None,
        };
        let connection = self.history.latest(running.connection);
        Some(Handover {
            t: running.t,
            connection: running.connection,
            token: connection.and_then(|connection| connection.token),
            cause: running.cause,
            from: running.from.clone(),
            to,
            interruption,
            uninterrupted: interruption.is_none().then_some(Uninterrupted::AsUsual),
            steady: true,
            survived: true,
            ongoing,
        })
    }

    fn take_sample(&mut self, sample: Sample, t: f64) {
        let at = At {
            t,
            is_within: self.is_within(t),
            is_first: !std::mem::replace(&mut self.has_sample, true),
        };
        self.samples += u64::from(at.is_within);
        for interface in &sample.interfaces {
            self.paths.see(interface);
        }
        let stream = self.stream;
        let paths = &mut self.paths;
        for connection in &sample.connections {
            let key: Key = (stream, connection.id());
            self.connections
                .take(key, connection, at, |subflow, moved| paths.carry(subflow, moved));
        }
        self.end_connections(&sample, at);
        let read: Vec<Reading> = if at.is_within {
            let readings = sample
                .connections
                .iter()
                .map(|connection| self.reading(connection));
            readings.collect()
        } else {
            Vec::new()
        };
        let stream_t = sample.t;
        self.history.apply(Line::Sample(Box::new(sample)));
        for reading in read {
            self.flow(&reading, stream_t);
        }
        if at.is_first || !at.is_within {
            self.counters = Some(self.history.state().counters.clone());
        }
    }

    /// When a connection was read before, and which subflows it has now.
    fn reading(&self, connection: &Connection) -> Reading {
        let id = connection.id();
        let subflows = connection.subflows.iter();
        let subflows = subflows.map(|subflow| (subflow.cookie, subflow.interface.clone()));
        Reading {
            before: self.history.read_at(id),
            is_new: self.history.connection(id).is_none(),
            subflows: subflows.collect(),
        }
    }

    /// Adds the rates of a connection's subflows between two readings to the plot, as the history has them.
    fn flow(&mut self, reading: &Reading, t: f64) {
        let from_s = self.part.from_s.unwrap_or(0.0);
        let stretches: Vec<_> = self.history.gaps().known((reading.before, t)).collect();
        for (cookie, device) in &reading.subflows {
            let Some(point) = self
                .history
                .subflow(*cookie)
                .and_then(|subflow| subflow.points.back())
            else {
                continue;
            };
            // The point of an earlier reading, where a subflow that ends has no new one.
            if point.t < t || reading.is_new {
                continue;
            }
            for (begin, end) in &stretches {
                let stretch = (begin + self.offset_s - from_s, end + self.offset_s - from_s);
                self.paths.flow(
                    device.as_deref(),
                    stretch,
                    f64::from(point.out_bps),
                    f64::from(point.in_bps),
                );
            }
        }
    }

    fn end_connections(&mut self, sample: &Sample, at: At) {
        let stream = self.stream;
        if sample.full {
            let here: FxHashSet<ConnectionId> = sample.connections.iter().map(Connection::id).collect();
            self.connections
                .end(at.t, at.is_within, |(of, id)| of != stream || here.contains(&id));
        } else if !sample.connections_gone.is_empty() {
            let gone = sample.connections_gone.iter().map(ConnectionKey::id);
            let gone: FxHashSet<ConnectionId> = gone.collect();
            self.connections
                .end(at.t, at.is_within, |(of, id)| of != stream || !gone.contains(&id));
        }
    }

    fn take_event(&mut self, event: Event, t: f64) {
        if let (EventKind::InterfaceRenamed, Some(old), Some(new)) =
            (event.kind, &event.interface_was, &event.interface)
        {
            self.paths.rename(old, new);
        }
        if self.is_within(t) {
            *self.counts.entry(event.kind.to_string()).or_default() += 1;
            self.overruns += match event.kind {
                EventKind::EventsLost => event.overruns.unwrap_or(1),
                _ => 0,
            };
            let event = Event { t, ..event.clone() };
            if is_change(event.kind) {
                if self.changes.len() < CHANGES {
                    self.changes.push(event.clone());
                } else {
                    self.changes_more += 1;
                }
            }
            if self.events.len() < EVENTS {
                self.events.push(event);
            }
        }
        self.history.apply(Line::Event(Box::new(event)));
    }

    fn take_handover(&mut self, handover: Handover) {
        let stream = self.stream;
        // What was told while it lasted is told again at its end.
        self.handovers.retain(|(of, other)| {
            let is_same = *of == stream && other.ongoing && other.connection == handover.connection;
            !is_same
        });
        let offset_s = self.offset_s;
        let t = handover.t + offset_s;
        let end = |gap: Interruption| gap.t + offset_s + gap.ms as f64 / 1000.0;
        let ended_at = handover.interruption.map_or(t, end);
        if !self.is_within(t.max(ended_at)) || self.handovers.len() >= HANDOVERS {
            return;
        }
        let interruption = handover.interruption.map(|mut gap| {
            gap.t += offset_s;
            gap
        });
        self.handovers.push((
            stream,
            Handover {
                t,
                interruption,
                ..handover
            },
        ));
    }
}

struct Reading {
    before: f64,
    is_new: bool,
    subflows: Vec<(Cookie, Option<String>)>,
}

/// Whether somebody changed something on this machine.
fn is_change(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Command
            | EventKind::EndpointAdded
            | EventKind::EndpointChanged
            | EventKind::EndpointRemoved
            | EventKind::LimitsChanged
            | EventKind::SettingChanged
    )
}
