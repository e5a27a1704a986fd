//! A stream in which every field that can hold a name or an address does.

use std::collections::BTreeSet;
use std::net::IpAddr;

use pathscope::model::{
    Access, AddressState, Command, CommandOutcome, Connection, ConnectionKey, Cookie, Endpoint,
    EndpointFlags, Event, EventKind, Header, Interface, InterfaceAddress, InterfaceKind, Lack, Limits, Line,
    ListeningSocket, MacAddress, Neighbour, NeighbourState, Network, NextHop, Origin, Process, Remedy,
    RouteAction, RouteEntry, RoutingRule, Sample, Scope, SettingValue, SpecialAddress, Subflow, TcpState,
    Token, WhyNot,
};
use serde_json::Value;

/// The file's own name.
pub(crate) const FILE: &str = "lena-ticket-4711";
pub(crate) const PROCESS: &str = "secretproc";
pub(crate) const SSID: &str = "Lenas Heimnetz";

const HOST: &str = "lenas-laptop";
const NETNS: &str = "/proc/48151/ns/net";
const DEVICE: &str = "wlx0211223344ab";
const VPN: &str = "acme-corp-vpn";
const LOCAL: &str = "10.77.13.21:45026";
const REMOTE: &str = "93.184.216.34:443";
const LOCAL_6: &str = "[2a02:8071:1234:5678:211:22ff:fe33:44ab]:45028";
const REMOTE_6: &str = "[fe80::aabb:ccff:fedd:ee12%acme-corp-vpn]:443";

/// The paths in a line of JSON whose texts the program or the kernel chose, or that are said to remain.
const REMAINS: [&str; 20] = [
    "kind",
    "event",
    "source",
    "started_at",
    "kernel",
    "token",
    "cookie",
    "gone",
    "listeners_gone",
    "only",
    "state",
    "action",
    "joined_by",
    "interface_by",
    "flags",
    "command.asked.command",
    "write_seq",
    "snd_una",
    "rcv_nxt",
    "offer",
];

fn header() -> Header {
    let access = Access {
        why_not: Some(WhyNot::NoCapability {
            lacks: vec![Lack::Events],
            remedy: Remedy::Said("ask Lena Musterfrau of the help desk".to_owned()),
        }),
        ..Access::default()
    };
    let mut header = Header::new(
        "2026-03-01T14:31:00.000Z".to_owned(),
        HOST.to_owned(),
        "6.18.4-generic".to_owned(),
        access,
        250,
    );
    header.netns = Some(NETNS.to_owned());
    header
}

fn subflow(cookie: u64, local: &str, remote: &str, device: &str, bytes: u64) -> Subflow {
    let mut subflow = Subflow {
        cookie: Cookie(cookie),
        local: local.parse().unwrap(),
        remote: remote.parse().unwrap(),
        scope: Scope::new(VPN),
        interface: Some(device.to_owned()),
        address_interface: Some("lenas-bridge".to_owned()),
        state: TcpState::Established,
        ..Subflow::default()
    };
    subflow.bytes_acked = Some(bytes);
    subflow.bytes_received = Some(bytes / 100);
    subflow.bytes_sent = Some(bytes);
    subflow
}

fn connection(bytes: u64, text: &impl Fn(&str) -> String) -> Connection {
    let process = |name: &str| Process {
        pid: 812,
        name: name.to_owned(),
    };
    let mut connection = Connection {
        cookie: Cookie(0x11),
        token: Some(Token(0x91c7_87ca)),
        uid: Some(48_151_623),
        user: Some("lena.musterfrau".to_owned()),
        process: Some(process(&text(PROCESS))),
        processes: vec![process(&text(PROCESS)), process("otherproc")],
        state: TcpState::Established,
        local: LOCAL.parse().unwrap(),
        remote: REMOTE.parse().unwrap(),
        scope: Scope::new(VPN),
        subflows: vec![
            subflow(1, LOCAL, REMOTE, DEVICE, bytes).into(),
            subflow(2, LOCAL_6, REMOTE_6, VPN, bytes / 2).into(),
        ],
        ..Connection::default()
    };
    connection.bytes_sent = Some(bytes * 3 / 2);
    connection
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: 2,
        address: "10.77.14.22".parse().unwrap(),
        port: None,
        interface: Some(VPN.to_owned()),
        interface_index: Some(7),
        flags: EndpointFlags::SUBFLOW,
    }
}

