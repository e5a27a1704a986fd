//! Neighbours on a link (`struct ndmsg`, include/uapi/linux/neighbour.h) and what interfaces are set to do with what
//! comes in (`struct netconfmsg`, include/uapi/linux/netconf.h).

use std::net::IpAddr;

use crate::wire::Malformed;
use crate::wire::attribute::{Attributes, find};
use crate::wire::bytes::{AF_INET, AF_INET6, i32_at, ip_at, u8_at, u16_at, u32_at};
use crate::wire::netlink::{NLM_F_DUMP, Request};

const RTM_GETNEIGH: u16 = 30;
const RTM_GETNETCONF: u16 = 82;
const NDA_DST: u16 = 1;
const NETCONFA_IFINDEX: u16 = 1;
const NETCONFA_RP_FILTER: u16 = 3;
/// `NETCONFA_IFINDEX_ALL`.
const EVERY_INTERFACE: i32 = -1;
/// The length of `struct ndmsg`.
const HEADER: usize = 12;
/// The length of `struct netconfmsg`, padded.
const CONF_HEADER: usize = 4;
/// `NTF_ROUTER`.
const ROUTER: u8 = 1 << 7;

/// `NUD_INCOMPLETE`: asked for, no answer yet.
pub const NUD_INCOMPLETE: u16 = 0x01;
/// `NUD_FAILED`: no answer.
pub const NUD_FAILED: u16 = 0x20;
/// `NUD_NOARP`: needs none, as a multicast address.
pub const NUD_NOARP: u16 = 0x40;

/// One neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourEntry {
    /// The interface.
    pub interface: u32,
    /// Its address.
    pub address: IpAddr,
    /// Bits NUD_….
    pub state: u16,
    /// Whether it says that it is a router.
    pub is_router: bool,
}

/// Asks for every neighbour of a family.
pub fn dump_neighbours(family: u8, sequence: u32) -> Vec<u8> {
    Request::new(RTM_GETNEIGH, NLM_F_DUMP, sequence)
        .put(&[family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .finish()
}

/// A message of kind RTM_NEWNEIGH; `None` for a family that is not IP, or without an address.
///
/// # Errors
/// When it is shorter than `struct ndmsg`.
pub fn parse_neighbour(payload: &[u8]) -> Result<Option<NeighbourEntry>, Malformed> {
    const WHAT: Malformed = Malformed("a neighbour");
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    let family = u8_at(payload, 0).ok_or(WHAT)?;
    let interface = u32_at(payload, 4).ok_or(WHAT)?;
    let state = u16_at(payload, 8).ok_or(WHAT)?;
    let flags = u8_at(payload, 10).ok_or(WHAT)?;
    if !matches!(family, AF_INET | AF_INET6) {
        return Ok(None);
    }
    let address = find(attributes, NDA_DST).and_then(|attribute| ip_at(family, attribute.payload, 0));
    Ok(address.map(|address| NeighbourEntry {
        interface,
        address,
        state,
        is_router: flags & ROUTER != 0,
    }))
}

/// Whose setting a message of kind RTM_NEWNETCONF tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfOf {
    /// All interfaces together.
    All,
    /// The interface with this number.
    Interface(u32),
}

/// Asks for what each interface is set to do with IPv4.
pub fn dump_ipv4_conf(sequence: u32) -> Vec<u8> {
    Request::new(RTM_GETNETCONF, NLM_F_DUMP, sequence)
        .put(&[AF_INET])
        .finish()
}

/// The reverse-path filter in a message of kind RTM_NEWNETCONF; `None` where it tells none, and for what new interfaces
/// begin with.
///
/// # Errors
/// When it is shorter than `struct netconfmsg`.
pub fn parse_reverse_path_filter(payload: &[u8]) -> Result<Option<(ConfOf, u8)>, Malformed> {
    let attributes = payload
        .get(CONF_HEADER..)
        .ok_or(Malformed("an interface's settings"))?;
    let (mut whose, mut filter) = (None, None);
    for attribute in Attributes(attributes) {
        let number = i32_at(attribute.payload, 0);
        match attribute.kind {
            NETCONFA_IFINDEX if number == Some(EVERY_INTERFACE) => whose = Some(ConfOf::All),
            NETCONFA_IFINDEX => {
                whose = number
                    .and_then(|index| u32::try_from(index).ok())
                    .map(ConfOf::Interface);
            }
            NETCONFA_RP_FILTER => filter = number.and_then(|filter| u8::try_from(filter).ok()),
            _ => {}
        }
    }
    Ok(whose.zip(filter))
}
