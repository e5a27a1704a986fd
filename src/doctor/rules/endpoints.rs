//! Endpoints against the interfaces and addresses that there are.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::examination::Examination;
use super::super::facts::{Facts, has_flowed};
use super::super::finding::{Evidence, Finding, RuleName, Subject, Verdict};
use super::super::mend;
use super::super::way::{Way, gateways, way};
use crate::model::text::ShellLine;
use crate::model::{
    AddressState, Connection, Endpoint, Interface, InterfaceAddress, Problem, TcpState, is_link_local,
    problems,
};

/// An address is tentative for a second or two (RFC 4862); this is longer than the doctor watches when all is well.
const TENTATIVE_S: f64 = 1.5;
/// Somewhere beyond every router (RFC 5737, RFC 3849).
const ELSEWHERE: [&str; 2] = ["192.0.2.1", "2001:db8::1"];

/// An address of the family that no network has.
pub(super) fn elsewhere(ipv4: bool) -> Option<IpAddr> {
    let [v4, v6] = ELSEWHERE;
    (if ipv4 { v4 } else { v6 }).parse().ok()
}

pub(super) fn link_down(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut down: BTreeSet<&str> = BTreeSet::new();
    for endpoint in facts.endpoints.values() {
        let home = facts.home(endpoint).filter(|home| !home.up);
        down.extend(home.map(|home| home.name.as_str()));
    }
    let connections = facts.clients().into_iter().chain(facts.accepted());
    for subflow in connections.flat_map(Connection::living_subflows) {
        let owner = facts.owner(subflow.local.ip()).filter(|owner| !owner.up);
        down.extend(owner.map(|owner| owner.name.as_str()));
    }
    let mut findings = Vec::new();
    for interface in facts
        .interfaces
        .values()
        .filter(|interface| down.contains(interface.name.as_str()))
    {
        exam.explain_interface(&interface.name);
        let own = facts.endpoints.values().filter(|endpoint| {
            facts
                .home(endpoint)
                .is_some_and(|home| home.index == interface.index)
        });
        let own: Vec<&Endpoint> = own.collect();
        for endpoint in &own {
            exam.explain_address(endpoint.address);
        }
        let finding = Finding::problem(RuleName::LinkDown, Subject::Interface(interface.name.clone()))
            .seen([Evidence::InterfaceDown {
                interface: interface.name.clone(),
                set_up: interface.set_up,
            }])
            .mended_by(up_again(facts, interface, &own));
        findings.push(finding);
    }
    Verdict::from(findings)
}

/// Sets an interface up, and makes the routes again that went with it and the endpoints that need them.
fn up_again(facts: &Facts, interface: &Interface, endpoints: &[&Endpoint]) -> Vec<String> {
    if interface.set_up != Some(false) {
        return Vec::new();
    }
    let up = ShellLine::new("ip link set")
        .device("dev", Some(&interface.name))
        .word("up");
    let mut lines = vec![String::from(up)];
    let past = facts.past_routes.iter().filter(|route| {
        let hops = &route.next_hops;
        // The kernel makes its own again.
        route.protocol != 2 && hops.iter().any(|hop| hop.interface == Some(interface.index))
    });
    let is_there =
        |route: &&crate::model::RouteEntry| facts.routes.iter().flatten().any(|known| known == *route);
    for route in past.filter(|route| !is_there(route)) {
        let gateway = route.next_hops.first().and_then(|hop| hop.gateway);
        let line = mend::ip("ip route replace", "ip -6 route replace", route.destination)
            .word(format_args!("{}/{}", route.destination, route.prefix))
            .option("via", gateway)
            .device("dev", Some(&interface.name))
            .option("table", Some(route.table))
            .option("metric", (route.metric != 0).then_some(route.metric));
        lines.push(line.into());
    }
    // Where NetworkManager does not make them, and nobody saw what there was.
    if lines.len() == 1 && !facts.is_managed() {
        lines.extend(
            endpoints
                .iter()
                .flat_map(|endpoint| routes_anew(facts, interface, endpoint)),
        );
    }
    lines.extend(endpoints.iter().flat_map(|endpoint| mend::again(endpoint)));
    lines
}

