//! When a subflow heard of the peer, by its own clocks.

use std::hash::BuildHasher as _;

use rustc_hash::FxBuildHasher;

use crate::model::Subflow;

/// In so long some clock has moved on, seconds.
const SAME_S: f64 = 0.01;

/// What the peer has not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnItsWay {
    Nothing,
    Something,
    /// Something, and the retransmission timer backs off.
    BacksOff,
}

/// When a subflow heard of the peer, and how long news takes on it.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// When it last heard of the peer.
    pub(super) heard: f64,
    /// When it may have heard of the peer for the last time: that, or when it was found gone.
    pub(super) heard_until: f64,
    back: f32,
    spread: f32,
    rtt: f32,
    /// Whether the newest sample had the subflow.
    pub(super) here: bool,
    sends: bool,
    on_its_way: OnItsWay,
    /// When it last sent data, and what the reading before said of that.
    sent: f64,
    sent_before: f64,
    /// A hash of what the newest reading said, and when.
    said: u64,
    said_at: f64,
    /// Whether the newest reading missed it.
    pub(super) missed: bool,
}

impl Clock {
    pub(super) fn new(t: f64) -> Self {
        Self {
            heard: f64::NEG_INFINITY,
            heard_until: f64::NEG_INFINITY,
            back: 0.0,
            spread: 0.0,
            rtt: 0.0,
            here: true,
            sends: true,
            on_its_way: OnItsWay::Nothing,
            sent: f64::INFINITY,
            sent_before: f64::INFINITY,
            said: 0,
            said_at: t,
            missed: false,
        }
    }

    /// Takes what the subflow's clocks say at `t`; whether the connection sends, whether the subflow moved something, and
    /// whether it loses much, which is then what makes a round trip longer.
    pub(super) fn take(&mut self, subflow: &Subflow, sends: bool, moved: bool, lossy: bool, t: f64) {
        self.sends = sends;
        self.on_its_way = match (subflow.unacked.unwrap_or(0), subflow.backoff.unwrap_or(0)) {
            (0, _) => OnItsWay::Nothing,
            (_, 0) => OnItsWay::Something,
            _ => OnItsWay::BacksOff,
        };
        self.sent_before = self.sent;
        // To what comes in it says nothing.
        let sent = subflow.last_data_sent_ms.filter(|_| sends);
        self.sent = sent.map_or(f64::INFINITY, |ms| t - f64::from(ms) / 1000.0);
        let seconds = |us: Option<u32>| us.map_or(0.0, |us| us as f32 / 1e6);
        self.rtt = seconds(subflow.rtt_us);
        let least = seconds(subflow.min_rtt_us.or(subflow.rtt_us));
        let longer = if lossy {
            0.0
        } else {
            (self.rtt - 2.0 * least).max(0.0) / 4.0
        };
        (self.back, self.spread) = if sends {
            (least / 2.0 + longer, longer)
        } else {
            (0.0, 0.0)
        };
        let clocks = [subflow.last_ack_received_ms, subflow.last_data_received_ms];
        let said = FxBuildHasher.hash_one((clocks, subflow.last_data_sent_ms, subflow.bytes_sent));
        // A reading that missed it tells again what the one before told.
        self.missed = !moved && said == self.said && t - self.said_at > SAME_S;
        if self.missed {
            return;
        }
        (self.said, self.said_at) = (said, t);
        let newest = clocks.into_iter().flatten().min();
        // Without clocks it is known only that something came.
        if let Some(ms) = newest.or(moved.then_some(0)) {
            self.heard = t - f64::from(ms) / 1000.0;
            self.heard_until = self.heard;
        }
    }

    /// Notes whether the sample at `t` has the subflow.
    pub(super) fn is_here(&mut self, here: bool, t: f64) {
        if self.here && !here {
            self.heard_until = t;
        }
        self.here = here;
    }

    /// Whether the peer has not acknowledged all of what was sent.
    pub(super) fn unacked(&self) -> bool {
        self.on_its_way != OnItsWay::Nothing
    }

    /// Whether the retransmission timer backs off with data in flight.
    pub(super) fn stalled(&self) -> bool {
        self.on_its_way == OnItsWay::BacksOff
    }

    /// Whether something may be on its way that has not arrived: what comes in cannot be seen from here.
    pub(super) fn in_flight(&self) -> bool {
        self.unacked() || !self.sends
    }

    /// How long news takes from the peer to here: half a round trip to the sender, nothing to the receiver.
    pub(super) fn back(&self) -> f64 {
        self.back.into()
    }

    /// How far that may be wrong, because nobody knows which way takes longer than it used to.
    pub(super) fn spread(&self) -> f64 {
        self.spread.into()
    }

    /// A round trip with what waits along the way.
    pub(super) fn rtt(&self) -> f64 {
        self.rtt.into()
    }

    /// When the last of what the peer acknowledged between two samples arrived, at the latest: it was sent by then. A peer
    /// may keep the acknowledgement of little data to itself for a while.
    pub(super) fn arrived_by(&self, before: f64, t: f64) -> f64 {
        // Within the shortest round trip nothing is sent and acknowledged.
        let sent = if self.sent <= before {
            self.sent
        } else if t - before < 2.0 * (self.back() - self.spread()) {
            self.sent_before
        } else {
            f64::INFINITY
        };
        sent + self.rtt() / 2.0
    }

    /// When the peer sent the newest of what was heard of it.
    pub(super) fn told(&self) -> f64 {
        self.heard - self.back()
    }
}
