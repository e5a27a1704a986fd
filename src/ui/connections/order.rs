//! The order of the list: what moves most first, or as somebody chose, and held so that nothing jumps.

use rustc_hash::{FxHashMap, FxHashSet};

use super::model::Group;
use crate::history::{SortKey, SortOrder};
use crate::model::ConnectionId;

/// How long the order is held, seconds.
const HELD_S: f64 = 5.0;

/// The order of groups and rows, taken anew every five seconds only.
#[derive(Debug, Default)]
pub(super) struct Order {
    sort: SortOrder,
    names: Vec<String>,
    rows: Vec<ConnectionId>,
    taken_at: Option<f64>,
}

impl Order {
    /// Puts groups and their rows in order. New ones go to the end until the order is taken anew, which it is not while
    /// it is `held`; the selected row and its group never move.
    pub(super) fn arrange(
        &mut self,
        groups: &mut [Group],
        selected: Option<ConnectionId>,
        now: f64,
        held: bool,
    ) {
        if self.is_due(now) && !(held && self.is_known()) {
            self.take(groups, selected);
            // Before anything has a rate there is no order to hold.
            let is_known = self.sort.key != SortKey::Rate || groups.iter().any(|group| group.bps > 0.0);
            self.taken_at = is_known.then_some(now);
        }
        let places: FxHashMap<&str, usize> = self.names.iter().map(String::as_str).zip(0..).collect();
        groups.sort_by_cached_key(|group| places.get(group.name.as_str()).copied().unwrap_or(usize::MAX));
        let places: FxHashMap<ConnectionId, usize> = self.rows.iter().copied().zip(0..).collect();
        for group in &mut *groups {
            let place = |id: &ConnectionId| places.get(id).copied().unwrap_or(usize::MAX);
            group.rows.sort_by_cached_key(place);
        }
        self.names = groups.iter().map(|group| group.name.clone()).collect();
        self.rows = groups
            .iter()
            .flat_map(|group| group.rows.iter().copied())
            .collect();
    }

    /// Another order, if somebody chose one: it is taken at once.
    pub(super) fn choose(&mut self, sort: SortOrder) {
        if self.sort != sort {
            *self = Self {
                sort,
                ..Self::default()
            };
        }
    }

    /// Whether the order is to be taken anew.
    pub(super) fn is_due(&self, now: f64) -> bool {
        let due = |taken: f64| now - taken >= HELD_S || now < taken;
        self.names.is_empty() || self.taken_at.is_none_or(due)
    }

    /// Whether the order means anything yet.
    pub(super) fn is_known(&self) -> bool {
        self.taken_at.is_some()
    }

    fn take(&mut self, groups: &mut [Group], selected: Option<ConnectionId>) {
        let sort = self.sort;
        let by_name = |a: &&Group, b: &&Group| a.name.cmp(&b.name);
        let mut ranked: Vec<&Group> = groups.iter().collect();
        ranked.sort_by(|a, b| sort.compare(&a.facts(), &b.facts()).then_with(|| by_name(a, b)));
        let mut names: Vec<String> = ranked.iter().map(|group| group.name.clone()).collect();
        let fixed = groups
            .iter()
            .find(|group| selected.is_some_and(|id| group.rows.contains(&id)))
            .and_then(|group| Some((group, self.names.iter().position(|name| *name == group.name)?)));
        if let Some((group, place)) = fixed {
            names.retain(|name| *name != group.name);
            names.insert(place.min(names.len()), group.name.clone());
        }
        for group in groups {
            let Some(id) = selected.filter(|id| group.rows.contains(id)) else {
                continue;
            };
            let mut before = self.rows.iter().filter(|id| group.rows.contains(id));
            if let Some(place) = before.position(|other| *other == id) {
                group.rows.retain(|other| *other != id);
                group.rows.insert(place.min(group.rows.len()), id);
            }
        }
        self.rows = Vec::new();
        self.names = names;
    }
}

