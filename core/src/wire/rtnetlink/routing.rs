//! Routes and routing rules with all that decides which way packets go (include/uapi/linux/rtnetlink.h, fib_rules.h).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{AF_INET, AF_INET6, ip_at, u8_at, u16_at, u32_at};
use crate::wire::netlink::{NLM_F_DUMP, Request};

const RTM_GETROUTE: u16 = 26;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_OIFNAME: u16 = 17;
const FRA_UID_RANGE: u16 = 20;
const FRA_IP_PROTO: u16 = 22;
const FRA_SPORT_RANGE: u16 = 23;
const FRA_DPORT_RANGE: u16 = 24;
/// `FIB_RULE_INVERT`.
const INVERT: u32 = 2;
/// `RTM_F_CLONED`: a route that the kernel remembers for one destination.
const CLONED: u32 = 0x200;
/// The length of `struct rtmsg` and of `struct fib_rule_hdr`.
const HEADER: usize = 12;
/// The length of `struct rtnexthop`.
const NEXT_HOP: usize = 8;
/// `suppress_prefixlength` of a rule that does not suppress anything.
const SUPPRESS_NOTHING: u32 = u32::MAX;

/// One route (`struct rtmsg`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMessage {
    /// The network that it leads to.
    pub destination: IpAddr,
    /// The length of that network's prefix, bits.
    pub prefix: u8,
    /// The routing table.
    pub table: u32,
    /// `RTN_*`: 1 to a next hop, 2 to this host, 6 blackhole, 7 unreachable, 8 prohibit, 9 throw.
    pub kind: u8,
    /// Interface and gateway of each next hop.
    pub next_hops: Vec<(Option<u32>, Option<IpAddr>)>,
    /// The address that packets have which were given none.
    pub preferred_source: Option<IpAddr>,
    /// Of several the lowest is taken.
    pub metric: u32,
    /// `RTPROT_*`.
    pub protocol: u8,
}

/// One routing rule (`struct fib_rule_hdr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMessage {
    /// Rules are asked in this order.
    pub priority: u32,
    /// Network and prefix of the source.
    pub from: Option<(IpAddr, u8)>,
    /// Network and prefix of the destination.
    pub to: Option<(IpAddr, u8)>,
    /// The interface that a socket must be bound to.
    pub output_interface: Option<String>,
    /// Whether it asks for something else.
    pub asks_more: bool,
    /// Whether it is for what does not fit.
    pub inverted: bool,
    /// `suppress_prefixlength`.
    pub suppress_prefix: Option<u32>,
    /// `FR_ACT_*`: 1 to a table, 2 goto, 3 nop, 6 blackhole, 7 unreachable, 8 prohibit.
    pub action: u8,
    /// The table that it looks into.
    pub table: u32,
}

