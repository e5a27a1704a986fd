//! One connection, as far as its delivery is concerned: the facts, one sample after another.

use std::collections::VecDeque;

use super::Handover;
use super::clues::Clues;
use super::dating::{Gap, Progress, first_delivery, told};
use super::evidence::{
    Flow, Level, MESSAGE, RECENT_S, have_paths_delivered, is_window_closed, sent_at, waits,
};
use super::moment::Moment;
use super::open::Open;
use super::resumption::Resumption;
use super::shift::{Lead, NEW_S};
use crate::history::Direction;
use crate::model::{Connection, ConnectionId, Cookie, TcpState, Token};

/// How far back stretches without delivery are the usual ones, seconds.
const USUAL_S: f64 = 10.0;
/// Who heard nothing for so long over any path may hear old news first, seconds.
const SILENT_S: f64 = 0.5;
/// A window that was closed disturbs what comes after it for so long, seconds.
const HELD_S: f64 = 1.0;
/// A peer that does not acknowledge for so long what every path has brought had no room for it, seconds.
const PEER_HOLDS_S: f64 = 0.04;
/// An application that sends so often sends without pausing, seconds.
const BEAT_S: f64 = 0.06;
/// A stretch shorter than this is never out of the usual, seconds.
pub(super) const LEAST_GAP_S: f64 = 0.1;
/// From so many times the longest usual stretch on, and somewhat more, one is out of the usual.
const MORE: f64 = 1.25;
/// A subflow carries when it moved this share of what the connection moved.
pub(super) const CARRIES: f64 = 0.1;

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Track {
    /// When it was first seen.
    pub(super) began_at: f64,
    pub(super) id: ConnectionId,
    pub(super) token: Option<Token>,
    pub(super) flows: Vec<Flow>,
    level: Level,
    /// The way of its newest delivery.
    pub(super) direction: Direction,
    /// Whether no subflow is left that could carry its data.
    pub(super) has_no_path: bool,
    /// The newest delivery.
    pub(super) progress: Option<Progress>,
    /// When the peer told what the newest sample knew, and since the newest delivery that there was nothing new.
    told: f64,
    acked_until: Option<f64>,
    /// Since when data waits to be delivered, if it does, and how exactly that is known.
    pub(super) waits_since: Option<f64>,
    waits_from: Moment,
    /// Whether who receives took nothing more, since the newest delivery.
    pub(super) held_back: bool,
    held_until: f64,
    held_by_window: bool,
    /// Since when every path has brought what it was given, and the peer does not acknowledge it.
    peer_holds_since: Option<f64>,
    /// Since when data came in that cannot be delivered, because something before it is missing.
    pub(super) misses_since: Option<f64>,
    /// How many bytes more the subflows brought than were delivered since it was first seen, and what that was lately
    /// whenever all of them were read.
    more: i64,
    early: VecDeque<(f64, i64)>,
    /// How many bytes came lately and wait for what comes before them.
    ahead: u64,
    /// What came in or was acknowledged until the newest delivery, bytes a second, and the subflow that moved most of it.
    pub(super) rate: f64,
    pub(super) brings_most: Option<Cookie>,
    /// What the application wrote since the newest delivery.
    pub(super) written: u64,
    /// Stretches without delivery.
    pub(super) gaps: VecDeque<Gap>,
    pub(super) open: Option<Box<Open>>,
    /// Handovers that ended and are not told yet.
    pub(super) ended: Vec<Handover>,
    /// Until when stretches belong to handovers that were told.
    pub(super) owned_until: f64,
    /// A stretch without delivery that may turn out to be more than a pause of the peer.
    pub(super) resumed: Option<Box<Resumption>>,
    pub(super) clues: Clues,
    /// Which way most of the data goes.
    pub(super) lead: Lead,
}

