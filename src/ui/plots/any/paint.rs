//! How the plot looks: a row a unit, its lines, and beside it what they are.

use egui::{Color32, Rect, Shape, Stroke, Ui, pos2};
use egui_plot::PlotTransform;

use super::metrics::Display;
use super::rows::{Entry, MetricLine, Row};
use crate::ui::format;
use crate::ui::kit::{Drawing, Item, PlotFrame, TextLine, Tick, TimeAxis, Trace};
use crate::ui::plots::drawings::{Gaps, Marks};
use crate::ui::plots::layout::{AXIS, GUTTER};
use crate::ui::plots::markers::Marker;
use crate::ui::theme::{Tokens, Type};

/// Air above and below inside each row, points.
const AIR: f32 = 8.0;
/// How many of the metrics of a row have a line of their own.
const STROKES: [f32; 3] = [2.0, 1.0, 0.75];

/// Where the parts of the plot lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui::plots) struct MetricPlaces {
    /// The line with its name and its buttons.
    pub head: Rect,
    /// All rows.
    pub rows: Rect,
    /// The column at the right.
    pub readout: Rect,
}

impl MetricPlaces {
    /// All that is saved as a picture: rows, readout and time.
    pub(super) fn picture(&self) -> Rect {
        let min = pos2(self.rows.left() - GUTTER - 8.0, self.rows.top() - 8.0);
        Rect::from_min_max(min, pos2(self.readout.right() + 8.0, self.rows.bottom() + AXIS))
    }
}

/// Everything that is painted.
pub(super) struct Scene<'a> {
    pub places: &'a MetricPlaces,
    pub rows: &'a [Row],
    pub markers: &'a [Marker],
    pub time: TimeAxis,
    pub time_ticks: Vec<Tick>,
    pub cursor: Option<f64>,
    pub now: f64,
}

/// Paints rows, readout and cursor.
pub(super) fn ui(scene: &Scene<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let at = scene.cursor.unwrap_or(scene.now);
    // What has more to say beside it is higher.
    let weights: Vec<f32> = scene
        .rows
        .iter()
        .map(|row| 2.0 + row.entries(at).len() as f32)
        .collect();
    let unit = scene.places.rows.height() / weights.iter().sum::<f32>().max(1.0);
    let mut top = scene.places.rows.top();
    for (number, (row, weight)) in scene.rows.iter().zip(&weights).enumerate() {
        let high = weight * unit;
        let place = Rect::from_x_y_ranges(scene.places.rows.x_range(), top..=top + high);
        top += high;
        let last = number + 1 == scene.rows.len();
        if number > 0 {
            let over = place.left() - GUTTER..=scene.places.readout.right();
            ui.painter()
                .hline(over, place.top(), Stroke::new(1.0, tokens.line));
        }
        let air = f64::from(AIR / (high - 2.0 * AIR).max(1.0));
        let most = if high < 56.0 { 2 } else { 4 };
        let ticks = row.scale.ticks(row.whole, most).into_iter();
        let frame = PlotFrame {
            place,
            times: (scene.time.from, scene.time.to),
            values: (-air, 1.0 + air),
            time_ticks: scene.time_ticks.clone(),
            value_ticks: ticks
                .map(|(value, label)| (row.scale.share(value), label))
                .collect(),
            gutter: GUTTER,
            below: if last { AXIS } else { 0.0 },
            grid: true,
            scale: 1.0,
        };
        let markers = scene.markers;
        frame.show(("metric", number), ui, |plot| {
            plot.add(Item::of(Gaps { markers, last }));
            plot.add(Item::of(Lines { row }));
            plot.add(Item::of(Marks {
                markers,
                last,
                scale: 1.0,
            }));
        });
        readout(row, scene, place, ui);
    }
    if let Some(t) = scene.cursor {
        let stroke = Stroke::new(1.0, tokens.text);
        ui.painter()
            .vline(scene.time.x(t), scene.places.rows.y_range(), stroke);
    }
}

/// The lines of a row, the first metric above the others.
struct Lines<'a> {
    row: &'a Row,
}

