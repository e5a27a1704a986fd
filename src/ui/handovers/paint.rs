//! Paints the lanes, by hand: bars, words and gaps of many lanes on one axis of time are no plot of values.

use egui::{Painter, Rect, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role};
use egui::{pos2, vec2};

use super::lanes::{Bar, Block, Lane, Lanes, Look};
use super::list;
use crate::history::handover::Incident;
use crate::ui::format;
use crate::ui::kit::{TextLine, TimeAxis, focus_ring, paint, paint_within, round_step, width};
use crate::ui::theme::{Slot, Tokens, Type};
use crate::ui::view::View;
use crate::words::handover::{length, length_and_fate};
use crate::words::units::Measured;

pub(super) const LABELS: f32 = 200.0;
pub(super) const PADDING: f32 = 16.0;
const AXIS: f32 = 24.0;
const LANE: f32 = 32.0;
const BAR: f32 = 18.0;
const DELIVERY: f32 = 104.0;
const DELIVERY_OTHER: f32 = 80.0;
/// Of a connection that carried nothing then: its data come now and then.
const DELIVERY_IDLE: f32 = 64.0;
const GROUP: f32 = 28.0;

/// The lanes; the moment that was clicked.
pub(super) fn ui(lanes: &Lanes, told: &Incident, view: &View<'_>, ui: &mut Ui) -> Option<f64> {
    let (moment, color) = (told.t, list::color(told, Tokens::of(ui)));
    let mut chosen = None;
    let area = ui.available_rect_before_wrap();
    let bins = &lanes.bins;
    let axis = TimeAxis {
        from: bins.start(0),
        to: bins.start(bins.count),
        left: area.left() + LABELS,
        right: area.right() - PADDING,
    };
    ui.spacing_mut().item_spacing.y = 0.0;
    ticks(&axis, moment, view, ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let top = ui.cursor().top();
        let grid = ui.painter().add(Shape::Noop);
        group("Interfaces", "", ui);
        for one in &lanes.interfaces {
            lane(one, &axis, ui);
        }
        for (number, block) in lanes.blocks.iter().enumerate() {
            if delivery(block, lanes, &axis, number == 0, ui) {
                chosen = Some(moment);
            }
            for one in &block.lanes {
                lane(one, &axis, ui);
            }
        }
        let bottom = ui.cursor().top().max(ui.clip_rect().bottom());
        let tokens = Tokens::of(ui);
        let anchor = if axis.shows(moment, moment) { moment } else { 0.0 };
        let mut lines: Vec<Shape> = axis
            .ticks(step(&axis), anchor)
            .map(|t| {
                let x = axis.x_clamped(t);
                Shape::line_segment([pos2(x, top), pos2(x, bottom)], Stroke::new(1.0, tokens.grid))
            })
            .collect();
        if axis.shows(moment, moment) {
            let x = axis.x_clamped(moment);
            lines.push(Shape::line_segment(
                [pos2(x, top), pos2(x, bottom)],
                Stroke::new(1.5, color),
            ));
        }
        ui.painter().set(grid, Shape::Vec(lines));
    });
    chosen
}

/// From one line of the grid to the next, seconds: about four over the window, which is a little longer than it was meant
/// to be, because it ends with a whole bin.
fn step(axis: &TimeAxis) -> f64 {
    round_step(axis.length() / 4.0 * 0.95)
}

/// The moment on the clock, and seconds from it on either side.
fn ticks(axis: &TimeAxis, moment: f64, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), AXIS), Sense::hover());
    let painter = ui.painter();
    painter.hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, tokens.line));
    let y = rect.center().y;
    let started_at = view
        .shown
        .header()
        .map_or("", |header| header.started_at.as_str());
    let step = step(axis);
    let mut taken = f32::NEG_INFINITY..=f32::NEG_INFINITY;
    if axis.shows(moment, moment) {
        let clock = format::clock_ms(started_at, moment);
        let wide = width(painter, &clock, Type::SmallStrong);
        let x = (axis.x_clamped(moment) - wide / 2.0).clamp(axis.left, axis.right - wide);
        paint(painter, pos2(x, y), &clock, Type::SmallStrong, tokens.text);
        taken = x - 8.0..=x + wide + 8.0;
    }
    let decimals = if step < 0.1 { 2 } else { usize::from(step < 1.0) };
    // Seconds from the moment while it is in view; else they would say little.
    let anchor = if axis.shows(moment, moment) { moment } else { 0.0 };
    let mut free_from = f32::NEG_INFINITY;
    for t in axis.ticks(step, anchor) {
        let away = t - anchor;
        let sign = if away < 0.0 { "\u{2212}" } else { "+" };
        let text = if axis.shows(moment, moment) {
            format!("{sign}{:.decimals$} s", away.abs())
        } else {
            let clock = format::clock_ms(started_at, t);
            let most = if decimals > 0 { 9 + decimals } else { 8 };
            clock.get(..most).unwrap_or(&clock).to_owned()
        };
        let wide = width(painter, &text, Type::Small);
        let x = (axis.x_clamped(t) - wide / 2.0).clamp(axis.left, axis.right - wide);
        if x >= free_from && !(taken.contains(&x) || taken.contains(&(x + wide))) {
            free_from = x + wide + 8.0;
            paint(painter, pos2(x, y), &text, Type::Small, tokens.text3);
        }
    }
}

