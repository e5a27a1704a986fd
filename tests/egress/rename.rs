//! An interface that is given another name stays one device.

use std::net::IpAddr;

use pathscope::model::{EventKind, InterfaceBy, Origin};

use super::hosts::{Pair, until};
use super::network::Stream;
use super::watch::{Watch, place};

#[test]
fn a_renamed_interface_is_told_by_both_names_and_goes_on_as_one() {
    let Some(pair) = Pair::new() else { return };
    let mut watch = Watch::new(&pair.client);
    let mut stream = Stream::open(&pair, Some("10.2.0.1"), "10.2.0.2");
    let local = IpAddr::from([10, 2, 0, 1]);
    let by_route = Some(InterfaceBy::Route);
    assert_eq!(watch.places(1)[&local], place("c2", by_route, None));
    stream.send(500_000);
    let index = watch.history.state().interface("c2").unwrap().index;
    pair.client.ip("link set c2 down");
    pair.client.ip("link set c2 name wan0");
    pair.client.ip("link set wan0 up");

    let renamed = watch.event(EventKind::InterfaceRenamed);
    assert_eq!(renamed.interface.as_deref(), Some("wan0"));
    assert_eq!(renamed.interface_was.as_deref(), Some("c2"));
    assert_eq!(renamed.origin, Origin::Kernel);
    watch.until_at(local, &place("wan0", by_route, None));
    let state = watch.history.state();
    assert_eq!(state.interface("wan0").unwrap().index, index);
    assert!(state.interface("c2").is_none());
    // What it carried under its old name is its own.
    let devices: Vec<&str> = watch
        .history
        .session()
        .rates()
        .map(|(device, _)| device)
        .collect();
    assert_eq!(devices, ["wan0"]);

    stream.send(1000);
    drop(stream);
    until("the connection's end", || {
        watch.wait_for_sample();
        watch.history.state().connections.is_empty().then_some(())
    });
    let closed = watch.event(EventKind::ConnectionClosed);
    assert_eq!(closed.interface.as_deref(), Some("wan0"));
}
