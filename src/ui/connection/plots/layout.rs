//! Where plots, their axes and their readout lie.

use egui::{Rect, pos2};

/// Space left of the plots for labels.
pub(super) const GUTTER: f32 = 40.0;
/// Height of the strip with events.
pub(super) const STRIP: f32 = 28.0;
/// Height of the time axis.
pub(super) const AXIS: f32 = 24.0;
/// Air above and below inside each plot.
pub(super) const AIR: f32 = 8.0;
const READOUT: f32 = 160.0;
const PADDING: f32 = 16.0;
/// Shares of the height: throughput, RTT, congestion window, retransmissions.
const SHARES: [f32; 4] = [136.0, 88.0, 72.0, 72.0];
/// The least height of a plot, and the share of all that it may take for it.
const LEAST: f32 = 68.0;
const LEAST_SHARE: f32 = 0.212;
/// Below this height the last two become tabs of one.
const ROOM_FOR_FOUR: f32 = 300.0;

/// The places of everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Places {
    /// The strip above, over the plots' width.
    pub strip: Rect,
    /// All plots.
    pub plots: Rect,
    /// Each plot; where the last two share a place, both have the same.
    pub each: [Rect; 4],
    /// The time axis below.
    pub axis: Rect,
    /// The column at the right.
    pub readout: Rect,
    /// Whether the last two share a place.
    pub shared: bool,
    /// Whether the first is the only one.
    pub alone: bool,
    /// How many times as large text and strokes are as in the window.
    pub scale: f32,
}

impl Places {
    /// Everything within `area`.
    pub(super) fn new(area: Rect) -> Self {
        let left = area.left() + PADDING + GUTTER;
        let readout_left = (area.right() - PADDING - READOUT).max(left + 80.0);
        let right = readout_left - PADDING;
        let top = area.top() + STRIP;
        let bottom = (area.bottom() - AXIS).max(top + 80.0);
        let column = |top: f32, bottom: f32| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        let plots = column(top, bottom);
        let shared = plots.height() < ROOM_FOR_FOUR;
        let [first, second, third, fourth] = SHARES;
        let sum = first + second + third + if shared { 0.0 } else { fourth };
        let unit = plots.height() / sum;
        // What is least high still has room for three rows beside it; the first plot has most to give.
        let least = LEAST.min(plots.height() * LEAST_SHARE);
        let given = [second, third, fourth].map(|share| (least - share * unit).max(0.0));
        let [of_second, of_third, of_fourth] = given;
        let taken = of_second + of_third + if shared { 0.0 } else { of_fourth };
        let mut at = top;
        let mut next = |share: f32, more: f32| {
            let start = at;
            at += share * unit + more;
            column(start, at)
        };
        let (one, two, three) = (
            next(first, -taken),
            next(second, of_second),
            next(third, of_third),
        );
        let four = if shared { three } else { next(fourth, of_fourth) };
        Self {
            strip: column(area.top(), top),
            plots,
            each: [one, two, three, four],
            axis: column(bottom, area.bottom()),
            readout: Rect::from_min_max(
                pos2(readout_left, area.top()),
                pos2(area.right() - PADDING, area.bottom()),
            ),
            shared,
            alone: false,
            scale: 1.0,
        }
    }

    /// The first plot alone within `area`, everything `scale` times as large, and no readout.
    pub(super) fn alone(area: Rect, scale: f32) -> Self {
        let (left, top) = (area.left() + GUTTER * scale, area.top() + STRIP * scale);
        let bottom = (area.bottom() - AXIS * scale).max(top + 20.0);
        let column = |top: f32, bottom: f32| Rect::from_min_max(pos2(left, top), pos2(area.right(), bottom));
        let plots = column(top, bottom);
        Self {
            strip: column(area.top(), top),
            plots,
            each: [plots; 4],
            axis: column(bottom, area.bottom()),
            readout: Rect::from_min_max(area.right_top(), area.right_bottom()),
            shared: false,
            alone: true,
            scale,
        }
    }

    /// The place of a value within a plot whose top is `top`.
    #[expect(clippy::cast_possible_truncation, reason = "a place in a window")]
    pub(super) fn y_at(&self, plot: Rect, value: f64, top: f64) -> f32 {
        let inner = plot.shrink2(egui::vec2(0.0, AIR * self.scale));
        inner.bottom() - (value / top) as f32 * inner.height()
    }

    /// The time at a place.
    pub(super) fn time_at(&self, x: f32, from: f64, to: f64) -> f64 {
        let share = f64::from((x - self.plots.left()) / self.plots.width());
        from + share * (to - from)
    }

    /// The place of a time.
    #[expect(clippy::cast_possible_truncation, reason = "a place in a window")]
    pub(super) fn x_at(&self, t: f64, from: f64, to: f64) -> f32 {
        let share = (t - from) / (to - from);
        self.plots.left() + (share * f64::from(self.plots.width())) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_and_its_place_are_inverse() {
        let places = Places::new(Rect::from_min_max(pos2(300.0, 100.0), pos2(1400.0, 700.0)));
        let x = places.x_at(42.0, 0.0, 60.0);
        assert!((places.time_at(x, 0.0, 60.0) - 42.0).abs() < 1e-3);
    }

    #[test]
    fn the_last_two_plots_share_a_place_where_there_is_no_room() {
        let places = Places::new(Rect::from_min_max(pos2(0.0, 0.0), pos2(700.0, 320.0)));
        assert!(places.shared);
        let [_, _, third, fourth] = places.each;
        assert_eq!(third, fourth);
        assert!((third.bottom() - places.plots.bottom()).abs() < 0.5);
    }
}
