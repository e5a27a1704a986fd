//! The cards: an interface with its addresses, five switches an endpoint in the same five columns.

use egui::{
    Painter, Popup, Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};
use egui_material_icons::icons::{
    ICON_ADD, ICON_CHEVRON_RIGHT, ICON_CONTENT_COPY, ICON_DELETE, ICON_EDIT, ICON_LOCK, ICON_MORE_VERT,
};

use super::content::Content;
use super::lasting_paint::{owner_height, owner_ui};
use super::model::{Card, FLAGS, Row, flag_switch, meaning};
use super::pending::Pending;
use crate::model::{Command, Endpoint, EndpointFlags, addition, equivalent};
use crate::ui::format;
use crate::ui::kit::{
    Badge, Button, Look, Switch, icon, menu_item, paint, paint_right, paint_within, shape_of, signal_bars,
    switch,
};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View};

const HEADER: f32 = 48.0;
const ROW: f32 = 56.0;

/// Where the columns stand within a card.
#[derive(Clone, Copy)]
struct Columns {
    id: f32,
    address: f32,
    /// The middle of each switch.
    flags: [f32; 5],
    menu: f32,
    end: f32,
}

impl Columns {
    fn new(card: Rect) -> Self {
        let pitch = if card.width() < 860.0 { 64.0 } else { 80.0 };
        let last = card.right() - 56.0 - pitch / 2.0;
        Self {
            id: card.left() + 24.0,
            address: card.left() + if card.width() < 860.0 { 56.0 } else { 64.0 },
            flags: [4.0, 3.0, 2.0, 1.0, 0.0].map(|back| last - back * pitch),
            menu: card.right() - 28.0,
            end: card.right() - 16.0,
        }
    }
}

