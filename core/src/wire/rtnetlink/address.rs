//! Addresses of interfaces: `struct ifaddrmsg` and the IFA_ attributes.

use std::net::IpAddr;

use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{AF_INET, AF_INET6, ip_at, u8_at, u32_at};
use crate::wire::netlink::{NLM_F_DUMP, Request};

const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;
const HEADER: usize = 8;

/// `IFA_F_SECONDARY`: of IPv6, a temporary address.
pub const IFA_F_SECONDARY: u32 = 0x01;
/// `IFA_F_DADFAILED`: another host has it.
pub const IFA_F_DADFAILED: u32 = 0x08;
/// `IFA_F_DEPRECATED`: not to be chosen any more.
pub const IFA_F_DEPRECATED: u32 = 0x20;
/// `IFA_F_TENTATIVE`: whether another host has it is being asked.
pub const IFA_F_TENTATIVE: u32 = 0x40;

/// One address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The interface.
    pub interface_index: u32,
    /// The address.
    pub address: IpAddr,
    /// The length of the network's prefix, bits.
    pub prefix: u8,
}

/// Asks for every address of both families.
pub fn dump_addresses(sequence: u32) -> Vec<u8> {
    Request::new(RTM_GETADDR, NLM_F_DUMP, sequence)
        .put(&[0; HEADER])
        .finish()
}

/// A message of kind RTM_NEWADDR or RTM_DELADDR; `None` for a family that is not IP.
///
/// # Errors
/// When it is shorter than `struct ifaddrmsg`, or holds no address.
pub fn parse_address(payload: &[u8]) -> Result<Option<Address>, Malformed> {
    const WHAT: Malformed = Malformed("an interface's address");
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    let family = u8_at(payload, 0).ok_or(WHAT)?;
    if !matches!(family, AF_INET | AF_INET6) {
        return Ok(None);
    }
    let (mut own, mut other) = (None, None);
    for attribute in Attributes(attributes) {
        match attribute.kind {
            IFA_LOCAL => own = Some(attribute),
            IFA_ADDRESS => other = Some(attribute),
            _ => {}
        }
    }
    // On a point-to-point link IFA_ADDRESS is the peer's; IPv4 always has IFA_LOCAL, IPv6 only there.
    let address = match (family, own) {
        (AF_INET, own) => own,
        (_, own) => own.or(other),
    };
    Ok(Some(Address {
        interface_index: u32_at(payload, 4).ok_or(WHAT)?,
        address: address
            .and_then(|attribute| ip_at(family, attribute.payload, 0))
            .ok_or(WHAT)?,
        prefix: u8_at(payload, 1).ok_or(WHAT)?,
    }))
}

/// Bits IFA_F_… of a message of kind RTM_NEWADDR.
///
/// # Errors
/// When it is shorter than `struct ifaddrmsg`.
pub fn parse_address_flags(payload: &[u8]) -> Result<u32, Malformed> {
    const WHAT: Malformed = Malformed("an interface's address");
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    let short = u8_at(payload, 2).ok_or(WHAT)?;
    // Flags above 255 are told here only.
    let long = Attributes(attributes).find(|attribute| attribute.kind == IFA_FLAGS);
    Ok(long.and_then(|long| long.u32()).unwrap_or(u32::from(short)))
}
