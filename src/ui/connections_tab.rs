//! The panel of connections: the list at the left, beside it the chosen connection, or what is said where there is none.

use egui::{CentralPanel, Frame, Panel, Rect, Stroke, Ui};

use super::connection::{self, ConnectionState};
use super::connections::{self, ListState};
use super::empty;
use super::settings::TableSettings;
use super::theme::Tokens;
use super::view::{UiCommand, View};

/// The panel, with how its table is arranged and how wide its list is; `has_demo` where one can be opened.
pub(super) fn ui(
    list: &mut ListState,
    connection: &mut ConnectionState,
    (table, list_width): (&mut TableSettings, &mut f32),
    has_demo: bool,
    view: &View<'_>,
    ui: &mut Ui,
) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    // The window's ground is that of the panels already: painting it again would cost a layer of every pixel.
    let panel = Frame::NONE;
    // Where the source is lost the last picture stays, greyed.
    let opacity = if view.ended.is_some() { 0.6 } else { 1.0 };
    let narrow = ui.available_width() < 1200.0;
    // A list that had to become narrow is as wide as before once there is room again.
    let (name, widest) = if narrow {
        ("narrow list", 280.0)
    } else {
        ("list", 480.0)
    };
    let shown = Panel::left(name)
        .default_size(*list_width)
        .size_range(240.0..=widest)
        .frame(panel)
        .show(ui, |ui| {
            ui.multiply_opacity(opacity);
            commands.extend(connections::ui(list, view, ui));
        });
    if !narrow {
        *list_width = shown.response.rect.width().round();
    }
    mark_focused_edge(shown.response.rect, ui);
    CentralPanel::no_frame()
        .frame(panel)
        .show(ui, |ui| match list.current(view) {
            Some(id) => {
                ui.multiply_opacity(opacity);
                commands.extend(connection::ui(connection, table, id, view, ui));
            }
            None if list.hidden() > 0 => {
                let hidden = list.hidden();
                empty::filtered(&mut list.filter, hidden, ui);
            }
            None => commands.extend(empty::ui(view, has_demo, ui)),
        });
    commands
}

/// Shows that the edge which resizes a panel has the keyboard's focus.
fn mark_focused_edge(panel: Rect, ui: &Ui) {
    let focused = ui.memory(egui::Memory::focused);
    let Some(response) = focused.and_then(|id| ui.ctx().read_response(id)) else {
        return;
    };
    let edge = response.rect;
    if edge.height() >= panel.height() * 0.9 && (edge.center().x - panel.right()).abs() < 4.0 {
        let stroke = Stroke::new(2.0, Tokens::of(ui).text);
        ui.painter().vline(panel.right(), panel.y_range(), stroke);
    }
}
