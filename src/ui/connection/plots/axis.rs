//! The time window, and heights of plots that do not flicker.

/// Which stretch of time is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui) struct TimeWindow {
    /// How long it is while it follows now, seconds.
    pub(in crate::ui) span_s: f64,
    /// Where it stands after it was moved by hand.
    fixed: Option<(f64, f64)>,
}

/// The spans to choose from: one, five and thirty minutes.
pub(super) const SPANS: [(f64, &str); 3] = [(60.0, "1 min"), (300.0, "5 min"), (1800.0, "30 min")];

/// The span that the window begins with, and the shorter ones until there is enough to fill it.
const DEFAULT_SPAN_S: f64 = 60.0;
const FIRST_SPANS_S: [f64; 2] = [15.0, 30.0];

const LONGEST: f64 = 1800.0;
const SHORTEST: f64 = 2.0;

impl Default for TimeWindow {
    fn default() -> Self {
        Self {
            span_s: DEFAULT_SPAN_S,
            fixed: None,
        }
    }
}

impl TimeWindow {
    /// From when to when.
    pub(in crate::ui) fn range(&self, now: f64) -> (f64, f64) {
        self.fixed.unwrap_or((now - self.following_s(now), now))
    }

    /// How long the stretch is that follows now: at first no longer than twice what there is to see.
    fn following_s(&self, now: f64) -> f64 {
        let spans = FIRST_SPANS_S.into_iter().filter(|span| *span < self.span_s);
        let first = spans.filter(|_| self.span_s <= DEFAULT_SPAN_S);
        first.into_iter().find(|span| *span >= now).unwrap_or(self.span_s)
    }

    /// Shows a moment, in its middle where there is enough time on both sides.
    pub(in crate::ui) fn show(&mut self, t: f64, now: f64) {
        let (from, to) = self.range(now);
        if !(from..=to).contains(&t) {
            self.place(t - (to - from) / 2.0, to - from, now);
        }
    }

    /// Whether it follows now.
    pub(in crate::ui) fn is_live(&self) -> bool {
        self.fixed.is_none()
    }

    /// Follows now again.
    pub(in crate::ui) fn follow(&mut self) {
        self.fixed = None;
    }

    /// Another span, following now.
    pub(super) fn choose(&mut self, span_s: f64) {
        self.span_s = span_s;
        self.fixed = None;
    }

    /// Moves by so many seconds; back at now, it follows again.
    pub(super) fn pan(&mut self, seconds: f64, now: f64) {
        let (from, to) = self.range(now);
        self.place(from + seconds, to - from, now);
    }

    /// Makes everything larger by `factor`, `around` standing still.
    pub(in crate::ui) fn zoom(&mut self, factor: f64, around: f64, now: f64) {
        let (from, to) = self.range(now);
        let length = ((to - from) / factor).clamp(SHORTEST, LONGEST);
        let share = (around - from) / (to - from);
        if self.is_live() && length >= LONGEST {
            return;
        }
        self.place(around - share * length, length, now);
    }

    fn place(&mut self, from: f64, length: f64, now: f64) {
        let from = from.max(now - LONGEST).min(now - length);
        let follows = from + length >= now - 1e-9 && (length - self.following_s(now)).abs() < 1e-6;
        self.fixed = (!follows).then_some((from, from + length));
    }
}

/// The height of a plot: grows at once, shrinks only after ten seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct YAxis {
    top: f64,
    smaller_since: Option<f64>,
}

const HOLD_S: f64 = 10.0;

impl YAxis {
    /// The top for a largest value; held while the plots follow `now`.
    pub(super) fn top(&mut self, highest: f64, whole: bool, now: Option<f64>) -> f64 {
        let wanted = nice(highest, whole);
        let Some(now) = now else {
            *self = Self {
                top: wanted,
                smaller_since: None,
            };
            return wanted;
        };
        if wanted >= self.top {
            self.top = wanted;
            self.smaller_since = None;
        } else {
            let since = *self.smaller_since.get_or_insert(now);
            if now - since >= HOLD_S || now < since {
                self.top = wanted;
                self.smaller_since = None;
            }
        }
        self.top
    }
}

/// The least of 1, 1.5, 2, 3, 5, 7.5 times a power of ten that is not below `highest`; for counts never less
/// than 5 and never with a fraction.
pub(super) fn nice(highest: f64, whole: bool) -> f64 {
    let least = if whole { 5.0 } else { 0.01 };
    let highest = highest.max(least) * 0.999_999;
    let decade = 10_f64.powf(highest.log10().floor());
    [1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0]
        .into_iter()
        .map(|step| step * decade)
        .filter(|top| !whole || top.fract() == 0.0)
        .find(|top| *top >= highest)
        .unwrap_or(10.0 * decade)
}

