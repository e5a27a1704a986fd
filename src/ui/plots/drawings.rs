//! What the plots draw: an opaque stack, lines, bars, and through all of them interruptions and events.

use egui::{Color32, Mesh, Pos2, Rect, Shape, Stroke, Ui, pos2};
use egui_plot::PlotTransform;

use super::markers::{Marker, mark_stroke};
use super::series::{Drawn, Layer, Series, Stacked};
use crate::ui::kit::{Drawing, Trace, between};
use crate::ui::resample::Bins;
use crate::ui::theme::Tokens;

/// The layers of one plot.
pub(super) struct Layers<'a> {
    pub plot: usize,
    pub series: &'a Series,
    /// The newest time that is shown.
    pub end: f64,
    /// How many times as thick lines are as in the window.
    pub scale: f32,
}

impl Drawing for Layers<'_> {
    fn draw(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let tokens = Tokens::of(ui);
        let mut bars = Bars::default();
        let mut lines = Vec::new();
        // From the top layer down: the first in order lies above the others.
        for layer in self.series.layers.iter().rev() {
            match layer.drawn.get(self.plot) {
                Some(Drawn::Stack(stacked)) => {
                    let times = (transform.bounds().min()[0], self.end);
                    let place = |edge: &Edge| {
                        let y = |value| transform.position_from_point_y(value);
                        (transform.position_from_point_x(edge.t), y(edge.low), y(edge.high))
                    };
                    let color = layer.slot.ink(tokens.dark).fill;
                    for edges in edges(stacked, layer, self.series, times) {
                        shapes.push(between(edges.iter().map(place), color));
                        let line: Vec<Pos2> = edges
                            .iter()
                            .map(place)
                            .map(|(x, _, high)| pos2(x, high))
                            .collect();
                        let began = edges.first().map_or(times.0, |edge| edge.t);
                        self.trace(layer, tokens).line(line, began, transform, &mut lines);
                    }
                }
                Some(Drawn::Lines(curve)) => {
                    self.trace(layer, tokens)
                        .curve(curve.iter().copied(), transform, shapes);
                }
                _ => {}
            }
        }
        shapes.append(&mut lines);
        for layer in &self.series.layers {
            if let Some(Drawn::Bars(counts)) = layer.drawn.get(self.plot) {
                bars.add(
                    counts,
                    &self.series.bars,
                    layer.slot.ink(tokens.dark).ink,
                    transform,
                );
            }
        }
        shapes.push(Shape::mesh(bars.mesh));
    }
}

impl Layers<'_> {
    fn trace(&self, layer: &Layer, tokens: &Tokens) -> Trace {
        Trace {
            stroke: Stroke::new(2.0 * self.scale, layer.slot.ink(tokens.dark).ink),
            dashed: layer.backup,
            dense: self.series.dense,
        }
    }
}

/// The lower and the upper edge of a layer at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Edge {
    t: f64,
    low: f64,
    high: f64,
}

/// The edges of a layer while its subflow lives, from `from` to `to`: a run for each stretch of which something is known.
fn edges(stacked: &Stacked, layer: &Layer, series: &Series, (from, to): (f64, f64)) -> Vec<Vec<Edge>> {
    let (began, ended) = layer.life;
    let bins = &series.bins;
    let end = ended.unwrap_or(to).min(to);
    let mut runs = Vec::new();
    let mut edges: Vec<Edge> = Vec::with_capacity(bins.count + 2);
    for (bin, (high, rate)) in stacked.tops.iter().zip(&stacked.rates).enumerate() {
        let (start, over) = (bins.start(bin), bins.start(bin + 1));
        // A bin that is not over yet has no mean: the one before it holds.
        if over <= began || over > end + 1e-6 {
            continue;
        }
        if series.known.get(bin) == Some(&false) {
            if !edges.is_empty() {
                runs.push(std::mem::take(&mut edges));
            }
            continue;
        }
        let edge = |t| Edge {
            t,
            low: high - rate,
            high: *high,
        };
        if edges.is_empty() {
            edges.push(edge(start.max(began).max(from)));
        }
        edges.push(edge(over));
    }
    if let Some(last) = edges.last().copied()
        && end > last.t
    {
        edges.push(Edge { t: end, ..last });
    }
    if !edges.is_empty() {
        runs.push(edges);
    }
    runs
}

