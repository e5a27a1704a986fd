//! A generic netlink socket and the family it talks to.

use neli::consts::socket::NlFamily;
use nix::errno::Errno;

use super::Error;
use super::netlink::Socket;
use crate::wire::generic::{Family, get_family, parse_family};

/// Opens a generic netlink socket for requests.
pub(super) fn socket() -> Result<Socket, Error> {
    Socket::new(NlFamily::Generic)
}

/// Looks a family up; `None` when the kernel has none of that name.
pub(super) fn family(socket: &mut Socket, name: &str) -> Result<Option<Family>, Error> {
    let mut found = None;
    let outcome = socket.request(
        "look a generic netlink family up",
        |sequence| get_family(name, sequence),
        |message| {
            found = Some(parse_family(message.payload)?);
            Ok(())
        },
    );
    match outcome {
        Ok(()) => Ok(found),
        Err(error) if error.errno() == Some(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The path manager's family.
pub(super) fn path_manager(socket: &mut Socket) -> Result<Family, Error> {
    family(socket, crate::wire::mptcp_pm::FAMILY)?.ok_or_else(|| Error::NoMptcp {
        why: "it has no path manager".to_owned(),
    })
}
