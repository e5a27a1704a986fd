//! The line at the bottom: the kernel, where events come from, what sampling costs, and what went wrong.

use egui::{Color32, Rect, Sense, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_ERROR, ICON_HOURGLASS_EMPTY};

use super::kernel_counters;
use super::kit::{Button, Look, icon, paint_right, paint_within};
use super::running;
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use crate::words::access as words;
use crate::words::recording;

/// The line.
pub(super) fn ui(view: &View<'_>, cost: Option<(f64, f64)>, ui: &mut Ui) -> Vec<UiCommand> {
    let tokens = Tokens::of(ui);
    let rect = ui.max_rect();
    let y = rect.center().y;
    ui.painter()
        .hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, tokens.line));
    let right = match (view.replay, cost) {
        (Some(replay), _) => recording::file(&replay.file, replay.playback.length),
        (None, Some((ms, percent))) => format!("sample {ms:.1} ms · {percent:.1} % of one core"),
        (None, None) => String::new(),
    };
    let end = paint_right(
        ui.painter(),
        pos2(rect.right() - 16.0, y),
        &right,
        Type::Small,
        tokens.text3,
    );
    let press = Button::text("Counters").small().look(Look::Quiet);
    let wide = press.width(ui);
    let place = Rect::from_min_size(pos2(end - 8.0 - wide, y - 11.0), vec2(wide, 22.0));
    let hint = "What the kernel counted, and what listens";
    if press.put(ui, place).on_hover_text(hint).clicked() {
        kernel_counters::open(ui.ctx());
    }
    let end = place.left();
    let start = pos2(rect.left() + 16.0, y);
    if let Some(failure) = view.changes.failure().or(view.ended) {
        return trouble(
            failure,
            view.changes.failure().is_some(),
            Rect::from_min_max(start, pos2(end - 8.0, y)),
            ui,
        );
    }
    let cut = view.replay.and_then(|replay| replay.playback.trouble.as_deref());
    if let Some(why) = cut {
        return trouble(why, false, Rect::from_min_max(start, pos2(end - 8.0, y)), ui);
    }
    if let Some(waits) = view.waits {
        let place = Rect::from_min_max(start, pos2(end - 8.0, y));
        told(
            waits,
            ICON_HOURGLASS_EMPTY.codepoint,
            tokens.text2,
            Role::Status,
            place,
            ui,
        );
        return Vec::new();
    }
    let left = left(view);
    let response = ui.allocate_rect(
        Rect::from_min_max(rect.min, pos2(end, rect.bottom())),
        Sense::hover(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{left}. {right}")));
    paint_within(
        ui.painter(),
        start,
        &left,
        Type::Small,
        tokens.text3,
        end - start.x - 8.0,
    );
    Vec::new()
}

fn left(view: &View<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(happening) = running::of_all(view) {
        parts.push(format!("{} {}", happening.headline, happening.second));
    }
    if let Some(path) = view.recording.and_then(|recording| recording.finished.as_deref()) {
        parts.push(recording::complete(path));
    }
    if let (Some(_), Some(header)) = (view.replay, view.live.header()) {
        parts.push(recording::recorded(header));
    }
    if let Some(header) = view.live.header().filter(|header| !header.kernel.is_empty()) {
        parts.push(format!("Linux {}", header.kernel));
    }
    parts.push(words::origin_of_events(view.access).to_owned());
    if view.replay.is_some() {
        parts.push(recording::KEYS.to_owned());
    }
    parts.join(" · ")
}

/// What is told at once, with its sign; where it ends.
fn told(what: &str, sign: &str, color: Color32, role: Role, place: Rect, ui: &mut Ui) -> f32 {
    let y = place.center().y;
    icon(ui.painter(), pos2(place.left() + 7.0, y), sign, 14.0, color);
    let at = pos2(place.left() + 20.0, y);
    let most = place.width() - 48.0;
    let end = paint_within(ui.painter(), at, what, Type::Small, color, most);
    let whole = Rect::from_min_max(pos2(place.left(), y - 12.0), pos2(end, y + 12.0));
    let response = ui.allocate_rect(whole, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(role, true, what));
    response.on_hover_text(what);
    end
}

fn trouble(failure: &str, dismissable: bool, place: Rect, ui: &mut Ui) -> Vec<UiCommand> {
    let color = Tokens::of(ui).danger;
    let end = told(failure, ICON_ERROR.codepoint, color, Role::Alert, place, ui);
    if dismissable {
        let y = place.center().y;
        let button = Rect::from_center_size(pos2(end + 16.0, y), vec2(20.0, 20.0));
        let press = Button::icon(ICON_CLOSE.codepoint, "Dismiss")
            .small()
            .look(Look::Quiet);
        if press.put(ui, button).clicked() {
            return vec![UiCommand::Dismiss];
        }
    }
    Vec::new()
}
