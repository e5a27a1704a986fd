//! The switch of an endpoint's flag or of a setting: 36 by 20.

use egui::{Color32, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::button::focus_ring;
use crate::ui::theme::Tokens;

/// How a switch stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct Switch {
    /// Whether it is on.
    pub on: bool,
    /// Whether this was asked for and not applied yet.
    pub pending: bool,
    /// Its colour when on.
    pub ink: Color32,
}

/// A switch with an accessible name; it does not move by itself, its owner decides what a click means.
pub(in crate::ui) fn switch(ui: &mut Ui, switch: Switch, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(36.0, 20.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), switch.on, name));
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    if switch.on {
        painter.rect_filled(rect, 10.0, switch.ink);
        painter.circle_filled(pos2(rect.right() - 10.0, rect.center().y), 7.0, tokens.panel);
    } else {
        let ground = if response.hovered() && ui.is_enabled() {
            tokens.control
        } else {
            Color32::TRANSPARENT
        };
        painter.rect(
            rect,
            10.0,
            ground,
            Stroke::new(2.0, tokens.ctl),
            StrokeKind::Inside,
        );
        painter.circle_filled(pos2(rect.left() + 10.0, rect.center().y), 5.0, tokens.text3);
    }
    if switch.pending {
        let ring = rect.expand(3.0);
        painter.rect_stroke(ring, 13.0, Stroke::new(2.0, tokens.warn), StrokeKind::Inside);
    }
    focus_ring(ui, &response, 10.0);
    response
}
