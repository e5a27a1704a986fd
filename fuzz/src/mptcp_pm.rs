//! The path manager: endpoints, limits and events.

use pathscope::wire::attribute::Attributes;
use pathscope::wire::generic;
use pathscope::wire::mptcp_pm::{
    PmTarget, add_address, delete_address, parse_address, parse_event, parse_limits, set_limits,
};

use super::{cut_short_reads_as_less, distinct, fields, payload};

/// Reads the bytes as each of them.
pub fn exercise(data: &[u8]) {
    let Ok((command, attributes)) = generic::parse(data) else {
        assert!(parse_event(data).is_err() && parse_address(data).is_err() && parse_limits(data).is_err());
        return;
    };
    endpoint(data);
    if distinct(Attributes(attributes).map(|attribute| attribute.kind)) {
        cut_short_reads_as_less(data, fields::limits);
    }
    let limits = parse_limits(data).expect("a header is enough");
    assert_eq!(parse_limits(payload(&set_limits(28, limits, 1))), Ok(limits));
    event(data, command, attributes);
}

fn endpoint(data: &[u8]) {
    cut_short_reads_as_less(data, fields::endpoint);
    let Ok(endpoint) = parse_address(data) else {
        return;
    };
    assert_ne!(endpoint.port, Some(0), "no port is absent");
    assert_ne!(endpoint.interface_index, Some(0), "no interface is absent");
    assert_eq!(
        parse_address(payload(&add_address(28, &endpoint, 1))),
        Ok(endpoint)
    );
    let target = PmTarget {
        id: endpoint.id.unwrap_or_default(),
        address: Some(endpoint.address),
    };
    let named = parse_address(payload(&delete_address(28, target, 1))).expect("an address");
    assert_eq!((named.id, named.address), (Some(target.id), endpoint.address));
}

fn event(data: &[u8], command: u8, attributes: &[u8]) {
    let event = parse_event(data).expect("a header is enough");
    assert_eq!(event.cmd, command);
    // Each address comes in two kinds, one a family.
    let kinds = Attributes(attributes).map(|attribute| match attribute.kind {
        6 => 5,
        8 => 7,
        kind => kind,
    });
    if distinct(kinds) {
        cut_short_reads_as_less(data, |bytes| {
            let mut fields = fields::event(bytes)?;
            fields.retain(|(field, _)| *field != "unknown");
            Some(fields)
        });
    }
    let mut unknown = event.unknown.iter();
    for attribute in Attributes(attributes).filter(|attribute| !(1..=18).contains(&attribute.kind)) {
        let (kind, value) = unknown.next().expect("what is not known is kept");
        assert_eq!((*kind, value.as_slice()), (attribute.kind, attribute.payload));
    }
    assert_eq!(unknown.next(), None);
}
