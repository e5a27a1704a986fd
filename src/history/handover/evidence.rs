//! What the counters of a connection and its subflows say of its delivery.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::clock::Clock;
use super::quality::Quality;
use crate::model::{Connection, Cookie, Subflow, TcpState};

/// How far back a subflow's part in the delivery is looked at, seconds.
pub(super) const RECENT_S: f64 = 1.0;
/// So much is a single message, bytes: about a segment.
const MESSAGE: u64 = 1500;

/// A subflow.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) cookie: Cookie,
    pub(super) device: Option<String>,
    pub(super) path: (SocketAddr, SocketAddr),
    pub(super) backup: bool,
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
            path: (subflow.local, subflow.remote),
            backup: subflow.is_backup(),
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

    /// Takes it as it is at `t`; `sends` says which way the connection's data goes.
    pub(super) fn take(&mut self, subflow: &Subflow, sends: bool, t: f64) {
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
        self.backup = subflow.is_backup();
        self.alive = !subflow.state.is_ending();
        self.clock
            .take(subflow, sends, self.moved > 0, self.quality.is_lossy(), t);
        let rate = self.recent(t) as f64 / RECENT_S;
        if subflow.state == TcpState::Established && self.clock.rtt() > 0.0 {
            self.quality.take(subflow, self.clock.rtt(), self.moved, rate, t);
        }
    }

    /// What it moved within a second before `t`.
    pub(super) fn recent(&self, t: f64) -> u64 {
        let newest = self.moves.iter().rev().take_while(|(at, _)| t - at <= RECENT_S);
        newest.map(|(_, moved)| moved).sum()
    }

    /// Whether it had a part in the delivery and has heard nothing since a sample at `t`, with something on its way.
    pub(super) fn is_silent(&self, t: f64) -> bool {
        self.carried && self.clock.in_flight() && self.clock.heard <= t
    }
}

fn moved_by(subflow: &Subflow) -> u64 {
    subflow.bytes_acked.unwrap_or(0) + subflow.bytes_received.unwrap_or(0)
}

/// What was delivered at the data level, both ways; where the kernel does not tell it, what the subflows say.
pub(super) fn delivered(connection: &Connection) -> u64 {
    let subflows = || connection.subflows.iter();
    let acked = connection.bytes_acked;
    let received = connection.bytes_received;
    acked.unwrap_or_else(|| subflows().filter_map(|subflow| subflow.bytes_acked).sum())
        + received.unwrap_or_else(|| subflows().filter_map(|subflow| subflow.bytes_received).sum())
}

/// When the data was sent that waits, where nothing waited at the sample before: of a single message the subflows' own
/// clocks tell it; of more they tell only when the last was sent.
pub(super) fn sent_at(connection: &Connection, sent: u64, before: f64, t: f64) -> f64 {
    if sent > MESSAGE {
        return before.min(t);
    }
    let clocks = connection
        .subflows
        .iter()
        .filter_map(|subflow| subflow.last_data_sent_ms);
    let newest = clocks.min().map_or(before, |ms| t - f64::from(ms) / 1000.0);
    newest.clamp(before.min(t), t)
}

/// Whether data waits: not acknowledged by the peer, or in flight.
pub(super) fn waits(connection: &Connection) -> bool {
    let behind = connection.bytes_sent.zip(connection.bytes_acked);
    behind.is_some_and(|(sent, acked)| sent > acked)
        || connection
            .subflows
            .iter()
            .any(|subflow| subflow.state == TcpState::Established && subflow.unacked.unwrap_or(0) > 0)
}
