//! Captures messages from the real kernel as annotated hexadecimal: the files in tests/golden.
//!
//! Run with `cargo test --test capture -- --ignored` as root. The numbers in tests/wire.rs belong to one capture, so
//! a new one goes to the folder named by `GOLDEN_TO` (default: target/golden) and is taken over by hand.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod annotate;
mod hosts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use annotate::{Shape, annotate};
use hosts::{Host, Pair, until};
use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use pathscope::wire::attribute::find;
use pathscope::wire::bytes::{AF_INET, AF_INET6};
use pathscope::wire::generic::{get_family, parse_family};
use pathscope::wire::mptcp_pm::{self, PmTarget};
use pathscope::wire::netlink::{Messages, NLMSG_DONE, NLMSG_ERROR};
use pathscope::wire::nl80211::{self, dump_interfaces, dump_scan, get_station};
use pathscope::wire::sock_diag::{SUBFLOW_STATES, TcpMessage, dump_mptcp, dump_tcp, parse_mptcp};
use pathscope::wire::{ethtool, rtnetlink};
use socket2::Protocol;

/// Whole messages, header included, up to the outcome.
fn ask(host: &Host, family: NlFamily, request: Vec<u8>) -> Vec<Vec<u8>> {
    host.run(move || ask_here(family, &request))
}

fn ask_here(family: NlFamily, request: &[u8]) -> Vec<Vec<u8>> {
    let socket = NlSocket::connect(family, None, Groups::empty()).unwrap();
    socket.enable_ext_ack(true).unwrap();
    socket.send(request, Msg::empty()).unwrap();
    let mut answers = Vec::new();
    loop {
        answers.extend(receive(&socket));
        let last = Messages(answers.last().unwrap()).next().unwrap().unwrap();
        if matches!(last.kind, NLMSG_DONE | NLMSG_ERROR) {
            return answers;
        }
    }
}

fn receive(socket: &NlSocket) -> Vec<Vec<u8>> {
    let mut buffer = vec![0; 65536];
    let Ok((length, _)) = socket.recv(&mut buffer[..], Msg::empty()) else {
        return Vec::new();
    };
    let mut rest = &buffer[..length];
    let mut list = Vec::new();
    while !rest.is_empty() {
        let size = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
        list.push(rest[..size].to_vec());
        rest = &rest[size.next_multiple_of(4).min(rest.len())..];
    }
    list
}

fn payload(message: &[u8]) -> &[u8] {
    &message[16..]
}

struct Golden(PathBuf);

impl Golden {
    fn new() -> Self {
        let folder = std::env::var_os("GOLDEN_TO")
            .map_or_else(|| Path::new("target/golden").to_owned(), PathBuf::from);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, shape: Shape, what: &str, message: &[u8]) {
        let text = annotate(what, message, shape);
        fs::write(self.0.join(format!("{name}.hex")), text).unwrap();
    }

    /// Writes the first message that fits.
    fn write_one(
        &self,
        name: &str,
        shape: Shape,
        what: &str,
        list: &[Vec<u8>],
        fits: impl Fn(&[u8]) -> bool,
    ) {
        let message = list
            .iter()
            .find(|message| fits(message))
            .unwrap_or_else(|| panic!("no {name}"));
        self.write(name, shape, what, message);
    }
}

#[test]
#[ignore = "writes files"]
fn capture() {
    let Some(pair) = Pair::new() else { return };
    let golden = Golden::new();
    capture_events(&pair, &golden);
    capture_sockets(&pair, &golden);
    capture_path_manager(&pair, &golden);
    capture_route(&pair, &golden);
}

