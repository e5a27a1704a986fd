//! From a joined reading to the model.

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::devices::Devices;
use super::egress::{Egress, WayName};
use super::table::{Entry, Row, Table};
use crate::kernel::{Holders, release};
use crate::metrics::Context;
use crate::metrics::tcp_info::tcpi_rtt;
use crate::model::{
    self, Connection, ConnectionKey, Cookie, Endpoint, EndpointFlags, InterfaceBy, Subflow, TcpState, Token,
    is_link_local, scope_of,
};
use crate::wire::sock_diag::{self as flag, MptcpSocket, TcpSocket, on_link};

/// Whether the running kernel is older than Linux 7.0.
static BEFORE_LINUX_7: LazyLock<bool> = LazyLock::new(|| release().is_some_and(|release| release < (7, 0)));

/// What is known of connections besides their sockets.
#[derive(Default)]
pub(super) struct Surroundings {
    pub(super) devices: Devices,
    /// Which interface carries what.
    pub(super) egress: Egress,
    /// The processes that hold a socket, by its inode.
    pub(super) processes: FxHashMap<u32, Holders>,
    /// Names of users by id.
    pub(super) users: FxHashMap<u32, String>,
    /// The endpoints as they are now.
    pub(super) endpoints: Vec<Endpoint>,
    /// Whether this host accepted a connection, by token.
    pub(super) server_side: FxHashMap<u32, bool>,
    /// The interface of the link-local addresses of a connection, by token: its initial subflow may be gone.
    pub(super) links: FxHashMap<u32, u32>,
}

/// A subflow's interface, how it is known, and the one that has the local address where that is another.
type NamedPath = (Option<String>, Option<InterfaceBy>, Option<String>);

impl Surroundings {
    /// The interface that a subflow is bound to, else the one that its route leaves by, else the owner of its local
    /// address.
    fn place_of(&self, row: Row<'_>) -> NamedPath {
        let socket = row.socket;
        let bound = Some(socket.interface_index).filter(|index| *index != 0);
        let routed = || {
            self.egress
                .carries(socket)
                .map(|index| (index, InterfaceBy::Route))
        };
        let owned = || {
            let owner = self.devices.owner(socket.local.ip());
            owner.map(|index| (index, InterfaceBy::Address))
        };
        let found = bound
            .map(|index| (index, InterfaceBy::Bound))
            .filter(|(index, _)| self.devices.name(*index).is_some())
            .or_else(routed)
            .or_else(owned);
        let Some((index, by)) = found else {
            return (None, None, None);
        };
        let other = self.devices.other_owner(socket.local.ip(), index);
        let name = |index| self.devices.name(index).map(str::to_owned);
        (name(index), name(index).map(|_| by), other.and_then(name))
    }

    /// The interface of [`Self::place_of`] alone.
    pub(super) fn interface_of(&self, row: Row<'_>) -> Option<String> {
        self.place_of(row).0
    }

    /// The interfaces that carry what goes somewhere: all, or those that are new or others since this was last asked.
    pub(super) fn told_ways(&mut self, table: &Table, all: bool) -> Vec<(WayName, String)> {
        let mut news = self.egress.take_news();
        if all {
            news = self.egress.all(table).into_iter().collect();
        }
        let named = news.into_iter().filter_map(|(way, index)| {
            let name = self.devices.name(index)?.to_owned();
            Some((way, name))
        });
        named.collect()
    }

    /// Concludes from who listens that a connection which is new here was accepted by this host.
    pub(super) fn take_side(&mut self, socket: &MptcpSocket, listeners: &[MptcpSocket]) {
        let accepts = |listener: &MptcpSocket| {
            let (any, here) = (listener.local.ip(), socket.local.ip());
            listener.state == flag::TCP_LISTEN
                && listener.local.port() == socket.local.port()
                && (any.is_unspecified() || any == here)
        };
        if let Some(token) = socket.token
            && TcpState::from_kernel(socket.state) != TcpState::SynSent
            && listeners.iter().any(accepts)
        {
            self.server_side.entry(token).or_insert(true);
        }
    }

