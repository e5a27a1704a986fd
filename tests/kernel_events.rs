//! Events of the path manager and of rtnetlink from the real kernel.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod hosts;

use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use hosts::{Host, Pair, is_linux, until};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pathscope::kernel::{Events, Received, RouteEvents, RouteNotice};
use pathscope::model::{Event, EventKind, Origin, SocketAddr};
use socket2::{Domain, Protocol, Socket, Type};

fn events(host: &Host, receive_buffer_bytes: Option<usize>) -> Events {
    host.run(move || Events::subscribe(receive_buffer_bytes).unwrap())
}

/// Reads until there is an event of the kind; `seen` keeps all.
fn await_kind(events: &mut Events, seen: &mut Vec<Event>, kind: EventKind) -> Event {
    until(&format!("an event {kind}"), || {
        assert_eq!(events.read(seen).unwrap(), Received::NothingMore);
        seen.iter().rfind(|event| event.kind == kind).cloned()
    })
}

/// Whether the kernel has events of listeners.
fn tells_of_listeners() -> bool {
    is_linux(6, 2)
}

#[test]
fn what_is_no_event_socket_is_refused() {
    let (one, _other) = UnixDatagram::pair().unwrap();
    let tcp = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let routes = Socket::new(
        Domain::from(nix::libc::AF_NETLINK),
        Type::DGRAM,
        Some(Protocol::from(nix::libc::NETLINK_ROUTE)),
    );
    let file = std::fs::File::open("/dev/zero").unwrap();
    let passed: [OwnedFd; 4] = [one.into(), tcp.into(), routes.unwrap().into(), file.into()];
    for socket in passed {
        let refused = Events::of(socket).map(drop).unwrap_err().to_string();
        assert!(
            refused.starts_with("cannot hear events over what was passed: "),
            "{refused}"
        );
    }
}

#[test]
fn the_life_of_a_connection_is_told_on_both_sides() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    pair.server.ip("mptcp endpoint add 10.2.0.2 signal");
    let (mut at_client, mut at_server) = (events(&pair.client, None), events(&pair.server, None));
    let (mut seen, mut heard) = (Vec::new(), Vec::new());
    let (client, server, listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let local = SocketAddr::from(client.local_addr().unwrap());
    let remote = SocketAddr::from(client.peer_addr().unwrap());

    if tells_of_listeners() {
        let began = await_kind(&mut at_server, &mut heard, EventKind::ListenerCreated);
        assert_eq!((began.local, began.remote), (Some(remote), None));
        assert_eq!((began.t, began.origin), (0.0, Origin::Kernel));
    }

    let created = await_kind(&mut at_client, &mut seen, EventKind::ConnectionCreated);
    assert_eq!((created.local, created.remote), (Some(local), Some(remote)));
    assert_eq!(created.server_side, Some(false));
    assert!(created.token.is_some());
    let accepted = await_kind(&mut at_server, &mut heard, EventKind::ConnectionCreated);
    assert_eq!((accepted.local, accepted.remote), (Some(remote), Some(local)));
    assert_eq!(accepted.server_side, Some(true));
    let established = await_kind(&mut at_client, &mut seen, EventKind::ConnectionEstablished);
    assert_eq!(established.token, created.token);

    let announced = await_kind(&mut at_client, &mut seen, EventKind::AddressAnnounced);
    assert_eq!(announced.address, Some(IpAddr::from([10, 2, 0, 2])));
    assert_eq!(announced.remote_id, Some(1));
    let joined = await_kind(&mut at_client, &mut seen, EventKind::SubflowEstablished);
    assert_eq!(joined.local.unwrap().ip(), IpAddr::from([10, 2, 0, 1]));
    assert_eq!(
        (joined.interface.as_deref(), joined.local_id),
        (Some("c2"), Some(1))
    );
    assert_eq!(joined.backup, Some(false));
    assert!(joined.remote_id.is_some());

    pair.client.ip("mptcp endpoint change id 1 backup");
    // Only the host that is asked is told, not the one that asks.
    let told = await_kind(&mut at_server, &mut heard, EventKind::SubflowPriority);
    assert_eq!((told.backup, told.token), (Some(true), accepted.token));
    assert_eq!(
        (told.backup_local, told.backup_remote),
        (None, Some(true)),
        "the peer asks"
    );

    pair.server.ip("mptcp endpoint delete id 1");
    let removed = await_kind(&mut at_client, &mut seen, EventKind::AddressRemoved);
    assert_eq!((removed.remote_id, removed.token), (Some(1), created.token));

    pair.client.ip("mptcp endpoint delete id 1");
    let closed = await_kind(&mut at_client, &mut seen, EventKind::SubflowClosed);
    assert_eq!(
        (closed.interface.as_deref(), closed.token),
        (Some("c2"), created.token)
    );

    drop((client, server, listener));
    let ended = await_kind(&mut at_client, &mut seen, EventKind::ConnectionClosed);
    assert_eq!(ended.token, created.token);
    if tells_of_listeners() {
        await_kind(&mut at_server, &mut heard, EventKind::ListenerClosed);
    }
    assert!(
        seen.iter()
            .all(|event| event.unknown_attributes.keys().all(|number| *number <= 18)),
        "{seen:?}"
    );
}

