//! How the plots look: their frames, the strip of events above them, and the cursor through them.

use egui::{Painter, Rect, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2};

use super::drawings::{Gaps, Layers, Marks};
use super::layout::{AXIS, GUTTER, Places};
use super::markers::{Marker, mark_stroke, place};
use super::series::Series;
use super::spec::{COUNT, SPECS};
use crate::ui::format;
use crate::ui::kit::{
    Button, Item, PlotFrame, SPANS, Tick, TimeAxis, TimeWindow, focus_ring, paint, segmented, tick_label,
    ticks, width,
};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::Direction;

/// Everything that is painted.
pub(super) struct Scene<'a> {
    pub places: &'a Places,
    pub series: &'a Series,
    pub markers: &'a [Marker],
    /// The top of each plot.
    pub tops: [f64; COUNT],
    /// The time over the width of the plots.
    pub time: TimeAxis,
    pub now: f64,
    pub live: bool,
    /// The time under the pointer.
    pub cursor: Option<f64>,
    pub started_at: Option<&'a str>,
    /// Which way the throughput goes.
    pub direction: Direction,
}

/// The labels of the time axis stand so far apart at least, points.
const LABELS_APART: f32 = 90.0;

/// Paints plots, axes, events and cursor.
pub(super) fn ui(scene: &Scene<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let time_ticks = time_ticks(
        &scene.time,
        scene.now,
        scene.live,
        scene.started_at,
        scene.places.scale,
    );
    for (plot, place) in scene.places.shown() {
        let last = scene.places.is_last(plot);
        if plot > 0 {
            let over = scene.places.plots.left() - GUTTER..=scene.places.readout.right();
            ui.painter()
                .hline(over, place.top(), Stroke::new(1.0, tokens.line));
        }
        let scale = scene.places.scale;
        let (spec, top) = (SPECS.get(plot), scene.tops.get(plot).copied().unwrap_or(1.0));
        let most = if place.height() < 56.0 * scale { 2 } else { 4 };
        let value_ticks = ticks(top, spec.is_some_and(|spec| spec.whole), most);
        let frame = PlotFrame {
            place,
            times: (scene.time.from, scene.time.to),
            values: scene.places.values(place, top),
            time_ticks: time_ticks.clone(),
            value_ticks: value_ticks
                .into_iter()
                .map(|value| (value, tick_label(value, top)))
                .collect(),
            gutter: GUTTER * scale,
            below: if last { AXIS * scale } else { 0.0 },
            grid: !scene.places.alone,
            scale,
        };
        let (series, markers) = (scene.series, scene.markers);
        frame.show(("plot", plot), ui, |shown| {
            shown.add(Item::of(Gaps { markers, last }));
            shown.add(Item::of(Layers {
                plot,
                series,
                end: scene.now.min(scene.time.to),
                scale,
            }));
            shown.add(Item::of(Marks { markers, last, scale }));
        });
    }
    events(scene, ui.painter(), tokens);
    if let Some(t) = scene.cursor {
        let stroke = Stroke::new(1.0, tokens.text);
        ui.painter()
            .vline(scene.time.x(t), scene.places.plots.y_range(), stroke);
    }
}

/// What stands below plots. While they follow now the grid stands still; else it belongs to the clock.
pub(super) fn time_ticks(
    time: &TimeAxis,
    now: f64,
    live: bool,
    started_at: Option<&str>,
    scale: f32,
) -> Vec<Tick> {
    let step = time.step(LABELS_APART * scale);
    let anchor = match started_at {
        _ if live => time.to,
        // On round times of the clock.
        Some(start) => -format::past_round(start, step),
        None => 0.0,
    };
    let label = |number: usize, t: f64| match started_at {
        // A round time that lies a little before itself would be written as the one before.
        Some(start) if !live => format::clock_by(start, t + 1e-5, step),
        _ => before_now(now - t, step, number == 0 || !live),
    };
    let ticks = time.ticks(step, anchor).enumerate();
    ticks.map(|(number, t)| (t, label(number, t))).collect()
}

/// The label so many seconds before now; the unit stands at the first only.
fn before_now(seconds: f64, step: f64, unit: bool) -> String {
    if seconds.abs() < 1e-6 {
        return "now".to_owned();
    }
    let (value, name) = if step >= 60.0 {
        (seconds / 60.0, " min")
    } else {
        (seconds, " s")
    };
    let decimals = format::decimals_of(step).max(1);
    let value = format!("{value:.decimals$}");
    let value = value.trim_end_matches('0').trim_end_matches('.');
    format!("−{value}{}", if unit { name } else { "" })
}

