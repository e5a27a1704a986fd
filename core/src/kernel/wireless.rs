//! What generic netlink adds about interfaces: wireless networks by nl80211, link speeds by ethtool.

use rustc_hash::FxHashMap;

use super::netlink::Socket;
use super::{Error, generic};
use crate::model::MacAddress;
use crate::wire::netlink::Message;
use crate::wire::nl80211::{
    Bss, Station, Wireless, dump_interfaces, dump_scan, get_station, parse_bss, parse_interface,
    parse_station,
};
use crate::wire::{Malformed, ethtool, nl80211};

/// After as many readings that found no access point the next search waits: longer each time, up to this.
const MOST_READINGS_BETWEEN_SEARCHES: u32 = 64;

/// What there is to say of a wireless interface, each where it is known.
#[derive(Default)]
pub(super) struct Radio {
    pub(super) ssid: Option<String>,
    pub(super) bssid: Option<MacAddress>,
    pub(super) frequency_mhz: Option<u32>,
    pub(super) signal_dbm: Option<i32>,
    pub(super) tx_bitrate_bps: Option<u64>,
    pub(super) rx_bitrate_bps: Option<u64>,
}

/// A generic netlink socket and the families there are. Most machines without Wi-Fi have no nl80211.
pub(super) struct Details {
    socket: Socket,
    nl80211: Option<u16>,
    ethtool: Option<u16>,
    /// What is known of each client's access point, by interface index.
    access_points: FxHashMap<u32, AccessPoint>,
}

/// The access point of a client. The scan's results tell which one it is, and the network's name. They grow with what is
/// around, so they are asked for only when the association is another: the station says whether it is.
enum AccessPoint {
    Found {
        bss: Bss,
        associated_at: Option<u64>,
    },
    /// Some drivers keep no results. How many readings until the next search, and how many it was the last time.
    Missing {
        wait: u32,
        waited: u32,
    },
}

impl Details {
    pub(super) fn new() -> Result<Self, Error> {
        let mut socket = generic::socket()?;
        let nl80211 = generic::family(&mut socket, nl80211::FAMILY)?.map(|family| family.id);
        let ethtool = generic::family(&mut socket, ethtool::FAMILY)?.map(|family| family.id);
        Ok(Self {
            socket,
            nl80211,
            ethtool,
            access_points: FxHashMap::default(),
        })
    }

    /// The wireless interfaces. Drivers fail in many ways, and none of them matters enough to lose the rest.
    pub(super) fn wireless(&mut self) -> Vec<Wireless> {
        let Some(family) = self.nl80211 else {
            return Vec::new();
        };
        let parse = |message: &Message<'_>| of(family, message, parse_interface);
        let found = self
            .socket
            .list(
                "list wireless interfaces",
                |sequence| dump_interfaces(family, sequence),
                parse,
            )
            .inspect_err(|error| tracing::trace!(%error, "no radio is known"))
            .unwrap_or_default();
        self.access_points
            .retain(|index, _| found.iter().any(|wireless| wireless.index == *index));
        found
    }

    /// The network that an interface offers, or is in: of a client, nothing until its link is up.
    pub(super) fn radio(&mut self, wireless: &Wireless, up: bool) -> Radio {
        if !wireless.is_client {
            return Radio {
                ssid: wireless.ssid.clone(),
                frequency_mhz: wireless.frequency_mhz,
                ..Radio::default()
            };
        }
        if !up {
            self.access_points.remove(&wireless.index);
            return Radio::default();
        }
        let Some((bss, station)) = self.access_point(wireless.index) else {
            return Radio::default();
        };
        Radio {
            // A driver that associates by itself may have heard a hidden network's beacons only.
            ssid: bss.ssid.or_else(|| wireless.ssid.clone()),
            bssid: Some(MacAddress(bss.bssid)),
            // The channel may have been switched since the scan.
            frequency_mhz: wireless.frequency_mhz.or(bss.frequency_mhz),
            signal_dbm: station.signal_dbm.map(i32::from),
            tx_bitrate_bps: station.tx_bitrate_bps,
            rx_bitrate_bps: station.rx_bitrate_bps,
        }
    }

    fn access_point(&mut self, index: u32) -> Option<(Bss, Station)> {
        let mut waited = 0;
        match self.access_points.remove(&index) {
            Some(AccessPoint::Found { bss, associated_at }) => {
                let station = self.station(index, &bss);
                if let Some(station) = station.filter(|station| station.associated_at == associated_at) {
                    return Some(self.keep(index, bss, station));
                }
            }
            Some(AccessPoint::Missing { wait, waited }) if wait > 0 => {
                let wait = wait - 1;
                self.access_points
                    .insert(index, AccessPoint::Missing { wait, waited });
                return None;
            }
            Some(AccessPoint::Missing { waited: before, .. }) => waited = before,
            None => {}
        }
        let Some(bss) = self.associated(index) else {
            let wait = (waited * 2).clamp(1, MOST_READINGS_BETWEEN_SEARCHES);
            let missing = AccessPoint::Missing { wait, waited: wait };
            self.access_points.insert(index, missing);
            return None;
        };
        let station = self.station(index, &bss).unwrap_or_default();
        Some(self.keep(index, bss, station))
    }

    fn keep(&mut self, index: u32, bss: Bss, station: Station) -> (Bss, Station) {
        let found = AccessPoint::Found {
            bss: bss.clone(),
            associated_at: station.associated_at,
        };
        self.access_points.insert(index, found);
        (bss, station)
    }

    /// The access point that an interface is a client of, from the results of the last scans.
    fn associated(&mut self, interface_index: u32) -> Option<Bss> {
        let family = self.nl80211?;
        let found = self.socket.list(
            "read the results of a scan",
            |sequence| dump_scan(family, interface_index, sequence),
            |message| {
                let bss = of(family, message, parse_bss)?;
                Ok(bss.filter(|bss| bss.is_associated))
            },
        );
        found.ok()?.into_iter().next()
    }

    /// What an interface knows of its access point.
    fn station(&mut self, interface_index: u32, bss: &Bss) -> Option<Station> {
        let family = self.nl80211?;
        let address = bss.mld_address.unwrap_or(bss.bssid);
        let mut station = None;
        self.socket
            .request(
                "read the signal",
                |sequence| get_station(family, interface_index, address, sequence),
                |message| {
                    station = of(family, message, parse_station)?.or(station.take());
                    Ok(())
                },
            )
            .ok()?;
        station
    }

    /// The speed of a link, Mbit/s.
    pub(super) fn speed_mbps(&mut self, interface_index: u32) -> Option<u32> {
        let family = self.ethtool?;
        let mut speed = None;
        self.socket
            .request(
                "read the speed of a link",
                |sequence| ethtool::get_link_modes(family, interface_index, sequence),
                |message| {
                    speed = of(family, message, ethtool::parse_speed_mbps)?;
                    Ok(())
                },
            )
            .ok()?;
        speed
    }
}

fn of<T>(
    family: u16,
    message: &Message<'_>,
    parse: impl Fn(&[u8]) -> Result<Option<T>, Malformed>,
) -> Result<Option<T>, Malformed> {
    if message.kind == family {
        parse(message.payload)
    } else {
        Ok(None)
    }
}
