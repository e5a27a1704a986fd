//! The machine: its interfaces, endpoints, limits, settings and counters when the time that is told of ended.

use maud::{Markup, html};

use super::marks::mark;
use super::{Context, shown};
use crate::model::Interface;
use crate::report::model::Machine;
use crate::words::path::{kind_name, speed};
use crate::words::units::{ABSENT, dbm};

/// Everything that is known of it.
pub(super) fn machine(context: &Context) -> Markup {
    let machine = &context.report.machine;
    let carriers = machine
        .interfaces
        .iter()
        .filter(|interface| interface.can_carry_subflows());
    let carriers: Vec<&Interface> = carriers.collect();
    html! {
        section {
            h2 { "This machine " small { "when the recording ended" } }
            @if carriers.is_empty() { p.none { "No interface is known." } } @else { (interfaces(context, &carriers)) }
            (endpoints(machine))
            div.two.above {
                (settings(machine))
                (counters(machine))
            }
        }
    }
}

fn interfaces(context: &Context, all: &[&Interface]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Interface" }
                th scope="col" { "Device" }
                th scope="col" { "State" }
                th scope="col" { "Addresses" }
                th scope="col" { "Link" }
            } }
            tbody {
                @for interface in all {
                    tr {
                        td.b.w { (mark(context.slot(Some(&interface.name)))) (kind_name(interface.kind).unwrap_or(ABSENT)) }
                        td.m { (shown(&interface.name)) }
                        td.w.(if interface.up { "t" } else { "d" }) {
                            (if interface.up { "up" } else { "down" })
                            @if interface.default_route { ", default route" }
                        }
                        td.m { @for address in &interface.addresses { (address.address) "/" (address.prefix) br; } }
                        td { (shown(&link(interface))) }
                    }
                }
            }
        }
    }
}

/// What is known of an interface's link.
fn link(interface: &Interface) -> String {
    let parts = [
        interface.ssid.as_ref().map(|ssid| format!("network {ssid}")),
        interface.signal_dbm.map(dbm),
        interface.speed_mbps.map(speed),
        interface.mtu.map(|mtu| format!("MTU {mtu}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        ABSENT.to_owned()
    } else {
        parts.join(", ")
    }
}

fn endpoints(machine: &Machine) -> Markup {
    html! {
        h3.above { "Endpoints" }
        @if machine.endpoints.is_empty() { p.none { "No endpoint: only the default route is used." } } @else {
            ul.m { @for endpoint in &machine.endpoints { li { (shown(&endpoint.to_string())) } } }
        }
    }
}

fn settings(machine: &Machine) -> Markup {
    html! {
        div {
            h3 { "Limits and settings" }
            table {
                caption { "Limits of the path manager, and what stands below net.mptcp" }
                tbody {
                    @if let Some(limits) = machine.limits {
                        tr { th scope="row" { "Extra subflows" } td.n.m { (limits.extra_subflows_max) } }
                        tr { th scope="row" { "ADD_ADDR accepted" } td.n.m { (limits.add_addr_accepted_max) } }
                    }
                    @for (name, value) in &machine.settings {
                        tr { th scope="row" { (shown(name)) } td.n.m { (shown(&value.to_string())) } }
                    }
                }
            }
        }
    }
}

fn counters(machine: &Machine) -> Markup {
    html! {
        div {
            h3 { "Counters" }
            @if machine.counters.is_empty() { p.none { "None of MPTcpExt moved." } } @else {
                table {
                    caption { "What the kernel's MPTcpExt counters grew by meanwhile" }
                    tbody {
                        @for (name, grown) in &machine.counters {
                            tr { th scope="row" { (shown(name)) } td.n.m { (grown) } }
                        }
                    }
                }
            }
        }
    }
}
