//! The field with the words that what a list shows must have.

use egui::{Frame, Rect, Response, Sense, Stroke, StrokeKind, TextEdit, Ui, pos2, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_SEARCH};

use super::button::{Button, Look};
use super::text::icon;
use crate::ui::theme::Tokens;

/// The field, so wide, with an accessible name and a hint of what may stand in it.
pub(in crate::ui) fn filter_field(
    ui: &mut Ui,
    filter: &mut String,
    name: &str,
    hint: &str,
    width: f32,
) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(width, 32.0), Sense::hover());
    let inner = Rect::from_min_max(
        pos2(rect.left() + 34.0, rect.top()),
        pos2(
            rect.right() - if filter.is_empty() { 8.0 } else { 32.0 },
            rect.bottom(),
        ),
    );
    ui.painter().rect_filled(rect, 6.0, tokens.bg);
    let field = TextEdit::singleline(filter)
        .id_salt(name)
        .frame(Frame::NONE)
        .hint_text(egui::RichText::new(hint).color(tokens.text3))
        .align(egui::Align2::LEFT_CENTER)
        .desired_width(inner.width())
        .min_size(inner.size());
    let response = ui.place(inner, field).accessible_name(name);
    let stroke = if response.has_focus() {
        Stroke::new(2.0, tokens.text)
    } else {
        Stroke::new(1.0, tokens.ctl)
    };
    ui.painter().rect_stroke(rect, 6.0, stroke, StrokeKind::Inside);
    let at = pos2(rect.left() + 18.0, rect.center().y);
    icon(ui.painter(), at, ICON_SEARCH.codepoint, 18.0, tokens.text2);
    if !filter.is_empty() {
        let place = Rect::from_center_size(pos2(rect.right() - 16.0, rect.center().y), vec2(24.0, 24.0));
        let press = Button::icon(ICON_CLOSE.codepoint, "Clear filter")
            .small()
            .look(Look::Quiet);
        if press.put(ui, place).clicked() {
            filter.clear();
        }
    }
    response
}