fn interfaces(text: &impl Fn(&str) -> String) -> Vec<Interface> {
    let address = |text: &str, prefix| InterfaceAddress {
        address: text.parse().unwrap(),
        prefix,
    };
    vec![
        Interface {
            index: 3,
            name: DEVICE.to_owned(),
            kind: InterfaceKind::Wifi,
            up: true,
            addresses: vec![
                address("10.77.13.21", 24),
                address("fe80::211:22ff:fe33:44ab", 64),
            ],
            special_addresses: vec![SpecialAddress {
                address: "10.77.13.24".parse().unwrap(),
                state: AddressState::Deprecated,
            }],
            ssid: Some(text(SSID)),
            bssid: Some(MacAddress([0x66, 0x55, 0x44, 0x33, 0x22, 0x11])),
            ..Interface::default()
        },
        Interface {
            index: 7,
            name: VPN.to_owned(),
            kind: InterfaceKind::Vpn,
            up: true,
            addresses: vec![address("2a02:8071:1234:5678:211:22ff:fe33:44ab", 64)],
            ..Interface::default()
        },
    ]
}

fn sample(t: f64, full: bool, text: &impl Fn(&str) -> String) -> Line {
    let bytes = 1_000_000.0 * (1.0 + t);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is small"
    )]
    let mut sample = Sample {
        t,
        full,
        connections: vec![connection(bytes as u64, text)],
        ..Sample::default()
    };
    if full {
        sample.interfaces = interfaces(text);
        sample.endpoints = vec![endpoint()];
        sample.limits = Some(Limits {
            extra_subflows_max: 2,
            add_addr_accepted_max: 2,
        });
        sample.settings = [
            (
                "scheduler".to_owned(),
                SettingValue::Text("lena_bpf_sched".to_owned()),
            ),
            ("enabled".to_owned(), SettingValue::Number(1)),
            (
                "acme_setting".to_owned(),
                SettingValue::Text("default acme_value".to_owned()),
            ),
        ]
        .into();
        let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
        let network = |text: &str, prefix| {
            Some(Network {
                address: ip(text),
                prefix,
            })
        };
        sample.routes = Some(vec![RouteEntry {
            destination: ip("10.77.21.0"),
            prefix: 24,
            table: 254,
            action: RouteAction::Forward,
            next_hops: vec![NextHop {
                interface: Some(3),
                gateway: Some(ip("10.77.13.254")),
            }],
            preferred_source: Some(ip("10.77.13.22")),
            metric: 600,
            protocol: 16,
        }]);
        sample.routing_rules = Some(vec![RoutingRule {
            ipv6: false,
            priority: 100,
            from: network("10.77.13.23", 32),
            to: network("10.77.22.0", 24),
            output_interface: Some(DEVICE.to_owned()),
            asks_more: false,
            inverted: false,
            suppress_prefix: None,
            action: RouteAction::Forward,
            table: 100,
        }]);
        sample.neighbours = Some(vec![Neighbour {
            interface: 3,
            address: ip("10.77.13.253"),
            state: NeighbourState::Known,
            router: true,
        }]);
        sample.counters = [("MPCapableSYNTX".to_owned(), 7)].into();
        sample.listeners = vec![ListeningSocket {
            cookie: Cookie(0x22),
            local: "10.77.15.23:8443".parse().unwrap(),
            interface: Some("lenas-listener0".to_owned()),
            uid: Some(48_151_624),
            user: Some("daemon-of-lena".to_owned()),
            process: Some(Process {
                pid: 813,
                name: "listenproc".to_owned(),
            }),
            processes: vec![Process {
                pid: 814,
                name: "forkedproc".to_owned(),
            }],
            ..ListeningSocket::default()
        }];
    } else {
        sample.connections_gone = vec![ConnectionKey {
            token: Some(Token(7)),
            local: "10.77.16.24:1000".parse().unwrap(),
            remote: "198.41.0.4:443".parse().unwrap(),
        }];
    }
    Line::Sample(Box::new(sample))
}

