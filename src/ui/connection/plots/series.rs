//! What the plots draw: a layer for each subflow that lived within the window.

use rustc_hash::FxHashMap;

use crate::history::{Condition, SubflowHistory};
use crate::model::{ConnectionId, Cookie};
use crate::ui::resample::{Bin, Bins, Curve, Track};
use crate::ui::theme::Slot;
use crate::ui::view::{Direction, View, peak_bps};

/// What was read of each subflow's points.
pub(super) type Tracks = FxHashMap<Cookie, Track>;

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
    /// Its rate in each bin, Mbit/s.
    pub rates: Vec<f64>,
    /// What it and the layers below it move together.
    pub stacked: Vec<f64>,
    /// Its rate now.
    pub mbps: f64,
    /// Its largest rate of the last seconds.
    pub peak_mbps: f64,
    pub rtt_ms: Curve,
    pub cwnd: Curve,
    /// Retransmissions in each bin of their own.
    pub retrans: Vec<f64>,
}

/// All that the plots draw.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub layers: Vec<Layer>,
    pub bins: Bins,
    pub retrans_bins: Bins,
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
        let together = if bins.width < BAR * point { 2 } else { 1 };
        let retrans_bins = Bins::covering(from, to, bins.width * f64::from(together));
        let mut subflows: Vec<&SubflowHistory> = view
            .shown
            .subflows_of(connection)
            .filter(|subflow| subflow.began_at <= to && subflow.ended_at.is_none_or(|ended| ended >= from))
            .collect();
        view.sort(&mut subflows);
        tracks.retain(|cookie, _| subflows.iter().any(|subflow| subflow.last.cookie == *cookie));
        let mut series = Self {
            layers: Vec::with_capacity(subflows.len()),
            bins,
            retrans_bins,
            dense: bins.width > 1.5 * interval,
        };
        for subflow in subflows {
            let track = tracks.entry(subflow.last.cookie).or_default();
            track.read(&subflow.points, &bins);
            let layer = series.layer(subflow, track, view);
            series.layers.push(layer);
        }
        series
    }

    /// The next layer, on those that are there.
    fn layer(&self, subflow: &SubflowHistory, track: &Track, view: &View<'_>) -> Layer {
        let path = view.path(subflow.last.interface.as_deref());
        let direction = view.direction_of(subflow.connection);
        let mbps = |bin: &Bin| match direction {
            Direction::Sent => bin.out_bps / 1e6,
            Direction::Received => bin.in_bps / 1e6,
        };
        let rates = track.values(&self.bins, mbps);
        let mut stacked = rates.clone();
        if let Some(below) = self.layers.last() {
            for (top, below) in stacked.iter_mut().zip(&below.stacked) {
                *top += below;
            }
        }
        let mut retrans = vec![0.0; self.retrans_bins.count];
        for (bin, count) in track
            .values(&self.bins, |bin| bin.retrans)
            .into_iter()
            .enumerate()
        {
            let middle = self.bins.start(bin) + self.bins.width / 2.0;
            if let Some(sum) = retrans.get_mut(self.retrans_bins.at(middle)) {
                *sum += f64::from(count);
            }
        }
        let end = subflow.ended_at.unwrap_or(view.shown.now());
        // The newest value holds until now, or until the subflow ended.
        let held = |mut curve: Curve| {
            if let Some((t, value)) = curve.last().copied()
                && t < end
            {
                curve.push((end, value));
            }
            curve
        };
        Layer {
            name: path.name,
            slot: path.slot,
            backup: subflow.last.is_backup(),
            lost: view.condition(subflow) == Condition::Stalled,
            life: (subflow.began_at, subflow.ended_at),
            rates,
            stacked,
            mbps: view.bps(subflow) / 1e6,
            peak_mbps: peak_bps(subflow, |point| direction.bps(point)) / 1e6,
            rtt_ms: held(track.rtt_ms(&subflow.points, &self.bins)),
            cwnd: held(track.cwnd(&subflow.points, &self.bins)),
            retrans,
        }
    }

    /// The largest value of a plot, and whether it counts.
    pub(super) fn highest(&self, plot: usize) -> (f64, bool) {
        let largest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        let of_curves = |curve: fn(&Layer) -> &Curve| {
            let values = self
                .layers
                .iter()
                .flat_map(&curve)
                .filter_map(|(_, value)| *value);
            values.fold(0.0, f64::max)
        };
        match plot {
            0 => (
                self.layers.last().map_or(0.0, |layer| largest(&layer.stacked)),
                false,
            ),
            1 => (of_curves(|layer| &layer.rtt_ms), false),
            2 => (of_curves(|layer| &layer.cwnd), true),
            _ => {
                let sum = |bin: usize| -> f64 {
                    self.layers
                        .iter()
                        .filter_map(|layer| layer.retrans.get(bin))
                        .sum()
                };
                ((0..self.retrans_bins.count).map(sum).fold(0.0, f64::max), true)
            }
        }
    }
}

impl Layer {
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
        let (highest, _) = series.highest(0);
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
