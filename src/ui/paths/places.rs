//! Which cards there were, with which addresses, so that each stays in its place when its interface or an address goes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::model::{Card, Row};

/// So long the place of what is gone is kept where there is no endpoint, seconds.
const STAYS_S: f64 = 10.0;
/// So long it is while somebody points at the cards, seconds.
const STAYS_POINTED_AT_S: f64 = 60.0;

/// How the cards were in the frame before.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By device name.
    cards: BTreeMap<String, Known>,
    /// Device names, from the top.
    order: Vec<String>,
    pointed: bool,
}

/// A card as it was.
#[derive(Clone, Debug)]
struct Known {
    card: Card,
    /// Its addresses in order, and when each was last there, seconds on the stream.
    addresses: Vec<(IpAddr, f64)>,
    there_at: f64,
}

impl Places {
    /// Notes whether somebody points at the cards.
    pub(super) fn point(&mut self, pointed: bool) {
        self.pointed = pointed;
    }

    fn stays_s(&self) -> f64 {
        if self.pointed { STAYS_POINTED_AT_S } else { STAYS_S }
    }

    /// Puts an interface's rows where they were. `missing` makes the row of an address that is gone: with its endpoint
    /// if it has one that is nowhere else.
    pub(super) fn arrange_rows(
        &self,
        device: &str,
        now: f64,
        rows: &mut Vec<Row>,
        missing: impl Fn(IpAddr) -> Option<Row>,
    ) {
        let Some(known) = self.cards.get(device) else {
            return;
        };
        for (address, there_at) in &known.addresses {
            if rows.iter().any(|row| row.address == *address) {
                continue;
            }
            let row = missing(*address);
            rows.extend(row.filter(|row| row.endpoint.is_some() || now - there_at < self.stays_s()));
        }
        let place = |row: &Row| {
            known
                .addresses
                .iter()
                .position(|(address, _)| *address == row.address)
        };
        rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
    }

    /// The cards of interfaces that were there and are gone, with the device name of each.
    pub(super) fn gone(
        &self,
        now: f64,
        is_there: impl Fn(&str) -> bool,
        missing: impl Fn(&str, IpAddr) -> Option<Row>,
    ) -> Vec<(String, Card)> {
        let mut gone = Vec::new();
        for (device, known) in self.cards.iter().filter(|(device, _)| !is_there(device)) {
            let lately = now - known.there_at < self.stays_s();
            let addresses = known.addresses.iter();
            let rows = addresses.filter_map(|(address, _)| missing(device, *address));
            let rows: Vec<Row> = rows.filter(|row| lately || row.endpoint.is_some()).collect();
            if lately || !rows.is_empty() {
                let card = Card {
                    detail: String::new(),
                    up: false,
                    gone: true,
                    signal_dbm: None,
                    radio: None,
                    out_bps: 0.0,
                    rows,
                    ..known.card.clone()
                };
                gone.push((device.clone(), card));
            }
        }
        gone
    }

    /// Puts cards, each with its device name, in order: by colour, and where somebody points at them as they were, with
    /// those that came meanwhile last.
    pub(super) fn arrange(&mut self, cards: &mut [(String, Card)]) {
        let slot = |(device, card): &(String, Card)| (card.path.slot, device.clone());
        cards.sort_by_key(slot);
        if self.pointed {
            let place = |device: &String| self.order.iter().position(|other| other == device);
            cards.sort_by_key(|(device, _)| place(device).unwrap_or(usize::MAX));
        }
        self.order = cards.iter().map(|(device, _)| device.clone()).collect();
    }

    /// Notes the cards; an address is there that `has` says to be.
    pub(super) fn note(&mut self, cards: &[(String, Card)], now: f64, has: impl Fn(&str, IpAddr) -> bool) {
        self.cards
            .retain(|device, _| cards.iter().any(|(other, _)| other == device));
        for (device, card) in cards {
            let before = self.cards.get(device);
            let last = |address: IpAddr| {
                let mut known = before.into_iter().flat_map(|known| &known.addresses);
                known.find(|(other, _)| *other == address).map(|(_, at)| *at)
            };
            let mut addresses: Vec<(IpAddr, f64)> = Vec::new();
            for row in &card.rows {
                if !addresses.iter().any(|(address, _)| *address == row.address) {
                    let there_at = if has(device, row.address) {
                        now
                    } else {
                        last(row.address).unwrap_or(now)
                    };
                    addresses.push((row.address, there_at));
                }
            }
            let known = match before.filter(|_| card.gone) {
                Some(known) => Known {
                    addresses,
                    ..known.clone()
                },
                None => Known {
                    card: card.clone(),
                    addresses,
                    there_at: now,
                },
            };
            self.cards.insert(device.clone(), known);
        }
    }
}
