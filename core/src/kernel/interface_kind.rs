//! What an interface is, from what its driver, the kernel and its name say.

use crate::model::InterfaceKind;

const ARPHRD_ETHER: u16 = 1;
const ARPHRD_LOOPBACK: u16 = 772;

/// What is known about an interface.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'a> {
    /// Its device name.
    pub(super) name: &'a str,
    /// ARPHRD_….
    pub(super) hardware: u16,
    /// IFLA_INFO_KIND: the driver's own name for what it is; physical devices have none.
    pub(super) info_kind: Option<&'a str>,
    /// Whether nl80211 lists it.
    pub(super) is_wireless: bool,
    /// DEVTYPE of sysfs.
    pub(super) device_type: Option<&'a str>,
    /// The driver of the device behind it.
    pub(super) driver: Option<&'a str>,
}

/// The first that says something: loopback, nl80211, the link's own kind, sysfs, the driver (phones that share their
/// connection by USB), the name, and last what the hardware looks like. Names come before the bare `veth`, so that
/// the devices of a container or a laboratory are what they are called.
pub(super) fn kind(facts: &Facts<'_>) -> InterfaceKind {
    if facts.hardware == ARPHRD_LOOPBACK {
        return InterfaceKind::Loopback;
    }
    if facts.is_wireless {
        return InterfaceKind::Wifi;
    }
    let info_kind = facts
        .info_kind
        .and_then(|sign| InterfaceKind::with(|kind| kind.info_kinds.contains(&sign)));
    let device_type = || {
        let sign = facts.device_type?;
        InterfaceKind::with(|kind| kind.device_types.contains(&sign))
    };
    let driver = || {
        let sign = facts.driver?;
        InterfaceKind::with(|kind| kind.drivers.contains(&sign))
    };
    info_kind
        .or_else(device_type)
        .or_else(driver)
        .or_else(|| InterfaceKind::by_name(facts.name))
        .or_else(|| facts.info_kind.map(|_| InterfaceKind::Virtual))
        .unwrap_or_else(|| by_hardware(facts))
}

fn by_hardware(facts: &Facts<'_>) -> InterfaceKind {
    // A device of its own, and not one made by software.
    if facts.hardware == ARPHRD_ETHER && facts.driver.is_some() {
        return InterfaceKind::Ethernet;
    }
    InterfaceKind::with(|kind| kind.hardware.contains(&facts.hardware)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARPHRD_NONE: u16 = 65534;

    fn of(name: &str, hardware: u16, info_kind: Option<&str>) -> InterfaceKind {
        kind(&Facts {
            name,
            hardware,
            info_kind,
            ..Facts::default()
        })
    }

    #[test]
    fn the_name_says_what_a_veth_stands_for() {
        assert_eq!(of("wlan0", ARPHRD_ETHER, Some("veth")), InterfaceKind::Wifi);
        assert_eq!(of("eth0", ARPHRD_ETHER, Some("veth")), InterfaceKind::Ethernet);
        assert_eq!(of("phone0", ARPHRD_ETHER, Some("veth")), InterfaceKind::Cellular);
        assert_eq!(of("veth1a2b", ARPHRD_ETHER, Some("veth")), InterfaceKind::Virtual);
        assert_eq!(of("c1", ARPHRD_ETHER, Some("veth")), InterfaceKind::Virtual);
    }

    #[test]
    fn the_kernel_is_believed_before_the_name() {
        assert_eq!(of("eth9", ARPHRD_NONE, Some("wireguard")), InterfaceKind::Vpn);
        assert_eq!(of("lo", ARPHRD_LOOPBACK, None), InterfaceKind::Loopback);
        assert_eq!(of("en-br", ARPHRD_ETHER, Some("bridge")), InterfaceKind::Bridge);
        let wireless = Facts {
            name: "eth1",
            hardware: ARPHRD_ETHER,
            is_wireless: true,
            ..Facts::default()
        };
        assert_eq!(kind(&wireless), InterfaceKind::Wifi);
    }

    #[test]
    fn a_phone_is_known_by_its_driver() {
        let phone = Facts {
            name: "enx0",
            hardware: ARPHRD_ETHER,
            driver: Some("ipheth"),
            ..Facts::default()
        };
        assert_eq!(kind(&phone), InterfaceKind::Cellular);
    }

    #[test]
    fn hardware_is_the_last_resort() {
        assert_eq!(of("tun0", ARPHRD_NONE, None), InterfaceKind::Vpn);
        assert_eq!(of("x0", ARPHRD_ETHER, None), InterfaceKind::Other);
        let renamed = Facts {
            name: "lan0",
            hardware: ARPHRD_ETHER,
            driver: Some("igc"),
            ..Facts::default()
        };
        assert_eq!(kind(&renamed), InterfaceKind::Ethernet);
    }
}
