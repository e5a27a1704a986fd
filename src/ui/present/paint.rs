//! How present mode looks: the sentence, the figures beside the plot, the strip of keys.

use egui::{FontId, Key, Modifiers, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui};
use egui::{WidgetInfo, accesskit::Role, pos2, vec2};

use super::layout::Places;
use super::model::{KeyCap, Said};
use crate::ui::format;
use crate::ui::kit::{TextLine, focus_ring, paint, paint_right, paint_within, width};
use crate::ui::map::{Look, Map};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::UiCommand;

/// The sizes of text on 1280×720.
const SENTENCE: f32 = 40.0;
const SECOND: f32 = 24.0;
const NUMBER: f32 = 56.0;
const ROW: f32 = 26.0;
const KEY: f32 = 20.0;
/// By how much a sentence that is too long may shrink.
const LEAST: f32 = 0.6;

/// The sentence with its figure in red, and the line below it.
pub(super) fn sentence(said: &Said, places: &Places, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let place = Rect::from_min_max(
        places.sentence - vec2(0.0, 30.0 * places.scale),
        places.second + vec2(places.room, 16.0 * places.scale),
    );
    let response = ui.allocate_rect(place, Sense::hover());
    let spoken = format!("{} {}", said.sentence, said.second);
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &spoken));
    let painter = ui.painter();
    let figure = said.sentence.figure.as_ref();
    let (length, uncertainty) = figure.map_or_else(Default::default, |figure| {
        (
            format!(" {}", figure.length),
            format!(" ± {}", figure.uncertainty),
        )
    });
    let fonts = |share: f32| {
        let size = SENTENCE * places.scale * share;
        (Type::Strong.sized(size), Type::Body.sized(size * 0.8))
    };
    let wide = |share: f32| {
        let (bold, plain) = fonts(share);
        let words = width(painter, &said.sentence.words, bold.clone());
        words + width(painter, &length, bold) + width(painter, &uncertainty, plain)
    };
    let share = (places.room / wide(1.0)).clamp(LEAST, 1.0);
    let (bold, plain) = fonts(share);
    let room = places.room;
    let ends = (places.sentence.x, places.sentence.x + room);
    let mut line = TextLine::over(painter, ends, places.sentence.y);
    line.text(&said.sentence.words, bold.clone(), tokens.text);
    line.right = f32::INFINITY;
    line.text(&length, bold, tokens.danger);
    line.y += 2.0 * places.scale;
    line.text(&uncertainty, plain, tokens.text2);
    let font = shrunk(&said.second, SECOND * places.scale, room, painter);
    paint_within(painter, places.second, &said.second, font, tokens.text2, room);
}

/// A font in which a text fits, as far as it may shrink.
fn shrunk(text: &str, size: f32, room: f32, painter: &Painter) -> FontId {
    let wide = width(painter, text, Type::Body.sized(size));
    Type::Body.sized(size * (room / wide.max(1.0)).clamp(0.84, 1.0))
}

/// The rate as a number, and a row for each path of the map.
pub(super) fn figures(map: &Map, place: Rect, scale: f32, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let rates: Vec<f64> = (0..map.nodes.len())
        .map(|node| {
            let edges = map.edges.iter().filter(|edge| edge.ends.0 == node);
            edges.map(|edge| edge.bps).sum()
        })
        .collect();
    let decimals = map.decimals;
    let mut y = place.top() + 34.0 * scale;
    let number = format::rate(map.total_bps, decimals);
    let font = Type::Strong.sized(NUMBER * scale);
    paint(painter, pos2(place.left(), y), &number, font, tokens.text);
    let at = pos2(place.right(), y + 10.0 * scale);
    paint_right(
        painter,
        at,
        "Mbit/s",
        Type::Body.sized(SECOND * scale),
        tokens.text2,
    );

    y += 62.0 * scale;
    let count = map.nodes.len();
    let room = place.bottom() - y;
    let pitch = (room / count.max(1) as f32).clamp(30.0 * scale, 40.0 * scale);
    let most = fitting(count, room, pitch);
    let most_bps = rates.iter().copied().fold(0.0, f64::max);
    for (number, node) in map.nodes.iter().enumerate().take(most) {
        let dead = map.edges.iter().filter(|edge| edge.ends.0 == number);
        let lost = !node.up || dead.clone().count() > 0 && dead.clone().all(|edge| edge.look == Look::Lost);
        let mut line = TextLine::over(painter, (place.left(), place.right()), y);
        line.shape(20.0 * scale, node.path.slot, lost, tokens);
        let bps = rates.get(number).copied().unwrap_or_default();
        let first = bps > 0.0 && bps >= most_bps;
        let (style, color) = if first {
            (Type::Strong, tokens.text)
        } else {
            (Type::Body, tokens.text2)
        };
        let value = format::rate(bps, decimals);
        line.text_at_end(&value, style.sized(ROW * scale), color);
        (line.left, line.right) = (line.left + 14.0 * scale, line.right - 12.0 * scale);
        let color = if first { tokens.text } else { tokens.text2 };
        line.text(&node.path.name, Type::Body.sized(ROW * scale), color);
        y += pitch;
    }
    if most < count {
        let more = format!("and {} more", count - most);
        let font = Type::Body.sized(SECOND * scale);
        paint(painter, pos2(place.left(), y), &more, font, tokens.text2);
    }
}

