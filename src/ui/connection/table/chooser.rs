//! The menu that chooses the columns of the table.

use egui::{Popup, PopupCloseBehavior, Rect, ScrollArea, Ui, UiBuilder};
use egui_material_icons::icons::ICON_VIEW_COLUMN;

use super::columns::{COLUMNS, CellStyle};
use super::model::{chosen, toggle};
use crate::ui::kit::{Button, Look, choice};
use crate::ui::settings::TableSettings;

/// The button at a place, and its menu while it is open.
pub(super) fn ui(table: &mut TableSettings, place: Rect, ui: &mut Ui) {
    let mut child = ui.new_child(UiBuilder::new().max_rect(place).id_salt("columns"));
    let button = Button::icon(ICON_VIEW_COLUMN.codepoint, "Columns")
        .small()
        .look(Look::Quiet)
        .put(&mut child, place);
    Popup::menu(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let none = table.columns.is_none();
            if Button::text("Usual columns")
                .small()
                .unless(ui, none.then_some("These are the usual ones."))
                .clicked()
            {
                table.columns = None;
            }
            ui.add_space(4.0);
            let high = (ui.ctx().content_rect().height() - 160.0).clamp(120.0, 420.0);
            ScrollArea::vertical().max_height(high).show(ui, |ui| {
                let shown = chosen(table);
                for column in COLUMNS.iter().filter(|column| column.style != CellStyle::Path) {
                    let on = shown.iter().any(|other| other.key == column.key);
                    let title = column.title();
                    if choice(ui, on, &title, column.meaning, &format!("Column {title}")) {
                        toggle(table, column.key);
                    }
                }
            });
        });
}
