//! Points of a series brought onto bins of equal length, as a plot of a given width needs them.

use std::collections::VecDeque;

use crate::history::Point;

/// Bins of equal length on the stream's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bins {
    /// Where the first begins, seconds on the stream.
    pub from: f64,
    /// How long each is, seconds.
    pub width: f64,
    /// How many there are.
    pub count: usize,
}

impl Bins {
    /// Bins of `width` seconds that cover `from` to `to`, at whole multiples of the width: so they keep their
    /// content while time goes on.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the width of a window"
    )]
    pub(super) fn covering(from: f64, to: f64, width: f64) -> Self {
        let width = width.max(1e-3);
        let first = (from / width).floor();
        let last = (to / width).ceil();
        Self {
            from: first * width,
            width,
            count: (last - first).clamp(0.0, 100_000.0) as usize,
        }
    }

    /// Where a bin begins.
    pub(super) fn start(&self, bin: usize) -> f64 {
        self.from + bin as f64 * self.width
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped first"
    )]
    fn position(&self, t: f64) -> usize {
        ((t - self.from) / self.width).clamp(0.0, self.count as f64) as usize
    }
}

/// The mean of a rate in each bin. A point's rate holds from the point before it.
pub(super) fn mean_rates(points: &VecDeque<Point>, bins: &Bins, rate: impl Fn(&Point) -> f64) -> Vec<f64> {
    let mut means = vec![0.0; bins.count];
    let end = bins.start(bins.count);
    let first = points.partition_point(|point| point.t <= bins.from);
    let mut before = first
        .checked_sub(1)
        .and_then(|at| points.get(at))
        .map(|point| point.t);
    for point in points.range(first..) {
        let (from, to) = (before.unwrap_or(point.t).max(bins.from), point.t.min(end));
        before = Some(point.t);
        let value = rate(point);
        if value > 0.0 && to > from {
            spread(&mut means, bins, from, to, value);
        }
        if point.t >= end {
            break;
        }
    }
    means
}

fn spread(means: &mut [f64], bins: &Bins, from: f64, to: f64, value: f64) {
    let (first, last) = (bins.position(from), bins.position(to));
    for bin in first..=last {
        let start = bins.start(bin);
        let overlap = to.min(start + bins.width) - from.max(start);
        if let Some(mean) = means.get_mut(bin)
            && overlap > 0.0
        {
            *mean += value * overlap / bins.width;
        }
    }
}

/// The sum of a count in each bin.
pub(super) fn sums(points: &VecDeque<Point>, bins: &Bins, count: impl Fn(&Point) -> u32) -> Vec<f64> {
    let mut sums = vec![0.0; bins.count];
    let first = points.partition_point(|point| point.t < bins.from);
    for point in points.range(first..) {
        let number = count(point);
        if number > 0
            && let Some(sum) = sums.get_mut(bins.position(point.t))
        {
            *sum += f64::from(number);
        }
    }
    sums
}

/// A value over time as a line, `None` where it is absent: at most about `most` points, the least and the largest
/// of each stretch kept.
pub(super) fn line(
    points: &VecDeque<Point>,
    from: f64,
    to: f64,
    most: usize,
    value: impl Fn(&Point) -> Option<f64>,
) -> Vec<(f64, Option<f64>)> {
    // One point beyond each end, so that the line reaches the edges.
    let first = points.partition_point(|point| point.t < from).saturating_sub(1);
    let last = (points.partition_point(|point| point.t <= to) + 1).min(points.len());
    let all = points.range(first..last).map(|point| (point.t, value(point)));
    let count = last - first;
    if count <= most.max(2) {
        return all.collect();
    }
    let width = (to - from) / (most as f64 / 2.0);
    let mut line = Vec::new();
    let mut stretch: Vec<(f64, Option<f64>)> = Vec::new();
    let mut edge = f64::NEG_INFINITY;
    for point in all {
        if point.0 >= edge {
            thin(&mut line, &stretch);
            stretch.clear();
            edge = ((point.0 - from) / width).floor() * width + width + from;
        }
        stretch.push(point);
    }
    thin(&mut line, &stretch);
    line
}

/// Keeps the least and the largest of a stretch, in order of time, and one gap.
fn thin(line: &mut Vec<(f64, Option<f64>)>, stretch: &[(f64, Option<f64>)]) {
    let present = || stretch.iter().filter(|(_, value)| value.is_some());
    let by_value =
        |a: &&(f64, Option<f64>), b: &&(f64, Option<f64>)| a.1.unwrap_or(0.0).total_cmp(&b.1.unwrap_or(0.0));
    let least = present().min_by(by_value);
    let largest = present().max_by(by_value);
    let gap = stretch.iter().find(|(_, value)| value.is_none());
    let mut kept: Vec<_> = [least, largest, gap].into_iter().flatten().copied().collect();
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    kept.dedup();
    line.extend(kept);
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "round numbers")]
mod tests {
    use super::*;

    fn points(rates: &[(f64, f32)]) -> VecDeque<Point> {
        let point = |(t, out_bps): &(f64, f32)| Point {
            t: *t,
            out_bps: *out_bps,
            in_bps: 0.0,
            rtt_us: None,
            cwnd: None,
            retrans: 1,
        };
        rates.iter().map(point).collect()
    }

    fn means(rates: &[(f64, f32)], bins: &Bins) -> Vec<f64> {
        mean_rates(&points(rates), bins, |point| point.out_bps.into())
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
        assert_eq!(
            Bins::covering(10.1, 20.1, 0.5).from,
            Bins::covering(10.4, 20.4, 0.5).from
        );
    }

    #[test]
    fn counts_add_up() {
        let bins = Bins::covering(0.0, 2.0, 1.0);
        let counts = sums(&points(&[(0.1, 0.0), (0.2, 0.0), (1.9, 0.0)]), &bins, |point| {
            point.retrans
        });
        assert_eq!(counts, [2.0, 1.0]);
    }

    #[test]
    fn a_thinned_line_keeps_its_peaks() {
        let mut rates: Vec<_> = (0..1000).map(|step| (f64::from(step), 1.0)).collect();
        rates.push((1000.0, 99.0));
        rates.extend((1001..2000).map(|step| (f64::from(step), 1.0)));
        let thinned = line(&points(&rates), 0.0, 2000.0, 50, |point| {
            Some(point.out_bps.into())
        });
        assert!(thinned.len() <= 60, "{}", thinned.len());
        assert!(thinned.contains(&(1000.0, Some(99.0))));
    }
}
