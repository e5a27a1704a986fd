//! What tells where somebody is in interfaces, routes, routing rules and neighbours; see [`super::identities`].

use std::net::IpAddr;

use super::identities::{NameOf, StandIns, interface, name};
use super::{
    Interface, InterfaceAddress, Neighbour, Network, NextHop, RouteEntry, RoutingRule, SpecialAddress,
};

/// Of a network the same part as of the addresses in it; what stands for all addresses names none.
fn network(address: &mut IpAddr, prefix: u8, with: &mut dyn StandIns) {
    if !address.is_unspecified() {
        let address_there = Network {
            address: with.address(*address),
            prefix,
        };
        let nowhere = match address_there.address {
            IpAddr::V4(_) => IpAddr::from([0; 4]),
            IpAddr::V6(_) => IpAddr::from([0; 16]),
        };
        *address = address_there.with_host_of(nowhere);
    }
}

fn within(scope: &mut Option<Network>, with: &mut dyn StandIns) {
    if let Some(Network { address, prefix }) = scope {
        network(address, *prefix, with);
    }
}

impl Interface {
    pub(super) fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            index: _,
            name: device,
            kind,
            up: _,
            addresses,
            default_route: _,
            mtu: _,
            speed_mbps: _,
            ssid,
            bssid,
            frequency_mhz: _,
            signal_dbm: _,
            tx_bitrate_bps: _,
            rx_bitrate_bps: _,
            tx_bytes: _,
            rx_bytes: _,
            set_up: _,
            special_addresses,
            reverse_path_filter: _,
        } = self;
        *device = with.interface(device, Some(*kind));
        for InterfaceAddress { address, prefix: _ } in addresses.iter_mut() {
            *address = with.address(*address);
        }
        addresses.sort_unstable();
        for SpecialAddress { address, state: _ } in special_addresses {
            *address = with.address(*address);
        }
        name(NameOf::WirelessNetwork, ssid, with);
        *bssid = bssid.map(|bssid| with.mac(bssid));
    }
}

impl RouteEntry {
    pub(super) fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            destination,
            prefix,
            table: _,
            action: _,
            next_hops,
            preferred_source,
            metric: _,
            protocol: _,
        } = self;
        network(destination, *prefix, with);
        for NextHop {
            interface: _,
            gateway,
        } in next_hops
        {
            *gateway = gateway.map(|gateway| with.address(gateway));
        }
        *preferred_source = preferred_source.map(|source| with.address(source));
    }
}

impl RoutingRule {
    pub(super) fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            ipv6: _,
            priority: _,
            from,
            to,
            output_interface,
            asks_more: _,
            inverted: _,
            suppress_prefix: _,
            action: _,
            table: _,
        } = self;
        within(from, with);
        within(to, with);
        interface(output_interface, with);
    }
}

impl Neighbour {
    pub(super) fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            interface: _,
            address,
            state: _,
            router: _,
        } = self;
        *address = with.address(*address);
    }
}
