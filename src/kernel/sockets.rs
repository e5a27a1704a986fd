//! Reading every MPTCP socket and subflow by sock_diag, and closing a subflow.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use neli::consts::socket::NlFamily;
use nix::errno::Errno;
use rustc_hash::FxHashSet;

use super::netlink::{Dump, Socket};
use super::socket_table::{Order, SocketTable, is_connection};
use super::{Error, proc};
use crate::model::unmap;
use crate::wire::Malformed;
use crate::wire::bytes::{AF_INET, AF_INET6};
use crate::wire::netlink::Message;
use crate::wire::sock_diag::{
    MptcpSocket, SOCK_DIAG_BY_FAMILY, SUBFLOW_STATES, SocketId, TCP_ESTABLISHED, TcpMessage, TcpSocket,
    destroy_tcp, dump_mptcp, dump_tcp, parse_mptcp,
};

const LIST_MPTCP: &str = "list MPTCP sockets";
const LIST_TCP: &str = "list TCP sockets";
/// How often a dump that lost answers is begun again.
const ATTEMPTS: u32 = 3;

/// A sock_diag socket with everything that a reading needs, so that a reading allocates nothing once it has seen the
/// most sockets.
pub struct Sockets {
    socket: Socket,
    order: Order,
    mptcp: Vec<MptcpSocket>,
    tcp: Vec<TcpSocket>,
    inodes: FxHashSet<u32>,
}

