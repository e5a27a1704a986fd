//! Points of a series brought onto bins of equal length, as a plot of a given width needs them.

use std::collections::VecDeque;

use crate::history::{Point, Points};

/// Bins of equal length on the stream's time, at whole multiples of their width: so they keep their content while
/// time goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bins {
    /// The number of the first, counted from the beginning of the stream.
    pub first: i64,
    /// How long each is, seconds.
    pub width: f64,
    /// How many there are.
    pub count: usize,
}

/// The most bins; a width that needs more is wrong.
const MOST: i64 = 100_000;

impl Bins {
    /// Bins of `width` seconds that cover `from` to `to`.
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the width of a window")]
    pub(super) fn covering(from: f64, to: f64, width: f64) -> Self {
        let width = width.max(1e-3);
        let first = number(from, width);
        let last = (to / width).ceil() as i64;
        Self {
            first,
            width,
            count: usize::try_from((last - first).clamp(0, MOST)).unwrap_or_default(),
        }
    }

    /// Where a bin begins.
    pub(super) fn start(&self, bin: usize) -> f64 {
        (self.first as f64 + bin as f64) * self.width
    }

    /// The bin that holds a time, the first or the last where none does.
    pub(super) fn at(&self, t: f64) -> usize {
        let bin = (number(t, self.width) - self.first).max(0);
        let last = self.count.saturating_sub(1);
        usize::try_from(bin).map_or(last, |bin| bin.min(last))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "seconds of a stream over milliseconds"
)]
fn number(t: f64, width: f64) -> i64 {
    (t / width).floor() as i64
}

/// The mean of a rate in each bin. A point's rate holds from the point before it.
pub(super) fn mean_rates(points: &Points, bins: &Bins, rate: impl Fn(&Point) -> f64) -> Vec<f64> {
    let mut means = vec![0.0; bins.count];
    let (from, end) = (bins.start(0), bins.start(bins.count));
    let first = points.partition_point(|point| point.t <= from);
    let mut before = first
        .checked_sub(1)
        .and_then(|at| points.get(at))
        .map(|point| point.t);
    for point in points.range(first..) {
        let stretch = (before.unwrap_or(point.t).max(from), point.t.min(end));
        before = Some(point.t);
        let value = rate(point);
        if value > 0.0 {
            spread(bins.first, bins.width, stretch, |bin, share| {
                if let Some(mean) = means.get_mut(bin) {
                    *mean += value * share;
                }
            });
        }
        if point.t >= end {
            break;
        }
    }
    means
}

/// Gives each bin its share of a stretch of time: 1 for one that it fills.
fn spread(first: i64, width: f64, (from, to): (f64, f64), mut give: impl FnMut(usize, f64)) {
    if to <= from {
        return;
    }
    for bin in number(from, width)..=number(to, width) {
        let start = bin as f64 * width;
        let overlap = to.min(start + width) - from.max(start);
        if overlap > 0.0
            && let Ok(bin) = usize::try_from(bin - first)
        {
            give(bin, overlap / width);
        }
    }
}

/// The least and the largest of a value within a bin, each with its time, and one time at which it was absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Extent {
    least: Option<(f64, f64)>,
    largest: Option<(f64, f64)>,
    gap: Option<f64>,
}

impl Extent {
    fn add(&mut self, t: f64, value: Option<f64>) {
        let Some(value) = value else {
            self.gap.get_or_insert(t);
            return;
        };
        if self.least.is_none_or(|(_, least)| value < least) {
            self.least = Some((t, value));
        }
        if self.largest.is_none_or(|(_, largest)| value > largest) {
            self.largest = Some((t, value));
        }
    }

    /// Its points in order of time.
    fn points(&self) -> impl Iterator<Item = (f64, Option<f64>)> {
        let value = |(t, value)| (t, Some(value));
        let (mut one, mut two) = (self.least.map(value), self.largest.map(value));
        if one == two {
            two = None;
        }
        let mut three = self.gap.map(|t| (t, None));
        let later = |a: &Option<(f64, Option<f64>)>, b: &Option<(f64, Option<f64>)>| match (a, b) {
            (Some((a, _)), Some((b, _))) => a > b,
            _ => false,
        };
        if later(&one, &two) {
            std::mem::swap(&mut one, &mut two);
        }
        if later(&two, &three) || (two.is_none() && later(&one, &three)) {
            std::mem::swap(&mut two, &mut three);
        }
        if later(&one, &two) {
            std::mem::swap(&mut one, &mut two);
        }
        [one, two, three].into_iter().flatten()
    }
}

/// A value over time; `None` is a gap.
pub(super) type Curve = Vec<(f64, Option<f64>)>;

/// What is known of a moment.
pub(super) trait Timed {
    /// When, seconds on the stream.
    fn t(&self) -> f64;
}

