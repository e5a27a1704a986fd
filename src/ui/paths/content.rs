//! Which cards there are, with which rows, each where it was.

use std::net::IpAddr;

use super::lasting::{Owned, owner};
use super::model::{Card, Row};
use super::places::Places;
use crate::model::text::for_terminal;
use crate::model::{Endpoint, Interface, Problem, ignored, owners, problems};
use crate::ui::view::{View, network, path_name};
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

impl Content {
    /// The sentence at the top.
    pub(super) fn title(&self) -> String {
        words::number(self.endpoints, self.used)
    }

    /// The addresses that can be an endpoint and are none, each with its device; those of links that are up come first.
    pub(super) fn without_endpoint(&self) -> Vec<(IpAddr, String)> {
        let is_free = |row: &&Row| row.endpoint.is_none() && row.problems.is_empty();
        let of = |up: bool| {
            let cards = self.cards.iter().filter(move |card| card.up == up);
            cards.flat_map(|card| &card.rows).filter(is_free)
        };
        let free = of(true).chain(of(false));
        free.map(|row| (row.address, row.device.clone())).collect()
    }
}

/// The cards of what there is now, each where it was.
pub(super) fn content(owned: &Owned, places: &mut Places, view: &View<'_>) -> Content {
    let (state, now) = (view.live.state(), view.live.now());
    let mut placed: Vec<u8> = Vec::new();
    let mut content = Content {
        endpoints: state.endpoints.len(),
        ignored: ignored(&state.settings).iter().map(words::ignored).collect(),
        ..Content::default()
    };
    let ids = |rows: &[Row]| -> Vec<u8> {
        let endpoints = rows.iter().filter_map(|row| row.endpoint.as_ref());
        endpoints.map(|endpoint| endpoint.id).collect()
    };
    let mut cards: Vec<(String, Card)> = Vec::new();
    for interface in state.interfaces.values() {
        let mut rows = rows(interface, owned, view);
        places.arrange_rows(&interface.name, now, &mut rows, |address| {
            missing(address, &interface.name, owned, view)
        });
        let ids = ids(&rows);
        if !interface.can_carry_subflows() && ids.is_empty() {
            content.unfit.push(for_terminal(&interface.name).into_owned());
            continue;
        }
        content.used += usize::from(!ids.is_empty());
        placed.extend(ids);
        cards.push((interface.name.clone(), card(interface, rows, view)));
    }
    let is_there = |device: &str| state.interface(device).is_some();
    let gone = places.gone(now, is_there, |device, address| {
        missing(address, device, owned, view)
    });
    placed.extend(gone.iter().flat_map(|(_, card)| ids(&card.rows)));
    cards.extend(gone);
    places.arrange(&mut cards);
    places.note(&cards, now, |device, address| {
        let interface = state.interface(device);
        let mut addresses = interface.into_iter().flat_map(|interface| &interface.addresses);
        addresses.any(|entry| entry.address == address)
    });
    content.cards = cards.into_iter().map(|(_, card)| card).collect();
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
            gone: false,
            signal_dbm: None,
            radio: None,
            out_bps: 0.0,
            rows: lost,
        });
    }
    content
}

/// The row of an address that this machine has no more, with an endpoint for it that was on that device or on any.
fn missing(address: IpAddr, device: &str, owned: &Owned, view: &View<'_>) -> Option<Row> {
    let state = view.live.state();
    if !owners(address, state.interfaces.values()).is_empty() {
        return None;
    }
    let mut endpoints = state.endpoints.values();
    let endpoint = endpoints.find(|endpoint| {
        let bound = endpoint.interface.as_deref();
        endpoint.address == address && bound.is_none_or(|name| name == device)
    });
    let row = row(address, None, device, endpoint, owned, view);
    Some(Row {
        problems: if endpoint.is_some() {
            row.problems
        } else {
            vec![Problem::AddressMissing]
        },
        ..row
    })
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
        gone: false,
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
