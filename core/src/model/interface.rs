//! Network interfaces and their addresses.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{InterfaceKind, MacAddress};

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InterfaceAddress {
    /// The address.
    pub address: IpAddr,
    /// The length of the network's prefix, bits.
    pub prefix: u8,
}

/// Why an address is not like others (`IFA_F_*`, include/uapi/linux/if_addr.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressState {
    /// Not usable yet: whether another host has it is being asked (RFC 4862, 5.4).
    Tentative,
    /// Not usable: another host has it.
    Duplicate,
    /// Usable, and not to be chosen for something new.
    Deprecated,
    /// One of many that an interface gives itself for a while (RFC 8981).
    Temporary,
}

/// An address of an interface that is not like others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SpecialAddress {
    /// The address.
    pub address: IpAddr,
    /// Why.
    pub state: AddressState,
}

/// One network interface of the namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// The kernel's number for it.
    pub index: u32,
    /// Its device name.
    pub name: String,
    /// What it is.
    pub kind: InterfaceKind,
    /// Whether it can carry packets: set up, and with a carrier.
    pub up: bool,
    /// Its addresses, link-local ones included, in order.
    pub addresses: Vec<InterfaceAddress>,
    /// Whether a default route leaves through it.
    pub default_route: bool,
    /// Whether an administrator set it up (IFF_UP), with or without a carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_up: Option<bool>,
    /// Those of its addresses that are not like others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special_addresses: Vec<SpecialAddress>,
    /// How strictly IPv4 packets are dropped that come in where none would go out to their sender: 0 not, 1 strictly, 2
    /// loosely; the greater one of `rp_filter` of all interfaces and of this one
    /// (Documentation/networking/ip-sysctl.rst).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverse_path_filter: Option<u8>,
    /// Largest packet, bytes.
    pub mtu: Option<u32>,
    /// Link speed, Mbit/s.
    pub speed_mbps: Option<u32>,
    /// The name of the wireless network; U+FFFD for bytes that are not UTF-8.
    pub ssid: Option<String>,
    /// The address of the access point whose client it is.
    pub bssid: Option<MacAddress>,
    /// The wireless channel's frequency, MHz.
    pub frequency_mhz: Option<u32>,
    /// Received signal, dBm.
    pub signal_dbm: Option<i32>,
    /// The rate at which the radio last sent, bit/s: a part of it gets through.
    pub tx_bitrate_bps: Option<u64>,
    /// The rate at which the radio last received, bit/s.
    pub rx_bitrate_bps: Option<u64>,
    /// Bytes sent (IFLA_STATS64).
    pub tx_bytes: Option<u64>,
    /// Bytes received (IFLA_STATS64).
    pub rx_bytes: Option<u64>,
}

impl Interface {
    /// Why one of its addresses is not like others.
    pub fn state_of(&self, address: IpAddr) -> Option<AddressState> {
        let mut special = self.special_addresses.iter();
        special
            .find(|special| special.address == address)
            .map(|special| special.state)
    }

    /// Whether subflows over it make sense: anything but loopback and bridges.
    pub fn can_carry_subflows(&self) -> bool {
        self.kind.traits().can_carry_subflows
    }
}
