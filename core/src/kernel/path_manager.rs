//! Endpoints and limits of the in-kernel path manager.

use super::names::Names;
use super::netlink::Socket;
use super::{Error, generic};
use crate::model::{Endpoint, EndpointFlags, Limits};
use crate::wire::Malformed;
use crate::wire::mptcp_pm::{PmLimits, dump_addresses, get_limits, parse_address, parse_limits};

/// A socket to the path manager of one network namespace. Reading needs no privilege (but for some kernels from 6.7
/// to 6.11, which gave the endpoints to the privileged only).
pub struct PathManager {
    pub(super) socket: Socket,
    pub(super) family: u16,
    pub(super) names: Names,
}

impl PathManager {
    /// Opens it in the calling thread's network namespace.
    ///
    /// # Errors
    /// [`Error::NoMptcp`], or when no netlink socket can be opened.
    pub fn new() -> Result<Self, Error> {
        let mut socket = generic::socket()?;
        let family = generic::path_manager(&mut socket)?.id;
        Ok(Self {
            socket,
            family,
            names: Names::new()?,
        })
    }

    /// The endpoints, by id (MPTCP_PM_CMD_GET_ADDR), implicit ones included.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] on the kernels named above, or when the answers cannot be read.
    pub fn endpoints(&mut self) -> Result<Vec<Endpoint>, Error> {
        let family = self.family;
        let read = self.socket.list(
            "list endpoints",
            |sequence| dump_addresses(family, sequence),
            |message| parse_address(message.payload).map(Some),
        )?;
        let mut endpoints = Vec::with_capacity(read.len());
        for address in read {
            let index = address
                .interface_index
                .and_then(|index| u32::try_from(index).ok());
            let interface = match index {
                // The kernel keeps the number when the interface goes away, and finds none by its name then.
                Some(index) => self.names.name_now(index)?,
                None => None,
            };
            endpoints.push(Endpoint {
                id: address.id.unwrap_or_default(),
                address: address.address,
                port: address.port,
                interface,
                interface_index: index,
                flags: EndpointFlags(address.flags.unwrap_or_default()),
            });
        }
        endpoints.sort_by_key(|endpoint| (endpoint.id, endpoint.address));
        endpoints.dedup();
        Ok(endpoints)
    }

    /// The limits (MPTCP_PM_CMD_GET_LIMITS).
    ///
    /// # Errors
    /// When the answer cannot be read.
    pub fn limits(&mut self) -> Result<Limits, Error> {
        let doing = "read the limits";
        let family = self.family;
        let mut limits = PmLimits::default();
        self.socket.request(
            doing,
            |sequence| get_limits(family, sequence),
            |message| {
                limits = parse_limits(message.payload)?;
                Ok(())
            },
        )?;
        let missing = || Error::malformed(doing, Malformed("the limits"));
        Ok(Limits {
            extra_subflows_max: limits.extra_subflows_max.ok_or_else(missing)?,
            add_addr_accepted_max: limits.add_addr_accepted_max.ok_or_else(missing)?,
        })
    }
}
