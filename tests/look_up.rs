//! Reading subflows by look-up against reading every socket, on the real kernel.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod common;
mod hosts;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use hosts::{Host, Pair, until};
use pathscope::history::History;
use pathscope::kernel::{Namespace, SocketTable, Sockets};
use pathscope::lab::{Crowd, CrowdOptions};
use pathscope::metrics::mptcp_info::mptcpi_subflows;
use pathscope::metrics::tcp_info;
use pathscope::model::{Connection, ConnectionId, Cookie, EventKind, Line, Sample, TcpState};
use pathscope::source::{LiveSource, Options, Reader, Source, Way, snapshot};
use pathscope::wire::sock_diag::{MptcpSocket, SocketId, TcpSocket};
use socket2::{Domain, Protocol, Socket, Type};

const LIMIT: Duration = Duration::from_mins(1);

fn id(socket: &TcpSocket) -> SocketId {
    SocketId {
        local: socket.local,
        remote: socket.remote,
        interface_index: socket.interface_index,
        cookie: Some(socket.cookie),
    }
}

/// What looking some sockets up gives, and how.
fn look_up(sockets: &mut Sockets, wanted: &[SocketId]) -> SocketTable {
    let mut table = SocketTable::default();
    sockets.read_connections(&mut table).unwrap();
    assert!(
        sockets.look_up_subflows(wanted, &mut table).unwrap(),
        "nothing was lost"
    );
    table.subflows.sort_by_key(|socket| socket.cookie);
    table
}

/// As it stays while nothing is sent.
fn at_rest(socket: &TcpSocket) -> TcpSocket {
    let since = tcp_info::SINCE.into_iter();
    TcpSocket {
        info: since.fold(socket.info, |info, place| info.with(place, 0)),
        ..*socket
    }
}

/// Looks up every subflow that a dump finds, in the calling thread's namespace; how many there are.
fn agree() -> usize {
    let mut sockets = Sockets::new().unwrap();
    let mut dumped = SocketTable::default();
    sockets.read(&mut dumped).unwrap();
    dumped.subflows.sort_by_key(|socket| socket.cookie);
    let wanted: Vec<SocketId> = dumped.subflows.iter().map(id).collect();
    let looked_up = look_up(&mut sockets, &wanted);
    let rest = |table: &SocketTable| table.subflows.iter().map(at_rest).collect::<Vec<_>>();
    assert_eq!(rest(&looked_up), rest(&dumped));
    assert_eq!(looked_up.connections.len(), dumped.connections.len());
    // Without a cookie each is found as well, as a connection's first subflow is.
    let any = |id: &SocketId| SocketId { cookie: None, ..*id };
    let wanted: Vec<SocketId> = wanted.iter().map(any).collect();
    assert_eq!(rest(&look_up(&mut sockets, &wanted)), rest(&dumped));
    dumped.subflows.len()
}