/// In a guest with a radio, where wlan1 is the client of an access point and another one has a name of odd bytes; see
/// tests/kernels/wifi. What iw says at the same time stands below the messages.
#[test]
#[ignore = "writes files, and needs a radio"]
fn capture_radio() {
    let golden = Golden::new();
    let ask = |request: Vec<u8>| ask_here(NlFamily::Generic, &request);
    let family = parse_family(payload(&ask(get_family(nl80211::FAMILY, 1))[0]))
        .unwrap()
        .id;
    let interfaces = ask(dump_interfaces(family, 1));
    let is_client = |message: &[u8]| {
        nl80211::parse_interface(payload(message))
            .is_ok_and(|found| found.is_some_and(|found| found.is_client))
    };
    let client = interfaces.iter().find(|message| is_client(message)).unwrap();
    let index = nl80211::parse_interface(payload(client)).unwrap().unwrap().index;
    let scan = ask(dump_scan(family, index, 1));
    let bss = |message: &[u8]| nl80211::parse_bss(payload(message)).ok().flatten();
    let associated = scan
        .iter()
        .filter_map(|message| bss(message))
        .find(|bss| bss.is_associated);
    let station = ask(get_station(family, index, associated.unwrap().bssid, 1));

    golden.write(
        "wireless_interface",
        Shape::Wireless,
        "the client of an access point",
        client,
    );
    golden.write(
        "wireless_station",
        Shape::Station,
        "its access point",
        &station[0],
    );
    golden.write_one(
        "wireless_bss",
        Shape::Bss,
        "its access point, as a scan found it",
        &scan,
        |message| bss(message).is_some_and(|bss| bss.is_associated),
    );
    golden.write_one(
        "wireless_bss_bytes",
        Shape::Bss,
        "a network whose name is no text",
        &scan,
        |message| bss(message).is_some_and(|bss| bss.ssid.is_some_and(|ssid| ssid.contains('\u{fffd}'))),
    );
    for (name, arguments) in [
        ("wireless_interface", ["wlan1", "info"].as_slice()),
        ("wireless_station", &["wlan1", "link"]),
        ("wireless_bss", &["wlan1", "link"]),
        ("wireless_bss_bytes", &["wlan1", "scan", "dump"]),
    ] {
        let said = Command::new("iw").arg("dev").args(arguments).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let said: Vec<String> = said.lines().map(|line| format!("#   {line}")).collect();
        let said = said.join("\n");
        let path = golden.0.join(format!("{name}.hex"));
        let text = fs::read_to_string(&path).unwrap();
        let arguments = arguments.join(" ");
        fs::write(path, format!("{text}\n# iw dev {arguments}:\n{said}\n")).unwrap();
    }
}

fn capture_sockets(pair: &Pair, golden: &Golden) {
    let _four = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let _six = pair.connection(Protocol::MPTCP, "[fd00:1::2]:5006", "[fd00:1::2]:5006");
    let _mapped = pair.connection(Protocol::MPTCP, "[::]:5004", "[::ffff:10.1.0.2]:5004");
    let _plain = pair.connection(Protocol::TCP, "10.1.0.2:6000", "10.1.0.2:6000");
    let host = &pair.client;
    let mptcp = |family| ask(host, NlFamily::SockOrInetDiag, dump_mptcp(family, 1));
    let tcp = |family| {
        ask(
            host,
            NlFamily::SockOrInetDiag,
            dump_tcp(family, SUBFLOW_STATES, 1),
        )
    };
    let mptcp_to = |port| {
        move |message: &[u8]| parse_mptcp(payload(message)).is_ok_and(|socket| socket.remote.port() == port)
    };
    let tcp_to = |port, bound: bool| {
        move |message: &[u8]| {
            TcpMessage::parse(payload(message))
                .and_then(|message| message.socket())
                .is_ok_and(|socket| socket.remote.port() == port && (socket.interface_index != 0) == bound)
        }
    };
    until("the second subflow", || {
        tcp(AF_INET)
            .iter()
            .any(|message| tcp_to(5000, true)(message))
            .then_some(())
    });
    let (four, six) = (mptcp(AF_INET), mptcp(AF_INET6));
    golden.write_one(
        "mptcp_v4",
        Shape::Mptcp,
        "an MPTCP connection over IPv4",
        &four,
        mptcp_to(5000),
    );
    golden.write_one(
        "mptcp_v6",
        Shape::Mptcp,
        "an MPTCP connection over IPv6",
        &six,
        mptcp_to(5006),
    );
    golden.write_one(
        "mptcp_mapped",
        Shape::Mptcp,
        "an IPv6 MPTCP socket connected to IPv4",
        &six,
        mptcp_to(5004),
    );
    let (four, six) = (tcp(AF_INET), tcp(AF_INET6));
    golden.write_one(
        "tcp_v4",
        Shape::Tcp,
        "an initial subflow over IPv4",
        &four,
        tcp_to(5000, false),
    );
    golden.write_one(
        "tcp_v4_joined",
        Shape::Tcp,
        "a joined subflow, bound to c2",
        &four,
        tcp_to(5000, true),
    );
    golden.write_one(
        "tcp_v6",
        Shape::Tcp,
        "an initial subflow over IPv6",
        &six,
        tcp_to(5006, false),
    );
    golden.write_one(
        "tcp_mapped",
        Shape::Tcp,
        "the subflow of an IPv6 socket connected to IPv4",
        &six,
        tcp_to(5004, false),
    );
    golden.write_one(
        "tcp_plain",
        Shape::Tcp,
        "a TCP connection without MPTCP",
        &four,
        tcp_to(6000, false),
    );
    golden.write("done", Shape::Done, "the end of a dump", four.last().unwrap());
}

