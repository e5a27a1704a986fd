//! Changes made in this window: what was asked, how it ended, and what would take it back.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;

use crate::history::{History, State};
use crate::model::{
    Command, Connection, ConnectionId, Cookie, Endpoint, EndpointFlags, EventKind, FlagChange, Line, Shared,
    Subflow, TcpState, addition, equivalent, plan_change,
};
use crate::words::command as words;

/// What takes a change back.
#[derive(Clone, Debug, PartialEq)]
enum Inverse {
    /// This.
    Command(Command),
    /// Removing whichever endpoint has the address.
    RemoveEndpoint(IpAddr),
    /// Nothing does.
    None,
}

/// One change that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// What the request is called.
    pub reference: u64,
    /// What was changed, in a few words.
    pub label: String,
    /// What it did to subflows, where it is about an endpoint.
    effect: Option<Effect>,
    /// What was asked for.
    pub command: Command,
    /// The shell's way to do the same.
    pub lines: Vec<String>,
    /// When it was done, seconds on the stream; `None` until its outcome is known.
    pub done_at: Option<f64>,
    inverse: Inverse,
}

/// The changes of this window.
#[derive(Debug, Default)]
pub(super) struct Changes {
    next: u64,
    waiting: Vec<Change>,
    done: VecDeque<Change>,
    failure: Option<String>,
}

/// How many changes are remembered.
const MOST: usize = 20;

impl Changes {
    /// Notes a change that is about to be asked for, given the state before it, and the name for the request.
    pub(super) fn ask(&mut self, command: &Command, state: &State, path: impl Fn(u8) -> String) -> String {
        self.next += 1;
        self.failure = None;
        let endpoints: Vec<_> = state.endpoints.values().cloned().collect();
        self.waiting.push(Change {
            reference: self.next,
            label: words::change(command, state, path),
            effect: Effect::of(command, state),
            lines: equivalent(command, &endpoints),
            command: command.clone(),
            done_at: None,
            inverse: inverse(command, state),
        });
        self.next.to_string()
    }

    /// Notes that a request was not even taken.
    pub(super) fn refused(&mut self, reference: &str) {
        if let Some(change) = self.take(reference) {
            self.failure = Some(words::not_taken(&change.label));
        }
    }

    /// Reads the outcome of a request from the stream.
    pub(super) fn observe(&mut self, line: &Line) {
        let Line::Event(event) = line else { return };
        let (EventKind::Command, Some(outcome)) = (event.kind, &event.command) else {
            return;
        };
        if outcome.by != super::BY {
            return;
        }
        let Some(mut change) = outcome.reference.as_deref().and_then(|name| self.take(name)) else {
            return;
        };
        if outcome.ok {
            change.done_at = Some(event.t);
            self.done.push_front(change);
            self.done.truncate(MOST);
        } else {
            self.failure = Some(words::failed(&change.label, outcome.message.as_deref()));
        }
    }

    fn take(&mut self, reference: &str) -> Option<Change> {
        let number: u64 = reference.parse().ok()?;
        let at = self
            .waiting
            .iter()
            .position(|change| change.reference == number)?;
        Some(self.waiting.remove(at))
    }

    /// What was asked for first of all that is not answered yet.
    pub(super) fn waiting(&self) -> Option<&Change> {
        self.waiting.first()
    }

    /// What was done, newest first.
    pub(super) fn done(&self) -> impl Iterator<Item = &Change> {
        self.done.iter()
    }

    /// What the newest change that failed said.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Says what went wrong, where no change is behind it.
    pub(super) fn fail(&mut self, why: String) {
        self.failure = Some(why);
    }

    /// Forgets the failure.
    pub(super) fn dismiss(&mut self) {
        self.failure = None;
    }

    /// The command that takes a change back.
    pub(super) fn back(&self, reference: u64, state: &State) -> Option<Command> {
        let mut done = self.done.iter();
        done.find(|change| change.reference == reference)?.back(state)
    }

    /// Forgets a change, because it is taken back.
    pub(super) fn forget(&mut self, reference: u64) {
        self.done.retain(|change| change.reference != reference);
    }

