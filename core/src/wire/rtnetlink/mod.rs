//! rtnetlink: links, addresses and routes (RFC 3549; include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h).

mod address;
mod link;
mod name;
mod neighbour;
mod route;
mod route_lookup;
mod routing;

pub use address::{
    Address, IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_SECONDARY, IFA_F_TENTATIVE, dump_addresses,
    parse_address, parse_address_flags,
};
pub use link::{Link, dump_links, get_link_by_index, get_link_by_name, is_set_up, is_up, parse_link};
pub use name::{name_from_bytes, name_to_bytes};
pub use neighbour::{
    ConfOf, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NeighbourEntry, dump_ipv4_conf, dump_neighbours,
    parse_neighbour, parse_reverse_path_filter,
};
pub use route::{DefaultRoute, RT_TABLE_MAIN, dump_routes, parse_default_route};
pub use route_lookup::{RouteQuery, Selectors, dump_rules, get_route, parse_route_interface, parse_rule};
pub use routing::{RouteMessage, RuleMessage, dump_every_route, parse_full_route, parse_full_rule};

/// `RTM_NEWLINK`.
pub const RTM_NEWLINK: u16 = 16;
/// `RTM_DELLINK`.
pub const RTM_DELLINK: u16 = 17;
/// `RTM_NEWADDR`.
pub const RTM_NEWADDR: u16 = 20;
/// `RTM_DELADDR`.
pub const RTM_DELADDR: u16 = 21;
/// `RTM_NEWROUTE`.
pub const RTM_NEWROUTE: u16 = 24;
/// `RTM_DELROUTE`.
pub const RTM_DELROUTE: u16 = 25;
/// `RTM_NEWNEIGH`.
pub const RTM_NEWNEIGH: u16 = 28;
/// `RTM_NEWNETCONF`.
pub const RTM_NEWNETCONF: u16 = 80;
/// `RTM_NEWRULE`.
pub const RTM_NEWRULE: u16 = 32;
/// `RTM_DELRULE`.
pub const RTM_DELRULE: u16 = 33;
/// `RTM_NEWNEXTHOP` (Linux 5.3).
pub const RTM_NEWNEXTHOP: u16 = 104;
/// `RTM_DELNEXTHOP`.
pub const RTM_DELNEXTHOP: u16 = 105;

/// The multicast group of links.
pub const RTNLGRP_LINK: u32 = 1;
/// The multicast group of IPv4 addresses.
pub const RTNLGRP_IPV4_IFADDR: u32 = 5;
/// The multicast group of IPv4 routes.
pub const RTNLGRP_IPV4_ROUTE: u32 = 7;
/// The multicast group of IPv4 routing rules.
pub const RTNLGRP_IPV4_RULE: u32 = 8;
/// The multicast group of IPv6 addresses.
pub const RTNLGRP_IPV6_IFADDR: u32 = 9;
/// The multicast group of IPv6 routes.
pub const RTNLGRP_IPV6_ROUTE: u32 = 11;
/// The multicast group of IPv6 routing rules.
pub const RTNLGRP_IPV6_RULE: u32 = 19;
/// The multicast group of what interfaces are set to do with IPv4.
pub const RTNLGRP_IPV4_NETCONF: u32 = 24;
/// The multicast group of next hops that routes share (Linux 5.3).
pub const RTNLGRP_NEXTHOP: u32 = 32;
