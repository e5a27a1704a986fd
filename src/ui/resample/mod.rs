//! Points of a series brought onto bins of equal length, as a plot of a given width needs them.

mod track;

pub(super) use self::track::{Timed, Track};
use crate::history::{Gaps, Point, Points};

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

/// A bin of which more than this share is not known says nothing.
const UNKNOWN: f64 = 1e-3;
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

    /// Of which bins enough is known to say what they hold.
    pub(super) fn known(&self, gaps: &Gaps) -> Vec<bool> {
        let mut known = vec![true; self.count];
        for (from, to) in gaps.within(self.start(0), self.start(self.count)) {
            spread(self.first, self.width, (from, to), |bin, share| {
                if let Some(known) = known.get_mut(bin).filter(|_| share > UNKNOWN) {
                    *known = false;
                }
            });
        }
        known
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

/// The mean of a rate in each bin, nothing where nothing is known. A point's rate holds from the point before it.
pub(super) fn mean_rates(
    points: &Points,
    gaps: &Gaps,
    bins: &Bins,
    rate: impl Fn(&Point) -> f64,
) -> Vec<f64> {
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
            for part in gaps.known(stretch) {
                spread(bins.first, bins.width, part, |bin, share| {
                    if let Some(mean) = means.get_mut(bin) {
                        *mean += value * share;
                    }
                });
            }
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

/// Ends a curve where a gap begins, and has it begin anew where that ends.
pub(super) fn cut(curve: &mut Curve, gaps: &Gaps) {
    let (Some((from, _)), Some((to, _))) = (curve.first().copied(), curve.last().copied()) else {
        return;
    };
    for (begin, end) in gaps.within(from, to) {
        curve.retain(|(t, _)| *t <= begin || *t >= end);
        let at = curve.partition_point(|(t, _)| *t <= begin);
        // What was there when the gap began was so until then.
        curve.insert(at, (begin, None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn point((t, out_bps): (f64, f32)) -> Point {
        Point {
            t,
            out_bps,
            in_bps: 0.0,
            rtt_us: None,
            cwnd: None,
            retrans: 1,
        }
    }

    pub(super) fn points(rates: &[(f64, f32)]) -> Points {
        rates.iter().copied().map(point).collect()
    }

    pub(super) fn sent(point: &Point) -> f64 {
        point.out_bps.into()
    }

    fn means(rates: &[(f64, f32)], bins: &Bins) -> Vec<f64> {
        let points = points(rates);
        let gaps = Gaps::default();
        let means = mean_rates(&points, &gaps, bins, sent);
        let mut track = Track::<f64>::default();
        track.read_rates(&points, &gaps, bins, sent);
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
}
