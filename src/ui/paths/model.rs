//! Which cards there are, with which rows, and what each switch may do.

use std::net::IpAddr;

use super::lasting::{Owned, Owner, owner};
use super::pending::Pending;
use crate::model::text::for_terminal;
use crate::model::{
    Command, Endpoint, EndpointFlags, FlagChange, Interface, Problem, check_change, equivalent, ignored,
    plan_change, problems,
};
use crate::ui::view::{PathName, View, network, path_name};
use crate::words::endpoint as words;
use crate::words::path::{kind_name, radio};

/// All that the panel shows at the left.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Content {
    pub cards: Vec<Card>,
    /// Interfaces that cannot carry a subflow.
    pub unfit: Vec<String>,
    pub endpoints: usize,
    /// How many interfaces have an endpoint.
    pub used: usize,
    /// Why new connections make no use of any endpoint.
    pub ignored: Vec<String>,
}

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

/// The cards of what there is now.
pub(super) fn content(owned: &Owned, view: &View<'_>) -> Content {
    let state = view.live.state();
    let mut placed: Vec<u8> = Vec::new();
    let mut content = Content {
        endpoints: state.endpoints.len(),
        ignored: ignored(&state.settings).iter().map(words::ignored).collect(),
        ..Content::default()
    };
    for interface in state.interfaces.values() {
        let rows = rows(interface, owned, view);
        let ids: Vec<u8> = rows
            .iter()
            .filter_map(|row| row.endpoint.as_ref().map(|endpoint| endpoint.id))
            .collect();
        if !interface.can_carry_subflows() && ids.is_empty() {
            content.unfit.push(for_terminal(&interface.name).into_owned());
            continue;
        }
        content.used += usize::from(!ids.is_empty());
        placed.extend(ids);
        content.cards.push(card(interface, rows, view));
    }
    content.cards.sort_by(|a, b| {
        a.path
            .slot
            .cmp(&b.path.slot)
            .then_with(|| a.path.device.cmp(&b.path.device))
    });
    let lost: Vec<Row> = state
        .endpoints
        .values()
        .filter(|endpoint| !placed.contains(&endpoint.id))
        .map(|endpoint| row(endpoint.address, None, "", Some(endpoint), owned, view))
        .collect();
    if !lost.is_empty() {
        content.cards.push(Card {
            path: path_name(view.live, view.slots, None),
            title: "Elsewhere".to_owned(),
            is_by_device: false,
            detail: "addresses that no interface has now".to_owned(),
            up: false,
            signal_dbm: None,
            radio: None,
            out_bps: 0.0,
            rows: lost,
        });
    }
    content
}

fn card(interface: &Interface, rows: Vec<Row>, view: &View<'_>) -> Card {
    let name = interface.name.as_str();
    let (out_bps, _) = view.live.rate_over(name);
    let kind = kind_name(interface.kind);
    Card {
        path: path_name(view.live, view.slots, Some(name)),
        title: kind.map_or_else(|| for_terminal(name).into_owned(), str::to_owned),
        is_by_device: kind.is_none(),
        detail: network(interface).unwrap_or_default(),
        up: interface.up,
        signal_dbm: interface.signal_dbm,
        radio: radio(interface),
        out_bps,
        rows,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// The addresses of an interface; link-local ones only where they have an endpoint. Endpoints bound to it whose
/// address is gone come last.
fn rows(interface: &Interface, owned: &Owned, view: &View<'_>) -> Vec<Row> {
    let endpoints = &view.live.state().endpoints;
    let bound = |endpoint: &&Endpoint| match (&endpoint.interface, endpoint.interface_index) {
        (Some(name), _) => *name == interface.name,
        // What it is bound to is gone.
        (None, Some(index)) => index == interface.index,
        (None, None) => true,
    };
    let mut rows = Vec::new();
    for entry in &interface.addresses {
        let own: Vec<&Endpoint> = endpoints
            .values()
            .filter(|endpoint| endpoint.address == entry.address)
            .filter(bound)
            .collect();
        for endpoint in &own {
            rows.push(row(
                entry.address,
                Some(entry.prefix),
                &interface.name,
                Some(endpoint),
                owned,
                view,
            ));
        }
        if own.is_empty() && !is_link_local(entry.address) {
            rows.push(row(
                entry.address,
                Some(entry.prefix),
                &interface.name,
                None,
                owned,
                view,
            ));
        }
    }
    let has = |address: IpAddr| interface.addresses.iter().any(|entry| entry.address == address);
    let gone = endpoints
        .values()
        .filter(|endpoint| endpoint.interface.as_ref() == Some(&interface.name) && !has(endpoint.address));
    rows.extend(gone.map(|endpoint| {
        row(
            endpoint.address,
            None,
            &interface.name,
            Some(endpoint),
            owned,
            view,
        )
    }));
    rows
}

fn row(
    address: IpAddr,
    prefix: Option<u8>,
    device: &str,
    endpoint: Option<&Endpoint>,
    owned: &Owned,
    view: &View<'_>,
) -> Row {
    let state = view.live.state();
    Row {
        address,
        prefix,
        device: device.to_owned(),
        endpoint: endpoint.cloned(),
        owner: endpoint.and_then(|endpoint| owner(endpoint, owned)),
        problems: endpoint.map_or_else(Vec::new, |endpoint| problems(endpoint, state.interfaces.values())),
        subflows: state.subflows_at(address, Some(device).filter(|device| !device.is_empty())),
    }
}

impl Content {
    /// The sentence at the top.
    pub(super) fn title(&self) -> String {
        words::number(self.endpoints, self.used)
    }

    /// The first address that has no endpoint, with its device.
    pub(super) fn without_endpoint(&self) -> Option<(IpAddr, String)> {
        let mut rows = self.cards.iter().flat_map(|card| &card.rows);
        rows.find(|row| row.endpoint.is_none())
            .map(|row| (row.address, row.device.clone()))
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
        }
    }
}

/// Why no endpoint can be added, if none can.
pub(super) fn no_addition(view: &View<'_>) -> Option<String> {
    view.refusal()
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
    let in_place = plan_change(endpoint, change).in_place;
    let consequence = words::consequence(flag, in_place, view.live.state().subflows_of(endpoint));
    let hint = format!("{}\n{consequence}", equivalent(&command, &endpoints).join("\n"));
    FlagSwitch {
        name: format!("{name}, endpoint {} ({})", endpoint.id, endpoint.address),
        on,
        pending: on != endpoint.flags.contains(flag),
        refusal: view.refusal().or(removed).or(barred),
        hint,
    }
}
