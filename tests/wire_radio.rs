//! Captured messages of a real radio against structs, as `iw` read them.
#![cfg(target_endian = "little")]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod wire_support;

use pathscope::wire::nl80211::{self, Bss, Station, Wireless};
use wire_support::{message, payload};

#[test]
fn a_radio_is_read_as_iw_reads_it() {
    let radio = Wireless {
        index: 3,
        is_client: true,
        ssid: None,
        frequency_mhz: Some(2412),
    };
    assert_eq!(
        nl80211::parse_interface(&payload("wireless_interface")),
        Ok(Some(radio))
    );
    let looking = Wireless {
        index: 3,
        is_client: true,
        ssid: Some("caf\u{fffd}\n\u{1b}[31m".to_owned()),
        frequency_mhz: None,
    };
    assert_eq!(
        nl80211::parse_interface(&payload("wireless_interface_looking")),
        Ok(Some(looking))
    );
    let access_point = Bss {
        bssid: [2, 0, 0, 0, 0, 0],
        mld_address: None,
        is_associated: true,
        ssid: Some("HomeNet".to_owned()),
        frequency_mhz: Some(2412),
    };
    let other = Bss {
        bssid: [2, 0, 0, 0, 3, 0],
        is_associated: false,
        ssid: Some("caf\u{fffd}\n\u{1b}[31m\0x".to_owned()),
        frequency_mhz: Some(2462),
        ..access_point.clone()
    };
    let bss = |name| nl80211::parse_bss(&payload(name));
    assert_eq!(bss("wireless_bss"), Ok(Some(access_point)));
    assert_eq!(bss("wireless_bss_bytes"), Ok(Some(other)));
    let station = Station {
        signal_dbm: Some(-30),
        tx_bitrate_bps: Some(26_000_000),
        rx_bitrate_bps: Some(13_000_000),
        associated_at: Some(41_623_492_578),
    };
    assert_eq!(
        nl80211::parse_station(&payload("wireless_station")),
        Ok(Some(station))
    );
}

/// The answer of a scan with one access point, which has these elements.
fn bss_with(elements: &[u8]) -> Option<Bss> {
    let answer = pathscope::wire::generic::request(28, 34, 0, 0, 0).nest(47, |nest| {
        nest.attribute(1, &[2, 0, 0, 0, 0, 1])
            .attribute(6, elements)
            .attribute(9, &1_u32.to_ne_bytes())
    });
    nl80211::parse_bss(message(&answer.finish()).payload).unwrap()
}

#[test]
fn the_name_of_a_network_is_what_the_access_point_says_or_nothing() {
    let name = |elements: &[u8]| bss_with(elements).unwrap().ssid;
    assert_eq!(
        name(b"\x01\x02\x82\x84\x00\x03abc\x00\x01x").as_deref(),
        Some("abc")
    );
    assert_eq!(name(b"\x00\x03a\0b").as_deref(), Some("a\0b"));
    assert_eq!(name(b"\x00\x02\xff\xfe").as_deref(), Some("\u{fffd}\u{fffd}"));
    for hidden_or_broken in [
        &b""[..],
        b"\x00",
        b"\x00\x00\x01\x00",
        b"\x00\x05\0\0\0\0\0",
        b"\x00\x05abcd",
        b"\x01\x09\x82",
        b"\x00\x21abcdefghijklmnopqrstuvwxyz0123456",
    ] {
        assert_eq!(name(hidden_or_broken), None, "{hidden_or_broken:?}");
    }
}
