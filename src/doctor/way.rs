//! Which way the kernel would send packets: its rules and routes looked up as it does (`fib_lookup` in
//! net/ipv4/fib_rules.c, `ip6_route_output_flags` in net/ipv6/route.c), without asking it.

use std::net::IpAddr;

use super::facts::Facts;
use crate::model::{
    DEFAULT_TABLE, Interface, LOCAL_TABLE, MAIN_TABLE, NeighbourState, Network, RouteAction, RouteEntry,
    RoutingRule, is_link_local,
};

/// What refuses a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A rule.
    Rule(RoutingRule),
    /// A route.
    Route(RouteEntry),
}

/// Where packets go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Out of this interface, to this gateway or straight to the peer, by this rule's priority and table.
    Via {
        /// The interface's number.
        interface: u32,
        /// The router.
        gateway: Option<IpAddr>,
        /// The table that has the route.
        table: u32,
        /// The priority of the rule that led there.
        priority: u32,
    },
    /// No route leads there, but the socket is bound to a device: IPv4 then takes the peer to be on its link
    /// (net/ipv4/route.c, `ip_route_output_key_hash_rcu`).
    AssumedOnLink(u32),
    /// Nowhere.
    Nowhere,
    /// Refused by a rule or a route.
    Refused(Box<Refusal>),
    /// The tables are not known.
    Unknown,
}

/// The route of a table that is taken.
enum Found<'a> {
    Route(&'a RouteEntry),
    Nothing,
}

/// Looks up the way from an address to a peer, of a socket that is bound to a device or not.
pub(super) fn way(facts: &Facts, from: IpAddr, to: IpAddr, device: Option<u32>) -> Way {
    let Some((rules, routes)) = facts.rules.as_ref().zip(facts.routes.as_ref()) else {
        return Way::Unknown;
    };
    let family = rules.iter().filter(|rule| rule.ipv6 == to.is_ipv6());
    for rule in family.filter(|rule| rule.table != LOCAL_TABLE && is_for(facts, rule, from, to, device)) {
        match rule.action {
            RouteAction::Forward => {}
            RouteAction::Unreachable | RouteAction::Prohibit | RouteAction::Blackhole => {
                return Way::Refused(Box::new(Refusal::Rule(rule.clone())));
            }
            _ => continue,
        }
        let Found::Route(route) = look_up(routes, rule.table, to, device) else {
            continue;
        };
        if rule
            .suppress_prefix
            .is_some_and(|bits| u32::from(route.prefix) <= bits)
        {
            continue;
        }
        match route.action {
            RouteAction::Forward | RouteAction::Local => {}
            RouteAction::Unreachable | RouteAction::Prohibit | RouteAction::Blackhole => {
                return Way::Refused(Box::new(Refusal::Route(route.clone())));
            }
            RouteAction::Next | RouteAction::Other => continue,
        }
        let mut hops = route.next_hops.iter();
        let hop = hops.find(|hop| device.is_none() || hop.interface == device);
        if let Some((hop, interface)) = hop.and_then(|hop| Some((hop, hop.interface?))) {
            return Way::Via {
                interface,
                gateway: hop.gateway,
                table: rule.table,
                priority: rule.priority,
            };
        }
    }
    match device {
        Some(device) if to.is_ipv4() => Way::AssumedOnLink(device),
        _ => Way::Nowhere,
    }
}

fn is_for(facts: &Facts, rule: &RoutingRule, from: IpAddr, to: IpAddr, device: Option<u32>) -> bool {
    let by_device = rule.output_interface.as_ref().is_none_or(|name| {
        device.is_some_and(|index| {
            facts
                .interface(index)
                .is_some_and(|interface| interface.name == *name)
        })
    });
    let fits = by_device
        && !rule.asks_more
        && rule.from.is_none_or(|network| network.contains(from))
        && rule.to.is_none_or(|network| network.contains(to));
    // What is asked for besides is not known: an inverted rule that asks for a mark fits what has none.
    fits != rule.inverted
}

/// The longest prefix, and of several the lowest metric.
fn look_up(routes: &[RouteEntry], table: u32, to: IpAddr, device: Option<u32>) -> Found<'_> {
    let fits = routes.iter().filter(|route| {
        let refuses = route.next_hops.is_empty() || route.action != RouteAction::Forward;
        let by_device = device.is_none() || route.next_hops.iter().any(|hop| hop.interface == device);
        // The kernel's own last entry of a table without a route is no route.
        let is_null = refuses && route.metric == u32::MAX;
        route.table == table && route.network().contains(to) && !is_null && (by_device || refuses)
    });
    let best = fits.min_by_key(|route| (u8::MAX - route.prefix, route.metric));
    best.map_or(Found::Nothing, Found::Route)
}

/// Whether a table has any way to a peer over an interface.
pub(super) fn table_leads(facts: &Facts, table: u32, to: IpAddr, interface: u32) -> bool {
    let routes = facts.routes.as_deref().unwrap_or_default();
    let route = look_up(routes, table, to, Some(interface));
    matches!(route, Found::Route(route) if route.action == RouteAction::Forward)
}