/// The handovers as things to point at and to choose; the one that was chosen.
pub(super) fn stories(scene: &Scene<'_>, ui: &Ui) -> Option<f64> {
    let mut chosen = None;
    for marker in scene.markers {
        let Some(story) = &marker.story else { continue };
        let strip = scene.places.strip;
        let x = scene.time.x(marker.t);
        let wide = width(ui.painter(), &marker.label, Type::SmallStrong);
        let place = Rect::from_x_y_ranges(x - 6.0..=x + 8.0 + wide, strip.y_range());
        let id = ui.scope_id().with(("handover", marker.t.to_bits()));
        let response = ui.interact(place, id, Sense::click());
        response
            .widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Handover: {}", marker.label)));
        focus_ring(ui, &response, 4.0);
        if response.clicked() {
            chosen = Some(marker.t);
        }
        response.on_hover_text(&story.sentence);
    }
    chosen
}

/// Span and the way back to now, at the right of the strip.
pub(super) fn controls(window: &mut TimeWindow, places: &Places, now: f64, ui: &mut Ui) {
    let top = places.readout.top() + 2.0;
    let rect = Rect::from_min_max(
        pos2(places.readout.left(), top),
        pos2(places.readout.right(), top + 24.0),
    );
    let mut child = ui.new_child(
        UiBuilder::new()
            .max_rect(rect)
            .layout(egui::Layout::right_to_left(egui::Align::Center))
            .id_salt("span"),
    );
    if !window.is_live() {
        let (from, to) = window.range(now);
        let name = format!("Back to live, from {}", format::age(to - from));
        let press = Button::text("Back to live").small().named("Back to live");
        if press
            .ui(&mut child)
            .on_hover_text(name + "\nHome, or a double click")
            .clicked()
        {
            window.follow();
        }
        return;
    }
    let names = SPANS.map(|(_, name)| name);
    let chosen = SPANS
        .iter()
        .position(|(span, _)| (span - window.span_s).abs() < 1e-6);
    let clicked = segmented(&mut child, &names, chosen);
    if let Some((span, _)) = clicked.and_then(|number| SPANS.get(number)) {
        window.choose(*span);
    }
}

fn events(scene: &Scene<'_>, painter: &Painter, tokens: &Tokens) {
    let strip = scene.places.strip;
    let scale = scene.places.scale;
    let y = strip.top() + 14.0 * scale;
    let style = |marker: &Marker| {
        let small = if marker.loss {
            Type::SmallStrong
        } else {
            Type::Small
        };
        small.times(scale)
    };
    let mark = |marker: &Marker, label: &str| {
        let wide = width(painter, label, style(marker));
        (scene.time.x(marker.t), wide, marker.loss)
    };
    let mut marks: Vec<(f32, f32, bool)> = scene
        .markers
        .iter()
        .map(|marker| mark(marker, &marker.label))
        .collect();
    let room = |marks: &[_], forced| place(marks, strip.left() - 20.0, strip.right(), scale, forced);
    let mut shown = room(&marks, false);
    // The graver stays, if need be with fewer words.
    let mut shortened = Vec::new();
    for (number, marker) in scene.markers.iter().enumerate() {
        let missing = shown.labels.iter().all(|label| label.marker != number);
        if let (Some(story), Some(wide), true) = (&marker.story, marks.get_mut(number), missing) {
            *wide = mark(marker, &story.short);
            shortened.push(number);
        }
    }
    if !shortened.is_empty() {
        shown = room(&marks, true);
    }
    // Losses last, so that they lie above.
    for wanted in [false, true] {
        let there = marks.iter().enumerate();
        let there = there.filter(|(number, (_, _, loss))| *loss == wanted && !shown.hidden.contains(number));
        for (_, (x, _, loss)) in there {
            let stroke = mark_stroke(*loss, scale, tokens);
            let color = stroke.color;
            painter.vline(*x, y..=scene.places.plots.top(), stroke);
            let at = |across: f32, down: f32| pos2(x + across * scale, y + down * scale);
            let corners = vec![at(-4.5, -6.0), at(4.5, -6.0), at(0.0, 1.0)];
            painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
        }
    }
    for label in shown.labels {
        if let Some(marker) = scene.markers.get(label.marker) {
            let color = if marker.loss { tokens.danger } else { tokens.text2 };
            let short = marker
                .story
                .as_ref()
                .filter(|_| shortened.contains(&label.marker));
            let text = short.map_or(&marker.label, |story| &story.short);
            paint(
                painter,
                pos2(label.left, y - 2.0 * scale),
                text,
                style(marker),
                color,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_labels_of_a_time_axis_read_alike() {
        for start in [None, Some("2026-03-01T14:31:07.350Z")] {
            for live in [true, false] {
                for tenths in (1..40_u32).chain((40..18_000).step_by(97)) {
                    let length = f64::from(tenths) / 10.0;
                    for wide in [300.0, 900.0, 3800.0] {
                        let now = 4000.7;
                        let time = TimeAxis {
                            from: now - length,
                            to: now,
                            left: 0.0,
                            right: wide,
                        };
                        let labels: Vec<Tick> = time_ticks(&time, now, live, start, 1.0);
                        let texts: HashSet<&String> = labels.iter().map(|(_, text)| text).collect();
                        assert_eq!(
                            texts.len(),
                            labels.len(),
                            "{length} {wide} {live} {start:?}: {labels:?}"
                        );
                    }
                }
            }
        }
    }
}
