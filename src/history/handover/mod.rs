//! Handovers: the moments in which a connection's data moved from one path to another, or had to wait for one.
//!
//! Pure code over the stream. Delivery is what the peer acknowledged at the data level, or what arrived in order. It is
//! seen when samples are taken, and dated in the receiver's time: a stop by the subflows' own clocks (`tcpi_last_ack_recv`
//! and `tcpi_last_data_recv`), a resumption by the two samples between which it lies, both less the time that news takes.
//! The uncertainty says how far these bounds are apart.

mod attribution;
mod clock;
mod clues;
mod dating;
mod evidence;
mod incident;
mod judge;
mod moment;
mod open;
mod paths;
mod quality;
mod resumption;
mod running;
mod shift;
mod track;

pub use incident::{Incident, Outcome, incidents};
pub use running::{Delivery, Running};

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use self::track::Track;
use super::read_times::ReadTimes;
use crate::model::{
    Command, Connection, ConnectionId, ConnectionKey, Endpoint, Event, EventKind, Line, Sample, SocketAddr,
    Token, endpoint_torn_down,
};

/// Without a sample for so many times as long as usual, and for so long, nothing is known of what happened; seconds.
const UNSEEN: f64 = 4.0;
const UNSEEN_S: f64 = 1.0;
/// The kernel tells of a subflow's end within this time after somebody closed it, seconds.
const TOLD_S: f64 = 5.0;
/// A change closes an endpoint's subflows while it is carried out: their ends are told this long after it at most, seconds.
const TORN_DOWN_S: f64 = 1.0;
/// errno(3) of a connection that was aborted here.
const ECONNABORTED: u32 = 103;

/// What made the data move or wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The interface went down, or is gone.
    LinkLost,
    /// The interface lost the address.
    AddressLost,
    /// Everything sent over the path was lost, without a word; over every path, where none is named.
    #[default]
    PathDead,
    /// The path still delivered, but far worse than before.
    PathDegraded,
    /// A better path came, or came back.
    PathReturned,
    /// A subflow was made backup, or no longer is.
    PriorityChanged,
    /// Somebody closed the subflow here.
    ClosedLocally,
    /// The peer closed the subflow.
    ClosedByPeer,
}

impl Cause {
    /// Whether data moved because another path was better, not because this one was worse.
    pub fn is_chosen(self) -> bool {
        matches!(self, Self::PathReturned | Self::PriorityChanged)
    }
}

/// A time in which nothing was delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interruption {
    /// When the longest stretch began, seconds on the stream.
    pub t: f64,
    /// The longest stretch, ms.
    pub ms: u64,
    /// How far the truth may lie to either side, ms.
    pub uncertainty_ms: u64,
    /// Until delivery was as before, from the first stop on, ms; `None` when it never was.
    pub recovery_ms: Option<u64>,
}

/// What is known of a connection's end of a handover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It lived on.
    LivedOn,
    /// Nothing has been delivered since.
    Waits,
    /// It ended with data that was not delivered.
    Lost,
}

/// Why there was no interruption; of several connections the last of these says more of what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uninterrupted {
    /// Nothing waited to be sent.
    NothingToSend,
    /// Data came in before and has not come since: whether the peer has more to send cannot be seen from here.
    Unknown,
    /// Delivery paused for no longer than the application's own pauses, or than is known.
    AsUsual,
    /// Data moved while it flowed.
    Moved,
}

/// One handover of one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Handover {
    /// When delivery stopped, seconds on the stream.
    pub t: f64,
    /// The connection.
    pub connection: ConnectionId,
    /// Its token, where the kernel tells it.
    pub token: Option<Token>,
    /// Why.
    pub cause: Cause,
    /// The device that carried most before.
    pub from: Option<String>,
    /// The device that carried most afterwards; `None` when none did.
    pub to: Option<String>,
    /// `None` when there was none that could be told from the application's own pauses.
    pub interruption: Option<Interruption>,
    /// Why there was none.
    pub uninterrupted: Option<Uninterrupted>,
    /// Whether the connection was delivering steadily before.
    pub steady: bool,
    /// Whether the connection lived on.
    pub survived: bool,
    /// Whether nothing has been delivered since: then the rest is as far as is known so far, and told again at the end.
    pub ongoing: bool,
}

