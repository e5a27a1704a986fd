//! Endpoints, limits, settings, interfaces, processes and privileges in the real kernel.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod hosts;

use std::time::{Duration, Instant};

use hosts::{Host, Pair, cannot_run, is_linux, until};
use pathscope::kernel::{
    Error, Namespace, PathManager, Processes, Route, SocketTable, Sockets, counters, probe, settings,
    user_name,
};
use pathscope::model::{
    Command, Endpoint, EndpointFlags, FlagChange, Impossible, InterfaceKind, Limits, SettingValue,
};
use socket2::Protocol;

fn host() -> Option<Host> {
    Host::new().map_err(|why| cannot_run(&why)).ok()
}

fn apply(host: &Host, command: Command) -> Result<(), Error> {
    host.run(move || PathManager::new()?.apply(&command))
}

fn endpoints(host: &Host) -> Vec<Endpoint> {
    host.run(|| PathManager::new().unwrap().endpoints().unwrap())
}

fn add(
    host: &Host,
    address: &str,
    interface: Option<&str>,
    id: Option<u8>,
    flags: EndpointFlags,
) -> Result<(), Error> {
    let command = Command::EndpointAdd {
        address: address.parse().unwrap(),
        interface: interface.map(str::to_owned),
        id,
        port: None,
        flags,
        // What the kernel says is wanted.
        insist: true,
    };
    apply(host, command)
}

fn index_of(host: &Host, name: &'static str) -> u32 {
    let interfaces = host.run(|| Route::new().unwrap().interfaces().unwrap());
    let found = interfaces.iter().find(|interface| interface.name == name);
    found.unwrap().index
}

fn change(host: &Host, id: u8, words: &str) -> Result<(), Error> {
    apply(
        host,
        Command::EndpointChange {
            id,
            flags: words.parse::<FlagChange>().unwrap(),
        },
    )
}

#[test]
fn endpoints_come_change_and_go() {
    let Some(pair) = Pair::new() else { return };
    let host = &pair.client;
    assert_eq!(endpoints(host), []);
    add(host, "10.2.0.1", Some("c2"), Some(7), EndpointFlags::SUBFLOW).unwrap();
    add(host, "fd00:1::1", None, None, EndpointFlags::SIGNAL).unwrap();
    let with_port = Command::EndpointAdd {
        address: "10.1.0.1".parse().unwrap(),
        interface: None,
        id: Some(9),
        port: Some(5001),
        flags: EndpointFlags::SIGNAL,
        insist: false,
    };
    apply(host, with_port).unwrap();
    let list = endpoints(host);
    let by_id = |id| {
        endpoints(host)
            .into_iter()
            .find(|endpoint| endpoint.id == id)
            .unwrap()
    };
    assert_eq!(list.len(), 3);
    assert!(list.is_sorted_by_key(|endpoint| endpoint.id));
    let expected = Endpoint {
        id: 7,
        address: "10.2.0.1".parse().unwrap(),
        port: None,
        interface: Some("c2".to_owned()),
        interface_index: Some(index_of(host, "c2")),
        flags: EndpointFlags::SUBFLOW,
    };
    assert_eq!(by_id(7), expected);
    assert_eq!(
        (by_id(9).port, by_id(9).flags),
        (Some(5001), EndpointFlags::SIGNAL)
    );

    // In place, then by removing and adding again.
    change(host, 7, "backup fullmesh").unwrap();
    let flags = EndpointFlags::SUBFLOW
        .with(EndpointFlags::BACKUP)
        .with(EndpointFlags::FULLMESH);
    assert_eq!(
        by_id(7),
        Endpoint {
            flags,
            ..expected.clone()
        }
    );
    change(host, 7, "signal nofullmesh").unwrap();
    let flags = EndpointFlags::SUBFLOW
        .with(EndpointFlags::BACKUP)
        .with(EndpointFlags::SIGNAL);
    assert_eq!(
        by_id(7),
        Endpoint {
            flags,
            ..expected.clone()
        }
    );

    // The kernel never grants fullmesh beside signal: nothing is touched.
    let error = change(host, 7, "fullmesh").unwrap_err();
    assert!(
        matches!(error, Error::Impossible(Impossible::SignalWithFullmesh)),
        "{error}"
    );
    assert_eq!(by_id(7), Endpoint { flags, ..expected });

    apply(host, Command::EndpointRemove { id: 7 }).unwrap();
    assert_eq!(endpoints(host).len(), 2);
}

