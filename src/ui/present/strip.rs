//! The strip of present mode: what the keys do, what the scenario demonstrates, who drives, and the way out.

use egui::{Key, Modifiers, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo};
use egui::{accesskit::Role, pos2, vec2};

use super::keys::{Act, KeyCap, note, of_scenarios, of_shown};
use super::layout::Places;
use super::paint::shrunk;
use super::subject::Subject;
use crate::ui::kit::{focus_ring, paint, paint_within, width};
use crate::ui::laboratory::LabNow;
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View};
use crate::words::lab::{BY_HAND, BY_ITSELF};

/// The sizes on 1280×720.
const TEXT: f32 = 20.0;
const HIGH: f32 = 34.0;
const BETWEEN: f32 = 26.0;

/// The strip; what was asked for by key or click.
pub(super) fn ui(
    lab: Option<&LabNow>,
    shown: Option<Subject>,
    places: &Places,
    view: &View<'_>,
    ui: &mut Ui,
) -> Vec<Act> {
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(places.keys, 0.0, tokens.raised);
    ui.painter().hline(
        places.keys.x_range(),
        places.keys.top() + 0.5,
        Stroke::new(1.0, tokens.line),
    );
    let [above, below] = places.rows();
    let (left, right) = (places.second.x, places.second.x + places.room);
    let scale = places.scale;
    let mut acts = Vec::new();
    let leave = KeyCap::leave();
    let leave_at = pos2(right - cap_width(&leave, scale, ui.painter()), below);
    let mut row = |caps: &[KeyCap], y: f32, ui: &mut Ui| {
        let mut at = pos2(left, y);
        // Many links with long names have room all the same.
        let wide = |cap: &KeyCap| cap_width(cap, scale, ui.painter()) + BETWEEN * scale;
        let all: f32 = caps.iter().map(wide).sum();
        let scale = scale * ((leave_at.x - left) / all.max(1.0)).min(1.0);
        for cap in caps {
            acts.extend(press(cap, at, scale, ui));
            at.x += cap_width(cap, scale, ui.painter()) + BETWEEN * scale;
        }
        at
    };
    let told = note(lab, view);
    if let Some(lab) = lab {
        let at = row(&of_scenarios(lab), above, ui);
        let end = right - hand_width(scale, ui.painter());
        say(&told, at, end - BETWEEN * scale, scale, ui);
        row(&of_shown(Some(lab), shown, view), below, ui);
        acts.extend(hand(lab.by_itself, pos2(end, above), scale, ui));
    } else {
        let at = row(&of_shown(None, shown, view), below, ui);
        say(&told, at, leave_at.x - BETWEEN * scale, scale, ui);
    }
    acts.extend(press(&leave, leave_at, scale, ui));
    // Up is the way back from what down shows.
    let is_free = ui.memory(|memory| memory.focused().is_none());
    if is_free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowUp)) {
        let before = shown.and_then(|shown| super::subject::after(shown, -1, view));
        acts.extend(before.map(Act::Show));
    }
    acts
}

/// What is so, beside the keys.
fn say((text, alarms): &(String, bool), at: Pos2, end: f32, scale: f32, ui: &Ui) {
    let (tokens, room) = (Tokens::of(ui), end - at.x);
    if text.is_empty() || room <= 0.0 {
        return;
    }
    let color = if *alarms { tokens.danger } else { tokens.text2 };
    let font = shrunk(text, TEXT * scale, room, ui.painter());
    paint_within(ui.painter(), at, text, font, color, room);
    let place = Rect::from_min_max(
        at - vec2(0.0, HIGH / 2.0 * scale),
        pos2(end, at.y + HIGH / 2.0 * scale),
    );
    let response = ui.interact(place, ui.scope_id().with("note"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
}

/// The two ways to drive, as two halves of a switch.
const WAYS: [(&str, bool); 2] = [(BY_ITSELF, true), (BY_HAND, false)];

fn way_width(name: &str, scale: f32, painter: &Painter) -> f32 {
    width(painter, name, Type::Strong.sized(TEXT * scale)) + 24.0 * scale
}

fn hand_width(scale: f32, painter: &Painter) -> f32 {
    let ways: f32 = WAYS.iter().map(|(name, _)| way_width(name, scale, painter)).sum();
    box_width(&KeyCap::hand(true), scale, painter) + 10.0 * scale + ways
}

/// The key and the switch that say who drives.
fn hand(by_itself: bool, at: Pos2, scale: f32, ui: &mut Ui) -> Option<Act> {
    let tokens = Tokens::of(ui);
    let cap = KeyCap::hand(by_itself);
    let mut act = press(&cap, at, scale, ui);
    let painter = ui.painter().clone();
    let mut x = at.x + box_width(&cap, scale, &painter) + 10.0 * scale;
    let high = HIGH * scale;
    let wide: f32 = WAYS
        .iter()
        .map(|(name, _)| way_width(name, scale, &painter))
        .sum();
    let whole = Rect::from_min_size(pos2(x, at.y - high / 2.0), vec2(wide, high));
    painter.rect_filled(whole, 6.0 * scale, tokens.control);
    for (name, way) in WAYS {
        let cell = Rect::from_min_size(pos2(x, whole.top()), vec2(way_width(name, scale, &painter), high));
        x = cell.right();
        let response = ui.interact(cell, ui.scope_id().with(("way", name)), Sense::click());
        let on = way == by_itself;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, name));
        let (style, color) = if on {
            painter.rect_filled(cell.shrink(3.0 * scale), 4.0 * scale, tokens.text);
            (Type::Strong, tokens.panel)
        } else {
            (Type::Body, tokens.text2)
        };
        let font = style.sized(TEXT * scale);
        let start = cell.center().x - width(&painter, name, font.clone()) / 2.0;
        paint(&painter, pos2(start, at.y), name, font, color);
        focus_ring(ui, &response, 4.0 * scale);
        if response.clicked() && !on {
            act = Some(Act::Ask(UiCommand::PlayByItself(way)));
        }
    }
    act
}

