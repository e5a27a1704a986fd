//! Interface names and numbers of one network namespace, whichever namespace the asking thread is in.

use neli::consts::socket::NlFamily;
use nix::errno::Errno;
use rustc_hash::FxHashMap;

use super::Error;
use super::netlink::Socket;
use crate::wire::rtnetlink::{get_link_by_index, get_link_by_name, parse_link};

/// Asks rtnetlink, and remembers the names of interfaces that are gone: what is told of their end names them too.
pub(super) struct Names {
    socket: Socket,
    last: FxHashMap<u32, String>,
}

impl Names {
    /// For the namespace that the calling thread is in now.
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            socket: Socket::new(NlFamily::Route)?,
            last: FxHashMap::default(),
        })
    }

    /// The name of an interface, as it is now or was last; `None` for one never seen.
    pub(super) fn name(&mut self, index: u32) -> Result<Option<&str>, Error> {
        let mut name = None;
        let outcome = self.socket.request(
            "look an interface up by its number",
            |sequence| get_link_by_index(index, sequence),
            |message| {
                name = parse_link(message.payload)?.name;
                Ok(())
            },
        );
        known(outcome)?;
        if let Some(name) = name {
            self.last.insert(index, name);
        }
        Ok(self.last.get(&index).map(String::as_str))
    }

    /// The number of an interface.
    pub(super) fn index(&mut self, name: &str) -> Result<u32, Error> {
        let mut index = None;
        let outcome = self.socket.request(
            &format!("look the interface '{name}' up"),
            |sequence| get_link_by_name(name, sequence),
            |message| {
                index = Some(parse_link(message.payload)?.index);
                Ok(())
            },
        );
        known(outcome)?;
        index.ok_or_else(|| Error::NoSuchInterface {
            name: name.to_owned(),
        })
    }
}

/// That there is no such interface is no failure; a name that cannot be one gives EINVAL or ERANGE.
fn known(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if matches!(error.errno(), Some(Errno::ENODEV | Errno::EINVAL | Errno::ERANGE)) => Ok(()),
        outcome => outcome,
    }
}