/// Bars that stand on each other.
#[derive(Default)]
struct Bars {
    mesh: Mesh,
    /// How high each place is filled already.
    floors: Vec<f64>,
}

impl Bars {
    fn add(&mut self, counts: &[f64], bins: &Bins, color: Color32, transform: &PlotTransform) {
        self.floors.resize(counts.len(), 0.0);
        for (bin, (count, floor)) in counts.iter().zip(&mut self.floors).enumerate() {
            if *count <= 0.0 {
                continue;
            }
            let middle = transform
                .position_from_point_x(bins.start(bin) + bins.width / 2.0)
                .round();
            let y = |value| transform.position_from_point_y(value);
            let bar = Rect::from_min_max(
                pos2(middle - 2.0, y(*floor + count)),
                pos2(middle + 2.0, y(*floor)),
            );
            self.mesh.add_colored_rect(bar, color);
            *floor += count;
        }
    }
}

/// The times in which nothing was delivered, behind everything.
pub(super) struct Gaps<'a> {
    pub markers: &'a [Marker],
    /// Whether they end with the zero line, because nothing is below it.
    pub last: bool,
}

impl Drawing for Gaps<'_> {
    fn draw(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let tokens = Tokens::of(ui);
        let frame = through(transform, self.last);
        for story in self.markers.iter().filter_map(|marker| marker.story.as_ref()) {
            let x = |t| transform.position_from_point_x(t);
            let (left, right) = (x(story.gap.0), x(story.gap.1));
            let band = Rect::from_x_y_ranges(left..=right.max(left + 3.0), frame.y_range()).intersect(frame);
            if band.is_positive() {
                shapes.push(Shape::rect_filled(band, 0.0, tokens.danger.gamma_multiply(0.35)));
            }
        }
        let zero = transform.position_from_point_y(0.0);
        let line = [pos2(frame.left(), zero), pos2(frame.right(), zero)];
        shapes.push(Shape::line_segment(line, Stroke::new(1.0, tokens.strong)));
    }
}

/// What happened, before everything.
pub(super) struct Marks<'a> {
    pub markers: &'a [Marker],
    /// Whether they end with the zero line.
    pub last: bool,
    pub scale: f32,
}

impl Drawing for Marks<'_> {
    fn draw(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let tokens = Tokens::of(ui);
        let frame = through(transform, self.last);
        // Losses last, so that they lie above.
        for wanted in [false, true] {
            for marker in self.markers.iter().filter(|marker| marker.loss == wanted) {
                let x = transform.position_from_point_x(marker.t);
                let line = [pos2(x, frame.top()), pos2(x, frame.bottom())];
                shapes.push(Shape::line_segment(
                    line,
                    mark_stroke(marker.loss, self.scale, tokens),
                ));
            }
        }
    }
}

/// The frame of a plot, the last of them without what is below its zero line.
fn through(transform: &PlotTransform, last: bool) -> Rect {
    let mut frame = *transform.frame();
    if last {
        frame.max.y = transform.position_from_point_y(0.0);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use crate::ui::plots::series::Tracks;
    use crate::ui::test_data::Stage;

    #[test]
    fn a_layer_lies_on_the_one_below_it_and_ends_with_now() {
        let stage = Stage::usual();
        let series = Series::new(
            Token(1).into(),
            &stage.view(),
            (0.0, 10.0),
            400.0,
            &mut Tracks::default(),
        );
        let of = |number: usize| {
            let layer = series.layers.get(number).expect("two layers");
            match layer.drawn.first() {
                Some(Drawn::Stack(stacked)) => edges(stacked, layer, &series, (0.0, 10.0)).concat(),
                _ => panic!("no stack"),
            }
        };
        let (below, above) = (of(0), of(1));
        for (below, above) in below.iter().zip(&above) {
            assert_eq!((above.t, above.low), (below.t, below.high));
        }
        assert!(below.iter().all(|edge| edge.low.abs() < 1e-9));
        assert!(above.last().is_some_and(|edge| (edge.t - 10.0).abs() < 1e-6));
    }
}