/// The routes that an endpoint needs, on an interface that has none now.
fn routes_anew(facts: &Facts, interface: &Interface, endpoint: &Endpoint) -> Vec<String> {
    let peers = facts
        .clients()
        .into_iter()
        .map(|connection| connection.remote.ip());
    let to = peers.chain(elsewhere(endpoint.address.is_ipv4()));
    let to = to
        .into_iter()
        .find(|to| to.is_ipv4() == endpoint.address.is_ipv4());
    let lines = to.map(|to| mend::own_way(facts, endpoint.address, interface, to, &Way::Nowhere));
    lines.unwrap_or_default()
}

pub(super) fn address_gone(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut findings = Vec::new();
    for endpoint in facts.endpoints.values() {
        let wrong = problems(endpoint, facts.interfaces.values());
        let is_device_gone = wrong.contains(&Problem::DeviceGone);
        let is_gone = is_device_gone || wrong.contains(&Problem::AddressMissing);
        if !is_gone || exam.is_explained(endpoint.address) {
            continue;
        }
        exam.explain_address(endpoint.address);
        let index = endpoint.interface_index.filter(|_| is_device_gone);
        let missing = wrong.contains(&Problem::AddressMissing);
        let home = facts.home(endpoint);
        let lines = mend_gone(facts, endpoint, home);
        if let Some(home) = home {
            exam.explain_interface(&home.name);
        }
        let finding = Finding::problem(RuleName::EndpointAddressGone, Subject::Address(endpoint.address))
            .seen([Evidence::Endpoint(endpoint.clone())])
            .seen(missing.then_some(Evidence::AddressMissing(endpoint.address)))
            .seen(index.map(Evidence::DeviceGone))
            .mended_by(lines);
        findings.push(finding);
    }
    Verdict::from(findings)
}

/// An endpoint at what there is in place of what is gone: the same address on another device, an address that the device
/// was seen to lose, or another address that it has.
fn mend_gone(facts: &Facts, endpoint: &Endpoint, home: Option<&Interface>) -> Vec<String> {
    if let Some(owner) = facts.owner(endpoint.address) {
        return mend::replace(endpoint, endpoint.address, Some(&owner.name), endpoint.flags);
    }
    let Some(home) = home else {
        return mend::remove(endpoint);
    };
    let is_used = |address: &IpAddr| facts.endpoints.values().any(|other| other.address == *address);
    let usable = facts.usable_addresses(home, endpoint.address.is_ipv4());
    if let Some(other) = usable.into_iter().find(|address| !is_used(address)) {
        return mend::replace(endpoint, other, Some(&home.name), endpoint.flags);
    }
    let address = endpoint.address;
    let past = facts.past_addresses.get(&home.name).into_iter().flatten();
    let seen = past
        .copied()
        .find(|(past, _)| *past == address)
        .map(|(_, prefix)| prefix);
    // One that DHCP took away is not this machine's any more.
    let Some(prefix) = seen
        .or_else(|| usual_prefix(facts, address))
        .filter(|_| !facts.is_managed())
    else {
        return mend::remove(endpoint);
    };
    let line = mend::ip("ip addr add", "ip -6 addr add", address)
        .word(format_args!("{address}/{prefix}"))
        .device("dev", Some(&home.name));
    let line = if address.is_ipv6() {
        line.word("nodad")
    } else {
        line
    };
    let back = Interface {
        addresses: vec![InterfaceAddress { address, prefix }],
        ..home.clone()
    };
    let mut lines = vec![String::from(line)];
    lines.extend(routes_anew(facts, &back, endpoint));
    lines.extend(mend::again(endpoint));
    lines
}

/// The prefix that addresses of a family have here, where all have the same.
fn usual_prefix(facts: &Facts, of: IpAddr) -> Option<u8> {
    let owned = facts.candidates().flat_map(|interface| &interface.addresses);
    let global =
        owned.filter(|owned| owned.address.is_ipv4() == of.is_ipv4() && !is_link_local(owned.address));
    let prefixes: BTreeSet<u8> = global.map(|owned| owned.prefix).collect();
    prefixes.first().copied().filter(|_| prefixes.len() == 1)
}

