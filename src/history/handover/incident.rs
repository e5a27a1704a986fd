//! What happened once, and to how many connections.

use super::{Cause, Handover, Interruption};

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

/// Handovers of one cause belong together when they began within this time, seconds.
const TOGETHER_S: f64 = 2.0;

impl Incident {
    /// The longest interruption.
    pub fn worst(&self) -> Option<Interruption> {
        self.members.first().and_then(|worst| worst.interruption)
    }

    /// How many connections lived on, had nothing to send, and were lost.
    pub fn outcome(&self) -> (usize, usize, usize) {
        let count = |which: fn(&Handover) -> bool| self.members.iter().filter(|one| which(one)).count();
        let idle = |one: &Handover| one.survived && one.interruption.is_none() && !one.cause.is_chosen();
        let lost = |one: &Handover| !one.survived;
        (
            self.members.len() - count(idle) - count(lost),
            count(idle),
            count(lost),
        )
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
        let length = |one: &Handover| one.interruption.map(|interruption| interruption.ms);
        incident
            .members
            .sort_by(|a, b| length(b).cmp(&length(a)).then(a.connection.cmp(&b.connection)));
        incident.to = incident.members.iter().find_map(|one| one.to.clone());
    }
    incidents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cookie;

    fn handover(t: f64, connection: u64, ms: Option<u64>, survived: bool) -> Handover {
        Handover {
            t,
            connection: Cookie(connection),
            token: None,
            cause: Cause::LinkLost,
            from: Some("wlan0".to_owned()),
            to: ms.map(|_| "eth0".to_owned()),
            interruption: ms.map(|ms| Interruption {
                t,
                ms,
                uncertainty_ms: 14,
                recovery_ms: ms,
            }),
            survived,
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
        assert_eq!((first.number, first.outcome()), (1, (2, 1, 1)));
        assert_eq!(first.worst().map(|worst| worst.ms), Some(340));
        assert_eq!(first.to.as_deref(), Some("eth0"));
        assert!((first.t - 5.1).abs() < 1e-9);
    }
}
