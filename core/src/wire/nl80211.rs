//! nl80211: which interfaces are wireless, the network they are in and its signal (include/uapi/linux/nl80211.h).

use super::Malformed;
use super::attribute::Attributes;
use super::bytes::u8_at;
use super::generic;
use super::netlink::NLM_F_DUMP;

/// The family's name.
pub const FAMILY: &str = "nl80211";

const CMD_GET_INTERFACE: u8 = 5;
const CMD_GET_STATION: u8 = 17;
const ATTR_IFINDEX: u16 = 3;
const ATTR_STA_INFO: u16 = 21;
const ATTR_SSID: u16 = 52;
const STA_INFO_SIGNAL: u16 = 7;
/// The most bytes of an SSID, which has no NUL at its end (IEEE 802.11, 9.4.2.2).
const SSID_MAX: usize = 32;

/// A wireless interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wireless {
    /// The kernel's number for it.
    pub index: u32,
    /// The name of the network it is in; bytes that are not UTF-8 are replaced. What is too long is no such name.
    pub ssid: Option<String>,
}

/// Asks for every wireless interface.
pub fn dump_interfaces(family: u16, sequence: u32) -> Vec<u8> {
    generic::request(family, CMD_GET_INTERFACE, 0, NLM_F_DUMP, sequence).finish()
}

/// One answer to [`dump_interfaces`]; `None` for one that is no network device.
///
/// # Errors
/// When it is shorter than the header.
pub fn parse_interface(payload: &[u8]) -> Result<Option<Wireless>, Malformed> {
    let (_, attributes) = generic::parse(payload)?;
    let (mut index, mut ssid) = (None, None);
    for attribute in Attributes(attributes) {
        match attribute.kind {
            ATTR_IFINDEX => index = attribute.u32(),
            ATTR_SSID => {
                let bytes = Some(attribute.payload).filter(|bytes| bytes.len() <= SSID_MAX);
                ssid = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            }
            _ => {}
        }
    }
    Ok(index.map(|index| Wireless { index, ssid }))
}

/// Asks for the stations that an interface talks to: the access point, where it is a client.
pub fn dump_stations(family: u16, interface_index: u32, sequence: u32) -> Vec<u8> {
    generic::request(family, CMD_GET_STATION, 0, NLM_F_DUMP, sequence)
        .attribute(ATTR_IFINDEX, &interface_index.to_ne_bytes())
        .finish()
}

/// The signal of the last frame received, dBm, in one answer to [`dump_stations`].
///
/// # Errors
/// When it is shorter than the header.
pub fn parse_station_signal(payload: &[u8]) -> Result<Option<i8>, Malformed> {
    let (_, attributes) = generic::parse(payload)?;
    let station = Attributes(attributes).find(|attribute| attribute.kind == ATTR_STA_INFO);
    let signal = station.and_then(|station| station.nested().find(|info| info.kind == STA_INFO_SIGNAL));
    Ok(signal
        .and_then(|signal| u8_at(signal.payload, 0))
        .map(u8::cast_signed))
}