#[test]
fn what_cannot_be_done_says_why() {
    let Some(pair) = Pair::new() else { return };
    let host = &pair.client;
    let none = apply(host, Command::EndpointRemove { id: 3 }).unwrap_err();
    assert_eq!(
        none.to_string(),
        "there is no endpoint 3: there are none at all; add it first"
    );
    add(host, "10.2.0.1", None, None, EndpointFlags::SUBFLOW).unwrap();
    let none = change(host, 0, "backup").unwrap_err();
    assert_eq!(none.to_string(), "there is no endpoint 0; the ids are 1");
    let twice = add(host, "10.2.0.1", None, None, EndpointFlags::SUBFLOW).unwrap_err();
    assert!(
        matches!(&twice, Error::Impossible(Impossible::AddressTaken(other)) if other.id == 1),
        "{twice}"
    );
    let other_id = add(host, "10.2.0.1", None, Some(77), EndpointFlags::SUBFLOW).unwrap_err();
    assert_eq!(twice.to_string(), other_id.to_string(), "it is the address");
    let same_id = add(host, "10.2.0.2", None, Some(1), EndpointFlags::SUBFLOW).unwrap_err();
    assert!(
        same_id.to_string().starts_with("id 1 is taken by 10.2.0.1;"),
        "{same_id}"
    );
    let nowhere = add(host, "10.2.0.9", Some("c9"), None, EndpointFlags::SUBFLOW).unwrap_err();
    assert!(matches!(nowhere, Error::NoSuchInterface { .. }), "{nowhere}");
    let too_long = add(
        host,
        "10.2.0.9",
        Some("a-name-longer-than-any"),
        None,
        EndpointFlags::SUBFLOW,
    )
    .unwrap_err();
    assert!(matches!(too_long, Error::NoSuchInterface { .. }), "{too_long}");
    for name in ["no_such", "../ipv4/ip_forward", "", "."] {
        let command = Command::Set {
            name: name.to_owned(),
            value: SettingValue::Number(1),
        };
        let error = apply(host, command).unwrap_err();
        assert!(
            matches!(&error, Error::NoSuchSetting { known, .. } if known.iter().any(|name| name == "enabled"))
        );
        assert!(!error.to_string().contains('\n'));
    }
    let nonsense = Command::Set {
        name: "enabled".to_owned(),
        value: SettingValue::Text("maybe".to_owned()),
    };
    let error = apply(host, nonsense).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    // 8 until Linux 7.1, and then as many as there are ids.
    let (address, full) = (0..=255)
        .find_map(|number| {
            let address = format!("10.8.0.{number}");
            let refused = add(host, &address, None, None, EndpointFlags::SUBFLOW).err()?;
            Some((address, refused))
        })
        .unwrap();
    let there = endpoints(host).len();
    assert_eq!(
        full.to_string(),
        format!(
            "cannot add the endpoint {address}: there are already {there} endpoints, the most that the kernel keeps; remove one first"
        )
    );
}

#[test]
fn limits_and_settings_are_those_of_the_namespace() {
    let Some(host) = host() else { return };
    let limits = || host.run(|| PathManager::new().unwrap().limits().unwrap());
    assert_eq!(
        limits(),
        Limits {
            extra_subflows_max: 2,
            add_addr_accepted_max: 0
        }
    );
    let command = Command::LimitsSet {
        extra_subflows_max: Some(5),
        add_addr_accepted_max: None,
    };
    apply(&host, command).unwrap();
    let command = Command::LimitsSet {
        extra_subflows_max: None,
        add_addr_accepted_max: Some(3),
    };
    apply(&host, command).unwrap();
    assert_eq!(
        limits(),
        Limits {
            extra_subflows_max: 5,
            add_addr_accepted_max: 3
        }
    );
    let too_many = Command::LimitsSet {
        extra_subflows_max: Some(99),
        add_addr_accepted_max: None,
    };
    assert!(matches!(apply(&host, too_many), Err(Error::Refused { .. })));

    let outside = settings().unwrap();
    let timeout = SettingValue::Number(77);
    assert_ne!(outside["add_addr_timeout"], timeout);
    let command = Command::Set {
        name: "add_addr_timeout".to_owned(),
        value: timeout.clone(),
    };
    apply(&host, command).unwrap();
    let inside = host.run(|| settings().unwrap());
    assert_eq!(inside["add_addr_timeout"], timeout);
    if is_linux(6, 6) {
        assert_eq!(inside["scheduler"], SettingValue::Text("default".to_owned()));
    }
    assert_eq!(settings().unwrap(), outside, "another namespace is left alone");
}

