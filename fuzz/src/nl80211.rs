//! Wireless interfaces and the access points that they talk to, or hear.

use pathscope::wire::attribute::Attributes;
use pathscope::wire::generic;
use pathscope::wire::nl80211::{parse_bss, parse_interface};

use super::{cut_short_reads_as_less, distinct, fields, payload};

/// Reads the bytes as an interface, as a station and as an access point.
pub fn exercise(data: &[u8]) {
    cut_short_reads_as_less(data, fields::station);
    cut_short_reads_as_less(data, fields::bss);
    if let Ok((_, attributes)) = generic::parse(data)
        && distinct(Attributes(attributes).map(|attribute| attribute.kind))
    {
        cut_short_reads_as_less(data, fields::wireless);
    }
    if let Ok(Some(bss)) = parse_bss(data)
        && let Some(ssid) = bss.ssid
    {
        is_a_name(&ssid);
    }
    if let Ok(Some(wireless)) = parse_interface(data)
        && let Some(ssid) = wireless.ssid
    {
        is_a_name(&ssid);
        let anew = generic::request(28, 7, 0, 0, 0)
            .attribute(3, &wireless.index.to_ne_bytes())
            .attribute(52, ssid.as_bytes())
            .finish();
        if ssid.len() <= 32 {
            let read = parse_interface(payload(&anew))
                .expect("whole")
                .expect("an interface");
            assert_eq!((read.index, read.ssid), (wireless.index, Some(ssid)));
        }
    }
}

/// IEEE 802.11, 9.4.2.2. What is not UTF-8 grows as it is replaced, a byte to at most a character.
fn is_a_name(ssid: &str) {
    assert!(ssid.chars().count() <= 32, "a name of more than 32 bytes");
    assert!(ssid.chars().any(|letter| letter != '\0'), "a name that is hidden");
}
