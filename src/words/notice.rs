//! A notification of handovers: to one connection in its own sentence, to several in one for all.

use std::collections::BTreeMap;

use super::handover::{cause, length, uninterrupted_briefly};
use super::listed;
use crate::history::handover::{Fate, Handover, Incident};
use crate::model::ConnectionId;

/// The title: whom it happened to.
pub fn title(incident: &Incident, application: &str) -> String {
    match incident.connections() {
        1 => format!("Handover of {application}"),
        several => format!("Handover of {several} connections"),
    }
}

/// What happened: `Wi-Fi lost; 12 connections moved to Ethernet, at worst after 340 ms ± 20; all lived on.`
pub fn sentence(incident: &Incident, name: impl Fn(&str) -> String) -> String {
    let fates = incident.fates();
    if let (1, Some(worst)) = (fates.len(), incident.members.first()) {
        return super::handover::sentence(worst, name);
    }
    let from = incident.from.as_deref().map(&name);
    let happened = cause(incident.cause, from.as_deref());
    let (moved, ended) = (moved(incident, &fates, &name), ended(&fates));
    format!("{happened}; {moved}; {ended}.")
}

/// How many other handovers there were, as a sentence after the one that is told.
pub fn others(number: usize) -> String {
    match number {
        0 => String::new(),
        1 => " There was 1 other handover.".to_owned(),
        others => format!(" There were {others} other handovers."),
    }
}

fn moved(incident: &Incident, fates: &BTreeMap<ConnectionId, Fate>, name: impl Fn(&str) -> String) -> String {
    let who = format!("{} connections", fates.len());
    let at_worst = incident
        .worst()
        .map(|worst| format!("at worst after {}", length(worst)));
    let to = destinations(&incident.members);
    let back = to.as_slice() == [incident.from.as_deref().unwrap_or_default()];
    let names: Vec<String> = to.iter().map(|device| name(device)).collect();
    match at_worst {
        _ if to.is_empty() && fates.values().any(|fate| *fate != Fate::LivedOn) => {
            let stopped = fates.values().filter(|fate| **fate != Fate::LivedOn).count();
            let them = if stopped == 1 { "connection" } else { "connections" };
            format!("nothing of {stopped} {them} was delivered any more")
        }
        Some(at_worst) if to.is_empty() => format!("{who} delivered again, {at_worst}"),
        None if to.is_empty() => format!("{who}: {}", uninterrupted_briefly(incident.uninterrupted())),
        Some(at_worst) if back => format!("{} delivered again for {who}, {at_worst}", listed(&names)),
        Some(at_worst) => format!("{who} moved to {}, {at_worst}", listed(&names)),
        None => format!("{who} moved to {} without an interruption", listed(&names)),
    }
}

/// The devices that carry most afterwards, that of the most connections first.
fn destinations(members: &[Handover]) -> Vec<&str> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for to in members.iter().filter_map(|one| one.to.as_deref()) {
        *counted.entry(to).or_default() += 1;
    }
    let mut to: Vec<(&str, usize)> = counted.into_iter().collect();
    to.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    to.into_iter().map(|(device, _)| device).collect()
}

/// What became of the connections: `all lived on`, `2 still wait`.
fn ended(fates: &BTreeMap<ConnectionId, Fate>) -> String {
    let all = fates.len();
    let number = |fate| fates.values().filter(|one| **one == fate).count();
    let was_lost = |number: usize| format!("{number} {} lost", if number == 1 { "was" } else { "were" });
    let waits = |number: usize| format!("{number} still {}", if number == 1 { "waits" } else { "wait" });
    match (number(Fate::Lost), number(Fate::Waits)) {
        (0, 0) => "all lived on".to_owned(),
        (lost, 0) if lost == all => "all were lost".to_owned(),
        (0, waiting) if waiting == all => "all still wait".to_owned(),
        (0, waiting) => waits(waiting),
        (lost, 0) => was_lost(lost),
        (lost, waiting) => format!("{}, {}", was_lost(lost), waits(waiting)),
    }
}