/// Head and cards.
pub(super) fn ui(
    content: &Content,
    pending: &mut Pending,
    view: &View<'_>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.add_space(8.0);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    head(&Columns::new(rect), rect, ui);
    for card in &content.cards {
        card_ui(card, pending, view, ui, commands);
        ui.add_space(8.0);
    }
    if !content.unfit.is_empty() {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
        let text = format!(
            "{} that cannot carry a subflow: {}",
            format::several(content.unfit.len(), "more interface"),
            content.unfit.join(", ")
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        let at = pos2(rect.left() + 8.0, rect.center().y);
        icon(ui.painter(), at, ICON_CHEVRON_RIGHT.codepoint, 14.0, tokens.text3);
        let most = rect.width() - 24.0;
        paint_within(
            ui.painter(),
            at + vec2(14.0, 0.0),
            &text,
            Type::Small,
            tokens.text3,
            most,
        );
    }
}

fn head(columns: &Columns, rect: Rect, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let y = rect.center().y - 2.0;
    paint(ui.painter(), pos2(columns.id, y), "Id", Type::Small, tokens.text3);
    paint(
        ui.painter(),
        pos2(columns.address, y),
        "Address",
        Type::Small,
        tokens.text3,
    );
    for ((name, flag), middle) in FLAGS.iter().zip(columns.flags) {
        let place = Rect::from_center_size(pos2(middle, y), vec2(64.0, 20.0));
        let color = tokens.text3;
        ui.painter().text(
            place.center(),
            egui::Align2::CENTER_CENTER,
            name,
            Type::Small.font(),
            color,
        );
        let response = ui.interact(place, ui.scope_id().with(("head", name)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Column {name}")));
        response.on_hover_text(meaning(*flag));
    }
}

fn card_ui(card: &Card, pending: &mut Pending, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    let wide = ui.available_width();
    let columns = Columns::new(Rect::from_min_size(ui.cursor().min, vec2(wide, 0.0)));
    let about_owner = |row: &Row| {
        let owner = row.owner.as_ref();
        owner.map_or(0.0, |owner| {
            owner_height(owner, columns.end - columns.address, ui)
        })
    };
    let heights: Vec<f32> = card.rows.iter().map(|row| ROW + about_owner(row)).collect();
    let size = vec2(wide, HEADER + heights.iter().sum::<f32>().max(ROW));
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter().clone();
    painter.rect_filled(rect, 8.0, tokens.panel);
    painter.rect_stroke(rect, 8.0, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    let accent = Rect::from_min_size(rect.min, vec2(4.0, rect.height()));
    let ink = if card.up {
        card.path.slot.ink(tokens.dark).ink
    } else {
        tokens.danger
    };
    let round = egui::CornerRadius {
        nw: 8,
        sw: 8,
        ..egui::CornerRadius::ZERO
    };
    painter.rect_filled(accent, round, ink);
    header(card, rect, &painter, ui);
    let columns = Columns::new(rect);
    let mut top = rect.top() + HEADER;
    for (row, high) in card.rows.iter().zip(heights) {
        let place = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), ROW));
        top += high;
        painter.hline(
            place.left() + 4.0..=place.right() - 1.0,
            place.top(),
            Stroke::new(1.0, tokens.line),
        );
        row_ui(row, card, place, &columns, pending, view, ui, commands);
        if let (Some(owner), Some(endpoint)) = (&row.owner, &row.endpoint) {
            let line = Rect::from_min_max(
                pos2(columns.address, place.bottom() - 4.0),
                pos2(columns.end, top - 8.0),
            );
            owner_ui(owner, endpoint.id, line, ui, commands);
        }
    }
    if card.rows.is_empty() {
        let line = rect.top() + HEADER;
        painter.hline(
            rect.left() + 4.0..=rect.right() - 1.0,
            line,
            Stroke::new(1.0, tokens.line),
        );
        let at = pos2(columns.address, line + ROW / 2.0);
        paint(&painter, at, "No address now", Type::Body, tokens.text3);
    }
}

fn header(card: &Card, rect: Rect, painter: &Painter, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let y = rect.top() + HEADER / 2.0;
    let x = rect.left() + 32.0;
    shape_of(painter, pos2(x, y), 12.0, card.path.slot, tokens, !card.up);
    let mut at = paint(
        painter,
        pos2(x + 16.0, y),
        &card.title,
        Type::Heading,
        tokens.text,
    ) + 8.0;
    if !card.detail.is_empty() {
        at = paint(painter, pos2(at, y + 1.0), &card.detail, Type::Body, tokens.text2) + 16.0;
    }
    if !card.is_by_device {
        paint(
            painter,
            pos2(at, y + 1.0),
            &card.path.device,
            Type::Mono,
            tokens.text3,
        );
    }
    let mut right = rect.right() - 16.0;
    if !card.path.device.is_empty() {
        if !card.gone {
            let rate = format!("{} Mbit/s out", format::lone_rate(card.out_bps));
            right = paint_right(painter, pos2(right, y), &rate, Type::Body, tokens.text2) - 24.0;
        }
        if let Some(dbm) = card.signal_dbm {
            let text = format::dbm(dbm);
            right = paint_right(painter, pos2(right, y), &text, Type::Body, tokens.text2) - 6.0;
            let ink = card.path.slot.ink(tokens.dark).ink;
            right = signal_bars(painter, pos2(right, y - 1.0), dbm, 1.0, ink, tokens) - 24.0;
        }
        let color = if card.up { tokens.text2 } else { tokens.danger };
        let word = card.state();
        paint_right(painter, pos2(right, y), word, Type::Body, color);
    }
    let place = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER));
    let response = ui.interact(
        place,
        ui.scope_id().with(("card", &card.path.device)),
        Sense::hover(),
    );
    let state = card.state();
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Label,
            true,
            format!("{} {} {}, {state}", card.title, card.detail, card.path.device),
        )
    });
    let rates = "Rates are those of MPTCP subflows over this interface.";
    response.on_hover_text(match &card.radio {
        Some(radio) => format!("{radio}.\n{rates}"),
        None => rates.to_owned(),
    });
}

