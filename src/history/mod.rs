//! What the stream adds up to: the state now, rates from two samples, bounded series, the log of events.
//!
//! Pure code over [`crate::model`]: the same for a live window and for a recording from last year. Time comes
//! from the stream, never from a clock. Points are added for what *changed* in a sample only, and memory is bounded:
//! when it is used up, what nobody looks at keeps fewer points the further it lies back.

mod balance;
mod bins;
mod condition;
mod direction;
mod figures;
mod gaps;
pub mod handover;
mod memory;
mod order;
mod own_changes;
mod points;
mod rates;
mod read_times;
mod series;
mod session;
mod state;
mod thinning;

pub use bins::DeviceBins;
pub use condition::{Condition, condition};
pub use direction::Direction;
pub use gaps::Gaps;
pub use order::{SortFacts, SortKey, SortOrder, UnknownSortKey};
pub use points::Points;
pub use series::{ConnectionHistory, Point, SubflowHistory};
pub use session::Session;
pub use state::State;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use self::handover::{Detector, Handover, Incident, Running, incidents};
use self::memory::Memory;
use self::own_changes::OwnChanges;
use self::read_times::ReadTimes;
use crate::model::{
    Command, Connection, ConnectionId, Cookie, Event, EventKind, Header, Line, Sample, Shared, Subflow, Token,
};

/// The most handovers.
const HANDOVERS: usize = 1000;

/// Samples miss a subflow up to so long after its end, seconds.
const NOTICED_S: f64 = 2.0;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How far back points reach, seconds.
    pub span_s: f64,
    /// The most points of one subflow; beyond, those before the newest minute are merged.
    pub points: usize,
    /// The most memory, bytes, as [`History::bytes`] counts it; what the allocator leaves unused comes on top.
    pub bytes: usize,
    /// The most events.
    pub events: usize,
    /// How long a connection or subflow that ended is kept, seconds.
    pub ended_s: f64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            span_s: 1800.0,
            points: 9000,
            bytes: 80 * 1024 * 1024,
            events: 10_000,
            ended_s: 60.0,
        }
    }
}

/// The state now, and how it came to be.
#[derive(Clone, Default)]
pub struct History {
    bounds: Bounds,
    /// How many lines were taken.
    revision: u64,
    header: Option<Header>,
    /// Shared with a picture until the next sample.
    state: Arc<State>,
    /// When the newest line was taken, seconds on the stream.
    now: f64,
    times: ReadTimes,
    gaps: Gaps,
    connections: FxHashMap<ConnectionId, ConnectionHistory>,
    /// Each is shared with a picture until something of it changes.
    subflows: FxHashMap<Cookie, Arc<SubflowHistory>>,
    /// Subflows whose newest point is not zero: they need a zero when they no longer change.
    moving: FxHashSet<Cookie>,
    /// Shared with a picture until the next event.
    events: Arc<VecDeque<Event>>,
    /// The connection that somebody looks at: its points stay.
    watched: Option<ConnectionId>,
    memory: Memory,
    detector: Detector,
    handovers: VecDeque<Handover>,
    /// The connections of which a handover was told that goes on.
    ongoing: FxHashSet<ConnectionId>,
    /// The same by what happened, once somebody asked and until another one ends.
    incidents: OnceLock<Vec<Incident>>,
    /// How many there were, those that are forgotten included.
    found: usize,
    session: Session,
    own_changes: OwnChanges,
    /// The handovers that have not ended, once somebody asked and until the next line.
    running: OnceLock<Vec<Running>>,
    /// Whether a picture may share what is here.
    has_picture: bool,
}

