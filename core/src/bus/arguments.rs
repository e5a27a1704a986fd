//! Arguments as they travel.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use zbus::zvariant::Type;

use crate::model::{Cookie, Endpoint, EndpointFlags, Limits, SocketAddr};

/// An endpoint, `(yayqsu)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct EndpointArgs {
    /// Its address id.
    pub id: u8,
    /// Its address: 4 bytes or 16.
    pub address: Vec<u8>,
    /// The port it is announced with, or 0.
    pub port: u16,
    /// The name of the interface it is bound to, or nothing.
    pub interface: String,
    /// Bits `MPTCP_PM_ADDR_FLAG_…`.
    pub flags: u32,
}

impl From<&Endpoint> for EndpointArgs {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            id: endpoint.id,
            address: bytes(endpoint.address),
            port: endpoint.port.unwrap_or_default(),
            interface: endpoint.interface.clone().unwrap_or_default(),
            flags: endpoint.flags.0,
        }
    }
}

impl EndpointArgs {
    /// The endpoint, where the address is one.
    pub fn endpoint(&self) -> Option<Endpoint> {
        Some(Endpoint {
            id: self.id,
            address: address(&self.address)?,
            port: Some(self.port).filter(|port| *port != 0),
            interface: Some(self.interface.clone()).filter(|name| !name.is_empty()),
            interface_index: None,
            flags: EndpointFlags(self.flags),
        })
    }
}

/// The limits, `(uu)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LimitsArgs {
    /// The most subflows beside the initial one.
    pub extra_subflows_max: u32,
    /// The most addresses accepted from the peer.
    pub add_addr_accepted_max: u32,
}

impl From<Limits> for LimitsArgs {
    fn from(limits: Limits) -> Self {
        Self {
            extra_subflows_max: limits.extra_subflows_max,
            add_addr_accepted_max: limits.add_addr_accepted_max,
        }
    }
}

impl From<LimitsArgs> for Limits {
    fn from(limits: LimitsArgs) -> Self {
        Self {
            extra_subflows_max: limits.extra_subflows_max,
            add_addr_accepted_max: limits.add_addr_accepted_max,
        }
    }
}

/// One subflow, `(ayqayqt)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SubflowArgs {
    /// This host's address: 4 bytes or 16.
    pub local: Vec<u8>,
    /// This host's port.
    pub local_port: u16,
    /// The peer's address.
    pub remote: Vec<u8>,
    /// The peer's port.
    pub remote_port: u16,
    /// The socket's cookie.
    pub cookie: u64,
}

impl SubflowArgs {
    /// The subflow between two addresses that has that cookie, which tells it from another between the same addresses
    /// on another link.
    pub fn new(local: SocketAddr, remote: SocketAddr, cookie: Cookie) -> Self {
        Self {
            local: bytes(local.ip()),
            local_port: local.port(),
            remote: bytes(remote.ip()),
            remote_port: remote.port(),
            cookie: cookie.0,
        }
    }

    /// Both ends, where the addresses are such.
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        // An IPv4-mapped address travels as the IPv4 address.
        let plain = |bytes| address(bytes).filter(|ip| ip.to_canonical() == *ip);
        let local = SocketAddr::new(plain(&self.local)?, self.local_port);
        Some((local, SocketAddr::new(plain(&self.remote)?, self.remote_port)))
    }
}

/// An address from its bytes.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok();
    v4().or_else(v6)
}

fn bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}