/// Asks for the routes of a family in every table.
pub fn dump_every_route(family: u8, sequence: u32) -> Vec<u8> {
    Request::new(RTM_GETROUTE, NLM_F_DUMP, sequence)
        .put(&[family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .finish()
}

fn everything(family: u8) -> Option<IpAddr> {
    match family {
        AF_INET => Some(Ipv4Addr::UNSPECIFIED.into()),
        AF_INET6 => Some(Ipv6Addr::UNSPECIFIED.into()),
        _ => None,
    }
}

/// A message of kind RTM_NEWROUTE; `None` for a family that is not IP, and for what the kernel remembers of one
/// destination.
///
/// # Errors
/// When it is shorter than `struct rtmsg`.
pub fn parse_full_route(payload: &[u8]) -> Result<Option<RouteMessage>, Malformed> {
    const WHAT: Malformed = Malformed("a route");
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    let family = u8_at(payload, 0).ok_or(WHAT)?;
    let flags = u32_at(payload, 8).ok_or(WHAT)?;
    let Some(everything) = everything(family).filter(|_| flags & CLONED == 0) else {
        return Ok(None);
    };
    let mut route = RouteMessage {
        destination: everything,
        prefix: u8_at(payload, 1).ok_or(WHAT)?,
        table: u32::from(u8_at(payload, 4).ok_or(WHAT)?),
        kind: u8_at(payload, 7).ok_or(WHAT)?,
        next_hops: Vec::new(),
        preferred_source: None,
        metric: 0,
        protocol: u8_at(payload, 5).ok_or(WHAT)?,
    };
    let (mut interface, mut gateway) = (None, None);
    for attribute in Attributes(attributes) {
        let address = || ip_at(family, attribute.payload, 0);
        match attribute.kind {
            RTA_DST => route.destination = address().ok_or(WHAT)?,
            RTA_OIF => interface = attribute.u32(),
            RTA_GATEWAY => gateway = address(),
            RTA_VIA => gateway = via(attribute.payload),
            RTA_PRIORITY => route.metric = attribute.u32().unwrap_or_default(),
            RTA_PREFSRC => route.preferred_source = address(),
            // A table above 255 is told here only.
            RTA_TABLE => route.table = attribute.u32().unwrap_or(route.table),
            RTA_MULTIPATH => next_hops(family, attribute.payload, &mut route.next_hops),
            _ => {}
        }
    }
    if route.next_hops.is_empty() && (interface.is_some() || gateway.is_some()) {
        route.next_hops.push((interface, gateway));
    }
    Ok(Some(route))
}

/// `struct rtvia`: a gateway of the other family.
fn via(bytes: &[u8]) -> Option<IpAddr> {
    let family = u8::try_from(u16_at(bytes, 0)?).ok()?;
    ip_at(family, bytes, 2)
}

fn next_hops(family: u8, mut bytes: &[u8], into: &mut Vec<(Option<u32>, Option<IpAddr>)>) {
    while let (Some(length), Some(interface)) = (u16_at(bytes, 0), u32_at(bytes, 4)) {
        let length = usize::from(length);
        if length < NEXT_HOP || length > bytes.len() {
            return;
        }
        let mut gateway = None;
        for attribute in Attributes(bytes.get(NEXT_HOP..length).unwrap_or_default()) {
            match attribute.kind {
                RTA_GATEWAY => gateway = ip_at(family, attribute.payload, 0),
                RTA_VIA => gateway = via(attribute.payload),
                _ => {}
            }
        }
        into.push((Some(interface), gateway));
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
}

/// A message of kind RTM_NEWRULE; `None` for a family that is not IP.
///
/// # Errors
/// When it is shorter than `struct fib_rule_hdr`.
pub fn parse_full_rule(payload: &[u8]) -> Result<Option<RuleMessage>, Malformed> {
    const WHAT: Malformed = Malformed("a routing rule");
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    let family = u8_at(payload, 0).ok_or(WHAT)?;
    if everything(family).is_none() {
        return Ok(None);
    }
    let (to_bits, from_bits) = (u8_at(payload, 1).ok_or(WHAT)?, u8_at(payload, 2).ok_or(WHAT)?);
    let type_of_service = u8_at(payload, 3).ok_or(WHAT)?;
    let mut rule = RuleMessage {
        priority: 0,
        from: None,
        to: None,
        output_interface: None,
        asks_more: type_of_service != 0,
        inverted: u32_at(payload, 8).ok_or(WHAT)? & INVERT != 0,
        suppress_prefix: None,
        action: u8_at(payload, 7).ok_or(WHAT)?,
        table: u32::from(u8_at(payload, 4).ok_or(WHAT)?),
    };
    for attribute in Attributes(attributes) {
        let address = || ip_at(family, attribute.payload, 0);
        match attribute.kind {
            FRA_DST => rule.to = address().map(|address| (address, to_bits)),
            FRA_SRC => rule.from = address().map(|address| (address, from_bits)),
            FRA_PRIORITY => rule.priority = attribute.u32().unwrap_or_default(),
            FRA_SUPPRESS_PREFIXLEN => {
                rule.suppress_prefix = attribute.u32().filter(|bits| *bits != SUPPRESS_NOTHING);
            }
            FRA_TABLE => rule.table = attribute.u32().unwrap_or(rule.table),
            FRA_OIFNAME => rule.output_interface = attribute.string().map(str::to_owned),
            FRA_FWMARK => rule.asks_more |= attribute.u32().unwrap_or_default() != 0,
            FRA_IIFNAME | FRA_UID_RANGE | FRA_IP_PROTO | FRA_SPORT_RANGE | FRA_DPORT_RANGE => {
                rule.asks_more = true;
            }
            _ => {}
        }
    }
    Ok(Some(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        Request::new(0, 0, 0)
            .attribute(kind, value)
            .finish()
            .split_off(16)
    }

    #[test]
    fn a_route_tells_its_table_its_next_hops_and_its_metric() {
        let mut bytes = vec![AF_INET, 0, 0, 0, 254, 16, 0, 1, 0, 0, 0, 0];
        bytes.extend(attribute(RTA_TABLE, &1001_u32.to_ne_bytes()));
        bytes.extend(attribute(RTA_GATEWAY, &[10, 0, 2, 254]));
        bytes.extend(attribute(RTA_OIF, &3_u32.to_ne_bytes()));
        bytes.extend(attribute(RTA_PRIORITY, &600_u32.to_ne_bytes()));
        let route = parse_full_route(&bytes).expect("a route").expect("of IP");
        assert_eq!(
            (route.table, route.prefix, route.metric, route.protocol),
            (1001, 0, 600, 16)
        );
        assert_eq!(route.destination, IpAddr::from([0, 0, 0, 0]));
        assert_eq!(route.next_hops, [(Some(3), Some(IpAddr::from([10, 0, 2, 254])))]);
        for length in 0..HEADER {
            assert!(parse_full_route(bytes.get(..length).expect("a part")).is_err());
        }
    }

    #[test]
    fn a_rule_tells_whom_it_is_for_and_where_it_leads() {
        let mut bytes = vec![AF_INET, 0, 32, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        bytes.extend(attribute(FRA_SRC, &[10, 0, 2, 1]));
        bytes.extend(attribute(FRA_PRIORITY, &100_u32.to_ne_bytes()));
        bytes.extend(attribute(FRA_TABLE, &300_u32.to_ne_bytes()));
        bytes.extend(attribute(FRA_SUPPRESS_PREFIXLEN, &SUPPRESS_NOTHING.to_ne_bytes()));
        let rule = parse_full_rule(&bytes).expect("a rule").expect("of IP");
        assert_eq!(rule.from, Some((IpAddr::from([10, 0, 2, 1]), 32)));
        assert_eq!((rule.priority, rule.table, rule.action), (100, 300, 1));
        assert_eq!(
            (rule.asks_more, rule.inverted, rule.suppress_prefix),
            (false, false, None)
        );
        bytes.extend(attribute(FRA_FWMARK, &5_u32.to_ne_bytes()));
        assert!(parse_full_rule(&bytes).expect("a rule").expect("of IP").asks_more);
    }
}
