//! A field for one line of text.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Frame, Response, Sense, Stroke, StrokeKind, TextEdit, Ui, vec2};

use crate::ui::theme::Tokens;

/// Gives a field the keyboard's focus, with all that stands in it selected: typing replaces it.
pub(in crate::ui) fn focus_all(field: &Response, text: &str) {
    field.request_focus();
    if let Some(mut state) = TextEditState::load(&field.ctx, field.id) {
        let end = CCursor::new(text.chars().count());
        let all = CCursorRange::two(CCursor::new(0), end);
        state.cursor.set_char_range(Some(all));
        state.store(&field.ctx, field.id);
    }
}

/// A field with an accessible name, so wide; red where what stands in it will not do.
pub(in crate::ui) fn field(
    ui: &mut Ui,
    text: &mut String,
    name: &str,
    hint: &str,
    width: f32,
    wrong: bool,
) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(width, 32.0), Sense::hover());
    ui.painter().rect_filled(rect, 6.0, tokens.bg);
    let inner = rect.shrink2(vec2(10.0, 0.0));
    let edit = TextEdit::singleline(text)
        .id_salt(name)
        .frame(Frame::NONE)
        .hint_text(egui::RichText::new(hint).color(tokens.text3))
        .align(egui::Align2::LEFT_CENTER)
        .desired_width(inner.width())
        .min_size(inner.size());
    let response = ui.place(inner, edit).accessible_name(name);
    let stroke = match (wrong, response.has_focus()) {
        (true, true) => Stroke::new(2.0, tokens.danger),
        (true, false) => Stroke::new(1.0, tokens.danger),
        (false, true) => Stroke::new(2.0, tokens.text),
        (false, false) => Stroke::new(1.0, tokens.ctl),
    };
    ui.painter().rect_stroke(rect, 6.0, stroke, StrokeKind::Inside);
    response
}
