//! What is let in from a socket on which there are messages: none that is too long, and of descriptors only those that a
//! call takes.
//!
//! A message's length is known before its body is read. On the bus, where all callers share one socket, a call that is too
//! long goes on without its body, so that it is answered with an error, and the body is read and thrown away piece by
//! piece. On the socket of one caller it ends the connection.

use std::io;
use std::mem::take;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use async_io::Async;
use async_trait::async_trait;
use zbus::conn::socket::{ReadHalf, Socket, Split};
use zbus::fdo::ConnectionCredentials;

use super::framing::{FIRST_BYTES, Lengths, Verdict, begins_message, without_body};
use super::passed_descriptors::PassedDescriptors;
use crate::kernel::OwnNamespace;

/// How much of what is thrown away is read at once: about what a socket holds, so that the bus's queue does not fill.
const PIECE_BYTES: usize = 256 * 1024;

/// The lines of the greeting are shorter.
const LINE_BYTES: usize = 16 * 1024;

/// What is done where a message is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooLong {
    /// It is thrown away, and a call is answered.
    IsRefused,
    /// The connection ends.
    Ends,
}

/// What descriptors are taken for.
#[derive(Debug)]
pub(super) enum Descriptors {
    /// None can be passed.
    None,
    /// A message may bring one netlink socket of this namespace. Anything else is a stranger's, and replaced by something
    /// of no use, which is refused where it is looked at.
    OneOf(OwnNamespace, PassedDescriptors),
}

/// A connected socket, and what is let in from it.
#[derive(Debug)]
pub(super) struct Inlet {
    socket: Arc<Async<UnixStream>>,
    descriptors: Descriptors,
    too_long: TooLong,
    /// The first message has not begun.
    greets: bool,
    /// The beginning of a message or line.
    beginning: Vec<u8>,
    /// What is let in and waits to be read.
    ready: Vec<u8>,
    /// How many bytes after that are let in, too.
    let_in: usize,
    /// How many bytes after that are thrown away.
    thrown_away: usize,
    /// The descriptor that the message brought.
    passed: Option<OwnedFd>,
}

impl Inlet {
    pub(super) fn new(socket: UnixStream, descriptors: Descriptors, too_long: TooLong) -> io::Result<Self> {
        Ok(Self {
            socket: Arc::new(Async::new(socket)?),
            descriptors,
            too_long,
            greets: true,
            beginning: Vec::new(),
            ready: Vec::new(),
            let_in: 0,
            thrown_away: 0,
            passed: None,
        })
    }

    /// Reads from the socket; 0 at its end.
    async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (length, descriptors) = self.socket.recvmsg(buffer).await?;
        self.take_descriptors(descriptors);
        Ok(length)
    }

    fn take_descriptors(&mut self, descriptors: Vec<OwnedFd>) {
        let Descriptors::OneOf(here, passed_descriptors) = &self.descriptors else {
            return;
        };
        let (ours, others): (Vec<_>, Vec<_>) = descriptors.into_iter().partition(|fd| here.has(fd));
        if self.passed.is_none() && !(ours.is_empty() && others.is_empty()) {
            // Closing a netlink socket waits for nobody.
            self.passed = ours.into_iter().next().or_else(useless_descriptor);
        }
        passed_descriptors.take(others);
    }

    /// Reads until so much of the beginning is there; whether it came to that.
    async fn read_beginning(&mut self, bytes: usize) -> io::Result<bool> {
        while self.beginning.len() < bytes {
            let mut buffer = vec![0; bytes - self.beginning.len()];
            let length = self.receive(&mut buffer).await?;
            if length == 0 {
                return Ok(false);
            }
            self.beginning
                .extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
        Ok(true)
    }

    /// Looks at what comes next and sees to what is let in of it; `false` at the end.
    async fn admit_next(&mut self) -> io::Result<bool> {
        // What follows the last line of the greeting, which may be a message, is not read with it.
        let known = if self.greets { 1 } else { FIRST_BYTES };
        if !self.read_beginning(known).await? {
            return Ok(false);
        }
        let is_message = self.beginning.first().copied().is_some_and(begins_message);
        if self.greets && !is_message {
            while self.beginning.last() != Some(&b'\n') {
                let more = self.beginning.len() + 1;
                if more > LINE_BYTES || !self.read_beginning(more).await? {
                    return Ok(false);
                }
            }
            self.ready = take(&mut self.beginning);
            return Ok(true);
        }
        self.greets = false;
        if !self.read_beginning(FIRST_BYTES).await? {
            return Ok(false);
        }
        let no_message = || io::Error::new(io::ErrorKind::InvalidData, "no message begins so");
        let first = *self.beginning.first_chunk().ok_or_else(no_message)?;
        let lengths = Lengths::of(&first).ok_or_else(no_message)?;
        self.beginning.clear();
        match lengths.verdict(&first) {
            Verdict::Whole => {
                self.ready.extend_from_slice(&first);
                self.let_in = lengths.fields + lengths.body;
            }
            _ if self.too_long == TooLong::Ends => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the message is too long",
                ));
            }
            Verdict::WithoutBody => {
                self.ready.extend_from_slice(&without_body(first));
                self.let_in = lengths.fields;
                self.thrown_away = lengths.body;
            }
            Verdict::Not => self.thrown_away = lengths.fields.saturating_add(lengths.body),
        }
        Ok(true)
    }

    fn pass(&mut self) -> Vec<OwnedFd> {
        self.passed.take().into_iter().collect()
    }
}

/// A descriptor that is no netlink socket.
fn useless_descriptor() -> Option<OwnedFd> {
    UnixStream::pair().ok().map(|(end, _)| end.into())
}

#[async_trait]
impl ReadHalf for Inlet {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        loop {
            if !self.ready.is_empty() {
                let length = self.ready.len().min(buffer.len());
                for (to, from) in buffer.iter_mut().zip(self.ready.drain(..length)) {
                    *to = from;
                }
                return Ok((length, self.pass()));
            }
            if self.let_in > 0 {
                let most = self.let_in.min(buffer.len());
                let length = self.receive(buffer.get_mut(..most).unwrap_or_default()).await?;
                self.let_in -= length;
                return Ok((length, self.pass()));
            }
            if self.thrown_away > 0 {
                let mut piece = vec![0; self.thrown_away.min(PIECE_BYTES)];
                let length = self.receive(&mut piece).await?;
                self.thrown_away -= length;
                self.passed = None;
                if length == 0 {
                    return Ok((0, Vec::new()));
                }
            } else if !self.admit_next().await? {
                return Ok((0, Vec::new()));
            }
        }
    }

    fn can_pass_unix_fd(&self) -> bool {
        matches!(self.descriptors, Descriptors::OneOf(..))
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        ReadHalf::peer_credentials(&mut self.socket).await
    }
}

impl Socket for Inlet {
    type ReadHalf = Self;
    type WriteHalf = Arc<Async<UnixStream>>;

    fn split(self) -> Split<Self::ReadHalf, Self::WriteHalf> {
        let write = Arc::clone(&self.socket);
        Split::new(self, write)
    }
}
