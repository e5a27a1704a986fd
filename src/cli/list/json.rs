//! `list --json`: fields are added, never renamed.

use serde::Serialize;

use super::super::envelope::Envelope;
use super::super::reading_args::ListArguments;
use super::super::{Failure, Output};
use super::groups::{ConnectionGroup, groups};
use super::{Listing, Unread, whole};
use crate::model::{Access, Connection, Cookie, HoldTimes, ListeningSocket, WaitReason};
use crate::source::header_of_this_host;

/// `list --json`.
#[derive(Serialize)]
struct Everything<'a> {
    connections: Vec<Listed<'a>>,
    listeners: Vec<Listens<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<ConnectionGroup>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespaces: Option<Vec<Surveyed<'a>>>,
}

/// A connection, and what follows from it.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    connection: &'a Connection,
    /// Bytes that the application wrote and the peer has not acknowledged.
    outstanding: Option<u64>,
    waits: Vec<WaitReason>,
    #[serde(flatten)]
    times: HoldTimes,
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<MeasuredRates>,
    #[serde(flatten)]
    within: Option<Within<'a>>,
}

/// A socket that listens.
#[derive(Serialize)]
struct Listens<'a> {
    #[serde(flatten)]
    listener: &'a ListeningSocket,
    #[serde(flatten)]
    within: Option<Within<'a>>,
}

/// In which of several namespaces something is.
#[derive(Clone, Copy, Serialize)]
struct Within<'a> {
    netns: Option<&'a str>,
    container: Option<&'a str>,
}

/// What was measured over some seconds.
#[derive(Serialize)]
struct MeasuredRates {
    seconds: f64,
    sent_bps: u64,
    received_bps: u64,
    subflows: Vec<SubflowRate>,
}

#[derive(Serialize)]
struct SubflowRate {
    cookie: Cookie,
    sent_bps: u64,
    received_bps: u64,
}

/// A namespace that was read, or why not.
#[derive(Serialize)]
struct Surveyed<'a> {
    #[serde(flatten)]
    within: Within<'a>,
    access: Option<&'a Access>,
    plain_tcp: Option<u32>,
    why_not: Option<&'a str>,
}

pub(super) fn print(
    listings: &[Listing],
    unread: &[Unread],
    arguments: &ListArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_all = arguments.all_netns;
    let everything = Everything {
        connections: listings.iter().flat_map(|one| listed(one, is_all)).collect(),
        listeners: listings.iter().flat_map(|one| listens(one, is_all)).collect(),
        groups: arguments.by.map(|by| {
            let of = |listing| groups(listing, by, arguments.sort);
            listings.iter().flat_map(of).collect()
        }),
        namespaces: is_all.then(|| surveyed(listings, unread)),
    };
    let own = listings.first().map(|listing| &listing.header);
    let fallback;
    let header = if let Some(own) = own {
        own
    } else {
        fallback = header_of_this_host();
        &fallback
    };
    Ok(output.json(&Envelope::new(header, everything))?)
}

fn within(listing: &Listing) -> Within<'_> {
    let place = listing.place.as_ref();
    Within {
        netns: place.and_then(|place| place.namespace.label()),
        container: place.and_then(|place| place.container.as_deref()),
    }
}

fn listed(listing: &Listing, is_one_of_several: bool) -> impl Iterator<Item = Listed<'_>> {
    let connections = listing.connections.iter();
    connections.map(move |connection| Listed {
        connection,
        outstanding: connection.outstanding(),
        waits: connection.wait_reasons(),
        times: connection.hold_times(),
        rates: rates(listing, connection),
        within: is_one_of_several.then(|| within(listing)),
    })
}

fn listens(listing: &Listing, is_one_of_several: bool) -> impl Iterator<Item = Listens<'_>> {
    let listeners = listing.listeners.iter();
    listeners.map(move |listener| Listens {
        listener,
        within: is_one_of_several.then(|| within(listing)),
    })
}

fn rates(listing: &Listing, connection: &Connection) -> Option<MeasuredRates> {
    let rate = listing.rate(connection)?;
    let subflows = connection.subflows.iter().filter_map(|subflow| {
        let rate = listing.rate_of_subflow(subflow)?;
        Some(SubflowRate {
            cookie: subflow.cookie,
            sent_bps: whole(rate.out_bps),
            received_bps: whole(rate.in_bps),
        })
    });
    Some(MeasuredRates {
        seconds: listing.rated_s?,
        sent_bps: whole(rate.out_bps),
        received_bps: whole(rate.in_bps),
        subflows: subflows.collect(),
    })
}

fn surveyed<'a>(listings: &'a [Listing], unread: &'a [Unread]) -> Vec<Surveyed<'a>> {
    let read = listings.iter().map(|listing| Surveyed {
        within: within(listing),
        access: Some(&listing.header.access),
        plain_tcp: listing.history.state().plain_tcp,
        why_not: None,
    });
    let unread = unread.iter().map(|unread| Surveyed {
        within: Within {
            netns: unread.place.namespace.label(),
            container: unread.place.container.as_deref(),
        },
        access: None,
        plain_tcp: None,
        why_not: Some(&unread.why),
    });
    read.chain(unread).collect()
}
