//! The privileged service's argument checks on what is sensible. Any bytes whatever: `tests/fuzz_corpus.rs`.
#![allow(missing_docs)]

use pathscope::model::{Endpoint, EndpointFlags, Limits};
use pathscope_helper::check;

#[test]
fn the_checks_let_through_what_is_sensible() {
    let endpoint = Endpoint {
        id: 7,
        address: [192, 0, 2, 1].into(),
        port: Some(443),
        interface: Some("enp0s31f6".to_owned()),
        flags: EndpointFlags::SIGNAL.with(EndpointFlags::BACKUP),
    };
    assert!(check::endpoint_to_add(endpoint.clone()).is_ok());
    assert!(check::endpoint_change(&endpoint, EndpointFlags::SUBFLOW.0, EndpointFlags::BACKUP.0).is_ok());
    let limits = Limits {
        extra_subflows_max: 8,
        add_addr_accepted_max: 0,
    };
    assert!(check::limits(limits).is_ok());
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
