//! What plays a recording, docked at the bottom: play, step, speed, next handover, and the whole file in a strip.

mod strip;

use egui::{
    Key, Modifiers, Popup, Rect, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};
use egui_material_icons::icons::{ICON_CHECK, ICON_SKIP_NEXT, ICON_SKIP_PREVIOUS, ICON_SWAP_HORIZ};

use super::format;
use super::kit::{Button, focus_ring, menu_item, paint, paint_within};
use super::replay::Replay;
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use crate::source::{Control, SPEEDS};
use crate::words::recording as words;

/// How high it is.
pub(super) const HEIGHT: f32 = 104.0;
/// Where the strip begins.
const LEFT: f32 = 360.0;

/// What the keys ask of a recording.
pub(super) fn keys(replay: &Replay, ui: &Ui) -> Vec<UiCommand> {
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    let mut commands = Vec::new();
    for (key, forward) in [(Key::ArrowRight, true), (Key::ArrowLeft, false)] {
        if pressed(Modifiers::SHIFT, key) {
            commands.extend(replay.handover(forward).map(seek));
        } else if ui.memory(|memory| memory.focused().is_none()) && pressed(Modifiers::NONE, key) {
            commands.push(UiCommand::Transport(Control::Step { forward }));
        }
    }
    for (key, faster) in [(Key::CloseBracket, true), (Key::OpenBracket, false)] {
        if pressed(Modifiers::NONE, key) {
            let speed = replay.speed(faster);
            commands.extend(speed.map(|speed| UiCommand::Transport(Control::SetSpeed(speed))));
        }
    }
    commands
}

fn seek(t: f64) -> UiCommand {
    UiCommand::Transport(Control::Seek(t))
}

/// The bar; `span` is what the plots show, seconds on the stream.
pub(super) fn ui(replay: &Replay, span: (f64, f64), view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let rect = ui.max_rect();
    ui.painter()
        .hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, tokens.strong));
    buttons(replay, rect, ui, &mut commands);
    let started = view
        .shown
        .header()
        .map_or("", |header| header.started_at.as_str());
    let position = replay.playback.position;
    let y = rect.top() + 78.0;
    let clock = format::clock(started, position);
    let end = paint(
        ui.painter(),
        pos2(rect.left() + 16.0, y),
        &clock,
        Type::Heading,
        tokens.text,
    );
    let place = words::place(
        position - replay.playback.begins,
        replay.length(),
        replay.read_share(),
    );
    let most = rect.left() + LEFT - 16.0 - end - 10.0;
    paint_within(
        ui.painter(),
        pos2(end + 10.0, y),
        &place,
        Type::Body,
        tokens.text2,
        most,
    );
    let whole = Rect::from_min_max(
        pos2(rect.left() + 16.0, y - 12.0),
        pos2(rect.left() + LEFT - 16.0, y + 12.0),
    );
    let response = ui.interact(whole, ui.scope_id().with("place"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{clock}, {place}")));
    let place = Rect::from_min_max(pos2(rect.left() + LEFT, rect.top()), rect.max - vec2(16.0, 0.0));
    commands.extend(strip::ui(replay, place, span, view, ui).map(seek));
    commands
}

fn buttons(replay: &Replay, rect: Rect, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let y = rect.top() + 36.0;
    let mut x = rect.left() + 16.0;
    let mut place = |wide: f32, gap: f32| {
        let place = Rect::from_min_size(pos2(x, y - 16.0), vec2(wide, 32.0));
        x += wide + gap;
        place
    };
    let step = |forward| UiCommand::Transport(Control::Step { forward });
    let before = Button::icon(ICON_SKIP_PREVIOUS.codepoint, "Sample before");
    if before.put(ui, place(32.0, 8.0)).clicked() {
        commands.push(step(false));
    }
    if play(replay.playback.is_playing, place(40.0, 8.0), ui) {
        commands.push(UiCommand::Pause(replay.playback.is_playing));
    }
    let next = Button::icon(ICON_SKIP_NEXT.codepoint, "Sample after");
    if next.put(ui, place(32.0, 8.0)).clicked() {
        commands.push(step(true));
    }
    let text = words::speed(replay.playback.speed);
    let name = format!("Speed: {text}");
    let button = Button::text(&text).named(&name).chevron();
    let wide = button.width(ui);
    let speed = button.put(ui, place(wide.max(64.0), 8.0));
    Popup::menu(&speed).show(|ui| {
        for speed in SPEEDS {
            let is_on = (speed - replay.playback.speed).abs() < 1e-9;
            let sign = if is_on { ICON_CHECK.codepoint } else { "" };
            if menu_item(ui, sign, &words::speed(speed), "", None) {
                commands.push(UiCommand::Transport(Control::SetSpeed(speed)));
            }
        }
    });
    let found = replay.handover(true);
    let button = Button::text("Next handover").with_icon(ICON_SWAP_HORIZ.codepoint);
    let place = place(button.width(ui), 0.0);
    let refusal = found
        .is_none()
        .then(|| words::no_next(replay.read_share().is_none()));
    let mut child = ui.new_child(UiBuilder::new().max_rect(place));
    if button.unless(&mut child, refusal).clicked() {
        commands.extend(found.map(seek));
    }
}

/// The round button that plays and pauses.
fn play(is_playing: bool, place: Rect, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let place = Rect::from_center_size(place.center(), vec2(40.0, 40.0));
    let name = if is_playing { "Pause" } else { "Play" };
    let response = ui.allocate_rect(place, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let ground = if response.hovered() {
        tokens.text2
    } else {
        tokens.text
    };
    let (painter, middle) = (ui.painter(), place.center());
    painter.circle_filled(middle, 20.0, ground);
    if is_playing {
        for x in [-4.5, 4.5] {
            let bar = Rect::from_center_size(middle + vec2(x, 0.0), vec2(4.5, 15.0));
            painter.rect_filled(bar, 0.0, tokens.panel);
        }
    } else {
        let corners = [vec2(-5.0, -8.0), vec2(8.5, 0.0), vec2(-5.0, 8.0)];
        let corners = corners.map(|corner| middle + corner).to_vec();
        painter.add(Shape::convex_polygon(corners, tokens.panel, Stroke::NONE));
    }
    focus_ring(ui, &response, 20.0);
    let clicked = response.clicked();
    response.on_hover_text(name);
    clicked
}
