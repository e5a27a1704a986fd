//! When something was delivered, in the receiver's time, from what the sender heard of it and when.
//!
//! News of a delivery takes half a round trip. What stops a connection is a path that falls silent: the peer may have
//! got more over it than the last acknowledgement that came back said, and what other paths still had to bring came
//! later than that. All these bounds together say between which two moments the last delivery lies.

use super::evidence::Flow;
use super::moment::Moment;

/// The subflows' clocks count in jiffies, 4 ms at 250 Hz (CONFIG_HZ).
const CLOCK_S: f64 = 0.004;
/// So much later may the peer tell of a delivery, and the application learn of it, seconds.
const LATE_S: f64 = 0.006;
/// In seconds, what uncertainty is counted in.
const TENTH_S: f64 = 1e-4;
/// A stretch that is known to this much was looked at closely, seconds.
const CLOSE_S: f64 = 0.04;

/// A stretch without delivery.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    pub(super) to: f64,
    length: f32,
    /// Tenths of a millisecond; there are many of these.
    uncertainty: u16,
    /// Whether it belongs to a handover: then it is not what is usual.
    pub(super) outage: bool,
}

impl Gap {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a stretch of time, not a moment, and clamped first"
    )]
    pub(super) fn between(from: Moment, to: Moment) -> Self {
        Self {
            to: to.middle(),
            length: (to.middle() - from.middle()).max(0.0) as f32,
            uncertainty: ((from.spread() + to.spread() + CLOCK_S + LATE_S) / TENTH_S)
                .clamp(0.0, f64::from(u16::MAX)) as u16,
            outage: false,
        }
    }

    pub(super) fn from(&self) -> f64 {
        self.to - self.length()
    }

    pub(super) fn length(&self) -> f64 {
        self.length.into()
    }

    pub(super) fn uncertainty(&self) -> f64 {
        f64::from(self.uncertainty) * TENTH_S
    }

    /// How long it was at least.
    pub(super) fn surely(&self) -> f64 {
        (self.length() - self.uncertainty()).max(0.0)
    }

    /// By what it is found to be the longest: of one that nobody looked at closely only what is sure counts.
    pub(super) fn weight(&self) -> f64 {
        if self.uncertainty() <= CLOSE_S {
            self.length()
        } else {
            self.surely()
        }
    }
}

/// The newest delivery that a sample showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// When the sample was taken.
    pub(super) at: f64,
    /// When the peer told what the sample before knew already: not all of this was delivered by then.
    told_before: f64,
    /// When the peer told it, by the clock of the subflow that heard last.
    pub(super) told: f64,
    /// The earliest that the peer can have told it, because the sample before did not know it.
    told_after: f64,
    /// How far that may be wrong.
    spread: f64,
    /// How much of what the subflows moved meanwhile was delivered: less than all when something was missing before it.
    share: f64,
    /// Whether it came in and nothing came after it: then its subflow's clock says when.
    pub(super) in_order: bool,
}

impl Progress {
    /// Of `delivered` bytes between two samples; `told_before` as [`told`] said it at the first.
    pub(super) fn new(flows: &[Flow], delivered: u64, told_before: f64, before: f64, t: f64) -> Self {
        let moved: u64 = flows.iter().map(|flow| flow.moved).sum();
        // Of a subflow that went meanwhile nobody knows what it moved in the end.
        let went = |flow: &Flow| !flow.clock.here && flow.clock.heard_until >= t && delivered > moved;
        let told = |flow: &Flow| flow.clock.heard_until - flow.clock.one_way_s();
        let brought = flows.iter().filter(|flow| flow.moved > 0 || went(flow));
        let newest = brought.max_by(|a, b| {
            (told(a) - a.clock.one_way_error_s()).total_cmp(&(told(b) - b.clock.one_way_error_s()))
        });
        let told_after = first_delivery(flows, told_before, before, t).earliest;
        let (latest, spread) = newest.map_or((t, 0.0), |flow| (told(flow), flow.clock.one_way_error_s()));
        let latest = latest.min(arrived_by(flows, told_before, before, t));
        let known = if newest.is_some_and(went) { 0 } else { delivered };
        Self {
            at: t,
            told_before: told_before.min(t),
            told_after,
            told: latest.clamp(told_before.min(before), t.max(before)),
            spread,
            share: (known as f64 / moved.max(1) as f64).min(1.0),
            in_order: false,
        }
    }