#[test]
fn counters_are_those_of_the_namespace() {
    let Some(pair) = Pair::new() else { return };
    let count = |host: &Host, name: &'static str| host.run(move || counters().unwrap()[name]);
    assert_eq!(count(&pair.client, "MPCapableSYNTX"), 0);
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    assert_eq!(count(&pair.client, "MPCapableSYNTX"), 1);
    assert_eq!(count(&pair.server, "MPCapableSYNRX"), 1);
}

#[test]
fn interfaces_have_addresses_counters_and_routes() {
    let Some(pair) = Pair::new() else { return };
    pair.client.ip("route add default via 10.1.0.2");
    pair.client.ip("-6 route add default via fd00:2::2");
    pair.client.ip("route add default via 10.2.0.2 table 77");
    pair.client.ip("link add wlan7 type veth peer name other7");
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let mut route = pair.client.run(|| Route::new().unwrap());
    // The socket stays in its namespace, wherever it is read from.
    let interfaces = route.interfaces().unwrap();
    let by_name = |name: &str| {
        interfaces
            .iter()
            .find(|interface| interface.name == name)
            .unwrap()
    };
    assert!(interfaces.is_sorted_by_key(|interface| interface.index));
    let lo = by_name("lo");
    assert_eq!(
        (lo.kind, lo.up, lo.default_route),
        (InterfaceKind::Loopback, true, false)
    );
    let first = by_name("c1");
    assert_eq!(
        (first.kind, first.up, first.default_route),
        (InterfaceKind::Virtual, true, true)
    );
    assert!(
        first
            .addresses
            .iter()
            .any(|own| own.address.to_string() == "10.1.0.1" && own.prefix == 24)
    );
    assert!(
        first
            .addresses
            .iter()
            .any(|own| own.address.to_string() == "fd00:1::1" && own.prefix == 64)
    );
    assert!(first.addresses.is_sorted());
    assert_eq!(first.mtu, Some(1500));
    assert!(first.tx_bytes.unwrap() > 0 && first.rx_bytes.unwrap() > 0);
    assert_eq!(first.speed_mbps, None, "the 10 Gbit/s of a veth are not believed");
    assert!(by_name("c2").default_route, "by IPv6");
    let radio = by_name("wlan7");
    assert_eq!((radio.kind, radio.up), (InterfaceKind::Wifi, false), "set down");
    assert_eq!((radio.ssid.as_deref(), radio.signal_dbm), (None, None));

    pair.client.ip("link set c2 down");
    let interfaces = route.interfaces().unwrap();
    assert!(
        !interfaces
            .iter()
            .find(|interface| interface.name == "c2")
            .unwrap()
            .up
    );
}

#[test]
fn namespaces_are_opened_and_entered() {
    let Some(host) = host() else { return };
    let path = format!("/proc/self/task/{}/ns/net", host.thread_id);
    let namespace = Namespace::open(&path).unwrap();
    assert_eq!(namespace.label(), Some(path.as_str()));
    assert!(!namespace.is_own());
    let here = Namespace::current().unwrap();
    assert!(here.is_own() && here.label().is_none());
    here.enter().unwrap();
    let entered = namespace.clone();
    let names = std::thread::spawn(move || {
        entered.enter().unwrap();
        entered.enter().unwrap();
        assert!(!Namespace::current().unwrap().is_own());
        let interfaces = Route::new().unwrap().interfaces().unwrap();
        interfaces
            .into_iter()
            .map(|interface| interface.name)
            .collect::<Vec<_>>()
    });
    assert!(names.join().unwrap().contains(&"lo".to_owned()));
    let missing = Namespace::open("no-such-namespace").unwrap_err();
    assert!(matches!(missing, Error::NoSuchNamespace { .. }), "{missing}");
    for path in ["/proc/self/status", "/proc/self/ns/mnt"] {
        let none = Namespace::open(path).unwrap_err();
        assert!(matches!(none, Error::NotANamespace { .. }), "{none}");
    }
}

