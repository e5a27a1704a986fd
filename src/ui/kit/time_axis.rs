//! Time against the width of something: one transform between seconds and points for plots, lanes and overview, and the
//! round steps of their labels.

/// A stretch of time over a stretch of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui) struct TimeAxis {
    /// From when to when, seconds on the stream.
    pub from: f64,
    pub to: f64,
    /// Where they lie, points.
    pub left: f32,
    pub right: f32,
}

impl TimeAxis {
    /// The place of a time, also of one that is not shown.
    #[expect(clippy::cast_possible_truncation, reason = "a place in a window")]
    pub(in crate::ui) fn x(&self, t: f64) -> f32 {
        let share = (t - self.from) / (self.to - self.from);
        self.left + (share * f64::from(self.right - self.left)) as f32
    }

    /// The place of a time; for one that is not shown, the nearer end.
    pub(in crate::ui) fn x_clamped(&self, t: f64) -> f32 {
        self.x(t.clamp(self.from, self.to))
    }

    /// The time at a place.
    pub(in crate::ui) fn time(&self, x: f32) -> f64 {
        let share = f64::from((x - self.left) / (self.right - self.left).max(1.0));
        self.from + share * (self.to - self.from)
    }

    /// How long it is, seconds.
    pub(in crate::ui) fn length(&self) -> f64 {
        self.to - self.from
    }

    /// Whether any of a stretch of time is shown.
    pub(in crate::ui) fn shows(&self, from: f64, to: f64) -> bool {
        from <= self.to && to >= self.from
    }

    /// A round step whose labels stand at least so many points apart, seconds.
    pub(in crate::ui) fn step(&self, apart: f32) -> f64 {
        let per_point = self.length() / f64::from((self.right - self.left).max(1.0));
        round_step(f64::from(apart) * per_point)
    }

    /// The times that are a whole number of steps from `anchor`.
    pub(in crate::ui) fn ticks(&self, step: f64, anchor: f64) -> impl Iterator<Item = f64> + use<> {
        // A tick at an end is one, however it was rounded.
        let (from, to) = (self.from - 1e-6, self.to + 1e-6);
        #[expect(clippy::cast_possible_truncation, reason = "as many as have room")]
        let first = ((from - anchor) / step).ceil() as i64;
        (first..)
            .map(move |number| anchor + number as f64 * step)
            .take_while(move |t| *t <= to)
    }
}

/// The round steps above a second: those of a clock.
const STEPS_S: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0,
    28_800.0, 86_400.0,
];

/// The least round step that is not below `least`, seconds; a day where there is none.
pub(in crate::ui) fn round_step(least: f64) -> f64 {
    if least < 1.0 {
        let decade = 10_f64.powf(least.max(1e-6).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|part| part * decade);
        return steps.into_iter().find(|step| *step >= least).unwrap_or(1.0);
    }
    STEPS_S
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(86_400.0)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "round numbers")]
mod tests {
    use super::*;

    const AXIS: TimeAxis = TimeAxis {
        from: 0.0,
        to: 60.0,
        left: 200.0,
        right: 1000.0,
    };

    #[test]
    fn a_time_and_its_place_are_inverse() {
        assert!((AXIS.time(AXIS.x(42.0)) - 42.0).abs() < 1e-3);
        assert_eq!(AXIS.x(30.0), 600.0);
        assert_eq!(AXIS.x_clamped(90.0), 1000.0, "nothing lies beyond the end");
    }

    #[test]
    fn time_labels_are_far_enough_apart() {
        let step = |length: f64| TimeAxis { to: length, ..AXIS }.step(800.0 / 7.0);
        assert_eq!([60.0, 300.0, 1800.0].map(step), [10.0, 60.0, 300.0]);
        assert_eq!(
            [0.03, 0.2, 0.9, 3.0, 14.0, 1e6].map(round_step),
            [0.05, 0.2, 1.0, 5.0, 15.0, 86_400.0]
        );
    }

    #[test]
    fn ticks_reach_from_end_to_end() {
        let ticks: Vec<f64> = AXIS.ticks(20.0, 60.0).collect();
        assert_eq!(ticks, [0.0, 20.0, 40.0, 60.0]);
        let ticks: Vec<f64> = AXIS.ticks(20.0, 5.0).collect();
        assert_eq!(ticks, [5.0, 25.0, 45.0]);
    }
}
