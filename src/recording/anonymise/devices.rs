//! Stand-ins for names of interfaces that somebody chose, or that hold a device's address.

use std::collections::HashMap;

use crate::model::InterfaceKind;

/// Stand-ins are numbered from here on, and no name that stays has such a number: the two are never taken for each other.
const FIRST: usize = 100;
/// The most names that are told apart.
const NAMES: usize = 10_000;
/// Names that the kernel or a driver gives, before a number.
const STEMS: [&str; 22] = [
    "lo",
    "eth",
    "wlan",
    "wwan",
    "usb",
    "phone",
    "rmnet",
    "rmnet_data",
    "rmnet_ipa",
    "tun",
    "tap",
    "wg",
    "ppp",
    "bond",
    "team",
    "br",
    "virbr",
    "docker",
    "dummy",
    "sit",
    "veth",
    "ifb",
];
/// How names begin that say where a device sits (systemd.net-naming-scheme(7)); `x`, with the device's address, is none.
const PREDICTABLE: [&str; 3] = ["en", "wl", "ww"];

/// Names of interfaces and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Devices {
    known: HashMap<String, String>,
}

impl Devices {
    /// The name itself where it says no more than a kind and a place, else one of the same kind.
    pub(super) fn stand_in(&mut self, real: &str, kind: Option<InterfaceKind>) -> String {
        if says_nothing(real) {
            return real.to_owned();
        }
        if let Some(known) = self.known.get(real) {
            return known.clone();
        }
        let kind = kind.or_else(|| InterfaceKind::by_name(real)).unwrap_or_default();
        let stem = match kind {
            InterfaceKind::Wifi => "wlan",
            InterfaceKind::Ethernet => "eth",
            InterfaceKind::Cellular => "wwan",
            InterfaceKind::Vpn => "tun",
            InterfaceKind::Bridge => "br",
            InterfaceKind::Loopback => "lo",
            InterfaceKind::Virtual => "veth",
            InterfaceKind::Other => "if",
        };
        if self.known.len() >= NAMES {
            return format!("{stem}{}", FIRST + NAMES);
        }
        let stand_in = format!("{stem}{}", FIRST + self.known.len());
        self.known.insert(real.to_owned(), stand_in.clone());
        stand_in
    }
}

/// Whether a name tells nothing of who uses it.
fn says_nothing(name: &str) -> bool {
    let is_number = |text: &str| {
        let short = (1..=2).contains(&text.len());
        short && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    // The number of a VLAN, and an index in place of a name.
    let (base, vlan) = name.split_once('.').unwrap_or((name, "0"));
    let is_index = |text: &str| {
        let short = (1..=4).contains(&text.len());
        short && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_index(vlan) {
        return false;
    }
    let by_stem = || {
        STEMS.iter().any(|stem| {
            let number = base.strip_prefix(stem);
            number.is_some_and(|number| is_number(number) || (number.is_empty() && *stem == "lo"))
        })
    };
    let by_place = || {
        let place = PREDICTABLE.iter().find_map(|begin| base.strip_prefix(begin));
        place.is_some_and(is_place)
    };
    is_index(name) || by_stem() || by_place()
}

/// Whether it is a place as in `o1`, `s31f6`, `p0s20f3`, `P1p2s0f0np0`, `p0s20u1u2i4`: letters of that scheme, each with a number.
fn is_place(text: &str) -> bool {
    let mut rest = text;
    if !rest.starts_with(['o', 's', 'p', 'P']) {
        return false;
    }
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        // A port by its name, as in `np0`.
        rest = if letter == 'n' {
            rest.strip_prefix('p').unwrap_or(rest)
        } else {
            rest
        };
        let after = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if !"osfpPdnuicvb".contains(letter) || rest.len() - after.len() > 3 || rest.len() == after.len() {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_say_a_place_stay() {
        for name in [
            "lo",
            "eth0",
            "wlan0",
            "wlp0s20f3",
            "enp0s31f6",
            "eno1",
            "ens18",
            "wwp0s20u1i4",
            "enp3s0.120",
            "wwan0",
            "enP2p1s0f1np1",
            "rmnet_data3",
            "docker0",
            "7",
        ] {
            assert!(says_nothing(name), "{name}");
        }
    }

    #[test]
    fn names_that_somebody_chose_or_that_hold_an_address_go() {
        let mut devices = Devices::default();
        for name in [
            "enx001122334455",
            "wlx00c0ca112233",
            "lena-vpn",
            "work",
            "eth0-lena",
            "enlena",
            "en",
            "wlsecret",
            "eth100",
            "tailscale0",
            "eth0.lena",
            "",
            "br-8f3a11c0ffee",
        ] {
            let stand_in = devices.stand_in(name, None);
            assert_ne!(stand_in, name);
            assert_eq!(
                devices.stand_in(name, Some(InterfaceKind::Vpn)),
                stand_in,
                "the same again"
            );
        }
        assert_eq!(devices.stand_in("home", Some(InterfaceKind::Wifi)), "wlan113");
        assert_eq!(devices.stand_in("wlx00c0ca112234", None), "wlan114");
        assert_eq!(devices.stand_in("mullvad", Some(InterfaceKind::Vpn)), "tun115");
    }
}