/// Connections of every kind; they are open as long as what is returned.
fn connections(pair: &Pair) -> Vec<Box<dyn Send>> {
    let mut open: Vec<Box<dyn Send>> = vec![
        Box::new(pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000")),
        Box::new(pair.connection(Protocol::MPTCP, "[fd00:1::2]:5006", "[fd00:1::2]:5006")),
        Box::new(pair.connection(Protocol::MPTCP, "[::]:5004", "[::ffff:10.1.0.2]:5004")),
        Box::new(pair.connection(Protocol::TCP, "10.1.0.2:6000", "10.1.0.2:6000")),
    ];
    let listener = pair.server.listen(Protocol::MPTCP, "10.1.0.2:5008");
    let mut bound = pair.client.run(|| {
        let to: SocketAddr = "10.1.0.2:5008".parse().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
        socket.bind_device(Some(b"c1")).unwrap();
        socket.connect(&to.into()).unwrap();
        TcpStream::from(socket)
    });
    let (mut accepted, _) = listener.accept().unwrap();
    bound.write_all(b"x").unwrap();
    accepted.read_exact(&mut [0]).unwrap();
    open.push(Box::new((bound, accepted, listener)));
    open
}

/// How many subflows a host has, once as many as its connections count are there and none of them is being made.
fn at_rest_there(host: &Host) -> Option<usize> {
    let table = host.run(|| {
        let mut table = SocketTable::default();
        Sockets::new().unwrap().read(&mut table).unwrap();
        table
    });
    let extra = |socket: &MptcpSocket| socket.info.get(mptcpi_subflows);
    let extra: u64 = table.connections.iter().filter_map(extra).sum();
    let expected = usize::try_from(extra).unwrap() + table.connections.len();
    let done = |socket: &TcpSocket| {
        TcpState::from_kernel(socket.state) == TcpState::Established
            && socket.info.get(tcp_info::tcpi_unacked) == Some(0)
    };
    (table.subflows.len() == expected && table.subflows.iter().all(done)).then_some(expected)
}

#[test]
fn look_ups_find_what_a_dump_finds_for_root_and_for_a_normal_user() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let _open = connections(&pair);
    // Four over IPv4, of which the bound one cannot have its second from elsewhere, and one over IPv6.
    let expected = until("second subflows", || {
        let (client, server) = (at_rest_there(&pair.client)?, at_rest_there(&pair.server)?);
        (client == server && client >= 6).then_some(client)
    });
    for host in [&pair.client, &pair.server] {
        assert_eq!(host.run(agree), expected);
        host.run_as_nobody("as_a_normal_user_look_ups_agree");
    }
    let bound = pair.client.run(|| {
        let mut table = SocketTable::default();
        Sockets::new().unwrap().read(&mut table).unwrap();
        let bound = table.subflows.iter().filter(|socket| socket.interface_index != 0);
        bound.copied().collect::<Vec<_>>()
    });
    assert!(
        bound.len() >= 3,
        "by an endpoint, and by the application: {bound:?}"
    );
    let missed = pair.client.run(move || {
        let mut sockets = Sockets::new().unwrap();
        let elsewhere = |socket: &TcpSocket| SocketId {
            interface_index: 0,
            ..id(socket)
        };
        look_up(&mut sockets, &bound.iter().map(elsewhere).collect::<Vec<_>>())
    });
    assert!(
        missed.subflows.is_empty(),
        "a bound socket is found with its interface only"
    );
}

#[test]
#[ignore = "run by look_ups_find_what_a_dump_finds…, as a normal user"]
fn as_a_normal_user_look_ups_agree() {
    assert!(
        !nix::unistd::geteuid().is_root() || caps::read(None, caps::CapSet::Effective).unwrap().is_empty()
    );
    assert!(agree() >= 6);
}

