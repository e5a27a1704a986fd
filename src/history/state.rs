//! Everything as it is now: full samples replace, the others are joined by token, index and id.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{
    Before, Command, Connection, ConnectionId, ConnectionKey, Cookie, Endpoint, Interface, Limits,
    ListeningSocket, Sample, Settings, Subflow, endpoint_torn_down, plan_change,
};

/// The state that a stream's samples add up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The connections.
    pub connections: FxHashMap<ConnectionId, Connection>,
    /// MPTCP sockets that listen, by cookie.
    pub listeners: BTreeMap<Cookie, ListeningSocket>,
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

    /// The subflows that a command closes, each with its connection. One that is being closed already is none of them;
    /// where fullmesh changes in place, neither is that of a connection that fell back: it has no address id by which the
    /// kernel would find it (net/mptcp/pm_kernel.c, `mptcp_endp_get_local_id`). Removal finds it by its address.
    pub fn subflows_torn_down(&self, command: &Command) -> Vec<(&Connection, &Subflow)> {
        let Some(endpoint) = endpoint_torn_down(command, self.endpoints.values()) else {
            return Vec::new();
        };
        let in_place = match command {
            Command::EndpointChange { flags, .. } => plan_change(endpoint, *flags).in_place,
            _ => false,
        };
        let connections = self.connections.values();
        let connections = connections.filter(|connection| !in_place || connection.fallback != Some(true));
        let subflows = connections.flat_map(|connection| {
            let subflows = connection.living_subflows();
            subflows.map(move |subflow| (connection, &**subflow))
        });
        subflows
            .filter(|(_, subflow)| endpoint.may_have(subflow.local))
            .collect()
    }

    /// How many subflows leave from an address, of an interface where one is named.
    pub fn subflows_at(&self, address: IpAddr, interface: Option<&str>) -> usize {
        let connections = self.connections.values();
        let subflows = connections.flat_map(Connection::living_subflows);
        subflows
            .filter(|subflow| subflow.local.is_at(address, interface))
            .count()
    }

    /// How many subflows leave from an endpoint's address.
    pub fn subflows_of(&self, endpoint: &Endpoint) -> usize {
        self.subflows_at(endpoint.address, endpoint.interface.as_deref())
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

    /// Takes what a command that was done made so. The sample that shows it may come after the next command, which would
    /// then be believed to replace what is there no more. What the kernel chose, such as the id of a new endpoint, only a
    /// sample tells.
    pub(super) fn take_done(&mut self, command: &Command) {
        match command {
            Command::EndpointChange { id, flags } => {
                if let Some(endpoint) = self.endpoints.get_mut(id) {
                    endpoint.flags = flags.apply(endpoint.flags);
                }
            }
            Command::EndpointRemove { id } => {
                self.endpoints.remove(id);
            }
            Command::LimitsSet {
                extra_subflows_max,
                add_addr_accepted_max,
            } => {
                if let Some(limits) = &mut self.limits {
                    limits.extra_subflows_max = extra_subflows_max.unwrap_or(limits.extra_subflows_max);
                    limits.add_addr_accepted_max =
                        add_addr_accepted_max.unwrap_or(limits.add_addr_accepted_max);
                }
            }
            Command::Set { name, value } => {
                if let Some(setting) = self.settings.get_mut(name) {
                    setting.clone_from(value);
                }
            }
            Command::EndpointAdd { .. } | Command::Close { .. } => {}
        }
    }

    /// The connections that `sample` says, or shows by being full, to be gone.
    pub(super) fn missing_from(&self, sample: &Sample) -> Vec<ConnectionId> {
        if !sample.full {
            return sample.connections_gone.iter().map(ConnectionKey::id).collect();
        }
        let here: FxHashSet<ConnectionId> = sample.connections.iter().map(Connection::id).collect();
        self.connections
            .keys()
            .filter(|id| !here.contains(id))
            .copied()
            .collect()
    }

    pub(super) fn apply(&mut self, sample: Sample) {
        if sample.full {
            let before = std::mem::take(self);
            self.limits = before.limits;
            self.plain_tcp = before.plain_tcp;
        }
        for key in &sample.connections_gone {
            self.connections.remove(&key.id());
        }
        for cookie in &sample.listeners_gone {
            self.listeners.remove(cookie);
        }
        for index in &sample.interfaces_gone {
            self.interfaces.remove(index);
        }
        for id in &sample.endpoints_gone {
            self.endpoints.remove(id);
        }
        let connections = sample.connections.into_iter();
        self.connections
            .extend(connections.map(|connection| (connection.id(), connection)));
        let listeners = sample.listeners.into_iter();
        self.listeners
            .extend(listeners.map(|listener| (listener.cookie, listener)));
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
