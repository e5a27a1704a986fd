//! Everything as it is now: full samples replace, the others are joined by cookie, index and id.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Before, Command, Connection, Cookie, Endpoint, Interface, Limits, Sample, Settings};

/// The state that a stream's samples add up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Connections by cookie.
    pub connections: FxHashMap<Cookie, Connection>,
    /// Interfaces by index.
    pub interfaces: BTreeMap<u32, Interface>,
    /// Endpoints by id.
    pub endpoints: BTreeMap<u8, Endpoint>,
    /// The path manager's limits.
    pub limits: Option<Limits>,
    /// Settings below net.mptcp.
    pub settings: Settings,
    /// MPTcpExt counters.
    pub counters: BTreeMap<String, u64>,
    /// Established connections on plain TCP.
    pub plain_tcp: Option<u32>,
    /// CPU that the newest sample took, µs.
    pub cost_us: Option<u64>,
}

impl State {
    /// The interface with a device name.
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.values().find(|interface| interface.name == name)
    }

    /// The value that a command would replace, as it is known here.
    pub fn before(&self, command: &Command) -> Option<Before> {
        match command {
            Command::EndpointChange { id, .. } | Command::EndpointRemove { id } => {
                self.endpoints.get(id).cloned().map(Before::Endpoint)
            }
            Command::LimitsSet { .. } => self.limits.map(Before::Limits),
            Command::Set { name, .. } => self.settings.get(name).cloned().map(Before::Setting),
            Command::Close { local, remote } => {
                let mut subflows = self
                    .connections
                    .values()
                    .flat_map(|connection| &connection.subflows);
                let found = subflows.find(|subflow| subflow.local == *local && subflow.remote == *remote)?;
                Some(Before::Subflow(found.cookie))
            }
            Command::EndpointAdd { .. } => None,
        }
    }

    /// The connections that `sample` says, or shows by being full, to be gone.
    pub(super) fn missing_from(&self, sample: &Sample) -> Vec<Cookie> {
        if !sample.full {
            return sample.gone.clone();
        }
        let here: FxHashSet<Cookie> = sample
            .connections
            .iter()
            .map(|connection| connection.cookie)
            .collect();
        self.connections
            .keys()
            .filter(|cookie| !here.contains(cookie))
            .copied()
            .collect()
    }

    pub(super) fn apply(&mut self, sample: Sample) {
        if sample.full {
            let before = std::mem::take(self);
            self.limits = before.limits;
            self.plain_tcp = before.plain_tcp;
        }
        for cookie in &sample.gone {
            self.connections.remove(cookie);
        }
        for index in &sample.interfaces_gone {
            self.interfaces.remove(index);
        }
        for id in &sample.endpoints_gone {
            self.endpoints.remove(id);
        }
        let by_cookie = sample
            .connections
            .into_iter()
            .map(|connection| (connection.cookie, connection));
        self.connections.extend(by_cookie);
        self.interfaces.extend(
            sample
                .interfaces
                .into_iter()
                .map(|interface| (interface.index, interface)),
        );
        self.endpoints.extend(
            sample
                .endpoints
                .into_iter()
                .map(|endpoint| (endpoint.id, endpoint)),
        );
        self.limits = sample.limits.or(self.limits);
        self.settings.extend(sample.settings);
        self.counters.extend(sample.counters);
        self.plain_tcp = sample.plain_tcp.or(self.plain_tcp);
        self.cost_us = sample.cost_us.or(self.cost_us);
    }
}
