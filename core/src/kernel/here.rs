//! Which netlink sockets of other processes belong to this network namespace.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use neli::consts::socket::NlFamily;
use nix::sys::stat::{FileStat, fstat};

use super::Error;
use super::netlink::{Socket, failed_open};
use crate::wire::proc_text::parse_netlink;

/// The netlink sockets of the calling thread's network namespace, every process's.
const LIST: &str = "/proc/thread-self/net/netlink";

/// Tells by their inodes which sockets belong to the network namespace, as /proc lists them. Whoever passes a socket
/// of it is, or was when it was opened, in that namespace.
pub struct Here {
    own: Socket,
}

impl Here {
    /// For the namespace that the calling thread is in.
    ///
    /// # Errors
    /// When no netlink socket can be opened.
    pub fn new() -> Result<Self, Error> {
        Socket::open(NlFamily::Route).map(|own| Self { own })
    }

    /// Whether the descriptor is a netlink socket of this namespace. The calling thread must be in it.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn has(&self, fd: impl AsFd) -> Result<bool, Error> {
        // Only sockets have the device: no file system can give a file their numbers.
        let device = stat(self.own.fd())?.st_dev;
        let stat = stat(fd.as_fd())?;
        Ok(stat.st_dev == device && open_sockets()?.contains(&stat.st_ino))
    }

    /// Forgets those sockets, by inode, that no process holds any more.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn retain_open<T>(sockets: &mut Vec<(u64, T)>) -> Result<(), Error> {
        let open = open_sockets()?;
        sockets.retain(|(inode, _)| open.contains(inode));
        Ok(())
    }
}

/// A netlink socket of the calling thread's network namespace, to be shown to [`Here::has`]. It is bound: /proc lists
/// no other.
///
/// # Errors
/// When no netlink socket can be opened.
pub fn witness() -> Result<OwnedFd, Error> {
    let socket = Socket::open(NlFamily::Route)?;
    socket.fd().try_clone_to_owned().map_err(failed_open)
}

/// A socket's number, by which /proc lists it.
///
/// # Errors
/// When it cannot be asked for.
pub fn inode(fd: impl AsFd) -> Result<u64, Error> {
    stat(fd.as_fd()).map(|stat| stat.st_ino)
}

fn stat(fd: BorrowedFd<'_>) -> Result<FileStat, Error> {
    fstat(fd).map_err(|errno| Error::io("look at a descriptor", errno))
}

fn open_sockets() -> Result<BTreeSet<u64>, Error> {
    let text = fs::read_to_string(LIST).map_err(|source| Error::io(format!("read {LIST}"), source))?;
    Ok(parse_netlink(&text).collect())
}
