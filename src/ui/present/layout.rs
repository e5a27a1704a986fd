//! Where the parts of present mode lie. Everything is laid out for a height of 720 and grows with the window's.

use egui::{Pos2, Rect, pos2};

use crate::ui::map::Sizes;

/// The height that the sizes are for, and the least width that they need.
const HIGH: f32 = 720.0;
const WIDE: f32 = 1120.0;
/// Air at both sides.
const SIDE: f32 = 32.0;
/// Where the map begins, below the sentence.
const MAP: f32 = 108.0;
/// The height of a row of keys, and the air above and below all of them.
const ROW: f32 = 44.0;
const AROUND: f32 = 8.0;
/// The least height of the plot with its axis and its marks.
const PLOT: f32 = 206.0;
/// The width of the figures beside the plot.
const FIGURES: f32 = 240.0;
/// Between plot and figures.
const GAP: f32 = 40.0;

/// The places of everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Places {
    /// How many times as large everything is as on 1280×720.
    pub scale: f32,
    /// The left middles of the sentence and of its second line, and how wide they may be.
    pub sentence: Pos2,
    pub second: Pos2,
    pub room: f32,
    /// The map, at most.
    pub map: Rect,
    /// The strip of keys.
    pub keys: Rect,
    /// The middles of its rows.
    rows: [f32; 2],
}

impl Places {
    /// Everything within `area`, with so many rows of keys, one or two.
    pub(super) fn new(area: Rect, rows: u8) -> Self {
        let scale = (area.height() / HIGH).min(area.width() / WIDE).max(0.1);
        let left = area.left() + SIDE * scale;
        let right = area.right() - SIDE * scale;
        let y = |y: f32| area.top() + y * scale;
        let high = f32::from(rows) * ROW + 2.0 * AROUND;
        let keys = Rect::from_min_max(pos2(area.left(), area.bottom() - high * scale), area.max);
        let row = |from_below: f32| keys.bottom() - (AROUND + (from_below + 0.5) * ROW) * scale;
        Self {
            scale,
            sentence: pos2(left, y(46.0)),
            second: pos2(left, y(88.0)),
            room: right - left,
            map: Rect::from_min_max(pos2(left, y(MAP)), pos2(right, keys.top() - PLOT * scale)),
            keys,
            rows: [row(1.0), row(0.0)],
        }
    }

    /// The middle of the row of the scenario, and that of what is shown.
    pub(super) fn rows(&self) -> [f32; 2] {
        self.rows
    }

    /// With the sentence in the middle, where there is nothing else to see.
    pub(super) fn in_the_middle(&self) -> Self {
        let down = egui::vec2(0.0, self.map.center().y - self.sentence.y);
        Self {
            sentence: self.sentence + down,
            second: self.second + down,
            ..*self
        }
    }

    /// The sizes of the map.
    pub(super) fn sizes(&self) -> Sizes {
        Sizes::PRESENT.times(self.scale)
    }

    /// The plot and the figures beside it, between the map's bottom and the keys.
    pub(super) fn below(&self, map_bottom: f32) -> (Rect, Rect) {
        let bottom = self.keys.top() - 8.0 * self.scale;
        let figures = self.map.right() - FIGURES * self.scale;
        let plot = Rect::from_min_max(
            pos2(self.map.left(), map_bottom),
            pos2(figures - GAP * self.scale, bottom),
        );
        let figures = Rect::from_min_max(pos2(figures, map_bottom), pos2(self.map.right(), bottom));
        (plot, figures)
    }
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    #[test]
    fn everything_grows_with_the_window_and_finds_its_room() {
        for (size, scale) in [
            (vec2(1280.0, 720.0), 1.0),
            (vec2(1920.0, 1080.0), 1.5),
            (vec2(1024.0, 640.0), 640.0 / 720.0),
            (vec2(800.0, 900.0), 800.0 / 1120.0),
        ] {
            let places = Places::new(Rect::from_min_size(Pos2::ZERO, size), 2);
            assert!((places.scale - scale).abs() < 1e-3, "{size:?}: {}", places.scale);
            // Three interfaces with two lines each have room.
            assert!(places.map.height() >= 292.0 * scale, "{size:?}");
            let (plot, figures) = places.below(places.map.bottom());
            assert!(plot.width() > 600.0 * scale && plot.right() < figures.left());
            assert!(plot.bottom() < places.keys.top());
        }
    }
}
