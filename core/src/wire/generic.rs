//! Generic netlink: the header, and looking a family up by name (include/uapi/linux/genetlink.h).

use super::Malformed;
use super::attribute::{Attribute, Attributes};
use super::bytes::u8_at;
use super::netlink::{NLM_F_ACK, Request};

/// `GENL_ID_CTRL`: the family that knows the others.
const CONTROL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const CTRL_ATTR_MCAST_GROUPS: u16 = 7;
const CTRL_ATTR_MCAST_GRP_NAME: u16 = 1;
const CTRL_ATTR_MCAST_GRP_ID: u16 = 2;

const HEADER: usize = 4;

/// A request with `struct genlmsghdr`.
pub fn request(family: u16, command: u8, version: u8, flags: u16, sequence: u32) -> Request {
    Request::new(family, flags, sequence).put(&[command, version, 0, 0])
}

/// The command and the attributes of a message's payload.
///
/// # Errors
/// When it is shorter than the header.
pub fn parse(payload: &[u8]) -> Result<(u8, &[u8]), Malformed> {
    let attributes = payload.get(HEADER..);
    u8_at(payload, 0)
        .zip(attributes)
        .ok_or(Malformed("a generic netlink message"))
}

/// A family of generic netlink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    /// The type of its messages.
    pub id: u16,
    /// Its multicast groups, by name.
    pub groups: Vec<(String, u32)>,
}

impl Family {
    /// The number of a multicast group.
    pub fn group(&self, name: &str) -> Option<u32> {
        self.groups
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, id)| *id)
    }
}

/// Asks for a family.
pub fn get_family(name: &str, sequence: u32) -> Vec<u8> {
    let mut terminated = name.as_bytes().to_vec();
    terminated.push(0);
    request(CONTROL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK, sequence)
        .attribute(CTRL_ATTR_FAMILY_NAME, &terminated)
        .finish()
}

/// The answer to [`get_family`].
///
/// # Errors
/// When it holds no id.
pub fn parse_family(payload: &[u8]) -> Result<Family, Malformed> {
    let (_, attributes) = parse(payload)?;
    let mut id = None;
    let mut groups = Vec::new();
    for attribute in Attributes(attributes) {
        match attribute.kind {
            CTRL_ATTR_FAMILY_ID => id = attribute.u16(),
            CTRL_ATTR_MCAST_GROUPS => {
                groups = attribute
                    .nested()
                    .filter_map(|group| parse_group(&group))
                    .collect();
            }
            _ => {}
        }
    }
    let id = id.ok_or(Malformed("a generic netlink family"))?;
    Ok(Family { id, groups })
}

fn parse_group(group: &Attribute<'_>) -> Option<(String, u32)> {
    let mut name = None;
    let mut id = None;
    for attribute in group.nested() {
        match attribute.kind {
            CTRL_ATTR_MCAST_GRP_NAME => name = attribute.string(),
            CTRL_ATTR_MCAST_GRP_ID => id = attribute.u32(),
            _ => {}
        }
    }
    Some((name?.to_owned(), id?))
}
