//! Changes that would tear something down, kept until somebody applies or discards them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Direction, State};
use crate::model::{
    Command, Connection, Endpoint, EndpointFlags, FlagChange, Subflow, endpoint_torn_down, equivalent,
    plan_change,
};
use crate::ui::view::{View, application};
use crate::words::teardown::{self as words, Applying, Closing};

/// What waits to be applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pending {
    changes: BTreeMap<u8, Flags>,
    removals: BTreeSet<u8>,
}

/// The flags that an endpoint is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flags(EndpointFlags);

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.removals.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The flags that an endpoint will have.
    pub(super) fn flags_of(&self, endpoint: &Endpoint) -> EndpointFlags {
        self.changes
            .get(&endpoint.id)
            .map_or(endpoint.flags, |flags| flags.0)
    }

    /// Whether an endpoint is to be removed.
    pub(super) fn removes(&self, id: u8) -> bool {
        self.removals.contains(&id)
    }

    /// Whether anything waits for an endpoint.
    pub(super) fn concerns(&self, id: u8) -> bool {
        self.removes(id) || self.changes.contains_key(&id)
    }

    /// A click on a flag's switch: the command to ask for at once where it closes no subflow, else it waits.
    pub(super) fn toggle(&mut self, endpoint: &Endpoint, flag: EndpointFlags) -> Option<Command> {
        let asked = self.flags_of(endpoint);
        let change = FlagChange::one(flag, !asked.contains(flag));
        if !self.concerns(endpoint.id) && !plan_change(endpoint, change).closes_subflows {
            return Some(Command::EndpointChange {
                id: endpoint.id,
                flags: change,
            });
        }
        self.change(endpoint, change);
        None
    }

    fn change(&mut self, endpoint: &Endpoint, change: FlagChange) {
        let wanted = change.apply(self.flags_of(endpoint));
        if wanted == endpoint.flags {
            self.changes.remove(&endpoint.id);
        } else {
            self.changes.insert(endpoint.id, Flags(wanted));
        }
    }

    /// Has a command wait that closes subflows which are there, whoever asked for it; whether it does.
    pub(super) fn hold(&mut self, command: &Command, state: &State) -> bool {
        if state.subflows_torn_down(command).is_empty() {
            return false;
        }
        match (command, endpoint_torn_down(command, state.endpoints.values())) {
            (Command::EndpointChange { flags, .. }, Some(endpoint)) => self.change(endpoint, *flags),
            (_, Some(endpoint)) => self.remove(endpoint.id),
            (_, None) => return false,
        }
        true
    }

    /// Asks for an endpoint's end.
    pub(super) fn remove(&mut self, id: u8) {
        self.changes.remove(&id);
        self.removals.insert(id);
    }

    /// Drops what is so already, and what is about endpoints that are gone.
    pub(super) fn settle(&mut self, state: &State) {
        self.changes.retain(|id, flags| {
            let endpoint = state.endpoints.get(id);
            endpoint.is_some_and(|endpoint| endpoint.flags != flags.0)
        });
        self.removals.retain(|id| state.endpoints.contains_key(id));
    }

    fn change_of(&self, endpoint: &Endpoint) -> FlagChange {
        let (before, after) = (endpoint.flags, self.flags_of(endpoint));
        FlagChange {
            set: after.without(before),
            clear: before.without(after),
        }
    }

    /// The commands, given the endpoints as they are now.
    fn commands_on<'a>(&'a self, state: &'a State) -> impl Iterator<Item = Command> + 'a {
        let changes = self.changes.keys().filter_map(|id| {
            let endpoint = state.endpoints.get(id)?;
            Some(Command::EndpointChange {
                id: *id,
                flags: self.change_of(endpoint),
            })
        });
        let removals = self.removals.iter().map(|id| Command::EndpointRemove { id: *id });
        changes.chain(removals)
    }

    /// The commands to ask for.
    pub(super) fn commands(&self, state: &State) -> Vec<Command> {
        self.commands_on(state).collect()
    }

    /// The shell's way to do the same.
    pub(super) fn lines(&self, state: &State) -> Vec<String> {
        let endpoints: Vec<Endpoint> = state.endpoints.values().cloned().collect();
        self.commands_on(state)
            .flat_map(|command| equivalent(&command, &endpoints))
            .collect()
    }

    /// How many changes wait.
    pub(super) fn count(&self) -> usize {
        self.changes.len() + self.removals.len()
    }

    /// What applying tears down.
    pub(super) fn title(&self, state: &State) -> String {
        let changed: Vec<u8> = self.changes.keys().copied().collect();
        let removed: Vec<u8> = self.removals.iter().copied().collect();
        let applying = match (changed.as_slice(), removed.as_slice()) {
            ([id], []) => {
                let Some(endpoint) = state.endpoints.get(id) else {
                    return String::new();
                };
                let change = self.change_of(endpoint);
                Applying::Flags {
                    id: *id,
                    change,
                    in_place: plan_change(endpoint, change).in_place,
                }
            }
            ([], [id]) => Applying::Removal { id: *id },
            (changed, removed) => {
                let ids: BTreeSet<u8> = changed.iter().chain(removed).copied().collect();
                Applying::Several {
                    changes: self.count(),
                    ids: ids.into_iter().collect(),
                }
            }
        };
        words::title(&applying, self.closing(state).len())
    }

    /// The subflows that applying closes, with their connections.
    fn closing<'a>(&self, state: &'a State) -> Vec<(&'a Connection, &'a Subflow)> {
        let commands = self.commands_on(state);
        let mut closing: Vec<_> = commands
            .flat_map(|command| state.subflows_torn_down(&command))
            .collect();
        closing.sort_by_key(|(connection, subflow)| (connection.cookie, subflow.cookie));
        // Two endpoints may have one address, and other ports.
        closing.dedup_by_key(|(_, subflow)| subflow.cookie);
        closing
    }

    /// Why, and what becomes of the subflows.
    pub(super) fn why(&self, view: &View<'_>) -> String {
        let state = view.live.state();
        let mut sentences = Vec::new();
        let changed = || self.changes.keys().filter_map(|id| state.endpoints.get(id));
        let flags: BTreeSet<String> = changed()
            .flat_map(|endpoint| {
                let change = self.change_of(endpoint);
                change
                    .set
                    .with(change.clear)
                    .without(EndpointFlags::IN_PLACE)
                    .names()
            })
            .collect();
        if !flags.is_empty() {
            sentences.push(words::not_in_place(&flags.into_iter().collect::<Vec<_>>()));
        }
        let is_in_place = |endpoint: &Endpoint| {
            let plan = plan_change(endpoint, self.change_of(endpoint));
            plan.in_place && plan.closes_subflows
        };
        if changed().any(is_in_place) {
            sentences.push(words::FULLMESH_CLOSES.to_owned());
        }
        if !self.removals.is_empty() {
            sentences.push(words::NO_FURTHER_SUBFLOW.to_owned());
        }
        let closing = closing(&self.closing(state), view);
        let opens = |endpoint: &Endpoint| {
            let opening = [EndpointFlags::SUBFLOW, EndpointFlags::FULLMESH];
            opening.iter().any(|flag| self.flags_of(endpoint).contains(*flag))
        };
        let anew = self.removals.is_empty() && changed().all(opens);
        sentences.extend(words::fate(&closing, anew));
        sentences.join(" ")
    }
}

