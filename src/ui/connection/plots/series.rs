//! What the plots draw: a layer for each subflow that lived within the window.

use crate::history::{Condition, SubflowHistory};
use crate::model::Cookie;
use crate::ui::resample::{self, Bins};
use crate::ui::theme::Slot;
use crate::ui::view::View;

/// A value over time; `None` is a gap.
pub(super) type Curve = Vec<(f64, Option<f64>)>;

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
}

impl Series {
    pub(super) fn new(cookie: Cookie, view: &View<'_>, from: f64, to: f64, width: f32) -> Self {
        let length = to - from;
        let points = f64::from(width.max(16.0));
        let interval = view.interval_ms as f64 / 1000.0;
        let bins = Bins::covering(from, to, (length * 2.0 / points).max(interval));
        let retrans_bins = Bins::covering(from, to, (length * 4.0 / points).max(interval));
        let mut subflows: Vec<&SubflowHistory> = view
            .shown
            .subflows_of(cookie)
            .filter(|subflow| subflow.began_at <= to && subflow.ended_at.is_none_or(|ended| ended >= from))
            .collect();
        view.sort(&mut subflows);
        let mut layers: Vec<Layer> = Vec::with_capacity(subflows.len());
        for subflow in subflows {
            let rates: Vec<f64> =
                resample::mean_rates(&subflow.points, &bins, |point| view.direction.bps(point))
                    .into_iter()
                    .map(|bps| bps / 1e6)
                    .collect();
            let below = layers.last().map(|layer| layer.stacked.as_slice());
            let stacked = rates
                .iter()
                .enumerate()
                .map(|(bin, rate)| rate + below.and_then(|below| below.get(bin)).copied().unwrap_or(0.0))
                .collect();
            layers.push(layer(
                subflow,
                rates,
                stacked,
                view,
                (from, to, points),
                &retrans_bins,
            ));
        }
        Self {
            layers,
            bins,
            retrans_bins,
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

fn layer(
    subflow: &SubflowHistory,
    rates: Vec<f64>,
    stacked: Vec<f64>,
    view: &View<'_>,
    (from, to, points): (f64, f64, f64),
    retrans_bins: &Bins,
) -> Layer {
    let path = view.path(subflow.last.interface.as_deref());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the width of a window"
    )]
    let most = (points * 2.0) as usize;
    let end = subflow.ended_at.unwrap_or(view.shown.now());
    let curve = |value: fn(&crate::history::Point) -> Option<f64>| {
        let mut curve = resample::line(&subflow.points, from, to, most, value);
        // The newest value holds until now, or until the subflow ended.
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
        rtt_ms: curve(|point| point.rtt_us.map(|us| f64::from(us.get()) / 1000.0)),
        cwnd: curve(|point| point.cwnd.map(|cwnd| f64::from(cwnd.get()))),
        retrans: resample::sums(&subflow.points, retrans_bins, |point| point.retrans),
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
    use crate::ui::test_data::Stage;

    #[test]
    fn layers_are_stacked_in_order_of_slot() {
        let stage = Stage::usual();
        let view = stage.view();
        let series = Series::new(Cookie(1), &view, 0.0, 10.0, 400.0);
        let slots: Vec<u8> = series.layers.iter().map(|layer| layer.slot.number).collect();
        assert_eq!(slots, [0, 2]);
        let (highest, _) = series.highest(0);
        assert!((highest - 8.0).abs() < 1e-6, "{highest}");
    }

    #[test]
    fn a_subflow_that_ended_before_the_window_has_no_layer() {
        let stage = Stage::usual();
        let series = Series::new(Cookie(1), &stage.view(), 100.0, 110.0, 400.0);
        assert_eq!(series.layers.len(), 2, "both live on");
    }

    #[test]
    fn a_curve_holds_its_newest_value() {
        let curve = vec![(1.0, Some(5.0)), (2.0, None), (3.0, Some(7.0))];
        let values = [0.5, 1.5, 2.5, 9.0].map(|t| value_at(&curve, t));
        assert_eq!(values, [None, Some(5.0), None, Some(7.0)]);
    }
}
