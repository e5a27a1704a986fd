//! Network interfaces and their addresses.

use std::net::IpAddr;

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

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InterfaceAddress {
    /// The address.
    pub address: IpAddr,
    /// The length of the network's prefix, bits.
    pub prefix: u8,
}

/// One network interface of the namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Largest packet, bytes.
    pub mtu: Option<u32>,
    /// Link speed, Mbit/s.
    pub speed_mbps: Option<u32>,
    /// The name of the wireless network.
    pub ssid: Option<String>,
    /// Received signal, dBm.
    pub signal_dbm: Option<i32>,
    /// Bytes sent (IFLA_STATS64).
    pub tx_bytes: Option<u64>,
    /// Bytes received (IFLA_STATS64).
    pub rx_bytes: Option<u64>,
}

impl Interface {
    /// Whether subflows over it make sense: anything but loopback and bridges.
    pub fn can_carry_subflows(&self) -> bool {
        !matches!(self.kind, InterfaceKind::Loopback | InterfaceKind::Bridge)
    }
}
