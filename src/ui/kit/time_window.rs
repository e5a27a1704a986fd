//! The stretch of time that plots show: it follows now until somebody moves it.

/// Which stretch of time is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui) struct TimeWindow {
    /// How long it is while it follows now, seconds.
    pub(in crate::ui) span_s: f64,
    /// Where it stands after it was moved by hand.
    fixed: Option<(f64, f64)>,
}

/// The spans to choose from: one, five and thirty minutes.
pub(in crate::ui) const SPANS: [(f64, &str); 3] = [(60.0, "1 min"), (300.0, "5 min"), (1800.0, "30 min")];

/// The span that the window begins with, and the shorter ones until there is enough to fill it.
const DEFAULT_SPAN_S: f64 = 60.0;
const FIRST_SPANS_S: [f64; 2] = [15.0, 30.0];

const LONGEST_S: f64 = 1800.0;
const SHORTEST_S: f64 = 2.0;

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
    pub(in crate::ui) fn choose(&mut self, span_s: f64) {
        self.span_s = span_s;
        self.fixed = None;
    }

    /// Makes everything larger by `factor`, `around` standing still.
    pub(in crate::ui) fn zoom(&mut self, factor: f64, around: f64, now: f64) {
        let (from, to) = self.range(now);
        self.set(
            around - (around - from) / factor,
            around + (to - around) / factor,
            now,
        );
    }

    /// Another stretch, no shorter and no longer than there is something to see; back at now, it follows again.
    pub(in crate::ui) fn set(&mut self, from: f64, to: f64, now: f64) {
        let (before, wanted) = (self.range(now), to - from);
        let length = wanted.clamp(SHORTEST_S, LONGEST_S);
        if self.is_live() && wanted > before.1 - before.0 && length >= LONGEST_S {
            return;
        }
        // The share of the moment that stands still on the way from the old stretch to the new one.
        let grown = wanted - (before.1 - before.0);
        let share = if grown.abs() > 1e-9 {
            ((before.0 - from) / grown).clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.place(from + share * (wanted - length), length, now);
    }

    fn place(&mut self, from: f64, length: f64, now: f64) {
        let from = from.max(now - LONGEST_S).min(now - length);
        let follows = from + length >= now - 1e-9 && (length - self.following_s(now)).abs() < 1e-6;
        self.fixed = (!follows).then_some((from, from + length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near((from, to): (f64, f64), wanted: (f64, f64)) {
        assert!(
            (from - wanted.0).abs() < 1e-6 && (to - wanted.1).abs() < 1e-6,
            "{from} to {to}"
        );
    }

    #[test]
    fn the_first_minute_is_never_mostly_empty() {
        let window = TimeWindow::default();
        for (now, length) in [
            (3.0, 15.0),
            (15.0, 15.0),
            (16.0, 30.0),
            (31.0, 60.0),
            (61.0, 60.0),
        ] {
            near(window.range(now), (now - length, now));
        }
        let mut chosen = window;
        chosen.choose(300.0);
        near(chosen.range(16.0), (-284.0, 16.0));
    }

    #[test]
    fn a_window_that_is_moved_back_to_now_follows_again() {
        let mut window = TimeWindow::default();
        window.set(30.0, 90.0, 100.0);
        near(window.range(105.0), (30.0, 90.0));
        window.set(80.0, 140.0, 105.0);
        assert!(window.is_live());
    }

    #[test]
    fn a_point_stands_still_while_one_zooms_around_it() {
        let mut window = TimeWindow::default();
        window.zoom(2.0, 70.0, 100.0);
        near(window.range(100.0), (55.0, 85.0));
        window.follow();
        near(window.range(100.0), (40.0, 100.0));
    }

    #[test]
    fn it_stands_still_also_where_one_can_zoom_no_further() {
        let mut window = TimeWindow::default();
        window.zoom(1000.0, 55.0, 100.0);
        near(window.range(100.0), (54.5, 56.5));
        window.zoom(0.001, 55.5, 2000.0);
        near(window.range(2000.0), (200.0, 2000.0));
    }
}
