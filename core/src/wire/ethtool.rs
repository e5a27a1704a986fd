//! The speed of a link by ethtool's generic netlink (include/uapi/linux/ethtool_netlink.h; Linux 5.6).

use super::Malformed;
use super::attribute::find;
use super::generic;
use super::netlink::NLM_F_ACK;

/// The family's name.
pub const FAMILY: &str = "ethtool";

const MSG_LINKMODES_GET: u8 = 4;
const LINKMODES_HEADER: u16 = 1;
const LINKMODES_SPEED: u16 = 5;
const HEADER_DEV_INDEX: u16 = 1;
const HEADER_FLAGS: u16 = 3;
const FLAG_COMPACT_BITSETS: u32 = 1;
/// `SPEED_UNKNOWN`.
const SPEED_UNKNOWN: u32 = u32::MAX;

/// Asks for the modes of a link.
pub fn get_link_modes(family: u16, interface_index: u32, sequence: u32) -> Vec<u8> {
    generic::request(family, MSG_LINKMODES_GET, 1, NLM_F_ACK, sequence)
        .nest(LINKMODES_HEADER, |nest| {
            nest.attribute(HEADER_DEV_INDEX, &interface_index.to_ne_bytes())
                .attribute(HEADER_FLAGS, &FLAG_COMPACT_BITSETS.to_ne_bytes())
        })
        .finish()
}

/// The speed in the answer, Mbit/s; `None` when the driver does not know it.
///
/// # Errors
/// When it is shorter than the header.
pub fn parse_speed_mbps(payload: &[u8]) -> Result<Option<u32>, Malformed> {
    let (_, attributes) = generic::parse(payload)?;
    let speed = find(attributes, LINKMODES_SPEED).and_then(|attribute| attribute.u32());
    Ok(speed.filter(|speed| *speed != SPEED_UNKNOWN && *speed != 0))
}
