//! How the list of events looks.

use egui::{Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_material_icons::icons::{ICON_CHEVRON_RIGHT, ICON_CONTENT_COPY, ICON_SWAP_HORIZ};

use super::model::Row;
use crate::ui::format;
use crate::ui::kit::{icon, paint, paint_right, paint_within, row_ground, shape_of};
use crate::ui::theme::{Tokens, Type};

/// The height of a line.
pub(super) const LINE: f32 = 28.0;

/// Where the columns of the list stand, from its left edge on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    ago: f32,
    what: f32,
    path: f32,
    details: f32,
}

impl Columns {
    /// As wide as there is room for; milliseconds take some of it.
    pub(super) fn new(wide: f32, with_ms: bool) -> Self {
        let ago = if with_ms { 166.0 } else { 136.0 };
        let (what, path) = if wide < 900.0 {
            (152.0, 92.0)
        } else {
            (212.0, 136.0)
        };
        Self {
            ago,
            what: ago + 20.0,
            path: ago + 20.0 + what,
            details: ago + 20.0 + what + path,
        }
    }
}

/// One event, on the ground of what is chosen where it is `meant`; whether it was clicked.
pub(super) fn line(row: &Row, columns: &Columns, meant: bool, now: f64, ui: &mut Ui) -> bool {
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
    paint_right(
        painter,
        pos2(x + columns.ago - 4.0, y),
        &ago,
        Type::Small,
        tokens.text3,
    );
    let color = if row.loss { tokens.danger } else { tokens.text };
    let (at, most) = (pos2(x + columns.what, y), columns.path - columns.what - 16.0);
    let end = paint_within(painter, at, &row.what, Type::Strong, color, most);
    if row.is_handover {
        icon(
            painter,
            pos2(end + 14.0, y),
            ICON_SWAP_HORIZ.codepoint,
            16.0,
            color,
        );
    }
    if let Some(path) = &row.path {
        shape_of(
            painter,
            pos2(x + columns.path, y),
            10.0,
            path.slot,
            tokens,
            row.loss,
        );
        let (at, most) = (
            pos2(x + columns.path + 14.0, y),
            columns.details - columns.path - 24.0,
        );
        paint_within(painter, at, &path.name, Type::Body, tokens.text, most);
    }
    let most = rect.right() - 48.0 - (x + columns.details);
    let at = pos2(x + columns.details, y);
    let style = if row.is_handover { Type::Body } else { Type::Mono };
    paint_within(painter, at, &row.details, style, tokens.text2, most);
    if response.hovered() || response.has_focus() {
        let at = pos2(rect.right() - 28.0, y);
        let sign = if row.is_handover {
            ICON_CHEVRON_RIGHT
        } else {
            ICON_CONTENT_COPY
        };
        icon(painter, at, sign.codepoint, 14.0, tokens.text2);
    }
    if response.has_focus() {
        let ring = Stroke::new(2.0, tokens.text);
        painter.rect_stroke(rect.shrink2(vec2(8.0, 1.0)), 4.0, ring, StrokeKind::Inside);
    }
    let hair = rect.left() + 16.0..=rect.right() - 16.0;
    painter.hline(hair, rect.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    let clicked = response.clicked();
    let act = if row.is_handover {
        "A click shows the handover."
    } else {
        "A click copies the line."
    };
    response.on_hover_text_at_pointer(format!("{}\n{act}", row.details));
    clicked
}