/// Where the lines and labels stand: at most four, zero included.
pub(super) fn ticks(top: f64, whole: bool, most: usize) -> Vec<f64> {
    let decade = 10_f64.powf((top * 1.000_001).log10().floor());
    let mantissa = top / decade;
    let parts: u8 = match mantissa {
        mantissa if mantissa < 1.2 => 2,
        mantissa if mantissa < 1.7 => 3,
        mantissa if mantissa < 2.5 => 2,
        mantissa if mantissa < 4.0 => 3,
        mantissa if mantissa < 6.0 => 2,
        _ => 3,
    };
    let fits = usize::from(parts) < most && (!whole || (top / f64::from(parts)).fract() == 0.0);
    let parts = if fits { parts } else { 1 };
    (0..=parts)
        .map(|part| top * f64::from(part) / f64::from(parts))
        .collect()
}

/// A label at a tick: as many decimals as the ticks need.
pub(super) fn tick_label(value: f64, top: f64) -> String {
    let decimals = match top {
        top if top < 0.1 => 3,
        top if top < 1.0 => 2,
        top if top < 10.0 && (top / 2.0).fract() != 0.0 => 1,
        _ => 0,
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Where the labels of the time axis stand, seconds before the end, and how far apart.
pub(super) fn time_step(length: f64, most: f64) -> f64 {
    [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0]
        .into_iter()
        .find(|step| length / step <= most)
        .unwrap_or(900.0)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "round numbers")]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round() {
        let tops = [0.0, 0.3, 1.0, 1.2, 41.0, 116.0, 151.0, 760.0].map(|highest| nice(highest, false));
        let wanted = [0.01, 0.3, 1.0, 1.5, 50.0, 150.0, 200.0, 1000.0];
        for (top, wanted) in tops.iter().zip(wanted) {
            assert!((top - wanted).abs() < wanted * 1e-9, "{top} {wanted}");
        }
        assert_eq!(
            [1.0, 6.0, 12.0].map(|highest| nice(highest, true)),
            [5.0, 10.0, 15.0]
        );
    }

    #[test]
    fn there_are_at_most_four_ticks() {
        assert_eq!(ticks(150.0, false, 4), [0.0, 50.0, 100.0, 150.0]);
        assert_eq!(ticks(20.0, true, 4), [0.0, 10.0, 20.0]);
        assert_eq!(ticks(5.0, true, 4), [0.0, 5.0]);
        assert_eq!(ticks(75.0, false, 3), [0.0, 75.0]);
    }

    #[test]
    fn labels_have_no_needless_decimals() {
        assert_eq!(
            [0.0, 0.5, 1.0].map(|value| tick_label(value, 1.0)),
            ["0", "0.5", "1"]
        );
        assert_eq!(tick_label(2.5, 7.5), "2.5");
        assert_eq!(tick_label(100.0, 150.0), "100");
    }

    #[test]
    fn an_axis_grows_at_once_and_shrinks_after_ten_seconds() {
        let mut axis = YAxis::default();
        let mut top = |highest, now| axis.top(highest, false, Some(now));
        let tops = [
            top(9.0, 0.0),
            top(90.0, 1.0),
            top(9.0, 2.0),
            top(9.0, 11.9),
            top(9.0, 12.0),
        ];
        assert_eq!(tops, [10.0, 100.0, 100.0, 100.0, 10.0]);
    }

    #[test]
    fn the_first_minute_is_never_mostly_empty() {
        let window = TimeWindow::default();
        let spans = [3.0, 15.0, 16.0, 31.0, 61.0].map(|now| {
            let (from, to) = window.range(now);
            to - from
        });
        assert_eq!(spans, [15.0, 15.0, 30.0, 60.0, 60.0]);
        let mut chosen = window;
        chosen.choose(300.0);
        assert_eq!(chosen.range(16.0), (-284.0, 16.0), "what was chosen is kept");
    }

    #[test]
    fn a_window_that_is_moved_back_to_now_follows_again() {
        let mut window = TimeWindow::default();
        window.pan(-10.0, 100.0);
        assert_eq!(window.range(105.0), (30.0, 90.0));
        window.pan(50.0, 105.0);
        assert!(window.is_live());
    }

    #[test]
    fn a_point_stands_still_while_one_zooms_around_it() {
        let mut window = TimeWindow::default();
        window.zoom(2.0, 70.0, 100.0);
        assert_eq!(window.range(100.0), (55.0, 85.0));
        window.follow();
        assert_eq!(window.range(100.0), (40.0, 100.0));
    }

    #[test]
    fn time_labels_are_far_enough_apart() {
        assert_eq!(
            [60.0, 300.0, 1800.0].map(|length| time_step(length, 7.0)),
            [10.0, 60.0, 300.0]
        );
    }
}
