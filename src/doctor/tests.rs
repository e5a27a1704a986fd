//! Every rule on facts that were put together by hand: a client with two links, which is healthy until one thing is not.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod outcomes;
mod paths;

use super::{Facts, Report, RuleName, Severity, examine};
use crate::model::{
    Connection, Cookie, Endpoint, EndpointFlags, Interface, InterfaceAddress, InterfaceKind, JoinedBy,
    Limits, Line, ListeningSocket, Neighbour, NeighbourState, Network, NextHop, RouteAction, RouteEntry,
    RoutingRule, Sample, SettingValue, Subflow, TcpState, Token,
};

const PEER: &str = "10.9.0.1:5000";

/// A laptop with wlan0 (10.1.0.1) and eth0 (10.2.0.1), each with its own table, and a connection over both.
fn healthy() -> Sample {
    let interface = |index: u32, name: &str, kind| Interface {
        index,
        name: name.to_owned(),
        kind,
        up: true,
        set_up: Some(true),
        addresses: vec![
            InterfaceAddress {
                address: format!("10.{}.0.1", index - 1).parse().expect("an address"),
                prefix: 24,
            },
            InterfaceAddress {
                address: format!("fd00:{}::1", index - 1).parse().expect("an address"),
                prefix: 64,
            },
        ],
        reverse_path_filter: Some(0),
        ..Interface::default()
    };
    let settings = [
        ("enabled", "1"),
        ("path_manager", "kernel"),
        ("blackhole_timeout", "3600"),
    ];
    Sample {
        t: 0.1,
        full: true,
        connections: vec![connection(&["10.1.0.1:4000", "10.2.0.1:4001"])],
        interfaces: vec![
            interface(2, "wlan0", InterfaceKind::Wifi),
            interface(3, "eth0", InterfaceKind::Ethernet),
        ],
        endpoints: vec![endpoint(1, "10.2.0.1", "subflow")],
        limits: Some(Limits {
            extra_subflows_max: 2,
            add_addr_accepted_max: 1,
        }),
        settings: settings
            .map(|(name, value)| (name.to_owned(), SettingValue::from(value)))
            .into(),
        counters: ["MPJoinSynTx", "MPJoinSynAckRx", "MPJoinSynTxBindErr"]
            .map(|name| (name.to_owned(), 0))
            .into(),
        host_counters: [("TcpAttemptFails".to_owned(), 0)].into(),
        routes: Some(vec![
            route("10.1.0.0/24", 2, None, 254),
            route("10.2.0.0/24", 3, None, 254),
            route("0.0.0.0/0", 2, Some("10.1.0.254"), 254),
            route("0.0.0.0/0", 3, Some("10.2.0.254"), 102),
        ]),
        routing_rules: Some(vec![
            rule(0, None, 255),
            rule(100, Some("10.2.0.1"), 102),
            rule(32766, None, 254),
        ]),
        neighbours: Some(Vec::new()),
        managers: Some(Vec::new()),
        ..Sample::default()
    }
}

fn connection(locals: &[&str]) -> Connection {
    let subflow = |(number, local): (usize, &&str)| {
        let subflow = Subflow {
            cookie: Cookie(number as u64 + 1),
            local: local.parse().expect("an address"),
            remote: PEER.parse().expect("an address"),
            interface: Some(
                if local.starts_with("10.2.") {
                    "eth0"
                } else {
                    "wlan0"
                }
                .to_owned(),
            ),
            joined_by: JoinedBy::Token,
            state: TcpState::Established,
            initial: Some(number == 0),
            backoff: Some(0),
            ..Subflow::default()
        };
        subflow.into()
    };
    let first = locals.first().expect("an initial subflow");
    Connection {
        cookie: Cookie(9),
        token: Some(Token(7)),
        state: TcpState::Established,
        local: first.parse().expect("an address"),
        remote: PEER.parse().expect("an address"),
        server_side: Some(false),
        fallback: Some(false),
        remote_key_received: Some(true),
        extra_subflows: u8::try_from(locals.len() - 1).ok(),
        extra_subflows_max: Some(2),
        bytes_sent: Some(100_000),
        subflows: locals.iter().enumerate().map(subflow).collect(),
        ..Connection::default()
    }
}

fn endpoint(id: u8, address: &str, flags: &str) -> Endpoint {
    let is_eth = address.starts_with("10.2.") || address.starts_with("fd00:2");
    let flags = flags.split(' ').map(|flag| flag.parse().expect("a flag"));
    Endpoint {
        id,
        address: address.parse().expect("an address"),
        port: None,
        interface: Some(if is_eth { "eth0" } else { "wlan0" }.to_owned()),
        interface_index: Some(if is_eth { 3 } else { 2 }),
        flags: flags.fold(EndpointFlags::NONE, EndpointFlags::with),
    }
}

fn route(to: &str, interface: u32, gateway: Option<&str>, table: u32) -> RouteEntry {
    let (destination, prefix) = to.split_once('/').expect("a network");
    RouteEntry {
        destination: destination.parse().expect("an address"),
        prefix: prefix.parse().expect("a length"),
        table,
        action: RouteAction::Forward,
        next_hops: vec![NextHop {
            interface: Some(interface),
            gateway: gateway.map(|gateway| gateway.parse().expect("an address")),
        }],
        preferred_source: None,
        metric: 0,
        protocol: 3,
    }
}

