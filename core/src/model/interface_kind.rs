//! The kinds of interface: what people call them, how they are recognised, which colour is theirs.
//!
//! The one list: a kind is added as a variant of [`InterfaceKind`], in [`InterfaceKind::ALL`] and in
//! [`InterfaceKind::traits`].

use serde::{Deserialize, Serialize};

/// What an interface is, as people call it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceKind {
    /// Wireless LAN.
    Wifi,
    /// Wired LAN.
    Ethernet,
    /// A mobile network: a modem, or a phone that shares its connection.
    Cellular,
    /// A VPN or another tunnel.
    Vpn,
    /// A bridge or a bond.
    Bridge,
    /// Another virtual device.
    Virtual,
    /// This host itself.
    Loopback,
    /// None of these.
    #[default]
    Other,
}

/// What sets a kind of interface apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindTraits {
    /// What people call it; `None` where the device name says more.
    pub title: Option<&'static str>,
    /// Its own row of the palette, with colour and shape; the others share the rest.
    pub slot: Option<u8>,
    /// Whether subflows over it make sense.
    pub can_carry_subflows: bool,
    /// IFLA_INFO_KIND: the driver's own names for it.
    pub info_kinds: &'static [&'static str],
    /// DEVTYPE of sysfs.
    pub device_types: &'static [&'static str],
    /// Drivers of such devices.
    pub drivers: &'static [&'static str],
    /// How the names of such devices begin.
    pub name_prefixes: &'static [&'static str],
    /// ARPHRD_… (include/uapi/linux/if_arp.h) of devices of which nothing else is known.
    pub hardware: &'static [u16],
}

const ARPHRD_PPP: u16 = 512;
const ARPHRD_RAWIP: u16 = 519;
const ARPHRD_TUNNEL: u16 = 768;
const ARPHRD_TUNNEL6: u16 = 769;
const ARPHRD_LOOPBACK: u16 = 772;
const ARPHRD_SIT: u16 = 776;
const ARPHRD_IPGRE: u16 = 778;
const ARPHRD_IP6GRE: u16 = 823;
const ARPHRD_NONE: u16 = 65534;

const PLAIN: KindTraits = KindTraits {
    title: None,
    slot: None,
    can_carry_subflows: true,
    info_kinds: &[],
    device_types: &[],
    drivers: &[],
    name_prefixes: &[],
    hardware: &[],
};

impl InterfaceKind {
    /// Every kind; of several whose names begin alike the first is meant.
    pub const ALL: [Self; 8] = [
        Self::Wifi,
        Self::Cellular,
        Self::Ethernet,
        Self::Vpn,
        Self::Bridge,
        Self::Virtual,
        Self::Loopback,
        Self::Other,
    ];

    /// What sets it apart.
    pub const fn traits(self) -> KindTraits {
        match self {
            Self::Wifi => KindTraits {
                title: Some("Wi-Fi"),
                slot: Some(0),
                device_types: &["wlan"],
                name_prefixes: &["wl", "wifi"],
                ..PLAIN
            },
            Self::Ethernet => KindTraits {
                title: Some("Ethernet"),
                slot: Some(1),
                name_prefixes: &["en", "eth"],
                ..PLAIN
            },
            Self::Cellular => KindTraits {
                title: Some("Phone"),
                slot: Some(2),
                info_kinds: &["wwan", "rmnet"],
                device_types: &["wwan"],
                // Phones that share their connection by USB, and modems.
                drivers: &[
                    "rndis_host",
                    "cdc_ether",
                    "ipheth",
                    "cdc_mbim",
                    "qmi_wwan",
                    "huawei_cdc_ncm",
                    "sierra_net",
                    "hso",
                ],
                name_prefixes: &["ww", "phone", "usb", "rmnet"],
                hardware: &[ARPHRD_RAWIP],
                ..PLAIN
            },
            Self::Vpn => KindTraits {
                title: Some("VPN"),
                slot: Some(3),
                info_kinds: &[
                    "wireguard",
                    "tun",
                    "ppp",
                    "xfrm",
                    "vti",
                    "vti6",
                    "gre",
                    "gretap",
                    "ip6gre",
                    "ip6gretap",
                    "ipip",
                    "ip6tnl",
                    "sit",
                    "ovpn",
                    "amneziawg",
                ],
                hardware: &[
                    ARPHRD_NONE,
                    ARPHRD_PPP,
                    ARPHRD_TUNNEL,
                    ARPHRD_TUNNEL6,
                    ARPHRD_SIT,
                    ARPHRD_IPGRE,
                    ARPHRD_IP6GRE,
                ],
                ..PLAIN
            },
            Self::Bridge => KindTraits {
                can_carry_subflows: false,
                info_kinds: &["bridge", "bond", "team", "hsr"],
                device_types: &["bridge", "bond"],
                ..PLAIN
            },
            Self::Virtual | Self::Other => PLAIN,
            Self::Loopback => KindTraits {
                can_carry_subflows: false,
                hardware: &[ARPHRD_LOOPBACK],
                ..PLAIN
            },
        }
    }

    /// The first kind that has a sign.
    pub fn with(sign: impl Fn(&KindTraits) -> bool) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| sign(&kind.traits()))
    }

    /// The kind that a device's name says.
    pub fn by_name(name: &str) -> Option<Self> {
        let begins = |traits: &KindTraits| traits.name_prefixes.iter().any(|prefix| name.starts_with(prefix));
        Self::with(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_means_one_kind_and_a_slot_has_one() {
        let words: [fn(&KindTraits) -> &'static [&'static str]; 4] = [
            |traits| traits.info_kinds,
            |traits| traits.device_types,
            |traits| traits.drivers,
            |traits| traits.name_prefixes,
        ];
        for kind in InterfaceKind::ALL {
            let traits = kind.traits();
            for of in words {
                for word in of(&traits) {
                    assert_eq!(
                        InterfaceKind::with(|other| of(other).contains(word)),
                        Some(kind),
                        "{word}"
                    );
                }
            }
            if traits.slot.is_some() {
                assert_eq!(InterfaceKind::with(|other| other.slot == traits.slot), Some(kind));
            }
        }
        let all: std::collections::HashSet<_> = InterfaceKind::ALL.into_iter().collect();
        assert_eq!(
            all.len(),
            InterfaceKind::Other as usize + 1,
            "every kind is listed"
        );
    }
}
