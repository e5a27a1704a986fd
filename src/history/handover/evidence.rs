//! What the counters of a connection and its subflows say of its delivery.

use std::collections::VecDeque;
use std::ops::Deref;

use super::clock::Clock;
use super::moment::Moment;
use super::quality::Quality;
use crate::history::Direction;
use crate::model::{Connection, Cookie, Sequence, Shared, SocketAddr, Subflow, TcpState};

/// How far back a subflow's part in the delivery is looked at, seconds.
pub(super) const RECENT_S: f64 = 1.0;
/// So much is a single message, bytes: about a segment.
pub(super) const MESSAGE: u64 = 1500;

/// A subflow.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not depend on each other"
)]
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) cookie: Cookie,
    /// The device that carries it.
    pub(super) device: Option<String>,
    /// The device that has its local address.
    pub(super) owner: Option<String>,
    pub(super) path: (SocketAddr, SocketAddr),
    pub(super) backup: bool,
    /// Whether it became one, or ceased to be one, with the newest sample.
    pub(super) turned_backup: bool,
    pub(super) alive: bool,
    pub(super) since: f64,
    pub(super) delivered: u64,
    /// What it moved between the two newest samples.
    pub(super) moved: u64,
    /// When and how much it moved, newest last.
    pub(super) moves: VecDeque<(f64, u64)>,
    /// Whether it had a part in the newest delivery, or in what came shortly before.
    pub(super) carried: bool,
    pub(super) clock: Clock,
    pub(super) quality: Quality,
}

impl Flow {
    pub(super) fn new(subflow: &Subflow, t: f64) -> Self {
        Self {
            cookie: subflow.cookie,
            device: subflow.interface.clone(),
            owner: subflow.address_owner().map(str::to_owned),
            path: (subflow.local, subflow.remote),
            backup: subflow.is_backup(),
            turned_backup: false,
            alive: true,
            since: t,
            delivered: moved_by(subflow),
            moved: 0,
            moves: VecDeque::new(),
            carried: false,
            clock: Clock::new(t),
            quality: Quality::default(),
        }
    }

    /// Takes it as it is at `t`; `direction` is the way of the connection's data.
    pub(super) fn take(&mut self, subflow: &Subflow, direction: Direction, t: f64) {
        let delivered = moved_by(subflow);
        self.moved = delivered.saturating_sub(self.delivered);
        self.delivered = delivered;
        if self.moved > 0 {
            self.moves.push_back((t, self.moved));
        }
        while self.moves.front().is_some_and(|(at, _)| t - at > 2.0 * RECENT_S) {
            self.moves.pop_front();
        }
        self.device.clone_from(&subflow.interface);
        if self.owner.as_deref() != subflow.address_owner() {
            self.owner = subflow.address_owner().map(str::to_owned);
        }
        self.turned_backup = subflow.is_backup() != self.backup;
        self.backup = subflow.is_backup();
        self.alive = !subflow.state.is_ending();
        self.clock
            .take(subflow, direction, self.moved > 0, self.quality.is_lossy(), t);
        let rate = self.recent(t) as f64 / RECENT_S;
        if subflow.state == TcpState::Established && self.clock.rtt() > 0.0 {
            self.quality.take(subflow, self.clock.rtt(), self.moved, rate, t);
        }
    }

    /// A device has another name.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        let known = [self.device.as_mut(), self.owner.as_mut()].into_iter().flatten();
        for device in known.filter(|device| *device == old) {
            new.clone_into(device);
        }
    }

    /// What it moved within a second before `t`.
    pub(super) fn recent(&self, t: f64) -> u64 {
        let newest = self.moves.iter().rev().take_while(|(at, _)| t - at <= RECENT_S);
        newest.map(|(_, moved)| moved).sum()
    }

    /// Whether it had a part in the delivery and has heard nothing since a sample at `t`, with something on its way.
    pub(super) fn is_silent(&self, t: f64) -> bool {
        self.carried && self.clock.may_be_in_flight() && self.clock.last_heard_at <= t
    }
}

fn moved_by(subflow: &Subflow) -> u64 {
    subflow.bytes_acked.unwrap_or(0) + subflow.bytes_received.unwrap_or(0)
}

/// How far a connection's data has come, by each way in which the kernel tells it, the best first: sequence numbers of the
/// data level; its byte counters; the subflows' counters, which also count what came ahead of something missing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level([Option<Progressed>; 3]);

/// How many bytes the peer acknowledged, how many came from it, and how many were written.
type Progressed = (u64, u64, u64);