impl Handover {
    /// What became of the connection, as far as is known.
    pub fn fate(&self) -> Fate {
        match (self.ongoing, self.survived) {
            (true, _) => Fate::Waits,
            (false, true) => Fate::LivedOn,
            (false, false) => Fate::Lost,
        }
    }
}

/// Finds handovers in a stream.
#[derive(Clone, Debug, Default)]
pub struct Detector {
    tracks: FxHashMap<ConnectionId, Track>,
    /// How far samples are apart, usually; seconds.
    pace: f64,
    /// Subflows that were closed by command.
    closed_here: Vec<((SocketAddr, SocketAddr), f64)>,
    /// Endpoints whose subflows were closed by command.
    torn_down: Vec<(Endpoint, f64)>,
    /// The endpoints by id, as the newest samples have them.
    endpoints: BTreeMap<u8, Endpoint>,
    /// Devices that went down and are not up again.
    down: BTreeSet<String>,
}

impl Detector {
    /// Takes the next line of the stream, of which `times` does not know yet; the handovers that ended with it.
    pub(super) fn apply(&mut self, line: &Line, times: &ReadTimes) -> Vec<Handover> {
        match line {
            Line::Header(_) => {
                *self = Self::default();
                Vec::new()
            }
            Line::Sample(sample) => self.sample(sample, times),
            Line::Event(event) => {
                self.event(event);
                Vec::new()
            }
        }
    }

    fn sample(&mut self, sample: &Sample, times: &ReadTimes) -> Vec<Handover> {
        let mut ended = Vec::new();
        self.note_endpoints(sample);
        if sample.only.is_none() {
            self.note_pace(sample.t - times.everything().unwrap_or(sample.t));
        }
        for connection in &sample.connections {
            let track = self
                .tracks
                .entry(connection.id())
                .or_insert_with(|| Track::new(connection, sample.t));
            track.take(connection, times.of(connection.id(), sample.t), sample.t);
        }
        let (t, tracks) = (sample.t, &mut self.tracks);
        if let Some(only) = &sample.only {
            for token in only {
                if let Some(track) = tracks.get_mut(&(*token).into()) {
                    track.judge(t);
                    ended.extend(track.settle(t));
                }
            }
        } else {
            // What is not in it has not changed, which says something, too.
            for track in tracks.values_mut() {
                track.judge(t);
                ended.extend(track.settle(t));
            }
        }
        let gone: Vec<ConnectionId> = if sample.full {
            let all: FxHashSet<ConnectionId> = sample.connections.iter().map(Connection::id).collect();
            let here = |id: &ConnectionId| all.contains(id);
            self.tracks.keys().filter(|id| !here(id)).copied().collect()
        } else {
            sample.connections_gone.iter().map(ConnectionKey::id).collect()
        };
        for id in gone {
            if let Some(track) = self.tracks.remove(&id) {
                ended.extend(track.end(sample.t));
            }
        }
        ended.sort_by(|a, b| a.t.total_cmp(&b.t).then(a.connection.cmp(&b.connection)));
        ended
    }

    fn note_endpoints(&mut self, sample: &Sample) {
        if sample.full {
            self.endpoints.clear();
        }
        for id in &sample.endpoints_gone {
            self.endpoints.remove(id);
        }
        let endpoints = sample.endpoints.iter();
        self.endpoints
            .extend(endpoints.map(|endpoint| (endpoint.id, endpoint.clone())));
    }

    /// Takes how long after another a sample was taken: after one that is far too long nobody knows what happened.
    fn note_pace(&mut self, apart: f64) {
        if self.pace > 0.0 && apart > UNSEEN_S.max(UNSEEN * self.pace) {
            self.tracks.values_mut().for_each(Track::forget_time);
        }
        // Who asks for fewer samples is not blind from then on.
        if apart > 0.0 {
            self.pace = if self.pace > 0.0 {
                f64::midpoint(self.pace, apart)
            } else {
                apart
            };
        }
    }