fn capture_path_manager(pair: &Pair, golden: &Golden) {
    let host = &pair.client;
    host.ip("mptcp endpoint flush");
    host.ip("mptcp endpoint add 10.2.0.1 dev c2 id 7 subflow backup fullmesh");
    host.ip("mptcp endpoint add fd00:1::1 id 9 signal port 5001");
    let family_answer = ask(host, NlFamily::Generic, get_family(mptcp_pm::FAMILY, 1));
    golden.write(
        "family",
        Shape::Family,
        "the path manager's family",
        &family_answer[0],
    );
    let family = parse_family(payload(&family_answer[0])).unwrap().id;
    let list = ask(host, NlFamily::Generic, mptcp_pm::dump_addresses(family, 1));
    golden.write(
        "endpoint_v4",
        Shape::Endpoint,
        "an endpoint with an interface",
        &list[0],
    );
    golden.write(
        "endpoint_v6",
        Shape::Endpoint,
        "an endpoint with a port",
        &list[1],
    );
    let limits = ask(host, NlFamily::Generic, mptcp_pm::get_limits(family, 1));
    golden.write("limits", Shape::Limits, "the limits", &limits[0]);
    let target = PmTarget {
        id: 77,
        address: None,
    };
    let refused = ask(
        host,
        NlFamily::Generic,
        mptcp_pm::delete_address(family, target, 1),
    );
    golden.write(
        "refused",
        Shape::Error,
        "an error with the kernel's words",
        &refused[0],
    );
    let family = ask(host, NlFamily::Generic, get_family(ethtool::FAMILY, 1));
    let family = parse_family(payload(&family[0])).unwrap().id;
    let speed = ask(
        host,
        NlFamily::Generic,
        ethtool::get_link_modes(family, index(host, "c1"), 1),
    );
    golden.write("speed", Shape::Speed, "the speed of a link", &speed[0]);
}

fn index(host: &Host, name: &'static str) -> u32 {
    let links = ask(host, NlFamily::Route, rtnetlink::get_link_by_name(name, 1));
    rtnetlink::parse_link(payload(&links[0])).unwrap().index
}

fn capture_route(pair: &Pair, golden: &Golden) {
    let host = &pair.client;
    host.ip("route add default via 10.1.0.2 metric 100");
    host.ip("route add default metric 200 nexthop via 10.1.0.2 nexthop via 10.2.0.2 weight 2");
    host.ip("route add 10.77.0.0/16 via 10.1.0.2");
    let is =
        |number: u16| move |message: &[u8]| u16::from_ne_bytes(message[4..6].try_into().unwrap()) == number;
    let links = ask(host, NlFamily::Route, rtnetlink::dump_links(1));
    golden.write_one(
        "link",
        Shape::Link,
        "a veth link with its counters",
        &links,
        |message| {
            is(rtnetlink::RTM_NEWLINK)(message)
                && rtnetlink::parse_link(payload(message)).unwrap().name.as_deref() == Some("c1")
        },
    );
    let addresses = ask(host, NlFamily::Route, rtnetlink::dump_addresses(1));
    let address = |text: &'static str| {
        move |message: &[u8]| {
            is(rtnetlink::RTM_NEWADDR)(message)
                && rtnetlink::parse_address(payload(message))
                    .unwrap()
                    .unwrap()
                    .address
                    .to_string()
                    == text
        }
    };
    golden.write_one(
        "address_v4",
        Shape::Address,
        "an IPv4 address",
        &addresses,
        address("10.1.0.1"),
    );
    golden.write_one(
        "address_v6",
        Shape::Address,
        "an IPv6 address",
        &addresses,
        address("fd00:1::1"),
    );
    let routes = ask(host, NlFamily::Route, rtnetlink::dump_routes(AF_INET, 1));
    let defaults = |hops: usize| {
        move |message: &[u8]| {
            is(rtnetlink::RTM_NEWROUTE)(message)
                && rtnetlink::parse_default_route(payload(message))
                    .unwrap()
                    .is_some_and(|route| route.interfaces.len() == hops)
        }
    };
    golden.write_one("route", Shape::Route, "a default route", &routes, defaults(1));
    golden.write_one(
        "route_multipath",
        Shape::Route,
        "a default route with two next hops",
        &routes,
        defaults(2),
    );
    golden.write_one(
        "route_other",
        Shape::Route,
        "a route to one network",
        &routes,
        |message| {
            is(rtnetlink::RTM_NEWROUTE)(message)
                && find(&payload(message)[12..], 1).is_some()
                && message[17] == 16
        },
    );
}

