//! Where times lie on the width of the lanes, and which of them have a line.

/// Time against the width of the lanes.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub left: f32,
    pub right: f32,
    pub from: f64,
    pub to: f64,
}

impl Scale {
    /// Whether any of a stretch of time is shown.
    pub(super) fn shows(&self, from: f64, to: f64) -> bool {
        from <= self.to && to >= self.from
    }

    /// The place of a time.
    #[expect(clippy::cast_possible_truncation, reason = "a place in a window")]
    pub(super) fn x(&self, t: f64) -> f32 {
        let share = ((t - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        self.left + (self.right - self.left) * share as f32
    }
}

/// The times of the grid: about four over the window, at round steps.
pub(super) fn ticks_from(scale: &Scale, anchor: f64) -> impl Iterator<Item = f64> + use<> {
    let step = step(scale.to - scale.from);
    let (from, to) = (scale.from, scale.to);
    #[expect(clippy::cast_possible_truncation, reason = "a few")]
    let first = ((from - anchor) / step).ceil() as i64;
    (first..)
        .map(move |number| anchor + number as f64 * step)
        .take_while(move |t| *t <= to)
}

/// From one of them to the next, seconds.
pub(super) fn step(span: f64) -> f64 {
    // The window is a little longer than it was meant to be, because it ends with a whole bin.
    let rough = span / 4.0 * 0.95;
    let decade = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|part| part * decade)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * decade)
}