#[test]
fn a_full_buffer_is_told_and_reading_goes_on() {
    let Some(pair) = Pair::new() else { return };
    let mut small = events(&pair.client, Some(4096));
    let mut large = events(&pair.client, None);
    let listener = pair.server.listen(Protocol::MPTCP, "10.1.0.2:5000");
    for _ in 0..40 {
        drop(pair.client.connect(Protocol::MPTCP, "10.1.0.2:5000"));
        drop(listener.accept().unwrap());
    }
    let mut few = Vec::new();
    assert_eq!(small.read(&mut few).unwrap(), Received::Overrun);
    let mut all = Vec::new();
    until("the last connection's end", || {
        assert_eq!(large.read(&mut all).unwrap(), Received::NothingMore);
        let closed = all
            .iter()
            .filter(|event| event.kind == EventKind::ConnectionClosed);
        (closed.count() == 40).then_some(())
    });
    assert!(few.len() < all.len());
    // It works again.
    small.read(&mut few).unwrap();
    few.clear();
    let _again = pair.client.connect(Protocol::MPTCP, "10.1.0.2:5000");
    until("an event after the overrun", || {
        small.read(&mut few).unwrap();
        (!few.is_empty()).then_some(())
    });
}

#[test]
fn the_descriptor_is_readable_when_something_happened() {
    let Some(pair) = Pair::new() else { return };
    let mut events = events(&pair.client, None);
    let waiting = |events: &Events, milliseconds: u16| {
        let mut fds = [PollFd::new(events.fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::from(milliseconds)).unwrap()
    };
    assert_eq!(waiting(&events, 0), 0);
    let listener = pair.server.listen(Protocol::MPTCP, "10.1.0.2:5000");
    assert_eq!(waiting(&events, 0), 0, "that is the server's");
    let _client = pair.client.connect(Protocol::MPTCP, "10.1.0.2:5000");
    let _server = listener.accept().unwrap();
    assert_eq!(waiting(&events, 10_000), 1);
    until("nothing more", || {
        events.read(&mut Vec::new()).unwrap();
        (waiting(&events, 0) == 0).then_some(())
    });
}

#[test]
fn links_addresses_and_routes_are_told() {
    let Some(pair) = Pair::new() else { return };
    let mut changes = pair.client.run(|| RouteEvents::subscribe(None).unwrap());
    let mut seen = Vec::new();
    let mut await_notice = |what: &str, is: &dyn Fn(&RouteNotice) -> bool| {
        until(what, || {
            let change = changes.read().unwrap();
            assert_eq!(change.received, Received::NothingMore);
            seen.extend(change.notices);
            seen.iter().find(|notice| is(notice)).cloned()
        })
    };
    let link = |up, gone| {
        move |notice: &RouteNotice| {
            matches!(notice, RouteNotice::Link { name, up: is_up, gone: is_gone, .. }
                if name == "c2" && *is_up == up && *is_gone == gone)
        }
    };
    let address = |added| {
        move |notice: &RouteNotice| {
            matches!(notice, RouteNotice::Address { address, prefix: 24, added: is_added, .. }
                if *address == IpAddr::from([10, 9, 0, 1]) && *is_added == added)
        }
    };
    pair.client.ip("addr add 10.9.0.1/24 dev c2");
    await_notice("an address given", &address(true));
    pair.client.ip("route add default via 10.1.0.2");
    await_notice("a route", &|notice| *notice == RouteNotice::Route);
    pair.client.ip("addr del 10.9.0.1/24 dev c2");
    await_notice("an address lost", &address(false));
    pair.client.ip("link set c2 down");
    await_notice("a link down", &link(false, false));
    pair.client.ip("link set c2 up");
    await_notice("a link up", &link(true, false));
    pair.client.ip("link del c2");
    await_notice("a link gone", &link(false, true));
}

#[test]
fn a_full_buffer_of_changes_is_told() {
    let Some(pair) = Pair::new() else { return };
    let mut changes = pair.client.run(|| RouteEvents::subscribe(Some(4096)).unwrap());
    for last in 10..30 {
        pair.client.ip(&format!("addr add 10.9.0.{last}/24 dev c2"));
    }
    assert_eq!(changes.read().unwrap().received, Received::Overrun);
    assert_eq!(changes.read().unwrap().received, Received::NothingMore);
}
