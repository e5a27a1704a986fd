//! A line a group: an application, an interface, or a peer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::columns::{TextColumn, TextTable};
use super::super::reading_args::{GroupBy, ListOrder};
use super::super::{Failure, Output, Styled};
use super::{Listing, MeasuredRate, whole};
use crate::model::Connection;
use crate::words::units::{self, ABSENT};

/// Connections that have something in common, added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct ConnectionGroup {
    /// What they have in common; `None` where that is not known.
    pub(super) name: Option<String>,
    connections: usize,
    subflows: usize,
    bytes_sent: u64,
    bytes_received: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_bps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_bps: Option<u64>,
}

impl ConnectionGroup {
    fn add(&mut self, subflows: usize, bytes: (u64, u64), rate: Option<MeasuredRate>) {
        self.connections += 1;
        self.subflows += subflows;
        self.bytes_sent += bytes.0;
        self.bytes_received += bytes.1;
        if let Some(rate) = rate {
            let more = |sum: &mut Option<u64>, bps: f64| {
                *sum = Some(sum.unwrap_or(0) + whole(bps));
            };
            more(&mut self.sent_bps, rate.out_bps);
            more(&mut self.received_bps, rate.in_bps);
        }
    }

    fn rate(&self) -> u64 {
        self.sent_bps.unwrap_or(0) + self.received_bps.unwrap_or(0)
    }
}

/// The groups of what is shown: the one with most connections first, unless somebody asks for another order.
pub(super) fn groups(listing: &Listing, by: GroupBy, sort: Option<ListOrder>) -> Vec<ConnectionGroup> {
    let mut found: BTreeMap<Option<String>, ConnectionGroup> = BTreeMap::new();
    // The connections are in order, so the group of the oldest is found first.
    let mut first_seen: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for connection in &listing.connections {
        for (name, subflows, bytes, rate) in shares(listing, by, connection) {
            let next = first_seen.len();
            first_seen.entry(name.clone()).or_insert(next);
            let group = found.entry(name.clone()).or_default();
            group.name = name;
            group.add(subflows, bytes, rate);
        }
    }
    let mut groups: Vec<ConnectionGroup> = found.into_values().collect();
    match sort {
        Some(ListOrder::Rate) => groups.sort_by_key(|group| std::cmp::Reverse(group.rate())),
        Some(ListOrder::Age) => groups.sort_by_key(|group| first_seen.get(&group.name).copied()),
        Some(ListOrder::Name | ListOrder::Peer) => {}
        None => groups.sort_by_key(|group| std::cmp::Reverse(group.connections)),
    }
    groups
}

/// A part of a connection: the group's name, subflows, bytes sent and received, and rate.
type Part = (Option<String>, usize, (u64, u64), Option<MeasuredRate>);

/// The parts of a connection by group: of its interfaces each its own, of everything else the whole.
fn shares(listing: &Listing, by: GroupBy, connection: &Connection) -> Vec<Part> {
    let whole = |name: Option<String>| {
        let bytes = (connection.sent_bytes(), connection.received_bytes());
        vec![(
            name,
            connection.living_subflows().count(),
            bytes,
            listing.rate(connection),
        )]
    };
    match by {
        GroupBy::App => whole(connection.process.as_ref().map(|process| process.name.clone())),
        GroupBy::Peer => whole(Some(connection.remote.ip().to_string())),
        GroupBy::Interface => {
            let mut parts: BTreeMap<Option<String>, Part> = BTreeMap::new();
            for subflow in &connection.subflows {
                let name = subflow.interface.clone();
                let rate = listing.rate_of_subflow(subflow);
                let part = parts.entry(name.clone()).or_insert((
                    name,
                    0,
                    (0, 0),
                    rate.map(|_| MeasuredRate::default()),
                ));
                part.1 += usize::from(!subflow.state.is_ending());
                part.2.0 += subflow.bytes_sent.unwrap_or(0);
                part.2.1 += subflow.bytes_received.unwrap_or(0);
                if let (Some(sum), Some(rate)) = (&mut part.3, rate) {
                    sum.out_bps += rate.out_bps;
                    sum.in_bps += rate.in_bps;
                }
            }
            parts.into_values().collect()
        }
    }
}

/// The columns, with the title of the first.
fn columns(by: GroupBy) -> [TextColumn; 7] {
    let title = match by {
        GroupBy::App => "APPLICATION",
        GroupBy::Interface => "INTERFACE",
        GroupBy::Peer => "PEER",
    };
    [
        TextColumn::words(title, 7),
        TextColumn::numbers("CONNECTIONS", 0),
        TextColumn::numbers("SUBFLOWS", 3),
        TextColumn::numbers("SENT", 1),
        TextColumn::numbers("RECEIVED", 1),
        TextColumn::numbers("SENDS", 2),
        TextColumn::numbers("RECEIVES", 2),
    ]
}

pub(super) fn text(
    listing: &Listing,
    by: GroupBy,
    sort: Option<ListOrder>,
    output: &mut Output,
) -> Result<(), Failure> {
    let groups = groups(listing, by, sort);
    let rate = |bps: Option<u64>| bps.map_or_else(String::new, |bps| units::bit_rate(bps as f64));
    let rows: Vec<Vec<String>> = groups
        .iter()
        .map(|group| {
            vec![
                group.name.clone().unwrap_or_else(|| ABSENT.to_owned()),
                group.connections.to_string(),
                group.subflows.to_string(),
                units::bytes(group.bytes_sent),
                units::bytes(group.bytes_received),
                rate(group.sent_bps),
                rate(group.received_bps),
            ]
        })
        .collect();
    let columns = columns(by);
    let table = TextTable::new(&columns, &rows, output.width());
    if !rows.is_empty() {
        output.line(Styled::default().faint(table.titles().concat()))?;
    }
    for row in &rows {
        output.line(table.row(row).concat().trim_end())?;
    }
    Ok(())
}
