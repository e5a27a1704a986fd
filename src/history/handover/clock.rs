//! When a subflow heard of the peer, by its own clocks.

use std::hash::BuildHasher as _;

use rustc_hash::FxBuildHasher;

use crate::history::Direction;
use crate::model::Subflow;

/// Two readings closer together than this may show equal clocks, seconds.
const EQUAL_CLOCKS_S: f64 = 0.01;

/// What the peer has not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InFlight {
    Nothing,
    Something,
    /// Something, and the retransmission timer backs off.
    BacksOff,
}

/// When a subflow heard of the peer, and how long news takes on it.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// When it last heard of the peer.
    pub(super) last_heard_at: f64,
    /// When it may have heard of the peer for the last time: that, or when it was found gone.
    pub(super) heard_until: f64,
    one_way_s: f32,
    one_way_error_s: f32,
    rtt: f32,
    /// Whether the newest sample had the subflow.
    pub(super) here: bool,
    direction: Direction,
    in_flight: InFlight,
    /// When it last sent data, and what the reading before said of that.
    sent: f64,
    sent_before: f64,
    /// A hash of what the newest reading said, and when.
    fingerprint: u64,
    fingerprint_at: f64,
    /// Whether the newest reading missed it.
    pub(super) missed: bool,
}

impl Clock {
    pub(super) fn new(t: f64) -> Self {
        Self {
            last_heard_at: f64::NEG_INFINITY,
            heard_until: f64::NEG_INFINITY,
            one_way_s: 0.0,
            one_way_error_s: 0.0,
            rtt: 0.0,
            here: true,
            direction: Direction::Sent,
            in_flight: InFlight::Nothing,
            sent: f64::INFINITY,
            sent_before: f64::INFINITY,
            fingerprint: 0,
            fingerprint_at: t,
            missed: false,
        }
    }

    /// Takes what the subflow's clocks say at `t`; which way the connection's data goes, whether the subflow moved
    /// something, and whether it loses much, which is then what makes a round trip longer.
    pub(super) fn take(&mut self, subflow: &Subflow, direction: Direction, moved: bool, lossy: bool, t: f64) {
        self.direction = direction;
        self.in_flight = match (subflow.unacked.unwrap_or(0), subflow.backoff.unwrap_or(0)) {
            (0, _) => InFlight::Nothing,
            (_, 0) => InFlight::Something,
            _ => InFlight::BacksOff,
        };
        self.sent_before = self.sent;
        // To what comes in it says nothing.
        let sent = subflow.last_data_sent_ms.filter(|_| direction.sends());
        self.sent = sent.map_or(f64::INFINITY, |ms| t - f64::from(ms) / 1000.0);
        let seconds = |us: Option<u32>| us.map_or(0.0, |us| us as f32 / 1e6);
        self.rtt = seconds(subflow.rtt_us);
        let least = seconds(subflow.min_rtt_us.or(subflow.rtt_us));
        let longer = if lossy {
            0.0
        } else {
            (self.rtt - 2.0 * least).max(0.0) / 4.0
        };
        (self.one_way_s, self.one_way_error_s) = if direction.sends() {
            (least / 2.0 + longer, longer)
        } else {
            (0.0, 0.0)
        };
        let clocks = [subflow.last_ack_received_ms, subflow.last_data_received_ms];
        let fingerprint = FxBuildHasher.hash_one((clocks, subflow.last_data_sent_ms, subflow.bytes_sent));
        // A reading that missed it tells again what the one before told.
        self.missed = !moved && fingerprint == self.fingerprint && t - self.fingerprint_at > EQUAL_CLOCKS_S;
        if self.missed {
            return;
        }
        (self.fingerprint, self.fingerprint_at) = (fingerprint, t);
        let newest = clocks.into_iter().flatten().min();
        // Without clocks it is known only that something came.
        if let Some(ms) = newest.or(moved.then_some(0)) {
            self.last_heard_at = t - f64::from(ms) / 1000.0;
            self.heard_until = self.last_heard_at;
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
        self.in_flight != InFlight::Nothing
    }

    /// Whether the retransmission timer backs off with data in flight.
    pub(super) fn stalled(&self) -> bool {
        self.in_flight == InFlight::BacksOff
    }

    /// Whether something may be on its way that has not arrived: what comes in cannot be seen from here.
    pub(super) fn may_be_in_flight(&self) -> bool {
        self.unacked() || !self.direction.sends()
    }

    /// How long news takes from the peer to here: half a round trip to the sender, nothing to the receiver.
    pub(super) fn one_way_s(&self) -> f64 {
        self.one_way_s.into()
    }

    /// How far that may be wrong, because nobody knows which way takes longer than it used to.
    pub(super) fn one_way_error_s(&self) -> f64 {
        self.one_way_error_s.into()
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
        } else if t - before < 2.0 * (self.one_way_s() - self.one_way_error_s()) {
            self.sent_before
        } else {
            f64::INFINITY
        };
        sent + self.rtt() / 2.0
    }

    /// When the peer sent the newest of what was heard of it.
    pub(super) fn told(&self) -> f64 {
        self.last_heard_at - self.one_way_s()
    }
}
