//! Where plots, their axes and their readout lie.

use egui::{Rect, pos2};

use super::spec::{COUNT, SPECS, THROUGHPUT};

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
/// The least height of a plot, and the share of all that it may take for it.
const LEAST: f32 = 68.0;
const LEAST_SHARE: f32 = 0.212;
/// Below these heights the last two plots take turns, then the last three, and then the first is the only one: what is
/// lower says nothing.
const ROOM_FOR_ALL: f32 = 300.0;
const ROOM_FOR_THREE: f32 = 170.0;
const ROOM_FOR_TWO: f32 = 112.0;

/// The places of everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Places {
    /// The strip above, over the plots' width.
    pub strip: Rect,
    /// All plots.
    pub plots: Rect,
    /// Each plot that is shown.
    pub each: [Option<Rect>; COUNT],
    /// The time axis below.
    pub axis: Rect,
    /// The column at the right.
    pub readout: Rect,
    /// The first of those that take turns at the lowest place, where they do.
    pub turns_from: Option<usize>,
    /// Whether the first is the only one.
    pub alone: bool,
    /// How many times as large text and strokes are as in the window.
    pub scale: f32,
}

impl Places {
    /// Everything within `area`; where some plots take turns, it is the `turn` of that one.
    pub(super) fn new(area: Rect, turn: usize) -> Self {
        let left = area.left() + PADDING + GUTTER;
        let readout_left = (area.right() - PADDING - READOUT).max(left + 80.0);
        let right = readout_left - PADDING;
        let top = area.top() + STRIP;
        let bottom = (area.bottom() - AXIS).max(top + 80.0);
        let column = |top: f32, bottom: f32| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        let plots = column(top, bottom);
        let turns_from = match plots.height() {
            high if high >= ROOM_FOR_ALL => None,
            high if high >= ROOM_FOR_THREE => Some(COUNT - 2),
            _ => Some(COUNT - 3),
        };
        let shown = |plot: usize| match turns_from {
            Some(first) if plot >= first => {
                plot == turn.clamp(first, COUNT - 1) && plots.height() >= ROOM_FOR_TWO
            }
            _ => true,
        };
        let shares: [f32; COUNT] = std::array::from_fn(|plot| {
            SPECS
                .get(plot)
                .filter(|_| shown(plot))
                .map_or(0.0, |spec| spec.share)
        });
        let unit = plots.height() / shares.iter().sum::<f32>();
        // What is least high still has room for three rows beside it; the first plot has most to give.
        let share = if turns_from == Some(COUNT - 3) {
            0.4
        } else {
            LEAST_SHARE
        };
        let least = LEAST.min(plots.height() * share);
        let mut heights = shares.map(|share| {
            if share > 0.0 {
                (share * unit).max(least)
            } else {
                0.0
            }
        });
        let others: f32 = heights.iter().skip(1).sum();
        if let Some(first) = heights.first_mut() {
            *first = plots.height() - others;
        }
        let mut at = top;
        let each = heights.map(|high| {
            let start = at;
            at += high;
            (high > 0.0).then(|| column(start, at))
        });
        Self {
            strip: column(area.top(), top),
            plots,
            each,
            axis: column(bottom, area.bottom()),
            readout: Rect::from_min_max(
                pos2(readout_left, area.top()),
                pos2(area.right() - PADDING, area.bottom()),
            ),
            turns_from,
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
            each: std::array::from_fn(|plot| (plot == THROUGHPUT).then_some(plots)),
            axis: column(bottom, area.bottom()),
            readout: Rect::from_min_max(area.right_top(), area.right_bottom()),
            turns_from: None,
            alone: true,
            scale,
        }
    }

    /// The corner above the labels of the values, for a small button.
    pub(super) fn corner(&self) -> Rect {
        let left = self.plots.left() - GUTTER;
        Rect::from_center_size(pos2(left + 12.0, self.strip.center().y), egui::vec2(24.0, 24.0))
    }

    /// The plots that are shown, from the top down.
    pub(super) fn shown(&self) -> impl Iterator<Item = (usize, Rect)> {
        let plots = self.each.into_iter().enumerate();
        plots.filter_map(|(plot, place)| place.map(|place| (plot, place)))
    }

    /// Whether a plot is the lowest.
    pub(super) fn is_last(&self, plot: usize) -> bool {
        self.shown().last().is_some_and(|(last, _)| last == plot)
    }

    /// The values at the lower and the upper end of a plot that shows those from 0 to `top`, with air beyond both.
    pub(super) fn values(&self, place: Rect, top: f64) -> (f64, f64) {
        let inner = (place.height() - 2.0 * AIR * self.scale).max(1.0);
        let air = top * f64::from(AIR * self.scale / inner);
        (-air, top + air)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_plots_share_a_place_where_there_is_no_room() {
        let area = Rect::from_min_max(pos2(0.0, 0.0), pos2(700.0, 320.0));
        let [third, fourth] = [2, 3].map(|turn| Places::new(area, turn));
        assert_eq!(third.turns_from, Some(2));
        let lowest = |places: &Places| places.shown().last().expect("three plots");
        assert_eq!((lowest(&third).0, lowest(&fourth).0), (2, 3));
        assert!((lowest(&third).1.bottom() - third.plots.bottom()).abs() < 0.5);
        assert_eq!(third.shown().count(), 3);
    }

    #[test]
    fn plots_go_before_they_say_nothing() {
        for (high, plots) in [(500.0, 4), (330.0, 3), (200.0, 2), (140.0, 1)] {
            let area = Rect::from_min_max(pos2(0.0, 0.0), pos2(500.0, high));
            for turn in 1..COUNT {
                let places = Places::new(area, turn);
                let shown: Vec<_> = places.shown().collect();
                assert_eq!(shown.len(), plots, "{high} {turn}");
                assert!(
                    shown.iter().all(|(_, place)| place.height() >= 36.0),
                    "{high}: {shown:?}"
                );
                let sum: f32 = shown.iter().map(|(_, place)| place.height()).sum();
                assert!(
                    (sum - places.plots.height()).abs() < 0.5,
                    "{high}: nothing is left empty"
                );
            }
        }
    }

    #[test]
    fn zero_and_the_top_have_air_beyond_them() {
        let places = Places::new(Rect::from_min_max(pos2(0.0, 0.0), pos2(700.0, 700.0)), 2);
        let place = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 96.0));
        let (low, high) = places.values(place, 100.0);
        assert!(
            (low + 10.0).abs() < 1e-3 && (high - 110.0).abs() < 1e-3,
            "{low} {high}"
        );
    }
}
