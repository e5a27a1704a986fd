//! How the list looks.

use egui::{
    Frame, Margin, Popup, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};
use egui_material_icons::icons::{ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD, ICON_CHECK, ICON_INFO, ICON_SORT};

use super::ListState;
use super::model::{GROUP_HIGH, Group, ROW_HIGH, Row};
use crate::history::{SortKey, SortOrder};
use crate::model::Connection;
use crate::ui::badges::badge;
use crate::ui::format;
use crate::ui::kit::{
    Button, Look, TextLine, filter_field, focus_ring, hairline, icon, label, menu_item, paint, paint_address,
    paint_right, paint_within, row_ground, sparkline, width,
};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{Direction, UiCommand, View, application};
use crate::words::connection as words;

const PADDING: f32 = 16.0;
const INDENT: f32 = 24.0;
const SPARK: egui::Vec2 = vec2(64.0, 20.0);

/// Filter field and caption.
pub(super) fn head(state: &mut ListState, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    Frame::NONE
        .inner_margin(Margin {
            left: 16,
            right: 16,
            top: 12,
            bottom: 4,
        })
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                let (room, hint) = (ui.available_width() - 40.0, "port:443 app:ssh if:wwan0 fallback");
                let field = filter_field(ui, &mut state.filter, "Filter", hint, room);
                if std::mem::take(&mut state.focus_filter) {
                    field.request_focus();
                }
                field.on_hover_text(WORDS);
                commands.extend(order(state.sort, ui));
            });
            ui.add_space(8.0);
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
            let y = rect.center().y;
            let counts = state.listing().map(|listing| {
                let connections = format::several(listing.connections, "connection");
                format!("{connections}, {}", format::several(listing.subflows, "subflow"))
            });
            let counts = counts.unwrap_or_default();
            let direction = view.direction();
            let only = if view.turned.is_some() { "only " } else { "" };
            let right = format!("{only}{}, Mbit/s", words::participle(direction));
            let left = rect.right() - width(ui.painter(), &right, Type::Small);
            paint_within(
                ui.painter(),
                rect.left_center(),
                &counts,
                Type::Small,
                tokens.text3,
                left - rect.left() - 8.0,
            );
            let turn = Rect::from_min_max(pos2(left - 4.0, rect.top() - 2.0), rect.max + vec2(4.0, 2.0));
            let response = ui.interact(turn, ui.scope_id().with("direction"), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &right));
            let color = if response.hovered() {
                tokens.text
            } else {
                tokens.text3
            };
            paint_right(ui.painter(), pos2(rect.right(), y), &right, Type::Small, color);
            focus_ring(ui, &response, 4.0);
            let (past, other) = (words::past(direction), direction.other());
            let (turn, hint) = match view.turned {
                None => (
                    Some(other),
                    format!(
                        "Each connection shows the way of most of its data; an arrow where that is not {past}.                          Click for only what is {}.",
                        words::past(other)
                    ),
                ),
                Some(turned) if turned != view.main => (
                    Some(other),
                    format!("Only what is {past}. Click for only what is {}.", words::past(other)),
                ),
                Some(_) => (
                    None,
                    format!("Only what is {past}. Click for each connection's own way."),
                ),
            };
            if response.clicked() {
                commands.push(UiCommand::SetDirection(turn));
            }
            response.on_hover_text(hint);
        });
    hairline(ui);
}

/// The menu with what the list is sorted by.
fn order(sort: SortOrder, ui: &mut Ui) -> Option<UiCommand> {
    let name = format!("Sort: {}", words::order(sort.key, sort.reversed));
    let button = Button::icon(ICON_SORT.codepoint, &name).look(Look::Quiet).ui(ui);
    let mut chosen = None;
    Popup::menu(&button).show(|ui| {
        for key in SortKey::ALL {
            let now = key == sort.key;
            let sign = if now { ICON_CHECK.codepoint } else { "" };
            let text = words::order(key, now && sort.reversed);
            let hint = if now {
                "Choose it again to turn it round."
            } else {
                ""
            };
            if menu_item(ui, sign, text, hint, None) {
                chosen = Some(UiCommand::SortList(sort.choose(key)));
            }
        }
    });
    chosen
}

/// What may stand in the filter.
const WORDS: &str = "port:443  app:ssh  if:wlan0  ip:192.0.2  pid:2214  token:0x91\nfallback  backup  one-path  no-path  \
                     stalled  idle, or any word; a minus turns a word round: -port:22";

