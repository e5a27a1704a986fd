//! The connection in the centre: header, path map, linked plots, the table of its subflows.

mod closing;
mod header;
mod table;

use std::time::Duration;

use egui::{CentralPanel, Frame, Panel, Popup, Ui, UiBuilder};

use super::map::{self, Map, Motion, Sizes};
use super::plots::{self, PlotState};
use super::view::{UiCommand, View};
use crate::history::Condition;
use crate::model::{Command, ConnectionId};
use crate::ui::settings::TableSettings;

/// What the panel remembers.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    /// The plots' time window and axes.
    pub plots: PlotState,
    motion: Motion,
    /// The subflow that is about to be closed, until somebody confirms.
    closing: Option<closing::Closing>,
    shown: Option<ConnectionId>,
    /// How the table of subflows was.
    held: table::Held,
}

/// The whole panel for one connection.
pub(super) fn ui(
    state: &mut ConnectionState,
    table: &mut TableSettings,
    id: ConnectionId,
    view: &View<'_>,
    ui: &mut Ui,
) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    if state.shown != Some(id) {
        state.shown = Some(id);
        state.plots.forget();
        state.closing = None;
    }
    let Some(record) = view.shown.connection(id) else {
        return commands;
    };
    let Some(connection) = view.shown.latest(id) else {
        return commands;
    };
    let frame = Frame::NONE;
    Panel::top("connection header")
        .show_separator_line(false)
        .frame(frame)
        .show(ui, |ui| commands.extend(header::ui(record, connection, view, ui)));
    let rows = table::rows(id, table, &mut state.held, view);
    let near = ui.rect_contains_pointer(ui.max_rect());
    let lines = state.held.lines(rows.len(), near);
    let high = table::height(lines, ui.available_height());
    // The table lies at the bottom and is filled last, so that the keyboard reaches it last.
    let below = Panel::bottom("subflow table")
        .exact_size(high)
        .show_separator_line(false)
        .frame(frame)
        .show(ui, |ui| ui.max_rect());
    CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let (map, sizes) = (Map::new(connection, view), Sizes::WINDOW);
        let mut rooms = plots::GIVE_WAY
            .map(|high| ui.available_height() - high)
            .into_iter();
        let room = rooms.find(|room| map::fits(&map, &sizes, *room));
        if let Some(room) = room.filter(|_| !state.plots.has_any_metric()) {
            map::ui(&map, &sizes, &mut state.motion, view, room, ui);
        }
        commands.extend(plots::ui(&mut state.plots, id, view, ui));
    });
    if rows.iter().any(|row| row.condition == Condition::Closed) && !view.paused && record.ended_at.is_none()
    {
        // Its age goes on, and its row goes.
        ui.ctx().request_repaint_after(Duration::from_secs(1));
    }
    state
        .held
        .point(ui.rect_contains_pointer(below.inner) || Popup::is_any_open(ui.ctx()));
    let place = UiBuilder::new().max_rect(below.inner).id_salt("subflows");
    for act in table::ui(&rows, table, view, &mut ui.new_child(place)) {
        match act {
            table::Act::Ask(command) => commands.push(command),
            table::Act::Close(row) => state.closing = Some(closing::Closing::new(&row)),
        }
    }
    if let Some(closing) = &state.closing {
        match closing.ui(view, ui) {
            closing::Answer::Waits => {}
            closing::Answer::No => state.closing = None,
            closing::Answer::Yes => {
                let command: Command = closing.command();
                commands.push(UiCommand::Request(command));
                state.closing = None;
            }
        }
    }
    commands
}
