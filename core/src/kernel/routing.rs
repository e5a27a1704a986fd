//! What decides which way packets go: routes, routing rules, neighbours and reverse-path filters, listed by rtnetlink.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Error;
use super::netlink::Socket;
use crate::model::{
    LOCAL_TABLE, Neighbour, NeighbourState, Network, NextHop, RouteAction, RouteEntry, RoutingRule,
};
use crate::wire::bytes::{AF_INET, AF_INET6};
use crate::wire::rtnetlink::{
    ConfOf, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NeighbourEntry, RTM_NEWNEIGH, RTM_NEWNETCONF,
    RTM_NEWROUTE, RTM_NEWRULE, RouteMessage, RuleMessage, dump_every_route, dump_ipv4_conf, dump_neighbours,
    dump_rules, parse_full_route, parse_full_rule, parse_neighbour, parse_reverse_path_filter,
};

/// More routes than this are not told: a router may have a million, and who has so many needs no help with two.
const MOST_ROUTES: usize = 2048;
/// More neighbours than this are not told.
const MOST_NEIGHBOURS: usize = 256;
/// On a link with no more neighbours than this, each may be the router.
const FEW_NEIGHBOURS: usize = 2;
/// `RTN_*` (include/uapi/linux/rtnetlink.h) and, with the same numbers, `FR_ACT_*` (fib_rules.h).
const UNICAST: u8 = 1;
const LOCAL: u8 = 2;
const BROADCAST: u8 = 3;
const ANYCAST: u8 = 4;
const MULTICAST: u8 = 5;
const BLACKHOLE: u8 = 6;
const UNREACHABLE: u8 = 7;
const PROHIBIT: u8 = 8;
const THROW: u8 = 9;

/// The routing tables as they are now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingTables {
    /// The routes of all tables but the local one, where they are not too many.
    pub routes: Option<Vec<RouteEntry>>,
    /// The rules, in the order in which they are asked.
    pub rules: Vec<RoutingRule>,
}

/// How IPv4 packets are looked at as they come in, by interface.
#[derive(Clone, Debug, Default)]
pub(super) struct ReversePathFilters {
    all: u8,
    own: BTreeMap<u32, u8>,
}

impl ReversePathFilters {
    /// The one in force at an interface (include/linux/inetdevice.h, `IN_DEV_RPFILTER`).
    pub(super) fn of(&self, interface: u32) -> Option<u8> {
        self.own.get(&interface).map(|own| self.all.max(*own))
    }
}

/// Lists something that a kernel may not have: IPv6, policy routing, or these settings.
fn listed<T>(list: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match list {
        Err(Error::Refused { .. }) => Ok(Vec::new()),
        list => list,
    }
}

pub(super) fn tables(socket: &mut Socket) -> Result<RoutingTables, Error> {
    let (mut routes, mut rules) = (Vec::new(), Vec::new());
    let mut left = MOST_ROUTES + 1;
    for family in [AF_INET, AF_INET6] {
        let found = socket.list(
            "list routes",
            |sequence| dump_every_route(family, sequence),
            |message| {
                if message.kind != RTM_NEWROUTE || left == 0 {
                    return Ok(None);
                }
                let entry = parse_full_route(message.payload)?.and_then(route);
                left -= usize::from(entry.is_some());
                Ok(entry)
            },
        );
        routes.extend(listed(found)?);
        let found = socket.list(
            "list routing rules",
            |sequence| dump_rules(family, sequence),
            |message| match message.kind {
                RTM_NEWRULE => {
                    Ok(parse_full_rule(message.payload)?.map(|message| rule(message, family == AF_INET6)))
                }
                _ => Ok(None),
            },
        );
        rules.extend(listed(found)?);
    }
    rules.sort_by_key(|rule| (rule.ipv6, rule.priority));
    Ok(RoutingTables {
        routes: (left > 0).then_some(routes),
        rules,
    })
}

fn action(kind: u8) -> RouteAction {
    match kind {
        UNICAST => RouteAction::Forward,
        LOCAL => RouteAction::Local,
        BLACKHOLE => RouteAction::Blackhole,
        UNREACHABLE => RouteAction::Unreachable,
        PROHIBIT => RouteAction::Prohibit,
        THROW => RouteAction::Next,
        _ => RouteAction::Other,
    }
}

