//! The path manager's generic netlink family, `mptcp_pm`: endpoints, limits and events
//! (include/uapi/linux/mptcp.h, mptcp_pm.h; Documentation/netlink/specs/mptcp_pm.yaml).

mod address;
mod event;

pub use address::{
    PmAddress, PmTarget, add_address, delete_address, dump_addresses, parse_address, set_flags,
};
pub use event::{EVENT_FLAG_SERVER_SIDE, PmEvent, parse_event};

use super::Malformed;
use super::attribute::Attributes;
use super::generic;
use super::netlink::{NLM_F_ACK, Request};

/// The family's name.
pub const FAMILY: &str = "mptcp_pm";
/// The multicast group of events.
pub const EVENT_GROUP: &str = "mptcp_pm_events";

const VERSION: u8 = 1;
const CMD_ADD_ADDR: u8 = 1;
const CMD_DEL_ADDR: u8 = 2;
const CMD_GET_ADDR: u8 = 3;
const CMD_SET_LIMITS: u8 = 5;
const CMD_GET_LIMITS: u8 = 6;
const CMD_SET_FLAGS: u8 = 7;
const ATTR_ADDR: u16 = 1;
const ATTR_RCV_ADD_ADDRS: u16 = 2;
const ATTR_SUBFLOWS: u16 = 3;

/// Limits, for each connection; `None` where the message has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PmLimits {
    /// The most subflows beside the initial one.
    pub extra_subflows_max: Option<u32>,
    /// The most addresses accepted from the peer.
    pub add_addr_accepted_max: Option<u32>,
}

fn request(family: u16, command: u8, flags: u16, sequence: u32) -> Request {
    generic::request(family, command, VERSION, flags, sequence)
}

/// Asks for the limits.
pub fn get_limits(family: u16, sequence: u32) -> Vec<u8> {
    request(family, CMD_GET_LIMITS, NLM_F_ACK, sequence).finish()
}

/// Sets the limits that are given; the kernel leaves the others as they are.
pub fn set_limits(family: u16, limits: PmLimits, sequence: u32) -> Vec<u8> {
    let mut request = request(family, CMD_SET_LIMITS, NLM_F_ACK, sequence);
    if let Some(most) = limits.add_addr_accepted_max {
        request = request.attribute(ATTR_RCV_ADD_ADDRS, &most.to_ne_bytes());
    }
    if let Some(most) = limits.extra_subflows_max {
        request = request.attribute(ATTR_SUBFLOWS, &most.to_ne_bytes());
    }
    request.finish()
}

/// Asks to add an endpoint without saying which. The kernel checks the permission first, so that the answer is
/// EPERM without CAP_NET_ADMIN and EINVAL with it, and nothing changes either way.
pub fn add_nothing(family: u16, sequence: u32) -> Vec<u8> {
    request(family, CMD_ADD_ADDR, NLM_F_ACK, sequence).finish()
}

/// The answer to [`get_limits`].
///
/// # Errors
/// When it is shorter than the header.
pub fn parse_limits(payload: &[u8]) -> Result<PmLimits, Malformed> {
    let (_, attributes) = generic::parse(payload)?;
    let mut limits = PmLimits::default();
    for attribute in Attributes(attributes) {
        match attribute.kind {
            ATTR_RCV_ADD_ADDRS => limits.add_addr_accepted_max = attribute.u32(),
            ATTR_SUBFLOWS => limits.extra_subflows_max = attribute.u32(),
            _ => {}
        }
    }
    Ok(limits)
}