fn group(title: &str, note: &str, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), GROUP), Sense::hover());
    let at = pos2(rect.left() + PADDING, rect.center().y + 2.0);
    let end = paint(ui.painter(), at, title, Type::Strong, tokens.text);
    paint(
        ui.painter(),
        pos2(end + 8.0, at.y),
        note,
        Type::Small,
        tokens.text3,
    );
}

fn lane(lane: &Lane, axis: &TimeAxis, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LANE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken(lane)));
    let painter = ui.painter();
    let y = rect.center().y;
    let mut line = TextLine::over(painter, (rect.left() + PADDING + 7.0, axis.left - 12.0), y);
    line.shape(10.0, lane.slot, false, tokens);
    line.left += 9.0;
    line.text(&lane.name, Type::Body, tokens.text);
    // The name says more than the note.
    line.left += 8.0;
    if line.fits(&lane.note, Type::Small) {
        line.text_at_end(&lane.note, Type::Small, tokens.text3);
    }
    // That it rests is said once: data that come now and then would have it said again and again.
    let mut rests = false;
    for one in &lane.bars {
        let thin = matches!(one.look, Look::Idle | Look::Backup);
        let mut one = one.clone();
        if thin && rests {
            one.parts.clear();
        }
        rests |= bar(&one, lane.slot, axis, y, tokens, painter) && thin;
    }
    if let Some((closed, why)) = lane.closed.as_ref().filter(|(t, _)| *t >= axis.from) {
        let x = axis.x_clamped(*closed);
        let stroke = Stroke::new(2.0, tokens.danger);
        for slope in [-1.0, 1.0] {
            painter.line_segment(
                [pos2(x - 5.0, y - 5.0 * slope), pos2(x + 5.0, y + 5.0 * slope)],
                stroke,
            );
        }
        let most = axis.right - x - 11.0;
        paint_within(painter, pos2(x + 11.0, y), why, Type::Small, tokens.text2, most);
    }
}

fn spoken(lane: &Lane) -> String {
    let mut parts = vec![lane.name.clone()];
    parts.extend(lane.bars.iter().map(|bar| bar.parts.join(", ")));
    parts.extend(lane.closed.as_ref().map(|(_, why)| why.clone()));
    parts.dedup();
    parts.join(", ")
}

/// A stretch of a lane around a height; whether there was room for its words.
pub(super) fn bar(
    bar: &Bar,
    slot: Slot,
    axis: &TimeAxis,
    y: f32,
    tokens: &Tokens,
    painter: &Painter,
) -> bool {
    let hues = slot.ink(tokens.dark);
    let rect = Rect::from_min_max(
        pos2(axis.x_clamped(bar.from), y - BAR / 2.0),
        pos2(axis.x_clamped(bar.to), y + BAR / 2.0),
    );
    if rect.width() < 0.5 {
        return false;
    }
    let text = |style, color| {
        let text = fitting(&bar.parts, style, rect.width() - 16.0, painter);
        if let Some(text) = &text {
            paint(painter, pos2(rect.left() + 10.0, y), text, style, color);
        }
        text.is_some()
    };
    match bar.look {
        Look::Solid => {
            painter.rect(
                rect,
                3.0,
                hues.lane,
                Stroke::new(1.0, hues.ink),
                StrokeKind::Inside,
            );
            text(Type::Small, tokens.text)
        }
        Look::Idle => {
            let line = Rect::from_center_size(rect.center(), vec2(rect.width(), 4.0));
            painter.rect_filled(line, 2.0, hues.ink);
            beside(bar, rect, tokens, painter)
        }
        Look::Backup => {
            let ends = [pos2(rect.left(), y), pos2(rect.right(), y)];
            painter.extend(Shape::dashed_line(&ends, Stroke::new(4.0, hues.ink), 12.0, 6.0));
            beside(bar, rect, tokens, painter)
        }
        Look::Stalled => {
            painter.rect_filled(rect, 3.0, tokens.danger_tint);
            let within = painter.with_clip_rect(painter.clip_rect().intersect(rect));
            let mut x = rect.left();
            while x < rect.right() + BAR {
                let ends = [pos2(x, rect.bottom()), pos2(x + BAR, rect.top())];
                within.line_segment(ends, Stroke::new(0.75, tokens.danger.gamma_multiply(0.5)));
                x += 7.0;
            }
            painter.rect_stroke(rect, 3.0, Stroke::new(1.0, tokens.danger), StrokeKind::Inside);
            let wide = width(painter, &bar.parts.join(", "), Type::SmallStrong);
            if wide + 16.0 <= rect.width() {
                let ground = Rect::from_min_size(
                    pos2(rect.left() + 4.0, rect.top() + 1.5),
                    vec2(wide + 12.0, BAR - 3.0),
                );
                painter.rect_filled(ground, 2.0, tokens.danger_tint);
            }
            text(Type::SmallStrong, tokens.danger)
        }
        Look::Down => {
            let stroke = Stroke::new(1.0, tokens.danger);
            painter.rect(rect, 3.0, tokens.panel, stroke, StrokeKind::Inside);
            text(Type::SmallStrong, tokens.danger)
        }
    }
}