    fn event(&mut self, event: &Event) {
        let path = event.local.zip(event.remote);
        match event.kind {
            EventKind::InterfaceDown | EventKind::AddressLost => {
                let cause = match event.kind {
                    EventKind::InterfaceDown => Cause::LinkLost,
                    _ => Cause::AddressLost,
                };
                let Some(device) = &event.interface else { return };
                if cause == Cause::LinkLost {
                    self.down.insert(device.clone());
                }
                for track in self.tracks.values_mut() {
                    track.lose(device, event.address, cause, event.t);
                }
            }
            EventKind::Command => {
                let outcome = event.command.as_ref().filter(|outcome| outcome.ok);
                match outcome.and_then(|outcome| outcome.asked.as_ref()) {
                    Some(Command::Close { local, remote }) => self.close(*local, *remote, event.t),
                    Some(command) => self.tear_down(command, event.t),
                    None => {}
                }
            }
            EventKind::SubflowClosed => {
                let torn_down = path.is_some_and(|(local, _)| self.is_torn_down(local, event.t));
                let track = event.token.and_then(|token| self.tracks.get_mut(&token.into()));
                if let (Some(track), Some(path)) = (track, path) {
                    let here = self
                        .closed_here
                        .iter()
                        .position(|(closed, at)| *closed == path && event.t - at < TOLD_S);
                    let is_down = |device: &String| self.down.contains(device);
                    let cause = match here {
                        // Whoever closes what is left of it: the link was lost first.
                        _ if event.interface.as_ref().is_some_and(is_down) => Cause::LinkLost,
                        Some(at) => {
                            self.closed_here.swap_remove(at);
                            Cause::ClosedLocally
                        }
                        None if torn_down => Cause::ClosedLocally,
                        // Another program of this host destroyed it (net/ipv4/tcp.c, `tcp_abort`).
                        None if event.error == Some(ECONNABORTED) => Cause::ClosedLocally,
                        None => Cause::ClosedByPeer,
                    };
                    track.lose_subflow(path, cause, event.t);
                }
            }
            // Told after the subflows that went with it.
            EventKind::EndpointRemoved | EventKind::EndpointChanged => {
                if let Some(endpoint) = &event.endpoint {
                    for track in self.tracks.values_mut() {
                        track.was_removed_here(endpoint, event.t);
                    }
                }
            }
            EventKind::SubflowPriority => {
                let track = event.token.and_then(|token| self.tracks.get_mut(&token.into()));
                if let Some(track) = track {
                    track.reprioritise(path, event.backup == Some(true), event.t);
                }
            }
            EventKind::InterfaceUp | EventKind::AddressAdded => {
                if let Some(device) = &event.interface {
                    if event.kind == EventKind::InterfaceUp {
                        self.down.remove(device);
                    }
                    for track in self.tracks.values_mut() {
                        track.interface_up(device, event.t);
                    }
                }
            }
            EventKind::InterfaceRenamed => {
                if let (Some(old), Some(new)) = (&event.interface_was, &event.interface) {
                    if self.down.remove(old) {
                        self.down.insert(new.clone());
                    }
                    for track in self.tracks.values_mut() {
                        track.rename(old, new);
                    }
                }
            }
            // Nothing was seen meanwhile: what comes next is no resumption.
            EventKind::ClockJump => self.tracks.values_mut().for_each(Track::forget_time),
            _ => {}
        }
    }

    /// A command that closes the subflows of an endpoint was carried out. Their ends may be told before it, or after.
    fn tear_down(&mut self, command: &Command, t: f64) {
        let Some(endpoint) = endpoint_torn_down(command, self.endpoints.values()).cloned() else {
            return;
        };
        for track in self.tracks.values_mut() {
            track.was_removed_here(&endpoint, t);
        }
        self.torn_down.retain(|(_, at)| t - at < TORN_DOWN_S);
        self.torn_down.push((endpoint, t));
    }

    fn is_torn_down(&self, local: SocketAddr, t: f64) -> bool {
        let mut torn_down = self.torn_down.iter();
        torn_down.any(|(endpoint, at)| t - at < TORN_DOWN_S && endpoint.may_have(local))
    }

    /// The event of the subflow's end may come before the command's outcome, or after.
    fn close(&mut self, local: SocketAddr, remote: SocketAddr, t: f64) {
        for track in self.tracks.values_mut() {
            if track.was_closed_here((local, remote), t) {
                return;
            }
        }
        self.closed_here.retain(|(_, closed_at)| t - closed_at < TOLD_S);
        self.closed_here.push(((local, remote), t));
    }
}

#[cfg(test)]
mod tests;
