//! Reading every MPTCP socket and subflow by sock_diag, and closing a subflow.

use std::io;
use std::path::Path;

use neli::consts::socket::NlFamily;
use nix::errno::Errno;
use rustc_hash::FxHashSet;

use super::names::Names;
use super::netlink::{Dump, Socket};
use super::socket_table::{Order, SocketTable, is_connection};
use super::{Error, proc};
use crate::model::{Cookie, SocketAddr, Token};
use crate::wire::Malformed;
use crate::wire::bytes::{AF_INET, AF_INET6};
use crate::wire::netlink::Message;
use crate::wire::sock_diag::{
    MptcpSocket, SOCK_DIAG_BY_FAMILY, SUBFLOW_STATES, SocketId, TCP_ESTABLISHED, TCPDIAG_GETSOCK, TcpMessage,
    TcpSocket, destroy_tcp, dump_every_mptcp, dump_every_tcp, dump_mptcp, dump_tcp, look_up_mptcp,
    look_up_tcp, parse_mptcp,
};

const LIST_MPTCP: &str = "list MPTCP sockets";
const LIST_TCP: &str = "list TCP sockets";
const LOOK_UP_TCP: &str = "look subflows up";
const LOOK_UP_MPTCP: &str = "look connections up";
/// How often a dump that lost answers is begun again.
const ATTEMPTS: u32 = 3;