#[test]
fn what_is_not_the_subflow_that_was_meant_is_not_taken_for_it() {
    let Some(pair) = Pair::new() else { return };
    let (client, server, listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let plain = pair.connection(Protocol::TCP, "10.1.0.2:6000", "10.1.0.2:6000");
    let subflow = pair.client.run(|| {
        let mut table = SocketTable::default();
        Sockets::new().unwrap().read(&mut table).unwrap();
        table.subflows[0]
    });
    let found = |host: &Host, wanted: SocketId| {
        host.run(move || look_up(&mut Sockets::new().unwrap(), &[wanted]).subflows.len())
    };
    assert_eq!(found(&pair.client, id(&subflow)), 1);
    let another = SocketId {
        cookie: Some(subflow.cookie + 1),
        ..id(&subflow)
    };
    assert_eq!(found(&pair.client, another), 0, "another cookie");
    let any = |local: SocketAddr, remote: SocketAddr| SocketId {
        local,
        remote,
        interface_index: 0,
        cookie: None,
    };
    let tcp = any(plain.0.local_addr().unwrap(), plain.0.peer_addr().unwrap());
    assert_eq!(found(&pair.client, tcp), 0, "plain TCP");
    let nowhere = any("10.1.0.2:5000".parse().unwrap(), "10.1.0.1:9".parse().unwrap());
    assert_eq!(found(&pair.server, nowhere), 0, "the socket that listens there");

    // Who closes first keeps what is left in TIME_WAIT.
    drop((client, server, listener));
    until("TIME_WAIT", || {
        let states = pair.client.run(|| {
            let output = std::process::Command::new("ss").args(["-tanH"]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        });
        let port = subflow.local.port().to_string();
        states
            .lines()
            .any(|line| line.starts_with("TIME-WAIT") && line.contains(&port))
            .then_some(())
    });
    assert_eq!(
        found(&pair.client, any(subflow.local, subflow.remote)),
        0,
        "TIME_WAIT"
    );
    assert_eq!(found(&pair.client, id(&subflow)), 0, "TIME_WAIT, with the cookie");
}

/// The only connection of a sample.
fn only(sample: &Sample) -> &Connection {
    assert_eq!(sample.connections.len(), 1, "{sample:?}");
    &sample.connections[0]
}

/// Waits until a dump satisfies, in the calling thread's namespace.
fn until_dumped(what: &str, wanted: impl Fn(&SocketTable) -> bool) {
    let mut sockets = Sockets::new().unwrap();
    let mut table = SocketTable::default();
    until(what, || {
        sockets.read(&mut table).unwrap();
        wanted(&table).then_some(())
    });
}

/// Nobody tells this reader of events: it goes by the kernel's count.
#[test]
fn a_subflow_is_seen_by_the_first_reading_after_it_came_and_gone_after_two() {
    let Some(pair) = Pair::new() else { return };
    pair.client.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    pair.server.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let ip = |arguments: &str| pair.client.ip(arguments);
    let namespace = pair.client.run(|| Namespace::current().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            namespace.enter().unwrap();
            let mut reader = Reader::new().unwrap();
            assert_eq!(only(&reader.read(true).unwrap()).subflows.len(), 1);
            assert_eq!(reader.way(), Way::Dump);
            assert!(
                reader.read(false).unwrap().connections.is_empty(),
                "nothing changed"
            );
            assert_eq!(reader.way(), Way::LookUp, "the cheaper one here");

            ip("mptcp endpoint add 10.2.0.1 dev c2 id 7 subflow");
            until_dumped("a second subflow", |table| {
                let up = |socket: &&TcpSocket| TcpState::from_kernel(socket.state) == TcpState::Established;
                table.subflows.iter().filter(up).count() == 2
            });
            let sample = reader.read(false).unwrap();
            assert_eq!(only(&sample).subflows.len(), 2);
            assert_eq!(only(&sample).extra_subflows, Some(1));
            reader.read(false).unwrap();
            assert_eq!(reader.way(), Way::LookUp);

            ip("mptcp endpoint delete id 7");
            until_dumped("one subflow", |table| table.subflows.len() == 1);
            reader.read(false).unwrap();
            let sample = reader.read(false).unwrap();
            assert_eq!(only(&sample).subflows.len(), 1);

            // One that nobody answers is counted from its SYN on.
            pair.server.ip("route add blackhole 10.2.0.1/32");
            ip("mptcp endpoint add 10.2.0.1 dev c2 id 8 subflow");
            until_dumped("a subflow in SYN-SENT", |table| {
                let waits = |socket: &TcpSocket| TcpState::from_kernel(socket.state) == TcpState::SynSent;
                table.subflows.iter().any(waits)
            });
            let sample = reader.read(false).unwrap();
            let states: BTreeSet<_> = only(&sample)
                .subflows
                .iter()
                .map(|subflow| subflow.state)
                .collect();
            assert_eq!(states, BTreeSet::from([TcpState::Established, TcpState::SynSent]));
            reader.read(false).unwrap();
            assert_eq!(reader.way(), Way::LookUp);
            // And a connection that is new has its first subflow at once.
            let listener = pair.server.listen(Protocol::MPTCP, "10.1.0.2:5002");
            let _second = hosts::connect(Protocol::MPTCP, "10.1.0.2:5002".parse().unwrap());
            listener.accept().unwrap();
            let sample = reader.read(false).unwrap();
            let new = sample
                .connections
                .iter()
                .find(|one| one.remote.port() == 5002)
                .unwrap();
            assert!(!new.subflows.is_empty());
        });
    });
}