pub(super) fn wrong_device(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut findings = Vec::new();
    for endpoint in facts.endpoints.values() {
        let wrong = problems(endpoint, facts.interfaces.values());
        let owner = facts.owner(endpoint.address);
        let Some(owner) = owner.filter(|_| wrong.contains(&Problem::AddressElsewhere)) else {
            continue;
        };
        if exam.is_explained(endpoint.address) {
            continue;
        }
        exam.explain_address(endpoint.address);
        exam.explain_interface(&owner.name);
        if let Some(home) = facts.home(endpoint) {
            exam.explain_interface(&home.name);
        }
        let lines = mend::replace(endpoint, endpoint.address, Some(&owner.name), endpoint.flags);
        let finding = Finding::problem(RuleName::EndpointWrongDevice, Subject::Address(endpoint.address))
            .seen([
                Evidence::Endpoint(endpoint.clone()),
                Evidence::HasAddress {
                    interface: owner.name.clone(),
                    address: endpoint.address,
                },
            ])
            .mended_by(lines);
        findings.push(finding);
    }
    Verdict::from(findings)
}

pub(super) fn address_not_usable(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut findings = Vec::new();
    for endpoint in facts.endpoints.values() {
        let Some(owner) = facts.owner(endpoint.address) else {
            continue;
        };
        let state = owner.state_of(endpoint.address);
        let is_unusable = match state {
            Some(AddressState::Duplicate) => true,
            Some(AddressState::Tentative) => facts.t >= TENTATIVE_S,
            _ => false,
        };
        let Some(state) = state.filter(|_| is_unusable && !exam.is_explained(endpoint.address)) else {
            continue;
        };
        exam.explain_address(endpoint.address);
        let mut owned = owner
            .addresses
            .iter()
            .filter(|owned| owned.address == endpoint.address);
        let prefix = owned.next().map_or(128, |owned| owned.prefix);
        let with_prefix = format!("{}/{prefix}", endpoint.address);
        let device = Some(owner.name.as_str());
        let gone = mend::ip("ip addr del", "ip -6 addr del", endpoint.address)
            .word(&with_prefix)
            .device("dev", device);
        let back = mend::ip("ip addr add", "ip -6 addr add", endpoint.address)
            .word(&with_prefix)
            .device("dev", device)
            .word("nodad");
        let finding = Finding::problem(RuleName::AddressNotUsable, Subject::Address(endpoint.address))
            .seen([Evidence::AddressIs {
                address: endpoint.address,
                interface: owner.name.clone(),
                state,
            }])
            .mended_by([gone.into(), back.into()])
            .mended_by(mend::try_again(facts, endpoint));
        findings.push(finding);
    }
    Verdict::from(findings)
}

/// A way out over an interface that is the interface's own: by a route over it, whatever other routes there are.
fn leads_out(facts: &Facts, interface: &Interface, from: IpAddr, to: IpAddr) -> bool {
    let bound = way(facts, from, to, Some(interface.index));
    let leads = matches!(bound, Way::Via { .. });
    leads || !gateways(facts, interface.index, to.is_ipv4()).is_empty()
}

/// Interfaces that could carry another path of a connection and do not.
fn unused<'a>(exam: &Examination<'a>, connection: &Connection) -> Vec<(&'a Interface, IpAddr)> {
    let facts = exam.facts;
    let ipv4 = connection.remote.is_ipv4();
    let carries = |interface: &Interface| {
        connection.living_subflows().any(|subflow| {
            let by = subflow.interface.as_deref() == Some(interface.name.as_str());
            let owns = facts
                .owner(subflow.local.ip())
                .is_some_and(|owner| owner.index == interface.index);
            by || owns
        })
    };
    let candidates = facts.candidates().filter(|interface| !carries(interface));
    let usable = candidates.filter_map(|interface| {
        let address = facts.usable_addresses(interface, ipv4).into_iter().next()?;
        let leads = leads_out(facts, interface, address, connection.remote.ip());
        (leads && !exam.is_interface_explained(&interface.name)).then_some((interface, address))
    });
    usable.collect()
}

fn has_endpoint(facts: &Facts, interface: &Interface) -> bool {
    facts.endpoints.values().any(|endpoint| {
        facts
            .home(endpoint)
            .is_some_and(|home| home.index == interface.index)
            || facts
                .owner(endpoint.address)
                .is_some_and(|owner| owner.index == interface.index)
    })
}

