//! The interface of a subflow is the one that its packets use: against `ip route get`, and against the links' counters.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../hosts/mod.rs"]
mod hosts;

mod holders;
mod network;
mod rename;
mod watch;

use std::net::IpAddr;

use hosts::{Pair, until};
use network::{Stream, connect_from, ip_route_get, open_filters, sent_by, with_far_server};
use pathscope::model::{EventKind, InterfaceBy};
use pathscope::source::Reader;
use socket2::Protocol;
use watch::{Watch, place};

const FAR: &str = "10.99.0.1";

/// More than everything else that goes over a link meanwhile, and less than what is sent.
const PAYLOAD: usize = 1_000_000;
const NOISE: u64 = 200_000;

#[test]
fn without_policy_routing_both_subflows_leave_by_the_default_route() {
    let Some(pair) = Pair::new() else { return };
    with_far_server(&pair);
    pair.client.ip("route add default via 10.1.0.2 dev c1");
    pair.client.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    pair.server.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    pair.client.ip("mptcp endpoint add 10.2.0.1 subflow");
    let mut client = Watch::new(&pair.client);
    let mut server = Watch::new(&pair.server);
    let mut stream = Stream::open(&pair, None, FAR);
    let places = client.places(2);
    for local in places.keys() {
        assert_eq!(ip_route_get(&pair.client, FAR, &local.to_string(), ""), "c1");
    }
    let by_route = Some(InterfaceBy::Route);
    assert_eq!(places[&IpAddr::from([10, 1, 0, 1])], place("c1", by_route, None));
    assert_eq!(
        places[&IpAddr::from([10, 2, 0, 1])],
        place("c1", by_route, Some("c2"))
    );
    let joined = client.event(EventKind::SubflowEstablished);
    assert_eq!(joined.interface.as_deref(), Some("c1"));

    let before = ["c1", "c2"].map(|link| sent_by(&pair.client, link));
    stream.send(PAYLOAD);
    let sent = [0, 1].map(|at| sent_by(&pair.client, ["c1", "c2"][at]) - before[at]);
    assert!(sent[0] >= PAYLOAD as u64 && sent[1] < NOISE, "{sent:?}");

    // The server's packets go where its own routes to the client's addresses lead, though it has but one address.
    let places = server.by_remote(2);
    let expected = [("10.1.0.1", "s1"), ("10.2.0.1", "s2")];
    for (remote, device) in expected {
        assert_eq!(ip_route_get(&pair.server, remote, FAR, ""), device);
        let remote: IpAddr = remote.parse().unwrap();
        assert_eq!(places[&remote], place(device, by_route, Some("lo")));
    }
    let joined = server.event(EventKind::SubflowEstablished);
    assert_eq!(joined.interface.as_deref(), Some("s2"));
    let carried = |server: &mut Watch| {
        let subflows = server.subflows().into_iter();
        subflows
            .map(|subflow| (subflow.interface.unwrap(), subflow.bytes_sent.unwrap()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let told = carried(&mut server);
    let before = ["s1", "s2"].map(|link| sent_by(&pair.server, link));
    stream.receive(PAYLOAD);
    let sent = [0, 1].map(|at| sent_by(&pair.server, ["s1", "s2"][at]) - before[at]);
    assert!(sent[0] + sent[1] >= PAYLOAD as u64, "{sent:?}");
    // What the stream says that each link carried is what its counter says, headers and acknowledgements aside.
    until("what was sent to be told", || {
        server.wait_for_sample();
        let now = carried(&mut server);
        let told = [0, 1].map(|at| now[["s1", "s2"][at]] - told[["s1", "s2"][at]]);
        (told[0] + told[1] >= PAYLOAD as u64).then(|| {
            for (told, sent) in told.into_iter().zip(sent) {
                assert!(told <= sent && sent - told < sent / 10 + NOISE, "{told} {sent}");
            }
        })
    });
}

#[test]
fn with_policy_routing_each_subflow_leaves_by_its_own_interface() {
    let Some(pair) = Pair::new() else { return };
    with_far_server(&pair);
    pair.client.ip("route add default via 10.1.0.2 dev c1");
    pair.client.ip("rule add from 10.2.0.1 table 9");
    pair.client.ip("route add default via 10.2.0.2 dev c2 table 9");
    pair.client.ip("-6 route add default via fd00:1::2 dev c1");
    pair.client.ip("-6 rule add from fd00:2::1 table 9");
    pair.client
        .ip("-6 route add default via fd00:2::2 dev c2 table 9");
    let mut client = Watch::new(&pair.client);
    let pairs = [
        ("10.1.0.1", FAR, "c1"),
        ("10.2.0.1", FAR, "c2"),
        ("fd00:1::1", "fd00:99::1", "c1"),
        ("fd00:2::1", "fd00:99::1", "c2"),
    ];
    let mut streams = pairs.map(|(local, remote, _)| Stream::open(&pair, Some(local), remote));
    let places = client.places(4);
    for ((local, remote, device), stream) in pairs.into_iter().zip(&mut streams) {
        assert_eq!(ip_route_get(&pair.client, remote, local, ""), device);
        let by_route = Some(InterfaceBy::Route);
        assert_eq!(
            places[&local.parse().unwrap()],
            place(device, by_route, None),
            "{local}"
        );
        let before = sent_by(&pair.client, device);
        stream.send(PAYLOAD);
        assert!(
            sent_by(&pair.client, device) - before >= PAYLOAD as u64,
            "{local}"
        );
    }
    // IPv6 leaves from an address of the other interface, too.
    drop(streams);
    pair.client.ip("-6 rule del from fd00:2::1 table 9");
    let mut stream = Stream::open(&pair, Some("fd00:2::1"), "fd00:99::1");
    let places = client.places(1);
    assert_eq!(ip_route_get(&pair.client, "fd00:99::1", "fd00:2::1", ""), "c1");
    let expected = place("c1", Some(InterfaceBy::Route), Some("c2"));
    assert_eq!(places[&"fd00:2::1".parse().unwrap()], expected);
    let before = sent_by(&pair.client, "c1");
    stream.send(PAYLOAD);
    assert!(sent_by(&pair.client, "c1") - before >= PAYLOAD as u64);
}

#[test]
fn a_bound_subflow_leaves_by_the_device_it_is_bound_to() {
    let Some(pair) = Pair::new() else { return };
    with_far_server(&pair);
    pair.client.ip("route add default via 10.1.0.2 dev c1");
    pair.client.ip("route add default via 10.2.0.2 dev c2 metric 10");
    // A bound socket takes only what comes by its device.
    pair.server.ip("route add 10.1.0.1/32 via 10.2.0.1 dev s2");
    let mut client = Watch::new(&pair.client);
    let mut stream = Stream::open_with(&pair, FAR, |socket| {
        socket.bind_device(Some(b"c2"))?;
        socket.bind(&"10.1.0.1:0".parse::<std::net::SocketAddr>().unwrap().into())
    });
    let places = client.places(1);
    let bound = Some(InterfaceBy::Bound);
    assert_eq!(
        places[&IpAddr::from([10, 1, 0, 1])],
        place("c2", bound, Some("c1"))
    );
    let before = sent_by(&pair.client, "c2");
    stream.send(PAYLOAD);
    assert!(sent_by(&pair.client, "c2") - before >= PAYLOAD as u64);
    drop(stream);

    // So is one that the path manager makes for an endpoint with a device.
    pair.with_two_paths();
    let _stream = Stream::open(&pair, Some("10.1.0.1"), FAR);
    let places = client.places(2);
    assert_eq!(places[&IpAddr::from([10, 2, 0, 1])], place("c2", bound, None));
    let event = client.event(EventKind::SubflowEstablished);
    assert_eq!(event.interface.as_deref(), Some("c2"));
}

#[test]
fn what_stays_on_this_host_goes_over_loopback() {
    let Some(pair) = Pair::new() else { return };
    let listener = pair.client.listen(Protocol::MPTCP, "10.1.0.1:5000");
    let stream = connect_from(&pair.client, Some("10.1.0.1"), "10.1.0.1:5000");
    let (_accepted, _) = listener.accept().unwrap();
    let mut client = Watch::new(&pair.client);
    let subflows = client.once_there_are(2);
    assert_eq!(ip_route_get(&pair.client, "10.1.0.1", "10.1.0.1", ""), "lo");
    for subflow in subflows {
        let found = (
            subflow.interface.as_deref(),
            subflow.interface_by,
            subflow.address_interface,
        );
        assert_eq!(found, (Some("lo"), Some(InterfaceBy::Route), None));
    }
    drop(stream);
}

#[test]
fn a_connection_that_lives_follows_its_route() {
    let Some(pair) = Pair::new() else { return };
    with_far_server(&pair);
    pair.client.ip("route add default via 10.1.0.2 dev c1");
    let mut client = Watch::new(&pair.client);
    let mut stream = Stream::open(&pair, Some("10.1.0.1"), FAR);
    let places = client.places(1);
    let local = IpAddr::from([10, 1, 0, 1]);
    let by_route = Some(InterfaceBy::Route);
    assert_eq!(places[&local], place("c1", by_route, None));
    // A route, a rule, a shared next hop: each tells of itself in another way.
    let changes: [(&[&str], &str); 5] = [
        (&["route replace default via 10.2.0.2 dev c2"], "c2"),
        (
            &[
                "route add default via 10.1.0.2 dev c1 table 9",
                "rule add to 10.99.0.1 table 9",
            ],
            "c1",
        ),
        (&["rule del to 10.99.0.1 table 9"], "c2"),
        (
            &[
                "nexthop add id 7 via 10.1.0.2 dev c1",
                "route replace default nhid 7",
            ],
            "c1",
        ),
        (&["nexthop replace id 7 via 10.2.0.2 dev c2"], "c2"),
    ];
    let mut was = "c1";
    for (commands, device) in changes {
        client.events.clear();
        for command in commands {
            pair.client.ip(command);
        }
        assert_eq!(
            ip_route_get(&pair.client, FAR, "10.1.0.1", ""),
            device,
            "{commands:?}"
        );
        let owner = (device == "c2").then_some("c1");
        client.until_at(local, &place(device, by_route, owner));
        let event = client.event(EventKind::SubflowRerouted);
        let told = (event.interface.as_deref(), event.interface_was.as_deref());
        assert_eq!(told, (Some(device), Some(was)), "{commands:?}");
        let before = sent_by(&pair.client, device);
        stream.send(PAYLOAD);
        assert!(
            sent_by(&pair.client, device) - before >= PAYLOAD as u64,
            "{commands:?}"
        );
        was = device;
    }
}

#[test]
fn a_mark_a_port_and_the_choice_between_next_hops_decide_as_for_the_kernel() {
    let Some(pair) = Pair::new() else { return };
    with_far_server(&pair);
    pair.client.ip("route add default via 10.1.0.2 dev c1");
    pair.client.ip("route add default via 10.2.0.2 dev c2 table 9");
    pair.client.ip("rule add fwmark 7 table 9");
    let mut client = Watch::new(&pair.client);
    let local = IpAddr::from([10, 1, 0, 1]);
    let bind =
        |socket: &socket2::Socket| socket.bind(&"10.1.0.1:0".parse::<std::net::SocketAddr>().unwrap().into());
    let mut marked = Stream::open_with(&pair, FAR, move |socket| {
        socket.set_mark(7)?;
        bind(socket)
    });
    client.until_at(local, &place("c2", Some(InterfaceBy::Route), Some("c1")));
    assert_eq!(ip_route_get(&pair.client, FAR, "10.1.0.1", "mark 7"), "c2");
    let before = sent_by(&pair.client, "c2");
    marked.send(PAYLOAD);
    assert!(sent_by(&pair.client, "c2") - before >= PAYLOAD as u64);
    // One without the mark, between the same addresses, goes the other way.
    let mut plain = Stream::open_with(&pair, FAR, move |socket| bind(socket));
    let mut devices = |expected: &[(u16, &str)]| {
        until("the devices", || {
            client.wait_for_sample();
            let subflows = client.subflows();
            let device = |port: u16| {
                let mut found = subflows.iter();
                found
                    .find(|subflow| subflow.local.port() == port)?
                    .interface
                    .clone()
            };
            let as_expected = |(port, name): &(u16, &str)| device(*port).as_deref() == Some(*name);
            expected.iter().all(as_expected).then_some(())
        });
    };
    devices(&[(marked.port(), "c2"), (plain.port(), "c1")]);
    plain.send(PAYLOAD);

    let port = plain.port();
    pair.client
        .ip(&format!("rule add ipproto tcp sport {port} table 9"));
    let get = plain.selectors();
    assert_eq!(ip_route_get(&pair.client, FAR, "10.1.0.1", &get), "c2");
    devices(&[(marked.port(), "c2"), (port, "c2")]);
    let before = sent_by(&pair.client, "c2");
    plain.send(PAYLOAD);
    assert!(sent_by(&pair.client, "c2") - before >= PAYLOAD as u64);
    drop((marked, plain));

    // Two next hops, chosen by ports: some go by one, some by the other. (From an address of one of the two, newer
    // kernels prefer that one.)
    pair.client.ip("addr add 10.98.0.1/32 dev lo");
    pair.server.ip("route add 10.98.0.1/32 via 10.1.0.1");
    pair.client
        .ip(&format!("rule del ipproto tcp sport {port} table 9"));
    pair.client
        .run(|| std::fs::write("/proc/sys/net/ipv4/fib_multipath_hash_policy", "1").unwrap());
    pair.client
        .ip("route replace default nexthop via 10.1.0.2 dev c1 nexthop via 10.2.0.2 dev c2");
    let mut streams: Vec<Stream> = (0..12)
        .map(|_| Stream::open(&pair, Some("10.98.0.1"), FAR))
        .collect();
    let subflows = client.once_there_are(12);
    let mut seen = std::collections::BTreeSet::new();
    for stream in &mut streams {
        let (port, get) = (stream.port(), stream.selectors());
        let routed = ip_route_get(&pair.client, FAR, "10.98.0.1", &get);
        let mut found = subflows.iter();
        let told = found.find(|subflow| subflow.local.port() == port).unwrap();
        assert_eq!(told.interface.as_deref(), Some(routed.as_str()));
        let before = sent_by(&pair.client, &routed);
        stream.send(PAYLOAD);
        assert!(sent_by(&pair.client, &routed) - before >= PAYLOAD as u64, "{get}");
        seen.insert(routed);
    }
    assert_eq!(seen.len(), 2, "both next hops are used");
}

#[test]
fn over_a_link_that_died_a_subflow_keeps_its_name_until_packets_get_through_elsewhere() {
    let Some(pair) = Pair::new() else { return };
    with_far_server(&pair);
    pair.client.ip("route add default via 10.1.0.2 dev c1");
    pair.client.ip("route add default via 10.2.0.2 dev c2 metric 10");
    let mut client = Watch::new(&pair.client);
    let mut stream = Stream::open(&pair, Some("10.1.0.1"), FAR);
    let local = IpAddr::from([10, 1, 0, 1]);
    let on_c1 = place("c1", Some(InterfaceBy::Route), None);
    assert_eq!(client.places(1)[&local], on_c1);

    // The server cannot answer: what leaves by the other link is lost.
    pair.server.ip("route add blackhole 10.1.0.1/32");
    pair.client.ip("link set c1 down");
    assert_eq!(ip_route_get(&pair.client, FAR, "10.1.0.1", ""), "c2");
    stream.begin_to_send(PAYLOAD);
    let stalled = until("retransmissions", || {
        client.wait_for_sample();
        let subflow = client.subflows().into_iter().next()?;
        (subflow.backoff? >= 2).then_some(subflow)
    });
    assert_eq!(
        (stalled.interface.as_deref(), stalled.address_interface),
        (Some("c1"), None)
    );
    assert!(
        client
            .events
            .iter()
            .all(|event| event.kind != EventKind::SubflowRerouted)
    );
    let down = client.event(EventKind::InterfaceDown);
    assert_eq!(down.interface.as_deref(), Some("c1"));

    // Now it can.
    let before = sent_by(&pair.client, "c2");
    pair.server.ip("route replace 10.1.0.1/32 via 10.2.0.1 dev s2");
    stream.end_sending();
    assert!(sent_by(&pair.client, "c2") - before >= PAYLOAD as u64 / 2);
    client.until_at(local, &place("c2", Some(InterfaceBy::Route), Some("c1")));
    let event = client.event(EventKind::SubflowRerouted);
    let told = (event.interface.as_deref(), event.interface_was.as_deref());
    assert_eq!(told, (Some("c2"), Some("c1")));

    // And without any route the last link keeps its name.
    pair.client.ip("link set c2 down");
    until("the link to be down", || {
        client.wait_for_sample();
        let mut downs = client.events.iter();
        downs.find(|event| {
            event.kind == EventKind::InterfaceDown && event.interface.as_deref() == Some("c2")
        })?;
        Some(())
    });
    client.wait_for_sample();
    client.until_at(local, &place("c2", Some(InterfaceBy::Route), Some("c1")));
}

#[test]
fn many_subflows_cost_few_look_ups_and_a_steady_sample_none() {
    let Some(pair) = Pair::new() else { return };
    with_far_server(&pair);
    pair.client.ip("route add default via 10.1.0.2 dev c1");
    let mut streams: Vec<Stream> = (0..60).map(|_| Stream::open(&pair, None, FAR)).collect();
    let (mut reader, first) = pair.client.run(|| {
        let mut reader = Reader::new().unwrap();
        let first = reader.read(true).unwrap();
        (reader, first)
    });
    open_filters(&pair.client);
    assert_eq!(first.connections.len(), 60);
    assert_eq!(reader.routes_asked(), 1);
    for stream in &mut streams {
        stream.send(1000);
    }
    let (reader, sample) = pair.client.run(move || {
        let sample = reader.read(false).unwrap();
        (reader, sample)
    });
    assert_eq!(sample.connections.len(), 60, "all have changed");
    assert_eq!(reader.routes_asked(), 1);
    // A route that has nothing to do with them costs one more.
    pair.client.ip("route add 10.50.0.0/16 via 10.2.0.2");
    let reader = pair.client.run(move || {
        let mut reader = reader;
        reader.read(false).unwrap();
        reader
    });
    assert_eq!(reader.routes_asked(), 2);
}
