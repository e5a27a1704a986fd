//! What is granted, and what is not.

use super::*;
use crate::model::InterfaceAddress;

const SIGNAL: EndpointFlags = EndpointFlags::SIGNAL;
const SUBFLOW: EndpointFlags = EndpointFlags::SUBFLOW;
const FULLMESH: EndpointFlags = EndpointFlags::FULLMESH;

fn endpoint(id: u8, port: Option<u16>, flags: EndpointFlags) -> Endpoint {
    Endpoint {
        id,
        address: [10, 0, 0, id].into(),
        port,
        interface: None,
        interface_index: None,
        flags,
    }
}

fn change(endpoint: &Endpoint, words: &str) -> Result<(), Impossible> {
    check_change(endpoint, words.parse().expect("flags")).map(drop)
}

#[test]
fn no_change_that_the_kernel_never_grants_gets_through() {
    let mesh = endpoint(1, None, SUBFLOW.with(FULLMESH));
    assert_eq!(change(&mesh, "signal"), Err(Impossible::SignalWithFullmesh));
    assert_eq!(change(&mesh, "signal nofullmesh"), Ok(()));
    assert_eq!(
        change(&mesh, "signal backup"),
        Err(Impossible::SignalWithFullmesh)
    );
    let port = endpoint(1, Some(443), SIGNAL);
    for words in ["subflow", "fullmesh", "subflow backup"] {
        assert_eq!(change(&port, words), Err(Impossible::PortWithSubflow), "{words}");
    }
    assert_eq!(change(&port, "nosignal"), Err(Impossible::PortWithoutSignal));
    assert_eq!(
        change(&port, "nosignal subflow"),
        Err(Impossible::PortWithoutSignal)
    );
    assert_eq!(change(&port, "backup"), Ok(()), "in place");
    let signals = endpoint(1, None, SIGNAL);
    assert_eq!(change(&signals, "fullmesh"), Err(Impossible::SignalWithFullmesh));
    assert_eq!(
        change(&signals, "implicit"),
        Err(Impossible::Unaskable(EndpointFlags::IMPLICIT))
    );
    assert_eq!(
        change(&signals, "0x40"),
        Err(Impossible::Unaskable(EndpointFlags(0x40)))
    );
    // What a newer kernel holds besides does not bar what it has nothing to do with.
    let newer = endpoint(1, None, SUBFLOW.with(EndpointFlags(0x40)));
    assert_eq!(change(&newer, "signal"), Ok(()));
    assert_eq!(
        change(&newer, "noimplicit"),
        Err(Impossible::Unaskable(EndpointFlags::IMPLICIT))
    );
    assert_eq!(
        change(&signals, "nosignal"),
        Ok(()),
        "the kernel keeps an address with an id"
    );
}

#[test]
fn what_can_be_no_endpoint_is_told_so() {
    let add = |address: &str| {
        let address = address.parse().expect("an address");
        check_addition(address, None, None, None, SUBFLOW)
    };
    for address in [
        "224.0.0.1",
        "239.255.255.255",
        "ff02::1",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "255.255.255.255",
    ] {
        assert!(
            matches!(add(address), Err(Impossible::Address { .. })),
            "{address}"
        );
    }
    assert!(matches!(add("::ffff:10.0.0.1"), Err(Impossible::Mapped(_))));
    assert!(matches!(add("fe80::1"), Err(Impossible::NoDevice(_))));
    let bound = |text: &str| {
        let address = text.parse().expect("an address");
        check_addition(address, Some("eth0"), None, None, SUBFLOW)
    };
    assert_eq!(bound("fe80::1"), Ok(()));
    for address in ["10.0.0.1", "169.254.1.1", "2001:db8::1", "fd00::1", "240.0.0.1"] {
        assert_eq!(add(address), Ok(()), "{address}");
    }
}