fn route(message: RouteMessage) -> Option<RouteEntry> {
    let is_of_this_host =
        message.table == LOCAL_TABLE || matches!(message.kind, BROADCAST | ANYCAST | MULTICAST);
    let is_multicast = message.destination.is_multicast() && message.prefix > 0;
    if is_of_this_host || is_multicast {
        return None;
    }
    let hops = message.next_hops.into_iter();
    Some(RouteEntry {
        destination: message.destination,
        prefix: message.prefix,
        table: message.table,
        action: action(message.kind),
        next_hops: hops
            .map(|(interface, gateway)| NextHop { interface, gateway })
            .collect(),
        preferred_source: message.preferred_source,
        metric: message.metric,
        protocol: message.protocol,
    })
}

fn rule(message: RuleMessage, ipv6: bool) -> RoutingRule {
    let network = |(address, prefix)| Network { address, prefix };
    RoutingRule {
        ipv6,
        priority: message.priority,
        from: message.from.map(network),
        to: message.to.map(network),
        output_interface: message.output_interface,
        asks_more: message.asks_more,
        inverted: message.inverted,
        suppress_prefix: message.suppress_prefix,
        // FR_ACT_GOTO and FR_ACT_NOP stand where routes have kinds of their own.
        action: match message.action {
            UNICAST | BLACKHOLE | UNREACHABLE | PROHIBIT => action(message.action),
            _ => RouteAction::Other,
        },
        table: message.table,
    }
}

/// Neighbours that do not answer, and those that are routers or may be: they say so, a route leads over them, or there is
/// hardly another on the link.
pub(super) fn neighbours(socket: &mut Socket, tables: &RoutingTables) -> Result<Vec<Neighbour>, Error> {
    let mut found = Vec::new();
    for family in [AF_INET, AF_INET6] {
        let list = socket.list(
            "list neighbours",
            |sequence| dump_neighbours(family, sequence),
            |message| match message.kind {
                RTM_NEWNEIGH => {
                    let entry = parse_neighbour(message.payload)?;
                    Ok(entry.filter(|entry| entry.state & NUD_NOARP == 0).map(neighbour))
                }
                _ => Ok(None),
            },
        );
        found.extend(telling(listed(list)?, tables));
    }
    found.sort_by_key(|neighbour| (neighbour.interface, neighbour.address));
    found.dedup_by_key(|neighbour| (neighbour.interface, neighbour.address));
    Ok(found)
}

/// Those of one family that tell something about a way.
fn telling(all: Vec<Neighbour>, tables: &RoutingTables) -> Vec<Neighbour> {
    let hops = tables.routes.iter().flatten().flat_map(|route| &route.next_hops);
    let gateways: BTreeSet<IpAddr> = hops.filter_map(|hop| hop.gateway).collect();
    let mut known: BTreeMap<u32, usize> = BTreeMap::new();
    for neighbour in all
        .iter()
        .filter(|neighbour| neighbour.state == NeighbourState::Known)
    {
        *known.entry(neighbour.interface).or_default() += 1;
    }
    let tells = |neighbour: &Neighbour| {
        let others = known.get(&neighbour.interface);
        neighbour.state != NeighbourState::Known
            || neighbour.router
            || gateways.contains(&neighbour.address)
            || others.is_none_or(|number| *number <= FEW_NEIGHBOURS)
    };
    all.into_iter().filter(tells).take(MOST_NEIGHBOURS).collect()
}

fn neighbour(entry: NeighbourEntry) -> Neighbour {
    Neighbour {
        interface: entry.interface,
        address: entry.address,
        state: if entry.state & NUD_FAILED != 0 {
            NeighbourState::Failed
        } else if entry.state & NUD_INCOMPLETE != 0 {
            NeighbourState::Asked
        } else {
            NeighbourState::Known
        },
        router: entry.is_router,
    }
}

pub(super) fn reverse_path_filters(socket: &mut Socket) -> Result<ReversePathFilters, Error> {
    let list = socket.list(
        "list settings of interfaces",
        dump_ipv4_conf,
        |message| match message.kind {
            RTM_NEWNETCONF => parse_reverse_path_filter(message.payload),
            _ => Ok(None),
        },
    );
    let mut filters = ReversePathFilters::default();
    for (whose, filter) in listed(list)? {
        match whose {
            ConfOf::All => filters.all = filter,
            ConfOf::Interface(index) => {
                filters.own.insert(index, filter);
            }
        }
    }
    Ok(filters)
}
