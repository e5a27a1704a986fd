//! The whole recording in a strip: what each interface carried, handovers and other events, what the plots show, and where it
//! stands.

use egui::{Key, Painter, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::model::EventKind;
use crate::ui::format;
use crate::ui::kit::{TimeAxis, focus_ring, paint, sparkline, width};
use crate::ui::replay::Replay;
use crate::ui::theme::{Slot, Tokens, Type};
use crate::ui::view::View;
use crate::words::recording as words;

const HIGH: f32 = 44.0;
const ABOVE: f32 = 28.0;
/// How far apart the labels of the clock stand at least.
const LABEL: f32 = 90.0;
/// More marks than points would be a wall.
const APART: f32 = 3.0;

/// The strip; where somebody wants to go, seconds on the stream.
pub(super) fn ui(
    replay: &Replay,
    place: Rect,
    span: (f64, f64),
    view: &View<'_>,
    ui: &mut Ui,
) -> Option<f64> {
    let tokens = Tokens::of(ui);
    let strip = Rect::from_min_size(pos2(place.left(), place.top() + ABOVE), vec2(place.width(), HIGH));
    let playback = &replay.playback;
    let axis = TimeAxis {
        from: playback.begins,
        to: playback.ends.max(playback.begins + 1e-3),
        left: strip.left(),
        right: strip.right(),
    };
    let touched = strip.expand2(vec2(0.0, 10.0));
    let response = ui.interact(touched, ui.scope_id().with("strip"), Sense::click_and_drag());
    response.widget_info(|| {
        let name = words::strip(playback.position - playback.begins, replay.length());
        WidgetInfo::slider(true, playback.position - playback.begins, name)
    });
    let painter = ui.painter();
    painter.rect_filled(strip, 4.0, tokens.bg);
    carried(replay, &axis, strip, view, painter, tokens);
    events(replay, &axis, strip, painter, tokens);
    clock(&axis, strip, view, painter, tokens);
    let shown = Rect::from_x_y_ranges(axis.x_clamped(span.0)..=axis.x_clamped(span.1), strip.y_range());
    painter.rect_filled(shown, 0.0, tokens.text.gamma_multiply(0.18));
    handovers(replay, &axis, strip, painter, tokens);
    let x = axis.x_clamped(playback.position);
    painter.vline(x, strip.y_range(), Stroke::new(2.0, tokens.text));
    painter.circle_filled(pos2(x, strip.bottom()), 6.0, tokens.text);
    focus_ring(ui, &response.clone().with_new_rect(strip), 4.0);
    by_keys(replay, &response, ui).or_else(|| {
        let at = response.interact_pointer_pos()?;
        let is_moved =
            response.clicked() || response.drag_started() || ui.input(|input| input.pointer.delta().x != 0.0);
        is_moved.then(|| axis.time(at.x).clamp(axis.from, axis.to))
    })
}

/// A hundredth of the file to either side, where the strip has the focus; all of it by Home and End.
fn by_keys(replay: &Replay, response: &egui::Response, ui: &Ui) -> Option<f64> {
    if !response.has_focus() {
        return None;
    }
    let playback = &replay.playback;
    let part = replay.length() / 100.0;
    let to = [
        (Key::ArrowRight, playback.position + part),
        (Key::ArrowLeft, playback.position - part),
        (Key::Home, playback.begins),
        (Key::End, playback.ends),
    ];
    let mut pressed = to
        .into_iter()
        .filter(|(key, _)| ui.input(|input| input.key_pressed(*key)));
    pressed
        .next()
        .map(|(_, t)| t.clamp(playback.begins, playback.ends))
}

/// What each interface carried, in order of slot, as far as it was read.
fn carried(
    replay: &Replay,
    axis: &TimeAxis,
    strip: Rect,
    view: &View<'_>,
    painter: &Painter,
    tokens: &Tokens,
) {
    let history = &replay.overview.history;
    let session = history.session();
    let width_s = session.width_s();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most as many as the session has"
    )]
    let bin = |t: f64| (t / width_s).max(0.0) as usize;
    let (first, end) = (bin(axis.from), bin(replay.overview.read_to));
    if end < first + 2 {
        return;
    }
    let mut layers: Vec<(Slot, Vec<f64>)> = session
        .rates()
        .map(|(device, rates)| {
            let mut rates: Vec<f64> = rates.take(end).skip(first).collect();
            rates.resize(end - first, 0.0);
            (view.slots.of(Some(device)), rates)
        })
        .collect();
    layers.sort_by_key(|(slot, _)| *slot);
    let known: Vec<bool> = (first..end)
        .map(|bin| {
            let from = bin as f64 * width_s;
            history.gaps().within(from, from + width_s).next().is_none()
        })
        .collect();
    let middle = |bin: usize| axis.x_clamped((bin as f64 + 0.5) * width_s);
    let room = Rect::from_x_y_ranges(
        middle(first)..=middle(end - 1),
        strip.top() + 4.0..=strip.bottom(),
    );
    sparkline(painter, room, &layers, &known, tokens);
}

/// What became of interfaces and addresses, a line each.
fn events(replay: &Replay, axis: &TimeAxis, strip: Rect, painter: &Painter, tokens: &Tokens) {
    let mut last = f32::NEG_INFINITY;
    for event in replay.overview.history.events() {
        let is_shown = matches!(
            event.kind,
            EventKind::InterfaceUp
                | EventKind::InterfaceDown
                | EventKind::AddressAdded
                | EventKind::AddressLost
        );
        let x = axis.x_clamped(event.t);
        if is_shown && x >= last + APART {
            last = x;
            painter.vline(x, strip.y_range(), Stroke::new(1.0, tokens.text3));
        }
    }
}

/// A line a handover, with a triangle above.
fn handovers(replay: &Replay, axis: &TimeAxis, strip: Rect, painter: &Painter, tokens: &Tokens) {
    let mut last = f32::NEG_INFINITY;
    for incident in replay.overview.history.incidents() {
        let x = axis.x_clamped(incident.t);
        if x < last + APART {
            continue;
        }
        last = x;
        painter.vline(x, strip.y_range(), Stroke::new(1.5, tokens.danger));
        let top = strip.top() - 9.0;
        let corners = vec![pos2(x - 4.5, top), pos2(x + 4.5, top), pos2(x, top + 7.0)];
        painter.add(Shape::convex_polygon(corners, tokens.danger, Stroke::NONE));
    }
}

/// Round times of the clock below the strip.
fn clock(axis: &TimeAxis, strip: Rect, view: &View<'_>, painter: &Painter, tokens: &Tokens) {
    let Some(header) = view.shown.header() else { return };
    let step = axis.step(LABEL).max(1.0);
    let anchor = -format::past_round(&header.started_at, step);
    for t in axis.ticks(step, anchor) {
        // A round time that lies a little before itself would be written as the one before.
        let text = format::clock(&header.started_at, t + 1e-3);
        let text = if step < 60.0 {
            text.as_str()
        } else {
            text.get(..5).unwrap_or(&text)
        };
        let wide = width(painter, text, Type::Small);
        let x = axis.x_clamped(t);
        if x - wide / 2.0 >= strip.left() && x + wide / 2.0 <= strip.right() {
            let at = pos2(x - wide / 2.0, strip.bottom() + 15.0);
            paint(painter, at, text, Type::Small, tokens.text3);
        }
    }
}
