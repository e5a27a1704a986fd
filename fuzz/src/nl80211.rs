//! Wireless interfaces and the signal of the station that they talk to.

use pathscope::wire::attribute::Attributes;
use pathscope::wire::generic;
use pathscope::wire::nl80211::{Wireless, parse_interface};

use super::{cut_short_reads_as_less, distinct, fields, payload};

/// Reads the bytes as an interface and as a station.
pub fn exercise(data: &[u8]) {
    cut_short_reads_as_less(data, fields::signal);
    if let Ok((_, attributes)) = generic::parse(data)
        && distinct(Attributes(attributes).map(|attribute| attribute.kind))
    {
        cut_short_reads_as_less(data, fields::wireless);
    }
    let Ok(Some(Wireless { index, ssid })) = parse_interface(data) else {
        return;
    };
    if let Some(ssid) = ssid {
        // IEEE 802.11, 9.4.2.2. What is not UTF-8 grows as it is replaced, a byte to at most a character.
        assert!(ssid.chars().count() <= 32, "a name of more than 32 bytes");
        let anew = generic::request(28, 7, 0, 0, 0)
            .attribute(3, &index.to_ne_bytes())
            .attribute(52, ssid.as_bytes())
            .finish();
        let read = parse_interface(payload(&anew));
        if ssid.len() <= 32 {
            let ssid = Some(ssid);
            assert_eq!(read, Ok(Some(Wireless { index, ssid })));
        }
    }
}