    /// Counts what the newest changes did to subflows, until that is over.
    pub(super) fn count(&mut self, history: &History) {
        for change in self.waiting.iter_mut().chain(&mut self.done) {
            let over = change.done_at.is_some_and(|t| history.now() - t > COUNTED_S);
            if let Some(effect) = change.effect.as_mut().filter(|_| !over) {
                effect.count(history);
            }
        }
    }
}

/// After so long whatever closes has another reason, seconds.
const COUNTED_S: f64 = 3.0;

/// What a change of an endpoint did to the subflows that it had.
#[derive(Clone, Debug, PartialEq)]
struct Effect {
    endpoint: Endpoint,
    in_place: bool,
    before: Vec<(ConnectionId, Cookie)>,
    closed: usize,
    opened: usize,
}

impl Effect {
    fn of(command: &Command, state: &State) -> Option<Self> {
        let (id, in_place) = match command {
            Command::EndpointRemove { id } => (id, false),
            Command::EndpointChange { id, flags } => {
                let endpoint = state.endpoints.get(id);
                (
                    id,
                    endpoint.is_some_and(|endpoint| plan_change(endpoint, *flags).in_place),
                )
            }
            _ => return None,
        };
        let endpoint = state.endpoints.get(id)?.clone();
        let subflows = |connection: &Connection| {
            let own = connection.subflows.iter();
            let own = own.filter(|subflow| endpoint.may_have(subflow.local) && !subflow.state.is_ending());
            own.map(|subflow| (connection.id(), subflow.cookie))
                .collect::<Vec<_>>()
        };
        let before = state.connections.values().flat_map(subflows).collect();
        Some(Self {
            endpoint,
            in_place,
            before,
            closed: 0,
            opened: 0,
        })
    }

    fn count(&mut self, history: &History) {
        let has_ended = |cookie: Cookie| {
            let subflow = history.subflow(cookie);
            subflow.is_none_or(|subflow| subflow.ended_at.is_some())
        };
        let before = self.before.iter();
        self.closed = before.filter(|(_, cookie)| has_ended(*cookie)).count();
        let connections: BTreeSet<ConnectionId> = self.before.iter().map(|(id, _)| *id).collect();
        let connections = connections
            .iter()
            .filter_map(|id| history.state().connections.get(id));
        let is_new = |subflow: &&Shared<Subflow>| {
            subflow.state == TcpState::Established
                && self.endpoint.may_have(subflow.local)
                && !self.before.iter().any(|(_, cookie)| *cookie == subflow.cookie)
        };
        let subflows = connections.flat_map(|connection| &connection.subflows);
        self.opened = subflows.filter(is_new).count();
    }
}

impl Change {
    /// What it did to subflows, as far as that is its business.
    pub(super) fn note(&self) -> Option<String> {
        let effect = self.effect.as_ref()?;
        Some(words::effect(effect.in_place, effect.closed, effect.opened))
    }

    /// Whether something takes it back now. An endpoint that was just added can be removed once a sample has told of
    /// it.
    pub(super) fn can_undo(&self, state: &State) -> bool {
        self.back(state).is_some()
    }

    /// The command that takes it back; `None` where what it is about is gone, or back already.
    fn back(&self, state: &State) -> Option<Command> {
        let has = |address: IpAddr| {
            let mut endpoints = state.endpoints.values();
            endpoints.any(|endpoint| endpoint.address == address)
        };
        match &self.inverse {
            Inverse::Command(Command::EndpointChange { id, flags }) => {
                let endpoint = state.endpoints.get(id)?;
                let is_back = flags.apply(endpoint.flags) == endpoint.flags;
                (!is_back).then_some(Command::EndpointChange {
                    id: *id,
                    flags: *flags,
                })
            }
            Inverse::Command(Command::EndpointAdd { address, .. }) if has(*address) => None,
            Inverse::Command(command) => Some(command.clone()),
            Inverse::RemoveEndpoint(address) => state
                .endpoints
                .values()
                .find(|endpoint| endpoint.address == *address)
                .map(|endpoint| Command::EndpointRemove { id: endpoint.id }),
            Inverse::None => None,
        }
    }