/// As many parts as there is room for, the last left out first; nothing where not even the first fits.
fn fitting(parts: &[String], style: Type, room: f32, painter: &Painter) -> Option<String> {
    let fewest = parts.len().min(1);
    let most_first = (fewest..=parts.len()).rev();
    let mut texts = most_first.filter_map(|count| Some(parts.get(..count)?.join(", ")));
    texts.find(|text| width(painter, text, style) <= room)
}

/// The word of a thin line, on a ground of its own.
fn beside(bar: &Bar, rect: Rect, tokens: &Tokens, painter: &Painter) -> bool {
    let text = fitting(&bar.parts, Type::Small, rect.width() - 40.0, painter);
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return false;
    };
    let wide = width(painter, &text, Type::Small);
    let ground = Rect::from_min_size(pos2(rect.left() + 8.0, rect.top()), vec2(wide + 12.0, BAR));
    painter.rect_filled(ground, 0.0, tokens.panel);
    paint(
        painter,
        pos2(ground.left() + 6.0, rect.center().y),
        &text,
        Type::Small,
        tokens.text2,
    );
    true
}

/// What a connection delivered, bin by bin, with the interruption measured on it; whether it was clicked.
fn delivery(block: &Block, lanes: &Lanes, axis: &TimeAxis, first: bool, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let high = match block.interruption {
        _ if first => DELIVERY,
        Some(_) => DELIVERY_OTHER,
        None => DELIVERY_IDLE,
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), high + 16.0), Sense::click());
    let said = said(block);
    response.widget_info(|| {
        let name = format!("{} to {}: {said}", block.application, block.peer);
        WidgetInfo::labeled(Role::Button, true, name)
    });
    let painter = ui.painter();
    painter.hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, tokens.line));
    let x = rect.left() + PADDING;
    let room = axis.left - 12.0 - x;
    let y = rect.top() + 22.0;
    paint_within(
        painter,
        pos2(x, y),
        &block.application,
        Type::Strong,
        tokens.text,
        room,
    );
    paint_within(
        painter,
        pos2(x, y + 19.0),
        &block.peer,
        Type::SmallMono,
        tokens.text2,
        room,
    );
    if first {
        let unit = format!("delivered, {:.0} ms bins", lanes.bins.width * 1000.0);
        paint_within(painter, pos2(x, y + 38.0), &unit, Type::Small, tokens.text3, room);
    }
    let (top, bottom) = (rect.top() + 24.0, rect.bottom() - 4.0);
    painter.hline(axis.left..=axis.right, bottom, Stroke::new(1.0, tokens.strong));
    bars(block, lanes, axis, (top, bottom), tokens, painter);
    gap(block, axis, (rect.top() + 8.0, bottom), first, tokens, painter);
    if response.has_focus() {
        focus_ring(ui, &response.clone().with_new_rect(rect.shrink(3.0)), 4.0);
    }
    let clicked = response.clicked();
    response.on_hover_text_at_pointer(&block.sentence);
    clicked
}

#[expect(clippy::cast_possible_truncation, reason = "a place in a window")]
fn bars(
    block: &Block,
    lanes: &Lanes,
    axis: &TimeAxis,
    (top, bottom): (f32, f32),
    tokens: &Tokens,
    painter: &Painter,
) {
    let bins = &lanes.bins;
    let sum = |bin: usize| -> f64 {
        let rates = block.delivery.iter().filter_map(|(_, rates)| rates.get(bin));
        rates.sum()
    };
    let highest = (0..bins.count).map(sum).fold(1.0, f64::max);
    for bin in 0..bins.count {
        let (left, right) = (
            axis.x_clamped(bins.start(bin)),
            axis.x_clamped(bins.start(bin + 1)),
        );
        let mut base = bottom;
        for (slot, rates) in &block.delivery {
            let rate = rates.get(bin).copied().unwrap_or(0.0);
            let high = (rate / highest) as f32 * (bottom - top);
            if high < 0.25 {
                continue;
            }
            let bar = Rect::from_min_max(pos2(left, base - high), pos2((right - 1.0).max(left + 0.5), base));
            painter.rect_filled(bar, 0.0, slot.ink(tokens.dark).mark);
            base -= high;
        }
    }
}