fn events() -> Vec<Event> {
    let command = |asked| Event {
        command: Some(CommandOutcome {
            asked: Some(asked),
            by: "lenas-script".to_owned(),
            reference: Some("ticket of lena 4711".to_owned()),
            ok: false,
            message: Some("10.77.99.1 of lenas-laptop said no".to_owned()),
        }),
        ..Event::new(0.6, EventKind::Command, Origin::Inferred)
    };
    let all = Event {
        local: LOCAL_6.parse().ok(),
        remote: REMOTE_6.parse().ok(),
        scope: Scope::new("lenas-scope0"),
        address: "10.77.17.25".parse().ok(),
        interface: Some("lenas-new-name".to_owned()),
        interface_was: Some("lenas-old-name".to_owned()),
        ssid: Some("Lenas Buero".to_owned()),
        bssid: Some(MacAddress([0x66, 0x55, 0x44, 0x33, 0x22, 0x12])),
        endpoint: Some(endpoint()),
        setting: Some("acme_other".to_owned()),
        value: Some(SettingValue::Text("acme_word".to_owned())),
        access: Some(Access {
            why_not: Some(WhyNot::Unknown("the admin Lena forbids it".to_owned())),
            ..Access::default()
        }),
        unknown_attributes: [(77, "0a4d0d15".to_owned())].into(),
        ..Event::new(0.5, EventKind::SettingChanged, Origin::Kernel)
    };
    vec![
        all,
        command(Command::EndpointAdd {
            address: "10.77.18.26".parse().unwrap(),
            interface: Some("lenas-added".to_owned()),
            id: None,
            port: None,
            flags: EndpointFlags::SIGNAL,
            insist: false,
        }),
        command(Command::Set {
            name: "acme_third".to_owned(),
            value: SettingValue::Text("acme_other_word".to_owned()),
        }),
        command(Command::Close {
            local: "10.77.19.27:4000".parse().unwrap(),
            remote: "[2a02:8071:ffff::1]:443".parse().unwrap(),
        }),
    ]
}

/// The stream, a line a line of text; `text` may change some names.
pub(crate) fn stream(text: impl Fn(&str) -> String) -> String {
    let mut lines = vec![Line::Header(header()), sample(0.25, true, &text)];
    lines.extend(events().into_iter().map(|event| Line::Event(Box::new(event))));
    lines.push(sample(0.75, false, &text));
    lines.push(sample(1.0, false, &text));
    let lines = lines
        .iter()
        .map(|line| serde_json::to_string(line).unwrap() + "\n");
    lines.collect()
}

/// Every text of a stream that must not be found in what is anonymised, and the numbers of its users.
pub(crate) fn originals(stream: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([FILE.to_owned()]);
    for line in stream.lines() {
        collect(&serde_json::from_str(line).unwrap(), "", &mut found);
    }
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    if REMAINS.iter().any(|word| path.ends_with(&format!(".{word}"))) {
        return;
    }
    match value {
        Value::String(text) => add(text, path, found),
        Value::Number(number) if path.ends_with("uid") => {
            found.insert(number.to_string());
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, path, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if path.ends_with("settings") && !["scheduler", "enabled"].contains(&name.as_str()) {
                    found.insert(name.clone());
                }
                collect(value, &format!("{path}.{name}"), found);
            }
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Adds a text: of an address its parts, because its port remains; of several words each that nobody else says.
fn add(text: &str, path: &str, found: &mut BTreeSet<String>) {
    let address = text.parse::<pathscope::model::SocketAddr>();
    if let Ok(address) = address {
        found.insert(address.ip().to_string());
        found.extend(address.scope().map(|scope| scope.to_string()));
        return;
    }
    if path.ends_with("why_not") {
        found.extend(["Lena Musterfrau", "help desk", "the admin Lena"].map(str::to_owned));
        return;
    }
    found.extend(
        text.split_whitespace()
            .filter(|word| word.len() > 5 && *word != "default")
            .map(str::to_owned),
    );
    if !text.contains("default") {
        found.insert(text.to_owned());
    }
}
