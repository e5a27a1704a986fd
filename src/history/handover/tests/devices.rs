//! Which device a path is lost with: links that carry others' addresses, and such as are renamed.

use super::Stream;
use crate::history::handover::Cause;
use crate::model::EventKind;

#[test]
fn a_lost_address_takes_the_subflow_whichever_link_carried_it() {
    let mut stream = Stream::new(true);
    let first = stream.connection.subflows.first_mut().expect("two");
    first.interface = Some("tun0".to_owned());
    first.address_interface = Some("wlan0".to_owned());
    stream.flow(0, 3.0);
    stream.event(EventKind::InterfaceDown, |event| {
        event.interface = Some("wlan0".to_owned());
    });
    stream.flow(0, 1.5);
    assert_eq!(stream.found, [], "it is not the link that carries");
    stream.event(EventKind::AddressLost, |event| {
        event.interface = Some("wlan0".to_owned());
        event.address = Some([10, 0, 0, 1].into());
    });
    stream.silence(0.3);
    stream.flow(1, 3.0);
    let handover = stream.only();
    assert_eq!(handover.cause, Cause::AddressLost);
    let devices = (handover.from.as_deref(), handover.to.as_deref());
    assert_eq!(devices, (Some("tun0"), Some("eth0")));
}

#[test]
fn a_device_that_is_renamed_while_it_is_lost_is_the_same_one() {
    let mut stream = Stream::new(true);
    stream.flow(0, 3.0);
    stream.wifi_down();
    stream.silence(0.2);
    stream.event(EventKind::InterfaceRenamed, |event| {
        event.interface_was = Some("wlan0".to_owned());
        event.interface = Some("air".to_owned());
    });
    stream.connection.subflows.first_mut().expect("two").interface = Some("air".to_owned());
    stream.silence(0.1);
    stream.flow(1, 3.0);
    let handover = stream.only();
    assert_eq!(handover.cause, Cause::LinkLost);
    let devices = (handover.from.as_deref(), handover.to.as_deref());
    assert_eq!(devices, (Some("air"), Some("eth0")));
}
