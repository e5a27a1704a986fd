//! How the table of subflows looks, and the menu of a row.

use egui::{Popup, Pos2, Rect, ScrollArea, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo};
use egui::{accesskit::Role, pos2, vec2};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_LINK_OFF, ICON_MORE_VERT, ICON_SWAP_HORIZ};

use super::chooser;
use super::columns::CellStyle;
use super::layout::{ColumnPlace, MENU, PADDING, SHAPE, lay_out};
use super::model::{Cell, Row, chosen, sort_by, spoken};
use crate::history::Condition;
use crate::model::{Command, EndpointFlags, FlagChange, equivalent, plan_change};
use crate::ui::format;
use crate::ui::kit::{
    Button, Look, focus_ring, menu_item, paint, paint_right, paint_within, shape_of, width,
};
use crate::ui::settings::TableSettings;
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View};

/// What somebody wants of a row.
pub(in crate::ui::connection) enum Act {
    /// This.
    Ask(UiCommand),
    /// Its end, after a question.
    Close(Box<Row>),
}

const HEAD: f32 = 28.0;
const LINE: f32 = 28.0;

/// Below this height the plots need more than the table, which scrolls.
const SHORT: f32 = 340.0;

/// How high the table is: as high as its rows, at most about a third of what is there, a quarter where that is little.
pub(in crate::ui::connection) fn height(rows: usize, available: f32) -> f32 {
    // The bar that scrolls sideways lies in the last points.
    let (share, lines) = if available < SHORT {
        (0.25, 1.5)
    } else {
        (0.36, 2.5)
    };
    (HEAD + LINE * rows.max(1) as f32 + 8.0).min((available * share).max(HEAD + lines * LINE))
}

/// The table; what was asked of its rows.
pub(in crate::ui::connection) fn ui(
    rows: &[Row],
    table: &mut TableSettings,
    view: &View<'_>,
    ui: &mut Ui,
) -> Vec<Act> {
    let mut acts = Vec::new();
    let tokens = Tokens::of(ui);
    let whole = ui.max_rect();
    ui.painter()
        .hline(whole.x_range(), whole.top(), Stroke::new(1.0, tokens.line));
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.add_space(1.0);
    let right = whole.right();
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let columns = chosen(table);
        let available = ui.available_width() - 2.0 * PADDING;
        let (places, width) = lay_out(&columns, rows, available, ui.painter());
        let width = width + 2.0 * PADDING;
        head(&places, width, right, table, ui);
        for row in rows {
            let (rect, response) = ui.allocate_exact_size(vec2(width, LINE), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken(row, &columns)));
            let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(("line", row.cookie.0)));
            if row.condition == Condition::Closed {
                child.multiply_opacity(0.6);
            }
            line(row, &places, rect, &child);
            let pointed = response.hover_pos();
            response.on_hover_text_at_pointer(hint(row, &places, rect, pointed));
            let place = at_the_end(rect, right);
            ground(place, rect, ui);
            row_menu(row, place, view, ui, &mut acts);
        }
        if rows.is_empty() {
            let (rect, _) = ui.allocate_exact_size(vec2(width, LINE), Sense::hover());
            let at = pos2(rect.left() + PADDING, rect.center().y);
            paint(ui.painter(), at, "No subflow is left.", Type::Body, tokens.text2);
        }
    });
    acts
}

/// The place of a row's button: it stays where it is while the columns scroll.
fn at_the_end(rect: Rect, right: f32) -> Rect {
    Rect::from_center_size(pos2(right - MENU / 2.0 - 6.0, rect.center().y), vec2(24.0, 24.0))
}

/// Hides the columns that scroll below the button at the end.
fn ground(place: Rect, rect: Rect, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let under = Rect::from_min_max(
        pos2(place.left() - 4.0, rect.top()),
        pos2(place.right() + MENU, rect.bottom() - 1.0),
    );
    ui.painter().rect_filled(under, 0.0, tokens.panel);
    if rect.right() > place.right() + MENU {
        let edge = under.left() - 0.5;
        ui.painter()
            .vline(edge, rect.y_range(), Stroke::new(1.0, tokens.line));
    }
}

