//! How good a path is, and how good it used to be.

use crate::model::Subflow;

/// What is usual is what was so for about this long, seconds; what is better than usual soon is the usual.
const USUAL_S: f64 = 10.0;
const SOON_S: f64 = 1.0;
/// What was lost lately is what was lost within about this time, seconds.
const LOSS_S: f64 = 0.5;
/// A path that was bad within this time is bad still, seconds.
const LATELY_S: f64 = 3.0;
/// A path that is bad for less long in sum had bad luck, seconds; no two samples say more than this.
const LASTING_S: f64 = 1.0;
const STEP_S: f64 = 0.3;
/// So many times the usual round trip is far worse, if it is also this much longer, seconds.
const SLOWER: f64 = 3.0;
const SLOWER_S: f64 = 0.05;
/// From this share of retransmissions on a path is bad.
const LOSSY: f64 = 0.05;

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
    /// For how long in sum, seconds.
    worse_s: f64,
    /// Whether it moved something all the same.
    worse_but_moved: bool,
}

impl Quality {
    /// Takes what the subflow's counters say at `t`, with its round trip, and what and how fast it moves.
    pub(super) fn take(&mut self, subflow: &Subflow, rtt: f64, moved: u64, rate: f64, t: f64) {
        let (sent, retrans) = (
            subflow.bytes_sent.unwrap_or(0),
            subflow.bytes_retrans.unwrap_or(0),
        );
        if let Some(before) = self.taken_at {
            let share = |s: f64| 1.0 - (-(t - before).max(0.0) / s).exp();
            let sent = sent.saturating_sub(self.sent);
            if sent > 0 {
                let lost = retrans.saturating_sub(self.retrans) as f64 / sent as f64;
                self.loss += share(LOSS_S) * (lost.min(1.0) - self.loss);
            }
            let slow = rtt > SLOWER * self.rtt && rtt > self.rtt + SLOWER_S;
            if slow || self.is_lossy() {
                let since = self.worse.filter(|(at, _)| t - at <= LATELY_S);
                self.worse = Some((t, since.map_or(t, |(_, since)| since)));
                self.worse_s = since.map_or(0.0, |_| self.worse_s + (t - before).min(STEP_S));
                self.worse_but_moved |= moved > 0;
            } else if self.worse.is_some_and(|(at, _)| t - at > LATELY_S) {
                self.worse_but_moved = false;
            }
            self.rtt += share(if rtt < self.rtt { SOON_S } else { USUAL_S }) * (rtt - self.rtt);
            self.rate = rate.max(self.rate * (1.0 - share(USUAL_S)));
        } else {
            self.rtt = rtt;
        }
        (self.taken_at, self.sent, self.retrans) = (Some(t), sent, retrans);
    }

    /// Since when it is far worse than usual, if it was lately, and not for a moment only.
    pub(super) fn worse_since(&self, t: f64) -> Option<f64> {
        let worse = self
            .worse
            .filter(|(at, _)| t - at <= LATELY_S && self.worse_s >= LASTING_S);
        worse.map(|(_, since)| since)
    }

    /// Whether it was far worse than usual since a moment, and moved something all the same.
    pub(super) fn is_bad_not_dead(&self, since: f64) -> bool {
        self.worse_but_moved && self.worse.is_some_and(|(at, _)| at >= since - LATELY_S)
    }

    /// Whether it loses a good part of what is sent.
    pub(super) fn is_lossy(&self) -> bool {
        self.loss > LOSSY
    }

    /// Whether it moves far less than it used to.
    pub(super) fn has_fallen(&self, rate: f64) -> bool {
        rate < self.rate / 2.0
    }
}
