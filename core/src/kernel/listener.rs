//! A netlink socket that hears notifications, opened here or passed on by another process.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::sys::socket::MsgFlags;

use super::Error;
use super::netlink::{Socket, failed_open, receive};
use crate::wire::netlink::{Message, Messages};

/// The kernel fills at most 32 KiB in one go (net/netlink/af_netlink.c, `netlink_recvmsg`).
const BUFFER_BYTES: usize = 64 * 1024;

/// A socket that has joined multicast groups, and its buffer.
pub(super) struct Listener {
    fd: OwnedFd,
    buffer: Box<[u8]>,
}

/// What a read of notifications gave.
pub(super) enum Notified {
    /// Some were read.
    Some,
    /// None are waiting.
    Nothing,
    /// The kernel dropped some.
    Overrun,
}

impl Listener {
    /// Has a socket join multicast groups. Fails with `NotPermitted` where a group is for the privileged.
    pub(super) fn join(
        socket: &Socket,
        groups: &[u32],
        receive_buffer_bytes: usize,
        doing: &str,
    ) -> Result<Self, Error> {
        socket.set_receive_buffer(receive_buffer_bytes)?;
        socket.join(groups, doing)?;
        let fd = socket.fd().try_clone_to_owned().map_err(failed_open)?;
        Ok(Self::new(fd))
    }

    /// Of a socket that has joined.
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self {
            fd,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
        }
    }

    /// To wait on.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The socket, for another process.
    pub(super) fn into_fd(self) -> OwnedFd {
        self.fd
    }

    /// Reads the notifications of one datagram, if one is waiting.
    pub(super) fn notifications(
        &mut self,
        doing: &str,
        mut each: impl FnMut(&Message<'_>),
    ) -> Result<Notified, Error> {
        let length = match receive(self.fd.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_DONTWAIT) {
            // What others send is passed over, as if it had not come.
            Ok(length) => length.unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Notified::Nothing),
            Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => return Ok(Notified::Overrun),
            Err(error) => return Err(Error::io(doing, error)),
        };
        for message in Messages(self.buffer.get(..length).unwrap_or_default()) {
            // What cannot be read is as good as lost.
            let Ok(message) = message else {
                return Ok(Notified::Overrun);
            };
            each(&message);
        }
        Ok(Notified::Some)
    }
}
