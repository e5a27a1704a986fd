//! What happened once, and to how many connections.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cause, Fate, Handover, Interruption, Uninterrupted};
use crate::model::ConnectionId;

/// Handovers of several connections that have one cause at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// From 1 on.
    pub number: usize,
    /// When the first of them stopped, seconds on the stream.
    pub t: f64,
    /// Why.
    pub cause: Cause,
    /// The device that carried most before.
    pub from: Option<String>,
    /// The device that carries most afterwards, of the worst.
    pub to: Option<String>,
    /// Each connection's, the worst first.
    pub members: Vec<Handover>,
}

/// What became of the connections of an incident, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// They lived on.
    pub lived: usize,
    /// They lived on, and nothing was to be carried, as far as is known.
    pub idle: usize,
    /// Nothing has been delivered to them since.
    pub waiting: usize,
    /// They were lost.
    pub lost: usize,
}

/// Handovers of one cause belong together when they began within this time, seconds.
const TOGETHER_S: f64 = 2.0;

impl Incident {
    /// The longest interruption.
    pub fn worst(&self) -> Option<Interruption> {
        self.members.first().and_then(|worst| worst.interruption)
    }

    /// Why none was interrupted, if none was.
    pub fn uninterrupted(&self) -> Option<Uninterrupted> {
        let why = self.members.iter().filter_map(|one| one.uninterrupted).max();
        why.filter(|_| self.worst().is_none())
    }

    /// What became of each connection, the gravest that is known of it.
    pub fn fates(&self) -> BTreeMap<ConnectionId, Fate> {
        let mut fates = BTreeMap::new();
        for one in &self.members {
            let fate = fates.entry(one.connection).or_insert(Fate::LivedOn);
            *fate = one.fate().max(*fate);
        }
        fates
    }

    /// How many connections it happened to.
    pub fn connections(&self) -> usize {
        self.fates().len()
    }

    /// What became of the connections.
    pub fn outcome(&self) -> Outcome {
        let is_idle = |one: &Handover| {
            let why = one.uninterrupted;
            matches!(why, Some(Uninterrupted::NothingToSend | Uninterrupted::Unknown))
        };
        let busy: BTreeSet<ConnectionId> = self
            .members
            .iter()
            .filter(|one| !is_idle(one))
            .map(|one| one.connection)
            .collect();
        let mut outcome = Outcome::default();
        for (connection, fate) in self.fates() {
            let number = match fate {
                Fate::LivedOn if busy.contains(&connection) => &mut outcome.lived,
                Fate::LivedOn => &mut outcome.idle,
                Fate::Waits => &mut outcome.waiting,
                Fate::Lost => &mut outcome.lost,
            };
            *number += 1;
        }
        outcome
    }
}

/// Handovers by what happened, oldest first.
pub fn incidents<'a>(handovers: impl IntoIterator<Item = &'a Handover>) -> Vec<Incident> {
    let mut incidents: Vec<Incident> = Vec::new();
    for handover in handovers {
        let same = |incident: &&mut Incident| {
            (incident.t - handover.t).abs() <= TOGETHER_S
                && incident.cause == handover.cause
                && incident.from == handover.from
        };
        match incidents.iter_mut().rev().find(same) {
            Some(incident) => {
                incident.t = incident.t.min(handover.t);
                incident.members.push(handover.clone());
            }
            None => incidents.push(Incident {
                number: 0,
                t: handover.t,
                cause: handover.cause,
                from: handover.from.clone(),
                to: None,
                members: vec![handover.clone()],
            }),
        }
    }
    incidents.sort_by(|a, b| a.t.total_cmp(&b.t));
    for (number, incident) in (1..).zip(&mut incidents) {
        incident.number = number;
        // What paused by itself says less of what happened.
        let weight = |one: &Handover| one.interruption.map(|interruption| (one.steady, interruption.ms));
        incident
            .members
            .sort_by(|a, b| weight(b).cmp(&weight(a)).then(a.connection.cmp(&b.connection)));
        incident.to = match incident.members.first() {
            Some(worst) if worst.interruption.is_some() => worst.to.clone(),
            _ => incident.members.iter().find_map(|one| one.to.clone()),
        };
    }
    incidents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;

    fn handover(t: f64, connection: u32, ms: Option<u64>, survived: bool) -> Handover {
        Handover {
            t,
            connection: Token(connection).into(),
            token: None,
            cause: Cause::LinkLost,
            from: Some("wlan0".to_owned()),
            to: ms.map(|_| "eth0".to_owned()),
            interruption: ms.map(|ms| Interruption {
                t,
                ms,
                uncertainty_ms: 14,
                recovery_ms: Some(ms),
            }),
            uninterrupted: ms.is_none().then_some(Uninterrupted::NothingToSend),
            steady: true,
            survived,
            ongoing: false,
        }
    }

    #[test]
    fn connections_that_lost_the_same_link_are_one_incident_with_the_worst_first() {
        let all = [
            handover(5.2, 1, Some(200), true),
            handover(5.1, 2, Some(340), true),
            handover(5.3, 3, None, true),
            handover(5.3, 4, Some(90), false),
            handover(17.0, 1, Some(100), true),
        ];
        let found = incidents(&all);
        assert_eq!(found.len(), 2);
        let first = found.first().expect("two");
        let outcome = Outcome {
            lived: 2,
            idle: 1,
            waiting: 0,
            lost: 1,
        };
        assert_eq!((first.number, first.outcome()), (1, outcome));
        assert_eq!(first.worst().map(|worst| worst.ms), Some(340));
        assert_eq!(first.to.as_deref(), Some("eth0"));
        assert!((first.t - 5.1).abs() < 1e-9);
    }

    #[test]
    fn a_connection_to_which_it_happened_twice_is_counted_once() {
        let found = incidents(&[
            handover(5.1, 1, Some(200), true),
            handover(5.9, 1, Some(90), false),
            handover(5.3, 2, None, true),
        ]);
        let incident = found.first().expect("one");
        let outcome = Outcome {
            lost: 1,
            idle: 1,
            ..Outcome::default()
        };
        assert_eq!((incident.connections(), incident.outcome()), (2, outcome));
    }

    #[test]
    fn who_waits_still_has_not_lived_on() {
        let waits = Handover {
            ongoing: true,
            ..handover(5.1, 1, Some(3000), true)
        };
        let found = incidents(&[waits, handover(5.2, 2, Some(200), true)]);
        let outcome = found.first().expect("one").outcome();
        assert_eq!((outcome.lived, outcome.waiting), (1, 1));
    }

    #[test]
    fn what_interrupted_nobody_says_the_most_that_is_known() {
        let quiet = |why| Handover {
            uninterrupted: Some(why),
            ..handover(5.1, 1, None, true)
        };
        let why = |members: &[Handover]| incidents(members).first().expect("one").uninterrupted();
        let idle = quiet(Uninterrupted::NothingToSend);
        assert_eq!(
            why(std::slice::from_ref(&idle)),
            Some(Uninterrupted::NothingToSend)
        );
        let usual = quiet(Uninterrupted::AsUsual);
        assert_eq!(why(&[idle.clone(), usual]), Some(Uninterrupted::AsUsual));
        assert_eq!(why(&[idle, handover(5.2, 2, Some(200), true)]), None);
    }
}
