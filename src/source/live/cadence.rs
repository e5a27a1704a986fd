//! How often everything is read, and how long the sampler rests.
//!
//! A reading of everything costs what all connections cost. Where that is much, it is taken less often than each
//! interval: between two of them only what carries data, or is looked at, is read. Where there is no connection, and the
//! kernel tells of the first, nothing has to be read for a while.

use std::time::{Duration, Instant};

/// The share of a core that readings of everything may take while nothing happens.
const QUIET_SHARE: f64 = 0.02;
/// The same while the kernel tells of connections or subflows that come and go, or a reading left something in doubt.
const NEWS_SHARE: f64 = 0.10;
/// The longest from one reading of everything to the next.
const LONGEST: Duration = Duration::from_secs(5);
/// From one sample to the next while there is no connection. The kernel tells of every one that speaks MPTCP; one that
/// falls back before it did is found this much later.
const IDLE: Duration = Duration::from_secs(2);
/// How long after something happened there is no rest.
const RESTLESS: Duration = Duration::from_secs(2);
/// How much a new measurement counts.
const NEW: f64 = 0.25;
/// Readings of a part are worth their while for at most one in so many connections.
const PART: usize = 4;

/// When everything was read, and what that costs.
#[derive(Default)]
pub(super) struct Cadence {
    cost_s: Option<f64>,
    read_at: Option<Instant>,
    stirred_at: Option<Instant>,
}

impl Cadence {
    /// Takes a reading of everything at `now`, and what it cost of the processor, where that is as usual.
    pub(super) fn note_reading(&mut self, now: Instant, cost: Option<Duration>) {
        if let Some(cost) = cost.as_ref().map(Duration::as_secs_f64) {
            self.cost_s = Some(self.cost_s.map_or(cost, |before| before + (cost - before) * NEW));
        }
        self.read_at = Some(now);
    }

    /// Notes that something happened.
    pub(super) fn note_stir(&mut self, now: Instant) {
        self.stirred_at = Some(now);
    }

    /// How long everything may go unread.
    pub(super) fn pause(&self, has_news: bool) -> Duration {
        let share = if has_news { NEWS_SHARE } else { QUIET_SHARE };
        let cost_s = self.cost_s.unwrap_or(0.0);
        Duration::try_from_secs_f64(cost_s / share)
            .unwrap_or(LONGEST)
            .min(LONGEST)
    }

    /// Whether everything is to be read at `now`, when a sample is due each `interval`.
    pub(super) fn is_due(&self, now: Instant, interval: Duration, has_news: bool) -> bool {
        // The next sample would come too late.
        let until = now + interval / 2;
        self.read_at
            .is_none_or(|at| until.saturating_duration_since(at) >= self.pause(has_news))
    }

    /// Whether reading so many connections alone is worth its while.
    pub(super) fn is_worth_it(part: usize, all: usize) -> bool {
        part.saturating_mul(PART) <= all
    }

    /// From one sample to the next when there is no connection and the kernel tells of the first; `None` when something
    /// happened just now.
    pub(super) fn idle(&self, now: Instant) -> Option<Duration> {
        let is_restless = |at: Instant| now.saturating_duration_since(at) < RESTLESS;
        (!self.stirred_at.is_some_and(is_restless)).then_some(IDLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const INTERVAL: Duration = Duration::from_millis(250);

    fn after(cost: Duration) -> (Cadence, Instant) {
        let mut cadence = Cadence::default();
        let now = Instant::now();
        cadence.note_reading(now, Some(cost));
        (cadence, now)
    }

    /// After how many intervals everything is read again.
    fn intervals(cost: Duration, has_news: bool) -> u32 {
        let (cadence, now) = after(cost);
        let due = |number: &u32| cadence.is_due(now + *number * INTERVAL, INTERVAL, has_news);
        (1..100).find(due).expect("it becomes due")
    }

    #[test]
    fn what_costs_little_is_read_each_interval() {
        assert!(Cadence::default().is_due(Instant::now(), INTERVAL, false));
        assert_eq!(intervals(MS, false), 1);
        assert_eq!(intervals(5 * MS, false), 1);
    }

    #[test]
    fn what_costs_much_is_read_less_often_and_sooner_when_something_happened() {
        assert_eq!(intervals(45 * MS, false), 9);
        assert_eq!(intervals(45 * MS, true), 2);
        assert_eq!(intervals(10_000 * MS, false), 20, "never later than that");
    }

    #[test]
    fn a_costly_reading_is_forgotten_again() {
        let (mut cadence, now) = after(60 * MS);
        for number in 1..20 {
            cadence.note_reading(now + number * INTERVAL, Some(MS));
        }
        assert!(cadence.pause(false) < INTERVAL);
    }

    #[test]
    fn there_is_no_rest_while_something_happens() {
        let (mut cadence, now) = after(MS);
        assert_eq!(cadence.idle(now), Some(IDLE));
        cadence.note_stir(now);
        assert_eq!(cadence.idle(now + RESTLESS / 2), None);
        assert_eq!(cadence.idle(now + RESTLESS), Some(IDLE));
    }
}
