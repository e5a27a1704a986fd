//! Which subflows were closed by changes that were made here, so that their end is told as that and not as a loss.

use std::collections::VecDeque;

use crate::model::{Command, Endpoint, Event, EventKind, SocketAddr, endpoint_torn_down};

/// How many changes are remembered.
const MOST: usize = 200;
/// The kernel closes subflows while it carries a change out, and tells of either within this time of the other, seconds.
const APART_S: f64 = 1.0;

/// The newest changes that closed subflows.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnChanges(VecDeque<OwnChange>);

#[derive(Clone, Debug)]
struct OwnChange {
    t: f64,
    command: Command,
    closes: Closes,
}

#[derive(Clone, Debug)]
enum Closes {
    SubflowsOf(Box<Endpoint>),
    Subflow(SocketAddr, SocketAddr),
}

impl OwnChanges {
    /// Takes the outcome of a command, given the endpoints before it.
    pub(super) fn note<'a>(&mut self, event: &Event, endpoints: impl IntoIterator<Item = &'a Endpoint>) {
        let outcome = event.command.as_ref().filter(|outcome| outcome.ok);
        let Some(command) = outcome.and_then(|outcome| outcome.asked.as_ref()) else {
            return;
        };
        let closes = match command {
            Command::Close { local, remote } => Closes::Subflow(*local, *remote),
            command => match endpoint_torn_down(command, endpoints) {
                Some(endpoint) => Closes::SubflowsOf(Box::new(endpoint.clone())),
                None => return,
            },
        };
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(OwnChange {
            t: event.t,
            command: command.clone(),
            closes,
        });
    }

    /// The change that closed a subflow, which ended at this time or was missed so long after it.
    pub(super) fn that_closed(
        &self,
        (local, remote): (SocketAddr, SocketAddr),
        t: f64,
        late_s: f64,
    ) -> Option<&Command> {
        let is_it = |change: &&OwnChange| {
            let when = (t - APART_S - late_s)..=(t + APART_S);
            when.contains(&change.t)
                && match &change.closes {
                    Closes::SubflowsOf(endpoint) => endpoint.may_have(local),
                    Closes::Subflow(own, peer) => own.may_be(&local) && peer.may_be(&remote),
                }
        };
        self.0.iter().rev().find(is_it).map(|change| &change.command)
    }

    /// The change that closed the subflow whose end an event tells.
    pub(super) fn behind(&self, event: &Event) -> Option<&Command> {
        if event.kind != EventKind::SubflowClosed {
            return None;
        }
        self.that_closed(event.local.zip(event.remote)?, event.t, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CommandOutcome, EndpointFlags, Origin};

    fn closed(t: f64, local: &str) -> Event {
        Event {
            local: local.parse().ok(),
            remote: "192.0.2.1:443".parse().ok(),
            ..Event::new(t, EventKind::SubflowClosed, Origin::Kernel)
        }
    }

    fn after(command: Command, ok: bool) -> OwnChanges {
        let endpoint = Endpoint {
            id: 2,
            address: [10, 0, 1, 1].into(),
            port: None,
            interface: None,
            interface_index: None,
            flags: EndpointFlags::SUBFLOW,
        };
        let mut changes = OwnChanges::default();
        let event = Event {
            command: Some(CommandOutcome {
                asked: Some(command),
                by: "window".to_owned(),
                reference: None,
                ok,
                message: None,
            }),
            ..Event::new(5.0, EventKind::Command, Origin::Kernel)
        };
        changes.note(&event, &[endpoint]);
        changes
    }

    #[test]
    fn who_closed_a_subflow_is_known_whichever_news_comes_first() {
        let fullmesh = Command::EndpointChange {
            id: 2,
            flags: "fullmesh".parse().expect("a flag"),
        };
        let changes = after(fullmesh.clone(), true);
        for t in [4.99, 5.01] {
            assert_eq!(
                changes.behind(&closed(t, "10.0.1.1:4000")),
                Some(&fullmesh),
                "{t}"
            );
        }
        assert_eq!(
            changes.behind(&closed(5.0, "10.0.0.1:4000")),
            None,
            "another address"
        );
        assert_eq!(changes.behind(&closed(9.0, "10.0.1.1:4000")), None, "long after");
        let path = closed(7.0, "10.0.1.1:4000");
        let path = path.local.zip(path.remote).expect("both ends");
        assert!(changes.that_closed(path, 7.0, 2.0).is_some(), "read late");
    }

    #[test]
    fn what_failed_or_closes_nothing_closed_nothing() {
        let change = |words: &str| Command::EndpointChange {
            id: 2,
            flags: words.parse().expect("a flag"),
        };
        let end = closed(5.0, "10.0.1.1:4000");
        assert_eq!(after(change("fullmesh"), false).behind(&end), None);
        assert_eq!(after(change("backup"), true).behind(&end), None);
        let close = Command::Close {
            local: "10.0.1.1:4000".parse().expect("an address"),
            remote: "192.0.2.1:443".parse().expect("an address"),
        };
        assert_eq!(after(close.clone(), true).behind(&end), Some(&close));
    }
}