/// How many rows there is room for; one less where the last says how many more there are.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few rows"
)]
fn fitting(count: usize, room: f32, pitch: f32) -> usize {
    let fits = (room / pitch + 0.5).max(0.0) as usize;
    if fits >= count {
        count
    } else {
        fits.saturating_sub(1)
    }
}

/// The strip: what the keys do, what is so, and the way out.
pub(super) fn keys(
    caps: &[KeyCap],
    (note, alarms): (&str, bool),
    places: &Places,
    ui: &mut Ui,
) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let (place, scale) = (places.keys, places.scale);
    ui.painter().rect_filled(place, 0.0, tokens.raised);
    ui.painter()
        .hline(place.x_range(), place.top() + 0.5, Stroke::new(1.0, tokens.line));
    let y = place.center().y;
    let leave = KeyCap::leave();
    let right = places.second.x + places.room;
    let leave_at = pos2(right - cap_width(&leave, scale, ui.painter()), y);
    let mut at = pos2(places.second.x, y);
    for cap in caps {
        commands.extend(press(cap, at, scale, ui));
        at.x += cap_width(cap, scale, ui.painter()) + 32.0 * scale;
    }
    let font = Type::Body.sized(KEY * scale);
    let color = if alarms { tokens.danger } else { tokens.text3 };
    let room = leave_at.x - 24.0 * scale - at.x;
    let wide = width(ui.painter(), note, font.clone());
    if !note.is_empty() && (alarms || wide <= room) {
        paint_within(ui.painter(), at, note, font, color, room);
        let place = Rect::from_center_size(at + vec2(room / 2.0, 0.0), vec2(room, 36.0 * scale));
        let response = ui.interact(place, ui.scope_id().with("note"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, note));
    }
    commands.extend(press(&leave, leave_at, scale, ui));
    commands
}

fn box_width(cap: &KeyCap, scale: f32, painter: &Painter) -> f32 {
    let wide = width(painter, cap.key.name(), Type::Strong.sized(KEY * scale));
    (wide + 24.0 * scale).max(36.0 * scale)
}

fn cap_width(cap: &KeyCap, scale: f32, painter: &Painter) -> f32 {
    let text = width(painter, &cap.text, Type::Body.sized(KEY * scale));
    box_width(cap, scale, painter) + 10.0 * scale + text
}

/// A key with what it does, to click and to press; what it does where it was.
fn press(cap: &KeyCap, at: Pos2, scale: f32, ui: &mut Ui) -> Option<UiCommand> {
    let tokens = Tokens::of(ui);
    let size = vec2(cap_width(cap, scale, ui.painter()), 36.0 * scale);
    let place = Rect::from_min_size(at - vec2(0.0, size.y / 2.0), size);
    let enabled = cap.act.is_some();
    let response = ui.interact(place, ui.scope_id().with(("key", cap.key)), Sense::click());
    let mut name = cap.text.clone();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &name));
    let painter = ui.painter();
    let cap_place = Rect::from_min_size(place.min, vec2(box_width(cap, scale, painter), size.y));
    let ground = if enabled && response.hovered() {
        tokens.control_hover
    } else {
        tokens.control
    };
    painter.rect_filled(cap_place, 4.0 * scale, ground);
    let outline = if enabled { tokens.ctl } else { tokens.line };
    let stroke = Stroke::new(1.0 * scale, outline);
    painter.rect_stroke(cap_place, 4.0 * scale, stroke, StrokeKind::Inside);
    let bold = Type::Strong.sized(KEY * scale);
    let inner = width(painter, cap.key.name(), bold.clone());
    let color = if enabled { tokens.text } else { tokens.text3 };
    let key_at = pos2(cap_place.center().x - inner / 2.0, at.y);
    paint(painter, key_at, cap.key.name(), bold, color);
    let color = if enabled { tokens.text2 } else { tokens.text3 };
    let text_at = pos2(cap_place.right() + 10.0 * scale, at.y);
    paint(painter, text_at, &cap.text, Type::Body.sized(KEY * scale), color);
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