    /// What taking it back does: the commands, and what they close.
    pub(super) fn undo_hint(&self, state: &State) -> String {
        let Some(command) = self.back(state) else {
            return String::new();
        };
        let endpoints: Vec<_> = state.endpoints.values().cloned().collect();
        let closes = state.subflows_torn_down(&command).len();
        words::would_do(&equivalent(&command, &endpoints), closes)
    }
}

fn inverse(command: &Command, state: &State) -> Inverse {
    let command = match command {
        Command::EndpointAdd { address, .. } => return Inverse::RemoveEndpoint(*address),
        Command::EndpointRemove { id } => state.endpoints.get(id).map(addition),
        Command::EndpointChange { id, flags } => state.endpoints.get(id).map(|endpoint| {
            let before = endpoint.flags;
            let back = FlagChange {
                set: EndpointFlags(flags.clear.0 & before.0),
                clear: EndpointFlags(flags.set.0 & !before.0),
            };
            Command::EndpointChange { id: *id, flags: back }
        }),
        Command::LimitsSet {
            extra_subflows_max,
            add_addr_accepted_max,
        } => state.limits.map(|before| Command::LimitsSet {
            extra_subflows_max: extra_subflows_max.map(|_| before.extra_subflows_max),
            add_addr_accepted_max: add_addr_accepted_max.map(|_| before.add_addr_accepted_max),
        }),
        Command::Set { name, .. } => state.settings.get(name).map(|before| Command::Set {
            name: name.clone(),
            value: before.clone(),
        }),
        Command::Close { .. } => None,
    };
    command.map_or(Inverse::None, Inverse::Command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CommandOutcome, Event, Origin};

    fn endpoint(id: u8, flags: EndpointFlags) -> Endpoint {
        Endpoint {
            id,
            address: [10, 0, 0, id].into(),
            port: None,
            interface: Some("eth0".to_owned()),
            interface_index: None,
            flags,
        }
    }

    fn state(endpoints: &[Endpoint]) -> State {
        State {
            endpoints: endpoints
                .iter()
                .map(|endpoint| (endpoint.id, endpoint.clone()))
                .collect(),
            ..State::default()
        }
    }

    /// The changes after a command was done on a state.
    fn done(command: &Command, state: &State) -> Changes {
        let mut changes = Changes::default();
        let reference = changes.ask(command, state, |id| format!("Endpoint {id}"));
        let mut event = Event::new(1.0, EventKind::Command, Origin::Kernel);
        event.command = Some(CommandOutcome {
            asked: Some(command.clone()),
            by: crate::ui::BY.to_owned(),
            reference: Some(reference),
            ok: true,
            message: None,
        });
        changes.observe(&Line::Event(Box::new(event)));
        changes
    }

    #[test]
    fn an_endpoint_that_was_added_can_be_removed_once_it_is_known() {
        let added = endpoint(3, EndpointFlags::SUBFLOW);
        let mut changes = done(&addition(&added), &state(&[]));
        assert_eq!(changes.back(1, &state(&[])), None, "no sample has told of it");
        let known = state(&[added]);
        let remove = Some(Command::EndpointRemove { id: 3 });
        assert_eq!(changes.back(1, &known), remove, "it was not forgotten meanwhile");
        changes.forget(1);
        assert_eq!(changes.back(1, &known), None);
    }

    #[test]
    fn what_is_gone_or_back_already_is_not_taken_back() {
        let there = endpoint(3, EndpointFlags::SUBFLOW);
        let can_undo = |command: &Command, now: &State| {
            let changes = done(command, &state(std::slice::from_ref(&there)));
            changes.done().any(|change| change.can_undo(now))
        };
        let backup = Command::EndpointChange {
            id: 3,
            flags: FlagChange::one(EndpointFlags::BACKUP, true),
        };
        let remove = Command::EndpointRemove { id: 3 };
        let (with, without) = (state(std::slice::from_ref(&there)), state(&[]));
        let flags = there.flags.with(EndpointFlags::BACKUP);
        let backed_up = state(&[Endpoint {
            flags,
            ..there.clone()
        }]);
        let answers = [
            can_undo(&backup, &backed_up),
            can_undo(&backup, &with),
            can_undo(&backup, &without),
            can_undo(&remove, &without),
            can_undo(&remove, &with),
        ];
        assert_eq!(answers, [true, false, false, true, false]);
    }
}
