//! Fewer points for what lies back: neighbours are merged into stretches that say the same in sum.

use std::collections::VecDeque;

use super::Point;

/// What is newer than this is the newest minute, seconds.
const NEW_S: f64 = 60.0;

/// How far apart points are kept, seconds; 0 keeps each, `None` none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spacing {
    /// Within the newest minute.
    new_s: f64,
    /// Before it.
    old_s: Option<f64>,
}

impl Spacing {
    /// For a series that alone has become long: no plot shows more.
    pub(super) const FINEST: Self = Self::new(0.0, Some(0.25));

    /// From everything to the least that still tells something.
    pub(super) const LEVELS: [Self; 7] = [
        Self::new(0.0, Some(0.0)),
        Self::new(0.0, Some(1.0)),
        Self::new(0.0, Some(5.0)),
        Self::new(1.0, Some(15.0)),
        Self::new(2.0, Some(60.0)),
        Self::new(5.0, Some(120.0)),
        Self::new(15.0, None),
    ];

    const fn new(new_s: f64, old_s: Option<f64>) -> Self {
        Self { new_s, old_s }
    }

    /// How far apart points of an age are kept; `None` when they are not.
    fn at(self, age_s: f64) -> Option<f64> {
        if age_s <= NEW_S {
            Some(self.new_s)
        } else {
            self.old_s
        }
    }
}

/// Forgets what is older than `span_s`, and merges points that fall into one stretch of `spacing`. Stretches begin at
/// whole multiples of their length, so that merging again changes nothing. The first point has no stretch of its own
/// and stays as it is; the newest always stays, because the next rate begins there.
pub(super) fn thin(points: &mut VecDeque<Point>, now: f64, span_s: f64, spacing: Spacing) {
    let oldest = now - span_s;
    while points.front().is_some_and(|point| point.t < oldest) {
        points.pop_front();
    }
    let mut kept = 0;
    // Where the stretch of the point being merged begins, and which one it is.
    let mut open: Option<(f64, Point)> = None;
    for at in 0..points.len() {
        let (Some(point), newest) = (points.get(at).copied(), at + 1 == points.len()) else {
            break;
        };
        let Some(width) = spacing.at(now - point.t) else {
            // Dropped, but its end is where the next stretch begins.
            open = Some((point.t, point));
            continue;
        };
        open = Some(match open {
            Some((begins, so_far)) if kept > 0 && same_stretch(&so_far, &point, width) && !newest => {
                (begins, merged(begins, &so_far, &point))
            }
            Some((_, so_far)) => {
                store(points, &mut kept, so_far);
                (so_far.t, point)
            }
            None => (point.t, point),
        });
    }
    if let Some((_, last)) = open {
        store(points, &mut kept, last);
    }
    points.truncate(kept);
}

fn store(points: &mut VecDeque<Point>, kept: &mut usize, point: Point) {
    if let Some(place) = points.get_mut(*kept) {
        *place = point;
        *kept += 1;
    }
}

fn same_stretch(a: &Point, b: &Point, width: f64) -> bool {
    // A stretch ends at its multiple: a point exactly there is its last.
    let stretch = |point: &Point| (point.t / width).ceil();
    width > 0.0 && (stretch(a) - stretch(b)).abs() < 0.5
}

/// One point for two neighbours, the first of which speaks of the time from `begins`: rates by their share of the
/// time, counts in sum, states as they were at the end.
fn merged(begins: f64, a: &Point, b: &Point) -> Point {
    let (first, second) = (a.t - begins, b.t - a.t);
    let whole = first + second;
    #[expect(clippy::cast_possible_truncation, reason = "a mean of two f32")]
    let mean = |x: f32, y: f32| {
        if whole > 0.0 {
            ((f64::from(x) * first + f64::from(y) * second) / whole) as f32
        } else {
            y
        }
    };
    Point {
        t: b.t,
        out_bps: mean(a.out_bps, b.out_bps),
        in_bps: mean(a.in_bps, b.in_bps),
        rtt_us: b.rtt_us.or(a.rtt_us),
        cwnd: b.cwnd.or(a.cwnd),
        retrans: a.retrans.saturating_add(b.retrans),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(step_s: f64, count: u32) -> VecDeque<Point> {
        let point = |number: u32| Point {
            t: f64::from(number) * step_s,
            #[expect(clippy::cast_precision_loss, reason = "small")]
            out_bps: number as f32,
            in_bps: 0.0,
            rtt_us: std::num::NonZeroU32::new(number),
            cwnd: None,
            retrans: 1,
        };
        (0..count).map(point).collect()
    }

    /// What was sent in sum, bits.
    fn bits(points: &VecDeque<Point>) -> f64 {
        let pairs = points.iter().zip(points.iter().skip(1));
        pairs.map(|(a, b)| f64::from(b.out_bps) * (b.t - a.t)).sum()
    }

    #[test]
    fn the_newest_minute_stays_and_what_is_before_becomes_one_point_a_second() {
        let mut series = points(0.25, 1000);
        let now = 249.75;
        thin(&mut series, now, 1800.0, Spacing::new(0.0, Some(1.0)));
        let new = series.iter().filter(|point| now - point.t <= 60.0).count();
        assert_eq!(new, 241, "one every 250 ms, both ends");
        assert_eq!(
            series.len() - new,
            191,
            "190 stretches before it, and the first point"
        );
    }

    #[test]
    fn merging_keeps_what_was_sent_and_what_was_sent_again() {
        let before = points(0.25, 1000);
        let mut after = before.clone();
        thin(&mut after, 249.75, 1800.0, Spacing::new(1.0, Some(15.0)));
        assert!(after.len() < 80, "{}", after.len());
        assert!((bits(&before) - bits(&after)).abs() < bits(&before) * 1e-5);
        let again = |points: &VecDeque<Point>| points.iter().map(|point| point.retrans).sum::<u32>();
        assert_eq!(again(&before), again(&after));
        assert_eq!(after.back(), before.back(), "the newest stays");
    }

    #[test]
    fn merging_again_changes_nothing() {
        for spacing in Spacing::LEVELS {
            let mut once = points(0.25, 1000);
            thin(&mut once, 249.75, 1800.0, spacing);
            let mut twice = once.clone();
            thin(&mut twice, 249.75, 1800.0, spacing);
            assert_eq!(once, twice, "{spacing:?}");
        }
    }

    #[test]
    fn nothing_older_than_the_span_is_kept() {
        let mut series = points(1.0, 100);
        thin(&mut series, 99.0, 30.0, Spacing::new(0.0, Some(0.0)));
        assert_eq!(series.front().map(|point| point.t), Some(69.0));
        let mut series = points(1.0, 100);
        thin(&mut series, 99.0, 1800.0, Spacing::new(0.0, None));
        assert_eq!(series.len(), 62, "a minute, and where its first stretch begins");
    }
}