/// The number of connections without MPTCP.
pub(super) fn foot(view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    hairline(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
    let number = view.shown.state().plain_tcp.unwrap_or(0) as usize;
    let text = format!("{} on plain TCP", format::several(number, "connection"));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    let mut line = TextLine::new(ui.painter(), rect.shrink2(vec2(15.0, 0.0)));
    line.icon(ICON_INFO.codepoint, 18.0, tokens.text2);
    line.left += 9.0;
    line.text(&text, Type::Small, tokens.text2);
}

/// What stands in the list when it is empty.
pub(super) fn nothing(state: &mut ListState, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    Frame::NONE.inner_margin(Margin::symmetric(16, 24)).show(ui, |ui| {
        if state.hidden() > 0 {
            let filter = state.filter.trim().to_owned();
            let text = format!("No connection matches {filter}.");
            label(ui, text, Type::Strong, tokens.text);
            ui.add_space(4.0);
            let hidden = state.hidden();
            let verb = if hidden == 1 { "is" } else { "are" };
            label(
                ui,
                format!("{} {verb} hidden.", format::in_sentence(hidden)),
                Type::Body,
                tokens.text2,
            );
            ui.add_space(12.0);
            if Button::text("Clear filter").named("Show all").ui(ui).clicked() {
                state.filter.clear();
            }
            return;
        }
        let (title, text) = if view.shown.sampled_at().is_none() && view.ended.is_some() {
            ("Nothing was read", "")
        } else if view.shown.sampled_at().is_none() {
            ("Reading connections", "")
        } else {
            (
                "Nothing here yet",
                "A connection appears the moment an application opens one with MPTCP. Nothing needs to be started \
                 again.",
            )
        };
        label(ui, title, Type::Strong, tokens.text);
        ui.add_space(4.0);
        label(ui, text, Type::Body, tokens.text2);
    });
}

/// The place of a row.
pub(super) fn row_rect(origin: Pos2, top: f32, width: f32) -> Rect {
    Rect::from_min_size(origin + vec2(0.0, top), vec2(width, ROW_HIGH))
}

/// The header of an application.
pub(super) fn group(group: &Group, origin: Pos2, top: f32, width: f32, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let rect = Rect::from_min_size(origin + vec2(0.0, top), vec2(width, GROUP_HIGH));
    let response = ui.interact(rect, ui.scope_id().with(("group", &group.name)), Sense::hover());
    let caption = group.caption();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}, {caption}", group.name)));
    let painter = ui.painter();
    if top > 0.0 {
        painter.hline(rect.x_range(), rect.top(), Stroke::new(1.0, tokens.line));
    }
    let mut line = TextLine::new(painter, rect.shrink2(vec2(PADDING, 0.0)));
    line.text_at_end(&caption, Type::Small, tokens.text3);
    line.right -= 8.0;
    line.text(&group.name, Type::Strong, tokens.text);
    if group.pids.len() > 1 {
        let pids: Vec<String> = group.pids.iter().take(20).map(u32::to_string).collect();
        response.on_hover_text(format!("pid {}", pids.join(", ")));
    }
}

/// A connection; whether it was clicked.
pub(super) fn row(
    row: &Row,
    connection: &Connection,
    chosen: bool,
    rect: Rect,
    view: &View<'_>,
    ui: &Ui,
) -> bool {
    let tokens = Tokens::of(ui);
    let response = ui.interact(rect, ui.scope_id().with(connection.id()), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, spoken(row, connection, view)));
    let mut painter = ui.painter().clone();
    row_ground(&painter, rect, chosen, &response, tokens);
    if row.closed.is_some() {
        painter.multiply_opacity(0.6);
    }
    let painter = &painter;
    let right = rect.right() - PADDING;
    let mut end = right;
    let peer = width(painter, &row.peer, Type::Mono);
    if let Some(remark) = row.remark {
        let mut badge = badge(remark);
        let room = right - rect.left() - INDENT - 8.0 - badge.width(painter);
        if peer > room {
            badge.text = words::remark_briefly(remark);
        }
        end = badge.paint(painter, pos2(right, rect.top() + 7.0), tokens).left() - 8.0;
    }
    let start = pos2(rect.left() + INDENT, rect.top() + 17.0);
    paint_address(painter, start, &row.peer, Type::Mono, tokens.text, end - start.x);

    let spark = Rect::from_min_size(pos2(right - SPARK.x, rect.top() + 31.0), SPARK);
    sparkline(painter, spark, &row.minute, &row.known, tokens);
    let mut at = pos2(rect.left() + INDENT, rect.top() + 31.0);
    let mut chips_end = spark.left() - 8.0;
    if let Some(closed) = &row.closed {
        paint(painter, at + vec2(0.0, 10.0), closed, Type::Small, tokens.text2);
    }
    if row.direction != view.direction() {
        let sign = match row.direction {
            Direction::Sent => ICON_ARROW_UPWARD,
            Direction::Received => ICON_ARROW_DOWNWARD,
        };
        let middle = pos2(chips_end - 7.0, spark.center().y);
        icon(painter, middle, sign.codepoint, 14.0, tokens.text2);
        chips_end -= 18.0;
    }
    for (number, chip) in row.chips.iter().enumerate() {
        let rest = row.chips.len() - number;
        let room = chips_end - at.x - if rest > 1 { 22.0 } else { 0.0 };
        if chip.width(painter) > room {
            let more = format!("+{rest}");
            paint(painter, at + vec2(2.0, 10.0), &more, Type::Small, tokens.text3);
            break;
        }
        at.x = chip.paint(painter, at, tokens) + 6.0;
    }
    if response.has_focus() {
        let ring = Stroke::new(2.0, tokens.text);
        painter.rect_stroke(rect, 0.0, ring, StrokeKind::Inside);
    }
    let clicked = response.clicked();
    if response.hovered() {
        let paths: Vec<String> = row
            .chips
            .iter()
            .map(|chip| format!("{}: {}", chip.path, chip.text))
            .collect();
        let unit = format!("{}, Mbit/s", words::participle(row.direction));
        response.on_hover_text_at_pointer(format!("{}\n{}\n{unit}", row.peer, paths.join("\n")));
    }
    clicked
}

/// The row in words.
fn spoken(row: &Row, connection: &Connection, view: &View<'_>) -> String {
    let mut words = vec![application(connection).into_owned(), row.peer.clone()];
    words.extend(
        row.chips
            .iter()
            .map(|chip| format!("{} {}", chip.path, chip.text)),
    );
    if row.direction != view.direction() {
        words.push(words::participle(row.direction).to_owned());
    }
    words.extend(row.remark.map(words::remark));
    words.extend(row.closed.clone());
    words.join(", ")
}