fn said(block: &Block) -> String {
    match block.interruption {
        None => block.quiet.unwrap_or("how long was not seen").to_owned(),
        Some(gap) => length_and_fate(gap, block.fate),
    }
}

fn gap(
    block: &Block,
    axis: &TimeAxis,
    (top, bottom): (f32, f32),
    first: bool,
    tokens: &Tokens,
    painter: &Painter,
) {
    let stop = block.stopped_at;
    let Some(gap) = block.interruption else {
        if !axis.shows(stop, stop) {
            return;
        }
        let text = said(block);
        let wide = width(painter, &text, Type::Small);
        let x = (axis.x_clamped(stop) + 12.0).min(axis.right - wide - 6.0);
        let at = pos2(x, f32::midpoint(top, bottom));
        let ground = Rect::from_center_size(at + vec2(wide / 2.0, 0.0), vec2(wide + 12.0, 20.0));
        painter.rect_filled(ground, 4.0, tokens.panel);
        paint(painter, at, &text, Type::Small, tokens.text2);
        return;
    };
    let end = gap.t + gap.ms as f64 / 1000.0;
    if !axis.shows(gap.t, end) {
        return;
    }
    let (left, right) = (axis.x_clamped(gap.t), axis.x_clamped(end));
    let rect = Rect::from_min_max(pos2(left, top), pos2(right.max(left + 3.0), bottom));
    painter.rect_filled(rect, 0.0, tokens.danger_tint);
    for x in [rect.left(), rect.right()] {
        painter.vline(x, top..=bottom, Stroke::new(2.0, tokens.danger));
    }
    let Measured { length, uncertainty } = length(gap);
    let length = length.to_string();
    let style = if first { Type::Heading } else { Type::Strong };
    let wide = width(painter, &length, style);
    let middle = f32::midpoint(top, bottom) + 8.0;
    let stroke = Stroke::new(2.0, tokens.danger);
    let inside = rect.width() >= (wide + 12.0).max(56.0);
    if inside {
        let x = rect.center().x;
        paint(
            painter,
            pos2(x - wide / 2.0, middle - 16.0),
            &length,
            style,
            tokens.danger,
        );
        let arrow = [pos2(rect.left() + 3.0, middle), pos2(rect.right() - 3.0, middle)];
        painter.line_segment(arrow, stroke);
        for (tip, way) in [(arrow[0], 1.0), (arrow[1], -1.0)] {
            for slope in [-4.0, 4.0] {
                painter.line_segment([tip, tip + vec2(6.0 * way, slope)], stroke);
            }
        }
        let below = format!("± {uncertainty}");
        let wide = width(painter, &below, Type::Small);
        paint(
            painter,
            pos2(x - wide / 2.0, middle + 14.0),
            &below,
            Type::Small,
            tokens.danger,
        );
    } else {
        let text = format!("{length} ± {uncertainty}");
        let wide = width(painter, &text, style);
        let right = rect.right() + 8.0;
        let x = if right + wide <= axis.right {
            right
        } else {
            rect.left() - 8.0 - wide
        };
        paint(painter, pos2(x, middle - 16.0), &text, style, tokens.danger);
    }
    let spread = gap.uncertainty_ms as f64 / 1000.0;
    let bar = Rect::from_min_max(
        pos2(axis.x_clamped(end - spread), bottom),
        pos2(axis.x_clamped(end + spread), bottom + 4.0),
    );
    painter.rect_filled(bar, 0.0, tokens.danger);
    recovery(block, axis, top, tokens, painter);
}

/// An arrow from the stop to where delivery was as before.
fn recovery(block: &Block, axis: &TimeAxis, top: f32, tokens: &Tokens, painter: &Painter) {
    let Some(ms) = block.interruption.and_then(|gap| gap.recovery_ms) else {
        return;
    };
    let seconds = ms as f64 / 1000.0;
    let (from, to) = (
        axis.x_clamped(block.stopped_at),
        axis.x_clamped(block.stopped_at + seconds),
    );
    let stroke = Stroke::new(1.5, tokens.text2);
    painter.line_segment([pos2(from, top), pos2(to, top)], stroke);
    for slope in [-4.0, 4.0] {
        painter.line_segment([pos2(to, top), pos2(to - 6.0, top + slope)], stroke);
    }
    let text = format!("as before after {seconds:.1} s");
    let at = pos2(to + 8.0, top);
    if at.x + width(painter, &text, Type::Small) <= axis.right {
        paint(painter, at, &text, Type::Small, tokens.text);
    }
}
