//! Throughput by path as a stack, with the handovers on it, and the same numbers as a table below.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::marks::{class, mark};
use super::{Context, rate, shown};
use crate::history::Direction;
use crate::palette::Slot;
use crate::report::model::{PathReport, Throughput};
use crate::words::units::{ABSENT, past_round, rate_decimals};

/// The drawing, in units of its own that the page scales.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 24.0;
const HEIGHT: f64 = 128.0;
const BELOW: f64 = 24.0;
/// Labels of times are no closer than this.
const TIMES_APART: f64 = 96.0;
/// Flags of handovers that would be closer are one.
const FLAGS_APART: f64 = 24.0;
/// The table has at most so many rows.
const ROWS: usize = 60;
/// Steps of a time axis, seconds.
const STEPS: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
    21_600.0, 43_200.0, 86_400.0,
];

/// One layer of the stack.
struct Layer<'a> {
    path: &'a PathReport,
    slot: Slot,
    rates: &'a [f64],
    /// The upper edge: this layer's rates and those below.
    upper: Vec<f64>,
}

/// Where things lie.
struct Scale {
    from_s: f64,
    to_s: f64,
    top_bps: f64,
}

impl Scale {
    fn x(&self, t: f64) -> f64 {
        let part = (t - self.from_s) / (self.to_s - self.from_s).max(1e-9);
        LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT)
    }

    fn y(&self, bps: f64) -> f64 {
        TOP + HEIGHT * (1.0 - (bps / self.top_bps).clamp(0.0, 1.0))
    }
}

/// A plot of one direction with its table.
pub(super) fn section(context: &Context, direction: Direction) -> Markup {
    let report = context.report;
    let layers = layers(context, direction);
    let word = if direction.sends() { "sent" } else { "received" };
    let largest = layers
        .iter()
        .flat_map(|layer| &layer.upper)
        .copied()
        .fold(0.0, f64::max);
    let (step, top_bps) = value_axis(largest);
    let scale = Scale {
        from_s: report.recording.from_s,
        to_s: report.recording.to_s,
        top_bps,
    };
    html! {
        section {
            h2 { "Throughput by path " small { "all connections, " (word) ", Mbit/s" } }
            svg.plot viewBox=(format!("0 0 {WIDTH} {}", TOP + HEIGHT + BELOW)) role="img"
                aria-label=(shown(&in_words(&layers, word))) {
                (grid(&scale, step))
                (times(context, &scale))
                @for layer in layers.iter().rev() { (area(layer, &scale, &report.throughput)) }
                @for gap in &report.recording.gaps {
                    @let (begin, end) = (scale.x(gap.from_s), scale.x(gap.to_s));
                    rect.gap x=(px(begin)) y=(px(TOP)) width=(px((end - begin).max(1.0))) height=(px(HEIGHT)) {
                        title { "Nothing was read: the machine was suspended, or no recording was made" }
                    }
                }
                (flags(context, &scale))
            }
            p.legend {
                @for layer in &layers {
                    span { (mark(layer.slot)) (shown(&legend(layer.path))) }
                }
                @if !report.incidents.is_empty() { span { "numbers: handovers, see below" } }
                @if !report.recording.gaps.is_empty() { span { "grey: nothing was read" } }
            }
            (table(context, &layers, word))
        }
    }
}

fn legend(path: &PathReport) -> String {
    let device = path
        .interface
        .as_deref()
        .filter(|device| !path.name.contains(device));
    let device = device.map(|device| format!(" {device}")).unwrap_or_default();
    let backup = if path.backup { ", backup" } else { "" };
    format!("{}{device}{backup}", path.name)
}

/// The layers from the bottom up, in the order of their slots.
fn layers<'a>(context: &'a Context, direction: Direction) -> Vec<Layer<'a>> {
    let report = context.report;
    let of_paths = report.paths.iter().zip(&report.throughput.paths);
    let mut layers: Vec<Layer> = of_paths
        .map(|(path, rates)| Layer {
            path,
            slot: context.slot(path.interface.as_deref()),
            rates: if direction.sends() {
                &rates.sent_bps
            } else {
                &rates.received_bps
            },
            upper: Vec::new(),
        })
        .collect();
    layers.sort_by_key(|layer| layer.slot);
    let mut below: Vec<f64> = Vec::new();
    for layer in &mut layers {
        below.resize(layer.rates.len().max(below.len()), 0.0);
        for (sum, rate) in below.iter_mut().zip(layer.rates) {
            *sum += rate;
        }
        layer.upper.clone_from(&below);
    }
    layers
}

