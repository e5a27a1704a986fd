//! Series on bins that are read once, point by point.

use std::collections::VecDeque;

use super::{Bins, Curve, Extent, MOST, number, spread};
use crate::history::{Gaps, Point, Points};

/// What is known of a moment.
pub(in crate::ui) trait Timed {
    /// When, seconds on the stream.
    fn t(&self) -> f64;
}

impl Timed for Point {
    fn t(&self) -> f64 {
        self.t
    }
}

/// The points of one series on bins. It reads each point once, so that what a frame costs does not depend on how long
/// the history is. `B` is what is kept of a bin: a mean rate, an [`Extent`], a count.
#[derive(Clone, Debug, Default)]
pub(in crate::ui) struct Track<B> {
    width: f64,
    first: i64,
    bins: VecDeque<B>,
    /// The time of the newest point that was read.
    read_to: Option<f64>,
}

impl<B: Clone + Default> Track<B> {
    /// Gives what is new to its bins, none of them older than the first of `bins`. Begins anew where the bins or the
    /// points are others than before. `add` gets a point, the stretch of time that it stands for, and its bin.
    fn read<P: Timed + Copy>(
        &mut self,
        points: &Points<P>,
        bins: &Bins,
        mut add: impl FnMut(&mut Self, &P, (f64, f64), usize),
    ) {
        let newest = points.back().map(Timed::t);
        let same = (self.width - bins.width).abs() <= f64::EPSILON * bins.width
            && self.first <= bins.first
            && newest >= self.read_to;
        let old = usize::try_from(bins.first - self.first).unwrap_or(usize::MAX);
        if same && old < self.bins.len() {
            self.bins.drain(..old);
            self.first = bins.first;
        } else {
            let at = points.partition_point(|point| point.t() < bins.start(0));
            let before = at.checked_sub(1).and_then(|at| points.get(at));
            *self = Self {
                width: bins.width,
                first: bins.first,
                bins: VecDeque::new(),
                read_to: before.map(Timed::t),
            };
        }
        let unread = self
            .read_to
            .map_or(0, |t| points.partition_point(|point| point.t() <= t));
        for point in points.range(unread..) {
            let (start, t) = (self.first as f64 * self.width, point.t());
            let from = self.read_to.unwrap_or(t).max(start);
            self.read_to = Some(t);
            let last = (number(t, self.width) - self.first).min(MOST);
            let Ok(last) = usize::try_from(last) else { continue };
            if self.bins.len() <= last {
                self.bins.resize(last + 1, B::default());
            }
            add(self, point, (from, t), last);
        }
    }

    /// What is kept of each of `bins`.
    pub(in crate::ui) fn values(&self, bins: &Bins) -> Vec<B> {
        let mut values: Vec<B> = self.within(bins).cloned().collect();
        values.resize(bins.count, B::default());
        values
    }

    fn within(&self, bins: &Bins) -> impl Iterator<Item = &B> {
        let skipped = usize::try_from(bins.first - self.first).unwrap_or_default();
        self.bins.iter().skip(skipped).take(bins.count)
    }
}

impl Track<f64> {
    /// Reads the mean of a rate in each bin, nothing where nothing is known. A point's rate holds from the point before it.
    pub(in crate::ui) fn read_rates<P: Timed + Copy>(
        &mut self,
        points: &Points<P>,
        gaps: &Gaps,
        bins: &Bins,
        rate: impl Fn(&P) -> f64,
    ) {
        self.read(points, bins, |track, point, stretch, _| {
            let value = rate(point);
            if value > 0.0 {
                let means = &mut track.bins;
                for part in gaps.known(stretch) {
                    spread(track.first, track.width, part, |bin, share| {
                        if let Some(mean) = means.get_mut(bin) {
                            *mean += value * share;
                        }
                    });
                }
            }
        });
    }
}

impl Track<u32> {
    /// Reads the sum of a count in each bin.
    pub(in crate::ui) fn read_counts<P: Timed + Copy>(
        &mut self,
        points: &Points<P>,
        bins: &Bins,
        count: impl Fn(&P) -> u32,
    ) {
        self.read(points, bins, |track, point, _, bin| {
            if let Some(sum) = track.bins.get_mut(bin) {
                *sum += count(point);
            }
        });
    }
}

impl Track<Extent> {
    /// Reads the least and the largest of a value in each bin.
    pub(in crate::ui) fn read_extents<P: Timed + Copy>(
        &mut self,
        points: &Points<P>,
        bins: &Bins,
        value: impl Fn(&P) -> Option<f64>,
    ) {
        self.read(points, bins, |track, point, _, bin| {
            if let Some(extent) = track.bins.get_mut(bin) {
                extent.add(point.t(), value(point));
            }
        });
    }

