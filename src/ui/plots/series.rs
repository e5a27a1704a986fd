//! What the plots draw: a layer for each subflow that lived within the window.

use rustc_hash::FxHashMap;

use super::spec::{COUNT, SPECS, Shows};
use crate::history::{Condition, Gaps, Point, SubflowHistory};
use crate::model::{ConnectionId, Cookie};
use crate::ui::resample::{Bins, Curve, Extent, Track, cut};
use crate::ui::theme::Slot;
use crate::ui::view::{Direction, View};

/// What was read of each subflow's points.
pub(super) type Tracks = FxHashMap<Cookie, [Reading; COUNT]>;

/// What was read for one plot, and what is read of a point.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    Stack(Track<f64>, fn(&Point, Direction) -> f64),
    Lines(Track<Extent>, fn(&Point) -> Option<f64>),
    Bars(Track<u32>, fn(&Point) -> u32),
}

impl Reading {
    fn of(shows: Shows) -> Self {
        match shows {
            Shows::Stack(rate) => Self::Stack(Track::default(), rate),
            Shows::Lines(value) => Self::Lines(Track::default(), value),
            Shows::Bars(count) => Self::Bars(Track::default(), count),
        }
    }
}

/// One subflow.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub name: String,
    pub slot: Slot,
    pub backup: bool,
    /// Whether data waits and nothing gets through.
    pub lost: bool,
    /// When it began and, if it did, ended.
    pub life: (f64, Option<f64>),
    /// Its rate now, Mbit/s.
    pub mbps: f64,
    /// What each plot draws of it.
    pub drawn: [Drawn; COUNT],
}

/// What a plot draws of a subflow.
#[derive(Clone, Debug)]
pub(super) enum Drawn {
    Stack(Stacked),
    Lines(Curve),
    /// What was counted in each bar.
    Bars(Vec<f64>),
}

/// A layer of a stack.
#[derive(Clone, Debug)]
pub(super) struct Stacked {
    /// Its rate in each bin.
    pub rates: Vec<f64>,
    /// What it and the layers below it move together.
    pub tops: Vec<f64>,
}

/// All that the plots draw.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub layers: Vec<Layer>,
    pub bins: Bins,
    /// Of which of them anything is known.
    pub known: Vec<bool>,
    /// The bins of bars.
    pub bars: Bins,
    /// The rate of all together now, Mbit/s.
    pub total_mbps: f64,
    /// The decimals of every rate.
    pub decimals: usize,
    /// Whether a bin holds several points, so that nobody sees how they are joined.
    pub dense: bool,
}

/// How wide a bin is at least, in points of the window.
const BIN: f64 = 2.0;
/// How far apart bars are at least.
const BAR: f64 = 4.0;

impl Series {
    /// The layers of a connection from one time to another, over `width` points of the window.
    pub(super) fn new(
        connection: ConnectionId,
        view: &View<'_>,
        (from, to): (f64, f64),
        width: f32,
        tracks: &mut Tracks,
    ) -> Self {
        let interval = view.interval_ms as f64 / 1000.0;
        let point = (to - from) / f64::from(width.max(16.0));
        let bins = Bins::covering(from, to, (BIN * point).max(interval));
        // So many bins to a bar.
        let together = if bins.width < BAR * point { 2.0 } else { 1.0 };
        let mut subflows: Vec<&SubflowHistory> = view
            .shown
            .subflows_of(connection)
            // What is there now has its figures beside the plots, whatever they show.
            .filter(|subflow| {
                let ended = subflow.ended_at;
                ended.is_none_or(|ended| ended >= from && subflow.began_at <= to)
            })
            .collect();
        view.sort(&mut subflows);
        tracks.retain(|cookie, _| subflows.iter().any(|subflow| subflow.last.cookie == *cookie));
        let mut series = Self {
            layers: Vec::with_capacity(subflows.len()),
            known: bins.known(view.shown.gaps()),
            bins,
            total_mbps: view.total_bps(connection) / 1e6,
            decimals: view.decimals(connection),
            bars: Bins::covering(from, to, bins.width * together),
            dense: bins.width > 1.5 * interval,
        };
        for subflow in subflows {
            let readings = tracks
                .entry(subflow.last.cookie)
                .or_insert_with(|| SPECS.each_ref().map(|spec| Reading::of(spec.shows)));
            let layer = series.layer(subflow, readings, view);
            series.layers.push(layer);
        }
        series
    }

    /// The next layer, on those that are there.
    fn layer(&self, subflow: &SubflowHistory, readings: &mut [Reading; COUNT], view: &View<'_>) -> Layer {
        let path = view.path(subflow.last.interface.as_deref());
        let direction = view.direction_of(subflow.connection);
        let end = subflow.ended_at.unwrap_or(view.shown.now());
        let mut plot = 0;
        let drawn = readings.each_mut().map(|reading| {
            let drawn = self.drawn(plot, reading, subflow, (view.shown.gaps(), direction, end));
            plot += 1;
            drawn
        });
        Layer {
            name: path.name,
            slot: path.slot,
            backup: subflow.last.is_backup(),
            lost: view.condition(subflow) == Condition::Stalled,
            life: (subflow.began_at, subflow.ended_at),
            mbps: view.bps(subflow) / 1e6,
            drawn,
        }
    }

