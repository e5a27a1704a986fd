//! Links, addresses and routes.

use std::net::IpAddr;

use pathscope::wire::attribute::Attributes;
use pathscope::wire::rtnetlink::{
    get_link_by_index, get_link_by_name, is_up, parse_address, parse_default_route, parse_link,
};

use super::{beginning, cut_short_reads_as_less, distinct, fields, payload};

/// Reads the bytes as each of them.
pub fn exercise(data: &[u8]) {
    link(data);
    address(data);
    route(data);
}

fn link(data: &[u8]) {
    let attributes = data.get(16..).unwrap_or_default();
    if distinct(Attributes(attributes).map(|attribute| attribute.kind)) {
        cut_short_reads_as_less(data, fields::link);
    }
    let Ok(link) = parse_link(data) else {
        return;
    };
    assert!(!is_up(&link) || link.flags & 1 == 1, "up without being set up");
    let asked = parse_link(payload(&get_link_by_index(link.index, 1))).expect("a header");
    assert_eq!((asked.index, asked.name), (link.index, None));
    if let Some(name) = link.name {
        let asked = parse_link(payload(&get_link_by_name(&name, 1))).expect("a header");
        assert_eq!((asked.index, asked.name), (0, Some(name)));
    }
}

fn address(data: &[u8]) {
    let Ok(Some(address)) = parse_address(data) else {
        return;
    };
    assert_eq!(
        (data[0], data[1]),
        (if address.address.is_ipv4() { 2 } else { 10 }, address.prefix)
    );
    let octets = match address.address {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    assert!(
        Attributes(&data[8..])
            .any(|attribute| matches!(attribute.kind, 1 | 2) && attribute.payload.starts_with(&octets))
    );
    let own = Attributes(&data[8..]).any(|attribute| attribute.kind == 2);
    // The other address stands for the own one where that is cut off.
    if !own && distinct(Attributes(&data[8..]).map(|attribute| attribute.kind)) {
        cut_short_reads_as_less(data, fields::address);
    }
}

fn route(data: &[u8]) {
    let Ok(Some(route)) = parse_default_route(data) else {
        return;
    };
    assert_eq!((data[1], data[7]), (0, 1), "a route to everywhere");
    // An interface is in an attribute or in a next hop of its own; either takes 8 bytes.
    assert!(route.interfaces.len() * 8 <= data.len() - 12);
    if let Ok(Some(less)) = parse_default_route(beginning(data)) {
        assert!(route.interfaces.starts_with(&less.interfaces));
    }
}
