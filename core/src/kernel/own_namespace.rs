//! Which netlink sockets of other processes belong to this network namespace.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use neli::consts::socket::NlFamily;
use nix::errno::Errno;
use nix::sys::stat::fstat;
use rustix::net::AddressFamily;
use rustix::net::sockopt::socket_domain;

use super::netlink::{Socket, failed_open};
use super::netns::Identity;
use super::{Error, Namespace};

/// Tells which sockets belong to the network namespace that it was made in. Whoever passes a socket of it is, or was
/// when it was opened, in that namespace. Costs the same however many sockets there are. It asks no file system
/// anything, and nothing of a socket that takes its lock: who passed it could take their time over the answer.
#[derive(Debug)]
pub struct OwnNamespace {
    namespace: Identity,
}

impl OwnNamespace {
    /// For the namespace that the calling thread is in.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn new() -> Result<Self, Error> {
        let namespace = Namespace::current()?.identity();
        Ok(Self { namespace })
    }

    /// Whether the descriptor is a netlink socket of this namespace. Where that namespace belongs to others the kernel
    /// says nothing, and it is another.
    pub fn has(&self, fd: impl AsFd) -> bool {
        let fd = fd.as_fd();
        socket_domain(fd) == Ok(AddressFamily::NETLINK)
            && namespace_of(fd)
                .and_then(fstat)
                .is_ok_and(|file| (file.st_dev, file.st_ino) == self.namespace)
    }
}

/// A netlink socket of the calling thread's network namespace, to be shown to [`OwnNamespace::has`].
///
/// # Errors
/// When no netlink socket can be opened.
pub fn witness() -> Result<OwnedFd, Error> {
    let socket = Socket::open(NlFamily::Route)?;
    socket.fd().try_clone_to_owned().map_err(failed_open)
}

mod ioctl {
    /// `SIOCGSKNS` (include/uapi/linux/sockios.h; Linux 4.10): a descriptor of a socket's network namespace.
    const SIOCGSKNS: nix::libc::c_int = 0x894C;

    nix::ioctl_none_bad!(
        /// The descriptor as a number.
        socket_namespace,
        SIOCGSKNS
    );
}

fn namespace_of(socket: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    // SAFETY: the request takes no argument, and its result is a descriptor that nobody else owns.
    #[allow(unsafe_code)]
    unsafe {
        ioctl::socket_namespace(socket.as_raw_fd()).map(|fd| OwnedFd::from_raw_fd(fd))
    }
}