impl Track {
    pub(super) fn new(connection: &Connection, t: f64) -> Self {
        Self {
            began_at: t,
            id: connection.id(),
            token: connection.token,
            // What was there before is not new.
            flows: connection
                .subflows
                .iter()
                .map(|subflow| Flow::new(subflow, f64::NEG_INFINITY))
                .collect(),
            level: Level::of(connection),
            direction: Direction::Sent,
            has_no_path: connection.has_no_path(),
            progress: None,
            told: t,
            acked_until: None,
            waits_since: None,
            waits_from: Moment::at(t),
            held_back: false,
            held_until: f64::NEG_INFINITY,
            held_by_window: false,
            peer_holds_since: None,
            misses_since: None,
            more: 0,
            early: VecDeque::new(),
            ahead: 0,
            rate: 0.0,
            brings_most: None,
            written: 0,
            gaps: VecDeque::new(),
            open: None,
            ended: Vec::new(),
            owned_until: f64::NEG_INFINITY,
            resumed: None,
            clues: Clues::default(),
            lead: Lead::default(),
        }
    }

    /// Takes the connection as it is at `t`; it was read before at `before`.
    pub(super) fn take(&mut self, connection: &Connection, before: f64, t: f64) {
        self.token = connection.token.or(self.token);
        self.has_no_path = connection.has_no_path();
        let level = Level::of(connection);
        let (acked, received, written) = level.since(self.level);
        self.level = level;
        let mut moved = acked + received;
        if moved > 0 {
            self.direction = if acked >= received {
                Direction::Sent
            } else {
                Direction::Received
            };
        }
        let is_late = received == 0 && self.may_be_late_news(acked, before);
        let stop = self
            .progress
            .filter(|_| moved > 0)
            .map(|last| last.last_delivery(&self.flows, self.acked_until));
        self.take_flows(connection, before, t);
        let (waited, held_back) = (self.waits_since.map(|_| self.waits_from), self.held_back);
        self.take_waiting(connection, moved, before, t);
        // The kernel tells of a change that this host asked for later, or not at all.
        let turned = || self.flows.iter().filter(|flow| flow.turned_backup);
        let turned = turned().find(|flow| flow.backup).or(turned().next());
        if let Some((path, backup)) = turned.map(|flow| (flow.path, flow.backup)) {
            self.reprioritise(Some(path), backup, t);
        }
        if let Some(open) = &mut self.open {
            open.see(&self.flows, self.direction, moved);
            open.nowhere |= self.has_no_path && open.paths.were_several();
            open.wanted |= self.waits_since.is_some() || moved > 0;
        }
        if is_late && self.waits_since.is_some() {
            moved = 0;
        }
        let told_before = self.told;
        self.told = self.told.max(told(&self.flows).min(t));
        if moved > 0 {
            // What is sent and acknowledged between two samples did not wait; what arrives may have.
            if let Some(stop) = stop.filter(|_| !held_back && (acked == 0 || waited.is_some())) {
                let to = first_delivery(&self.flows, told_before, before, t);
                let gap = self.close_gap(stop, to, waited.filter(|_| acked > 0), t);
                self.note_resumption(&gap, t);
            }
            if let Some(resumed) = &mut self.resumed {
                resumed.take(moved, t);
            }
            let in_order = !self.direction.sends() && self.ahead == 0 && !self.misses_a_reading();
            let mut progress = Progress::new(&self.flows, moved, told_before, before, t);
            progress.in_order = in_order;
            self.progress = Some(progress);
            (self.acked_until, self.misses_since, self.written) = (None, None, 0);
            self.note_carriers(t);
        } else if self.progress.is_some() {
            self.acked_until = Some(self.told);
            self.written += written;
        }
    }

    /// Whether the peer may have had these bytes before every path fell silent, its acknowledgement lost on the way: then
    /// what follows them is delivered first.
    fn may_be_late_news(&self, acked: u64, before: f64) -> bool {
        let Some(last) = self.progress.filter(|_| acked > 0) else {
            return false;
        };
        let trip = self.longest_trip();
        if before - last.at < SILENT_S + 2.0 * trip {
            return false;
        }
        let silent = |flow: &Flow| flow.clock.last_heard_at < last.told + 2.0 * trip;
        acked as f64 <= self.rate * trip + MESSAGE as f64 && self.flows.iter().all(silent)
    }

