//! The menu that chooses the columns of the table.

use egui::{Popup, PopupCloseBehavior, Rect, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, accesskit::Role};
use egui::{pos2, vec2};
use egui_material_icons::icons::{ICON_CHECK, ICON_VIEW_COLUMN};

use super::columns::{COLUMNS, CellStyle, Column};
use super::model::{chosen, toggle};
use crate::ui::settings::TableSettings;
use crate::ui::theme::{Tokens, Type};
use crate::ui::widgets::{Look, Press, icon, paint, paint_within};

/// The button at a place, and its menu while it is open.
pub(super) fn ui(table: &mut TableSettings, place: Rect, ui: &mut Ui) {
    let mut child = ui.new_child(UiBuilder::new().max_rect(place).id_salt("columns"));
    let button = Press::icon(ICON_VIEW_COLUMN.codepoint, "Columns")
        .small()
        .look(Look::Quiet)
        .put(&mut child, place);
    Popup::menu(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let none = table.columns.is_none();
            if Press::text("Usual columns")
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
                    if entry(column, on, ui) {
                        toggle(table, column.key);
                    }
                }
            });
        });
}

/// One column; whether it was clicked.
fn entry(column: &Column, on: bool, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(400.0, 24.0), Sense::click());
    let name = format!("Column {}", column.title());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on, &name));
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, tokens.control_hover);
    }
    let y = rect.center().y;
    if on {
        let at = pos2(rect.left() + 14.0, y);
        icon(painter, at, ICON_CHECK.codepoint, 16.0, tokens.text);
    }
    let end = paint(
        painter,
        pos2(rect.left() + 30.0, y),
        &column.title(),
        Type::Body,
        tokens.text,
    );
    let at = pos2((end + 12.0).max(rect.left() + 150.0), y);
    let most = rect.right() - at.x - 8.0;
    paint_within(painter, at, column.meaning, Type::Small, tokens.text2, most);
    let clicked = response.clicked();
    response.on_hover_text(column.about());
    clicked
}
