//! Interfaces with their addresses and endpoints, the limits and settings, and what was changed last.

mod adding;
mod cards;
mod content;
mod lasting;
mod lasting_paint;
mod model;
mod pending;
mod pending_bar;
mod places;
mod settings;
mod settings_paint;

use egui::{Align, CentralPanel, Frame, Layout, Margin, Panel, Popup, ScrollArea, Ui};
use egui_material_icons::icons::ICON_ADD;

use self::adding::Adding;
use self::lasting::{Owned, Owners};
use self::pending::Pending;
use self::places::Places;
use super::kit::{Button, label};
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use super::waits::Asked;
use crate::desktop::{MptcpFlags, NetworkManager, Profile};
use crate::history::State;
use crate::model::Command;

/// What the panel remembers.
#[derive(Default)]
pub(super) struct PathsState {
    pending: Pending,
    /// Where each card stands.
    places: Places,
    owners: Owners,
    /// The endpoint that is about to be added.
    adding: Option<Adding>,
    /// The setting whose field is being edited, with what was typed.
    edit: Option<(String, String)>,
}

impl PathsState {
    /// Endpoints have owners from now on, as this one says.
    pub(super) fn ask(&mut self, manager: NetworkManager) {
        self.owners = Owners::of(manager);
    }

    /// Why an owner did not take what was written, once; whichever panel is open.
    pub(super) fn failure(&self) -> Option<String> {
        self.owners.failure()
    }

    /// What an owner was asked for and has not answered yet.
    pub(super) fn asked(&self) -> Option<Asked> {
        self.owners.is_writing().then_some(Asked::WriteProfile)
    }

    /// Has a command wait for *Apply* that closes subflows; whether it does.
    pub(super) fn hold(&mut self, command: &Command, state: &State) -> bool {
        self.pending.hold(command, state)
    }

    /// Has an owner's flags written.
    pub(super) fn write(&self, profile: Profile, flags: MptcpFlags) {
        self.owners.write(profile, flags);
    }
}

/// Below this width the settings stand below the cards, not beside them.
const SIDE_BY_SIDE: f32 = 1000.0;

fn settings(
    edit: &mut Option<(String, String)>,
    owned: &Owned,
    view: &View<'_>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    Frame::NONE
        .inner_margin(Margin::symmetric(16, 12))
        .show(ui, |ui| {
            settings_paint::ui(edit, view, ui, commands);
            let done = view.changes.done().map(|change| &change.command);
            lasting_paint::keep_ui(&lasting::keep(done, view.live.state(), owned), ui, commands);
        });
}

/// The whole panel. It shows the kernel as it is, also while the picture of the connections is paused.
pub(super) fn ui(state: &mut PathsState, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let width = ui.available_width();
    let beside = width >= SIDE_BY_SIDE;
    state.pending.settle(view.live.state());
    let owned = state.owners.read(view, ui.input(|input| input.time));
    if beside {
        Panel::right("settings")
            .exact_size(if width < 1200.0 { 352.0 } else { 360.0 })
            .resizable(false)
            .frame(Frame::NONE.fill(tokens.panel))
            .show(ui, |ui| {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    settings(&mut state.edit, &owned, view, ui, &mut commands);
                });
            });
    }
    let ground = Frame::NONE.fill(tokens.bg);
    if !state.pending.is_empty() {
        Panel::bottom("pending change")
            .resizable(false)
            .show_separator_line(false)
            .frame(ground.inner_margin(Margin::same(16)))
            .show(ui, |ui| {
                match pending_bar::ui(&state.pending, view, ui, &mut commands) {
                    pending_bar::Answer::Waits => {}
                    pending_bar::Answer::Discard => state.pending.clear(),
                    pending_bar::Answer::Apply => {
                        let all = state.pending.commands(view.live.state());
                        commands.extend(all.into_iter().map(UiCommand::Confirmed));
                        state.pending.clear();
                    }
                }
            });
    }
    let mut free = Vec::new();
    CentralPanel::no_frame().frame(ground).show(ui, |ui| {
        let pointed = ui.rect_contains_pointer(ui.max_rect()) || Popup::is_any_open(ui.ctx());
        state.places.point(pointed);
        let content = content::content(&owned, &mut state.places, view);
        free = content.without_endpoint();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            Frame::NONE.inner_margin(Margin::same(16)).show(ui, |ui| {
                ui.horizontal(|ui| {
                    label(ui, content.title(), Type::Title, tokens.text);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let press = Button::text("Add endpoint…").with_icon(ICON_ADD.codepoint);
                        if press.unless(ui, view.refusal().as_deref()).clicked() {
                            state.adding = Some(Adding::of(free.first().cloned()));
                        }
                    });
                });
                for why in &content.ignored {
                    label(ui, why, Type::Body, tokens.danger);
                }
                cards::ui(&content, &mut state.pending, view, ui, &mut commands);
            });
            if !beside {
                settings(&mut state.edit, &owned, view, ui, &mut commands);
            }
        });
    });
    if let Some(adding) = &mut state.adding {
        match adding.ui(&free, view, ui, &mut commands) {
            adding::Answer::Waits => {}
            adding::Answer::No => state.adding = None,
            adding::Answer::Add(command) => {
                commands.push(UiCommand::Request(command));
                state.adding = None;
            }
        }
    }
    commands
}
