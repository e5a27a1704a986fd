//! What a maintainer asks for first, below the findings of `doctor --text`: connections as `ss` has them, endpoints,
//! limits, routes and rules, and the counters before and after.

use super::{Failure, Output, Styled};
use crate::doctor::Facts;
use crate::model::{Connection, NeighbourState, RouteAction, RouteEntry, RoutingRule, Subflow, TcpState};

pub(super) fn print(facts: &Facts, output: &mut Output) -> Result<(), Failure> {
    if let Some(header) = &facts.header {
        heading(output, "Machine")?;
        output.line(format!(
            "  {} · Linux {} · {}",
            header.host, header.kernel, header.started_at
        ))?;
    }
    heading(output, "Connections")?;
    let mut connections: Vec<&Connection> = facts.connections.values().collect();
    connections.sort_by_key(|connection| (connection.remote, connection.local));
    for connection in connections {
        print_connection(connection, output)?;
    }
    heading(output, "Interfaces")?;
    for interface in facts.interfaces.values() {
        let addresses: Vec<String> = interface
            .addresses
            .iter()
            .map(|owned| format!("{}/{}", owned.address, owned.prefix))
            .collect();
        let state = if interface.up { "up" } else { "down" };
        let filter = interface
            .reverse_path_filter
            .map(|filter| format!(" rp_filter {filter}"));
        output.line(format!(
            "  {} {state}{} {}",
            interface.name,
            filter.unwrap_or_default(),
            addresses.join(" ")
        ))?;
    }
    heading(output, "Endpoints")?;
    for endpoint in facts.endpoints.values() {
        output.line(format!("  {endpoint}"))?;
    }
    if let Some(limits) = facts.limits {
        output.line(format!(
            "  limits: subflows {} add_addr_accepted {}",
            limits.extra_subflows_max, limits.add_addr_accepted_max
        ))?;
    }
    heading(output, "Settings")?;
    for (name, value) in &facts.settings {
        output.line(format!("  net.mptcp.{name} = {value}"))?;
    }
    heading(output, "Rules")?;
    for rule in facts.rules.iter().flatten() {
        output.line(rule_line(rule))?;
    }
    heading(output, "Routes")?;
    for route in facts.routes.iter().flatten() {
        output.line(route_line(facts, route))?;
    }
    heading(output, "Neighbours")?;
    for neighbour in &facts.neighbours {
        let name = device(facts, Some(neighbour.interface));
        let state = match neighbour.state {
            NeighbourState::Known => "known",
            NeighbourState::Asked => "asked",
            NeighbourState::Failed => "failed",
        };
        output.line(format!("  {} dev {name} {state}", neighbour.address))?;
    }
    heading(output, "Counters: before, after")?;
    for (name, before, after) in facts.counters.all().chain(facts.host_counters.all()) {
        if after != 0 {
            output.line(format!("  {name} {before} {after}"))?;
        }
    }
    Ok(())
}

fn heading(output: &mut Output, text: &str) -> Result<(), Failure> {
    output.line("")?;
    Ok(output.line(Styled::default().strong(text))?)
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn print_connection(connection: &Connection, output: &mut Output) -> Result<(), Failure> {
    output.line(format!(
        "  mptcp {} {} {} token:{} subflows:{} subflows_max:{} fallback:{} remote_key:{}",
        state(connection.state),
        connection.local,
        connection.remote,
        shown(connection.token),
        shown(connection.extra_subflows),
        shown(connection.extra_subflows_max),
        shown(connection.fallback),
        shown(connection.remote_key_received),
    ))?;
    for subflow in &connection.subflows {
        output.line(subflow_line(subflow))?;
    }
    Ok(())
}

/// A state as the public schema has it.
fn state(state: TcpState) -> String {
    let text = serde_json::to_value(state).unwrap_or_default();
    text.as_str().unwrap_or_default().to_owned()
}

/// What a rule or a route does, in the words of `ip`.
fn action(action: RouteAction) -> &'static str {
    match action {
        RouteAction::Forward => "lookup",
        RouteAction::Local => "local",
        RouteAction::Unreachable => "unreachable",
        RouteAction::Prohibit => "prohibit",
        RouteAction::Blackhole => "blackhole",
        RouteAction::Next => "throw",
        RouteAction::Other => "other",
    }
}

fn subflow_line(subflow: &Subflow) -> String {
    let backup = match (subflow.backup_local, subflow.backup_remote) {
        (Some(true), Some(true)) => " backup:both",
        (Some(true), _) => " backup:here",
        (_, Some(true)) => " backup:there",
        _ => "",
    };
    format!(
        "    tcp {} {} {} dev:{} id:{}/{} rtt_us:{} cwnd:{} unacked:{} backoff:{} retrans:{}{backup}",
        state(subflow.state),
        subflow.local,
        subflow.remote,
        subflow.interface.as_deref().unwrap_or("–"),
        shown(subflow.local_id),
        shown(subflow.remote_id),
        shown(subflow.rtt_us),
        shown(subflow.cwnd),
        shown(subflow.unacked),
        shown(subflow.backoff),
        shown(subflow.retrans_total),
    )
}

fn device(facts: &Facts, index: Option<u32>) -> String {
    let known = index.and_then(|index| facts.interface(index));
    known.map_or_else(|| shown(index), |interface| interface.name.clone())
}

fn rule_line(rule: &RoutingRule) -> String {
    let family = if rule.ipv6 { "inet6" } else { "inet" };
    let of = |network: Option<crate::model::Network>| {
        network.map_or_else(
            || "all".to_owned(),
            |network| format!("{}/{}", network.address, network.prefix),
        )
    };
    let more = if rule.asks_more { " (asks for more)" } else { "" };
    format!(
        "  {family} {}: from {} to {} {} {}{more}",
        rule.priority,
        of(rule.from),
        of(rule.to),
        action(rule.action),
        rule.table
    )
}

fn route_line(facts: &Facts, route: &RouteEntry) -> String {
    let refusal = match route.action {
        RouteAction::Forward => String::new(),
        other => format!(" {}", action(other)),
    };
    let hops: Vec<String> = route
        .next_hops
        .iter()
        .map(|hop| {
            let via = hop
                .gateway
                .map(|gateway| format!("via {gateway} "))
                .unwrap_or_default();
            format!("{via}dev {}", device(facts, hop.interface))
        })
        .collect();
    format!(
        "  table {}{} {}/{} {} metric {} proto {}",
        route.table,
        refusal,
        route.destination,
        route.prefix,
        hops.join(", "),
        route.metric,
        route.protocol
    )
}
