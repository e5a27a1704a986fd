//! What generic netlink adds about interfaces: wireless networks by nl80211, link speeds by ethtool.

use super::netlink::Socket;
use super::{Error, generic};
use crate::wire::netlink::Message;
use crate::wire::nl80211::{Wireless, dump_interfaces, dump_stations, parse_interface, parse_station_signal};
use crate::wire::{Malformed, ethtool, nl80211};

/// A generic netlink socket and the families there are. Most machines without Wi-Fi have no nl80211.
pub(super) struct Details {
    socket: Socket,
    nl80211: Option<u16>,
    ethtool: Option<u16>,
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
        })
    }

    /// The wireless interfaces. Drivers fail in many ways, and none of them matters enough to lose the rest.
    pub(super) fn wireless(&mut self) -> Vec<Wireless> {
        let Some(family) = self.nl80211 else {
            return Vec::new();
        };
        let parse = |message: &Message<'_>| of(family, message, parse_interface);
        self.socket
            .list(
                "list wireless interfaces",
                |sequence| dump_interfaces(family, sequence),
                parse,
            )
            .unwrap_or_default()
    }

    /// The signal of the access point that an interface is a client of, dBm.
    pub(super) fn signal_dbm(&mut self, interface_index: u32) -> Option<i32> {
        let family = self.nl80211?;
        let stations = self.socket.list(
            "read the signal",
            |sequence| dump_stations(family, interface_index, sequence),
            |message| of(family, message, parse_station_signal),
        );
        match stations.ok()?.as_slice() {
            // An access point has many stations, and no signal of its own.
            [signal] => Some(i32::from(*signal)),
            _ => None,
        }
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
