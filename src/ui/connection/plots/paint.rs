//! How the plots look.

use egui::epaint::PathStroke;
use egui::{
    Mesh, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::axis::{SPANS, TimeWindow, tick_label, ticks, time_step};
use super::layout::{AIR, GUTTER, Places};
use super::markers::{Marker, place};
use super::meshes::{area, band, corners};
use super::series::{Layer, Series};
use crate::ui::format;
use crate::ui::resample::Curve;
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::Direction;
use crate::ui::widgets::{Press, focus_ring, opaque, paint, paint_right, segmented, width};

/// Everything that is painted.
pub(super) struct Scene<'a> {
    pub places: &'a Places,
    pub series: &'a Series,
    pub markers: &'a [Marker],
    /// The top of each plot.
    pub tops: [f64; 4],
    pub from: f64,
    pub to: f64,
    pub now: f64,
    pub live: bool,
    /// The time under the pointer.
    pub cursor: Option<f64>,
    pub started_at: Option<&'a str>,
    /// Which of the last two plots is shown where they share a place.
    pub second: usize,
    /// Which way the throughput goes.
    pub direction: Direction,
}

impl Scene<'_> {
    fn x(&self, t: f64) -> f32 {
        self.places.x_at(t, self.from, self.to)
    }

    /// Where lines and bands through all plots end: with the last zero line.
    fn marks_bottom(&self) -> f32 {
        self.places.plots.bottom() - AIR * self.places.scale
    }

    /// The plots that are shown, with place and top.
    pub(super) fn shown(&self) -> impl Iterator<Item = (usize, Rect, f64)> {
        let hidden = if self.places.shared {
            Some(3 - self.second)
        } else {
            None
        };
        let plots = self.places.each.into_iter().zip(self.tops).enumerate();
        let count = if self.places.alone { 1 } else { 4 };
        plots
            .take(count)
            .filter(move |(plot, _)| Some(*plot) != hidden)
            .map(|(plot, (rect, top))| (plot, rect, top))
    }
}

/// Paints plots, axes, events and cursor.
pub(super) fn ui(scene: &Scene<'_>, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    time_axis(scene, painter, tokens);
    gaps(scene, painter, tokens);
    for (plot, rect, top) in scene.shown() {
        grid(plot, rect, top, scene, painter, tokens);
        let inside = painter.with_clip_rect(rect.expand2(vec2(1.0, 0.0)));
        match plot {
            0 => stack(scene, rect, top, &inside, tokens),
            1 => lines(scene, rect, top, |layer| &layer.rtt_ms, &inside, tokens),
            2 => lines(scene, rect, top, |layer| &layer.cwnd, &inside, tokens),
            _ => bars(scene, rect, top, &inside, tokens),
        }
    }
    events(scene, painter, tokens);
    if let Some(t) = scene.cursor {
        let stroke = Stroke::new(1.0, tokens.text);
        painter.vline(scene.x(t), scene.places.plots.y_range(), stroke);
    }
}

/// The times in which nothing was delivered, behind everything.
fn gaps(scene: &Scene<'_>, painter: &Painter, tokens: &Tokens) {
    let mut plots = scene.places.plots;
    plots.max.y = scene.marks_bottom();
    for story in scene.markers.iter().filter_map(|marker| marker.story.as_ref()) {
        let (left, right) = (scene.x(story.gap.0), scene.x(story.gap.1));
        let band = Rect::from_x_y_ranges(left..=right.max(left + 3.0), plots.y_range()).intersect(plots);
        if band.is_positive() {
            painter.rect_filled(band, 0.0, tokens.danger.gamma_multiply(0.35));
        }
    }
}

