//! Which connections the list shows, in which groups, and what a row says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::filter::Filter;
use crate::history::{Condition, SortFacts, SortKey, SortOrder, SubflowHistory};
use crate::model::{Connection, ConnectionId, Cookie, SocketAddr};
use crate::ui::badges::remarks;
use crate::ui::format;
use crate::ui::kit::{Chip, ChipState};
use crate::ui::resample::{Bins, mean_rates};
use crate::ui::theme::Slot;
use crate::ui::view::{Direction, View, application};
use crate::words::connection::Remark;
use crate::words::state;

/// The connections of one application.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// The application's name.
    pub name: String,
    /// Its processes, in order.
    pub pids: Vec<u32>,
    /// Its connections, in order.
    pub rows: Vec<ConnectionId>,
    /// What they move together, bits a second, when the order is taken anew; else 0.
    pub bps: f64,
    /// When the first of them began, seconds on the stream, and its socket and peer.
    pub first: (f64, Cookie, SocketAddr),
}

/// What the list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Listing {
    /// Applications, in the order held.
    pub groups: Vec<Group>,
    /// How many connections are shown.
    pub connections: usize,
    /// How many subflows they have.
    pub subflows: usize,
    /// How many the filter hides.
    pub hidden: usize,
}

/// The connections of a group that is being made, with what they are sorted by.
type Members<'a> = Vec<(SortFacts<'a>, ConnectionId)>;

/// The connections that match, by application, in order; what they move only where somebody asks for it.
pub(super) fn listing(view: &View<'_>, filter: &Filter, sort: SortOrder, with_rates: bool) -> Listing {
    let mut groups: BTreeMap<Cow<'_, str>, (Vec<u32>, Members<'_>)> = BTreeMap::new();
    let mut listing = Listing::default();
    for connection in view.shown.state().connections.values() {
        if !filter.is_empty() && !filter.matches(connection, view) {
            listing.hidden += 1;
            continue;
        }
        listing.connections += 1;
        listing.subflows += connection.living_subflows().count();
        let (pids, members) = groups.entry(application(connection)).or_default();
        pids.extend(connection.process.as_ref().map(|process| process.pid));
        let record = view.shown.connection(connection.id());
        let bps = if with_rates {
            let (out, inward) = view.shown.rate_of(connection.id());
            out + inward
        } else {
            0.0
        };
        let facts = SortFacts {
            bps,
            began_at: record.map_or(0.0, |record| record.began_at),
            ..SortFacts::of(connection)
        };
        members.push((facts, connection.id()));
    }
    let groups = groups.into_iter();
    listing.groups = groups
        .filter_map(|(name, (pids, members))| group_of(name.into_owned(), pids, members, sort))
        .collect();
    listing
}

fn group_of(name: String, mut pids: Vec<u32>, mut members: Members<'_>, sort: SortOrder) -> Option<Group> {
    pids.sort_unstable();
    pids.dedup();
    members.sort_by(|(a, _), (b, _)| sort.compare(a, b));
    let oldest = members.iter().min_by(|(a, _), (b, _)| SortKey::Age.compare(a, b));
    let began_at = oldest.map(|(facts, _)| (facts.began_at, facts.cookie))?;
    let (first, _) = members.first()?;
    Some(Group {
        name,
        pids,
        bps: members.iter().map(|(facts, _)| facts.bps).sum(),
        first: (began_at.0, began_at.1, first.peer),
        rows: members.into_iter().map(|(_, id)| id).collect(),
    })
}

impl Group {
    /// What it is sorted by.
    pub(super) fn facts(&self) -> SortFacts<'_> {
        let (began_at, cookie, peer) = self.first;
        SortFacts {
            bps: self.bps,
            name: &self.name,
            began_at,
            cookie,
            peer,
        }
    }

    /// What stands at the right of its header.
    pub(super) fn caption(&self) -> String {
        match (self.rows.as_slice(), self.pids.as_slice()) {
            ([_], [pid]) => format!("pid {pid}"),
            (rows, [pid]) => format!("{}, pid {pid}", format::several(rows.len(), "connection")),
            (rows, _) => format::several(rows.len(), "connection"),
        }
    }
}

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The header of a group, by its number.
    Group(usize),
    /// A connection.
    Row(ConnectionId),
}

