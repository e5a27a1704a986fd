//! The commands that mend, worked out for this machine, as lines for a shell.

use std::net::IpAddr;

use super::facts::Facts;
use super::way::{Way, free_table, likely_gateway, own_rule, own_table_of, table_leads};
use crate::model::text::ShellLine;
use crate::model::{Command, Endpoint, EndpointFlags, Interface, TcpState, equivalent};

/// The priority of the rule that leads to the main table (net/ipv4/fib_rules.c).
const MAIN_PRIORITY: u32 = 32766;
/// The most subflows that the limit may be (`MPTCP_PM_ADDR_MAX`).
const MOST_SUBFLOWS: u32 = 8;

/// Adds an endpoint from which subflows are opened.
pub(super) fn add(address: IpAddr, interface: &str) -> Vec<String> {
    let command = Command::EndpointAdd {
        address,
        interface: Some(interface.to_owned()),
        id: None,
        port: None,
        flags: EndpointFlags::SUBFLOW,
        insist: true,
    };
    equivalent(&command, &[])
}

/// Removes an endpoint.
pub(super) fn remove(endpoint: &Endpoint) -> Vec<String> {
    let command = Command::EndpointRemove { id: endpoint.id };
    equivalent(&command, std::slice::from_ref(endpoint))
}

/// Removes an endpoint and adds it with other flags, another address or another device.
pub(super) fn replace(
    endpoint: &Endpoint,
    address: IpAddr,
    interface: Option<&str>,
    flags: EndpointFlags,
) -> Vec<String> {
    let mut lines = remove(endpoint);
    let command = Command::EndpointAdd {
        address,
        interface: interface.map(str::to_owned),
        id: Some(endpoint.id),
        port: endpoint.port,
        flags,
        insist: true,
    };
    lines.extend(equivalent(&command, &[]));
    lines
}

/// Has living connections try an endpoint again: the kernel does so when it is added.
pub(super) fn try_again(facts: &Facts, endpoint: &Endpoint) -> Vec<String> {
    let lacks = |connection: &&crate::model::Connection| {
        let mut subflows = connection.living_subflows();
        !subflows
            .any(|subflow| subflow.local.ip() == endpoint.address && subflow.state == TcpState::Established)
    };
    if !facts.clients().iter().any(lacks) || !endpoint.flags.contains(EndpointFlags::SUBFLOW) {
        return Vec::new();
    }
    again(endpoint)
}

/// Removes an endpoint and adds it as it was.
pub(super) fn again(endpoint: &Endpoint) -> Vec<String> {
    replace(
        endpoint,
        endpoint.address,
        endpoint.interface.as_deref(),
        endpoint.flags,
    )
}

/// Sets the limit of subflows so that so many more fit.
pub(super) fn allow_subflows(most: u32) -> Vec<String> {
    equivalent(
        &Command::LimitsSet {
            extra_subflows_max: Some(most.clamp(2, MOST_SUBFLOWS)),
            add_addr_accepted_max: None,
        },
        &[],
    )
}

/// Sets how many announced addresses are accepted.
pub(super) fn accept_announced(most: u32) -> Vec<String> {
    equivalent(
        &Command::LimitsSet {
            extra_subflows_max: None,
            add_addr_accepted_max: Some(most.clamp(1, MOST_SUBFLOWS)),
        },
        &[],
    )
}

/// Writes a setting below net.mptcp.
pub(super) fn set(name: &str, value: &str) -> Vec<String> {
    equivalent(
        &Command::Set {
            name: name.to_owned(),
            value: value.into(),
        },
        &[],
    )
}

/// `ip` for the family of an address.
pub(super) fn ip(words_v4: &'static str, words_v6: &'static str, address: IpAddr) -> ShellLine {
    ShellLine::new(if address.is_ipv4() { words_v4 } else { words_v6 })
}

/// The rule and the table that have packets from an address leave by an interface, as far as they are missing. `now` is
/// where they go without.
pub(super) fn own_way(
    facts: &Facts,
    address: IpAddr,
    interface: &Interface,
    to: IpAddr,
    now: &Way,
) -> Vec<String> {
    let rule = own_rule(facts, address);
    let table = rule
        .map(|rule| rule.table)
        .or_else(|| own_table_of(facts, interface.index, address.is_ipv4()))
        .unwrap_or_else(|| free_table(facts));
    let mut lines = Vec::new();
    if !table_leads(facts, table, to, interface.index) {
        lines.push(default_route(facts, address, interface, table).into());
    }
    // Something is asked before the rule, as a VPN's is.
    let earlier = match now {
        Way::Via { priority, .. } if *priority < rule.map_or(MAIN_PRIORITY, |rule| rule.priority) => {
            Some(priority.saturating_sub(1))
        }
        _ => None,
    };
    if rule.is_none() || earlier.is_some() {
        let line = ip("ip rule add from", "ip -6 rule add from", address).word(address);
        let line = line.option("lookup", Some(table)).option("pref", earlier);
        lines.push(line.into());
    }
    lines
}

/// The default route of a table over an interface: to a router that is known there, else straight onto the link.
fn default_route(facts: &Facts, address: IpAddr, interface: &Interface, table: u32) -> ShellLine {
    let routes = facts.routes.iter().flatten();
    let has_default = routes
        .filter(|route| route.table == table && route.destination.is_ipv4() == address.is_ipv4())
        .any(|route| route.prefix == 0);
    let line = if has_default {
        ip("ip route replace default", "ip -6 route replace default", address)
    } else {
        ip("ip route add default", "ip -6 route add default", address)
    };
    let gateway = likely_gateway(facts, interface, address.is_ipv4(), None);
    let line = line.option("via", gateway).device("dev", Some(&interface.name));
    line.option("table", Some(table))
}

/// Writes a setting of an interface below net.ipv4.conf. A dot in a name would end it, so the parts are told apart by
/// slashes there.
pub(super) fn set_reverse_path_filter(interface: &str, value: u8) -> String {
    let name = if interface.contains('.') {
        format!("net/ipv4/conf/{interface}/rp_filter={value}")
    } else {
        format!("net.ipv4.conf.{interface}.rp_filter={value}")
    };
    ShellLine::new("sysctl -w").word(name).into()
}