/// Whether a table is one that a person made for a purpose.
pub(super) fn is_own_table(table: u32) -> bool {
    !matches!(table, 0 | MAIN_TABLE | LOCAL_TABLE | DEFAULT_TABLE)
}

/// The rule that sends what comes from an address to a table of its own.
pub(super) fn own_rule(facts: &Facts, from: IpAddr) -> Option<&RoutingRule> {
    let rules = facts.rules.iter().flatten();
    rules
        .filter(|rule| rule.ipv6 == from.is_ipv6() && rule.action == RouteAction::Forward && !rule.inverted)
        .filter(|rule| !rule.asks_more && is_own_table(rule.table))
        .find(|rule| {
            rule.from
                .is_some_and(|network| network.prefix > 0 && network.contains(from))
        })
}

/// A table of somebody's own that has a default route over an interface, and the gateway of it.
pub(super) fn own_table_of(facts: &Facts, interface: u32, ipv4: bool) -> Option<u32> {
    let routes = facts.routes.iter().flatten();
    let mut fits = routes.filter(|route| {
        route.prefix == 0
            && route.destination.is_ipv4() == ipv4
            && is_own_table(route.table)
            && route.action == RouteAction::Forward
            && route.next_hops.iter().any(|hop| hop.interface == Some(interface))
    });
    fits.next().map(|route| route.table)
}

/// The routers that lead out of an interface, as far as anything tells: routes that are or were there, neighbours that
/// say so, and a neighbour that is alone on its link. The best first.
pub(super) fn gateways(facts: &Facts, interface: u32, ipv4: bool) -> Vec<IpAddr> {
    let routes = facts
        .routes
        .iter()
        .flatten()
        .chain(facts.past_routes.iter().rev());
    let hops = routes
        .filter(|route| route.destination.is_ipv4() == ipv4)
        .flat_map(|route| &route.next_hops)
        .filter(|hop| hop.interface == Some(interface));
    let by_route = hops.filter_map(|hop| hop.gateway);
    let on_link = || {
        let neighbours = facts.neighbours.iter();
        neighbours.filter(|known| {
            known.interface == interface
                && known.address.is_ipv4() == ipv4
                && known.state == NeighbourState::Known
        })
    };
    let announced = on_link().filter(|known| known.router).map(|known| known.address);
    let global = on_link().filter(|known| !known.router && !is_link_local(known.address));
    let others: Vec<IpAddr> = global.map(|known| known.address).collect();
    let alone = others.first().copied().filter(|_| others.len() == 1);
    let mut found = Vec::new();
    for gateway in by_route.chain(announced).chain(alone) {
        if gateway.is_ipv4() == ipv4 && !found.contains(&gateway) {
            found.push(gateway);
        }
    }
    found
}

/// The router that leads out of an interface: one that is known, else one by likeness. Where the router of another
/// interface has a place in its network, as 254, the one with the same place here is the best guess.
pub(super) fn likely_gateway(
    facts: &Facts,
    interface: &Interface,
    ipv4: bool,
    but: Option<IpAddr>,
) -> Option<IpAddr> {
    let known = gateways(facts, interface.index, ipv4).into_iter();
    let fails = |gateway: &IpAddr| {
        Some(*gateway) == but || facts.neighbour(interface.index, *gateway) == Some(NeighbourState::Failed)
    };
    known
        .filter(|gateway| !fails(gateway))
        .chain(like_others(facts, interface, ipv4))
        .find(|gateway| !fails(gateway) && facts.owner(*gateway).is_none())
}

fn like_others(facts: &Facts, interface: &Interface, ipv4: bool) -> Option<IpAddr> {
    let own = network_of(interface, |address| {
        address.is_ipv4() == ipv4 && !is_link_local(address)
    })?;
    let others = facts.candidates().filter(|other| other.index != interface.index);
    let mut found = others.flat_map(|other| {
        let gateways = gateways(facts, other.index, ipv4).into_iter();
        gateways.filter_map(|gateway| {
            let theirs = network_of(other, |address| {
                let network = Network {
                    address,
                    prefix: own.prefix,
                };
                network.contains(gateway)
            })?;
            (theirs.prefix == own.prefix).then(|| own.with_host_of(gateway))
        })
    });
    found.next()
}

/// The first network of an interface in which there is such an address.
fn network_of(interface: &Interface, fits: impl Fn(IpAddr) -> bool) -> Option<Network> {
    let mut owned = interface.addresses.iter();
    let owned = owned.find(|owned| fits(owned.address))?;
    Some(Network {
        address: owned.address,
        prefix: owned.prefix,
    })
}

/// A table that nothing uses.
pub(super) fn free_table(facts: &Facts) -> u32 {
    let used = |table: u32| {
        facts.routes.iter().flatten().any(|route| route.table == table)
            || facts.rules.iter().flatten().any(|rule| rule.table == table)
    };
    (100..253).find(|table| !used(*table)).unwrap_or(1000)
}
