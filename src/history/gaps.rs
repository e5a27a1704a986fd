//! The times of which nothing is known, because nothing was read: the machine was suspended, or the process stopped.

use std::collections::VecDeque;

use crate::model::{EventKind, Line};

/// The most gaps that are kept.
const MOST: usize = 1000;
/// Samples that are no further apart than this leave no gap: a machine that has much to do is late by that, seconds.
const LATE_S: f64 = 1.5;
/// Nor do those that are no further apart than so many intervals.
const INTERVALS: f64 = 4.0;

/// The times between two samples in which others should have come, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    stretches: VecDeque<(f64, f64)>,
    /// When the first sample came, and the newest.
    first: Option<f64>,
    newest: Option<f64>,
    /// How far it was from the one before: a source may read less often than it said at first.
    step_s: f64,
    /// From one sample to the next as it was asked for, seconds.
    interval_s: f64,
    /// For how long the source said that it may rest, seconds.
    rest_s: f64,
    /// Whether the clock stood still since the newest sample.
    slept: bool,
}

impl Gaps {
    /// Those that lie at least in part between two times, cut to them.
    pub fn within(&self, from: f64, to: f64) -> impl Iterator<Item = (f64, f64)> + use<'_> {
        let first = self.stretches.partition_point(|(_, end)| *end <= from);
        let gaps = self.stretches.range(first..);
        gaps.take_while(move |(begin, _)| *begin < to)
            .map(move |(begin, end)| (begin.max(from), end.min(to)))
    }

    /// What is known of a stretch of time: its parts outside the gaps.
    pub fn known(&self, (from, to): (f64, f64)) -> impl Iterator<Item = (f64, f64)> + use<'_> {
        let mut at = from;
        let ends = self.within(from, to).chain([(to, to)]);
        ends.filter_map(move |(begin, end)| {
            let part = (at, begin);
            at = end;
            (part.1 > part.0).then_some(part)
        })
    }

    /// Whether nothing is known of a time.
    pub fn holds(&self, t: f64) -> bool {
        let next = self.stretches.partition_point(|(_, end)| *end <= t);
        self.stretches.get(next).is_some_and(|(begin, _)| *begin < t)
    }

    /// For how long there have been samples, seconds.
    pub(super) fn read_for_s(&self) -> f64 {
        self.newest
            .zip(self.first)
            .map_or(0.0, |(newest, first)| newest - first)
    }

    /// Notes how far apart samples are from now on, seconds.
    pub(super) fn expect(&mut self, interval_s: f64) {
        self.interval_s = interval_s;
    }

    /// Takes the next line of the stream.
    pub(super) fn take(&mut self, line: &Line) {
        match line {
            Line::Header(header) => {
                *self = Self::default();
                self.expect(header.interval_ms as f64 / 1000.0);
            }
            // The stream's clock stands still while the machine sleeps.
            Line::Event(event) => self.slept |= event.kind == EventKind::ClockJump,
            Line::Sample(sample) => {
                self.first.get_or_insert(sample.t);
                let before = self.newest.replace(sample.t).unwrap_or(sample.t);
                let step_s = sample.t - before;
                let usual_s = (INTERVALS * self.interval_s).max(LATE_S);
                let most_s = usual_s.max(2.0 * self.rest_s).max(2.0 * self.step_s);
                if step_s > most_s || (std::mem::take(&mut self.slept) && step_s > 0.0) {
                    if self.stretches.len() >= MOST {
                        self.stretches.pop_front();
                    }
                    self.stretches.push_back((before, sample.t));
                } else {
                    self.step_s = step_s;
                }
                self.rest_s = f64::from(sample.everything_within_ms.unwrap_or(0)) / 1000.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Access, Event, Header, Origin, Sample};

    fn sampled(times: &[f64]) -> Gaps {
        let header = Header::new(
            String::new(),
            String::new(),
            String::new(),
            Access::default(),
            250,
        );
        let mut gaps = Gaps::default();
        gaps.take(&Line::Header(header));
        for t in times {
            gaps.take(&sample(*t));
        }
        gaps
    }

    fn sample(t: f64) -> Line {
        Line::Sample(Box::new(Sample {
            t,
            ..Sample::default()
        }))
    }

    fn all(gaps: &Gaps) -> Vec<(f64, f64)> {
        gaps.within(0.0, f64::INFINITY).collect()
    }

    #[test]
    fn late_is_no_gap_and_much_later_is_one() {
        let gaps = sampled(&[0.0, 0.25, 1.5, 1.75, 5.0, 5.25]);
        assert_eq!(all(&gaps), [(1.75, 5.0)]);
        assert_eq!(
            [1.75, 1.8, 5.0, 5.1].map(|t| gaps.holds(t)),
            [false, true, false, false]
        );
        let known: Vec<_> = gaps.known((1.0, 6.0)).collect();
        assert_eq!(known, [(1.0, 1.75), (5.0, 6.0)]);
        assert_eq!(gaps.known((2.0, 4.0)).count(), 0);
        assert_eq!(gaps.known((0.0, 1.0)).collect::<Vec<_>>(), [(0.0, 1.0)]);
    }

    #[test]
    fn a_longer_interval_makes_no_gaps() {
        let mut gaps = sampled(&[0.0, 0.25]);
        gaps.expect(5.0);
        for t in [5.25, 10.25, 15.25] {
            gaps.take(&sample(t));
        }
        assert_eq!(all(&gaps), []);
    }

    #[test]
    fn what_a_suspended_machine_slept_through_is_a_gap_though_its_clock_stood_still() {
        let mut gaps = sampled(&[0.0, 0.25]);
        gaps.take(&Line::Event(Box::new(Event::new(
            0.5,
            EventKind::ClockJump,
            Origin::Inferred,
        ))));
        gaps.take(&sample(0.5));
        gaps.take(&sample(0.75));
        assert_eq!(all(&gaps), [(0.25, 0.5)]);
    }
}