impl Level {
    pub(super) fn of(connection: &Connection) -> Self {
        let subflows = || connection.subflows.iter().map(Deref::deref);
        let sum = |which: fn(&Subflow) -> Option<u64>| subflows().filter_map(which).sum();
        let by_subflows = (
            sum(|subflow| subflow.bytes_acked),
            sum(|subflow| subflow.bytes_received),
            sum(|subflow| subflow.bytes_sent),
        );
        // What fell back to TCP no longer tells it at the data level.
        if connection.fallback == Some(true) {
            return Self([None, None, Some(by_subflows)]);
        }
        // A sequence number is 0 before it is known.
        let known = |sequence: Option<Sequence>| sequence.map(|at| at.0).filter(|at| *at != 0);
        let sequences = known(connection.snd_una).zip(known(connection.rcv_nxt));
        let sequences = sequences.zip(known(connection.write_seq));
        let bytes = connection.bytes_acked.zip(connection.bytes_received);
        Self([
            sequences.map(|((acked, received), written)| (acked, received, written)),
            bytes.map(|(acked, received)| (acked, received, connection.bytes_sent.unwrap_or(0))),
            Some(by_subflows),
        ])
    }

    /// How many bytes the peer acknowledged, how many came from it, and how many were written, since an earlier level: by
    /// the best that both tell.
    pub(super) fn since(self, earlier: Self) -> Progressed {
        let both = self.0.into_iter().zip(earlier.0);
        let both = both.into_iter().find_map(|(now, then)| now.zip(then));
        let more = |now: u64, then: u64| Sequence(now).since(Sequence(then));
        both.map_or((0, 0, 0), |(now, then)| {
            (more(now.0, then.0), more(now.1, then.1), more(now.2, then.2))
        })
    }
}

/// Whether who receives takes nothing more, the peer or the application here: a receive window is closed on every path.
pub(super) fn is_window_closed(connection: &Connection, direction: Direction) -> bool {
    let full = |subflow: &Subflow| match direction {
        Direction::Sent => subflow.is_peer_window_closed(),
        Direction::Received => subflow.is_own_window_closed(),
    };
    let mut paths = established(connection).peekable();
    paths.peek().is_some() && paths.all(full)
}

/// Whether every path has brought all that it was given: then what is still not acknowledged waits for the peer, which
/// had no room for it, and not for a path.
pub(super) fn have_paths_delivered(connection: &Connection) -> bool {
    // What a queue of this host dropped is not counted as in flight, but as sent.
    let idle = |subflow: &Subflow| {
        let once = subflow.bytes_sent.zip(subflow.bytes_retrans);
        let sent = once.map(|(sent, again)| sent.saturating_sub(again));
        subflow.unacked == Some(0) && sent.is_some() && sent <= subflow.bytes_acked
    };
    let on_its_way = connection.bytes_sent > connection.bytes_acked;
    let mut paths = established(connection).peekable();
    on_its_way && paths.peek().is_some() && paths.all(idle)
}

fn established(connection: &Connection) -> impl Iterator<Item = &Subflow> {
    let subflows = connection.subflows.iter().map(Deref::deref);
    subflows.filter(|subflow| subflow.state == TcpState::Established)
}

/// When the data was sent that waits, where nothing waited at the sample before: not before that sample, and not after any
/// subflow that carries some of it sent for the last time.
pub(super) fn sent_at(connection: &Connection, before: f64, t: f64) -> Moment {
    let (before, t) = (before.min(t), t.max(before));
    let clocks = connection
        .subflows
        .iter()
        .filter_map(|subflow| subflow.last_data_sent_ms);
    let sent = clocks
        .map(|ms| t - f64::from(ms) / 1000.0)
        .filter(|sent| *sent >= before);
    let latest = sent.fold(t, f64::min);
    let once = connection.outstanding().is_some_and(|bytes| bytes <= MESSAGE);
    Moment {
        // A single message was sent when its subflow sent for the last time.
        earliest: if once { latest } else { before },
        latest,
    }
}

/// Whether data waits: to be sent, or for the peer's acknowledgement. Where the data level tells it, what a path that is
/// dead still holds does not count: the peer may have got it over another one.
pub(super) fn waits(connection: &Connection) -> bool {
    if let Some(outstanding) = connection.outstanding() {
        return outstanding > 0;
    }
    let plain = connection.fallback == Some(true);
    let behind = connection
        .bytes_sent
        .zip(connection.bytes_acked)
        .filter(|_| !plain);
    let in_flight = |subflow: &Shared<Subflow>| {
        subflow.state == TcpState::Established && subflow.unacked.unwrap_or(0) > 0
    };
    behind.is_some_and(|(sent, acked)| sent > acked) || connection.subflows.iter().any(in_flight)
}
