//! Which way a reading takes to the subflows: a dump of every TCP socket, or a look-up of each subflow that is known.

use std::time::{Duration, Instant};

/// How a reading finds the subflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A dump. It reads every TCP socket on the machine, so it costs what these cost, and misses nothing.
    Dump,
    /// A look-up of each subflow that is known. It costs what the subflows cost.
    LookUp,
}

/// While look-ups are the way, a dump follows the one before after this long: it finds what nothing hinted at, and
/// counts plain TCP.
const DUMP_EVERY: Duration = Duration::from_secs(5);
/// Look-ups become the way when they cost less than this part of a dump.
const TO_LOOK_UPS: f64 = 0.5;
/// Dumps become the way again when look-ups cost more than this part of one.
const TO_DUMPS: f64 = 0.8;
/// What a look-up is taken to cost before one was measured: 2 µs on a machine of 2024, and some more.
const LOOK_UP: Duration = Duration::from_nanos(2500);
/// How many look-ups at least are measured at once, because sending them costs something too.
const MEASURABLE: usize = 16;
/// How much a new measurement counts.
const NEW: f64 = 0.25;
/// Dumps out of turn that may follow each other at once.
const ALLOWED: f64 = 4.0;
/// After so many seconds another one is allowed.
const ANOTHER_AFTER_S: f64 = 1.0;

/// Chooses by what the ways cost on this machine, measured as they are taken.
#[derive(Debug)]
pub(super) struct Strategy {
    way: Way,
    dump_s: Option<f64>,
    look_up_s: f64,
    dumped_at: Option<Instant>,
    allowed: f64,
    asked_at: Option<Instant>,
}

impl Default for Strategy {
    fn default() -> Self {
        Self {
            way: Way::Dump,
            dump_s: None,
            look_up_s: LOOK_UP.as_secs_f64(),
            dumped_at: None,
            allowed: ALLOWED,
            asked_at: None,
        }
    }
}

impl Strategy {
    /// The way of a reading at this moment.
    pub(super) fn choose(&self, now: Instant) -> Way {
        let due = |at: Instant| now.saturating_duration_since(at) >= DUMP_EVERY;
        if self.dumped_at.is_none_or(due) {
            Way::Dump
        } else {
            self.way
        }
    }

    /// A reading by look-ups may have missed a subflow: whether a dump may settle it now. When every reading asks for
    /// one, some have to wait, or look-ups would cost more than they save.
    pub(super) fn may_settle(&mut self, now: Instant) -> bool {
        let waited = self
            .asked_at
            .map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.asked_at = Some(now);
        self.allowed = (self.allowed + waited / ANOTHER_AFTER_S).min(ALLOWED);
        if self.allowed < 1.0 {
            return false;
        }
        self.allowed -= 1.0;
        true
    }

    /// Takes what a dump cost that found so many subflows, and decides anew.
    pub(super) fn dumped(&mut self, now: Instant, cost: Duration, subflows: usize) {
        self.dumped_at = Some(now);
        let cost = cost.as_secs_f64();
        let dump = self.dump_s.map_or(cost, |before| mix(before, cost));
        self.dump_s = Some(dump);
        if self.way == Way::Dump {
            // What was measured long ago is believed less and less.
            self.look_up_s = mix(self.look_up_s, LOOK_UP.as_secs_f64());
        }
        let look_ups = self.look_up_s * subflows as f64;
        let before = self.way;
        self.way = match self.way {
            Way::Dump if look_ups < dump * TO_LOOK_UPS => Way::LookUp,
            Way::LookUp if look_ups > dump * TO_DUMPS => Way::Dump,
            way => way,
        };
        if self.way != before {
            let way = self.way;
            tracing::debug!(
                ?way,
                subflows,
                dump_s = dump,
                look_ups_s = look_ups,
                "subflows are read another way"
            );
        }
    }

