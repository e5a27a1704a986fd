//! The bar over a picture that is held: since when, what goes on behind it, and the way back.

use egui::{Frame, Panel, Rect, Sense, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::format;
use super::kit::{Button, Look, paint, paint_within};
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use crate::words::handover::headline;
use crate::words::pause::{self as words, Behind};

/// How high it is.
const HEIGHT: f32 = 32.0;

/// What happened behind the picture that is shown.
fn since(view: &View<'_>) -> Behind {
    let (shown, live) = (view.shown, view.live);
    let held_at = shown.now();
    let (before, now) = (&shown.state().connections, &live.state().connections);
    let newest = live.incidents().last().filter(|incident| incident.t > held_at);
    Behind {
        seconds: (live.now() - held_at).max(0.0),
        handover: newest
            .map(|incident| headline(incident, |device| view.path(Some(device)).name).to_string()),
        handovers: live
            .incidents()
            .iter()
            .filter(|incident| incident.t > held_at)
            .count(),
        events: live
            .events()
            .iter()
            .rev()
            .take_while(|event| event.t > held_at)
            .count(),
        began: now.keys().filter(|id| !before.contains_key(*id)).count(),
        ended: before.keys().filter(|id| !now.contains_key(*id)).count(),
    }
}

/// The bar at the top of what is left of `ui`, while the picture is held.
pub(super) fn show(view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    if !view.paused || view.replay.is_some() {
        return Vec::new();
    }
    let bar = Panel::top("held")
        .exact_size(HEIGHT)
        .show_separator_line(false)
        .frame(Frame::NONE);
    bar.show(ui, |ui| paint_bar(view, ui)).inner
}

fn paint_bar(view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let tokens = Tokens::of(ui);
    let rect = ui.max_rect();
    let y = rect.center().y;
    let painter = ui.painter().clone();
    painter.rect_filled(rect, 0.0, tokens.raised);
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    let edge = Rect::from_min_size(rect.min, vec2(4.0, rect.height()));
    painter.rect_filled(edge, 0.0, tokens.text);
    let mut x = rect.left() + 20.0;
    for across in [0.0, 6.0] {
        let bar = Rect::from_center_size(pos2(x + across, y), vec2(3.0, 11.0));
        painter.rect_filled(bar, 0.0, tokens.text);
    }
    x += 18.0;
    let behind = since(view);
    let clock = view.shown.header().map_or_else(String::new, |header| {
        format::clock(&header.started_at, view.shown.now())
    });
    let held = words::held(&clock, behind.seconds);
    let button = Button::text("Back to now")
        .named("Show what is now")
        .small()
        .look(Look::Primary);
    let wide = button.width(ui);
    let right = rect.right() - 16.0 - wide;
    let said = words::behind(&behind);
    let end = paint(&painter, pos2(x, y), &held, Type::SmallStrong, tokens.text);
    paint_within(
        &painter,
        pos2(end + 12.0, y),
        &said,
        Type::Small,
        tokens.text2,
        right - end - 24.0,
    );
    let text = Rect::from_min_max(rect.min, pos2(right - 8.0, rect.bottom()));
    let response = ui.interact(text, ui.scope_id().with("held"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, format!("{held}. {said}")));
    response.on_hover_text(said);
    let place = Rect::from_min_size(pos2(right, y - 12.0), vec2(wide, 24.0));
    let hint = "Space lets it go on, too.";
    if button.put(ui, place).on_hover_text(hint).clicked() {
        return vec![UiCommand::Pause(false)];
    }
    Vec::new()
}
