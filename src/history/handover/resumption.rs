//! Data that comes in again after an unusual stretch: whether it had waited, or the peer had paused.

use std::collections::VecDeque;

/// Who caught up has sent no more than usual for so long, seconds, and this many round trips.
const BURST_S: f64 = 0.1;
const BURST_TRIPS: f64 = 2.0;
/// From so many times as much as before on it goes on as usual, and up to so many.
const GOES_ON: f64 = 0.4;
const CALM: f64 = 1.5;
/// Who has not caught up by then paused, and sends more than before; seconds.
const CATCHES_UP_S: f64 = 1.5;
/// What waited comes in at once: at least this share of what would have come in meanwhile.
const BURST: f64 = 0.4;
/// After a long stretch so much is enough: what a peer keeps for later may be little; seconds of what used to come in.
const BUFFERED_S: f64 = 0.1;

/// A stretch without delivery that may turn out to be more than a pause of the peer.
#[derive(Clone, Debug)]
pub(super) struct Resumption {
    /// The stretch: since when, and until when.
    pub(super) from: f64,
    pub(super) to: f64,
    /// What used to come in, bytes a second.
    pub(super) rate: f64,
    /// The device that brought most before.
    pub(super) device: Option<String>,
    /// Whether something came that could not be delivered, because something before it was missing.
    pub(super) missed: bool,
    /// When and how much came in since, newest last.
    pub(super) moves: VecDeque<(f64, u64)>,
}

/// What a stretch was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// It is not known yet.
    Unknown,
    /// Data waited.
    Outage,
    /// The peer had nothing to send.
    Pause,
}

impl Resumption {
    /// Something came in at `t`.
    pub(super) fn take(&mut self, moved: u64, t: f64) {
        self.moves.push_back((t, moved));
    }

    /// What the stretch was, as far as is known at `t`; the round trip is that of the slowest path, seconds. A peer that
    /// pauses may go on faster than before: what waited comes first, and then no more than usual.
    pub(super) fn judge(&self, round_trip: f64, t: f64) -> Stretch {
        let trips = round_trip * BURST_TRIPS;
        let lately_s = BURST_S + trips;
        let since_s = t - self.to;
        let waited = self.beyond_usual(t - lately_s, lately_s);
        // In both halves of that time: who rests after a burst has sent nothing in the second.
        let usual = self.rate * lately_s / 2.0;
        let as_usual = |moved: f64| (GOES_ON * usual..=CALM * usual).contains(&moved);
        let half = t - lately_s / 2.0;
        let halves = [self.between(t - lately_s, half), self.between(half, t)];
        let calm = since_s > lately_s && halves.into_iter().all(as_usual);
        let enough = (BURST * (self.to - self.from)).min(BUFFERED_S) * self.rate;
        if self.missed || (calm && waited > enough) {
            Stretch::Outage
        } else if since_s > CATCHES_UP_S + trips {
            Stretch::Pause
        } else {
            Stretch::Unknown
        }
    }

    /// How many bytes came in after a moment, up to another one.
    fn between(&self, from: f64, to: f64) -> f64 {
        let moves = self.moves.iter().filter(|(at, _)| *at > from && *at <= to);
        moves.map(|(_, moved)| *moved as f64).sum()
    }

    /// How many bytes came in before a moment beyond what used to come in, or what has in so many seconds since.
    fn beyond_usual(&self, until: f64, lately_s: f64) -> f64 {
        let lately = self.between(until, until + lately_s);
        // Who sends faster than before has sent no more at first than it does now.
        let usual = self.rate.max(lately / lately_s) * (until - self.to).max(0.0);
        self.between(f64::NEG_INFINITY, until) - usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After 3 s without anything of 1 MB/s, so many kB come in every 20 ms, first these and then so many.
    fn resumption(first: &[u64], then: u64) -> (Resumption, f64) {
        let mut resumption = Resumption {
            from: 7.0,
            to: 10.0,
            rate: 1e6,
            device: None,
            missed: false,
            moves: VecDeque::new(),
        };
        let mut t = resumption.to;
        let then = std::iter::repeat_n(&then, 100);
        let judged = first.iter().chain(then).find_map(|kilobytes| {
            resumption.take(kilobytes * 1000, t);
            t += 0.02;
            let judged = resumption.judge(0.01, t);
            (judged != Stretch::Unknown).then_some(judged)
        });
        assert!(judged.is_some(), "it is known in the end");
        (resumption, t)
    }

    #[test]
    fn what_waited_comes_first_and_then_no_more_than_usual() {
        for first in [&[100, 100][..], &[20, 30, 40, 50, 60, 60, 60], &[200; 20]] {
            let (resumption, t) = resumption(first, 20);
            assert_eq!(resumption.judge(0.01, t), Stretch::Outage, "{first:?}");
        }
    }

    #[test]
    fn who_pauses_goes_on_as_before_or_faster_for_good() {
        for first in [
            &[20, 20][..],
            &[0, 30, 10, 25, 15],
            &[22; 90],
            &[26; 90],
            &[30; 90],
            &[100; 90],
        ] {
            let (resumption, t) = resumption(first, 20);
            assert_eq!(resumption.judge(0.01, t), Stretch::Pause, "{first:?}");
        }
        // Busy and at rest by turns.
        let (resumption, t) = resumption(&[80; 20], 0);
        assert_eq!(resumption.judge(0.01, t), Stretch::Pause);
    }
}