    /// The line of the value that was read: the least and the largest of each bin, and one point beyond each end, so
    /// that the line reaches the edges.
    pub(in crate::ui) fn curve<P: Timed + Copy>(
        &self,
        points: &Points<P>,
        bins: &Bins,
        value: impl Fn(&P) -> Option<f64>,
    ) -> Curve {
        let first = points.partition_point(|point| point.t() < bins.start(0));
        let last = points.partition_point(|point| point.t() < bins.start(bins.count));
        let outside = |at: Option<usize>| {
            let point = at.and_then(|at| points.get(at));
            point.map(|point| (point.t(), value(point)))
        };
        let mut curve = Vec::with_capacity(2 * bins.count + 2);
        curve.extend(outside(first.checked_sub(1)));
        curve.extend(self.within(bins).flat_map(Extent::points));
        // The newest value is what holds from then on, though it may be neither the least nor the largest.
        let newest = last.checked_sub(1).filter(|at| *at >= first);
        let seen = curve.last().map(|(t, _)| *t);
        curve.extend(outside(newest).filter(|(t, _)| Some(*t) > seen));
        curve.extend(outside(Some(last)));
        curve
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::super::tests::{point, points, sent};
    use super::*;

    fn rtt_us(point: &Point) -> Option<f64> {
        point.rtt_us.map(|us| us.get().into())
    }

    fn cwnd(point: &Point) -> Option<f64> {
        point.cwnd.map(|cwnd| cwnd.get().into())
    }

    /// The congestion window on bins, read at once.
    fn cwnd_curve(points: &Points, bins: &Bins) -> Curve {
        let mut track = Track::default();
        track.read_extents(points, bins, cwnd);
        track.curve(points, bins, cwnd)
    }

    #[test]
    fn counts_add_up() {
        let bins = Bins::covering(0.0, 2.0, 1.0);
        let mut track = Track::<u32>::default();
        let points = points(&[(0.1, 0.0), (0.2, 0.0), (1.9, 0.0)]);
        track.read_counts(&points, &bins, |point| point.retrans);
        assert_eq!(track.values(&bins), [2, 1]);
    }

    #[test]
    fn a_thinned_line_keeps_its_peaks() {
        let with_cwnd = |step: u32| Point {
            cwnd: NonZeroU32::new(if step == 1000 { 99 } else { 1 }),
            ..point((f64::from(step), 0.0))
        };
        let points: Points = (0..2000).map(with_cwnd).collect();
        let bins = Bins::covering(0.0, 2000.0, 50.0);
        let curve = cwnd_curve(&points, &bins);
        assert!(curve.len() <= 60, "{}", curve.len());
        assert!(curve.contains(&(1000.0, Some(99.0))));
    }

    #[test]
    fn a_line_ends_with_the_newest_value() {
        let with_cwnd = |(t, cwnd): (f64, u32)| Point {
            cwnd: NonZeroU32::new(cwnd),
            ..point((t, 0.0))
        };
        let points: Points = [(1.0, 9), (2.0, 1), (3.0, 5)]
            .into_iter()
            .map(with_cwnd)
            .collect();
        let bins = Bins::covering(0.0, 10.0, 10.0);
        let wanted = [(1.0, Some(9.0)), (2.0, Some(1.0)), (3.0, Some(5.0))];
        assert_eq!(cwnd_curve(&points, &bins), wanted);
    }

    #[test]
    fn reading_bit_by_bit_gives_what_reading_at_once_gives() {
        let all = wild();
        let mut seen = Points::default();
        let (mut rates, mut extents, mut counts) = (
            Track::<f64>::default(),
            Track::<Extent>::default(),
            Track::<u32>::default(),
        );
        for point in &all {
            seen.push_back(*point);
            let bins = Bins::covering(point.t - 60.0, point.t, 0.7);
            let read = |rates: &mut Track<f64>, extents: &mut Track<Extent>, counts: &mut Track<u32>| {
                rates.read_rates(&seen, &Gaps::default(), &bins, sent);
                extents.read_extents(&seen, &bins, rtt_us);
                counts.read_counts(&seen, &bins, |point| point.retrans);
                (
                    rates.values(&bins),
                    extents.curve(&seen, &bins, rtt_us),
                    counts.values(&bins),
                )
            };
            let old = read(&mut rates, &mut extents, &mut counts);
            let new = read(
                &mut Track::default(),
                &mut Track::default(),
                &mut Track::default(),
            );
            // The first bin may have begun before the window did.
            let close = old.0.iter().zip(&new.0).all(|(a, b)| (a - b).abs() < 1e-6);
            assert!(close, "{} {old:?} {new:?}", point.t);
            assert_eq!((old.1, old.2), (new.1, new.2));
        }
    }

    #[test]
    fn another_stream_is_read_from_its_beginning() {
        let mut track = Track::<f64>::default();
        let late = Bins::covering(90.0, 100.0, 1.0);
        track.read_rates(
            &points(&[(98.0, 0.0), (99.0, 8.0)]),
            &Gaps::default(),
            &late,
            sent,
        );
        let early = Bins::covering(0.0, 2.0, 1.0);
        track.read_rates(&points(&[(0.0, 0.0), (1.0, 3.0)]), &Gaps::default(), &early, sent);
        assert_eq!(track.values(&early), [3.0, 0.0]);
    }
    /// A made-up history with idle stretches, peaks and gaps.
    fn wild() -> Points {
        let mut points = Points::default();
        let mut t = 0.0;
        for step in 0_u32..600 {
            t += if step % 37 == 0 { 5.0 } else { 0.25 };
            points.push_back(Point {
                t,
                out_bps: (step * 7919 % 1000) as f32,
                in_bps: (step * 104_729 % 100) as f32,
                rtt_us: NonZeroU32::new(1000 + step * 31 % 5000).filter(|_| step % 11 != 0),
                cwnd: NonZeroU32::new(10 + step % 90),
                retrans: u32::from(step % 23 == 0),
            });
        }
        points
    }
}
