//! The pending change at the bottom of the panel: what it tears down, why, the commands, and the choice.

use egui::{Align, Frame, Layout, Margin, Stroke, Ui};
use egui_material_icons::icons::{ICON_UNDO, ICON_WARNING};

use super::pending::Pending;
use crate::ui::format;
use crate::ui::kit::{Button, Look, command_box, icon, label};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View};

/// What was answered.
pub(super) enum Answer {
    Waits,
    Discard,
    Apply,
}

/// The bar.
pub(super) fn ui(pending: &Pending, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) -> Answer {
    let tokens = Tokens::of(ui);
    let state = view.live.state();
    let mut answer = Answer::Waits;
    Frame::NONE
        .fill(tokens.raised)
        .stroke(Stroke::new(1.0, tokens.warn))
        .corner_radius(8.0)
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(egui::vec2(28.0, 24.0), egui::Sense::hover());
                icon(
                    ui.painter(),
                    rect.left_center() + egui::vec2(12.0, 0.0),
                    ICON_WARNING.codepoint,
                    22.0,
                    tokens.warn,
                );
                label(ui, pending.title(state), Type::Section, tokens.text);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let count = format::several(pending.count(), "change");
                    label(ui, format!("{count}, not applied"), Type::Small, tokens.text2);
                });
            });
            ui.horizontal(|ui| {
                ui.add_space(36.0);
                ui.vertical(|ui| {
                    ui.set_max_width(760.0);
                    label(ui, pending.why(view), Type::Body, tokens.text2);
                });
            });
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                ui.add_space(36.0);
                let lines = pending.lines(state);
                let width = (ui.available_width() - 220.0).clamp(200.0, 760.0);
                if command_box(ui, &lines, width, "Copy the commands", true) {
                    commands.push(UiCommand::Copy(lines.join("\n")));
                }
                ui.with_layout(Layout::right_to_left(Align::Max), |ui| {
                    let refusal = view.refusal();
                    let apply = Button::text("Apply").look(Look::Primary);
                    if apply.unless(ui, refusal.as_deref()).clicked() {
                        answer = Answer::Apply;
                    }
                    if Button::text("Discard")
                        .with_icon(ICON_UNDO.codepoint)
                        .ui(ui)
                        .clicked()
                    {
                        answer = Answer::Discard;
                    }
                });
            });
        });
    answer
}