    /// Whether this host accepted the connection: as the kernel's event said, or as the flags of its subflows show.
    fn side<'a>(&self, socket: &MptcpSocket, mut rows: impl Iterator<Item = Row<'a>>) -> Option<bool> {
        let known = socket.token.and_then(|token| self.server_side.get(&token));
        known
            .copied()
            .or_else(|| rows.find_map(|row| accepted(row.socket)))
    }

    pub(super) fn address(&self, address: SocketAddr) -> model::SocketAddr {
        model::SocketAddr::from_kernel(address, |index| self.devices.name(index))
    }

    /// Keeps the link of a connection's addresses, where these are link-local.
    pub(super) fn remember_link<'a>(&mut self, socket: &MptcpSocket, rows: impl Iterator<Item = Row<'a>>) {
        if let (Some(token), Some(index)) = (socket.token, link_of_initial(socket, rows)) {
            self.links.insert(token, index);
        }
    }

    /// Local and remote address of a connection. The kernel binds an initial subflow with link-local addresses to its
    /// interface, and not the MPTCP socket (net/mptcp/protocol.c, `mptcp_copy_inaddrs`).
    pub(super) fn addresses<'a>(
        &self,
        socket: &MptcpSocket,
        rows: impl Iterator<Item = Row<'a>>,
    ) -> (model::SocketAddr, model::SocketAddr) {
        let kept = || self.links.get(&socket.token?).copied();
        let index = link_of_initial(socket, rows).or_else(kept);
        let on = |end: SocketAddr| on_link(end.ip(), end.port(), index.unwrap_or(socket.interface_index));
        (self.address(on(socket.local)), self.address(on(socket.remote)))
    }

    /// What a connection is known by.
    pub(super) fn key(&self, socket: &MptcpSocket) -> ConnectionKey {
        let (local, remote) = self.addresses(socket, std::iter::empty());
        ConnectionKey {
            token: socket.token.map(Token),
            local,
            remote,
        }
    }

    pub(super) fn connection<'a>(
        &self,
        entry: &Entry,
        rows: impl Iterator<Item = Row<'a>> + Clone,
    ) -> Connection {
        let socket = &entry.socket;
        let held = socket.inode != 0;
        let state = TcpState::from_kernel(socket.state);
        let server_side = self.side(socket, rows.clone());
        let holders = self.processes.get(&socket.inode);
        let (local, remote) = self.addresses(socket, rows.clone());
        let mut connection = Connection {
            cookie: Cookie(socket.cookie),
            token: socket.token.map(Token),
            inode: held.then_some(socket.inode),
            uid: held.then_some(socket.uid),
            user: self.users.get(&socket.uid).filter(|_| held).cloned(),
            process: holders.and_then(|holders| holders.likely(server_side)).cloned(),
            processes: holders.map(Holders::several).unwrap_or_default(),
            state,
            local,
            remote,
            scope: scope_of(Some(local), Some(remote)),
            server_side,
            receive_queue: Some(socket.receive_queue),
            subflows: exactly(rows.clone().count(), rows.map(|row| self.subflow(row).into())),
            ..Connection::default()
        };
        let context = Context {
            is_before_linux_7: *BEFORE_LINUX_7,
            is_answered: state != TcpState::SynSent,
            is_measured: true,
        };
        connection.read(socket.info.bytes(), context);
        connection
    }

    fn subflow(&self, row: Row<'_>) -> Subflow {
        let socket = row.socket;
        let has = |bits: u32| socket.flags.map(|flags| flags & bits != 0);
        let concluded = match socket.flags {
            Some(_) => None,
            None => asked_for(&self.endpoints, socket.local.ip()),
        };
        let state = TcpState::from_kernel(socket.state);
        let (interface, interface_by, address_interface) = self.place_of(row);
        let (local, remote) = (self.address(socket.local), self.address(socket.remote));
        let mut subflow = Subflow {
            cookie: Cookie(socket.cookie),
            local,
            remote,
            scope: scope_of(Some(local), Some(remote)),
            interface,
            interface_by,
            address_interface,
            joined_by: row.joined_by,
            state,
            initial: has(flag::SUBFLOW_FLAG_JOIN_LOC | flag::SUBFLOW_FLAG_JOIN_REM).map(|joined| !joined),
            local_id: socket.local_id,
            remote_id: socket.remote_id,
            backup_local: has(flag::SUBFLOW_FLAG_BKUP_LOC).or(concluded),
            backup_remote: has(flag::SUBFLOW_FLAG_BKUP_REM),
            backup_inferred: concluded.is_some(),
            ..Subflow::default()
        };
        let context = Context {
            is_before_linux_7: *BEFORE_LINUX_7,
            is_answered: state != TcpState::SynSent,
            is_measured: socket.info.get(tcpi_rtt).is_some_and(|rtt| rtt > 0),
        };
        subflow.read(socket.info.bytes(), context);
        subflow
    }
}

/// A list of as many items, without room for more: there are thousands of such lists.
fn exactly<T>(count: usize, items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::with_capacity(count);
    list.extend(items);
    list
}

/// Whether a subflow belongs to a connection that this host accepted, if its flags tell (`subflow_get_info`,
/// net/mptcp/diag.c): whose request made the initial one; who joined whom, because a client does not listen where it
/// could be joined.
fn accepted(subflow: &TcpSocket) -> Option<bool> {
    let flags = subflow.flags?;
    let has = |bits: u32| flags & bits != 0;
    if TcpState::from_kernel(subflow.state) == TcpState::SynSent {
        None
    } else if has(flag::SUBFLOW_FLAG_MCAP_REM) {
        Some(!has(flag::SUBFLOW_FLAG_MCAP_LOC))
    } else if has(flag::SUBFLOW_FLAG_JOIN_REM) {
        Some(!has(flag::SUBFLOW_FLAG_JOIN_LOC))
    } else {
        None
    }
}

/// Whether the endpoint with an address asks for backup: the kernel sends that with each join from there
/// (`__mptcp_subflow_connect`, net/mptcp/subflow.c), and when the flag changes.
pub(super) fn asked_for(endpoints: &[Endpoint], address: IpAddr) -> Option<bool> {
    let endpoint = endpoints.iter().find(|endpoint| endpoint.address == address)?;
    Some(endpoint.flags.contains(EndpointFlags::BACKUP))
}

/// The interface of the subflow that a connection with link-local addresses began with, if it is there.
fn link_of_initial<'a>(socket: &MptcpSocket, mut rows: impl Iterator<Item = Row<'a>>) -> Option<u32> {
    let ends = [socket.local, socket.remote];
    if !ends.iter().any(|end| is_link_local(end.ip())) {
        return None;
    }
    let same = |a: SocketAddr, b: SocketAddr| (a.ip(), a.port()) == (b.ip(), b.port());
    let initial =
        rows.find(|row| same(row.socket.local, socket.local) && same(row.socket.remote, socket.remote))?;
    Some(initial.socket.interface_index).filter(|index| *index != 0)
}
