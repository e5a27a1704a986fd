//! What the counters of a connection and its subflows say of its delivery.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::model::{Connection, Cookie, Subflow, TcpState};

/// How far back a subflow's part in the delivery is looked at, seconds.
pub(super) const RECENT_S: f64 = 1.0;
/// So much is a single message, bytes: about a segment.
const MESSAGE: u64 = 1500;

/// When it last heard acknowledgements and data, when it last sent, and how much.
type Said = ([Option<u32>; 2], Option<u32>, Option<u64>);
/// In so long some clock has moved on, seconds.
const SAME_S: f64 = 0.01;

/// A subflow.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) cookie: Cookie,
    pub(super) device: Option<String>,
    pub(super) path: (SocketAddr, SocketAddr),
    pub(super) backup: bool,
    pub(super) alive: bool,
    /// Whether the newest sample had it.
    pub(super) here: bool,
    pub(super) since: f64,
    pub(super) delivered: u64,
    /// What it moved between the two newest samples.
    pub(super) moved: u64,
    /// When and how much it moved, newest last.
    pub(super) moves: VecDeque<(f64, u64)>,
    /// Whether its retransmission timer backs off with data in flight.
    pub(super) stalled: bool,
    /// When it last heard of the peer, by its own clock.
    pub(super) heard: f64,
    /// When it may have heard of the peer for the last time: that, or when it was found gone.
    pub(super) heard_until: f64,
    /// How long news takes from the peer to here: half a round trip to the sender, nothing to the receiver.
    pub(super) back: f64,
    /// How far that may be wrong, because nobody knows which way takes longer than it used to.
    pub(super) back_spread: f64,
    /// A round trip with what waits along the way.
    pub(super) rtt: f64,
    /// Whether it had a part in the newest delivery, or in what came shortly before.
    pub(super) carried: bool,
    /// What its clocks said, and when. A reading that missed a subflow tells again what the one before told.
    said: Said,
    said_at: f64,
    /// Whether something is on its way that the peer has not acknowledged, as far as can be seen from here.
    in_flight: bool,
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
            here: true,
            since: t,
            delivered: moved_by(subflow),
            moved: 0,
            moves: VecDeque::new(),
            stalled: false,
            heard: f64::NEG_INFINITY,
            heard_until: f64::NEG_INFINITY,
            back: 0.0,
            back_spread: 0.0,
            rtt: 0.0,
            carried: false,
            said: Said::default(),
            said_at: t,
            in_flight: false,
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
        let unacked = subflow.unacked.unwrap_or(0) > 0;
        self.stalled = unacked && subflow.backoff.unwrap_or(0) > 0;
        self.in_flight = unacked || !sends;
        let clocks = [subflow.last_ack_received_ms, subflow.last_data_received_ms];
        let said = (clocks, subflow.last_data_sent_ms, subflow.bytes_sent);
        let again = self.moved == 0 && said == self.said && t - self.said_at > SAME_S;
        if !again {
            (self.said, self.said_at) = (said, t);
        }
        if let Some(newest) = clocks.into_iter().flatten().min()
            && !again
        {
            self.heard = t - f64::from(newest) / 1000.0;
            self.heard_until = self.heard;
        }
        let seconds = |us: Option<u32>| us.map_or(0.0, |us| f64::from(us) / 1e6);
        self.rtt = seconds(subflow.rtt_us);
        let least = seconds(subflow.min_rtt_us.or(subflow.rtt_us));
        let longer = (self.rtt - 2.0 * least).max(0.0) / 4.0;
        (self.back, self.back_spread) = if sends {
            (least / 2.0 + longer, longer)
        } else {
            (0.0, 0.0)
        };
        let rate = self.recent(t) as f64 / RECENT_S;
        if subflow.state == TcpState::Established && self.rtt > 0.0 {
            self.quality.take(subflow, self.rtt, self.moved, rate, t);
        }
    }

    /// What it moved within a second before `t`.
    pub(super) fn recent(&self, t: f64) -> u64 {
        let newest = self.moves.iter().rev().take_while(|(at, _)| t - at <= RECENT_S);
        newest.map(|(_, moved)| moved).sum()
    }

    /// Whether it had a part in the delivery and has heard nothing since a sample at `t`, with something on its way.
    pub(super) fn is_silent(&self, t: f64) -> bool {
        self.carried && self.in_flight && self.heard <= t
    }
}