#[test]
fn an_addition_has_a_flag_an_id_and_a_port_that_mean_something() {
    let address: IpAddr = [10, 0, 0, 1].into();
    let add = |id, port, flags| check_addition(address, None, id, port, flags);
    assert_eq!(add(None, None, EndpointFlags::NONE), Err(Impossible::NoFlag));
    assert_eq!(add(Some(0), None, SUBFLOW), Err(Impossible::IdZero));
    assert_eq!(add(None, Some(0), SIGNAL), Err(Impossible::PortZero));
    assert_eq!(add(None, Some(443), SUBFLOW), Err(Impossible::PortWithoutSignal));
    assert_eq!(
        add(None, Some(443), SIGNAL.with(SUBFLOW)),
        Err(Impossible::PortWithSubflow)
    );
    assert_eq!(
        add(None, None, SIGNAL.with(FULLMESH)),
        Err(Impossible::SignalWithFullmesh)
    );
    assert!(add(None, None, EndpointFlags(0x40).with(SUBFLOW)).is_err());
    // Alone, too, each of these changes what the kernel does.
    for flags in [
        SIGNAL,
        SUBFLOW,
        EndpointFlags::BACKUP,
        FULLMESH,
        EndpointFlags::LAMINAR,
    ] {
        assert_eq!(add(Some(255), None, flags), Ok(()), "{flags}");
    }
    assert_eq!(add(None, Some(443), SIGNAL.with(EndpointFlags::BACKUP)), Ok(()));
}

#[test]
fn an_endpoint_is_for_an_address_of_this_machine_on_its_own_device() {
    let interface = |name: &str, address: &str| Interface {
        name: name.to_owned(),
        addresses: vec![InterfaceAddress {
            address: address.parse().expect("an address"),
            prefix: 24,
        }],
        ..Interface::default()
    };
    let here = [interface("wlan0", "10.0.0.1"), interface("eth0", "10.0.1.1")];
    let add = |address: &str, device: Option<&str>, insist| {
        let command = Command::EndpointAdd {
            address: address.parse().expect("an address"),
            interface: device.map(str::to_owned),
            id: None,
            port: None,
            flags: SUBFLOW,
            insist,
        };
        check_command(&command, &[], &here)
    };
    assert_eq!(add("10.0.0.1", None, false), Ok(()));
    assert_eq!(add("10.0.1.1", Some("eth0"), false), Ok(()));
    let (absent, elsewhere) = (add("10.9.9.9", None, false), add("10.0.0.1", Some("eth0"), false));
    assert_eq!(absent, Err(Impossible::NotOwned([10, 9, 9, 9].into())));
    assert!(
        matches!(&elsewhere, Err(Impossible::OwnedElsewhere { owner, .. }) if owner == "wlan0"),
        "{elsewhere:?}"
    );
    for why in [absent, elsewhere] {
        assert!(why.expect_err("refused").yields());
    }
    assert_eq!(add("10.9.9.9", None, true), Ok(()), "who insists has it");
    assert_eq!(add("10.0.0.1", Some("eth0"), true), Ok(()));
    let never = add("224.0.0.1", None, true).expect_err("the kernel has no use for it");
    assert!(!never.yields(), "{never}");
}

#[test]
fn whose_id_or_address_it_is_already_is_said() {
    let there = [
        endpoint(1, None, SUBFLOW),
        endpoint(2, Some(443), SIGNAL),
        endpoint(3, None, EndpointFlags::IMPLICIT),
    ];
    let taken = |last: u8, id, port| taken([10, 0, 0, last].into(), id, port, &there);
    assert!(matches!(taken(1, Some(77), None), Some(Impossible::AddressTaken(other)) if other.id == 1));
    assert!(matches!(taken(9, Some(1), None), Some(Impossible::IdTaken(other)) if other.id == 1));
    assert_eq!(taken(2, None, None), None, "the other one has a port");
    assert!(matches!(
        taken(2, None, Some(443)),
        Some(Impossible::AddressTaken(_))
    ));
    assert_eq!(taken(3, None, None), None, "it takes the implicit one's place");
    assert!(matches!(
        taken(3, Some(9), None),
        Some(Impossible::ImplicitThere(_))
    ));
    assert_eq!(taken(9, Some(9), None), None);
    let words = taken(1, Some(77), None).map(|why| why.to_string());
    let words = words.expect("a collision");
    assert!(
        words.starts_with("10.0.0.1 is an endpoint already, id 1;"),
        "{words}"
    );
    assert!(!words.contains("another id"), "{words}");
}