#[expect(clippy::too_many_arguments, reason = "one row in its place")]
fn row_ui(
    row: &Row,
    card: &Card,
    place: Rect,
    columns: &Columns,
    pending: &mut Pending,
    view: &View<'_>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter().clone();
    let y = place.center().y;
    let color = if row.endpoint.is_some() {
        tokens.text
    } else {
        tokens.text2
    };
    let [first, ..] = columns.flags;
    let room = first - 24.0 - columns.address;
    let address = row.address.to_string();
    let end = paint_within(
        &painter,
        pos2(columns.address, y - 9.0),
        &address,
        Type::Mono,
        color,
        room,
    );
    let caption = row.caption();
    let end = end.max(paint_within(
        &painter,
        pos2(columns.address, y + 10.0),
        &caption,
        Type::Small,
        tokens.text3,
        room,
    ));
    let words = Rect::from_min_max(pos2(columns.id, place.top()), pos2(end, place.bottom()));
    let Some(endpoint) = &row.endpoint else {
        paint(
            &painter,
            pos2(columns.id, y),
            format::ABSENT,
            Type::Strong,
            tokens.text3,
        );
        let response = ui.interact(
            words,
            ui.scope_id().with((&card.path.device, &address)),
            Sense::hover(),
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{address}, {caption}")));
        add_button(row, columns, y, view, ui, commands);
        return;
    };
    let id = endpoint.id.to_string();
    paint(&painter, pos2(columns.id, y), &id, Type::Strong, tokens.text2);
    let spoken = format!("Endpoint {id}, {address}, {caption}");
    let response = ui.interact(
        words,
        ui.scope_id().with(("endpoint", endpoint.id)),
        Sense::hover(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    response.on_hover_text(format!("Endpoint {id}: {}", endpoint.flags));
    badge(row, endpoint, pending, end, first - 28.0, y, &painter, ui);
    for (flag, middle) in FLAGS.into_iter().zip(columns.flags) {
        let model = flag_switch(endpoint, flag, pending, view);
        let rect = Rect::from_center_size(pos2(middle, y), vec2(36.0, 20.0));
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt((endpoint.id, flag.0)));
        let look = Switch {
            on: model.on,
            pending: model.pending,
            ink: card.path.slot.ink(tokens.dark).ink,
        };
        let response = child
            .add_enabled_ui(model.refusal.is_none(), |ui| switch(ui, look, &model.name))
            .inner;
        if response.clicked() {
            commands.extend(pending.toggle(endpoint, flag.1).map(UiCommand::Request));
        }
        match &model.refusal {
            Some(why) => response.on_disabled_hover_text(format!("{}\n{why}", model.hint)),
            None => response.on_hover_text(&model.hint),
        };
    }
    let rect = Rect::from_center_size(pos2(columns.menu, y), vec2(24.0, 24.0));
    let name = format!("Menu of endpoint {id} ({address})");
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(("menu", endpoint.id)));
    let button = Button::icon(ICON_MORE_VERT.codepoint, &name)
        .look(Look::Quiet)
        .put(&mut child, rect);
    Popup::menu(&button).show(|ui| menu(endpoint, pending, view, ui, commands));
}

/// What is special about an endpoint, between its address and its switches.
#[expect(clippy::too_many_arguments, reason = "one badge in its place")]
fn badge(
    row: &Row,
    endpoint: &Endpoint,
    pending: &Pending,
    left: f32,
    right: f32,
    y: f32,
    painter: &Painter,
    ui: &Ui,
) {
    let implicit = endpoint.flags.contains(EndpointFlags::IMPLICIT);
    let badge = if pending.concerns(endpoint.id) {
        Badge::warning("Not applied yet", ICON_EDIT.codepoint)
    } else if implicit {
        Badge::neutral("Made by the kernel", None)
    } else if row.owner.is_some() {
        Badge::neutral("Owned by NetworkManager", Some(ICON_LOCK.codepoint))
    } else {
        return;
    };
    let width = badge.width(painter);
    // Owners stand in one column; what is about a change stands beside its address.
    let column = if row.owner.is_some() {
        right - width - 24.0
    } else {
        left + 120.0
    };
    let start = (left + 24.0).max((right - width).min(column));
    if start + width > right + 8.0 {
        return;
    }
    badge.paint(painter, pos2(start + width, y - 10.0), Tokens::of(ui));
}

fn add_button(
    row: &Row,
    columns: &Columns,
    y: f32,
    view: &View<'_>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let command = row.addition();
    let name = format!("Add endpoint {}", row.address);
    let rect = Rect::from_min_max(pos2(columns.end - 140.0, y - 12.0), pos2(columns.end, y + 12.0));
    let mut child = ui.new_child(
        UiBuilder::new()
            .max_rect(rect)
            .layout(egui::Layout::right_to_left(egui::Align::Center))
            .id_salt(&name),
    );
    let press = Button::text("Add endpoint")
        .with_icon(ICON_ADD.codepoint)
        .named(&name)
        .small();
    let refusal = row.no_addition(view);
    let response = press.unless(&mut child, refusal.as_deref());
    if response.clicked() {
        commands.push(UiCommand::Request(command.clone()));
    }
    if refusal.is_none() {
        response.on_hover_text(equivalent(&command, &[]).join("\n") + "\nCloses nothing.");
    }
}

fn menu(
    endpoint: &Endpoint,
    pending: &mut Pending,
    view: &View<'_>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let refusal = view.refusal();
    let endpoints: Vec<Endpoint> = view.live.state().endpoints.values().cloned().collect();
    let remove = Command::EndpointRemove { id: endpoint.id };
    let hint = format!(
        "{}\nCloses {}. Asks before.",
        equivalent(&remove, &endpoints).join("\n"),
        format::several(view.live.state().subflows_torn_down(&remove).len(), "subflow")
    );
    let sign = ICON_DELETE.codepoint;
    if menu_item(ui, sign, "Remove endpoint…", hint, refusal.as_deref()) {
        pending.remove(endpoint.id);
    }
    if menu_item(ui, ICON_CONTENT_COPY.codepoint, "Copy address", "", None) {
        commands.push(UiCommand::Copy(endpoint.address.to_string()));
    }
    let add = equivalent(&addition(endpoint), &[]).join("\n");
    if menu_item(ui, ICON_CONTENT_COPY.codepoint, "Copy as a command", &add, None) {
        commands.push(UiCommand::Copy(add));
    }
}
