//! Default routes: `struct rtmsg` and the RTA_ attributes.

use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{u8_at, u16_at, u32_at};
use crate::wire::netlink::{NLM_F_DUMP, Request};

const RTM_GETROUTE: u16 = 26;
const RTA_OIF: u16 = 4;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTN_UNICAST: u8 = 1;
const HEADER: usize = 12;
/// The length of `struct rtnexthop`.
const NEXT_HOP: usize = 8;

/// The table that routes are in unless policy says otherwise.
pub const RT_TABLE_MAIN: u32 = 254;

/// A route to everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultRoute {
    /// The routing table.
    pub table: u32,
    /// The interfaces it leaves through.
    pub interfaces: Vec<u32>,
}

/// Asks for the routes of a family in the main table. Only a socket with NETLINK_GET_STRICT_CHK is given just
/// those; others are given every table.
pub fn dump_routes(family: u8, sequence: u32) -> Vec<u8> {
    let table = u8::try_from(RT_TABLE_MAIN).unwrap_or_default();
    Request::new(RTM_GETROUTE, NLM_F_DUMP, sequence)
        .put(&[family, 0, 0, 0, table, 0, 0, 0, 0, 0, 0, 0])
        .finish()
}

/// A message of kind RTM_NEWROUTE or RTM_DELROUTE; `None` for a route that is not to everywhere.
///
/// # Errors
/// When it is shorter than `struct rtmsg`.
pub fn parse_default_route(payload: &[u8]) -> Result<Option<DefaultRoute>, Malformed> {
    const WHAT: Malformed = Malformed("a route");
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    let prefix = u8_at(payload, 1).ok_or(WHAT)?;
    let kind = u8_at(payload, 7).ok_or(WHAT)?;
    if prefix != 0 || kind != RTN_UNICAST {
        return Ok(None);
    }
    let mut route = DefaultRoute {
        table: u32::from(u8_at(payload, 4).ok_or(WHAT)?),
        interfaces: Vec::new(),
    };
    for attribute in Attributes(attributes) {
        match attribute.kind {
            RTA_OIF => route.interfaces.extend(attribute.u32()),
            // A table above 255 is told here only.
            RTA_TABLE => route.table = attribute.u32().unwrap_or(route.table),
            RTA_MULTIPATH => next_hops(attribute.payload, &mut route.interfaces),
            _ => {}
        }
    }
    Ok(Some(route))
}

fn next_hops(mut bytes: &[u8], interfaces: &mut Vec<u32>) {
    while let (Some(length), Some(interface)) = (u16_at(bytes, 0), u32_at(bytes, 4)) {
        let length = usize::from(length);
        if length < NEXT_HOP || length > bytes.len() {
            return;
        }
        interfaces.push(interface);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
}