    /// When the last of it was delivered. `flows` are as they were before the next delivery, `acked_until` is when the peer
    /// last told that there was nothing new.
    pub(super) fn last_delivery(&self, flows: &[Flow], acked_until: Option<f64>) -> Moment {
        let own = Moment {
            earliest: self.told - (self.told - self.told_before).max(0.0) * (1.0 - self.share) - self.spread,
            latest: self.told + self.spread,
        };
        let silent = flows
            .iter()
            .filter(|flow| !self.in_order && flow.is_silent(self.at))
            .map(|flow| (flow.cookie, &flow.clock))
            .min_by(|(_, a), (_, b)| a.last_heard_at.total_cmp(&b.last_heard_at));
        let (Some((cookie, silent)), Some(acked_until)) = (silent, acked_until) else {
            return own;
        };
        // The peer may have got more over it than was heard of it.
        let unheard_until = silent.heard_until + silent.one_way_s();
        let others = flows
            .iter()
            .filter(|flow| flow.cookie != cookie && flow.recent(self.at) > 0)
            .map(|flow| &flow.clock);
        let slowest = others.max_by(|a, b| a.rtt().total_cmp(&b.rtt()));
        let earliest = silent.told().max(self.told_before);
        // What the others had before the gap that the silent one left still had to come.
        let mut latest = slowest.map_or(unheard_until, |slowest| {
            unheard_until.max(silent.heard_until + slowest.rtt())
        });
        // What it heard of was told at once; the rest may have been delivered since, unless the peer told that it was not.
        // That it told this for longer than it left open is the longer stretch of the two.
        let unheard = if unheard_until - acked_until > acked_until - self.told {
            unheard_until
        } else {
            self.told
        };
        latest = latest.min(self.told.max(unheard) + self.spread);
        // What came later than all that has nothing to do with it.
        if earliest.max(self.told_after) > latest + 2.0 * CLOCK_S {
            return own;
        }
        Moment {
            earliest: earliest.min(latest),
            latest: latest.max(earliest),
        }
    }
}

/// When the first delivery happened that was seen at `t`, after nothing was seen of it at `before`.
pub(super) fn first_delivery(flows: &[Flow], told_before: f64, before: f64, t: f64) -> Moment {
    // Whatever came over whichever path, every acknowledgement tells all of it: the best clock counts.
    let bringer = flows.iter().filter(|flow| flow.moved > 0).min_by(|a, b| {
        let spreads = a.clock.one_way_error_s().total_cmp(&b.clock.one_way_error_s());
        spreads.then(b.moved.cmp(&a.moved))
    });
    let (back, spread) = bringer.map_or((0.0, 0.0), |flow| {
        (flow.clock.one_way_s(), flow.clock.one_way_error_s())
    });
    let (earliest, latest) = (before - back - spread, t - back + spread);
    let latest = latest.min(arrived_by(flows, told_before, before, t));
    Moment {
        earliest: earliest.min(latest),
        latest,
    }
}

/// When what the subflows moved between two samples had arrived, at the latest, but not before the peer told otherwise.
fn arrived_by(flows: &[Flow], told_before: f64, before: f64, t: f64) -> f64 {
    let brought = flows.iter().filter(|flow| flow.moved > 0);
    let arrived = brought.map(|flow| flow.clock.arrived_by(before, t));
    arrived.reduce(f64::max).unwrap_or(t).max(told_before)
}

/// When the peer sent the newest of what was heard of it.
pub(super) fn told(flows: &[Flow]) -> f64 {
    let told = flows.iter().map(|flow| flow.clock.told());
    told.fold(f64::NEG_INFINITY, f64::max)
}