pub(super) fn family_mismatch(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let mut findings: Vec<Finding> = Vec::new();
    for connection in facts
        .clients()
        .into_iter()
        .filter(|connection| has_flowed(connection))
    {
        let ipv4 = connection.remote.is_ipv4();
        for (interface, address) in unused(exam, connection) {
            let own = facts.subflow_endpoints().filter(|endpoint| {
                facts
                    .home(endpoint)
                    .is_some_and(|home| home.index == interface.index)
            });
            let own: Vec<&Endpoint> = own.collect();
            if own.is_empty() || own.iter().any(|endpoint| endpoint.address.is_ipv4() == ipv4) {
                continue;
            }
            exam.explain_interface(&interface.name);
            let finding = Finding::problem(
                RuleName::FamilyMismatch,
                Subject::Interface(interface.name.clone()),
            );
            let finding = finding
                .seen(own.into_iter().cloned().map(Evidence::Endpoint))
                .seen([Evidence::NoSubflow {
                    from: address,
                    peer: connection.remote,
                }])
                .mended_by(mend::add(address, &interface.name));
            findings.push(finding);
        }
    }
    Verdict::from(findings)
}

/// A finding of an interface that could carry a path, with the endpoint that it lacks.
fn lacking(rule: RuleName, interface: &Interface, address: IpAddr, subject: Subject) -> Finding {
    Finding::problem(rule, subject)
        .seen([Evidence::HasAddress {
            interface: interface.name.clone(),
            address,
        }])
        .mended_by(mend::add(address, &interface.name))
}

pub(super) fn is_initial_address(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let endpoints: Vec<&Endpoint> = facts.subflow_endpoints().collect();
    for connection in facts.clients() {
        let initial = connection.local.ip();
        let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.address == initial) else {
            continue;
        };
        if endpoints.iter().any(|endpoint| endpoint.address != initial) {
            continue;
        }
        let lacks = unused(exam, connection).into_iter();
        let Some((interface, address)) = lacks
            .filter(|(interface, _)| !has_endpoint(facts, interface))
            .min_by_key(|(interface, _)| interface.index)
        else {
            continue;
        };
        exam.explain_interface(&interface.name);
        let subject = Subject::Address(initial);
        let finding = lacking(RuleName::EndpointIsInitialAddress, interface, address, subject)
            .seen([Evidence::Endpoint((*endpoint).clone())]);
        return Verdict::from(vec![finding]);
    }
    Verdict::Holds
}

pub(super) fn none_for_interface(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let clients = facts.clients();
    let mut findings: Vec<Finding> = Vec::new();
    let lacks: Vec<(&Interface, IpAddr)> = if clients.is_empty() {
        before_any(exam)
    } else {
        let lives = |connection: &&Connection| connection.state == TcpState::Established;
        let clients = clients.into_iter().filter(lives);
        clients.flat_map(|connection| unused(exam, connection)).collect()
    };
    for (interface, address) in lacks {
        if has_endpoint(facts, interface) || exam.is_interface_explained(&interface.name) {
            continue;
        }
        exam.explain_interface(&interface.name);
        let subject = Subject::Interface(interface.name.clone());
        findings.push(lacking(
            RuleName::NoEndpointForInterface,
            interface,
            address,
            subject,
        ));
    }
    Verdict::from(findings)
}

/// Before there is a connection: interfaces with a router beside the one that the next connection leaves by. A host that
/// serves has its clients open paths.
fn before_any<'a>(exam: &Examination<'a>) -> Vec<(&'a Interface, IpAddr)> {
    let facts = exam.facts;
    if !facts.listeners.is_empty() || !facts.accepted().is_empty() || !facts.is_complete {
        return Vec::new();
    }
    for ipv4 in [true, false] {
        let Some(to) = elsewhere(ipv4) else {
            continue;
        };
        let able: Vec<(&Interface, IpAddr)> = facts
            .candidates()
            .filter_map(|interface| {
                let address = facts.usable_addresses(interface, ipv4).into_iter().next()?;
                let out = way(facts, address, to, Some(interface.index));
                matches!(out, Way::Via { .. }).then_some((interface, address))
            })
            .collect();
        let unspecified = if ipv4 {
            IpAddr::from([0; 4])
        } else {
            IpAddr::from([0_u16; 8])
        };
        let Way::Via { interface: first, .. } = way(facts, unspecified, to, None) else {
            continue;
        };
        if able.len() > 1 {
            return able
                .into_iter()
                .filter(|(interface, _)| interface.index != first)
                .collect();
        }
    }
    Vec::new()
}