/// Every kind of event, from a connection that lives through all of them.
fn capture_events(pair: &Pair, golden: &Golden) {
    pair.with_two_paths();
    pair.server.ip("mptcp endpoint add 10.2.0.2 signal");
    let subscribe = |host: &Host| {
        let answer = ask(host, NlFamily::Generic, get_family(mptcp_pm::FAMILY, 1));
        let group = parse_family(payload(&answer[0]))
            .unwrap()
            .group(mptcp_pm::EVENT_GROUP)
            .unwrap();
        host.run(move || {
            let socket = NlSocket::connect(NlFamily::Generic, None, Groups::new_groups(&[group])).unwrap();
            socket.nonblock().unwrap();
            socket
        })
    };
    let sockets = [subscribe(&pair.client), subscribe(&pair.server)];
    let mut seen: [Vec<Vec<u8>>; 2] = [Vec::new(), Vec::new()];
    let mut take = |side: usize, number: u8, name: &str, what: &str| {
        let message = until(name, || {
            seen[side].extend(receive(&sockets[side]));
            seen[side].iter().find(|message| message[16] == number).cloned()
        });
        golden.write(name, Shape::Event, what, &message);
    };
    let (client, server, listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    take(1, 15, "event_listener_created", "MPTCP_EVENT_LISTENER_CREATED");
    take(0, 1, "event_created_client", "MPTCP_EVENT_CREATED on the client");
    take(1, 1, "event_created_server", "MPTCP_EVENT_CREATED on the server");
    take(0, 2, "event_established", "MPTCP_EVENT_ESTABLISHED on the client");
    take(0, 6, "event_announced", "MPTCP_EVENT_ANNOUNCED");
    take(
        0,
        10,
        "event_sub_established",
        "MPTCP_EVENT_SUB_ESTABLISHED, bound to c2",
    );
    pair.client.ip("mptcp endpoint change id 1 backup");
    take(
        1,
        13,
        "event_sub_priority",
        "MPTCP_EVENT_SUB_PRIORITY on the host that is asked",
    );
    pair.server.ip("mptcp endpoint delete id 1");
    take(0, 7, "event_removed", "MPTCP_EVENT_REMOVED");
    let subflow = until("a joined subflow", || {
        let list = ask(
            &pair.server,
            NlFamily::SockOrInetDiag,
            dump_tcp(AF_INET, SUBFLOW_STATES, 1),
        );
        list.iter().find_map(|message| {
            let tcp = TcpMessage::parse(payload(message)).ok()?;
            let socket = tcp.socket().ok()?;
            (tcp.is_mptcp() && socket.remote.ip().to_string() == "10.2.0.1").then_some(socket)
        })
    });
    let (local, remote) = (subflow.local, subflow.remote);
    pair.server
        .run(move || {
            pathscope::kernel::Sockets::new()
                .unwrap()
                .destroy_subflow(local.into(), remote.into())
        })
        .unwrap();
    take(
        0,
        11,
        "event_sub_closed",
        "MPTCP_EVENT_SUB_CLOSED, reset by the peer",
    );
    drop((client, server, listener));
    take(0, 3, "event_closed", "MPTCP_EVENT_CLOSED");
    take(1, 16, "event_listener_closed", "MPTCP_EVENT_LISTENER_CLOSED");
}