/// The height of a group's header.
pub(super) const GROUP_HIGH: f32 = 28.0;
/// The height of a connection's row.
pub(super) const ROW_HIGH: f32 = 60.0;

/// Where every line of the list lies.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lines {
    /// Each with its top, from the top down.
    pub items: Vec<(f32, Item)>,
    /// The height of all.
    pub high: f32,
}

impl Lines {
    /// Every group with its rows.
    pub(super) fn new(groups: &[Group]) -> Self {
        let mut lines = Self::default();
        for (number, group) in groups.iter().enumerate() {
            lines.add(Item::Group(number), GROUP_HIGH);
            for id in &group.rows {
                lines.add(Item::Row(*id), ROW_HIGH);
            }
        }
        lines
    }

    fn add(&mut self, item: Item, high: f32) {
        self.items.push((self.high, item));
        self.high += high;
    }

    /// The lines that are seen between two heights.
    pub(super) fn visible(&self, from: f32, to: f32) -> &[(f32, Item)] {
        let first = self.items.partition_point(|(top, _)| top + ROW_HIGH < from);
        let last = self.items.partition_point(|(top, _)| *top <= to);
        self.items.get(first..last.max(first)).unwrap_or_default()
    }

    /// The top of a connection's row.
    pub(super) fn top_of(&self, id: ConnectionId) -> Option<f32> {
        let mut items = self.items.iter();
        items
            .find(|(_, item)| *item == Item::Row(id))
            .map(|(top, _)| *top)
    }
}

/// What the row of a connection says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The peer's address and port.
    pub peer: String,
    /// A chip a path.
    pub chips: Vec<Chip>,
    /// What is worth a badge, the gravest.
    pub remark: Option<Remark>,
    /// The last minute, by slot, and of which of its seconds anything is known.
    pub minute: Vec<(Slot, Vec<f64>)>,
    pub known: Vec<bool>,
    /// Which way its rates go.
    pub direction: Direction,
    /// That it was closed, and how long ago, if it was.
    pub closed: Option<String>,
}

/// How many bars the sparkline has.
const BARS: usize = 60;

/// The row of a connection.
pub(super) fn row(connection: &Connection, view: &View<'_>) -> Row {
    let ended_at = view
        .shown
        .connection(connection.id())
        .and_then(|record| record.ended_at);
    let is_there = ended_at.is_none();
    Row {
        peer: connection.remote.to_string(),
        chips: if is_there {
            chips(connection, view)
        } else {
            Vec::new()
        },
        remark: remarks(connection, view).into_iter().next().filter(|_| is_there),
        closed: ended_at.map(|ended_at| state::closed((view.clock() - ended_at).max(0.0))),
        minute: minute(connection, view),
        known: last_minute(view).known(view.shown.gaps()),
        direction: view.direction_of(connection.id()),
    }
}

/// A chip for each subflow.
pub(super) fn chips(connection: &Connection, view: &View<'_>) -> Vec<Chip> {
    let subflows = view.subflows(connection.id());
    if connection.fallback == Some(true) {
        let (bps, decimals) = (view.total_bps(connection.id()), view.decimals(connection.id()));
        return vec![Chip {
            slot: Slot::PLAIN,
            state: ChipState::Plain,
            text: format!("plain TCP {}", format::rate(bps, decimals)),
            path: "plain TCP".to_owned(),
        }];
    }
    let decimals = view.decimals(connection.id());
    let chips = subflows.iter().map(|subflow| chip(subflow, decimals, view));
    chips.collect()
}

