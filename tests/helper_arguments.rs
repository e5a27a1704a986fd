//! The privileged service's argument checks on what is sensible. Any bytes whatever: `tests/fuzz_corpus.rs`.
#![allow(missing_docs)]

use pathscope::model::{Command, Endpoint, EndpointFlags, Impossible, Limits};
use pathscope_helper::check::{self, InvalidArgument};

#[test]
fn the_checks_let_through_what_is_sensible() {
    let endpoint = Endpoint {
        id: 7,
        address: [192, 0, 2, 1].into(),
        port: Some(443),
        interface: Some("enp0s31f6".to_owned()),
        interface_index: None,
        flags: EndpointFlags::SIGNAL.with(EndpointFlags::BACKUP),
    };
    assert!(check::endpoint_to_add(endpoint.clone()).is_ok());
    assert!(check::endpoint_change(&endpoint, EndpointFlags::LAMINAR.0, EndpointFlags::BACKUP.0).is_ok());
    let subflow = check::endpoint_change(&endpoint, EndpointFlags::SUBFLOW.0, 0);
    assert!(
        matches!(
            subflow,
            Err(InvalidArgument::Impossible(Impossible::PortWithSubflow))
        ),
        "the kernel never grants it"
    );
    let bound = |name: &str| Endpoint {
        interface: Some(name.to_owned()),
        ..endpoint.clone()
    };
    for name in ["wlan0", "caf%e9", "Büro", "%e9%e9%e9%e9%e9%e9%e9%e9"] {
        assert!(check::endpoint_to_add(bound(name)).is_ok(), "{name}");
    }
    for name in [
        "a%2fb",
        "a%",
        "a%00b",
        "%e9%e9%e9%e9%e9%e9%e9%e9%e9%e9%e9%e9%e9%e9%e9%e9",
    ] {
        assert!(check::endpoint_to_add(bound(name)).is_err(), "{name}");
    }
    let more = Limits {
        extra_subflows_max: 64,
        add_addr_accepted_max: 0,
    };
    assert!(matches!(
        check::limits(more),
        Command::LimitsSet {
            extra_subflows_max: Some(64),
            ..
        }
    ));
    for (name, value) in [
        ("enabled", "0"),
        ("add_addr_timeout", "120"),
        ("scheduler", "default"),
    ] {
        assert!(check::setting(name, value).is_ok(), "{name}");
    }
    let (local, remote) = ("[2001:db8::1]:40000", "[2001:db8::2]:443");
    let address = |text: &str| text.parse().expect("an address");
    assert!(check::subflow(address(local), address(remote), 0x1f).is_ok());
}