/// A sock_diag socket with everything that a reading needs, so that a reading allocates nothing once it has seen the
/// most sockets.
pub struct Sockets {
    socket: Socket,
    dumps: Dumps,
    order: Order,
    mptcp: Vec<MptcpSocket>,
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
            dumps: Dumps::default(),
            order: Order::default(),
            mptcp: Vec::new(),
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
        self.read_connections(table)?;
        self.read_subflows(table)
    }

    /// Reads the MPTCP sockets and leaves the subflows in the table as they were. It comes before these: where the
    /// kernel hides their tokens, they are known by the inodes of connections.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_connections(&mut self, table: &mut SocketTable) -> Result<(), Error> {
        let build = |family: Option<u8>, sequence| match family {
            None => dump_every_mptcp(sequence),
            Some(family) => dump_mptcp(family, sequence),
        };
        let each = |list: &mut Vec<MptcpSocket>, message: &Message<'_>| {
            list.push(parse_mptcp(message.payload)?);
            Ok(())
        };
        self.dumps
            .dump(
                &mut self.socket,
                LIST_MPTCP,
                build,
                &mut self.mptcp,
                Vec::clear,
                each,
            )
            .map_err(without_mptcp_diag)?;
        self.inodes.clear();
        self.inodes.extend(
            self.mptcp
                .iter()
                .map(|socket| socket.inode)
                .filter(|inode| *inode != 0),
        );
        let listeners = &mut table.listeners;
        listeners.clear();
        self.mptcp.retain(|socket| {
            let keep = is_connection(socket);
            if !keep {
                listeners.push(*socket);
            }
            // One that was closed while it was read has given its token back, and is no more.
            keep && socket.token != Some(0)
        });
        self.order.settle(&mut self.mptcp, &mut table.connections);
        Ok(())
    }

    /// Reads the subflows by a dump of every TCP socket on the machine, and counts those that are none.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_subflows(&mut self, table: &mut SocketTable) -> Result<(), Error> {
        let inodes = &self.inodes;
        let each = |(list, plain): &mut (&mut Vec<TcpSocket>, &mut u32), message: &Message<'_>| {
            let tcp = TcpMessage::parse(message.payload)?;
            if tcp.is_mptcp() || inodes.contains(&tcp.inode()) {
                list.push(tcp.socket()?);
            } else if tcp.state() == TCP_ESTABLISHED {
                **plain = plain.saturating_add(1);
            }
            Ok(())
        };
        let reset = |(list, plain): &mut (&mut Vec<TcpSocket>, &mut u32)| {
            list.clear();
            **plain = 0;
        };
        let mut state = (&mut table.subflows, &mut table.plain_tcp);
        self.dumps
            .dump(&mut self.socket, LIST_TCP, list_tcp, &mut state, reset, each)
            .map_err(|error| without_diag(error, "tcp_diag"))
    }

    /// The cookie and the token of each subflow that has a token, but of no more than so many: whoever opens connections
    /// decides how many there are.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn subflow_tokens(&mut self, most: usize) -> Result<Vec<(u64, u32)>, Error> {
        let mut tokens = Vec::new();
        let each = |tokens: &mut Vec<(u64, u32)>, message: &Message<'_>| {
            let tcp = TcpMessage::parse(message.payload)?;
            if tcp.is_mptcp() && tokens.len() < most {
                let socket = tcp.socket()?;
                tokens.extend(socket.token_local.map(|token| (socket.cookie, token)));
            }
            Ok(())
        };
        self.dumps
            .dump(
                &mut self.socket,
                LIST_TCP,
                list_tcp,
                &mut tokens,
                Vec::clear,
                each,
            )
            .map_err(|error| without_diag(error, "tcp_diag"))?;
        Ok(tokens)
    }

    /// Reads the MPTCP sockets with these tokens, and nothing else. What is gone is not in `list`. `false` when answers
    /// were lost.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn look_up_connections(
        &mut self,
        tokens: &[Token],
        list: &mut Vec<MptcpSocket>,
    ) -> Result<bool, Error> {
        list.clear();
        let how = self.socket.look_up(
            LOOK_UP_MPTCP,
            tokens,
            |token, sequence, into| look_up_mptcp(token.0, sequence, into),
            |message| {
                list.push(parse_mptcp(message.payload)?);
                Ok(())
            },
        );
        Ok(how.map_err(without_mptcp_diag)? == Dump::Whole)
    }

    /// Reads the subflows by looking up each of `wanted`, and nothing else: the cost follows their number, not that of
    /// all TCP sockets. One that is gone is not in the table, nor is what has its addresses and is no subflow. The
    /// count of plain TCP stays. `false` when answers were lost: then the subflows are not to be used.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn look_up_subflows(&mut self, wanted: &[SocketId], table: &mut SocketTable) -> Result<bool, Error> {
        let (inodes, list) = (&self.inodes, &mut table.subflows);
        list.clear();
        let how = self
            .socket
            .look_up(LOOK_UP_TCP, wanted, look_up_tcp, |message| {
                let tcp = TcpMessage::parse(message.payload)?;
                let state = 1_u32.checked_shl(tcp.state().into()).unwrap_or(0);
                if state & SUBFLOW_STATES != 0 && (tcp.is_mptcp() || inodes.contains(&tcp.inode())) {
                    list.push(tcp.socket()?);
                }
                Ok(())
            })
            .map_err(|error| without_diag(error, "tcp_diag"))?;
        Ok(how == Dump::Whole)
    }

    /// Closes one subflow (SOCK_DESTROY; CAP_NET_ADMIN); its connection lives on through the others. The socket is
    /// looked up first, must be a subflow and the only one with these addresses, and is named by its cookie and its
    /// interface, so that no other can be hit.
    ///
    /// # Errors
    /// [`Error::NotASubflow`] for plain TCP, [`Error::NoSuchSubflow`], [`Error::AmbiguousSubflow`],
    /// [`Error::NoSuchInterface`], [`Error::NotPermitted`], or [`Error::Refused`] when the kernel is built without CONFIG_INET_DIAG_DESTROY.
    pub fn destroy_subflow(&mut self, local: SocketAddr, remote: SocketAddr) -> Result<(), Error> {
        self.destroy_exactly(local, remote, None, None)
    }

    /// As [`Self::destroy_subflow`]. Where a cookie is given it must be that socket, and where a user is given it must
    /// be theirs.
    ///
    /// # Errors
    /// [`Error::NotYours`] besides.
    pub fn destroy_exactly(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        cookie: Option<Cookie>,
        owner: Option<u32>,
    ) -> Result<(), Error> {
        let found = self.find_subflow(local, remote, cookie)?;
        if owner.is_some_and(|owner| owner != found.uid) {
            return Err(Error::NotYours { uid: found.uid });
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

    /// The socket of the subflow between two addresses.
    ///
    /// # Errors
    /// [`Error::NotASubflow`] for plain TCP, [`Error::NoSuchSubflow`], [`Error::AmbiguousSubflow`],
    /// [`Error::NoSuchInterface`], or when the sockets cannot be read.
    pub fn subflow(&mut self, local: SocketAddr, remote: SocketAddr) -> Result<Cookie, Error> {
        self.find_subflow(local, remote, None)
            .map(|found| Cookie(found.cookie))
    }

    /// The addresses of the subflow between two addresses, with the name of its link where it has one.
    ///
    /// # Errors
    /// As [`Self::subflow`].
    pub(super) fn addresses(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(SocketAddr, SocketAddr), Error> {
        let found = self.find_subflow(local, remote, None)?;
        let name = Names::new()?.name(found.interface_index)?.map(str::to_owned);
        let named = |address| SocketAddr::from_kernel(address, |_| name.as_deref());
        Ok((named(found.local), named(found.remote)))
    }

    /// The one subflow between two addresses, with that cookie where one is given. Whoever names no interface gets one
    /// only where no other socket has the same addresses on another link.
    fn find_subflow(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        cookie: Option<Cookie>,
    ) -> Result<TcpSocket, Error> {
        let mut names = Names::new()?;
        let wanted = (numbered(local, &mut names)?, numbered(remote, &mut names)?);
        let mut found = self.find(wanted.0, wanted.1)?;
        if let Some(cookie) = cookie
            && found.iter().any(|(_, is_subflow)| *is_subflow)
        {
            found.retain(|(socket, _)| socket.cookie == cookie.0);
        }
        match found.as_slice() {
            [] => Err(Error::NoSuchSubflow { local, remote }),
            [(socket, true)] => Ok(*socket),
            [(_, false)] => Err(Error::NotASubflow { local, remote }),
            several if several.iter().all(|(_, is_subflow)| !is_subflow) => {
                Err(Error::NotASubflow { local, remote })
            }
            several => {
                let mut interfaces = Vec::new();
                for (socket, _) in several.iter().filter(|(_, is_subflow)| *is_subflow) {
                    interfaces.push(names.name_or_number(socket.interface_index)?);
                }
                interfaces.sort_unstable();
                Err(Error::AmbiguousSubflow {
                    local,
                    remote,
                    interfaces,
                })
            }
        }
    }

    /// The TCP sockets between two addresses, and whether each is a subflow. Every socket is listed, because the kernel
    /// looks one up only with the interface it is bound to, and an endpoint's subflows often are bound.
    fn find(
        &mut self,
        local: std::net::SocketAddr,
        remote: std::net::SocketAddr,
    ) -> Result<Vec<(TcpSocket, bool)>, Error> {
        // Without privilege older kernels do not say which sockets are subflows; closing fails there anyway.
        let mut table = SocketTable::default();
        self.read_connections(&mut table)?;
        let inodes = &self.inodes;
        let mut found: Vec<(TcpSocket, bool)> = Vec::new();
        let each = |found: &mut Vec<(TcpSocket, bool)>, message: &Message<'_>| {
            let tcp = TcpMessage::parse(message.payload)?;
            let socket = tcp.socket()?;
            if names_it(local, socket.local) && names_it(remote, socket.remote) {
                // A dump under churn may tell a socket twice, of which the later is right.
                found.retain(|(other, _)| other.cookie != socket.cookie);
                found.push((socket, tcp.is_mptcp() || inodes.contains(&tcp.inode())));
            }
            Ok(())
        };
        self.dumps
            .dump(&mut self.socket, LIST_TCP, list_tcp, &mut found, Vec::clear, each)
            .map_err(|error| without_diag(error, "tcp_diag"))?;
        Ok(found)
    }
}

/// An address with the number of its interface.
fn numbered(address: SocketAddr, names: &mut Names) -> Result<std::net::SocketAddr, Error> {
    let index = match address.scope() {
        Some(scope) => names.index_or_number(scope.as_str())?,
        None => 0,
    };
    Ok(address.to_kernel(|_| Some(index)))
}

/// Whether what somebody wrote is that address of a socket: without an interface it is the address on any link.
fn names_it(wanted: std::net::SocketAddr, address: std::net::SocketAddr) -> bool {
    use std::net::SocketAddr::V6;
    let on_that_link = match (wanted, address) {
        (V6(wanted), V6(address)) => wanted.scope_id() == 0 || wanted.scope_id() == address.scope_id(),
        _ => true,
    };
    on_that_link && (wanted.ip(), wanted.port()) == (address.ip(), address.port())
}

fn list_tcp(family: Option<u8>, sequence: u32) -> Vec<u8> {
    match family {
        None => dump_every_tcp(SUBFLOW_STATES, sequence),
        Some(family) => dump_tcp(family, SUBFLOW_STATES, sequence),
    }
}

/// How sockets of every family are dumped.
#[derive(Clone, Copy, Default)]
struct Dumps {
    /// The kernel refused to walk its table once for all families.
    a_family_each: bool,
}

impl Dumps {
    /// Dumps into `state`, and begins again from nothing when answers were lost. `build` makes the request for one
    /// family, or for every.
    fn dump<S>(
        &mut self,
        socket: &mut Socket,
        doing: &str,
        build: impl Fn(Option<u8>, u32) -> Vec<u8>,
        state: &mut S,
        reset: impl Fn(&mut S),
        mut each: impl FnMut(&mut S, &Message<'_>) -> Result<(), Malformed>,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            reset(state);
            let families: &[Option<u8>] = if self.a_family_each {
                &[Some(AF_INET), Some(AF_INET6)]
            } else {
                &[None]
            };
            let mut whole = true;
            for family in families {
                let outcome = socket.exchange(
                    doing,
                    |sequence| build(*family, sequence),
                    |message| match message.kind {
                        SOCK_DIAG_BY_FAMILY | TCPDIAG_GETSOCK => each(state, message),
                        _ => Ok(()),
                    },
                );
                match outcome {
                    // Whatever the reason, the newer form of the request gives it too, or none.
                    Err(Error::Refused { .. }) if !self.a_family_each => {
                        self.a_family_each = true;
                        whole = false;
                    }
                    // sock_diag never says that a dump is inconsistent.
                    outcome => whole &= outcome? != Dump::Overrun,
                }
            }
            if whole {
                return Ok(());
            }
        }
        Err(Error::io(doing, io::Error::from_raw_os_error(nix::libc::ENOBUFS)))
    }
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