fn box_width(cap: &KeyCap, scale: f32, painter: &Painter) -> f32 {
    let wide = width(painter, cap.sign, Type::Strong.sized(TEXT * scale));
    (wide + 22.0 * scale).max(HIGH * scale)
}

fn cap_width(cap: &KeyCap, scale: f32, painter: &Painter) -> f32 {
    let text = width(painter, &cap.text, Type::Body.sized(TEXT * scale));
    box_width(cap, scale, painter) + 10.0 * scale + text
}

/// A key with what it does, to click and to press; what it does where it was.
fn press(cap: &KeyCap, at: Pos2, scale: f32, ui: &mut Ui) -> Option<Act> {
    let tokens = Tokens::of(ui);
    let size = vec2(cap_width(cap, scale, ui.painter()), HIGH * scale);
    let mut place = Rect::from_min_size(at - vec2(0.0, size.y / 2.0), size);
    let cap_place = Rect::from_min_size(place.min, vec2(box_width(cap, scale, ui.painter()), size.y));
    if cap.text.is_empty() {
        place = cap_place;
    }
    let enabled = cap.act.is_some();
    let response = ui.interact(place, ui.scope_id().with(("key", cap.key)), Sense::click());
    let mut name = if cap.text.is_empty() {
        cap.key.name().to_owned()
    } else {
        cap.text.clone()
    };
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &name));
    let painter = ui.painter();
    let ground = if enabled && response.hovered() {
        tokens.control_hover
    } else {
        tokens.control
    };
    painter.rect_filled(cap_place, 4.0 * scale, ground);
    let outline = if enabled { tokens.ctl } else { tokens.line };
    let stroke = Stroke::new(1.0 * scale, outline);
    painter.rect_stroke(cap_place, 4.0 * scale, stroke, StrokeKind::Inside);
    let bold = Type::Strong.sized(TEXT * scale);
    let inner = width(painter, cap.sign, bold.clone());
    let color = if enabled { tokens.text } else { tokens.text3 };
    let key_at = pos2(cap_place.center().x - inner / 2.0, at.y);
    paint(painter, key_at, cap.sign, bold, color);
    let color = if enabled { tokens.text2 } else { tokens.text3 };
    let text_at = pos2(cap_place.right() + 10.0 * scale, at.y);
    paint(painter, text_at, &cap.text, Type::Body.sized(TEXT * scale), color);
    focus_ring(ui, &response, 4.0 * scale);
    // Space presses whatever has the focus.
    let taken = if cap.key == Key::Space {
        ui.memory(|memory| memory.focused().is_some())
    } else {
        response.has_focus()
    };
    let pressed = !taken && hit(cap.key, ui);
    cap.act.clone().filter(|_| response.clicked() || pressed)
}

/// Whether a key was pressed in this frame.
fn hit(key: Key, ui: &Ui) -> bool {
    let keys: &[Key] = match key {
        Key::F11 => &[Key::F11, Key::Escape],
        other => &[other],
    };
    ui.input_mut(|input| keys.iter().any(|key| input.consume_key(Modifiers::NONE, *key)))
}
