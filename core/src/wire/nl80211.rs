//! nl80211: which interfaces are wireless, the network they are in and how well they hear it
//! (include/uapi/linux/nl80211.h).

use super::Malformed;
use super::attribute::{Attribute, Attributes, find};
use super::bytes::u8_at;
use super::generic;
use super::netlink::{NLM_F_ACK, NLM_F_DUMP};

/// The family's name.
pub const FAMILY: &str = "nl80211";

const CMD_GET_INTERFACE: u8 = 5;
const CMD_GET_STATION: u8 = 17;
const CMD_GET_SCAN: u8 = 32;

const ATTR_IFINDEX: u16 = 3;
const ATTR_IFTYPE: u16 = 5;
const ATTR_MAC: u16 = 6;
const ATTR_STA_INFO: u16 = 21;
const ATTR_WIPHY_FREQ: u16 = 38;
const ATTR_BSS: u16 = 47;
const ATTR_SSID: u16 = 52;

const IFTYPE_STATION: u32 = 2;
const IFTYPE_P2P_CLIENT: u32 = 8;

const STA_INFO_SIGNAL: u16 = 7;
const STA_INFO_TX_BITRATE: u16 = 8;
const STA_INFO_RX_BITRATE: u16 = 14;
const STA_INFO_ASSOC_AT_BOOTTIME: u16 = 42;
/// In 100 kbit/s, where that fits.
const RATE_INFO_BITRATE: u16 = 1;
/// In 100 kbit/s.
const RATE_INFO_BITRATE32: u16 = 5;

const BSS_BSSID: u16 = 1;
const BSS_FREQUENCY: u16 = 2;
const BSS_INFORMATION_ELEMENTS: u16 = 6;
const BSS_STATUS: u16 = 9;
const BSS_MLD_ADDR: u16 = 22;
const BSS_STATUS_ASSOCIATED: u32 = 1;

/// The element that holds the SSID (IEEE 802.11, 9.4.2.1).
const ELEMENT_SSID: u8 = 0;
/// The most bytes of an SSID, which has no NUL at its end (IEEE 802.11, 9.4.2.2).
const SSID_MAX: usize = 32;

/// A wireless interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wireless {
    /// The kernel's number for it.
    pub index: u32,
    /// Whether it is a client of an access point, or looks for one.
    pub is_client: bool,
    /// The name of the network that it offers, or is told to look for. Most kernels do not tell it of a client that
    /// has found it; [`Bss`] does.
    pub ssid: Option<String>,
    /// The centre of the channel's primary part, MHz.
    pub frequency_mhz: Option<u32>,
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
    let (mut index, mut kind, mut ssid, mut frequency_mhz) = (None, None, None, None);
    for attribute in Attributes(attributes) {
        match attribute.kind {
            ATTR_IFINDEX => index = attribute.u32(),
            ATTR_IFTYPE => kind = attribute.u32(),
            ATTR_SSID => ssid = name(attribute.payload),
            ATTR_WIPHY_FREQ => frequency_mhz = attribute.u32(),
            _ => {}
        }
    }
    Ok(index.map(|index| Wireless {
        index,
        is_client: matches!(kind, Some(IFTYPE_STATION | IFTYPE_P2P_CLIENT)),
        ssid,
        frequency_mhz,
    }))
}

/// What a client knows of its access point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Station {
    /// The signal of the last frame received, dBm.
    pub signal_dbm: Option<i8>,
    /// The rate at which the last frame was sent, bit/s.
    pub tx_bitrate_bps: Option<u64>,
    /// The rate at which the last frame was received, bit/s.
    pub rx_bitrate_bps: Option<u64>,
    /// When the association began, ns since the machine was started (Linux 5.3). It tells one from the next.
    pub associated_at: Option<u64>,
}

/// Asks for what an interface knows of a station: of its access point, where it is a client.
pub fn get_station(family: u16, interface_index: u32, station: [u8; 6], sequence: u32) -> Vec<u8> {
    generic::request(family, CMD_GET_STATION, 0, NLM_F_ACK, sequence)
        .attribute(ATTR_IFINDEX, &interface_index.to_ne_bytes())
        .attribute(ATTR_MAC, &station)
        .finish()
}

