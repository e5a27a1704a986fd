//! One netlink socket with its buffer: requests and dumps.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use nix::sys::socket::{MsgFlags, NetlinkAddr, connect, recvmsg, setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

use super::Error;
use crate::wire::Malformed;
use crate::wire::netlink::{
    Message, Messages, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_OVERRUN, Outcome, parse_outcome,
};

/// The kernel fills at most 32 KiB in one go (net/netlink/af_netlink.c, `netlink_recvmsg`).
const BUFFER_BYTES: usize = 64 * 1024;
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;
/// The kernel answers at once; this only keeps a bug from hanging us.
const ANSWER_WITHIN_S: i64 = 5;
/// How often a dump is begun again because what it lists changed meanwhile.
const DUMP_ATTEMPTS: u32 = 4;
/// How many look-ups share a send. Each answer takes about 2.5 kB of the receive buffer, which for normal users holds
/// 400 kB.
const LOOK_UPS_A_SEND: usize = 64;
/// How many datagrams that answer nothing we asked are passed over in one exchange. An exchange that was given up leaves
/// the rest of its dump behind, 32 KiB a datagram; more than this is no such rest.
const UNASKED_DATAGRAMS: usize = 4096;
/// The kernel's own port (netlink(7)).
const KERNEL: u32 = 0;
/// From here on there are no ids of processes, and up to twice this the kernel chooses no port by itself
/// (net/netlink/af_netlink.c, `netlink_autobind`).
const PORTS_NOT_GIVEN: u32 = 1 << 30;

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

    /// One that is not set up for anything yet. It is connected to the kernel, which then delivers no message to it that
    /// another process sends to its port (net/netlink/af_netlink.c, `netlink_getsockbyportid`). Its sequence numbers
    /// begin anywhere, so that nobody can guess them.
    pub(super) fn open(family: NlFamily) -> Result<Self, Error> {
        Self::of(NlSocket::connect(family, None, Groups::empty()).map_err(failed_open)?)
    }

    /// The same, with a port that the kernel gives nobody, and which no other socket will have by chance: it tells
    /// whether this socket is still open. (Its own choice is the process's id, which another process may have later.)
    pub(super) fn open_with_port(family: NlFamily) -> Result<(Self, u32), Error> {
        let port = PORTS_NOT_GIVEN | (random_u32() % PORTS_NOT_GIVEN);
        let inner = NlSocket::connect(family, Some(port), Groups::empty()).map_err(failed_open)?;
        Ok((Self::of(inner)?, port))
    }

    fn of(inner: NlSocket) -> Result<Self, Error> {
        connect(inner.as_raw_fd(), &NetlinkAddr::new(KERNEL, 0)).map_err(failed_open)?;
        Ok(Self {
            inner,
            sequence: random_u32(),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
        })
    }

    /// Binds a socket of that family to a port and closes it again. Fails with `EADDRINUSE` where another has the port.
    pub(super) fn bind(family: NlFamily, port: u32) -> Result<(), Error> {
        let bound = NlSocket::connect(family, Some(port), Groups::empty());
        bound.map(drop).map_err(failed_open)
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
            tracing::debug!(doing, ?how, "the dump is not whole");
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
        let mut unasked = Unasked::default();
        loop {
            let length = match receive(self.inner.as_raw_fd(), &mut self.buffer, MsgFlags::empty()) {
                Ok(length) => length.unwrap_or_default(),
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => {
                    how = Dump::Overrun;
                    continue;
                }
                Err(error) => return Err(Error::io(doing, error)),
            };
            let mut answered = false;
            for message in Messages(self.buffer.get(..length).unwrap_or_default()) {
                let message = message.map_err(|source| Error::malformed(doing, source))?;
                // What is left of an earlier request that went wrong.
                if message.sequence != self.sequence {
                    continue;
                }
                answered = true;
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
            unasked.count(answered).map_err(|error| Error::io(doing, error))?;
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
        let mut refused = None;
        let how = self.look_up_each(doing, wanted, build, |_, answer| match answer {
            Ok(message) => each(message),
            Err(outcome) if matches!(outcome.errno, 0 | nix::libc::ENOENT) => Ok(()),
            Err(outcome) => {
                refused.get_or_insert(outcome);
                Ok(())
            }
        })?;
        refused.map_or(Ok(how), |outcome| {
            Err(Error::refused(doing, outcome.errno, outcome.text))
        })
    }

    /// The same, where `each` is told of which of `wanted` an answer is, and decides what a refusal means.
    pub(super) fn look_up_each<T>(
        &mut self,
        doing: &str,
        wanted: &[T],
        build: impl Fn(&T, u32, &mut Vec<u8>),
        mut each: impl FnMut(usize, Result<&Message<'_>, Outcome>) -> Result<(), Malformed>,
    ) -> Result<Dump, Error> {
        let mut requests = Vec::new();
        for (batch, some) in wanted.chunks(LOOK_UPS_A_SEND).enumerate() {
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
            let of_wanted = |sequence: u32, answer: Result<&Message<'_>, Outcome>| {
                let place = usize::try_from(sequence.saturating_sub(first)).unwrap_or(usize::MAX);
                each((batch * LOOK_UPS_A_SEND).saturating_add(place), answer)
            };
            if self.answers(doing, first, count, of_wanted)? == Dump::Overrun {
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
        mut each: impl FnMut(u32, Result<&Message<'_>, Outcome>) -> Result<(), Malformed>,
    ) -> Result<Dump, Error> {
        let mut malformed = None;
        let mut unasked = Unasked::default();
        while count > 0 {
            let length = match receive(self.inner.as_raw_fd(), &mut self.buffer, MsgFlags::empty()) {
                Ok(length) => length.unwrap_or_default(),
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => {
                    tracing::debug!(doing, left = count, "answers are lost");
                    return Ok(Dump::Overrun);
                }
                Err(error) => return Err(Error::io(doing, error)),
            };
            let mut answered = false;
            for message in Messages(self.buffer.get(..length).unwrap_or_default()) {
                let message = message.map_err(|source| Error::malformed(doing, source))?;
                // What is left of an earlier request that went wrong.
                if !(first..=self.sequence).contains(&message.sequence) {
                    continue;
                }
                answered = true;
                count = count.saturating_sub(1);
                let answer = if message.kind == NLMSG_ERROR {
                    let outcome =
                        parse_outcome(&message).map_err(|source| Error::malformed(doing, source))?;
                    // The answer did not fit into the receive buffer.
                    if matches!(outcome.errno, nix::libc::EAGAIN | nix::libc::ENOBUFS) {
                        return Ok(Dump::Overrun);
                    }
                    Err(outcome)
                } else {
                    Ok(&message)
                };
                malformed = malformed.or(each(message.sequence, answer).err());
            }
            unasked.count(answered).map_err(|error| Error::io(doing, error))?;
        }
        malformed.map_or(Ok(Dump::Whole), |source| Err(Error::malformed(doing, source)))
    }
}

pub(super) fn failed_open(error: impl Into<io::Error>) -> Error {
    Error::io("open a netlink socket", error)
}

/// Receives a datagram of the kernel's and says how long it is; `None` for one that somebody else sent: who owns the
/// network namespace may send to every netlink socket in it.
pub(super) fn receive(socket: RawFd, buffer: &mut [u8], flags: MsgFlags) -> io::Result<Option<usize>> {
    // With MSG_TRUNC a datagram that does not fit is told by its true length; its messages then end in an error.
    let flags = flags | MsgFlags::MSG_TRUNC;
    retry(|| {
        let mut slices = [IoSliceMut::new(buffer)];
        let received = recvmsg::<NetlinkAddr>(socket, &mut slices, None, flags)?;
        let is_the_kernels = received.address.is_some_and(|sender| sender.pid() == KERNEL);
        Ok(is_the_kernels.then_some(received.bytes))
    })
}

/// Counts datagrams in a row that answer nothing we asked, so that a stream of them ends an exchange.
#[derive(Default)]
struct Unasked(usize);

impl Unasked {
    fn count(&mut self, answered: bool) -> io::Result<()> {
        self.0 = if answered { 0 } else { self.0 + 1 };
        if self.0 < UNASKED_DATAGRAMS {
            return Ok(());
        }
        let why = "the answer does not come, but others do, which nobody asked for; try again";
        Err(io::Error::new(io::ErrorKind::TimedOut, why))
    }
}

/// A number that nobody can guess: the standard library takes the seeds of its hash tables from the kernel.
fn random_u32() -> u32 {
    let bytes = RandomState::new().hash_one(()).to_ne_bytes();
    u32::from_ne_bytes(*bytes.first_chunk().unwrap_or(&[0; 4]))
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
            // Cookies count from 1 on since the machine started.
            cookie: Some(u64::MAX / 3),
            ..wanted
        };
        let mut count = 0;
        let how = socket.look_up("look up", &[nowhere, wanted, nowhere], look_up_tcp, |_| {
            count += 1;
            Ok(())
        });
        assert_eq!((how.expect("answers"), count), (Dump::Whole, 1));
    }

    #[test]
    fn a_stream_of_what_nobody_asked_for_ends() {
        let mut unasked = Unasked::default();
        for _ in 0..3 {
            assert!((1..UNASKED_DATAGRAMS).all(|_| unasked.count(false).is_ok()));
            assert!(unasked.count(true).is_ok(), "an answer begins the count anew");
        }
        let ended = (0..UNASKED_DATAGRAMS).find_map(|_| unasked.count(false).err());
        assert_eq!(ended.map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
    }

    #[test]
    fn nobody_can_guess_a_sequence_number() {
        let first = || Socket::open(NlFamily::Route).expect("a socket").sequence;
        let numbers: std::collections::BTreeSet<u32> = (0..20).map(|_| first()).collect();
        assert!(numbers.len() > 15, "{numbers:?}");
    }
}