    /// Notes whether data waits, and since when.
    fn take_waiting(&mut self, connection: &Connection, moved: u64, before: f64, t: f64) {
        let came_in = self.flows.iter().any(|flow| flow.moved > 0);
        self.ahead = self.take_early(moved, t);
        let misses = !self.direction.sends() && moved == 0 && self.ahead > if came_in { 0 } else { MESSAGE };
        self.misses_since = self.misses_since.or(misses.then_some(t));
        let misses = moved == 0 && self.misses_since.is_some();
        // What an application does not read is no fault of a path, until what comes after it has arrived.
        if is_window_closed(connection, self.direction) {
            self.held_until = t + HELD_S;
        }
        // Of a path that went nobody knows what it still held.
        let calm = self.open.is_none() && !self.clues.went_since(t - HELD_S);
        let by_peer = calm && self.direction.sends() && moved == 0 && have_paths_delivered(connection);
        let since = self.peer_holds_since.filter(|_| by_peer).unwrap_or(t);
        self.peer_holds_since = by_peer.then_some(since);
        let closed = t <= self.held_until || (self.held_by_window && moved == 0);
        self.held_by_window = closed;
        self.held_back = closed || (by_peer && t - since >= PEER_HOLDS_S);
        let waits = !self.held_back && (misses || waits(connection));
        if waits && self.waits_since.is_none() {
            self.waits_from = sent_at(connection, before, t);
        }
        self.waits_since = waits.then(|| self.waits_from.middle());
    }

    /// Whether the newest reading missed a subflow.
    fn misses_a_reading(&self) -> bool {
        self.flows.iter().any(|flow| flow.alive && flow.clock.missed)
    }

    /// Notes what the subflows brought beyond what was delivered; how much of that came
    /// lately and waits for what comes before it, bytes. What came twice was brought as well, but stays.
    fn take_early(&mut self, delivered: u64, t: f64) -> u64 {
        let brought: u64 = self.flows.iter().map(|flow| flow.moved).sum();
        let more = self.more.saturating_add_unsigned(brought);
        self.more = more.saturating_sub_unsigned(delivered);
        if !self.misses_a_reading() {
            self.early.push_back((t, self.more));
        }
        while self.early.front().is_some_and(|(at, _)| t - at > RECENT_S) {
            self.early.pop_front();
        }
        let least = self.early.iter().map(|(_, more)| *more).min();
        least.map_or(0, |least| self.more.saturating_sub(least).max(0).cast_unsigned())
    }

    fn take_flows(&mut self, connection: &Connection, before: f64, t: f64) {
        let total = self.recent(t);
        for flow in &mut self.flows {
            let here = connection
                .subflows
                .iter()
                .any(|subflow| subflow.cookie == flow.cookie);
            if flow.alive && !here && flow.recent(t) as f64 >= CARRIES * total.max(1) as f64 {
                self.clues.note_gone(flow, before);
            }
            flow.clock.is_here(here, t);
            flow.alive &= here;
            (flow.moved, flow.turned_backup) = (0, false);
        }
        for subflow in &connection.subflows {
            match self.flows.iter_mut().find(|flow| flow.cookie == subflow.cookie) {
                Some(flow) => flow.take(subflow, self.direction, t),
                None if subflow.state == TcpState::Established => {
                    // Those with which a connection begins are no better paths that came, unless their device came.
                    let came = self.clues.has_come(subflow.interface.as_deref(), self.began_at);
                    let begins = t - self.began_at < NEW_S && !came;
                    let since = if begins { f64::NEG_INFINITY } else { t };
                    self.flows.push(Flow::new(subflow, since));
                }
                None => {}
            }
        }
        self.flows
            .retain(|flow| flow.alive || flow.moves.back().is_some_and(|(at, _)| t - at < 2.0 * RECENT_S));
    }