/// How good a path is, and how good it used to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quality {
    taken_at: Option<f64>,
    sent: u64,
    retrans: u64,
    /// The usual round trip, seconds.
    rtt: f64,
    /// The usual rate, bytes a second.
    rate: f64,
    /// The share of what was sent that was sent again, lately.
    loss: f64,
    /// When it was last found far worse than usual, and since when.
    worse: Option<(f64, f64)>,
    /// Whether it moved something all the same.
    worse_but_moved: bool,
}

/// What is usual is what was so for about this long, seconds.
const USUAL_S: f64 = 10.0;
/// A path that was bad within this time is bad still, seconds.
const LATELY_S: f64 = 3.0;
/// So many times the usual round trip is far worse, if it is also this much longer, seconds.
const SLOWER: f64 = 3.0;
const SLOWER_S: f64 = 0.05;
/// From this share of retransmissions on a path is bad.
const LOSSY: f64 = 0.05;

impl Quality {
    fn take(&mut self, subflow: &Subflow, rtt: f64, moved: u64, rate: f64, t: f64) {
        let (sent, retrans) = (
            subflow.bytes_sent.unwrap_or(0),
            subflow.bytes_retrans.unwrap_or(0),
        );
        if let Some(before) = self.taken_at {
            let share = |s: f64| 1.0 - (-(t - before).max(0.0) / s).exp();
            let sent = sent.saturating_sub(self.sent);
            if sent > 0 {
                let lost = retrans.saturating_sub(self.retrans) as f64 / sent as f64;
                self.loss += share(RECENT_S / 2.0) * (lost.min(1.0) - self.loss);
            }
            let slow = rtt > SLOWER * self.rtt && rtt > self.rtt + SLOWER_S;
            if slow || self.loss > LOSSY {
                let since = self.worse.filter(|(at, _)| t - at <= LATELY_S);
                self.worse = Some((t, since.map_or(t, |(_, since)| since)));
                self.worse_but_moved |= moved > 0;
            } else if self.worse.is_some_and(|(at, _)| t - at > LATELY_S) {
                self.worse_but_moved = false;
            }
            self.rtt += share(if rtt < self.rtt { RECENT_S } else { USUAL_S }) * (rtt - self.rtt);
            self.rate = rate.max(self.rate * (1.0 - share(USUAL_S)));
        } else {
            self.rtt = rtt;
        }
        (self.taken_at, self.sent, self.retrans) = (Some(t), sent, retrans);
    }

    /// Whether it was found far worse than usual at `t`, for the first time in a while.
    pub(super) fn turned_worse(&self, t: f64) -> bool {
        self.worse.is_some_and(|(_, since)| since >= t)
    }

    /// Since when it is far worse than usual, if it was lately.
    pub(super) fn worse_since(&self, t: f64) -> Option<f64> {
        let worse = self.worse.filter(|(at, _)| t - at <= LATELY_S);
        worse.map(|(_, since)| since)
    }

    /// Whether it was far worse than usual since a moment, and moved something all the same.
    pub(super) fn is_bad_not_dead(&self, since: f64) -> bool {
        self.worse_but_moved && self.worse.is_some_and(|(at, _)| at >= since - LATELY_S)
    }

    /// Whether it moves far less than it used to.
    pub(super) fn has_fallen(&self, rate: f64) -> bool {
        rate < self.rate / 2.0
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
