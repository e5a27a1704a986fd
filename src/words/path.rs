//! What people call interfaces.

use crate::history::State;
use crate::model::InterfaceKind;

/// What people call a kind of interface; `None` when the device name says more.
pub fn kind_name(kind: InterfaceKind) -> Option<&'static str> {
    match kind {
        InterfaceKind::Wifi => Some("Wi-Fi"),
        InterfaceKind::Ethernet => Some("Ethernet"),
        InterfaceKind::Cellular => Some("Phone"),
        InterfaceKind::Vpn => Some("VPN"),
        InterfaceKind::Bridge | InterfaceKind::Virtual | InterfaceKind::Loopback | InterfaceKind::Other => {
            None
        }
    }
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