fn rule(priority: u32, from: Option<&str>, table: u32) -> RoutingRule {
    RoutingRule {
        ipv6: false,
        priority,
        from: from.map(|from| Network {
            address: from.parse().expect("an address"),
            prefix: 32,
        }),
        to: None,
        output_interface: None,
        asks_more: false,
        inverted: false,
        suppress_prefix: None,
        action: RouteAction::Forward,
        table,
    }
}

/// What is found two seconds later, after `fault` has been made of what is healthy and `later` has happened.
fn examined_after(fault: impl FnOnce(&mut Sample), later: impl FnOnce(&mut Facts)) -> Report {
    let mut sample = healthy();
    fault(&mut sample);
    let mut facts = Facts::default();
    facts.take(&Line::Sample(Box::new(sample)));
    later(&mut facts);
    facts.take(&Line::Sample(Box::new(Sample {
        t: 2.1,
        ..Sample::default()
    })));
    examine(&facts)
}

fn examined(fault: impl FnOnce(&mut Sample)) -> Report {
    examined_after(fault, |_| {})
}

/// The only problem that a fault makes, and what mends it.
fn only_problem(fault: impl FnOnce(&mut Sample)) -> (RuleName, Vec<String>) {
    only_problem_of(&examined(fault))
}

fn only_problem_of(report: &Report) -> (RuleName, Vec<String>) {
    let problems: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Problem)
        .collect();
    let [problem] = problems[..] else {
        panic!("not one problem: {problems:#?}");
    };
    (problem.rule, problem.commands.clone())
}

fn alone(sample: &mut Sample) {
    sample.connections = vec![connection(&["10.1.0.1:4000"])];
}

fn counted(facts: &mut Facts, names: &[(&str, u64)]) {
    facts.take(&Line::Sample(Box::new(Sample {
        t: 1.0,
        counters: names
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
        ..Sample::default()
    })));
}

const AGAIN: [&str; 2] = [
    "ip mptcp endpoint delete id 1",
    "ip mptcp endpoint add 10.2.0.1 dev eth0 id 1 subflow",
];

#[test]
fn what_is_healthy_has_no_problem_and_no_warning() {
    let quiet = |what: &str, fault: fn(&mut Sample)| {
        let findings = examined(fault).findings;
        let bad = findings
            .iter()
            .filter(|finding| finding.severity != Severity::Note);
        assert_eq!(bad.count(), 0, "{what}: {findings:#?}");
    };
    quiet("two paths", |_| {});
    quiet("one interface only", |sample| {
        alone(sample);
        sample.interfaces.pop();
        sample.endpoints.clear();
    });
    quiet("no data yet", |sample| {
        alone(sample);
        sample.connections[0].bytes_sent = Some(0);
    });
    quiet("only a listener", |sample| {
        sample.connections.clear();
        sample.endpoints.clear();
        sample.listeners = vec![ListeningSocket {
            local: "0.0.0.0:5000".parse().expect("an address"),
            ..ListeningSocket::default()
        }];
    });
    quiet("loopback", |sample| {
        sample.connections[0].local = "127.0.0.1:1".parse().expect("an address");
        sample.connections[0].remote = "127.0.0.1:2".parse().expect("an address");
    });
    quiet("a bridge and a tunnel beside", |sample| {
        for (index, name, kind) in [
            (7, "docker0", InterfaceKind::Bridge),
            (8, "wg0", InterfaceKind::Vpn),
        ] {
            let mut beside = sample.interfaces[0].clone();
            (beside.index, beside.kind) = (index, kind);
            beside.name = name.to_owned();
            beside.addresses[0].address = [172, 17, 0, u8::try_from(index).expect("small")].into();
            sample.interfaces.push(beside);
        }
        sample
            .routes
            .as_mut()
            .expect("routes")
            .push(route("172.17.0.0/16", 7, None, 254));
    });
    quiet("a backup", |sample| {
        sample.endpoints[0].flags = sample.endpoints[0].flags.with(EndpointFlags::BACKUP);
        sample.connections[0].subflows[1].backup_local = Some(true);
    });
    quiet("metrics in place of rules", |sample| {
        sample.routing_rules = Some(vec![rule(32766, None, 254)]);
        let mut second = route("0.0.0.0/0", 3, Some("10.2.0.254"), 254);
        second.metric = 600;
        sample.routes.as_mut().expect("routes").push(second);
    });
    quiet("a strict filter that drops nothing", |sample| {
        sample.interfaces[1].reverse_path_filter = Some(1);
    });
    quiet("the peer on the link itself", |sample| {
        sample.routing_rules = Some(vec![rule(32766, None, 254)]);
        sample.routes.as_mut().expect("routes").pop();
        sample.neighbours = Some(vec![neighbour("10.9.0.1", NeighbourState::Known)]);
    });
    quiet("faults that are past", |sample| {
        for name in [
            "MPCapableFallbackSYNACK",
            "DataCsumErr",
            "MPJoinRejected",
            "MPJoinNoTokenFound",
        ] {
            sample.counters.insert(name.to_owned(), 5);
        }
        sample
            .host_counters
            .insert("TcpExtIPReversePathFilter".to_owned(), 9);
    });
}

fn neighbour(address: &str, state: NeighbourState) -> Neighbour {
    Neighbour {
        interface: 3,
        address: address.parse().expect("an address"),
        state,
        router: false,
    }
}
