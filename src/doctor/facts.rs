//! What the doctor knows: the state that a stream adds up to, what has moved since it began, and what became of joins.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{
    Connection, ConnectionId, Cookie, Endpoint, EndpointFlags, Event, EventKind, Header, Interface,
    InterfaceKind, Limits, Line, ListeningSocket, Neighbour, NeighbourState, RouteEntry, RoutingRule, Sample,
    SettingValue, Settings, SocketAddr, Subflow, TcpState, is_link_local,
};

/// How many joins that failed are remembered.
const MOST_JOINS: usize = 256;
/// How many announced addresses are remembered.
const MOST_ANNOUNCED: usize = 256;

/// Counters as they were when the stream began, and as they are.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    first: BTreeMap<String, u64>,
    now: BTreeMap<String, u64>,
}

impl Counters {
    fn take(&mut self, changed: &BTreeMap<String, u64>) {
        for (name, value) in changed {
            self.first.entry(name.clone()).or_insert(*value);
            self.now.insert(name.clone(), *value);
        }
    }

    /// By how much a counter has grown since the stream began.
    pub fn grown(&self, name: &str) -> u64 {
        let before = self.first.get(name).copied().unwrap_or_default();
        self.total(name).saturating_sub(before)
    }

    /// What a counter says now; 0 where the kernel does not have it.
    pub fn total(&self, name: &str) -> u64 {
        self.now.get(name).copied().unwrap_or_default()
    }

    /// Every counter: its name, what it was and what it is.
    pub fn all(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        let now = self.now.iter();
        now.map(|(name, value)| {
            (
                name.as_str(),
                self.first.get(name).copied().unwrap_or_default(),
                *value,
            )
        })
    }
}

/// How a join ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedJoin {
    /// This host's address and port.
    pub local: SocketAddr,
    /// The peer's address and port.
    pub remote: SocketAddr,
    /// Whether it was established before.
    pub was_established: bool,
    /// The error, an errno.
    pub error: Option<u32>,
    /// The reason in MP_TCPRST.
    pub reset_reason: Option<u32>,
}

/// Everything that rules judge by.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What the stream began with.
    pub header: Option<Header>,
    /// The time of the newest line, seconds.
    pub t: f64,
    /// Whether any full sample has come.
    pub is_complete: bool,
    /// Connections.
    pub connections: FxHashMap<ConnectionId, Connection>,
    /// Since when each is known, seconds.
    since: FxHashMap<ConnectionId, f64>,
    /// Sockets that listen.
    pub listeners: BTreeMap<Cookie, ListeningSocket>,
    /// Interfaces by index.
    pub interfaces: BTreeMap<u32, Interface>,
    /// Endpoints by id.
    pub endpoints: BTreeMap<u8, Endpoint>,
    /// The limits.
    pub limits: Option<Limits>,
    /// Settings below net.mptcp.
    pub settings: Settings,
    /// MPTcpExt counters.
    pub counters: Counters,
    /// Counters of IP and TCP.
    pub host_counters: Counters,
    /// Routes, where they are known.
    pub routes: Option<Vec<RouteEntry>>,
    /// Routes that were there once.
    pub past_routes: Vec<RouteEntry>,
    /// Routing rules, where they are known.
    pub rules: Option<Vec<RoutingRule>>,
    /// Neighbours that are routers or do not answer.
    pub neighbours: Vec<Neighbour>,
    /// Programs that manage paths, where it is known.
    pub managers: Option<Vec<String>>,
    /// Connections on plain TCP.
    pub plain_tcp: Option<u32>,
    /// Addresses that interfaces had, by name: also those that are gone.
    pub past_addresses: BTreeMap<String, Vec<(IpAddr, u8)>>,
    /// Joins that came to nothing, and subflows that ended, oldest first.
    pub failed_joins: Vec<FailedJoin>,
    /// What peers announced.
    pub announced: Vec<SocketAddr>,
    established: FxHashSet<(SocketAddr, SocketAddr)>,
}

impl Facts {
    /// Takes the next line of a stream.
    pub fn take(&mut self, line: &Line) {
        match line {
            Line::Header(header) => {
                *self = Self {
                    header: Some(header.clone()),
                    ..Self::default()
                };
            }
            Line::Sample(sample) => self.take_sample(sample),
            Line::Event(event) => self.take_event(event),
        }
    }