/// The handovers as things to point at and to choose; the one that was chosen.
pub(super) fn stories(scene: &Scene<'_>, ui: &Ui) -> Option<f64> {
    let mut chosen = None;
    for marker in scene.markers {
        let Some(story) = &marker.story else { continue };
        let strip = scene.places.strip;
        let x = scene.x(marker.t);
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
        let press = Press::text("Back to live").small().named("Back to live");
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

fn time_axis(scene: &Scene<'_>, painter: &Painter, tokens: &Tokens) {
    let plots = scene.places.plots;
    let length = scene.to - scene.from;
    let scale = scene.places.scale;
    let most = f64::from(plots.width() / (90.0 * scale));
    let step = time_step(length, most);
    let y = scene.places.axis.top() + 12.0 * scale;
    let stroke = Stroke::new(1.0, tokens.grid);
    // While the plots follow now the grid stands still; else it belongs to the clock.
    let (anchor, first) = if scene.live {
        (scene.to, -(length / step + 1e-6).floor())
    } else {
        (0.0, (scene.from / step).ceil())
    };
    let mut tick = first;
    while anchor + tick * step <= scene.to + 1e-6 {
        let t = anchor + tick * step;
        tick += 1.0;
        let x = scene.x(t);
        if !scene.places.alone {
            painter.vline(x, plots.y_range(), stroke);
        }
        let label = if scene.live {
            before_now(scene.to - t, step, tick <= first + 1.5)
        } else {
            scene.started_at.map_or_else(
                || before_now(scene.now - t, step, true),
                |start| format::clock(start, t),
            )
        };
        let font = Type::Small.times(scale);
        let wide = width(painter, &label, font.clone());
        let left = (x - wide / 2.0).clamp(plots.left() - 16.0, plots.right() - wide);
        paint(painter, pos2(left, y), &label, font, tokens.text3);
    }
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
    let value = format!("{value:.1}");
    let value = value.trim_end_matches('0').trim_end_matches('.');
    format!("−{value}{}", if unit { name } else { "" })
}

fn grid(plot: usize, rect: Rect, top: f64, scene: &Scene<'_>, painter: &Painter, tokens: &Tokens) {
    if plot > 0 {
        let over = scene.places.plots.left() - GUTTER..=scene.places.readout.right();
        painter.hline(over, rect.top(), Stroke::new(1.0, tokens.line));
    }
    let whole = plot >= 2;
    let scale = scene.places.scale;
    let most = if rect.height() < 56.0 * scale { 2 } else { 4 };
    for value in ticks(top, whole, most) {
        let y = scene.places.y_at(rect, value, top);
        let color = if value == 0.0 { tokens.strong } else { tokens.grid };
        painter.hline(rect.x_range(), y, Stroke::new(1.0, color));
        let at = pos2(rect.left() - 8.0 * scale, y);
        let font = Type::Small.times(scale);
        paint_right(painter, at, &tick_label(value, top), font, tokens.text3);
    }
}

/// A line; dashed for a backup, its dashes standing still on the stream's time.
fn draw(scene: &Scene<'_>, points: Vec<Pos2>, layer: &Layer, began: f64, painter: &Painter, tokens: &Tokens) {
    if points.len() < 2 {
        return;
    }
    let stroke = Stroke::new(2.0 * scene.places.scale, layer.slot.ink(tokens.dark).ink);
    if layer.backup {
        let phase = scene.phase(began);
        let shapes = Shape::dashed_line_with_offset(&corners(&points), stroke, &[8.0], &[6.0], phase);
        painter.extend(shapes);
    } else if scene.series.dense {
        painter.add(band(&points, stroke));
    } else {
        painter.add(Shape::line(points, PathStroke::from(stroke)));
    }
}

impl Scene<'_> {
    /// How far into a dash a line is that begins at `t`.
    #[expect(clippy::cast_possible_truncation, reason = "less than the length of a dash")]
    fn phase(&self, t: f64) -> f32 {
        let per_second = f64::from(self.places.plots.width()) / (self.to - self.from);
        -((t * per_second).rem_euclid(14.0)) as f32
    }
}

fn stack(scene: &Scene<'_>, rect: Rect, top: f64, painter: &Painter, tokens: &Tokens) {
    let zero = scene.places.y_at(rect, 0.0, top);
    // What lies above hides what lies below, also where everything is greyed.
    let (solid, greyed) = opaque(painter, tokens.panel);
    for layer in scene.series.layers.iter().rev() {
        let points = outline(scene, layer, rect, top);
        let fill = greyed(layer.slot.ink(tokens.dark).fill);
        solid.add(area(&points, zero, fill));
        draw(
            scene,
            points,
            layer,
            layer.life.0.max(scene.from),
            painter,
            tokens,
        );
    }
}

/// The upper edge of a layer while its subflow lives.
fn outline(scene: &Scene<'_>, layer: &Layer, rect: Rect, top: f64) -> Vec<Pos2> {
    let bins = &scene.series.bins;
    let (began, ended) = layer.life;
    let end = ended.unwrap_or(scene.now).min(scene.to);
    let mut points = Vec::new();
    for (bin, value) in layer.stacked.iter().enumerate() {
        let (from, to) = (bins.start(bin), bins.start(bin + 1));
        // A bin that is not over yet has no mean: the one before it holds.
        if to <= began || to > end + 1e-6 {
            continue;
        }
        let y = scene.places.y_at(rect, *value, top);
        if points.is_empty() {
            points.push(pos2(scene.x(from.max(began).max(scene.from)), y));
        }
        points.push(pos2(scene.x(to), y));
    }
    if let Some(last) = points.last().copied()
        && scene.x(end) > last.x
    {
        points.push(pos2(scene.x(end), last.y));
    }
    points
}

fn lines(
    scene: &Scene<'_>,
    rect: Rect,
    top: f64,
    curve: fn(&Layer) -> &Curve,
    painter: &Painter,
    tokens: &Tokens,
) {
    for layer in scene.series.layers.iter().rev() {
        let mut run = Vec::new();
        let mut began = scene.from;
        for (t, value) in curve(layer) {
            match value {
                Some(value) => {
                    if run.is_empty() {
                        began = *t;
                    }
                    run.push(pos2(scene.x(*t), scene.places.y_at(rect, *value, top)));
                }
                None => draw(scene, std::mem::take(&mut run), layer, began, painter, tokens),
            }
        }
        draw(scene, run, layer, began, painter, tokens);
    }
}

fn bars(scene: &Scene<'_>, rect: Rect, top: f64, painter: &Painter, tokens: &Tokens) {
    let bins = &scene.series.retrans_bins;
    let mut mesh = Mesh::default();
    for bin in 0..bins.count {
        let middle = scene.x(bins.start(bin) + bins.width / 2.0).round();
        let mut floor = 0.0;
        for layer in &scene.series.layers {
            let value = layer.retrans.get(bin).copied().unwrap_or(0.0);
            if value <= 0.0 {
                continue;
            }
            let bar = Rect::from_min_max(
                pos2(middle - 2.0, scene.places.y_at(rect, floor + value, top)),
                pos2(middle + 2.0, scene.places.y_at(rect, floor, top)),
            );
            mesh.add_colored_rect(bar, layer.slot.ink(tokens.dark).ink);
            floor += value;
        }
    }
    painter.add(Shape::mesh(mesh));
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
        (scene.x(marker.t), wide, marker.loss)
    };
    let mut marks: Vec<(f32, f32, bool)> = scene
        .markers
        .iter()
        .map(|marker| mark(marker, &marker.label))
        .collect();
    let room = |marks: &[_], forced| place(marks, strip.left() - 20.0, strip.right(), scale, forced);
    let mut placed = room(&marks, false);
    // The graver stays, if need be with fewer words.
    let mut shortened = Vec::new();
    for (number, marker) in scene.markers.iter().enumerate() {
        let missing = placed.iter().all(|label| label.marker != number);
        if let (Some(story), Some(wide), true) = (&marker.story, marks.get_mut(number), missing) {
            *wide = mark(marker, &story.short);
            shortened.push(number);
        }
    }
    if !shortened.is_empty() {
        placed = room(&marks, true);
    }
    // Losses last, so that they lie above.
    for wanted in [false, true] {
        for (x, _, loss) in marks.iter().filter(|(_, _, loss)| *loss == wanted) {
            let (color, thick) = if *loss {
                (tokens.danger, 1.5)
            } else {
                (tokens.text3, 1.0)
            };
            painter.vline(*x, y..=scene.marks_bottom(), Stroke::new(thick * scale, color));
            let at = |across: f32, down: f32| pos2(x + across * scale, y + down * scale);
            let corners = vec![at(-4.5, -6.0), at(4.5, -6.0), at(0.0, 1.0)];
            painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
        }
    }
    for label in placed {
        if let Some(marker) = scene.markers.get(label.marker) {
            let color = if marker.loss { tokens.danger } else { tokens.text2 };
            let short = marker
                .story
                .as_ref()
                .filter(|_| shortened.contains(&label.marker));
            let text = short.map_or(&marker.label, |story| &story.short);
            if short.is_some() {
                let wide = width(painter, text, style(marker));
                let (beside, above, below) = (2.0 * scale, 10.0 * scale, 6.0 * scale);
                let ground = Rect::from_x_y_ranges(
                    label.left - beside..=label.left + wide + beside,
                    y - above..=y + below,
                );
                painter.rect_filled(ground, 0.0, tokens.panel);
            }
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
