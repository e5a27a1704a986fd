//! What people call interfaces.

use std::net::IpAddr;

use crate::history::State;
use crate::model::{Interface, InterfaceKind};

/// What people call a kind of interface; `None` when the device name says more.
pub fn kind_name(kind: InterfaceKind) -> Option<&'static str> {
    kind.traits().title
}

/// The name of a device: its kind, with the device name where several are of that kind; else the device name alone.
pub fn device_name(state: &State, device: &str) -> String {
    let Some(interface) = state.interface(device) else {
        return device.to_owned();
    };
    let alike = || {
        let same = state
            .interfaces
            .values()
            .filter(|other| other.kind == interface.kind);
        same.count() > 1
    };
    match kind_name(interface.kind) {
        Some(kind) if alike() => format!("{kind} {device}"),
        Some(kind) => kind.to_owned(),
        None => device.to_owned(),
    }
}

/// The access point of a client, its channel and the rates of the radio.
pub fn radio(interface: &Interface) -> Option<String> {
    let mut parts = vec![format!("Access point {}", interface.bssid?)];
    parts.extend(interface.frequency_mhz.map(|mhz| format!("{mhz} MHz")));
    let rate = |what: &str, bps: u64| format!("{what} at {} Mbit/s", bps as f64 / 1e6);
    parts.extend(interface.tx_bitrate_bps.map(|bps| rate("sends", bps)));
    parts.extend(interface.rx_bitrate_bps.map(|bps| rate("receives", bps)));
    Some(parts.join(", "))
}

/// The speed of a link: `1 Gbit/s`.
pub fn speed(mbps: u32) -> String {
    if mbps >= 1000 && mbps.is_multiple_of(1000) {
        format!("{} Gbit/s", mbps / 1000)
    } else {
        format!("{mbps} Mbit/s")
    }
}

/// That a path that was lost is there again.
pub fn is_back(name: &str) -> String {
    format!("{name} is back.")
}

/// That paths are down.
pub fn are_down(names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb} down.", super::listed(names))
}

/// That what is sent from an address leaves by another interface than the one that has it.
pub fn leaves_by(address: IpAddr, owner: &str, interface: &str) -> String {
    format!("{address} of {owner} leaves by {interface}")
}
