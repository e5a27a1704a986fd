//! The ground of a row in a list: chosen, pointed at, or neither.

use egui::{Painter, Rect, Response, vec2};

use crate::ui::theme::Tokens;

/// Paints the ground of a row; what stands in it is painted on it.
pub(in crate::ui) fn row_ground(
    painter: &Painter,
    rect: Rect,
    chosen: bool,
    response: &Response,
    tokens: &Tokens,
) {
    if chosen {
        painter.rect_filled(rect, 0.0, tokens.sel);
        let bar = Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
        painter.rect_filled(bar, 0.0, tokens.text);
    } else if response.hovered() {
        painter.rect_filled(rect, 0.0, tokens.raised);
    }
}