impl Timed for Point {
    fn t(&self) -> f64 {
        self.t
    }
}

impl Timed for (f64, Option<f64>) {
    fn t(&self) -> f64 {
        self.0
    }
}

/// The points of one series on bins. It reads each point once, so that what a frame costs does not depend on how long
/// the history is. `B` is what is kept of a bin: a mean rate, an [`Extent`], a count.
#[derive(Clone, Debug, Default)]
pub(super) struct Track<B> {
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
    pub(super) fn values(&self, bins: &Bins) -> Vec<B> {
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
    /// Reads the mean of a rate in each bin. A point's rate holds from the point before it.
    pub(super) fn read_rates<P: Timed + Copy>(
        &mut self,
        points: &Points<P>,
        bins: &Bins,
        rate: impl Fn(&P) -> f64,
    ) {
        self.read(points, bins, |track, point, stretch, _| {
            let value = rate(point);
            if value > 0.0 {
                let means = &mut track.bins;
                spread(track.first, track.width, stretch, |bin, share| {
                    if let Some(mean) = means.get_mut(bin) {
                        *mean += value * share;
                    }
                });
            }
        });
    }
}

impl Track<u32> {
    /// Reads the sum of a count in each bin.
    pub(super) fn read_counts<P: Timed + Copy>(
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
    pub(super) fn read_extents<P: Timed + Copy>(
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
    pub(super) fn curve<P: Timed + Copy>(
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

    use super::*;

    fn point((t, out_bps): (f64, f32)) -> Point {
        Point {
            t,
            out_bps,
            in_bps: 0.0,
            rtt_us: None,
            cwnd: None,
            retrans: 1,
        }
    }

    fn points(rates: &[(f64, f32)]) -> Points {
        rates.iter().copied().map(point).collect()
    }

    fn sent(point: &Point) -> f64 {
        point.out_bps.into()
    }

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

    fn means(rates: &[(f64, f32)], bins: &Bins) -> Vec<f64> {
        let points = points(rates);
        let means = mean_rates(&points, bins, sent);
        let mut track = Track::<f64>::default();
        track.read_rates(&points, bins, sent);
        assert_eq!(track.values(bins), means, "a track says the same");
        means
    }

    #[test]
    fn a_rate_holds_from_the_point_before() {
        let bins = Bins::covering(0.0, 4.0, 1.0);
        assert_eq!(means(&[(1.0, 0.0), (3.0, 8.0)], &bins), [0.0, 8.0, 8.0, 0.0]);
    }

    #[test]
    fn a_stretch_shorter_than_a_bin_counts_by_its_share() {
        let bins = Bins::covering(0.0, 2.0, 1.0);
        assert_eq!(means(&[(0.5, 0.0), (0.75, 8.0), (1.5, 2.0)], &bins), [2.5, 1.0]);
    }

    #[test]
    fn a_point_beyond_the_end_still_fills_the_last_bin() {
        let bins = Bins::covering(1.0, 2.0, 1.0);
        assert_eq!(means(&[(0.0, 0.0), (5.0, 3.0)], &bins), [3.0]);
    }

    #[test]
    fn bins_stay_in_place_while_time_goes_on() {
        let first = |from: f64| Bins::covering(from, from + 10.0, 0.5).first;
        assert_eq!([first(10.1), first(10.4), first(10.6)], [20, 20, 21]);
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
    fn least_largest_and_gap_come_in_order_of_time() {
        for order in [
            [1.0, 2.0, 3.0],
            [1.0, 3.0, 2.0],
            [2.0, 3.0, 1.0],
            [3.0, 2.0, 1.0],
            [3.0, 1.0, 2.0],
        ] {
            let [least, largest, gap] = order;
            let extent = Extent {
                least: Some((least, 5.0)),
                largest: Some((largest, 9.0)),
                gap: Some(gap),
            };
            let times: Vec<f64> = extent.points().map(|(t, _)| t).collect();
            assert_eq!(times, [1.0, 2.0, 3.0]);
        }
        let single = Extent {
            least: Some((2.0, 5.0)),
            largest: Some((2.0, 5.0)),
            gap: Some(1.0),
        };
        assert_eq!(
            single.points().collect::<Curve>(),
            [(1.0, None), (2.0, Some(5.0))]
        );
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
                rates.read_rates(&seen, &bins, sent);
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
        track.read_rates(&points(&[(98.0, 0.0), (99.0, 8.0)]), &late, sent);
        let early = Bins::covering(0.0, 2.0, 1.0);
        track.read_rates(&points(&[(0.0, 0.0), (1.0, 3.0)]), &early, sent);
        assert_eq!(track.values(&early), [3.0, 0.0]);
    }
}