fn chip(subflow: &SubflowHistory, decimals: usize, view: &View<'_>) -> Chip {
    let path = view.path(subflow.last.interface.as_deref());
    let backup = subflow.last.is_backup();
    let rate = || format::rate(view.bps(subflow), decimals);
    let (condition, up) = (view.condition(subflow), view.interface_up(&subflow.last));
    let state = match (condition, backup) {
        (Condition::Carrying, false) => ChipState::Carrying,
        (Condition::Carrying, true) => ChipState::BackupInUse,
        (Condition::Idle, true) => ChipState::BackupIdle,
        (Condition::Stalled, _) => ChipState::Lost,
        (Condition::Idle | Condition::NotAnswered | Condition::Closed, _) => ChipState::Idle,
    };
    let text = match condition {
        Condition::Carrying => rate(),
        resting => state::condition(resting, up).to_owned(),
    };
    Chip {
        slot: path.slot,
        state,
        text,
        path: path.name,
    }
}

fn last_minute(view: &View<'_>) -> Bins {
    let now = view.shown.now();
    Bins::covering(now - BARS as f64, now, 1.0)
}

/// The last minute of a connection, stacked by slot.
fn minute(connection: &Connection, view: &View<'_>) -> Vec<(Slot, Vec<f64>)> {
    let bins = last_minute(view);
    let direction = view.direction_of(connection.id());
    let mut layers: BTreeMap<Slot, Vec<f64>> = BTreeMap::new();
    for subflow in view.shown.subflows_of(connection.id()) {
        let slot = if connection.fallback == Some(true) {
            Slot::PLAIN
        } else {
            view.slots.of(subflow.last.interface.as_deref())
        };
        let rates = mean_rates(&subflow.points, view.shown.gaps(), &bins, |point| {
            direction.bps(point)
        });
        let layer = layers.entry(slot).or_insert_with(|| vec![0.0; bins.count]);
        for (sum, rate) in layer.iter_mut().zip(rates) {
            *sum += rate;
        }
    }
    layers.into_iter().collect()
}

/// A group of one connection.
#[cfg(test)]
pub(super) fn group(name: &str, bps: f64, token: u32) -> Group {
    Group {
        name: name.to_owned(),
        pids: vec![1],
        rows: vec![crate::model::Token(token).into()],
        bps,
        first: (
            f64::from(token),
            Cookie(token.into()),
            "192.0.2.1:443".parse().expect("an address"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use crate::ui::test_data::Stage;

    #[test]
    fn only_lines_within_the_viewport_are_visible() {
        let many: Vec<Group> = (0..1000).map(|n| group(&format!("{n}"), 0.0, n)).collect();
        let lines = Lines::new(&many);
        assert!((lines.high - 88_000.0).abs() < 1.0);
        let seen = lines.visible(44_000.0, 44_800.0);
        assert!((18..=22).contains(&seen.len()), "{}", seen.len());
    }

    #[test]
    fn rows_say_what_the_paths_do() {
        let stage = Stage::usual();
        let view = stage.view();
        let rows: Vec<Row> = [1, 2, 3]
            .iter()
            .filter_map(|token| view.shown.state().connections.get(&Token(*token).into()))
            .map(|connection| row(connection, &view))
            .collect();
        let chips = |row: &Row| -> Vec<(ChipState, String)> {
            row.chips
                .iter()
                .map(|chip| (chip.state, chip.text.clone()))
                .collect()
        };
        let said: Vec<_> = rows.iter().map(|row| (chips(row), row.remark)).collect();
        assert_eq!(
            said,
            [
                (
                    vec![
                        (ChipState::Carrying, "8.00".to_owned()),
                        (ChipState::BackupIdle, "idle".to_owned())
                    ],
                    None
                ),
                (vec![(ChipState::Idle, "idle".to_owned())], Some(Remark::OnePath)),
                (
                    vec![(ChipState::Plain, "plain TCP 0.80".to_owned())],
                    Some(Remark::Fallback)
                ),
            ]
        );
    }

    #[test]
    fn a_group_is_captioned_by_pid_or_number() {
        let mut one = group("a", 0.0, 1);
        assert_eq!(one.caption(), "pid 1");
        one.rows.push(Token(2).into());
        assert_eq!(one.caption(), "2 connections, pid 1");
        one.pids.push(2);
        assert_eq!(one.caption(), "2 connections");
    }
}
