//! Interface names and numbers of one network namespace, whichever namespace the asking thread is in.

use std::net::IpAddr;

use neli::consts::socket::NlFamily;
use nix::errno::Errno;
use rustc_hash::FxHashMap;

use super::Error;
use super::netlink::Socket;
use crate::wire::rtnetlink::{
    RTM_NEWADDR, dump_addresses, get_link_by_index, get_link_by_name, parse_address, parse_link,
};

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
        if let Some(name) = self.name_now(index)? {
            self.last.insert(index, name);
        }
        Ok(self.last.get(&index).map(String::as_str))
    }

    /// The name of an interface; `None` for one that is not there.
    pub(super) fn name_now(&mut self, index: u32) -> Result<Option<String>, Error> {
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
        Ok(name)
    }

    /// The numbers of the interfaces that have an address.
    pub(super) fn owners(&mut self, address: IpAddr) -> Result<Vec<u32>, Error> {
        let owned = self
            .socket
            .list("list addresses", dump_addresses, |message| match message.kind {
                RTM_NEWADDR => parse_address(message.payload),
                _ => Ok(None),
            })?;
        let owners = owned.iter().filter(|owned| owned.address == address);
        Ok(owners.map(|owned| owned.interface_index).collect())
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

    /// The name of an interface, or its number where it has none.
    pub(super) fn name_or_number(&mut self, index: u32) -> Result<String, Error> {
        Ok(self.name(index)?.map_or_else(|| index.to_string(), str::to_owned))
    }

    /// The number of an interface that is given by its name, or by the number itself (RFC 4007, 11.2).
    pub(super) fn index_or_number(&mut self, text: &str) -> Result<u32, Error> {
        match (self.index(text), text.parse()) {
            (Err(Error::NoSuchInterface { .. }), Ok(number)) if number != 0 => Ok(number),
            (outcome, _) => outcome,
        }
    }
}

/// That there is no such interface is no failure; a name that cannot be one gives EINVAL or ERANGE.
fn known(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if matches!(error.errno(), Some(Errno::ENODEV | Errno::EINVAL | Errno::ERANGE)) => Ok(()),
        outcome => outcome,
    }
}
