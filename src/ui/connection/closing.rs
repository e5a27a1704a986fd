//! The question before a subflow is closed.

use egui::Ui;

use super::table::Row;
use crate::model::{Command, SocketAddr, equivalent};
use crate::ui::kit::{Answers, command_box, dialog, is_new, label};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::View;
use crate::words::teardown::one_of;

const NAME: &str = "close subflow";

/// A subflow that somebody wants to close.
#[derive(Debug)]
pub(super) struct Closing {
    path: String,
    local: SocketAddr,
    remote: SocketAddr,
    others: usize,
}

/// What was answered.
pub(super) enum Answer {
    /// Nothing yet.
    Waits,
    /// Leave it.
    No,
    /// Close it.
    Yes,
}

impl Closing {
    pub(super) fn new(row: &Row) -> Self {
        Self {
            path: row.path.name.clone(),
            local: row.local,
            remote: row.remote,
            others: row.others,
        }
    }

    /// The command for it.
    pub(super) fn command(&self) -> Command {
        Command::Close {
            local: self.local,
            remote: self.remote,
        }
    }

    pub(super) fn ui(&self, view: &View<'_>, ui: &Ui) -> Answer {
        let tokens = Tokens::of(ui);
        let mut answer = Answer::Waits;
        let modal = dialog(NAME, ui).show(ui.ctx(), |ui| {
            ui.set_width(680.0);
            let title = format!("Close the subflow over {}?", self.path);
            label(ui, title, Type::Section, tokens.text);
            label(ui, one_of(self.others), Type::Body, tokens.text2);
            ui.add_space(8.0);
            let endpoints: Vec<_> = view.live.state().endpoints.values().cloned().collect();
            let lines = equivalent(&self.command(), &endpoints);
            if command_box(ui, &lines, 680.0, "Copy the command", true) {
                ui.ctx().copy_text(lines.join("\n"));
            }
            ui.add_space(12.0);
            let refusal = view.refusal();
            let answers = Answers {
                act: "Close subflow",
                refusal: refusal.as_deref(),
                leave: "Cancel",
                is_new: is_new(NAME, ui),
                has_field: false,
            };
            match answers.ui(ui) {
                Some(true) => answer = Answer::Yes,
                Some(false) => answer = Answer::No,
                None => {}
            }
        });
        if modal.should_close() && matches!(answer, Answer::Waits) {
            return Answer::No;
        }
        answer
    }
}
