//! How the list of events looks.

use egui::{Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_material_icons::icons::ICON_CONTENT_COPY;

use super::model::Row;
use crate::ui::format;
use crate::ui::kit::{icon, paint, paint_right, paint_within, row_ground, shape_of};
use crate::ui::theme::{Tokens, Type};

/// The height of a line.
pub(super) const LINE: f32 = 28.0;

/// One event, on the ground of what is chosen where it is `meant`; whether it is to be copied.
pub(super) fn line(row: &Row, meant: bool, now: f64, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let name = row.as_text();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let painter = ui.painter();
    if meant {
        row_ground(painter, rect, true, &response, tokens);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect.shrink2(vec2(8.0, 1.0)), 4.0, tokens.raised);
    }
    let y = rect.center().y;
    let x = rect.left() + 16.0;
    paint(painter, pos2(x, y), &row.clock, Type::Body, tokens.text2);
    let ago = format::age(now - row.t);
    paint_right(painter, pos2(x + 132.0, y), &ago, Type::Small, tokens.text3);
    let color = if row.loss { tokens.danger } else { tokens.text };
    paint_within(painter, pos2(x + 152.0, y), &row.what, Type::Strong, color, 196.0);
    if let Some(path) = &row.path {
        shape_of(painter, pos2(x + 364.0, y), 10.0, path.slot, tokens, row.loss);
        let at = pos2(x + 378.0, y);
        paint_within(painter, at, &path.name, Type::Body, tokens.text, 112.0);
    }
    let most = rect.right() - 48.0 - (x + 500.0);
    let at = pos2(x + 500.0, y);
    paint_within(painter, at, &row.details, Type::Mono, tokens.text2, most);
    if response.hovered() || response.has_focus() {
        let at = pos2(rect.right() - 28.0, y);
        icon(painter, at, ICON_CONTENT_COPY.codepoint, 14.0, tokens.text2);
    }
    if response.has_focus() {
        let ring = Stroke::new(2.0, tokens.text);
        painter.rect_stroke(rect.shrink2(vec2(8.0, 1.0)), 4.0, ring, StrokeKind::Inside);
    }
    let hair = rect.left() + 16.0..=rect.right() - 16.0;
    painter.hline(hair, rect.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    let clicked = response.clicked();
    response.on_hover_text_at_pointer(format!("{}\nA click copies the line.", row.details));
    clicked
}
