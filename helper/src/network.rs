//! The network namespace that the helper changes, and what of that has to be remembered.

use std::os::fd::{AsFd, OwnedFd};

use super::records::{EventSocket, Records};
use crate::bus::Refusal;
use crate::kernel::{Error, Events, OwnNamespace, PathManager, port_is_taken};
use crate::model::text::for_terminal;
use crate::model::{Before, Command, Endpoint, addition, equivalent};

/// Event sockets that a user may hold, each with a buffer of the kernel's memory.
const EVENT_SOCKETS_EACH: usize = 8;
/// Event sockets that all users may hold.
const EVENT_SOCKETS: usize = 64;

/// One network namespace.
pub(super) struct Network {
    here: OwnNamespace,
    path_manager: PathManager,
    records: Records,
    given: Vec<EventSocket>,
}

impl Network {
    /// That of the calling thread. What another helper left unfinished is put right.
    pub(super) fn open(records: Records) -> Result<Self, Error> {
        let mut network = Self {
            here: OwnNamespace::new()?,
            path_manager: PathManager::new()?,
            given: records.event_sockets(),
            records,
        };
        network.put_right();
        Ok(network)
    }

    /// Whether the descriptor is a netlink socket of this network namespace.
    pub(super) fn is_here(&self, socket: impl AsFd) -> bool {
        self.here.has(socket)
    }

    pub(super) fn endpoints(&mut self) -> Result<Vec<Endpoint>, Error> {
        self.path_manager.endpoints()
    }

    /// A socket that hears events, unless the user or all users have too many.
    pub(super) fn event_socket(&mut self, user: u32) -> Result<OwnedFd, Refusal> {
        self.forget_closed();
        let of_user = self.given.iter().filter(|given| given.user == user).count();
        if of_user >= EVENT_SOCKETS_EACH || self.given.len() >= EVENT_SOCKETS {
            return Err(Refusal::Busy(
                "too many event sockets are open already: close a window of Pathscope".to_owned(),
            ));
        }
        let (socket, port) = Events::socket().map_err(|error| Refusal::Refused(error.to_string()))?;
        self.given.push(EventSocket { port, user });
        if let Err(error) = self.records.keep_event_sockets(&self.given) {
            self.given.pop();
            return Err(Refusal::Refused(format!(
                "cannot write down whose event socket it is: {error}; make room in /run"
            )));
        }
        Ok(socket)
    }

    /// Whether anybody still holds an event socket.
    pub(super) fn is_heard(&mut self) -> bool {
        self.forget_closed();
        !self.given.is_empty()
    }

    fn forget_closed(&mut self) {
        // One that cannot be asked about counts.
        self.given
            .retain(|given| port_is_taken(given.port).unwrap_or(true));
    }

    /// Does what is asked, if what it replaces is as believed.
    pub(super) fn apply(&mut self, command: &Command, believed: Option<&Before>) -> Result<(), Error> {
        self.put_right();
        let removed = self.path_manager.removed_meanwhile(command)?;
        if let Some(endpoint) = &removed {
            self.records
                .begin_change(endpoint)
                .map_err(|error| Error::io("write down the endpoint before it is removed", error))?;
        }
        let done = match believed {
            None => self.path_manager.apply(command),
            Some(believed) => self.path_manager.apply_if(command, believed),
        };
        let is_lost = matches!(done, Err(Error::ChangeFailed { lost: Some(_), .. }));
        if removed.is_some() && !is_lost {
            self.records.end_change();
        }
        done
    }

    /// Adds an endpoint again that was removed to be changed, by a helper that was killed before it had added it.
    fn put_right(&mut self) {
        let Some(endpoint) = self.records.unfinished_change() else {
            return;
        };
        let same = |other: &Endpoint| other.id == endpoint.id || other.address == endpoint.address;
        let again = addition(&endpoint);
        let is_lost = self
            .path_manager
            .endpoints()
            .map(|endpoints| !endpoints.iter().any(same));
        let line = equivalent(&again, &[]).join("; ");
        let said = match is_lost.and_then(|lost| {
            if lost {
                self.path_manager.add_again(&endpoint)
            } else {
                Ok(())
            }
        }) {
            Ok(()) => format!("after a change that was not finished the endpoint is there: {line}"),
            Err(error) => format!("a change that was not finished lost an endpoint, run {line}: {error}"),
        };
        eprintln!("{}", for_terminal(&said));
        self.records.end_change();
    }
}