impl History {
    /// An empty history that keeps as much as `bounds` says.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            ..Self::default()
        }
    }

    /// Takes the next line of the stream.
    pub fn apply(&mut self, line: Line) {
        self.revision += 1;
        self.running.take();
        self.now = self.now.max(line.t());
        self.gaps.take(&line);
        let ended = self.detector.apply(&line, &self.times);
        if !ended.is_empty() {
            for handover in ended {
                self.take_handover(handover);
            }
            let spare = self.handovers.len().saturating_sub(HANDOVERS);
            self.handovers.drain(..spare);
            self.incidents.take();
        }
        match line {
            Line::Header(header) => {
                *self = Self {
                    revision: self.revision,
                    header: Some(header),
                    watched: self.watched,
                    found: self.found,
                    gaps: std::mem::take(&mut self.gaps),
                    ..Self::new(self.bounds)
                };
            }
            Line::Sample(sample) => self.apply_sample(*sample),
            Line::Event(event) => {
                if let (Some(header), Some(access)) = (&mut self.header, &event.access) {
                    header.access = access.clone();
                }
                if let (EventKind::InterfaceRenamed, Some(old), Some(new)) =
                    (event.kind, &event.interface_was, &event.interface)
                {
                    self.session.rename(old, new);
                }
                self.own_changes.note(&event, self.state.endpoints.values());
                if let Some(outcome) = event.command.as_ref().filter(|outcome| outcome.ok)
                    && let Some(command) = &outcome.asked
                {
                    Arc::make_mut(&mut self.state).take_done(command);
                }
                let events = Arc::make_mut(&mut self.events);
                if events.len() >= self.bounds.events {
                    events.pop_front();
                }
                events.push_back(*event);
            }
        }
    }

    /// Adds a handover; the end of one that was told while it went on takes its place.
    fn take_handover(&mut self, handover: Handover) {
        let same = |other: &&mut Handover| other.ongoing && other.connection == handover.connection;
        let goes_on = self.ongoing.remove(&handover.connection);
        if handover.ongoing {
            self.ongoing.insert(handover.connection);
        }
        if !goes_on {
            self.found += 1;
            self.handovers.push_back(handover);
        } else if let Some(ongoing) = self.handovers.iter_mut().rev().find(same) {
            *ongoing = handover;
        } else {
            self.handovers.push_back(handover);
        }
    }

    /// Another number after each line: where it is the same, so is everything else.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes the place of another history of the same stream, of which somebody looked at a part.
    pub fn take_place_of(&mut self, other: &Self) {
        self.revision += other.revision + 1;
        self.watched = other.watched;
    }

    /// The header, once it came, with what may be seen and done now.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Everything as it is now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// When the newest line was taken, seconds on the stream.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// When everything was last sampled, seconds on the stream.
    pub fn sampled_at(&self) -> Option<f64> {
        self.times.everything()
    }

    /// When a connection was last read, alone or with all others, seconds on the stream.
    pub fn read_at(&self, connection: ConnectionId) -> f64 {
        self.times.of(connection, self.now)
    }

    /// The newest events, oldest first.
    pub fn events(&self) -> &VecDeque<Event> {
        &self.events
    }

    /// The newest handovers that have ended, oldest first.
    pub fn handovers(&self) -> &VecDeque<Handover> {
        &self.handovers
    }

    /// The same handovers by what happened, oldest first.
    pub fn incidents(&self) -> &[Incident] {
        self.incidents.get_or_init(|| incidents(&self.handovers))
    }

    /// The change made here that closed the subflow whose end an event tells.
    pub fn closed_by(&self, event: &Event) -> Option<&Command> {
        self.own_changes.behind(event)
    }

    /// The change made here that closed a subflow.
    pub fn ended_by(&self, subflow: &SubflowHistory) -> Option<&Command> {
        let path = (subflow.last.local, subflow.last.remote);
        self.own_changes.that_closed(path, subflow.ended_at?, NOTICED_S)
    }

    /// Every handover that has not ended, in order of connections.
    pub fn all_running(&self) -> &[Running] {
        self.running.get_or_init(|| self.detector.all_running(self.now))
    }

    /// The handover of a connection that has not ended, if there is one.
    pub fn running(&self, connection: ConnectionId) -> Option<&Running> {
        let all = self.all_running();
        all.iter().find(|one| one.connection == connection)
    }

    /// What moved over each interface since the stream began, and the radios' signals.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// How many handovers there were until now, also those that are no longer kept.
    pub fn handovers_found(&self) -> usize {
        self.found
    }

    /// The handovers that ended since this was last asked.
    pub fn take_handovers(&mut self) -> VecDeque<Handover> {
        self.incidents.take();
        std::mem::take(&mut self.handovers)
    }

    /// Keeps every point of this connection from now on, as long as somebody looks at it.
    pub fn watch(&mut self, connection: Option<ConnectionId>) {
        self.watched = connection;
    }

    /// The history as it is, to be shown while this one goes on. The two share what they have in common, so it costs
    /// little; what this one changes from then on it copies first, a series or a block at a time. A picture takes no
    /// lines. From now on, and until [`Self::forget_picture`], this one keeps to `bytes` beside the picture.
    #[must_use]
    pub fn picture(&mut self, bytes: usize) -> Self {
        self.has_picture = true;
        self.bounds.bytes = bytes;
        Self {
            detector: Detector::default(),
            moving: FxHashSet::default(),
            bounds: self.bounds,
            revision: self.revision,
            header: self.header.clone(),
            state: Arc::clone(&self.state),
            now: self.now,
            times: self.times.clone(),
            gaps: self.gaps.clone(),
            connections: self.connections.clone(),
            subflows: self.subflows.clone(),
            events: Arc::clone(&self.events),
            watched: self.watched,
            memory: self.memory,
            handovers: self.handovers.clone(),
            ongoing: self.ongoing.clone(),
            incidents: self.incidents.clone(),
            found: self.found,
            session: self.session.clone(),
            own_changes: self.own_changes.clone(),
            // A picture has no detector.
            running: self.detector.all_running(self.now).into(),
            has_picture: false,
        }
    }

    /// Keeps to a bound again, bytes, because the picture is gone.
    pub fn forget_picture(&mut self, bytes: usize) {
        self.has_picture = false;
        self.bounds.bytes = bytes;
    }

    /// A connection as it is now, or as it was when it ended a short while ago.
    pub fn latest(&self, connection: ConnectionId) -> Option<&Connection> {
        let ended = || self.connections.get(&connection)?.last.as_deref();
        self.state.connections.get(&connection).or_else(ended)
    }

    /// A connection that exists, or ended a short while ago.
    pub fn connection(&self, id: ConnectionId) -> Option<&ConnectionHistory> {
        self.connections.get(&id)
    }

    /// A subflow that exists, or ended a short while ago.
    pub fn subflow(&self, cookie: Cookie) -> Option<&SubflowHistory> {
        self.subflows.get(&cookie).map(Arc::as_ref)
    }

    /// The subflows of a connection, those that ended a short while ago included, oldest first.
    pub fn subflows_of(&self, connection: ConnectionId) -> impl Iterator<Item = &SubflowHistory> {
        let ids = self
            .connections
            .get(&connection)
            .map_or(&[][..], |history| &history.subflows);
        ids.iter().filter_map(|cookie| self.subflow(*cookie))
    }

    fn apply_sample(&mut self, sample: Sample) {
        let t = sample.t;
        let mut still: FxHashSet<Cookie> = FxHashSet::default();

        for connection in &sample.connections {
            self.record_connection(connection, t, &mut still);
        }
        for interface in &sample.interfaces {
            // What was read before the kernel told of another name came under the old one.
            if let Some(before) = self.state.interfaces.get(&interface.index) {
                self.session.rename(&before.name, &interface.name);
            }
            if let Some(dbm) = interface.signal_dbm {
                self.session.note_signal(&interface.name, t, dbm);
            }
        }
        for id in self.state.missing_from(&sample) {
            self.end_connection(id, t);
        }
        for cookie in std::mem::take(&mut self.moving) {
            if still.contains(&cookie) {
                continue;
            }
            let Some(history) = self.subflows.get_mut(&cookie).map(Arc::make_mut) else {
                continue;
            };
            let is_there = |only: &Vec<Token>| only.iter().any(|token| history.connection == (*token).into());
            if sample.only.as_ref().is_some_and(|only| !is_there(only)) {
                still.insert(cookie);
            } else if history.ended_at.is_none() {
                history.rest(self.times.of(history.connection, t), t);
            }
        }
        self.moving = still;
        self.times.note(&sample);
        Arc::make_mut(&mut self.state).apply(sample);
        self.forget(t);
        self.stay_within_bounds(t);
    }

    /// Adds a changed connection's points; `moving` collects the subflows whose point is not zero.
    fn record_connection(&mut self, connection: &Connection, t: f64, moving: &mut FxHashSet<Cookie>) {
        let record = self
            .connections
            .entry(connection.id())
            .or_insert_with(|| ConnectionHistory::new(t));
        record.ended_at = None;
        record.last = None;
        record
            .balance
            .take(connection.sent_bytes(), connection.received_bytes(), t);
        let before = self.times.of(connection.id(), t);
        for subflow in &connection.subflows {
            if !record.subflows.contains(&subflow.cookie) {
                record.subflows.push(subflow.cookie);
            }
            let history = self
                .subflows
                .entry(subflow.cookie)
                .or_insert_with(|| Arc::new(SubflowHistory::new(connection.id(), subflow, t)));
            let history = Arc::make_mut(history);
            if history.take(subflow, before, t, &self.bounds) {
                moving.insert(subflow.cookie);
                let device = subflow.interface.as_deref().unwrap_or_default();
                let is_there = self.state.interface(device).is_some();
                let device = if is_there {
                    Cow::Borrowed(device)
                } else {
                    Cow::Owned(self.session.now_called(device))
                };
                let bps = history.out_bps() + history.in_bps();
                for stretch in self.gaps.known((before, t)) {
                    self.session.add(&device, stretch, bps);
                }
            }
        }
        for cookie in &record.subflows {
            let lives = |subflow: &Shared<Subflow>| subflow.cookie == *cookie && !subflow.state.is_ending();
            if !connection.subflows.iter().any(lives)
                && let Some(history) = self.subflows.get_mut(cookie)
                && history.ended_at.is_none()
            {
                Arc::make_mut(history).ended_at = Some(t);
            }
        }
    }

    fn end_connection(&mut self, id: ConnectionId, t: f64) {
        let Some(record) = self.connections.get_mut(&id) else {
            return;
        };
        record.ended_at.get_or_insert(t);
        record.last = self.state.connections.get(&id).cloned().map(Box::new);
        for subflow in &record.subflows {
            if let Some(history) = self.subflows.get_mut(subflow)
                && history.ended_at.is_none()
            {
                Arc::make_mut(history).ended_at = Some(t);
            }
        }
    }

    /// Drops connections that ended long ago, and subflows that ended before what the plots can show.
    fn forget(&mut self, t: f64) {
        let (ended_s, span_s) = (self.bounds.ended_s, self.bounds.span_s);
        let subflows = &mut self.subflows;
        self.connections.retain(|_, record| {
            let keep = record.ended_at.is_none_or(|ended| t - ended < ended_s);
            record.subflows.retain(|cookie| {
                let old =
                    |history: &Arc<SubflowHistory>| history.ended_at.is_some_and(|ended| t - ended > span_s);
                let drop = !keep || subflows.get(cookie).is_none_or(old);
                if drop {
                    subflows.remove(cookie);
                }
                !drop
            });
            keep
        });
    }
}

#[cfg(test)]
mod tests;
