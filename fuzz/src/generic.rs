//! Generic netlink: the header, and a family with its multicast groups.

use pathscope::wire::attribute::{Attributes, find};
use pathscope::wire::generic::{get_family, parse, parse_family, request};

use super::{cut_short_reads_as_less, distinct, fields, payload};

/// Reads the bytes as the description of a family.
pub fn exercise(data: &[u8]) {
    let Ok((command, attributes)) = parse(data) else {
        assert!(data.len() < 4, "it has a header");
        return;
    };
    assert_eq!((command, attributes), (data[0], &data[4..]));
    asked_for(attributes);
    if distinct(Attributes(attributes).map(|attribute| attribute.kind)) {
        cut_short_reads_as_less(data, fields::family);
    }
    let Ok(family) = parse_family(data) else {
        return;
    };
    // The headers of three attributes, the id and the NUL beside the name.
    let least: usize = family.groups.iter().map(|(name, _)| name.len() + 17).sum();
    assert!(least <= data.len(), "groups that the message does not hold");
    assert!(family.groups.iter().all(|(name, _)| family.group(name).is_some()));
    let anew = request(0x10, command, 1, 0, 0)
        .attribute(1, &family.id.to_ne_bytes())
        .nest(7, |nest| {
            family.groups.iter().fold(nest, |nest, (name, id)| {
                nest.nest(1, |group| {
                    group
                        .attribute(1, format!("{name}\0").as_bytes())
                        .attribute(2, &id.to_ne_bytes())
                })
            })
        })
        .finish();
    assert_eq!(parse_family(payload(&anew)), Ok(family));
}

/// A family is asked for by the name that it was given.
fn asked_for(bytes: &[u8]) {
    let Ok(name) = std::str::from_utf8(bytes) else {
        return;
    };
    let request = get_family(name, 1);
    let (_, attributes) = parse(payload(&request)).expect("a header");
    let asked = find(attributes, 2).and_then(|attribute| attribute.string());
    assert_eq!(asked, name.split('\0').next());
}
