//! The speed of a link.

use pathscope::wire::attribute::find;
use pathscope::wire::ethtool::{get_link_modes, parse_speed_mbps};
use pathscope::wire::generic;

use super::{cut_short_reads_as_less, fields, payload};

/// Reads the bytes as the modes of a link.
pub fn exercise(data: &[u8]) {
    cut_short_reads_as_less(data, fields::speed);
    if let Ok(Some(speed)) = parse_speed_mbps(data) {
        assert!(speed != 0 && speed != u32::MAX, "what is unknown is absent");
        assert!(data.windows(4).any(|bytes| bytes == speed.to_ne_bytes()));
    }
    if let Some(index) = data.first_chunk() {
        let request = get_link_modes(20, u32::from_ne_bytes(*index), 1);
        let (_, attributes) = generic::parse(payload(&request)).expect("a header");
        let header = find(attributes, 1).expect("the header of ethtool");
        let asked = header.nested().find(|attribute| attribute.kind == 1);
        assert_eq!(asked.expect("an index").payload, index);
    }
}
