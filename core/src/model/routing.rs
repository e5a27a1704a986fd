//! Which way packets may go: routes, routing rules and the neighbours on a link, as the kernel's tables have them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The table that the kernel looks into unless a rule says otherwise (`RT_TABLE_MAIN`).
pub const MAIN_TABLE: u32 = 254;
/// The table of this host's own addresses (`RT_TABLE_LOCAL`).
pub const LOCAL_TABLE: u32 = 255;
/// The table that is looked into last (`RT_TABLE_DEFAULT`).
pub const DEFAULT_TABLE: u32 = 253;

/// What a route, or a rule, does with a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteAction {
    /// It leads on: a route to a next hop, a rule to its table.
    #[default]
    Forward,
    /// The packet is for this host.
    Local,
    /// Refused: the destination is unreachable.
    Unreachable,
    /// Refused: forbidden by an administrator.
    Prohibit,
    /// Dropped without a word.
    Blackhole,
    /// The next rule decides.
    Next,
    /// Something else, or something that this version does not know.
    Other,
}

/// Where a route sends a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NextHop {
    /// The index of the interface by which it leaves.
    pub interface: Option<u32>,
    /// The router that it is given to; `None` where the destination is on the link.
    pub gateway: Option<IpAddr>,
}

/// One route, of any table but the local one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteEntry {
    /// The network that it leads to: its address.
    pub destination: IpAddr,
    /// The length of that network's prefix, bits; 0 is everything of the family.
    pub prefix: u8,
    /// The routing table.
    pub table: u32,
    /// What it does.
    #[serde(default)]
    pub action: RouteAction,
    /// Where to: several, where they share the load.
    #[serde(default)]
    pub next_hops: Vec<NextHop>,
    /// The address that packets have which were given none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_source: Option<IpAddr>,
    /// Of several the lowest is taken.
    pub metric: u32,
    /// Who made it (`RTPROT_*`, include/uapi/linux/rtnetlink.h): 2 the kernel, 9 router advertisement, 16 DHCP.
    pub protocol: u8,
}

/// A network: an address and the length of its prefix, bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Network {
    /// Its address.
    pub address: IpAddr,
    /// The length of its prefix, bits.
    pub prefix: u8,
}

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
            IpAddr::V6(address) => u128::from(address),
        };
        let shift = 128_u32.saturating_sub(u32::from(self.prefix));
        let same_family = self.address.is_ipv4() == address.is_ipv4();
        let differs = bits(self.address) ^ bits(address);
        same_family && differs.checked_shr(shift).unwrap_or(0) == 0
    }

    /// The address in this network at the place that another has in its own, of the same prefix.
    pub fn with_host_of(&self, other: IpAddr) -> IpAddr {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let host = u32::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0);
                IpAddr::from(((u32::from(own) & !host) | (u32::from(other) & host)).to_be_bytes())
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let host = u128::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0);
                IpAddr::from(((u128::from(own) & !host) | (u128::from(other) & host)).to_be_bytes())
            }
            (own, _) => own,
        }
    }
}

impl RouteEntry {
    /// The network that it leads to.
    pub fn network(&self) -> Network {
        Network {
            address: self.destination,
            prefix: self.prefix,
        }
    }
}

/// One routing rule (`struct fib_rule_hdr`, include/uapi/linux/fib_rules.h).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoutingRule {
    /// Whether it is for IPv6; else for IPv4.
    pub ipv6: bool,
    /// Rules are asked in this order.
    pub priority: u32,
    /// For packets from there; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Network>,
    /// For packets to there; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Network>,
    /// For packets of sockets that are bound to this interface; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_interface: Option<String>,
    /// It asks for something that is not told here: a mark, an incoming interface, a user, ports or a protocol.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_more: bool,
    /// It is for what does not fit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inverted: bool,
    /// A route found by it counts only where its prefix is longer than this (`suppress_prefixlength`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppress_prefix: Option<u32>,
    /// What it does.
    #[serde(default)]
    pub action: RouteAction,
    /// The table that it looks into, where it leads on.
    pub table: u32,
}

/// Whether a neighbour answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeighbourState {
    /// Its link-layer address is known.
    Known,
    /// It was asked for and has not answered yet.
    Asked,
    /// It did not answer.
    Failed,
}

/// A host on a link (ARP, or neighbour discovery) that is a router, or does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Neighbour {
    /// The index of the interface to whose link it belongs.
    pub interface: u32,
    /// Its address.
    pub address: IpAddr,
    /// Whether it answers.
    pub state: NeighbourState,
    /// Whether it says that it is a router (IPv6).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub router: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_what_begins_alike_in_its_family() {
        let network = |address: &str, prefix| Network {
            address: address.parse().expect("an address"),
            prefix,
        };
        let has = |network: Network, address: &str| network.contains(address.parse().expect("an address"));
        assert!(has(network("10.1.0.0", 16), "10.1.2.3"));
        assert!(!has(network("10.1.0.0", 16), "10.2.2.3"));
        assert!(has(network("0.0.0.0", 0), "10.2.2.3"));
        assert!(!has(network("0.0.0.0", 0), "2001:db8::1"));
        assert!(has(network("2001:db8::", 32), "2001:db8:5::1"));
        assert!(!has(network("2001:db8::1", 128), "2001:db8::2"));
        assert!(has(network("10.0.0.1", 32), "10.0.0.1"));
        let place = |network: Network, other: &str| {
            network
                .with_host_of(other.parse().expect("an address"))
                .to_string()
        };
        assert_eq!(place(network("10.2.0.1", 24), "10.1.0.254"), "10.2.0.254");
        assert_eq!(place(network("fd00:2::1", 64), "fd00:1::fe"), "fd00:2::fe");
    }
}
