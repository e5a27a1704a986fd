//! One netlink socket with its buffer: requests and dumps.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

use super::Error;
use crate::wire::Malformed;
use crate::wire::netlink::{
    Message, Messages, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_OVERRUN, parse_outcome,
};

/// The kernel fills at most 32 KiB in one go (net/netlink/af_netlink.c, `netlink_recvmsg`).
const BUFFER_BYTES: usize = 64 * 1024;
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;
/// The kernel answers at once; this only keeps a bug from hanging us.
const ANSWER_WITHIN_S: i64 = 5;
/// How often a dump is begun again because what it lists changed meanwhile.
const DUMP_ATTEMPTS: u32 = 4;
/// So many look-ups share a send. Each answer takes about 2.5 kB of the receive buffer, which for normal users holds
/// 400 kB.
const LOOK_UPS_A_SEND: usize = 64;

/// A netlink socket for requests.
pub(super) struct Socket {
    inner: NlSocket,
    sequence: u32,
    buffer: Box<[u8]>,
}

/// How a dump went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dump {
    /// Everything came.
    Whole,
    /// What was listed changed meanwhile: something may be twice, or missing.
    Inconsistent,
    /// The socket's buffer was full: something is missing.
    Overrun,
}

impl Socket {
    /// Opens a socket for requests in the calling thread's network namespace.
    pub(super) fn new(family: NlFamily) -> Result<Self, Error> {
        let socket = Self::open(family)?;
        let timeout = TimeVal::seconds(ANSWER_WITHIN_S);
        setsockopt(&socket.fd(), sockopt::ReceiveTimeout, &timeout).map_err(failed_open)?;
        socket.set_receive_buffer(RECEIVE_BUFFER_BYTES)?;
        socket.inner.enable_ext_ack(true).map_err(failed_open)?;
        Ok(socket)
    }

    /// One that is not set up for anything yet.
    pub(super) fn open(family: NlFamily) -> Result<Self, Error> {
        let inner = NlSocket::connect(family, None, Groups::empty()).map_err(failed_open)?;
        Ok(Self {
            inner,
            sequence: 0,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
        })
    }

    /// The privileged may pass the system's limit (net.core.rmem_max); others get as much as it allows.
    pub(super) fn set_receive_buffer(&self, bytes: usize) -> Result<(), Error> {
        setsockopt(&self.fd(), sockopt::RcvBufForce, &bytes)
            .or_else(|_| setsockopt(&self.fd(), sockopt::RcvBuf, &bytes))
            .map_err(failed_open)
    }

    /// Gives dumps only what is asked for (rtnetlink; Linux 4.20).
    pub(super) fn check_strictly(&self) -> Result<(), Error> {
        self.inner.enable_strict_checking(true).map_err(failed_open)
    }

    /// Joins multicast groups. Fails with `NotPermitted` where a group is for the privileged.
    pub(super) fn join(&self, groups: &[u32], doing: &str) -> Result<(), Error> {
        self.inner
            .add_mcast_membership(Groups::new_groups(groups))
            .map_err(|error| Error::io(doing, error))
    }