/// The subflows that close, as they are told of.
fn closing(subflows: &[(&Connection, &Subflow)], view: &View<'_>) -> Closing {
    match subflows {
        [] => Closing::None,
        [(connection, subflow)] => {
            let path = |subflow: &Subflow| view.path(subflow.interface.as_deref()).name;
            let rate = view.live.subflow(subflow.cookie);
            let rate = rate.map(|history| view.live.rate(history, Direction::Sent));
            let others = connection.living_subflows();
            let others = others.filter(|other| other.cookie != subflow.cookie);
            let others: BTreeSet<String> = others.map(|other| path(other)).collect();
            Closing::One {
                application: application(connection).into_owned(),
                path: path(subflow),
                bps: rate.unwrap_or(0.0),
                others: others.into_iter().collect(),
            }
        }
        several => {
            let connections: BTreeSet<_> = several.iter().map(|(connection, _)| connection.id()).collect();
            let is_alone =
                |(connection, _): &&(&Connection, &Subflow)| connection.living_subflows().count() == 1;
            Closing::Several {
                subflows: several.len(),
                connections: connections.len(),
                alone: several.iter().filter(is_alone).count(),
                applications: applications(several),
            }
        }
    }
}

/// Whose subflows these are, with how many each, those with the most first.
fn applications(closing: &[(&Connection, &Subflow)]) -> Vec<(String, usize)> {
    let mut count: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
    for (connection, _) in closing {
        *count.entry(application(connection)).or_default() += 1;
    }
    let named = count
        .into_iter()
        .map(|(name, number)| (name.into_owned(), number));
    let mut applications: Vec<_> = named.collect();
    applications.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    applications
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_data::Stage;

    fn endpoint(id: u8, address: &str, flags: EndpointFlags) -> Endpoint {
        Endpoint {
            id,
            address: address.parse().expect("an address"),
            port: None,
            interface: None,
            interface_index: None,
            flags,
        }
    }

    fn state(endpoints: &[&Endpoint]) -> State {
        let stage = Stage::usual();
        let mut state = stage.history.state().clone();
        state.endpoints = endpoints
            .iter()
            .map(|endpoint| (endpoint.id, (*endpoint).clone()))
            .collect();
        state
    }

    #[test]
    fn a_change_in_place_does_not_wait() {
        let endpoint = endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW);
        let mut pending = Pending::default();
        let command = pending.toggle(&endpoint, EndpointFlags::BACKUP);
        let flags = FlagChange::one(EndpointFlags::BACKUP, true);
        assert_eq!(command, Some(Command::EndpointChange { id: 1, flags }));
        assert!(pending.is_empty());
    }

    #[test]
    fn a_change_that_tears_down_waits_and_says_so() {
        let endpoint = endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW);
        let state = state(&[&endpoint]);
        let mut pending = Pending::default();
        assert_eq!(pending.toggle(&endpoint, EndpointFlags::SIGNAL), None);
        assert_eq!(
            pending.title(&state),
            "Turning on signal re-creates endpoint 1 and closes 2 subflows"
        );
        assert_eq!(
            pending.lines(&state),
            [
                "ip mptcp endpoint delete id 1",
                "ip mptcp endpoint add 10.0.0.1 id 1 signal subflow"
            ]
        );
        assert_eq!(pending.toggle(&endpoint, EndpointFlags::SIGNAL), None);
        assert!(pending.is_empty(), "taken back");
    }

    #[test]
    fn fullmesh_is_changed_in_place_and_waits_because_it_closes_subflows() {
        let endpoint = endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW);
        let state = state(&[&endpoint]);
        let mut pending = Pending::default();
        assert_eq!(pending.toggle(&endpoint, EndpointFlags::FULLMESH), None);
        assert_eq!(
            pending.title(&state),
            "Turning on fullmesh closes 2 subflows of endpoint 1"
        );
        assert_eq!(pending.lines(&state), ["ip mptcp endpoint change id 1 fullmesh"]);
    }

    #[test]
    fn whoever_asks_for_what_closes_subflows_is_asked_first() {
        let (used, unused) = (
            endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW),
            endpoint(5, "10.0.9.9", EndpointFlags::SUBFLOW),
        );
        let state = state(&[&used, &unused]);
        let mut pending = Pending::default();
        let change = |id, words: &str| Command::EndpointChange {
            id,
            flags: words.parse().expect("flags"),
        };
        assert!(!pending.hold(&change(1, "backup"), &state));
        assert!(
            !pending.hold(&Command::EndpointRemove { id: 5 }, &state),
            "it has none"
        );
        assert!(pending.is_empty());
        assert!(pending.hold(&change(1, "fullmesh"), &state));
        assert_eq!(pending.commands(&state), [change(1, "fullmesh")]);
        assert!(pending.hold(&Command::EndpointRemove { id: 1 }, &state));
        assert_eq!(pending.commands(&state), [Command::EndpointRemove { id: 1 }]);
    }

    #[test]
    fn what_comes_after_joins_what_waits() {
        let endpoint = endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW);
        let state = state(&[&endpoint]);
        let mut pending = Pending::default();
        pending.toggle(&endpoint, EndpointFlags::SIGNAL);
        assert_eq!(pending.toggle(&endpoint, EndpointFlags::BACKUP), None);
        let commands = pending.commands(&state);
        let flags = FlagChange {
            set: EndpointFlags::SIGNAL.with(EndpointFlags::BACKUP),
            clear: EndpointFlags::NONE,
        };
        assert_eq!(commands, [Command::EndpointChange { id: 1, flags }]);
    }

    #[test]
    fn what_the_kernel_did_meanwhile_no_longer_waits() {
        let before = endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW);
        let after = endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW.with(EndpointFlags::SIGNAL));
        let mut pending = Pending::default();
        pending.toggle(&before, EndpointFlags::SIGNAL);
        pending.remove(2);
        pending.settle(&state(&[&after]));
        assert!(pending.is_empty());
    }

    #[test]
    fn several_changes_share_one_sentence() {
        let (one, two) = (
            endpoint(1, "10.0.0.1", EndpointFlags::SUBFLOW),
            endpoint(2, "10.0.9.1", EndpointFlags::SUBFLOW),
        );
        let mut pending = Pending::default();
        pending.toggle(&one, EndpointFlags::SIGNAL);
        pending.remove(2);
        let state = state(&[&one, &two]);
        assert_eq!(
            pending.title(&state),
            "2 changes to endpoints 1 and 2 close 3 subflows"
        );
    }
}
