//! A box with commands that one may copy.

use egui::{Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_material_icons::icons::ICON_CONTENT_COPY;

use super::button::Button;
use super::text;
use crate::ui::theme::{Tokens, Type};

const LINE: f32 = 20.0;
const PADDING: egui::Vec2 = vec2(12.0, 6.0);

/// Lines of a shell with *Copy* beside them, together `width` wide; whether that was clicked.
pub(in crate::ui) fn command_box(
    ui: &mut Ui,
    lines: &[String],
    width: f32,
    copy: &str,
    icon_only: bool,
) -> bool {
    let tokens = Tokens::of(ui);
    let press = if icon_only {
        Button::icon(ICON_CONTENT_COPY.codepoint, copy)
    } else {
        Button::text("Copy")
            .with_icon(ICON_CONTENT_COPY.codepoint)
            .named(copy)
    };
    let (button, gap) = (press.width(ui), 8.0);
    let high = lines.len().max(1) as f32 * LINE + 2.0 * PADDING.y;
    let (whole, _) = ui.allocate_exact_size(vec2(width, high), Sense::hover());
    let place = Rect::from_min_max(whole.min, pos2(whole.right() - button - gap, whole.bottom()));
    let response = ui.interact(place, ui.scope_id().with(("commands", copy)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, lines.join("\n")));
    let painter = ui.painter();
    painter.rect_filled(place, 4.0, tokens.bg);
    let most = place.width() - 2.0 * PADDING.x;
    let mut middle = place.min + PADDING + vec2(0.0, LINE / 2.0);
    let mut elided = false;
    for line in lines {
        elided |= text::width(painter, line, Type::Mono) > most;
        text::paint_within(painter, middle, line, Type::Mono, tokens.text, most);
        middle.y += LINE;
    }
    if elided {
        response.on_hover_text(lines.join("\n"));
    }
    let corner = pos2(whole.right() - button, whole.bottom() - 32.0);
    press
        .put(ui, Rect::from_min_size(corner, vec2(button, 32.0)))
        .clicked()
}
