//! Handovers: the moments in which a connection's data moved from one path to another, or had to wait for one.
//!
//! Pure code over the stream. Delivery is what the peer acknowledged at the data level, or what arrived in order. It is
//! seen when samples are taken, and dated in the receiver's time: a stop by the subflows' own clocks (`tcpi_last_ack_recv`
//! and `tcpi_last_data_recv`), a resumption by the two samples between which it lies, both less the time that news takes.
//! The uncertainty says how far these bounds are apart.

mod clock;
mod dating;
mod evidence;
mod incident;
mod open;
mod quality;
mod sentence;
mod shift;
mod track;

pub use incident::{Incident, incidents};
pub use sentence::{cause_in_words, duration, sentence};

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use self::track::Track;
use crate::model::{Command, Cookie, Event, EventKind, Line, Sample, Token};

/// The most connections that are looked at closely.
const SUSPECTS: usize = 32;
/// The kernel tells of a subflow's end within this time after somebody closed it, seconds.
const TOLD_S: f64 = 5.0;
/// errno(3) of a connection that was aborted here.
const ECONNABORTED: u32 = 103;

/// What made the data move or wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The interface went down, or is gone.
    LinkLost,
    /// The interface lost the address.
    AddressLost,
    /// Everything sent over the path was lost, without a word.
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
    /// Until delivery was as before, from the first stop on, ms.
    pub recovery_ms: u64,
}

/// One handover of one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Handover {
    /// When delivery stopped, seconds on the stream.
    pub t: f64,
    /// The connection.
    pub connection: Cookie,
    /// Its token, where the kernel tells it.
    pub token: Option<Token>,
    /// Why.
    pub cause: Cause,
    /// The device that carried most before.
    pub from: Option<String>,
    /// The device that carried most afterwards; `None` when none did.
    pub to: Option<String>,
    /// `None` when the application had nothing to send, or data moved while it flowed.
    pub interruption: Option<Interruption>,
    /// Whether the connection lived on.
    pub survived: bool,
}

/// Finds handovers in a stream.
#[derive(Clone, Debug, Default)]
pub struct Detector {
    tracks: FxHashMap<Cookie, Track>,
    by_token: FxHashMap<Token, Cookie>,
    sampled_at: Option<f64>,
    /// When the newest line was taken.
    now: f64,
    /// Subflows that were closed by command.
    closed_here: Vec<((SocketAddr, SocketAddr), f64)>,
    /// Devices that went down and are not up again.
    down: BTreeSet<String>,
}

impl Detector {
    /// Takes the next line of the stream; the handovers that ended with it.
    pub fn apply(&mut self, line: &Line) -> Vec<Handover> {
        self.now = self.now.max(line.t());
        match line {
            Line::Header(_) => {
                *self = Self::default();
                Vec::new()
            }
            Line::Sample(sample) => self.sample(sample),
            Line::Event(event) => {
                self.event(event);
                Vec::new()
            }
        }
    }

    /// The connections in which something seems to happen: to be looked at closely. Where a link is cut that thousands
    /// use, these few stand for all.
    pub fn suspects(&self) -> Vec<Cookie> {
        let now = self.now;
        let suspects = self.tracks.iter().filter(|(_, track)| track.is_suspect(now));
        let mut suspects: Vec<(bool, Cookie)> = suspects
            .map(|(cookie, track)| (!track.is_open(), *cookie))
            .collect();
        suspects.sort_unstable();
        suspects.truncate(SUSPECTS);
        suspects.into_iter().map(|(_, cookie)| cookie).collect()
    }

    fn sample(&mut self, sample: &Sample) -> Vec<Handover> {
        let before = self.sampled_at.unwrap_or(sample.t);
        let mut ended = Vec::new();
        for connection in &sample.connections {
            let track = self
                .tracks
                .entry(connection.cookie)
                .or_insert_with(|| Track::new(connection, sample.t));
            track.take(connection, before, sample.t);
            if let Some(token) = connection.token {
                self.by_token.insert(token, connection.cookie);
            }
        }
        match &sample.only {
            Some(only) => {
                for cookie in only {
                    if let Some(track) = self.tracks.get_mut(cookie) {
                        track.look(sample.t);
                    }
                }
            }
            None => self.sampled_at = Some(sample.t),
        }
        for track in self.tracks.values_mut().filter(|track| track.is_open()) {
            ended.extend(track.settle(sample.t));
        }
        let gone: Vec<Cookie> = if sample.full {
            let all: FxHashSet<Cookie> = sample.connections.iter().map(|one| one.cookie).collect();
            let here = |cookie: &Cookie| all.contains(cookie);
            self.tracks
                .keys()
                .filter(|cookie| !here(cookie))
                .copied()
                .collect()
        } else {
            sample.gone.clone()
        };
        for cookie in gone {
            if let Some(track) = self.tracks.remove(&cookie) {
                ended.extend(track.end(sample.t));
            }
        }
        let tracks = &self.tracks;
        self.by_token.retain(|_, cookie| tracks.contains_key(cookie));
        ended.sort_by(|a, b| a.t.total_cmp(&b.t).then(a.connection.cmp(&b.connection)));
        ended
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
                if let Some(Command::Close { local, remote }) =
                    outcome.and_then(|outcome| outcome.asked.as_ref())
                {
                    self.close(*local, *remote, event.t);
                }
            }
            EventKind::SubflowClosed => {
                let track = event.token.and_then(|token| self.by_token.get(&token));
                let track = track.and_then(|cookie| self.tracks.get_mut(cookie));
                if let (Some(track), Some(path)) = (track, path) {
                    let here = self
                        .closed_here
                        .iter()
                        .position(|(closed, at)| *closed == path && event.t - at < TOLD_S);
                    let is_down = |device: &String| self.down.contains(device);
                    let cause = match here {
                        // Whoever tidies up after it.
                        _ if event.interface.as_ref().is_some_and(is_down) => Cause::LinkLost,
                        Some(at) => {
                            self.closed_here.swap_remove(at);
                            Cause::ClosedLocally
                        }
                        // Another program of this host destroyed it (net/ipv4/tcp.c, `tcp_abort`).
                        None if event.error == Some(ECONNABORTED) => Cause::ClosedLocally,
                        None => Cause::ClosedByPeer,
                    };
                    track.lose_subflow(path, cause, event.t);
                }
            }
            // Told after the subflows that went with it.
            EventKind::EndpointRemoved => {
                if let Some(endpoint) = &event.endpoint {
                    for track in self.tracks.values_mut() {
                        track.was_removed_here(endpoint.address, event.t);
                    }
                }
            }
            EventKind::SubflowPriority => {
                let track = event.token.and_then(|token| self.by_token.get(&token));
                if let Some(track) = track.and_then(|cookie| self.tracks.get_mut(cookie)) {
                    track.reprioritise(path, event.backup == Some(true), event.t);
                }
            }
            EventKind::InterfaceUp | EventKind::AddressAdded => {
                if let Some(device) = &event.interface {
                    if event.kind == EventKind::InterfaceUp {
                        self.down.remove(device);
                    }
                    for track in self.tracks.values_mut() {
                        track.welcome(device, event.t);
                    }
                }
            }
            // Nothing was seen meanwhile: what comes next is no resumption.
            EventKind::ClockJump => self.tracks.values_mut().for_each(Track::forget_time),
            _ => {}
        }
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
