//! Why an endpoint does nothing now, though it is there. The kernel lists it like any other.

use serde::Serialize;

use super::{Endpoint, Interface, SettingValue, Settings};

/// What is wrong with one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The device it is bound to is gone. One that comes back is another to the kernel, also under the same name.
    DeviceGone,
    /// No interface has its address.
    AddressMissing,
    /// Its address is on another interface than the one it is bound to.
    AddressElsewhere,
    /// The interface is down, or has no carrier.
    LinkDown,
}

/// Everything that is wrong with an endpoint, given the interfaces as they are now.
pub fn problems<'a>(
    endpoint: &Endpoint,
    interfaces: impl Iterator<Item = &'a Interface> + Clone,
) -> Vec<Problem> {
    let has = |interface: &&Interface| {
        let mut addresses = interface.addresses.iter();
        addresses.any(|owned| owned.address == endpoint.address)
    };
    let owner = interfaces.clone().find(has);
    let is_bound = endpoint.interface.is_some() || endpoint.interface_index.is_some();
    let is_device = |interface: &&Interface| match (endpoint.interface_index, &endpoint.interface) {
        (Some(index), _) => interface.index == index,
        (None, name) => Some(&interface.name) == name.as_ref(),
    };
    let mut interfaces = interfaces;
    let device = interfaces.find(is_device);
    let mut problems = Vec::new();
    if is_bound && device.is_none() {
        problems.push(Problem::DeviceGone);
    }
    match (owner, device) {
        (None, _) => problems.push(Problem::AddressMissing),
        (Some(_), Some(device)) if !has(&device) => problems.push(Problem::AddressElsewhere),
        _ => {}
    }
    if device.or(owner).is_some_and(|interface| !interface.up) {
        problems.push(Problem::LinkDown);
    }
    problems
}

/// Why the kernel makes no use of any endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// MPTCP is off for new sockets.
    Disabled,
    /// Another path manager than the kernel's own decides about new connections.
    PathManager(String),
}

/// Why no endpoint is used by new connections, if so: `net.mptcp.enabled`, and `path_manager` or, before Linux 6.15,
/// `pm_type` (0 the kernel's own, 1 one in user space; Documentation/networking/mptcp-sysctl.rst).
pub fn ignored(settings: &Settings) -> Vec<Ignored> {
    let mut reasons = Vec::new();
    if settings.get("enabled") == Some(&SettingValue::Number(0)) {
        reasons.push(Ignored::Disabled);
    }
    match (settings.get("path_manager"), settings.get("pm_type")) {
        (Some(SettingValue::Text(name)), _) if name != "kernel" => {
            reasons.push(Ignored::PathManager(name.clone()));
        }
        (None, Some(SettingValue::Number(1))) => {
            reasons.push(Ignored::PathManager("userspace".to_owned()));
        }
        _ => {}
    }
    reasons
}

/// Whether a setting below net.mptcp only tells something (Documentation/networking/mptcp-sysctl.rst): what there is to
/// choose from.
pub fn is_read_only(name: &str) -> bool {
    name.starts_with("available_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EndpointFlags, InterfaceAddress};

    fn interface(index: u32, name: &str, address: [u8; 4], up: bool) -> Interface {
        Interface {
            index,
            name: name.to_owned(),
            kind: crate::model::InterfaceKind::Other,
            up,
            addresses: vec![InterfaceAddress {
                address: address.into(),
                prefix: 24,
            }],
            ..Interface::default()
        }
    }

    fn endpoint(last: u8, interface: Option<&str>, interface_index: Option<u32>) -> Endpoint {
        Endpoint {
            id: 1,
            address: [10, 0, last, 1].into(),
            port: None,
            interface: interface.map(str::to_owned),
            interface_index,
            flags: EndpointFlags::SUBFLOW,
        }
    }

    #[test]
    fn an_endpoint_that_cannot_work_says_why() {
        let interfaces = [
            interface(2, "wlan0", [10, 0, 1, 1], true),
            interface(3, "eth0", [10, 0, 2, 1], false),
        ];
        let problems = |last, name, index| problems(&endpoint(last, name, index), interfaces.iter());
        assert_eq!(problems(1, None, None), []);
        assert_eq!(problems(1, Some("wlan0"), Some(2)), []);
        assert_eq!(problems(2, Some("eth0"), Some(3)), [Problem::LinkDown]);
        assert_eq!(problems(2, None, None), [Problem::LinkDown]);
        assert_eq!(problems(9, None, None), [Problem::AddressMissing]);
        assert_eq!(problems(2, Some("wlan0"), Some(2)), [Problem::AddressElsewhere]);
        assert_eq!(
            problems(9, None, Some(7)),
            [Problem::DeviceGone, Problem::AddressMissing]
        );
        // One of the same name came back, and the kernel still holds the old number.
        assert_eq!(problems(1, None, Some(7)), [Problem::DeviceGone]);
        assert_eq!(problems(1, Some("ppp0"), None), [Problem::DeviceGone]);
    }

    #[test]
    fn what_switches_every_endpoint_off_is_found() {
        let settings = |pairs: &[(&str, &str)]| -> Settings {
            let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), SettingValue::from(*value));
            pairs.iter().map(pair).collect()
        };
        assert_eq!(
            ignored(&settings(&[
                ("enabled", "1"),
                ("path_manager", "kernel"),
                ("pm_type", "0")
            ])),
            []
        );
        assert_eq!(
            ignored(&settings(&[("enabled", "0"), ("pm_type", "1")])),
            [Ignored::Disabled, Ignored::PathManager("userspace".to_owned())]
        );
        assert_eq!(
            ignored(&settings(&[("path_manager", "userspace"), ("pm_type", "1")])).len(),
            1
        );
        assert_eq!(ignored(&settings(&[])), []);
    }
}
