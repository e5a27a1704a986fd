//! What stands in the centre while there is no connection: what is so, what will change it, and one act.

use egui::{Frame, Margin, Ui};

use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use super::widgets::label;

/// The whole panel.
pub(super) fn ui(_view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let tokens = Tokens::of(ui);
    Frame::NONE.inner_margin(Margin::same(48)).show(ui, |ui| {
        label(ui, "No MPTCP connections yet", Type::Empty, tokens.text);
    });
    Vec::new()
}