fn rule(rect: Rect, ui: &Ui) {
    let color = Tokens::of(ui).line;
    let over = rect.left() + PADDING..=rect.right() - PADDING;
    ui.painter()
        .hline(over, rect.bottom() - 0.5, Stroke::new(1.0, color));
}

fn head(places: &[ColumnPlace], wide: f32, right: f32, table: &mut TableSettings, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(wide, HEAD), Sense::hover());
    let (x, y) = (rect.left() + PADDING, rect.center().y);
    let mut clicked = None;
    for place in places {
        let column = place.column;
        let title = column.title();
        let cell = Rect::from_min_max(
            pos2(x + place.left, rect.top() + 4.0),
            pos2(x + place.right, rect.bottom() - 4.0),
        );
        let response = ui.interact(cell, ui.scope_id().with(("head", column.key)), Sense::click());
        let order = table.sort.as_ref().filter(|sort| sort.column == column.key);
        let name = format!("Sort by {title}");
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, order.is_some(), &name));
        let painter = ui.painter();
        let color = if order.is_some() || response.hovered() {
            tokens.text
        } else {
            tokens.text3
        };
        let sign = if column.style == CellStyle::Number {
            paint_right(painter, pos2(cell.right(), y), &title, Type::Small, color) - 7.0
        } else {
            paint(painter, pos2(cell.left(), y), &title, Type::Small, color) + 7.0
        };
        if let Some(sort) = order {
            painter.add(triangle(pos2(sign, y), sort.descending, tokens));
        }
        focus_ring(ui, &response.clone().with_new_rect(cell.shrink(2.0)), 4.0);
        if response.clicked() {
            clicked = Some(column);
        }
        response.on_hover_text(format!(
            "{}\nA click sorts, the third brings the order of the paths back.",
            column.about()
        ));
    }
    if let Some(column) = clicked {
        sort_by(table, column);
    }
    rule(rect, ui);
    let place = at_the_end(rect, right);
    ground(place, rect, ui);
    chooser::ui(table, place, ui);
}

/// The sign of an order: it points down where the largest comes first.
fn triangle(middle: Pos2, down: bool, tokens: &Tokens) -> Shape {
    let tip = if down { 3.0 } else { -3.0 };
    let corners = vec![
        middle + vec2(-4.0, -tip),
        middle + vec2(4.0, -tip),
        middle + vec2(0.0, tip),
    ];
    Shape::convex_polygon(corners, tokens.text, Stroke::NONE)
}

fn line(row: &Row, places: &[ColumnPlace], rect: Rect, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let (x, y) = (rect.left() + PADDING, rect.center().y);
    for (place, cell) in places.iter().zip(&row.cells) {
        let (left, right) = (pos2(x + place.left, y), pos2(x + place.right, y));
        let wide = place.right - place.left;
        match place.column.style {
            CellStyle::Path => {
                let middle = left + vec2(6.0, 0.0);
                shape_of(painter, middle, 10.0, row.path.slot, tokens, row.lost);
                let at = left + vec2(SHAPE, 0.0);
                paint_within(painter, at, &cell.text, Type::Strong, tokens.text, wide - SHAPE);
            }
            CellStyle::Address => {
                let text = elided(&cell.text, wide, ui);
                paint(painter, left, &text, Type::Mono, tokens.text);
            }
            CellStyle::Words => {
                let color = if cell.why.is_some() {
                    tokens.text3
                } else {
                    tokens.text
                };
                paint_within(painter, left, &cell.text, Type::Body, color, wide + 8.0);
            }
            CellStyle::State => {
                let color = if row.lost { tokens.danger } else { tokens.text };
                paint_within(painter, left, &cell.text, Type::Body, color, wide + 8.0);
            }
            CellStyle::Number => figure(cell, right, ui),
        }
    }
    rule(rect, ui);
}

/// A number with what stands after it, ending at `right`.
fn figure(cell: &Cell, mut right: Pos2, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    if !cell.aside.is_empty() {
        right.x = paint_right(painter, right, &cell.aside, Type::Body, tokens.text3) - 4.0;
    }
    let color = if cell.why.is_some() {
        tokens.text3
    } else {
        tokens.text
    };
    paint_right(painter, right, &cell.text, Type::Body, color);
}