/// What the plot shows, for who does not see it.
fn in_words(layers: &[Layer], word: &str) -> String {
    let parts = layers.iter().map(|layer| {
        let most = layer.rates.iter().copied().fold(0.0, f64::max);
        format!(
            "{} up to {} Mbit/s",
            layer.path.name,
            rate(most, rate_decimals(most))
        )
    });
    let parts: Vec<_> = parts.collect();
    format!(
        "Throughput {word} by path over time: {}. The numbers are in the table below.",
        parts.join(", ")
    )
}

/// The step between labels and the top of the axis, bits a second.
fn value_axis(largest_bps: f64) -> (f64, f64) {
    let largest = largest_bps.max(1e4);
    let power = 10_f64.powf((largest / 4.0).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = steps
        .iter()
        .map(|step| step * power)
        .find(|step| largest / step <= 4.0);
    let step = step.unwrap_or(power * 10.0);
    (step, (largest / step).ceil() * step)
}

fn grid(scale: &Scale, step: f64) -> Markup {
    let lines = std::iter::successors(Some(0.0), |bps| Some(bps + step));
    let lines: Vec<f64> = lines.take_while(|bps| *bps <= scale.top_bps * 1.001).collect();
    // As many decimals as the steps need.
    let mbps = |bps: f64| {
        let value = bps / 1e6;
        let decimals = [0, 1, 2, 3].into_iter().find(|decimals| {
            let parts = step / 1e6 * 10_f64.powi(*decimals);
            (parts - parts.round()).abs() < 1e-6
        });
        format!(
            "{value:.*}",
            decimals.map_or(3, |decimals| decimals.unsigned_abs() as usize)
        )
    };
    html! {
        @for bps in lines {
            line class=(if bps > 0.0 { "axis" } else { "zero" }) x1=(px(LEFT)) x2=(px(WIDTH)) y1=(px(scale.y(bps))) y2=(px(scale.y(bps))) {}
            text x=(px(LEFT - 8.0)) y=(px(scale.y(bps) + 4.0)) text-anchor="end" { (mbps(bps)) }
        }
    }
}

fn times(context: &Context, scale: &Scale) -> Markup {
    let length = (scale.to_s - scale.from_s).max(1e-3);
    let most = (WIDTH - LEFT) / TIMES_APART;
    let step = STEPS.into_iter().find(|step| length / step <= most);
    let step = step.unwrap_or_else(|| (length / most / 86_400.0).ceil() * 86_400.0);
    let format = match step {
        step if step < 60.0 => "%H:%M:%S",
        step if step < 86_400.0 => "%H:%M",
        _ => "%-d %b",
    };
    let past = past_round(&context.report.recording.started_at, step);
    let first = ((scale.from_s + past) / step).ceil() * step - past;
    let ticks = std::iter::successors(Some(first), |t| Some(t + step));
    let ticks = ticks.take_while(|t| *t <= scale.to_s).take(64);
    // A clock shows whole seconds that have begun: what is a hair before one is that one.
    html! {
        @for t in ticks {
            @let x = scale.x(t);
            line.tick x1=(px(x)) x2=(px(x)) y1=(px(TOP + HEIGHT)) y2=(px(TOP + HEIGHT + 4.0)) {}
            text x=(px(x.min(WIDTH - 16.0))) y=(px(TOP + HEIGHT + 18.0)) text-anchor="middle" { (context.clock(format, t + 0.001)) }
        }
    }
}

/// A layer, filled down to zero; those below are painted over it.
fn area(layer: &Layer, scale: &Scale, throughput: &Throughput) -> Markup {
    let middle = |number: usize| {
        let begin = throughput.from_s + number as f64 * throughput.bin_s;
        let end = (begin + throughput.bin_s).min(scale.to_s);
        scale.x(f64::midpoint(begin, end))
    };
    let mut edge = String::new();
    let last = layer.upper.len().saturating_sub(1);
    for (number, bps) in layer.upper.iter().enumerate() {
        let y = scale.y(*bps);
        // Up to both ends of the time.
        if number == 0 {
            let _ = write!(edge, "M{} {}", px(LEFT), px(y));
        }
        let _ = write!(edge, "L{} {}", px(middle(number)), px(y));
        if number == last {
            let _ = write!(edge, "L{} {}", px(WIDTH), px(y));
        }
    }
    if edge.is_empty() {
        return html! {};
    }
    let zero = px(TOP + HEIGHT);
    let area = format!("{edge}V{zero}H{}Z", px(LEFT));
    html! {
        g.(class(layer.slot)) {
            path.area d=(area) {}
            path class=(if layer.path.backup { "edge backup" } else { "edge" }) d=(edge) {}
        }
    }
}

/// A line and a number for each handover; those that would lie over one another have one flag.
fn flags(context: &Context, scale: &Scale) -> Markup {
    let mut flags: Vec<(f64, usize, usize)> = Vec::new();
    for incident in &context.report.incidents {
        let x = scale.x(incident.t);
        match flags.last_mut() {
            Some((at, _, last)) if x - *at < FLAGS_APART => *last = incident.number,
            _ => flags.push((x, incident.number, incident.number)),
        }
    }
    html! {
        @for incident in &context.report.incidents {
            @let x = px(scale.x(incident.t));
            line.moment x1=(x) x2=(x) y1=(px(TOP - 6.0)) y2=(px(TOP + HEIGHT)) {}
        }
        @for (x, first, last) in flags {
            @let label = if first == last { first.to_string() } else { format!("{first}–{last}") };
            @let wide = 10.0 + 7.0 * label.chars().count() as f64;
            rect.flag x=(px(x - wide / 2.0)) y="0" width=(px(wide)) height="18" rx="4" {}
            text.number x=(px(x)) y="13" text-anchor="middle" { (label) }
        }
    }
}

/// The numbers of the plot, in at most [`ROWS`] rows.
fn table(context: &Context, layers: &[Layer], word: &str) -> Markup {
    let throughput = &context.report.throughput;
    let bins = layers.iter().map(|layer| layer.rates.len()).max().unwrap_or(0);
    let each = bins.div_ceil(ROWS).max(1);
    let mean = |rates: &[f64], first: usize| {
        let part = rates
            .get(first..(first + each).min(rates.len()))
            .unwrap_or_default();
        let sum: f64 = part.iter().sum();
        if part.is_empty() {
            None
        } else {
            Some(sum / part.len() as f64)
        }
    };
    let largest = layers
        .iter()
        .flat_map(|layer| layer.rates)
        .copied()
        .fold(0.0, f64::max);
    let decimals = rate_decimals(largest);
    let width_s = throughput.bin_s * each as f64;
    let format = if width_s < 1.0 { "%H:%M:%S%.2f" } else { "%H:%M:%S" };
    html! {
        details {
            summary { "The same in numbers" }
            div.wide {
                table {
                    caption { "Mean rates " (word) ", Mbit/s, each over " (format!("{width_s}")) " s from the time on" }
                    thead { tr {
                        th scope="col" { "From" }
                        @for layer in layers { th.n scope="col" { (shown(&legend(layer.path))) } }
                    } }
                    tbody {
                        @for first in (0..bins).step_by(each) {
                            tr {
                                th.m scope="row" { (context.clock(format, throughput.from_s + first as f64 * throughput.bin_s)) }
                                @for layer in layers {
                                    td.n { (mean(layer.rates, first).map_or_else(|| ABSENT.to_owned(), |bps| rate(bps, decimals))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A length with one decimal where it needs one.
fn px(value: f64) -> String {
    let decimals = usize::from((value - value.round()).abs() >= 0.05);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_axis_has_few_round_labels_and_holds_the_largest() {
        for (largest, expected) in [
            (38.7e6, (10e6, 40e6)),
            (0.0, (2.5e3, 10e3)),
            (116e6, (50e6, 150e6)),
            (9.2e6, (2.5e6, 10e6)),
        ] {
            let (step, top) = value_axis(largest);
            assert!(
                (step - expected.0).abs() < 1.0 && (top - expected.1).abs() < 1.0,
                "{largest}: {step} {top}"
            );
        }
    }
}