/// The answer to [`get_station`]; `None` when it says nothing of one.
///
/// # Errors
/// When it is shorter than the header.
pub fn parse_station(payload: &[u8]) -> Result<Option<Station>, Malformed> {
    let (_, attributes) = generic::parse(payload)?;
    let mut station = Station::default();
    let Some(told) = find(attributes, ATTR_STA_INFO) else {
        return Ok(None);
    };
    for info in told.nested() {
        match info.kind {
            STA_INFO_SIGNAL => station.signal_dbm = info.u8().map(u8::cast_signed),
            STA_INFO_TX_BITRATE => station.tx_bitrate_bps = bitrate(&info),
            STA_INFO_RX_BITRATE => station.rx_bitrate_bps = bitrate(&info),
            STA_INFO_ASSOC_AT_BOOTTIME => station.associated_at = info.u64(),
            _ => {}
        }
    }
    Ok(Some(station))
}

/// The rate in a nest of `NL80211_RATE_INFO_…`, bit/s. Zero is what a driver says that does not know.
fn bitrate(info: &Attribute<'_>) -> Option<u64> {
    let narrow = || find(info.payload, RATE_INFO_BITRATE).and_then(|rate| rate.u16().map(u32::from));
    let rate = find(info.payload, RATE_INFO_BITRATE32).and_then(|rate| rate.u32());
    let rate = rate.or_else(narrow).filter(|rate| *rate > 0)?;
    Some(u64::from(rate) * 100_000)
}

/// An access point that was heard ("basic service set"; of one with several radios, one of them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bss {
    /// The address of its radio.
    pub bssid: [u8; 6],
    /// The address under which the access point is a station, where it has several radios (multi-link operation).
    pub mld_address: Option<[u8; 6]>,
    /// Whether this interface is its client.
    pub is_associated: bool,
    /// The network's name, unless it is hidden.
    pub ssid: Option<String>,
    /// The centre of the channel's primary part, MHz.
    pub frequency_mhz: Option<u32>,
}

/// Asks for what the last scans found: up to a kilobyte for each access point around. It starts no scan.
pub fn dump_scan(family: u16, interface_index: u32, sequence: u32) -> Vec<u8> {
    generic::request(family, CMD_GET_SCAN, 0, NLM_F_DUMP, sequence)
        .attribute(ATTR_IFINDEX, &interface_index.to_ne_bytes())
        .finish()
}

/// One answer to [`dump_scan`]; `None` when it holds no access point.
///
/// # Errors
/// When it is shorter than the header.
pub fn parse_bss(payload: &[u8]) -> Result<Option<Bss>, Malformed> {
    let (_, attributes) = generic::parse(payload)?;
    let Some(told) = find(attributes, ATTR_BSS) else {
        return Ok(None);
    };
    let (mut bssid, mut mld_address, mut is_associated, mut ssid, mut frequency_mhz) =
        (None, None, false, None, None);
    for part in told.nested() {
        match part.kind {
            BSS_BSSID => bssid = mac_address(&part),
            BSS_MLD_ADDR => mld_address = mac_address(&part),
            BSS_STATUS => is_associated = part.u32() == Some(BSS_STATUS_ASSOCIATED),
            BSS_INFORMATION_ELEMENTS => ssid = element(part.payload, ELEMENT_SSID).and_then(name),
            BSS_FREQUENCY => frequency_mhz = part.u32(),
            _ => {}
        }
    }
    Ok(bssid.map(|bssid| Bss {
        bssid,
        mld_address,
        is_associated,
        ssid,
        frequency_mhz,
    }))
}

fn mac_address(attribute: &Attribute<'_>) -> Option<[u8; 6]> {
    attribute.payload.try_into().ok()
}

/// The content of the first element with a number: number, length and content follow one another (IEEE 802.11, 9.4.2).
fn element(mut elements: &[u8], number: u8) -> Option<&[u8]> {
    loop {
        let length = usize::from(u8_at(elements, 1)?);
        let content = elements.get(2..2 + length)?;
        if u8_at(elements, 0) == Some(number) {
            return Some(content);
        }
        elements = elements.get(2 + length..)?;
    }
}

/// A network's name; bytes that are not UTF-8 are replaced. What is too long is no name, and a network that hides its
/// own says nothing, or as many NULs as it has letters.
fn name(ssid: &[u8]) -> Option<String> {
    let hidden = ssid.iter().all(|byte| *byte == 0);
    (!hidden && ssid.len() <= SSID_MAX).then(|| String::from_utf8_lossy(ssid).into_owned())
}