/// An address with its middle left out where it would be wider than `most`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column is hundreds of points wide"
)]
fn elided(text: &str, most: f32, ui: &Ui) -> String {
    let letter = width(ui.painter(), "0", Type::Mono).max(1.0);
    format::elide_middle(text, ((most + 1.0) / letter).max(8.0) as usize)
}

/// What is said of the place under the pointer.
fn hint(row: &Row, places: &[ColumnPlace], rect: Rect, pointed: Option<Pos2>) -> String {
    let mut text = format!(
        "{} {}\n{} → {}",
        row.path.name, row.path.device, row.local, row.remote
    );
    if let Some(change) = &row.closed_by {
        text += &format!("\n{change}");
    }
    let Some(at) = pointed else { return text };
    let at = at.x - rect.left() - PADDING;
    let under = places
        .iter()
        .zip(&row.cells)
        .find(|(place, _)| (place.left - 6.0..=place.right + 6.0).contains(&at));
    if let Some((place, cell)) = under {
        let title = place.column.title();
        match (cell.why, place.column.style) {
            (Some(why), _) => text += &format!("\n{title}: {}. {why}", cell.text),
            (None, CellStyle::Path | CellStyle::Address) => {}
            (None, _) if cell.text.is_empty() => {}
            (None, _) => text += &format!("\n{title}: {} {}", cell.text, cell.aside),
        }
    }
    text
}

fn row_menu(row: &Row, place: Rect, view: &View<'_>, ui: &mut Ui, acts: &mut Vec<Act>) {
    let name = format!("Menu of the subflow over {} from {}", row.path.name, row.local);
    let press = Button::icon(ICON_MORE_VERT.codepoint, &name).look(Look::Quiet);
    let mut child = ui.new_child(UiBuilder::new().max_rect(place).id_salt(row.cookie.0));
    let button = press.put(&mut child, place);
    Popup::menu(&button).show(|ui| menu(row, view, ui, acts));
}

fn menu(row: &Row, view: &View<'_>, ui: &mut Ui, acts: &mut Vec<Act>) {
    let refusal = view.refusal();
    let gone = (row.condition == Condition::Closed).then(|| "The subflow is closed already.".to_owned());
    let no_close = refusal.clone().or(gone);
    if menu_item(
        ui,
        ICON_LINK_OFF.codepoint,
        "Close subflow…",
        "",
        no_close.as_deref(),
    ) {
        acts.push(Act::Close(Box::new(row.clone())));
    }
    let state = view.live.state();
    let endpoint = state
        .endpoints
        .values()
        .find(|endpoint| endpoint.may_have(row.local));
    let on = endpoint.is_some_and(|endpoint| endpoint.flags.contains(EndpointFlags::BACKUP));
    let name = if on { "Not backup" } else { "Make backup" };
    let change = FlagChange::one(EndpointFlags::BACKUP, !on);
    let no_change = refusal.or_else(|| match endpoint {
        None => Some(format!(
            "No endpoint has {}: add one under Paths.",
            row.local.host()
        )),
        Some(endpoint) if plan_change(endpoint, change).closes_subflows => {
            Some("The kernel made this endpoint itself and does not change it in place.".to_owned())
        }
        Some(_) => None,
    });
    let command = endpoint.map(|endpoint| Command::EndpointChange {
        id: endpoint.id,
        flags: change,
    });
    let hint = command.as_ref().map_or_else(String::new, |command| {
        let endpoints: Vec<_> = state.endpoints.values().cloned().collect();
        equivalent(command, &endpoints).join("\n")
    });
    if menu_item(ui, ICON_SWAP_HORIZ.codepoint, name, hint, no_change.as_deref())
        && let Some(command) = command
    {
        acts.push(Act::Ask(UiCommand::Request(command)));
    }
    if menu_item(ui, ICON_CONTENT_COPY.codepoint, "Copy addresses", "", None) {
        acts.push(Act::Ask(UiCommand::Copy(format!("{} {}", row.local, row.remote))));
    }
}
