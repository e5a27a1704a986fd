//! A box with commands that one may copy.

use egui::{CornerRadius, Frame, Margin, Ui};
use egui_material_icons::icons::ICON_CONTENT_COPY;

use super::button::Press;
use super::text;
use crate::ui::theme::{Tokens, Type};

/// Lines of a shell in a box `width` wide, with *Copy* beside it; whether that was clicked.
pub(in crate::ui) fn command_box(
    ui: &mut Ui,
    lines: &[String],
    width: f32,
    copy: &str,
    icon_only: bool,
) -> bool {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let frame = Frame::NONE
            .fill(tokens.bg)
            .corner_radius(CornerRadius::same(4))
            .inner_margin(Margin::symmetric(12, 6));
        frame.show(ui, |ui| {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.set_width(width);
                for line in lines {
                    text::label(ui, line, Type::Mono, tokens.text);
                }
            });
        });
        let press = if icon_only {
            Press::icon(ICON_CONTENT_COPY.codepoint, copy)
        } else {
            Press::text("Copy")
                .with_icon(ICON_CONTENT_COPY.codepoint)
                .named(copy)
        };
        press.ui(ui).clicked()
    })
    .inner
}
