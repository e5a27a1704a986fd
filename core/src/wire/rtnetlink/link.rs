//! Links: `struct ifinfomsg` and the IFLA_ attributes.

use super::name::{name_from_bytes, name_to_bytes};
use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{i32_at, terminated, u16_at, u32_at, u64_at};
use crate::wire::netlink::{NLM_F_ACK, NLM_F_DUMP, Request};

const RTM_GETLINK: u16 = 18;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_STATS64: u16 = 23;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_INFO_KIND: u16 = 1;
/// `RTEXT_FILTER_SKIP_STATS`.
const SKIP_STATS: u32 = 8;
const HEADER: usize = 16;

const IFF_UP: u32 = 1;
const IFF_RUNNING: u32 = 1 << 6;
const IFF_LOWER_UP: u32 = 1 << 16;
const IF_OPER_UNKNOWN: u8 = 0;
const IF_OPER_UP: u8 = 6;

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The kernel's number for it.
    pub index: u32,
    /// Its device name, as [`name_from_bytes`] writes it.
    pub name: Option<String>,
    /// ARPHRD_… (include/uapi/linux/if_arp.h): 1 Ethernet, 772 loopback.
    pub hardware: u16,
    /// Bits IFF_….
    pub flags: u32,
    /// IF_OPER_… (RFC 2863): 0 unknown, 2 down, 6 up.
    pub operstate: Option<u8>,
    /// Largest packet, bytes.
    pub mtu: Option<u32>,
    /// The driver's own name for what it is: `veth`, `bridge`, `wireguard`; physical devices have none.
    pub info_kind: Option<String>,
    /// Bytes received (IFLA_STATS64).
    pub rx_bytes: Option<u64>,
    /// Bytes sent (IFLA_STATS64).
    pub tx_bytes: Option<u64>,
}

/// Whether somebody set a link up, with or without a carrier.
pub fn is_set_up(link: &Link) -> bool {
    link.flags & IFF_UP != 0
}

/// Whether a link can carry packets: set up and operational, or with a carrier where the driver does not say. A carrier
/// that was just lost is in the flags at once, and in the state up to a second later (net/core/link_watch.c).
pub fn is_up(link: &Link) -> bool {
    let set_up = link.flags & IFF_UP != 0;
    match link.operstate {
        Some(IF_OPER_UP) => set_up && link.flags & IFF_LOWER_UP != 0,
        Some(IF_OPER_UNKNOWN) | None => set_up && link.flags & (IFF_LOWER_UP | IFF_RUNNING) != 0,
        Some(_) => false,
    }
}

/// Asks for every link with its counters.
pub fn dump_links(sequence: u32) -> Vec<u8> {
    Request::new(RTM_GETLINK, NLM_F_DUMP, sequence)
        .put(&[0; HEADER])
        .finish()
}

/// Asks for one link, without counters.
pub fn get_link_by_index(index: u32, sequence: u32) -> Vec<u8> {
    let mut header = [0; HEADER];
    if let Some(slot) = header.get_mut(4..8) {
        slot.copy_from_slice(&index.to_ne_bytes());
    }
    get_link(&header, sequence).finish()
}

/// Asks for one link, without counters.
pub fn get_link_by_name(name: &str, sequence: u32) -> Vec<u8> {
    let mut terminated = name_to_bytes(name);
    terminated.push(0);
    get_link(&[0; HEADER], sequence)
        .attribute(IFLA_IFNAME, &terminated)
        .finish()
}

fn get_link(header: &[u8; HEADER], sequence: u32) -> Request {
    Request::new(RTM_GETLINK, NLM_F_ACK, sequence)
        .put(header)
        .attribute(IFLA_EXT_MASK, &SKIP_STATS.to_ne_bytes())
}

/// A message of kind RTM_NEWLINK or RTM_DELLINK.
///
/// # Errors
/// When it is shorter than `struct ifinfomsg`.
pub fn parse_link(payload: &[u8]) -> Result<Link, Malformed> {
    const WHAT: Malformed = Malformed("a link");
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    let mut link = Link {
        index: i32_at(payload, 4)
            .and_then(|index| u32::try_from(index).ok())
            .ok_or(WHAT)?,
        name: None,
        hardware: u16_at(payload, 2).ok_or(WHAT)?,
        flags: u32_at(payload, 8).ok_or(WHAT)?,
        operstate: None,
        mtu: None,
        info_kind: None,
        rx_bytes: None,
        tx_bytes: None,
    };
    for attribute in Attributes(attributes) {
        match attribute.kind {
            IFLA_IFNAME => link.name = terminated(attribute.payload).map(name_from_bytes),
            IFLA_MTU => link.mtu = attribute.u32(),
            IFLA_OPERSTATE => link.operstate = attribute.u8(),
            IFLA_LINKINFO => {
                let kind = attribute.nested().find(|info| info.kind == IFLA_INFO_KIND);
                link.info_kind = kind.and_then(|kind| kind.string()).map(str::to_owned);
            }
            // struct rtnl_link_stats64: packets received and sent, then bytes received and sent.
            IFLA_STATS64 => {
                link.rx_bytes = u64_at(attribute.payload, 16);
                link.tx_bytes = u64_at(attribute.payload, 24);
            }
            _ => {}
        }
    }
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_down_as_soon_as_its_carrier_is_lost() {
        let link = |flags, operstate| Link {
            index: 2,
            name: None,
            hardware: 1,
            flags,
            operstate,
            mtu: None,
            info_kind: None,
            rx_bytes: None,
            tx_bytes: None,
        };
        let up = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
        assert!(is_up(&link(up, Some(IF_OPER_UP))));
        assert!(
            !is_up(&link(IFF_UP | IFF_RUNNING, Some(IF_OPER_UP))),
            "the state is late"
        );
        assert!(!is_up(&link(IFF_LOWER_UP, Some(IF_OPER_UP))), "set down");
        assert!(is_up(&link(up, Some(IF_OPER_UNKNOWN))));
        assert!(!is_up(&link(up, Some(7))));
    }
}