    /// To wait on.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is open as long as `inner` lives, and the borrow cannot outlive `self`.
        #[allow(unsafe_code)]
        unsafe {
            BorrowedFd::borrow_raw(self.inner.as_raw_fd())
        }
    }

    /// Sends a request that is no dump and reads its answers up to the final outcome.
    pub(super) fn request(
        &mut self,
        doing: &str,
        build: impl FnOnce(u32) -> Vec<u8>,
        each: impl FnMut(&Message<'_>) -> Result<(), Malformed>,
    ) -> Result<(), Error> {
        self.exchange(doing, build, each).and_then(|how| match how {
            Dump::Overrun => Err(Error::io(doing, io::Error::from_raw_os_error(nix::libc::ENOBUFS))),
            Dump::Whole | Dump::Inconsistent => Ok(()),
        })
    }

    /// Lists things with a dump, and begins again when they change meanwhile. The last attempt is taken as it is,
    /// unless something is certain to be missing.
    pub(super) fn list<T>(
        &mut self,
        doing: &str,
        build: impl Fn(u32) -> Vec<u8>,
        mut parse: impl FnMut(&Message<'_>) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, Error> {
        let mut list = Vec::new();
        let mut how = Dump::Overrun;
        for _ in 0..DUMP_ATTEMPTS {
            list.clear();
            how = self.exchange(doing, &build, |message| {
                list.extend(parse(message)?);
                Ok(())
            })?;
            if how == Dump::Whole {
                break;
            }
        }
        match how {
            Dump::Overrun => Err(Error::refused(doing, nix::libc::ENOBUFS, None)),
            Dump::Whole | Dump::Inconsistent => Ok(list),
        }
    }

    /// Sends a request and reads its answers: until the end of a dump, or until the outcome. An answer that does not
    /// parse is reported once all have been read, so that the socket can be used again.
    pub(super) fn exchange(
        &mut self,
        doing: &str,
        build: impl FnOnce(u32) -> Vec<u8>,
        mut each: impl FnMut(&Message<'_>) -> Result<(), Malformed>,
    ) -> Result<Dump, Error> {
        // 0 is for notifications.
        self.sequence = self.sequence.wrapping_add(1).max(1);
        let request = build(self.sequence);
        retry(|| self.inner.send(&request, Msg::empty())).map_err(|error| Error::io(doing, error))?;
        let mut how = Dump::Whole;
        let mut malformed = None;
        loop {
            let length = match receive(&self.inner, &mut self.buffer) {
                Ok(length) => length,
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => {
                    how = Dump::Overrun;
                    continue;
                }
                Err(error) => return Err(Error::io(doing, error)),
            };
            for message in Messages(self.buffer.get(..length).unwrap_or_default()) {
                let message = message.map_err(|source| Error::malformed(doing, source))?;
                // What is left of an earlier request that went wrong.
                if message.sequence != self.sequence {
                    continue;
                }
                if message.flags & NLM_F_DUMP_INTR != 0 && how == Dump::Whole {
                    how = Dump::Inconsistent;
                }
                match message.kind {
                    NLMSG_DONE | NLMSG_ERROR => {
                        let outcome =
                            parse_outcome(&message).map_err(|source| Error::malformed(doing, source))?;
                        if outcome.errno != 0 {
                            return Err(Error::refused(doing, outcome.errno, outcome.text));
                        }
                        return malformed.map_or(Ok(how), |source| Err(Error::malformed(doing, source)));
                    }
                    NLMSG_OVERRUN => how = Dump::Overrun,
                    _ => malformed = malformed.or(each(&message).err()),
                }
            }
        }
    }

    /// Looks things up that have one answer each, many with one send. What is not there (ENOENT) has none. When answers
    /// are lost the rest is not asked for.
    pub(super) fn look_up<T>(
        &mut self,
        doing: &str,
        wanted: &[T],
        build: impl Fn(&T, u32, &mut Vec<u8>),
        mut each: impl FnMut(&Message<'_>) -> Result<(), Malformed>,
    ) -> Result<Dump, Error> {
        let mut requests = Vec::new();
        for some in wanted.chunks(LOOK_UPS_A_SEND) {
            requests.clear();
            let count = u32::try_from(some.len()).unwrap_or(u32::MAX);
            // 0 is for notifications, and a batch does not go across it.
            let first = self
                .sequence
                .checked_add(1)
                .filter(|first| first.checked_add(count).is_some());
            let first = first.unwrap_or(1);
            for (sequence, item) in (first..).zip(some) {
                build(item, sequence, &mut requests);
                self.sequence = sequence;
            }
            retry(|| self.inner.send(&requests, Msg::empty())).map_err(|error| Error::io(doing, error))?;
            if self.answers(doing, first, count, &mut each)? == Dump::Overrun {
                return Ok(Dump::Overrun);
            }
        }
        Ok(Dump::Whole)
    }

    /// Reads the answers to so many requests, numbered from `first`.
    fn answers(
        &mut self,
        doing: &str,
        first: u32,
        mut count: u32,
        mut each: impl FnMut(&Message<'_>) -> Result<(), Malformed>,
    ) -> Result<Dump, Error> {
        let mut malformed = None;
        while count > 0 {
            let length = match receive(&self.inner, &mut self.buffer) {
                Ok(length) => length,
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => return Ok(Dump::Overrun),
                Err(error) => return Err(Error::io(doing, error)),
            };
            for message in Messages(self.buffer.get(..length).unwrap_or_default()) {
                let message = message.map_err(|source| Error::malformed(doing, source))?;
                // What is left of an earlier request that went wrong.
                if !(first..=self.sequence).contains(&message.sequence) {
                    continue;
                }
                count = count.saturating_sub(1);
                if message.kind != NLMSG_ERROR {
                    malformed = malformed.or(each(&message).err());
                    continue;
                }
                let outcome = parse_outcome(&message).map_err(|source| Error::malformed(doing, source))?;
                match outcome.errno {
                    0 | nix::libc::ENOENT => {}
                    // The answer did not fit into the receive buffer.
                    nix::libc::EAGAIN | nix::libc::ENOBUFS => return Ok(Dump::Overrun),
                    errno => return Err(Error::refused(doing, errno, outcome.text)),
                }
            }
        }
        malformed.map_or(Ok(Dump::Whole), |source| Err(Error::malformed(doing, source)))
    }
}

pub(super) fn failed_open(error: impl Into<io::Error>) -> Error {
    Error::io("open a netlink socket", error)
}

fn receive(socket: &NlSocket, buffer: &mut [u8]) -> io::Result<usize> {
    // With MSG_TRUNC a datagram that does not fit is told by its true length; its messages then end in an error.
    retry(|| socket.recv(&mut *buffer, Msg::TRUNC)).map(|(length, _)| length)
}

pub(super) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::wire::bytes::AF_INET;
    use crate::wire::sock_diag::{SUBFLOW_STATES, SocketId, TcpMessage, dump_tcp, look_up_tcp};

    #[test]
    fn answers_that_do_not_fit_are_told_and_the_socket_can_be_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let wanted = SocketId {
            local: client.local_addr().expect("an address"),
            remote: client.peer_addr().expect("an address"),
            interface_index: 0,
            cookie: None,
        };
        let mut socket = Socket::new(NlFamily::SockOrInetDiag).expect("a socket");
        let look_up = |socket: &mut Socket, count: usize| {
            let mut found = Vec::new();
            let how = socket.look_up("look up", &vec![wanted; count], look_up_tcp, |message| {
                found.push(TcpMessage::parse(message.payload)?.socket()?.cookie);
                Ok(())
            });
            (how.expect("answers"), found)
        };
        let (how, found) = look_up(&mut socket, 200);
        assert_eq!((how, found.len()), (Dump::Whole, 200));

        // The kernel gives at least about 2 kB.
        setsockopt(&socket.fd(), sockopt::RcvBuf, &1).expect("a small buffer");
        let (how, few) = look_up(&mut socket, 64);
        assert!(how == Dump::Overrun && few.len() < 64, "{how:?}, {}", few.len());

        socket
            .set_receive_buffer(RECEIVE_BUFFER_BYTES)
            .expect("a large buffer");
        let mut dumped = 0;
        let how = socket.exchange(
            "list",
            |sequence| dump_tcp(AF_INET, SUBFLOW_STATES, sequence),
            |_| {
                dumped += 1;
                Ok(())
            },
        );
        assert_eq!(how.expect("a dump"), Dump::Whole);
        assert!(dumped >= 1, "what is left of the look-ups is passed over");
        let (how, again) = look_up(&mut socket, 3);
        assert_eq!(
            (how, again.as_slice()),
            (Dump::Whole, found.get(..3).unwrap_or_default())
        );

        // One that is not there has no answer, and the others have theirs.
        let nowhere = SocketId {
            cookie: Some(1),
            ..wanted
        };
        let mut count = 0;
        let how = socket.look_up("look up", &[nowhere, wanted, nowhere], look_up_tcp, |_| {
            count += 1;
            Ok(())
        });
        assert_eq!((how.expect("answers"), count), (Dump::Whole, 1));
    }
}