/// Between two samples, which are a minute apart here.
#[test]
fn a_close_look_no_longer_shows_a_subflow_that_is_gone() {
    let Some(pair) = Pair::new() else { return };
    pair.client.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    pair.server.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    let (mut client, _server, _listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    pair.client.ip("mptcp endpoint add 10.2.0.1 dev c2 id 7 subflow");
    let namespace = pair.client.run(|| {
        until_dumped("a second subflow", |table| {
            let up = |socket: &&TcpSocket| TcpState::from_kernel(socket.state) == TcpState::Established;
            table.subflows.iter().filter(up).count() == 2
        });
        Namespace::current().unwrap()
    });
    let options = Options {
        interval: Duration::from_mins(1),
        ..Options::default()
    };
    // Nobody reads, so that data waits, and is looked at.
    client.set_nonblocking(true).unwrap();
    while client.write(&[0; 8192]).is_ok() {}
    let source = LiveSource::open(&namespace, &options).unwrap();
    let wait_for_subflows = |close: bool, count: usize| {
        common::wait_for("a sample", LIMIT, || match source.lines().recv_timeout(LIMIT) {
            Ok(Line::Sample(sample)) if sample.only.is_some() == close && !sample.connections.is_empty() => {
                (only(&sample).subflows.len() == count).then(|| only(&sample).token.unwrap())
            }
            other => other.map(|_| None).expect("a line"),
        })
    };
    let token = wait_for_subflows(false, 2);
    pair.client.ip("mptcp endpoint delete id 7");
    pair.client
        .run(|| until_dumped("one subflow", |table| table.subflows.len() == 1));
    assert_eq!(wait_for_subflows(true, 1), token);
}

type Picture = BTreeMap<ConnectionId, Vec<Cookie>>;

fn picture<'a>(connections: impl Iterator<Item = &'a Connection>) -> Picture {
    let subflows = |one: &Connection| one.subflows.iter().map(|subflow| subflow.cookie).collect();
    connections.map(|one| (one.id(), subflows(one))).collect()
}

/// Connections come and go among many sockets of plain TCP; when it ends the stream's picture is a dump's.
fn churn(namespace: &Namespace, crowd: &Crowd, events: bool) {
    let options = Options {
        interval: Duration::from_millis(50),
        ..Options::default()
    };
    let source = LiveSource::open(namespace, &options).unwrap();
    assert_eq!(source.header().access.events, events);
    let mut history = History::default();
    let mut next = || {
        let line = source.lines().recv_timeout(LIMIT).expect("a line");
        history.apply(line.clone());
        (line, picture(history.state().connections.values()))
    };
    let mut closed = 0;
    while closed < 60 {
        let (line, _) = next();
        closed +=
            usize::from(matches!(line, Line::Event(event) if event.kind == EventKind::ConnectionClosed));
    }
    crowd.calm().expect("the churn stops");
    common::wait_for("the picture to agree with a dump", LIMIT, || {
        let (_, ours) = next();
        let (_, fresh) = snapshot(namespace).expect("a snapshot");
        (ours == picture(fresh.connections.iter())).then_some(())
    });
    assert_eq!(source.failure(), None);
}

#[test]
fn nothing_is_missed_under_churn_with_events_and_without() {
    if !common::can_make_namespaces("look-ups under churn") {
        return;
    }
    for events in [true, false] {
        let options = CrowdOptions {
            connections: 40,
            churn_per_second: 40,
            plain_tcp: 1500,
            program: Some(common::pathscope()),
            ..CrowdOptions::default()
        };
        let crowd = Crowd::start(&options).expect("a crowd");
        let namespace = Namespace::open(&crowd.netns().to_string_lossy()).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                namespace.enter().unwrap();
                if !events {
                    // Of this thread and those that it starts.
                    for set in [caps::CapSet::Effective, caps::CapSet::Permitted] {
                        caps::clear(None, set).unwrap();
                    }
                }
                churn(&Namespace::current().unwrap(), &crowd, events);
            });
        });
    }
}
