//! Asking which way packets go (`ip route get`), and what the answer depends on.

use std::net::IpAddr;

use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{AF_INET, AF_INET6, u8_at};
use crate::wire::netlink::{NLM_F_DUMP, Request};

const RTM_GETROUTE: u16 = 26;
const RTM_GETRULE: u16 = 34;
const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_OIF: u16 = 4;
const RTA_MARK: u16 = 16;
const RTA_UID: u16 = 25;
const RTA_IP_PROTO: u16 = 27;
const RTA_SPORT: u16 = 28;
const RTA_DPORT: u16 = 29;
const RTN_UNICAST: u8 = 1;
const RTN_LOCAL: u8 = 2;
const FRA_UID_RANGE: u16 = 20;
const FRA_SPORT_RANGE: u16 = 23;
const FRA_DPORT_RANGE: u16 = 24;
const IPPROTO_TCP: u8 = 6;
/// The length of `struct rtmsg` and of `struct fib_rule_hdr`.
const HEADER: usize = 12;

/// What the kernel is asked for: the way of TCP segments of this host from one address to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteQuery {
    /// This host's address.
    pub local: IpAddr,
    /// The peer's address.
    pub remote: IpAddr,
    /// SO_MARK of the socket; 0 for none.
    pub mark: u32,
    /// The user who made the socket, where rules ask for it; else the asking one.
    pub uid: Option<u32>,
    /// This host's port and the peer's, where rules or the choice between next hops depend on them.
    pub ports: Option<(u16, u16)>,
}

/// What routing rules ask for besides addresses and marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    /// A range of users.
    pub uid: bool,
    /// Ranges of ports.
    pub ports: bool,
}

/// Appends a request for a route (net/ipv4/route.c, `inet_rtm_getroute`; net/ipv6/route.c, `inet6_rtm_getroute`). The
/// answer is a message of kind RTM_NEWROUTE, or an error such as ENETUNREACH; EINVAL says for IPv4 that this host does not
/// have the local address. Needs no privilege.
pub fn get_route(query: &RouteQuery, sequence: u32, into: &mut Vec<u8>) {
    let (family, bits) = match query.remote {
        IpAddr::V4(_) => (AF_INET, 32),
        IpAddr::V6(_) => (AF_INET6, 128),
    };
    let mut request = Request::new(RTM_GETROUTE, 0, sequence)
        .put(&[family, bits, bits, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .attribute(RTA_DST, &octets(query.remote))
        .attribute(RTA_SRC, &octets(query.local))
        // Unless told otherwise the kernel takes UDP.
        .attribute(RTA_IP_PROTO, &[IPPROTO_TCP]);
    if query.mark != 0 {
        request = request.attribute(RTA_MARK, &query.mark.to_ne_bytes());
    }
    if let Some(uid) = query.uid {
        request = request.attribute(RTA_UID, &uid.to_ne_bytes());
    }
    if let Some((local, remote)) = query.ports {
        request = request
            .attribute(RTA_SPORT, &local.to_be_bytes())
            .attribute(RTA_DPORT, &remote.to_be_bytes());
    }
    into.extend_from_slice(&request.finish());
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The interface through which packets leave, from an answer to [`get_route`]; loopback's for what stays on this host.
/// `None` where the route leads nowhere (unreachable, blackhole, prohibit).
///
/// # Errors
/// When it is shorter than `struct rtmsg`.
pub fn parse_route_interface(payload: &[u8]) -> Result<Option<u32>, Malformed> {
    const WHAT: Malformed = Malformed("a route");
    let kind = u8_at(payload, 7).ok_or(WHAT)?;
    let attributes = payload.get(HEADER..).ok_or(WHAT)?;
    if !matches!(kind, RTN_UNICAST | RTN_LOCAL) {
        return Ok(None);
    }
    let interface = Attributes(attributes).find(|attribute| attribute.kind == RTA_OIF);
    Ok(interface.and_then(|interface| interface.u32()))
}

/// Asks for the routing rules of a family.
pub fn dump_rules(family: u8, sequence: u32) -> Vec<u8> {
    Request::new(RTM_GETRULE, NLM_F_DUMP, sequence)
        .put(&[family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .finish()
}

/// What a rule asks for besides addresses and marks (include/uapi/linux/fib_rules.h).
///
/// # Errors
/// When it is shorter than `struct fib_rule_hdr`.
pub fn parse_rule(payload: &[u8]) -> Result<Selectors, Malformed> {
    let attributes = payload.get(HEADER..).ok_or(Malformed("a routing rule"))?;
    let mut selectors = Selectors::default();
    for attribute in Attributes(attributes) {
        match attribute.kind {
            FRA_UID_RANGE => selectors.uid = true,
            FRA_SPORT_RANGE | FRA_DPORT_RANGE => selectors.ports = true,
            _ => {}
        }
    }
    Ok(selectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> RouteQuery {
        RouteQuery {
            local: IpAddr::from([10, 77, 2, 1]),
            remote: IpAddr::from([10, 99, 0, 1]),
            mark: 0,
            uid: None,
            ports: None,
        }
    }

    /// The attributes of a request, after the two headers.
    fn attributes(query: &RouteQuery) -> Vec<(u16, Vec<u8>)> {
        let mut bytes = Vec::new();
        get_route(query, 7, &mut bytes);
        let rest = bytes.get(16 + HEADER..).expect("both headers");
        let attributes = Attributes(rest);
        attributes
            .map(|attribute| (attribute.kind, attribute.payload.to_vec()))
            .collect()
    }

    #[test]
    fn it_asks_for_tcp_and_only_for_what_is_known_besides() {
        let mut expected = vec![
            (RTA_DST, vec![10, 99, 0, 1]),
            (RTA_SRC, vec![10, 77, 2, 1]),
            (RTA_IP_PROTO, vec![IPPROTO_TCP]),
        ];
        assert_eq!(attributes(&query()), expected);
        let all = RouteQuery {
            mark: 5,
            uid: Some(1000),
            ports: Some((0x1234, 443)),
            ..query()
        };
        expected.extend([
            (RTA_MARK, 5_u32.to_ne_bytes().to_vec()),
            (RTA_UID, 1000_u32.to_ne_bytes().to_vec()),
            (RTA_SPORT, vec![0x12, 0x34]),
            (RTA_DPORT, vec![1, 187]),
        ]);
        assert_eq!(attributes(&all), expected);
    }

    #[test]
    fn only_a_route_that_leads_somewhere_has_an_interface() {
        let answer = |kind: u8| {
            let oif = [8, 0, 4, 0, 3, 0, 0, 0].map(|byte: u8| byte);
            let mut bytes = vec![AF_INET, 32, 32, 0, 254, 0, 0, kind, 0, 0, 0, 0];
            bytes.extend(if cfg!(target_endian = "little") {
                oif
            } else {
                [0, 8, 0, 4, 0, 0, 0, 3]
            });
            bytes
        };
        assert_eq!(parse_route_interface(&answer(RTN_UNICAST)), Ok(Some(3)));
        assert_eq!(parse_route_interface(&answer(RTN_LOCAL)), Ok(Some(3)));
        let unreachable = 7;
        assert_eq!(parse_route_interface(&answer(unreachable)), Ok(None));
        let whole = answer(RTN_UNICAST);
        for length in 0..whole.len() {
            let cut = parse_route_interface(whole.get(..length).expect("a part"));
            assert_eq!(cut.is_err(), length < HEADER, "{length}");
            assert_ne!(cut, Ok(Some(3)), "{length}");
        }
    }
}