    fn take_sample(&mut self, sample: &Sample) {
        self.t = sample.t;
        if sample.full {
            self.is_complete = true;
            self.connections.clear();
            self.listeners.clear();
            self.interfaces.clear();
            self.endpoints.clear();
            self.settings.clear();
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
        for connection in &sample.connections {
            self.since.entry(connection.id()).or_insert(sample.t);
            self.connections.insert(connection.id(), connection.clone());
        }
        self.since.retain(|id, _| self.connections.contains_key(id));
        for listener in &sample.listeners {
            self.listeners.insert(listener.cookie, listener.clone());
        }
        for interface in &sample.interfaces {
            self.take_interface(interface);
        }
        for endpoint in &sample.endpoints {
            self.endpoints.insert(endpoint.id, endpoint.clone());
        }
        self.limits = sample.limits.or(self.limits);
        self.settings.extend(sample.settings.clone());
        self.counters.take(&sample.counters);
        self.host_counters.take(&sample.host_counters);
        if let Some(routes) = &sample.routes {
            let gone = self.routes.take().unwrap_or_default();
            self.past_routes
                .extend(gone.into_iter().filter(|route| !routes.contains(route)));
            let excess = self.past_routes.len().saturating_sub(MOST_JOINS);
            self.past_routes.drain(..excess);
            self.routes = Some(routes.clone());
        }
        self.rules = sample.routing_rules.clone().or(self.rules.take());
        if let Some(neighbours) = &sample.neighbours {
            self.neighbours.clone_from(neighbours);
        }
        self.managers = sample.managers.clone().or(self.managers.take());
        self.plain_tcp = sample.plain_tcp.or(self.plain_tcp);
    }

    fn take_interface(&mut self, interface: &Interface) {
        let past = self.past_addresses.entry(interface.name.clone()).or_default();
        for owned in &interface.addresses {
            let entry = (owned.address, owned.prefix);
            if !past.contains(&entry) && past.len() < MOST_ANNOUNCED {
                past.push(entry);
            }
        }
        self.interfaces.insert(interface.index, interface.clone());
    }

    fn take_event(&mut self, event: &Event) {
        self.t = self.t.max(event.t);
        let both = event.local.zip(event.remote);
        match (event.kind, both) {
            (EventKind::SubflowEstablished, Some(both)) if self.established.len() < MOST_JOINS => {
                self.established.insert(both);
            }
            (EventKind::SubflowClosed, Some((local, remote))) => {
                let known = self
                    .connections
                    .values()
                    .flat_map(|connection| &connection.subflows);
                let was_known = known.into_iter().any(|subflow| {
                    subflow.local == local
                        && subflow.remote == remote
                        && subflow.state == TcpState::Established
                });
                if self.failed_joins.len() >= MOST_JOINS {
                    self.failed_joins.remove(0);
                }
                self.failed_joins.push(FailedJoin {
                    local,
                    remote,
                    was_established: self.established.remove(&(local, remote)) || was_known,
                    error: event.error.filter(|error| *error != 0),
                    reset_reason: event.reset_reason.filter(|reason| *reason != 0),
                });
            }
            (EventKind::AddressAnnounced, _) => {
                let address = event.address.or(event.remote.map(|remote| remote.ip()));
                let port = event.remote.map_or(0, |remote| remote.port());
                if let Some(address) = address.filter(|_| self.announced.len() < MOST_ANNOUNCED) {
                    self.announced.push(SocketAddr::new(address, port));
                }
            }
            _ => {}
        }
    }
}

/// What rules ask of the facts.
impl Facts {
    /// A setting below net.mptcp, where it is a number.
    pub fn number(&self, setting: &str) -> Option<i64> {
        match self.settings.get(setting) {
            Some(SettingValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The interface with a number.
    pub fn interface(&self, index: u32) -> Option<&Interface> {
        self.interfaces.get(&index)
    }

    /// The interface that has an address.
    pub fn owner(&self, address: IpAddr) -> Option<&Interface> {
        let mut interfaces = self.interfaces.values();
        interfaces.find(|interface| interface.addresses.iter().any(|owned| owned.address == address))
    }

    /// The interface that an endpoint belongs to: the one it is bound to, else the owner of its address.
    pub fn home(&self, endpoint: &Endpoint) -> Option<&Interface> {
        match endpoint.interface_index {
            Some(index) => self.interface(index),
            None => match &endpoint.interface {
                Some(name) => self.interfaces.values().find(|interface| interface.name == *name),
                None => self.owner(endpoint.address),
            },
        }
    }

    /// Whether both ends are this host.
    fn stays_here(&self, connection: &Connection) -> bool {
        let remote = connection.remote.ip();
        remote.is_loopback() || connection.local.ip() == remote || self.owner(remote).is_some()
    }

    /// Connections to other hosts that speak MPTCP and live.
    fn living(&self) -> impl Iterator<Item = &Connection> {
        let connections = self.connections.values();
        connections.filter(|connection| {
            matches!(connection.state, TcpState::Established | TcpState::CloseWait)
                && connection.fallback != Some(true)
                && !self.stays_here(connection)
        })
    }

    /// Whether this host accepted a connection.
    pub fn is_accepted(&self, connection: &Connection) -> bool {
        let port = connection.local.port();
        let listens = || {
            self.listeners
                .values()
                .any(|listener| listener.local.port() == port)
        };
        connection.server_side.unwrap_or_else(listens)
    }

    /// Living connections that this host opened, in order of their addresses.
    pub fn clients(&self) -> Vec<&Connection> {
        self.side(false)
    }

    /// Living connections that this host accepted, in order of their addresses.
    pub fn accepted(&self) -> Vec<&Connection> {
        self.side(true)
    }

    fn side(&self, accepted: bool) -> Vec<&Connection> {
        let living = self.living();
        let mut found: Vec<_> = living
            .filter(|connection| self.is_accepted(connection) == accepted)
            .collect();
        found.sort_by_key(|connection| (connection.remote, connection.local));
        found
    }

    /// Connections that go on as plain TCP, in order of their addresses.
    pub fn fallen_back(&self) -> Vec<&Connection> {
        let connections = self.connections.values();
        let mut found: Vec<_> = connections
            .filter(|connection| connection.fallback == Some(true) && !self.stays_here(connection))
            .filter(|connection| matches!(connection.state, TcpState::Established | TcpState::CloseWait))
            .collect();
        found.sort_by_key(|connection| (connection.remote, connection.local));
        found
    }

    /// For how long a connection has been known, seconds.
    pub fn known_for_s(&self, connection: &Connection) -> f64 {
        let since = self.since.get(&connection.id());
        since.map_or(0.0, |since| self.t - since)
    }

    /// The interface of a connection's initial subflow.
    pub fn initial_interface<'a>(&'a self, connection: &'a Connection) -> Option<&'a Interface> {
        self.owner(connection.local.ip())
    }

    /// Addresses of an interface that a subflow may be opened from, the best first.
    pub fn usable_addresses(&self, interface: &Interface, ipv4: bool) -> Vec<IpAddr> {
        let owned = interface.addresses.iter().map(|owned| owned.address);
        let mut usable: Vec<IpAddr> = owned
            .filter(|address| address.is_ipv4() == ipv4 && !address.is_loopback() && !is_link_local(*address))
            .filter(|address| !matches!(address, IpAddr::V4(v4) if v4.is_link_local()))
            .filter(|address| {
                !matches!(
                    interface.state_of(*address),
                    Some(crate::model::AddressState::Tentative | crate::model::AddressState::Duplicate)
                )
            })
            .collect();
        // One that lasts before one that does not.
        usable.sort_by_key(|address| interface.state_of(*address));
        usable
    }

    /// Interfaces of which one would expect that they carry a path: up, and neither a bridge nor a tunnel.
    pub fn candidates(&self) -> impl Iterator<Item = &Interface> {
        let interfaces = self.interfaces.values();
        interfaces.filter(|interface| {
            interface.up && interface.can_carry_subflows() && interface.kind != InterfaceKind::Vpn
        })
    }

    /// Endpoints from which this host opens subflows.
    pub fn subflow_endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let endpoints = self.endpoints.values();
        endpoints.filter(|endpoint| {
            endpoint.flags.contains(EndpointFlags::SUBFLOW)
                && !endpoint.flags.contains(EndpointFlags::IMPLICIT)
                && endpoint.port.is_none()
        })
    }

    /// Whether NetworkManager runs, which gives interfaces their addresses and routes.
    pub fn is_managed(&self) -> bool {
        let mut managers = self.managers.iter().flatten();
        managers.any(|name| name == "NetworkManager")
    }

    /// How a neighbour answers.
    pub fn neighbour(&self, interface: u32, address: IpAddr) -> Option<NeighbourState> {
        let mut neighbours = self.neighbours.iter();
        let found = neighbours.find(|known| known.interface == interface && known.address == address);
        found.map(|neighbour| neighbour.state)
    }

    /// Whether the kernel's own path manager is in charge of new connections.
    pub fn kernel_manages(&self) -> bool {
        crate::model::ignored(&self.settings).is_empty()
    }
}

/// Whether data has flowed, so that further subflows may be opened.
pub(super) fn has_flowed(connection: &Connection) -> bool {
    connection.sent_bytes() > 0 || connection.received_bytes() > 0
}

/// Whether a subflow was asked for and not answered.
pub(super) fn is_waiting(subflow: &Subflow) -> bool {
    subflow.state == TcpState::SynSent
}
