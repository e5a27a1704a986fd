//! The connections at the left: filter, groups by application, a row a connection.

mod filter;
mod model;
mod order;
mod paint;

use egui::{Frame, Panel, ScrollArea, Ui};
use rustc_hash::FxHashMap;

use self::model::{Item, Lines, Listing, Row};
use self::order::Order;
use super::view::{Direction, UiCommand, View};
use crate::filter::Filter;
use crate::history::SortOrder;
use crate::model::ConnectionId;

/// So long the end of a connection that nobody chose is shown, seconds.
const STAYS_S: f64 = 5.0;

/// What the list remembers.
#[derive(Debug, Default)]
pub(super) struct ListState {
    /// What stands in the filter field.
    pub filter: String,
    /// The connection in the centre.
    pub selected: Option<ConnectionId>,
    /// The one that stands there because nobody chose.
    given: Option<ConnectionId>,
    /// What somebody has it sorted by.
    pub sort: SortOrder,
    order: Order,
    /// Whether somebody points at the rows.
    pointed: bool,
    cached: Option<Cached>,
    /// Whether the selected row is to be brought into view.
    reveal: bool,
    /// Whether the filter field is to be given the focus.
    pub focus_filter: bool,
    /// The connections whose rows were in view.
    pub in_view: Vec<ConnectionId>,
}

/// What the list shows, until there is a new line in the stream, or the filter or the direction is another.
#[derive(Debug)]
struct Cached {
    key: Key,
    listing: Listing,
    lines: Lines,
    /// The rows that were in view.
    rows: FxHashMap<ConnectionId, Row>,
}

#[derive(Clone, Debug, PartialEq)]
struct Key {
    revision: u64,
    filter: String,
    sort: SortOrder,
    directions: (Option<Direction>, Direction),
}

impl Key {
    /// Whether both stand for the same wishes.
    fn asks_as(&self, other: &Self) -> bool {
        (&self.filter, self.sort, self.directions) == (&other.filter, other.sort, other.directions)
    }
}

impl ListState {
    fn refresh(&mut self, view: &View<'_>) {
        let key = Key {
            revision: view.shown.revision(),
            filter: self.filter.clone(),
            sort: self.sort,
            directions: (view.turned, view.main),
        };
        if self.cached.as_ref().is_some_and(|cached| cached.key == key) {
            return;
        }
        let now = view.shown.now();
        self.order.choose(self.sort);
        let due = self.order.is_due(now);
        let mut listing = model::listing(view, &Filter::parse(&self.filter), self.sort, due);
        let same = |cached: &&Cached| cached.key.asks_as(&key);
        match self.cached.as_ref().filter(same).filter(|_| self.pointed) {
            Some(before) => {
                let known = |id| view.shown.latest(id).is_some();
                listing.groups = order::hold(&before.listing.groups, listing.groups, known);
            }
            None => self
                .order
                .arrange(&mut listing.groups, self.selected, now, self.pointed),
        }
        let lines = Lines::new(&listing.groups);
        self.cached = Some(Cached {
            key,
            listing,
            lines,
            rows: FxHashMap::default(),
        });
    }

    /// Somebody wants to see this one.
    pub(super) fn choose(&mut self, id: ConnectionId) {
        self.selected = Some(id);
        self.given = None;
    }

    /// The selected one, and whether somebody chose it.
    pub(super) fn selection(&self) -> Option<(ConnectionId, bool)> {
        self.selected.map(|id| (id, self.given != Some(id)))
    }

    /// The connection to show: the selected one while it is known, else the first of the list, which becomes the
    /// selected one once the busiest is known. One that nobody chose gives its place up some time after its end.
    pub(super) fn current(&mut self, view: &View<'_>) -> Option<ConnectionId> {
        self.refresh(view);
        let stays = |id: &ConnectionId| match view.shown.connection(*id).map(|record| record.ended_at) {
            Some(Some(ended_at)) => self.given != Some(*id) || view.shown.now() - ended_at < STAYS_S,
            Some(None) => true,
            None => false,
        };
        if let Some(id) = self.selected.filter(stays) {
            return Some(id);
        }
        let first = self.rows().first().copied();
        if self.filter.is_empty() && self.order.is_known() {
            self.selected = first;
            self.given = first;
        }
        first
    }

    fn listing(&self) -> Option<&Listing> {
        self.cached.as_ref().map(|cached| &cached.listing)
    }

    /// How many connections the filter hides.
    pub(super) fn hidden(&self) -> usize {
        self.listing().map_or(0, |listing| listing.hidden)
    }

    fn rows(&self) -> Vec<ConnectionId> {
        let groups = self.listing().into_iter().flat_map(|listing| &listing.groups);
        groups.flat_map(|group| &group.rows).copied().collect()
    }

    /// The row above or below the selected one.
    pub(super) fn step(&mut self, by: isize) {
        let rows = self.rows();
        let at = rows.iter().position(|id| Some(*id) == self.selected);
        let next = at.map_or(Some(0), |at| at.checked_add_signed(by));
        if let Some(id) = next.and_then(|next| rows.get(next)) {
            self.choose(*id);
            self.reveal = true;
        }
    }
}

/// The whole panel.
pub(super) fn ui(state: &mut ListState, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    state.refresh(view);
    let mut commands = Vec::new();
    let frame = Frame::NONE;
    Panel::top("list head")
        .show_separator_line(false)
        .frame(frame)
        .show(ui, |ui| {
            paint::head(state, view, ui, &mut commands);
        });
    if view.shown.state().plain_tcp.is_some() {
        Panel::bottom("list foot")
            .show_separator_line(false)
            .frame(frame)
            .show(ui, |ui| {
                paint::foot(view, ui);
            });
    }
    egui::CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        state.pointed = ui.rect_contains_pointer(ui.max_rect());
        if state.rows().is_empty() {
            paint::nothing(state, view, ui);
        } else {
            rows(state, view, ui, &mut commands);
        }
    });
    commands
}

fn rows(state: &mut ListState, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let selected = state.selected;
    let reveal = std::mem::take(&mut state.reveal);
    let in_view = &mut state.in_view;
    in_view.clear();
    let Some(cached) = &mut state.cached else {
        return;
    };
    let Cached {
        listing, lines, rows, ..
    } = cached;
    ScrollArea::vertical()
        .auto_shrink(false)
        .show_viewport(ui, |ui, viewport| {
            ui.set_height(lines.high);
            let origin = ui.min_rect().min;
            let width = ui.available_width();
            if reveal && let Some(top) = selected.and_then(|id| lines.top_of(id)) {
                let rect = paint::row_rect(origin, top, width);
                ui.scroll_to_rect(rect, None);
            }
            for (top, item) in lines.visible(viewport.min.y, viewport.max.y) {
                match item {
                    Item::Group(number) => {
                        if let Some(group) = listing.groups.get(*number) {
                            paint::group(group, origin, *top, width, ui);
                        }
                    }
                    Item::Row(id) => {
                        // One that ended keeps its row while somebody points at the list.
                        let Some(connection) = view.shown.latest(*id) else {
                            continue;
                        };
                        if view.shown.state().connections.contains_key(id) {
                            in_view.push(*id);
                        }
                        let row = rows.entry(*id).or_insert_with(|| model::row(connection, view));
                        let rect = paint::row_rect(origin, *top, width);
                        let chosen = selected == Some(*id);
                        if paint::row(row, connection, chosen, rect, view, ui) {
                            commands.push(UiCommand::Select(*id));
                        }
                    }
                }
            }
        });
}
