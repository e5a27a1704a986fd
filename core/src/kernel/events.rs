//! The path manager's events, as they happen.

#[cfg(feature = "monitor")]
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use neli::consts::socket::NlFamily;
use nix::errno::Errno;
use rustc_hash::FxHashMap;
#[cfg(feature = "monitor")]
use socket2::{Domain, Protocol, SockRef};

use super::listener::{Listener, Notified};
use super::names::Names;
use super::netlink::Socket;
use super::{Error, event_map, generic, proc, unprivileged};
use crate::model::Event;
use crate::wire::mptcp_pm::{EVENT_GROUP, PmEvent, parse_event};

/// A default-sized buffer holds about 500 events, which a burst of connections fills in 30 ms.
const RECEIVE_BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// So that a storm of events cannot keep a reader in one call for ever.
const DATAGRAMS_A_READ: usize = 4096;
const DOING: &str = "receive path manager events";

/// How a read of events or notices ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// No more are waiting.
    NothingMore,
    /// Enough were read for one call; more may be waiting.
    MoreWaiting,
    /// The kernel could not deliver some since the last read: read the state anew. What was waiting was read.
    Overrun,
}

/// A socket that has joined the multicast group `mptcp_pm_events` (Linux 5.12).
pub struct Events {
    socket: Listener,
    names: Names,
    /// Whether the kernel says on which side of a connection it is (Linux 5.19).
    tells_server_side: bool,
    /// Interface names looked up during one read.
    looked_up: FxHashMap<u32, Option<String>>,
}

impl Events {
    /// Joins in the calling thread's network namespace. The receive buffer, in bytes as setsockopt takes it, is large
    /// unless given; without CAP_NET_ADMIN on the host the system's limit applies to it.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without CAP_NET_ADMIN over the network namespace, [`Error::NoMptcp`].
    pub fn subscribe(receive_buffer_bytes: Option<usize>) -> Result<Self, Error> {
        let socket = Socket::open(NlFamily::Generic)?;
        Self::new(join(&socket, receive_buffer_bytes)?)
    }

    /// A socket that has joined, for another process: it goes on hearing there, and changes nothing, whoever sends over
    /// it. For a change the kernel asks for the capability of who opened the socket *and* of who sends
    /// (net/netlink/af_netlink.c, `__netlink_ns_capable`). The sender may be a privileged program that writes to its
    /// standard output what somebody else had in mind; so the one who opens must be nobody: the socket is opened with no
    /// capability in effect. Only the group and the buffer's size need one, and they are asked for when they are set.
    /// With the socket comes its port, which tells whether anybody still has it, see [`port_is_taken`].
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    pub fn socket() -> Result<(OwnedFd, u32), Error> {
        let (socket, port) = unprivileged::open(|| Socket::open_with_port(NlFamily::Generic))?;
        Ok((join(&socket, None)?.into_fd(), port))
    }

    /// Of a socket that another process has joined, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// When it is no socket that could have joined, or no netlink socket can be opened beside it.
    #[cfg(feature = "monitor")]
    pub fn of(socket: OwnedFd) -> Result<Self, Error> {
        const USE: &str = "hear events over what was passed";
        let passed = SockRef::from(&socket);
        let kind = passed
            .domain()
            .and_then(|domain| Ok((domain, passed.protocol()?)));
        let netlink = Domain::from(nix::libc::AF_NETLINK);
        let generic = Protocol::from(nix::libc::NETLINK_GENERIC);
        if kind.map_err(|error| Error::io(USE, error))? != (netlink, Some(generic)) {
            let why = "it is no generic netlink socket";
            return Err(Error::io(USE, io::Error::new(io::ErrorKind::InvalidInput, why)));
        }
        Self::new(Listener::new(socket))
    }

    fn new(socket: Listener) -> Result<Self, Error> {
        Ok(Self {
            socket,
            names: Names::new()?,
            // The first setting came in the same series of changes; the second replaces it.
            tells_server_side: ["pm_type", "path_manager"]
                .iter()
                .any(|name| Path::new(proc::SETTINGS).join(name).exists()),
            looked_up: FxHashMap::default(),
        })
    }

    /// To wait on until it is readable.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.fd()
    }

    /// Appends the events that are waiting, without blocking. Their `t` is 0: who reads them stamps them.
    ///
    /// # Errors
    /// When the socket cannot be read; that it lost events is no error but [`Received::Overrun`].
    pub fn read(&mut self, into: &mut Vec<Event>) -> Result<Received, Error> {
        self.looked_up.clear();
        let mut overrun = false;
        let mut events = Vec::new();
        let mut drained = false;
        // An event that makes no sense is as good as a lost one.
        let mut unreadable = false;
        for _ in 0..DATAGRAMS_A_READ {
            match self
                .socket
                .notifications(DOING, |message| match parse_event(message.payload) {
                    Ok(event) => events.push(event),
                    Err(_) => unreadable = true,
                })? {
                Notified::Some => {}
                Notified::Overrun => overrun = true,
                Notified::Nothing => {
                    drained = true;
                    break;
                }
            }
        }
        for event in events {
            let interface = self.interface(&event);
            into.push(event_map::to_model(event, interface, self.tells_server_side));
        }
        Ok(match (overrun || unreadable, drained) {
            (true, _) => Received::Overrun,
            (false, true) => Received::NothingMore,
            (false, false) => Received::MoreWaiting,
        })
    }

    fn interface(&mut self, event: &PmEvent) -> Option<String> {
        let index = event
            .if_idx
            .and_then(|index| u32::try_from(index).ok())
            .filter(|index| *index != 0)?;
        let names = &mut self.names;
        self.looked_up
            .entry(index)
            // An event without a name is better than none.
            .or_insert_with(|| names.name(index).ok().flatten().map(str::to_owned))
            .clone()
    }
}

/// Whether a generic netlink socket of the calling thread's network namespace has that port: while any process holds the
/// socket, no other can bind to its port. Costs the same however many sockets there are.
///
/// # Errors
/// When no netlink socket can be opened.
pub fn port_is_taken(port: u32) -> Result<bool, Error> {
    match Socket::bind(NlFamily::Generic, port) {
        Ok(()) => Ok(false),
        Err(error) if error.errno() == Some(Errno::EADDRINUSE) => Ok(true),
        Err(error) => Err(error),
    }
}

fn join(socket: &Socket, receive_buffer_bytes: Option<usize>) -> Result<Listener, Error> {
    let group = generic::path_manager(&mut generic::socket()?)?
        .group(EVENT_GROUP)
        .ok_or_else(|| Error::NoMptcp {
            why: "its path manager has no events".to_owned(),
        })?;
    let bytes = receive_buffer_bytes.unwrap_or(RECEIVE_BUFFER_BYTES);
    Listener::join(socket, &[group], bytes, DOING)
}