    /// What a plot draws of a subflow until `end`.
    fn drawn(
        &self,
        plot: usize,
        reading: &mut Reading,
        subflow: &SubflowHistory,
        (gaps, direction, end): (&Gaps, Direction, f64),
    ) -> Drawn {
        let points = &subflow.points;
        match reading {
            Reading::Stack(track, rate) => {
                track.read_rates(points, gaps, &self.bins, |point| rate(point, direction));
                let rates = track.values(&self.bins);
                let mut tops = rates.clone();
                if let Some(Drawn::Stack(below)) = self.layers.last().and_then(|layer| layer.drawn.get(plot))
                {
                    for (top, below) in tops.iter_mut().zip(&below.tops) {
                        *top += below;
                    }
                }
                Drawn::Stack(Stacked { rates, tops })
            }
            Reading::Lines(track, value) => {
                track.read_extents(points, &self.bins, *value);
                let mut curve = track.curve(points, &self.bins, *value);
                // The newest value holds until now, or until the subflow ended.
                if let Some((t, value)) = curve.last().copied()
                    && t < end
                {
                    curve.push((end, value));
                }
                cut(&mut curve, gaps);
                Drawn::Lines(curve)
            }
            Reading::Bars(track, count) => {
                track.read_counts(points, &self.bars, *count);
                Drawn::Bars(track.values(&self.bars).into_iter().map(f64::from).collect())
            }
        }
    }

    /// The largest value of a plot.
    pub(super) fn highest(&self, plot: usize) -> f64 {
        let mut sums = vec![0.0; self.bars.count];
        let mut highest: f64 = 0.0;
        for drawn in self.layers.iter().filter_map(|layer| layer.drawn.get(plot)) {
            match drawn {
                Drawn::Stack(stacked) => highest = stacked.tops.iter().copied().fold(highest, f64::max),
                Drawn::Lines(curve) => {
                    highest = curve
                        .iter()
                        .filter_map(|(_, value)| *value)
                        .fold(highest, f64::max);
                }
                Drawn::Bars(counts) => {
                    for (sum, count) in sums.iter_mut().zip(counts) {
                        *sum += count;
                    }
                }
            }
        }
        sums.into_iter().fold(highest, f64::max)
    }

    /// The value of a layer in a plot: that at `cursor`, or that of now; what was counted, in all that is in view.
    /// Nothing where nothing is known.
    pub(super) fn value(&self, plot: usize, layer: &Layer, cursor: Option<f64>, now: f64) -> Option<f64> {
        let bin = |t| {
            let bin = self.bins.at(t);
            // One that is not over yet has no mean: the one before it holds, as it is drawn.
            let over = self.bins.start(bin + 1) <= layer.life.1.unwrap_or(now) + 1e-6;
            if over { bin } else { bin.saturating_sub(1) }
        };
        if cursor.is_some_and(|t| !self.is_known(t) || !layer.lives_at(t)) {
            return None;
        }
        match (layer.drawn.get(plot)?, cursor) {
            (Drawn::Stack(stacked), Some(t)) => stacked.rates.get(bin(t)).copied(),
            (Drawn::Stack(_), None) => Some(layer.mbps),
            (Drawn::Lines(curve), _) => value_at(curve, cursor.unwrap_or(now)),
            (Drawn::Bars(counts), Some(t)) => counts.get(self.bars.at(t)).copied(),
            (Drawn::Bars(counts), None) => Some(counts.iter().sum()),
        }
    }
}

impl Series {
    /// Whether anything is known of a time.
    pub(super) fn is_known(&self, t: f64) -> bool {
        self.known.get(self.bins.at(t)).is_none_or(|known| *known)
    }
}

impl Layer {
    /// What was counted of it, if that is what a plot shows.
    pub(super) fn counted(&self, plot: usize) -> Option<f64> {
        match self.drawn.get(plot)? {
            Drawn::Bars(counts) => Some(counts.iter().sum()),
            Drawn::Stack(_) | Drawn::Lines(_) => None,
        }
    }

    /// Whether it was there at a time.
    pub(super) fn lives_at(&self, t: f64) -> bool {
        t >= self.life.0 && self.life.1.is_none_or(|ended| t <= ended)
    }
}

/// The value of a curve at a time: that of the newest point not after it.
pub(super) fn value_at(curve: &Curve, t: f64) -> Option<f64> {
    let after = curve.partition_point(|(at, _)| *at <= t);
    curve.get(after.checked_sub(1)?).and_then(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use crate::ui::test_data::Stage;

    #[test]
    fn layers_are_stacked_in_order_of_slot() {
        let stage = Stage::usual();
        let view = stage.view();
        let series = Series::new(Token(1).into(), &view, (0.0, 10.0), 400.0, &mut Tracks::default());
        let slots: Vec<u8> = series.layers.iter().map(|layer| layer.slot.number).collect();
        assert_eq!(slots, [0, 2]);
        let highest = series.highest(0);
        assert!((highest - 8.0).abs() < 1e-6, "{highest}");
    }

    #[test]
    fn a_subflow_that_ended_before_the_window_has_no_layer() {
        let stage = Stage::usual();
        let series = Series::new(
            Token(1).into(),
            &stage.view(),
            (100.0, 110.0),
            400.0,
            &mut Tracks::default(),
        );
        assert_eq!(series.layers.len(), 2, "both live on");
    }

    #[test]
    fn a_curve_holds_its_newest_value() {
        let curve = vec![(1.0, Some(5.0)), (2.0, None), (3.0, Some(7.0))];
        let values = [0.5, 1.5, 2.5, 9.0].map(|t| value_at(&curve, t));
        assert_eq!(values, [None, Some(5.0), None, Some(7.0)]);
    }
}