    /// Takes what so many look-ups cost.
    pub(super) fn looked_up(&mut self, cost: Duration, count: usize) {
        if count >= MEASURABLE {
            self.look_up_s = mix(self.look_up_s, cost.as_secs_f64() / count as f64);
        }
    }
}

fn mix(before: f64, new: f64) -> f64 {
    before + (new - before) * NEW
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// The way after dumps of that cost, with so many subflows, a quarter of a second apart.
    fn way_after(dumps: &[(Duration, usize)]) -> Way {
        let mut strategy = Strategy::default();
        let mut now = Instant::now();
        for (cost, subflows) in dumps {
            strategy.dumped(now, *cost, *subflows);
            now += 250 * MS;
        }
        strategy.choose(now)
    }

    #[test]
    fn the_first_reading_is_a_dump() {
        assert_eq!(Strategy::default().choose(Instant::now()), Way::Dump);
    }

    #[test]
    fn few_subflows_among_many_sockets_are_looked_up() {
        assert_eq!(way_after(&[(26 * MS, 200)]), Way::LookUp);
        assert_eq!(way_after(&[(3 * MS, 3)]), Way::LookUp);
        assert_eq!(way_after(&[(MS, 0)]), Way::LookUp);
    }

    #[test]
    fn many_subflows_among_few_sockets_are_dumped() {
        assert_eq!(way_after(&[(30 * MS, 20_000)]), Way::Dump);
        assert_eq!(way_after(&[(60 * MS, 20_000); 20]), Way::Dump);
    }

    #[test]
    fn between_the_two_the_way_stays() {
        let look_ups = (10 * MS, 1000);
        let between = (4 * MS, 1000);
        assert_eq!(way_after(&[look_ups]), Way::LookUp);
        assert_eq!(way_after(&[between; 9]), Way::Dump);
        let mut mixed = vec![look_ups];
        mixed.extend([between; 9]);
        assert_eq!(way_after(&mixed), Way::LookUp);
        mixed.extend([(2 * MS, 1000); 30]);
        assert_eq!(way_after(&mixed), Way::Dump);
    }

    #[test]
    fn a_dump_is_due_every_few_seconds() {
        let mut strategy = Strategy::default();
        let start = Instant::now();
        strategy.dumped(start, 26 * MS, 200);
        assert_eq!(strategy.choose(start + 4999 * MS), Way::LookUp);
        assert_eq!(strategy.choose(start + DUMP_EVERY), Way::Dump);
    }

    #[test]
    fn what_look_ups_cost_here_is_what_counts() {
        let mut strategy = Strategy::default();
        let start = Instant::now();
        strategy.dumped(start, 10 * MS, 1000);
        assert_eq!(strategy.choose(start + MS), Way::LookUp);
        // This machine takes 20 µs for each.
        for _ in 0..20 {
            strategy.looked_up(20 * MS, 1000);
        }
        strategy.dumped(start + 2 * MS, 10 * MS, 1000);
        assert_eq!(strategy.choose(start + 3 * MS), Way::Dump);
        // A few say nothing: what a send costs is in them.
        let mut strategy = Strategy::default();
        strategy.dumped(start, 10 * MS, 1000);
        strategy.looked_up(MS, 1);
        strategy.dumped(start + MS, 10 * MS, 1000);
        assert_eq!(strategy.choose(start + 2 * MS), Way::LookUp);
    }

    #[test]
    fn doubts_are_settled_at_once_until_there_are_too_many() {
        let mut strategy = Strategy::default();
        let start = Instant::now();
        let settled = |strategy: &mut Strategy, readings: std::ops::Range<u32>| {
            readings
                .filter(|number| strategy.may_settle(start + *number * 50 * MS))
                .count()
        };
        assert_eq!(settled(&mut strategy, 0..4), 4);
        // 20 readings a second, each in doubt: one a second is settled.
        let many = settled(&mut strategy, 4..204);
        assert!((9..=11).contains(&many), "{many}");
        assert!(strategy.may_settle(start + Duration::from_mins(1)));
    }
}