#[test]
fn the_holder_of_a_socket_is_found() {
    let Some(pair) = Pair::new() else { return };
    let (client, server, _listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let inode = |host: &Host| {
        host.run(|| {
            let mut table = SocketTable::default();
            Sockets::new().unwrap().read(&mut table).unwrap();
            table.connections[0].inode
        })
    };
    let inodes = [inode(&pair.client), inode(&pair.server)];
    let mut processes = Processes::new();
    let start = Instant::now();
    let known = processes.lookup(inodes.into_iter(), || start);
    for inode in inodes {
        let holder = known[&inode].likely(None).unwrap();
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.name.is_empty());
    }
    // What nobody asks for is forgotten; what nobody holds is asked for seldom.
    assert_eq!(processes.lookup([u32::MAX, 0].into_iter(), || start).len(), 0);
    assert_eq!(
        processes.lookup(inodes.into_iter(), || start).len(),
        0,
        "within a second of the look"
    );
    let later = start + Duration::from_secs(2);
    assert_eq!(processes.lookup(inodes.into_iter(), || later).len(), 2);
    drop((client, server));
    assert_eq!(user_name(0).as_deref(), Some("root"));
}

#[test]
fn root_may_do_everything() {
    let Some(host) = host() else { return };
    let access = host.run(|| probe().unwrap());
    assert!(
        access.events && access.control && access.subflow_tokens,
        "{access:?}"
    );
    assert_eq!(access.why_not, None);
    assert_eq!(endpoints(&host), [], "probing changed nothing");
}

/// Runs [`as_a_normal_user`] in this host's namespace, without capabilities and, where there is one, as nobody.
#[test]
fn reading_needs_no_privilege() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    pair.client.run_as_nobody("as_a_normal_user");
}

#[test]
#[ignore = "run by reading_needs_no_privilege, as a normal user"]
fn as_a_normal_user() {
    let access = probe().unwrap();
    assert!(!access.events && !access.control, "{access:?}");
    let lacks = if access.subflow_tokens {
        "events are inferred and switches are off"
    } else {
        "events are inferred, switches are off and subflows are matched to their connections by inode"
    };
    let why_not = access.why_not.unwrap().to_string();
    assert!(
        why_not.starts_with(&format!("CAP_NET_ADMIN is missing: {lacks};")),
        "{why_not}"
    );
    let mut sockets = Sockets::new().unwrap();
    let mut table = SocketTable::default();
    until("two subflows", || {
        sockets.read(&mut table).unwrap();
        (table.connections.len() == 1 && table.subflows.len() == 2).then_some(())
    });
    let visible = table.subflows.iter().all(|subflow| subflow.token_local.is_some());
    assert_eq!(visible, access.subflow_tokens);
    assert!(
        table
            .subflows
            .iter()
            .all(|subflow| subflow.inode == table.connections[0].inode)
    );
    let subflow = table.subflows[0];
    let denied = sockets
        .destroy_subflow(subflow.local.into(), subflow.remote.into())
        .unwrap_err();
    assert!(denied.is_not_permitted(), "{denied}");

    let mut path_manager = PathManager::new().unwrap();
    assert_eq!(path_manager.endpoints().unwrap().len(), 1);
    path_manager.limits().unwrap();
    assert_eq!(Route::new().unwrap().interfaces().unwrap().len(), 3);
    assert!(!settings().unwrap().is_empty() && !counters().unwrap().is_empty());
    let commands = [
        Command::EndpointRemove { id: 1 },
        Command::EndpointChange {
            id: 1,
            flags: "backup".parse().unwrap(),
        },
        Command::EndpointChange {
            id: 1,
            flags: "signal".parse().unwrap(),
        },
        Command::LimitsSet {
            extra_subflows_max: Some(1),
            add_addr_accepted_max: None,
        },
        Command::Set {
            name: "enabled".to_owned(),
            value: SettingValue::Number(1),
        },
    ];
    for command in commands {
        let denied = path_manager.apply(&command).unwrap_err();
        assert!(denied.is_not_permitted(), "{command:?}: {denied}");
    }
}
