//! Endpoints: the nest `MPTCP_PM_ATTR_ADDR`.

use std::net::IpAddr;

use super::{ATTR_ADDR, CMD_ADD_ADDR, CMD_DEL_ADDR, CMD_GET_ADDR, CMD_SET_FLAGS, request};
use crate::wire::Malformed;
use crate::wire::attribute::find;
use crate::wire::bytes::{AF_INET, AF_INET6, ip_at};
use crate::wire::generic;
use crate::wire::netlink::{NLM_F_ACK, NLM_F_DUMP, Request};

const ADDR_FAMILY: u16 = 1;
const ADDR_ID: u16 = 2;
const ADDR_ADDR4: u16 = 3;
const ADDR_ADDR6: u16 = 4;
const ADDR_PORT: u16 = 5;
const ADDR_FLAGS: u16 = 6;
const ADDR_IF_IDX: u16 = 7;

/// One endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PmAddress {
    /// Its address id; in a request, `None` lets the kernel choose.
    pub id: Option<u8>,
    /// The address.
    pub address: IpAddr,
    /// The port it is announced with; `None` for the port of the connection.
    pub port: Option<u16>,
    /// Bits MPTCP_PM_ADDR_FLAG_….
    pub flags: Option<u32>,
    /// The interface it is bound to; `None` for none.
    pub interface_index: Option<i32>,
}

/// Which endpoint to delete. Id 0 stands for the address of the initial subflow and needs the address beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PmTarget {
    /// Its address id.
    pub id: u8,
    /// Its address, where the id is 0.
    pub address: Option<IpAddr>,
}

/// Asks for every endpoint.
pub fn dump_addresses(family: u16, sequence: u32) -> Vec<u8> {
    request(family, CMD_GET_ADDR, NLM_F_DUMP, sequence).finish()
}

/// Adds an endpoint.
pub fn add_address(family: u16, endpoint: &PmAddress, sequence: u32) -> Vec<u8> {
    request(family, CMD_ADD_ADDR, NLM_F_ACK, sequence)
        .nest(ATTR_ADDR, |mut nest| {
            nest = put_ip(nest, endpoint.address);
            if let Some(id) = endpoint.id {
                nest = nest.attribute(ADDR_ID, &[id]);
            }
            if let Some(port) = endpoint.port {
                nest = nest.attribute(ADDR_PORT, &port.to_ne_bytes());
            }
            if let Some(flags) = endpoint.flags {
                nest = nest.attribute(ADDR_FLAGS, &flags.to_ne_bytes());
            }
            if let Some(index) = endpoint.interface_index {
                nest = nest.attribute(ADDR_IF_IDX, &index.to_ne_bytes());
            }
            nest
        })
        .finish()
}

/// Deletes an endpoint, which closes its subflows.
pub fn delete_address(family: u16, target: PmTarget, sequence: u32) -> Vec<u8> {
    request(family, CMD_DEL_ADDR, NLM_F_ACK, sequence)
        .nest(ATTR_ADDR, |nest| {
            let nest = nest.attribute(ADDR_ID, &[target.id]);
            match target.address {
                Some(address) => put_ip(nest, address),
                None => nest,
            }
        })
        .finish()
}

/// Sets the flags of an endpoint. The kernel looks at backup and fullmesh and at no other.
pub fn set_flags(family: u16, id: u8, flags: u32, sequence: u32) -> Vec<u8> {
    request(family, CMD_SET_FLAGS, NLM_F_ACK, sequence)
        .nest(ATTR_ADDR, |nest| {
            nest.attribute(ADDR_ID, &[id])
                .attribute(ADDR_FLAGS, &flags.to_ne_bytes())
        })
        .finish()
}

fn put_ip(nest: Request, ip: IpAddr) -> Request {
    match ip {
        IpAddr::V4(ip) => nest
            .attribute(ADDR_FAMILY, &u16::from(AF_INET).to_ne_bytes())
            .attribute(ADDR_ADDR4, &ip.octets()),
        IpAddr::V6(ip) => nest
            .attribute(ADDR_FAMILY, &u16::from(AF_INET6).to_ne_bytes())
            .attribute(ADDR_ADDR6, &ip.octets()),
    }
}

/// One answer to [`dump_addresses`].
///
/// # Errors
/// When it holds no address.
pub fn parse_address(payload: &[u8]) -> Result<PmAddress, Malformed> {
    const WHAT: Malformed = Malformed("an endpoint");
    let (_, attributes) = generic::parse(payload)?;
    let nest = find(attributes, ATTR_ADDR).ok_or(WHAT)?;
    let mut address = None;
    let (mut id, mut port, mut flags, mut interface_index) = (None, None, None, None);
    for attribute in nest.nested() {
        match attribute.kind {
            ADDR_ID => id = attribute.u8(),
            ADDR_ADDR4 => address = ip_at(AF_INET, attribute.payload, 0),
            ADDR_ADDR6 => address = ip_at(AF_INET6, attribute.payload, 0),
            ADDR_PORT => port = attribute.u16().filter(|port| *port != 0),
            ADDR_FLAGS => flags = attribute.u32(),
            ADDR_IF_IDX => interface_index = attribute.i32().filter(|index| *index != 0),
            _ => {}
        }
    }
    let address = address.ok_or(WHAT)?;
    Ok(PmAddress {
        id,
        address,
        port,
        flags,
        interface_index,
    })
}