/// The groups as they were while somebody points at them: nothing moves. What ended meanwhile keeps its row as long as
/// it is `known`, what came comes last.
pub(super) fn hold(before: &[Group], now: Vec<Group>, known: impl Fn(ConnectionId) -> bool) -> Vec<Group> {
    let pids: FxHashMap<&str, &[u32]> = now
        .iter()
        .map(|group| (group.name.as_str(), group.pids.as_slice()))
        .collect();
    let mut held: Vec<Group> = before
        .iter()
        .map(|group| Group {
            rows: group.rows.iter().copied().filter(|id| known(*id)).collect(),
            pids: pids
                .get(group.name.as_str())
                .map_or_else(|| group.pids.clone(), |pids| pids.to_vec()),
            ..group.clone()
        })
        .filter(|group| !group.rows.is_empty())
        .collect();
    let there: FxHashSet<ConnectionId> = held.iter().flat_map(|group| group.rows.iter().copied()).collect();
    for mut group in now {
        group.rows.retain(|id| !there.contains(id));
        if !group.rows.is_empty() {
            held.push(group);
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::super::model::group;
    use super::*;
    use crate::model::Token;

    fn names(groups: &[Group]) -> String {
        groups.iter().map(|group| group.name.as_str()).collect()
    }

    #[test]
    fn groups_are_in_order_of_rate_and_held_for_five_seconds() {
        let mut order = Order::default();
        let mut groups = vec![group("a", 1.0, 1), group("b", 2.0, 2)];
        order.arrange(&mut groups, None, 0.0, false);
        assert_eq!(names(&groups), "ba");
        groups = vec![group("a", 9.0, 1), group("b", 2.0, 2), group("c", 99.0, 3)];
        order.arrange(&mut groups, None, 4.9, false);
        assert_eq!(names(&groups), "bac");
        order.arrange(&mut groups, None, 5.0, false);
        assert_eq!(names(&groups), "cab");
    }

    #[test]
    fn the_group_of_the_selected_row_does_not_move() {
        let mut order = Order::default();
        let mut groups = vec![group("a", 3.0, 1), group("b", 2.0, 2), group("c", 1.0, 3)];
        order.arrange(&mut groups, None, 0.0, false);
        groups = vec![group("a", 3.0, 1), group("b", 20.0, 2), group("c", 10.0, 3)];
        order.arrange(&mut groups, Some(Token(1).into()), 6.0, false);
        assert_eq!(names(&groups), "abc");
    }

    #[test]
    fn nothing_is_reordered_while_somebody_points_at_it() {
        let mut order = Order::default();
        let mut groups = vec![group("a", 1.0, 1), group("b", 2.0, 2)];
        order.arrange(&mut groups, None, 0.0, true);
        assert_eq!(names(&groups), "ba", "there was no order yet");
        groups = vec![group("a", 9.0, 1), group("b", 2.0, 2)];
        order.arrange(&mut groups, None, 60.0, true);
        assert_eq!(names(&groups), "ba");
        order.arrange(&mut groups, None, 60.2, false);
        assert_eq!(names(&groups), "ab");
    }

    #[test]
    fn what_somebody_chooses_is_sorted_at_once_and_turned_round() {
        let mut order = Order::default();
        let mut sorted = |sort: SortOrder| {
            let mut groups = vec![group("c", 3.0, 2), group("a", 1.0, 3), group("b", 2.0, 1)];
            order.choose(sort);
            order.arrange(&mut groups, None, 1.0, true);
            names(&groups)
        };
        let usual = SortOrder::default();
        assert_eq!(sorted(usual), "cba");
        let by_name = usual.choose(SortKey::Name);
        assert_eq!(sorted(by_name), "abc");
        assert_eq!(sorted(by_name.choose(SortKey::Name)), "cba");
        assert_eq!(sorted(usual.choose(SortKey::Age)), "bca");
    }

    #[test]
    fn rows_under_the_pointer_stay_when_connections_end_and_begin() {
        let before = [group("a", 1.0, 1), group("b", 2.0, 2)];
        let mut grown = group("a", 1.0, 3);
        grown.rows.push(Token(1).into());
        let known = |id: ConnectionId| id != Token(1).into();
        let of = |groups: &[Group]| -> Vec<(String, Vec<ConnectionId>)> {
            let groups = groups.iter();
            groups
                .map(|group| (group.name.clone(), group.rows.clone()))
                .collect()
        };
        let row = |name: &str, token: u32| (name.to_owned(), vec![Token(token).into()]);
        let held = hold(&before, vec![grown.clone()], |_| true);
        assert_eq!(of(&held), [row("a", 1), row("b", 2), row("a", 3)]);
        let forgotten = hold(&before, vec![], known);
        assert_eq!(of(&forgotten), [row("b", 2)]);
    }
}