impl Drawing for Lines<'_> {
    fn draw(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let tokens = Tokens::of(ui);
        for line in self.row.lines.iter().rev() {
            let trace = Trace {
                stroke: stroke(line, tokens),
                dashed: line.backup,
                dense: false,
            };
            let scale = self.row.scale;
            let share = |(t, value): &(f64, Option<f64>)| (*t, value.map(|value| scale.share(value)));
            trace.curve(line.curve.iter().map(share), transform, shapes);
        }
    }
}

/// The colour is that of the path; the metrics of a row differ in thickness, and what is compared with is fainter.
fn stroke(line: &MetricLine, tokens: &Tokens) -> Stroke {
    let ink: Color32 = line.slot.ink(tokens.dark).ink;
    let ink = if line.other {
        tokens.panel.lerp_to_gamma(ink, 0.55)
    } else {
        ink
    };
    Stroke::new(thickness(line.rank), ink)
}

fn thickness(rank: usize) -> f32 {
    STROKES.get(rank).or(STROKES.last()).copied().unwrap_or(1.0)
}

/// The names and values of a row: now, or at the pointer.
fn readout(row: &Row, scene: &Scene<'_>, place: Rect, ui: &Ui) {
    let (tokens, painter) = (Tokens::of(ui), ui.painter());
    let ends = (scene.places.readout.left(), scene.places.readout.right());
    let at = scene.cursor.unwrap_or(scene.now);
    let entries = row.entries(at);
    let total = entries.len();
    let pitch = ((place.height() - 20.0) / total.saturating_sub(1).max(1) as f32).clamp(13.5, 18.0);
    let mut y = place.top() + 11.0;
    for (number, entry) in entries.into_iter().enumerate() {
        let mut words = TextLine::over(painter, ends, y);
        let rest = total - number;
        y += pitch;
        // The last one has nothing after it that would say that it is there.
        let needs = if rest == 2 { 7.0 } else { 5.0 };
        if rest > 1 && y + needs > place.bottom() {
            words.text(&format!("and {rest} more"), Type::Small, tokens.text3);
            return;
        }
        match entry {
            Entry::Metric(rank, metric) => {
                let unit = Display::of(&metric.field).unit;
                let is_told = row.lines.iter().any(|line| line.rank == rank);
                words.text_at_end(
                    if is_told { unit } else { format::ABSENT },
                    Type::Small,
                    tokens.text3,
                );
                if row.metrics.len() > 1 {
                    let sample = words.right - 24.0..=words.right - 8.0;
                    painter.hline(sample, words.y, Stroke::new(thickness(rank), tokens.text2));
                    words.right -= 24.0;
                }
                words.right -= 6.0;
                words.text(metric.field.title, Type::SmallStrong, tokens.text);
            }
            Entry::Line(line) => {
                let value = line.written_at(at);
                words.left += 1.0;
                words.shape(8.0, line.slot, false, tokens);
                words.text_at_end(
                    value.as_deref().unwrap_or(format::ABSENT),
                    Type::Small,
                    tokens.text,
                );
                (words.left, words.right) = (words.left + 9.0, words.right - 6.0);
                words.text(&line.name, Type::Small, tokens.text2);
            }
        }
    }
}

/// The plot in words: what is so now, or was at the pointer.
pub(super) fn spoken(scene: &Scene<'_>) -> String {
    let at = scene.cursor.unwrap_or(scene.now);
    let when = scene
        .cursor
        .map(|t| format!(" {:.1} s ago", (scene.now - t).max(0.0)));
    let lines = scene.rows.iter().flat_map(|row| &row.lines);
    let said: Vec<String> = lines
        .filter(|line| line.lives_at(at))
        .map(|line| {
            let value = line.written_at(at);
            let (value, unit) = (
                value.as_deref().unwrap_or("unknown"),
                Display::of(&line.metric.field).unit,
            );
            format!("{}, {}: {value} {unit}", line.metric.field.title, line.name)
                .trim_end()
                .to_owned()
        })
        .collect();
    format!("Chosen metrics{}: {}", when.unwrap_or_default(), said.join("; "))
}
