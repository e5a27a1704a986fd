//! What stands in the centre while there is no connection: what is so, what will change it, and one act.

mod model;
mod paint;

use egui::{Frame, Margin, ScrollArea, Ui};

use super::kit::label;
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use crate::words::empty::Reason;

/// The whole panel; whether the demo can be opened from here.
pub(super) fn ui(view: &View<'_>, can_open: bool, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let reason = model::reason(view);
    let (headline, sentence) = model::words(reason, view);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let side = if ui.available_width() < 900.0 { 24 } else { 48 };
        Frame::NONE
            .inner_margin(Margin::symmetric(side, 40))
            .show(ui, |ui| {
                label(ui, headline, Type::Empty, tokens.text);
                if !sentence.is_empty() {
                    label(ui, sentence, Type::Lead, tokens.text2);
                }
                ui.add_space(24.0);
                match reason {
                    Reason::Reading => return,
                    Reason::Off => paint::switch_on(view, ui, &mut commands),
                    Reason::Lost | Reason::NoMptcp | Reason::None => paint::demo(can_open, ui, &mut commands),
                }
                ui.add_space(24.0);
                if reason != Reason::Lost {
                    paint::columns(reason, view, ui, &mut commands);
                }
            });
    });
    commands
}

/// Why there is nothing to show, as a headline and a sentence.
pub(super) fn words_of(view: &View<'_>) -> (String, String) {
    model::words(model::reason(view), view)
}

/// What stands in the centre when the filter hides everything.
pub(super) fn filtered(filter: &mut String, hidden: usize, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    Frame::NONE.inner_margin(Margin::same(48)).show(ui, |ui| {
        let headline = format!("No connection matches {}", filter.trim());
        label(ui, headline, Type::Empty, tokens.text);
        let verb = if hidden == 1 { "is" } else { "are" };
        let sentence = format!("{} {verb} hidden.", super::format::in_sentence(hidden));
        label(ui, sentence, Type::Lead, tokens.text2);
        ui.add_space(16.0);
        if super::kit::Button::text("Show all").ui(ui).clicked() {
            filter.clear();
        }
    });
}
