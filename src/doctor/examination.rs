//! The facts as a rule sees them: what rules that were asked before have explained is left alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{Facts, has_flowed, is_waiting};
use super::finding::Severity;
use crate::model::{Connection, Endpoint, EndpointFlags, Interface, Shared, Subflow, TcpState};

/// For how long a connection must be known before what it lacks means something, seconds.
const SETTLED_S: f64 = 0.7;

/// The facts, and what rules that were asked before have explained.
pub(super) struct Examination<'a> {
    pub(super) facts: &'a Facts,
    addresses: BTreeSet<IpAddr>,
    interfaces: BTreeSet<String>,
    /// Of these a subflow may be missing because of a limit. Other faults are faults of their own.
    limited: BTreeSet<IpAddr>,
    /// Nothing that is missing needs another reason.
    everything: bool,
}

/// A connection and an endpoint from which it should have a subflow.
pub(super) struct Expected<'a> {
    pub(super) connection: &'a Connection,
    pub(super) endpoint: &'a Endpoint,
    /// The interface that the endpoint belongs to.
    pub(super) interface: &'a Interface,
    /// The subflow, where there is one.
    pub(super) subflow: Option<&'a Shared<Subflow>>,
}

impl Expected<'_> {
    /// Whether the subflow is there and answers.
    pub(super) fn works(&self) -> bool {
        self.subflow.is_some_and(|subflow| {
            matches!(subflow.state, TcpState::Established | TcpState::CloseWait) && !is_stuck(subflow)
        })
    }

    /// The device that the endpoint binds its subflows to.
    pub(super) fn device(&self) -> Option<u32> {
        let is_bound = self.endpoint.interface.is_some() || self.endpoint.interface_index.is_some();
        is_bound.then_some(self.interface.index)
    }
}

/// Whether what a subflow sent is not acknowledged: it has been sent again twice, each time after twice as long.
pub(super) fn is_stuck(subflow: &Subflow) -> bool {
    subflow.backoff.is_some_and(|times| times >= 2) && subflow.unacked.is_none_or(|segments| segments > 0)
}

impl<'a> Examination<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            addresses: BTreeSet::new(),
            interfaces: BTreeSet::new(),
            limited: BTreeSet::new(),
            everything: false,
        }
    }

    /// What is missing at an address has its reason.
    pub(super) fn explain_address(&mut self, address: IpAddr) {
        self.addresses.insert(address);
    }

    /// That a subflow is missing from an address has its reason, and nothing else that is wrong with it.
    pub(super) fn explain_missing(&mut self, address: IpAddr) {
        self.limited.insert(address);
    }

    /// Whether a limit is why a subflow from an address is missing.
    pub(super) fn is_limited(&self, address: IpAddr) -> bool {
        self.limited.contains(&address)
    }

    /// What is missing at an interface has its reason.
    pub(super) fn explain_interface(&mut self, name: &str) {
        self.interfaces.insert(name.to_owned());
    }

    /// Whatever is missing has its reason.
    pub(super) fn explain_everything(&mut self) {
        self.everything = true;
    }

    pub(super) fn is_everything_explained(&self) -> bool {
        self.everything
    }

    pub(super) fn is_explained(&self, address: IpAddr) -> bool {
        let owner = self.facts.owner(address);
        self.everything
            || self.addresses.contains(&address)
            || owner.is_some_and(|owner| self.interfaces.contains(&owner.name))
    }

    pub(super) fn is_interface_explained(&self, name: &str) -> bool {
        self.everything || self.interfaces.contains(name)
    }

    /// Every subflow that a connection of this host should have from an endpoint and that nothing explains yet. Those
    /// that are there are among them.
    pub(super) fn expected(&self) -> Vec<Expected<'a>> {
        let mut expected = Vec::new();
        for connection in self.facts.clients() {
            let is_settled = self.facts.known_for_s(connection) >= SETTLED_S;
            if !has_flowed(connection) || !is_settled || connection.remote_key_received == Some(false) {
                continue;
            }
            for endpoint in self.facts.subflow_endpoints() {
                let fits = endpoint.address.is_ipv4() == connection.remote.is_ipv4()
                    && endpoint.address != connection.local.ip()
                    && !endpoint.flags.contains(EndpointFlags::LAMINAR)
                    && !self.is_explained(endpoint.address);
                let Some(interface) = self.facts.home(endpoint).filter(|_| fits) else {
                    continue;
                };
                let mut subflows = connection.living_subflows();
                let own = |subflow: &&Shared<Subflow>| subflow.local.ip() == endpoint.address;
                let subflow = subflows
                    .by_ref()
                    .filter(own)
                    .min_by_key(|subflow| is_waiting(subflow));
                expected.push(Expected {
                    connection,
                    endpoint,
                    interface,
                    subflow,
                });
            }
        }
        expected
    }

    /// Of these, one for each endpoint: the first that does not work, where none of that endpoint's works.
    pub(super) fn broken(&self) -> Vec<Expected<'a>> {
        let mut expected = self.expected();
        expected.retain(|case| !self.is_limited(case.endpoint.address));
        let works = |address: IpAddr| {
            let mut of = expected.iter().filter(|case| case.endpoint.address == address);
            of.any(Expected::works)
        };
        let working: BTreeSet<IpAddr> = expected
            .iter()
            .map(|case| case.endpoint.address)
            .filter(|address| works(*address))
            .collect();
        let mut seen = working;
        let mut broken = Vec::new();
        for case in expected {
            if !case.works() && seen.insert(case.endpoint.address) {
                broken.push(case);
            }
        }
        broken
    }

    /// A problem where no connection speaks MPTCP; else a warning.
    pub(super) fn severity_of_fallback(&self) -> Severity {
        let speaks = !self.facts.clients().is_empty() || !self.facts.accepted().is_empty();
        if speaks {
            Severity::Warning
        } else {
            Severity::Problem
        }
    }
}
