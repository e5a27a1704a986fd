//! What each interface carried while lines are taken: its sums, and when.

use std::collections::BTreeMap;

use super::model::{PathRates, PathReport, Throughput};
use crate::history::{DeviceBins, State};
use crate::model::{Interface, Subflow};
use crate::words::path::device_name;

/// The most interfaces that are remembered: containers make many.
const INTERFACES: usize = 1000;
/// What stands for an interface that is not known.
const UNKNOWN: &str = "";

/// What one subflow carried between two readings, bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    /// What the peer acknowledged.
    pub sent: u64,
    /// Received.
    pub received: u64,
    /// Sent again.
    pub again: u64,
}

/// What every interface carried.
#[derive(Debug, Default)]
pub(super) struct Paths {
    sums: BTreeMap<String, Sum>,
    sent: DeviceBins,
    received: DeviceBins,
    /// Interfaces that were seen, as they last were, in the order in which they came.
    seen: Vec<Interface>,
}

#[derive(Debug)]
struct Sum {
    moved: Moved,
    is_backup: bool,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            moved: Moved::default(),
            is_backup: true,
        }
    }
}

impl Paths {
    pub(super) fn see(&mut self, interface: &Interface) {
        let known = self.seen.iter_mut().find(|other| other.name == interface.name);
        if let Some(known) = known {
            known.clone_from(interface);
        } else if self.seen.len() < INTERFACES {
            self.seen.push(interface.clone());
        }
    }

    /// An interface has another name.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if let Some(Sum { moved, is_backup }) = self.sums.remove(old) {
            let sum = self.sums.entry(new.to_owned()).or_default();
            sum.is_backup &= is_backup;
            sum.add(moved);
        }
        self.sent.rename(old, new);
        self.received.rename(old, new);
        let known = self.seen.iter().any(|other| other.name == new);
        let old = self.seen.iter_mut().find(|other| other.name == old);
        if let Some(old) = old.filter(|_| !known) {
            new.clone_into(&mut old.name);
        }
    }

    /// Adds what a subflow carried.
    pub(super) fn carry(&mut self, subflow: &Subflow, moved: Moved) {
        let device = subflow.interface.as_deref().unwrap_or(UNKNOWN);
        if !self.sums.contains_key(device) {
            self.sums.insert(device.to_owned(), Sum::default());
        }
        if let Some(sum) = self.sums.get_mut(device) {
            sum.is_backup &= subflow.is_backup();
            sum.add(moved);
        }
    }

    /// Adds how fast a subflow was for a while, bits a second.
    pub(super) fn flow(
        &mut self,
        device: Option<&str>,
        stretch: (f64, f64),
        sent_bps: f64,
        received_bps: f64,
    ) {
        let device = device.unwrap_or(UNKNOWN);
        self.sent.add(device, stretch, sent_bps);
        self.received.add(device, stretch, received_bps);
    }

    /// A state that knows every interface that was seen, for what names them.
    pub(super) fn names(&self) -> State {
        State {
            interfaces: (1..).zip(self.seen.iter().cloned()).collect(),
            ..State::default()
        }
    }

    /// The reports, of a part that is so long, seconds, and begins at `from_s`.
    pub(super) fn into_reports(mut self, from_s: f64, length_s: f64) -> (Vec<PathReport>, Throughput) {
        self.sent.reach(length_s);
        self.received.reach(length_s);
        let names = self.names();
        let known = |device: &str| (device != UNKNOWN).then(|| device.to_owned());
        let reports = self.sums.iter().map(|(device, sum)| PathReport {
            interface: known(device),
            kind: names.interface(device).map(|interface| interface.kind),
            name: known(device).map_or_else(
                || "unknown path".to_owned(),
                |device| device_name(&names, &device),
            ),
            backup: sum.is_backup,
            sent_bytes: sum.moved.sent,
            received_bytes: sum.moved.received,
            retransmitted_bytes: sum.moved.again,
        });
        let reports: Vec<PathReport> = reports.collect();
        let width_s = self.sent.width_s();
        let rates = self.sums.keys().map(|device| PathRates {
            interface: known(device),
            sent_bps: rates_of(&self.sent, device, length_s),
            received_bps: rates_of(&self.received, device, length_s),
        });
        let throughput = Throughput {
            from_s,
            bin_s: width_s,
            paths: rates.collect(),
        };
        (reports, throughput)
    }
}

impl Sum {
    fn add(&mut self, moved: Moved) {
        self.moved.sent += moved.sent;
        self.moved.received += moved.received;
        self.moved.again += moved.again;
    }
}

/// A device's rates, a number for each bin of the part.
fn rates_of(bins: &DeviceBins, device: &str, length_s: f64) -> Vec<f64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most as many as there are bins"
    )]
    let most = (length_s / bins.width_s()).ceil().max(0.0) as usize;
    let mut all = bins.rates();
    let found = all.find(|(name, _)| *name == device);
    let mut rates: Vec<f64> = found
        .map(|(_, rates)| rates.map(f64::round).collect())
        .unwrap_or_default();
    rates.resize(most, 0.0);
    // The last bin ends with the part.
    let width_s = bins.width_s();
    let last_s = length_s - width_s * most.saturating_sub(1) as f64;
    if let Some(last) = rates.last_mut().filter(|_| last_s > width_s / 100.0) {
        *last = (*last * width_s / last_s).round();
    }
    rates
}
