//! A line of a menu that is chosen or not: its name, and what it means.

use egui::{Sense, Ui, WidgetInfo, accesskit::Role, vec2};
use egui_material_icons::icons::ICON_CHECK;

use super::line::TextLine;
use crate::ui::theme::{Tokens, Type};

/// How wide it is.
pub(in crate::ui) const CHOICE_WIDE: f32 = 400.0;
/// Where meanings begin, so that they stand below each other.
const MEANINGS: f32 = 150.0;

/// Adds it with an accessible name; whether it was clicked.
pub(in crate::ui) fn choice(ui: &mut Ui, on: bool, name: &str, meaning: &str, spoken: &str) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(CHOICE_WIDE, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on, spoken));
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, tokens.control_hover);
    }
    let mut line = TextLine::new(painter, rect);
    line.right -= 8.0;
    line.left += 6.0;
    if on {
        line.icon(ICON_CHECK.codepoint, 16.0, tokens.text);
    }
    line.left = rect.left() + 30.0;
    line.text(name, Type::Body, tokens.text);
    line.left = (line.left + 12.0).max(rect.left() + MEANINGS);
    line.text(meaning, Type::Small, tokens.text2);
    let clicked = response.clicked();
    response.on_hover_text(meaning);
    clicked
}