impl Sockets {
    /// Opens it in the calling thread's network namespace.
    ///
    /// # Errors
    /// When no netlink socket can be opened.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            socket: Socket::new(NlFamily::SockOrInetDiag)?,
            order: Order::default(),
            mptcp: Vec::new(),
            tcp: Vec::new(),
            inodes: FxHashSet::default(),
        })
    }

    /// Reads all sockets. Needs no privilege; before Linux 6.15 subflows then have no tokens, and are told by the
    /// inode that they share with their connection.
    ///
    /// A listing is no snapshot: sockets that come and go meanwhile may be in it or not.
    ///
    /// # Errors
    /// [`Error::NoMptcp`], [`Error::NoSocketDiag`], or when the kernel's answers cannot be read.
    pub fn read(&mut self, table: &mut SocketTable) -> Result<(), Error> {
        table.clear();
        self.read_mptcp(table)?;
        self.read_tcp(table)
    }

    fn read_mptcp(&mut self, table: &mut SocketTable) -> Result<(), Error> {
        self.mptcp.clear();
        for family in [AF_INET, AF_INET6] {
            let start = self.mptcp.len();
            dump(
                &mut self.socket,
                LIST_MPTCP,
                |sequence| dump_mptcp(family, sequence),
                &mut self.mptcp,
                |list| list.truncate(start),
                |list, message| {
                    list.push(parse_mptcp(message.payload)?);
                    Ok(())
                },
            )
            .map_err(without_mptcp_diag)?;
        }
        self.inodes.clear();
        self.inodes.extend(
            self.mptcp
                .iter()
                .map(|socket| socket.inode)
                .filter(|inode| *inode != 0),
        );
        self.order
            .settle(&mut self.mptcp, |socket| socket.cookie, &mut table.connections);
        let listeners = &mut table.listeners;
        table.connections.retain(|socket| {
            let keep = is_connection(socket);
            if !keep {
                listeners.push(*socket);
            }
            keep
        });
        Ok(())
    }

    fn read_tcp(&mut self, table: &mut SocketTable) -> Result<(), Error> {
        let inodes = &self.inodes;
        self.tcp.clear();
        for family in [AF_INET, AF_INET6] {
            let (start, plain_start) = (self.tcp.len(), table.plain_tcp);
            dump(
                &mut self.socket,
                LIST_TCP,
                |sequence| dump_tcp(family, SUBFLOW_STATES, sequence),
                &mut (&mut self.tcp, &mut table.plain_tcp),
                |(list, plain)| {
                    list.truncate(start);
                    **plain = plain_start;
                },
                |(list, plain), message| {
                    let tcp = TcpMessage::parse(message.payload)?;
                    if tcp.is_mptcp() || inodes.contains(&tcp.inode()) {
                        list.push(tcp.socket()?);
                    } else if tcp.state() == TCP_ESTABLISHED {
                        **plain = plain.saturating_add(1);
                    }
                    Ok(())
                },
            )
            .map_err(|error| without_diag(error, "tcp_diag"))?;
        }
        self.order
            .settle(&mut self.tcp, |socket| socket.cookie, &mut table.subflows);
        Ok(())
    }

    /// Closes one subflow (SOCK_DESTROY; CAP_NET_ADMIN); its connection lives on through the others. The socket is
    /// looked up first, must be a subflow, and is named by its cookie, so that no other can be hit.
    ///
    /// # Errors
    /// [`Error::NotASubflow`] for plain TCP, [`Error::NoSuchSubflow`], [`Error::NotPermitted`], or
    /// [`Error::Refused`] when the kernel is built without CONFIG_INET_DIAG_DESTROY.
    pub fn destroy_subflow(&mut self, local: SocketAddr, remote: SocketAddr) -> Result<(), Error> {
        let (local, remote) = (unmap(local), unmap(remote));
        let (found, is_subflow) = self
            .find(local, remote)?
            .ok_or(Error::NoSuchSubflow { local, remote })?;
        if !is_subflow {
            return Err(Error::NotASubflow { local, remote });
        }
        let id = SocketId {
            local: found.local,
            remote: found.remote,
            interface_index: found.interface_index,
            cookie: Some(found.cookie),
        };
        let doing = format!("close the subflow {local} → {remote}");
        let outcome = self.socket.request(
            &doing,
            |sequence| destroy_tcp(found.family, &id, sequence),
            |_| Ok(()),
        );
        match outcome {
            Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::ESTALE)) => {
                Err(Error::NoSuchSubflow { local, remote })
            }
            outcome => outcome,
        }
    }

    /// The TCP socket between two addresses, and whether it is a subflow. Every socket is listed, because the kernel
    /// looks one up only with the interface it is bound to, and an endpoint's subflows often are bound.
    fn find(&mut self, local: SocketAddr, remote: SocketAddr) -> Result<Option<(TcpSocket, bool)>, Error> {
        // Without privilege older kernels do not say which sockets are subflows; closing fails there anyway.
        let mut table = SocketTable::default();
        self.read_mptcp(&mut table)?;
        let inodes = &self.inodes;
        let mut found = None;
        // A socket of the IPv6 family may be connected to an IPv4-mapped address.
        for family in [AF_INET, AF_INET6] {
            dump(
                &mut self.socket,
                LIST_TCP,
                |sequence| dump_tcp(family, SUBFLOW_STATES, sequence),
                &mut found,
                |_| {},
                |found, message| {
                    let tcp = TcpMessage::parse(message.payload)?;
                    let socket = tcp.socket()?;
                    if socket.local == local && socket.remote == remote {
                        *found = Some((socket, tcp.is_mptcp() || inodes.contains(&tcp.inode())));
                    }
                    Ok(())
                },
            )
            .map_err(|error| without_diag(error, "tcp_diag"))?;
        }
        Ok(found)
    }
}

/// Dumps into `state`, and resets it and begins again when answers were lost.
fn dump<S>(
    socket: &mut Socket,
    doing: &str,
    build: impl Fn(u32) -> Vec<u8>,
    state: &mut S,
    reset: impl Fn(&mut S),
    mut each: impl FnMut(&mut S, &Message<'_>) -> Result<(), Malformed>,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        reset(state);
        let how = socket.exchange(doing, &build, |message| match message.kind {
            SOCK_DIAG_BY_FAMILY => each(state, message),
            _ => Ok(()),
        })?;
        // sock_diag never says that a dump is inconsistent.
        if how != Dump::Overrun {
            return Ok(());
        }
    }
    Err(Error::io(doing, io::Error::from_raw_os_error(nix::libc::ENOBUFS)))
}

fn without_mptcp_diag(error: Error) -> Error {
    if Path::new(proc::SETTINGS).exists() {
        without_diag(error, "mptcp_diag")
    } else {
        proc::no_mptcp()
    }
}

fn without_diag(error: Error, module: &'static str) -> Error {
    match error.errno() {
        Some(Errno::ENOENT) => Error::NoSocketDiag { module },
        _ => error,
    }
}
