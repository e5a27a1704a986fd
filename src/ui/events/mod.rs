//! What happened, newest first: filterable, copyable.

mod model;

use egui::{
    CentralPanel, Frame, Margin, Rect, ScrollArea, Sense, Stroke, StrokeKind, TextEdit, Ui, pos2, vec2,
};
use egui::{WidgetInfo, accesskit::Role};
use egui_material_icons::icons::{ICON_CLOSE, ICON_CONTENT_COPY, ICON_SEARCH};

use super::format;
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use super::widgets::{Look, Press, hairline, icon, label, paint, paint_right, paint_within, shape_of};

/// What the panel remembers.
#[derive(Debug, Default)]
pub(super) struct EventsState {
    filter: String,
}

const LINE: f32 = 28.0;

/// The whole panel.
pub(super) fn ui(state: &mut EventsState, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    CentralPanel::no_frame()
        .frame(Frame::NONE.fill(tokens.panel))
        .show(ui, |ui| {
            let rows = model::rows(view, &state.filter);
            Frame::NONE
                .inner_margin(Margin::symmetric(16, 12))
                .show(ui, |ui| {
                    ui.horizontal(|ui| {
                        filter_field(&mut state.filter, ui);
                        ui.add_space(8.0);
                        label(
                            ui,
                            format::several(rows.len(), "event"),
                            Type::Small,
                            tokens.text3,
                        );
                        if !rows.is_empty()
                            && Press::icon(ICON_CONTENT_COPY.codepoint, "Copy events")
                                .ui(ui)
                                .clicked()
                        {
                            let text: Vec<String> = rows.iter().map(model::Row::as_text).collect();
                            commands.push(UiCommand::Copy(text.join("\n")));
                        }
                    });
                });
            ui.spacing_mut().item_spacing.y = 0.0;
            hairline(ui);
            if rows.is_empty() {
                Frame::NONE.inner_margin(Margin::same(24)).show(ui, |ui| {
                    let began = view.shown.now();
                    let text = if view.shown.events().is_empty() {
                        format!("Nothing happened in the last {}.", format::age(began))
                    } else {
                        format!("No event matches {}.", state.filter.trim())
                    };
                    label(ui, text, Type::Strong, tokens.text);
                });
                return;
            }
            ScrollArea::vertical()
                .auto_shrink(false)
                .show_rows(ui, LINE, rows.len(), |ui, range| {
                    for row in rows.get(range).unwrap_or_default() {
                        line(row, ui);
                    }
                });
        });
    commands
}

fn filter_field(filter: &mut String, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(344.0, 32.0), Sense::hover());
    ui.painter().rect_filled(rect, 6.0, tokens.bg);
    let inner = Rect::from_min_max(
        pos2(rect.left() + 34.0, rect.top()),
        pos2(rect.right() - 32.0, rect.bottom()),
    );
    let hint = egui::RichText::new("subflow wlan0 0x91c787ca").color(tokens.text3);
    let field = TextEdit::singleline(filter)
        .id_salt("event filter")
        .frame(Frame::NONE)
        .hint_text(hint)
        .align(egui::Align2::LEFT_CENTER)
        .desired_width(inner.width())
        .min_size(inner.size());
    let response = ui.place(inner, field).accessible_name("Filter events");
    let stroke = if response.has_focus() {
        Stroke::new(2.0, tokens.text)
    } else {
        Stroke::new(1.0, tokens.ctl)
    };
    ui.painter().rect_stroke(rect, 6.0, stroke, StrokeKind::Inside);
    let at = pos2(rect.left() + 18.0, rect.center().y);
    icon(ui.painter(), at, ICON_SEARCH.codepoint, 18.0, tokens.text2);
    if !filter.is_empty() {
        let place = Rect::from_center_size(pos2(rect.right() - 16.0, rect.center().y), vec2(24.0, 24.0));
        let press = Press::icon(ICON_CLOSE.codepoint, "Clear filter")
            .small()
            .look(Look::Quiet);
        if press.put(ui, place).clicked() {
            filter.clear();
        }
    }
}

fn line(row: &model::Row, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, row.as_text()));
    let painter = ui.painter();
    let y = rect.center().y;
    let x = rect.left() + 16.0;
    paint(painter, pos2(x, y), &row.clock, Type::Body, tokens.text2);
    paint_right(painter, pos2(x + 132.0, y), &row.ago, Type::Small, tokens.text3);
    let color = if row.loss { tokens.danger } else { tokens.text };
    paint_within(painter, pos2(x + 152.0, y), &row.what, Type::Strong, color, 196.0);
    if let Some(path) = &row.path {
        shape_of(painter, pos2(x + 364.0, y), 10.0, path.slot, tokens, row.loss);
        paint_within(
            painter,
            pos2(x + 378.0, y),
            &path.name,
            Type::Body,
            tokens.text,
            112.0,
        );
    }
    let most = rect.right() - 16.0 - (x + 500.0);
    paint_within(
        painter,
        pos2(x + 500.0, y),
        &row.details,
        Type::Mono,
        tokens.text2,
        most,
    );
    let hair = rect.left() + 16.0..=rect.right() - 16.0;
    painter.hline(hair, rect.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    response.on_hover_text_at_pointer(&row.details);
}
