//! What a card and its rows say, and what each switch may do.

use std::net::IpAddr;

use super::lasting::Owner;
use super::pending::Pending;
use crate::model::{
    Command, Endpoint, EndpointFlags, FlagChange, Problem, check_change, equivalent, plan_change,
};
use crate::ui::view::{PathName, View};
use crate::words::endpoint as words;

/// One interface.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Card {
    pub path: PathName,
    /// What people call the kind, or the device name.
    pub title: String,
    /// Whether that is the device name already.
    pub is_by_device: bool,
    /// The network's name or the link's speed.
    pub detail: String,
    pub up: bool,
    /// Whether the interface was there and is not now.
    pub gone: bool,
    pub signal_dbm: Option<i32>,
    /// What else is known of the radio, a sentence.
    pub radio: Option<String>,
    /// What MPTCP sends over it, bits a second.
    pub out_bps: f64,
    pub rows: Vec<Row>,
}

/// One address, with its endpoint where it has one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub address: IpAddr,
    pub prefix: Option<u8>,
    pub device: String,
    pub endpoint: Option<Endpoint>,
    /// Whose the endpoint is, where somebody makes it anew.
    pub owner: Option<Owner>,
    /// Why the endpoint does nothing now.
    pub problems: Vec<Problem>,
    pub subflows: usize,
}

/// The flags with a switch, in the order of their columns.
pub(super) const FLAGS: [(&str, EndpointFlags); 5] = [
    ("subflow", EndpointFlags::SUBFLOW),
    ("signal", EndpointFlags::SIGNAL),
    ("backup", EndpointFlags::BACKUP),
    ("fullmesh", EndpointFlags::FULLMESH),
    ("laminar", EndpointFlags::LAMINAR),
];

/// What a flag means, for its column's head.
pub(super) fn meaning(flag: EndpointFlags) -> &'static str {
    match flag {
        EndpointFlags::SUBFLOW => "Open subflows from this address.",
        EndpointFlags::SIGNAL => "Announce this address to the peer, so that it opens subflows to it.",
        EndpointFlags::BACKUP => "Carry data only when no other path can.",
        EndpointFlags::FULLMESH => "Open a subflow to each address of the peer.",
        _ => "Use only for subflows to addresses that the peer announced. Linux 6.18 or newer.",
    }
}

impl Card {
    /// Whether its interface can carry packets, in a word.
    pub(super) fn state(&self) -> &'static str {
        match (self.gone, self.up) {
            (true, _) => "gone",
            (false, true) => "up",
            (false, false) => "down",
        }
    }
}

impl Row {
    /// The line below the address.
    pub(super) fn caption(&self) -> String {
        let mut parts: Vec<String> = self
            .prefix
            .map(|prefix| format!("/{prefix}"))
            .into_iter()
            .collect();
        parts.extend(
            self.problems
                .iter()
                .map(|problem| words::problem(*problem).to_owned()),
        );
        let flags = self.endpoint.as_ref().map(|endpoint| endpoint.flags);
        parts.push(words::subflows(flags, self.subflows));
        if let Some(port) = self.endpoint.as_ref().and_then(|endpoint| endpoint.port) {
            parts.push(format!("port {port}"));
        }
        parts.join(" · ")
    }

    /// What *Add endpoint* asks for.
    pub(super) fn addition(&self) -> Command {
        Command::EndpointAdd {
            address: self.address,
            interface: (!self.device.is_empty()).then(|| self.device.clone()),
            id: None,
            port: None,
            flags: EndpointFlags::SUBFLOW,
            insist: false,
        }
    }
}

impl Row {
    /// Why the address can be given no endpoint, if it cannot.
    pub(super) fn no_addition(&self, view: &View<'_>) -> Option<String> {
        let gone = self.problems.contains(&Problem::AddressMissing);
        view.refusal()
            .or_else(|| gone.then(|| "No interface has this address now.".to_owned()))
    }
}

/// One switch of an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FlagSwitch {
    /// Its accessible name.
    pub name: String,
    /// What it shows: the kernel's state, or what was asked for and is marked as not applied.
    pub on: bool,
    /// Whether that differs from the kernel's state.
    pub pending: bool,
    /// Why it cannot be used.
    pub refusal: Option<String>,
    /// What a click would do: the commands, and what they tear down.
    pub hint: String,
}

/// The switch of a flag of an endpoint.
pub(super) fn flag_switch(
    endpoint: &Endpoint,
    (name, flag): (&str, EndpointFlags),
    pending: &Pending,
    view: &View<'_>,
) -> FlagSwitch {
    let asked = pending.flags_of(endpoint);
    let on = asked.contains(flag);
    let change = FlagChange::one(flag, !on);
    // Beside what waits already.
    let so_far = Endpoint {
        flags: asked,
        ..endpoint.clone()
    };
    let barred = check_change(&so_far, change)
        .err()
        .map(|why| words::impossible(&why));
    let removed = pending
        .removes(endpoint.id)
        .then(|| "The endpoint is about to be removed.".to_owned());
    let command = Command::EndpointChange {
        id: endpoint.id,
        flags: change,
    };
    let endpoints: Vec<Endpoint> = view.live.state().endpoints.values().cloned().collect();
    let plan = plan_change(endpoint, change);
    let closes = view.live.state().subflows_torn_down(&command).len();
    let consequence = words::consequence(&plan, closes);
    let hint = format!("{}\n{consequence}", equivalent(&command, &endpoints).join("\n"));
    FlagSwitch {
        name: format!("{name}, endpoint {} ({})", endpoint.id, endpoint.address),
        on,
        pending: on != endpoint.flags.contains(flag),
        refusal: view.refusal().or(removed).or(barred),
        hint,
    }
}