    /// Something was delivered at `to`, as seen at `t`, for the first time after `stop`. What waited for less long began
    /// to be missed when it would have arrived.
    fn close_gap(&mut self, stop: Moment, to: Moment, waited: Option<Moment>, t: f64) -> Gap {
        let forth = self
            .flows
            .iter()
            .max_by_key(|flow| flow.moved)
            .map_or(0.0, |flow| flow.clock.one_way_s());
        let from = match waited.map(|since| since.later(forth)) {
            // The beat of an application is no pause: which end of it is meant is left open.
            Some(since) if since.middle() > stop.middle() + BEAT_S => since,
            Some(since) if since.middle() > stop.middle() => Moment {
                earliest: stop.earliest,
                latest: since.latest,
            },
            _ => stop,
        };
        let mut gap = Gap::between(from, to);
        gap.outage = self.open.as_ref().is_some_and(|open| gap.to > open.at);
        self.gaps.push_back(gap);
        let since = self.open.as_ref().map_or(t, |open| open.at).min(t - USUAL_S);
        while self.gaps.front().is_some_and(|gap| gap.to < since) {
            self.gaps.pop_front();
        }
        gap
    }

    /// When the newest delivery was, as far as is known so far.
    pub(super) fn last_delivery(&self) -> Option<Moment> {
        self.progress
            .map(|last| last.last_delivery(&self.flows, self.acked_until))
    }

    /// The round trip of the slowest subflow, seconds.
    pub(super) fn longest_trip(&self) -> f64 {
        let trips = self.flows.iter().map(|flow| flow.clock.rtt());
        trips.fold(0.0, f64::max)
    }

    /// What all subflows moved within a second before `t`.
    pub(super) fn recent(&self, t: f64) -> u64 {
        self.flows.iter().map(|flow| flow.recent(t)).sum()
    }

    /// What all subflows moved lately, bytes a second: from the first sample of that time on, until the newest delivery.
    fn rate_until(&self, told: f64, t: f64) -> f64 {
        let moves = || {
            let all = self.flows.iter().flat_map(|flow| &flow.moves);
            all.filter(|(at, _)| t - at <= RECENT_S)
        };
        let since = moves().map(|(at, _)| *at).fold(t, f64::min);
        let moved: u64 = moves()
            .filter(|(at, _)| *at > since)
            .map(|(_, moved)| moved)
            .sum();
        moved as f64 / (told - since).max(LEAST_GAP_S)
    }

    /// Notes which subflows had a part in the newest delivery.
    fn note_carriers(&mut self, t: f64) {
        let total = self.recent(t);
        self.rate = self.rate_until(self.progress.map_or(t, |last| last.told), t);
        let most = self.flows.iter().max_by_key(|flow| flow.recent(t));
        self.brings_most = most.map(|flow| flow.cookie);
        for flow in &mut self.flows {
            flow.carried = flow.recent(t) as f64 >= CARRIES * total.max(1) as f64;
        }
    }

    /// The longest stretch without delivery before a moment that was usual; outages never are.
    pub(super) fn longest_pause(&self, before: f64) -> f64 {
        let usual = self.gaps.iter().filter(|gap| gap.to <= before && !gap.outage);
        usual.map(Gap::weight).fold(0.0, f64::max)
    }

    /// A stretch without delivery that is longer is out of the usual at that moment.
    pub(super) fn usual_gap(&self, before: f64) -> f64 {
        let usual = self.gaps.iter().filter(|gap| gap.to <= before && !gap.outage);
        let longest = usual.map(Gap::surely).fold(0.0, f64::max);
        (MORE * longest + LEAST_GAP_S / 2.0).max(LEAST_GAP_S)
    }

    /// Nothing was seen meanwhile: what comes next is no resumption, and nothing is claimed. Of what was told while it went
    /// on the end is told, as far as it is known.
    pub(super) fn forget_time(&mut self) {
        if self.open.as_ref().is_some_and(|open| open.told) {
            return;
        }
        self.progress = None;
        self.open = None;
        self.resumed = None;
        self.gaps.clear();
        (self.waits_since, self.misses_since) = (None, None);
        self.flows.iter_mut().for_each(|flow| flow.moves.clear());
    }
}
