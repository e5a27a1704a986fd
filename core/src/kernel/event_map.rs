//! From the path manager's events to the model's.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::model::{Event, EventKind, Origin, SocketAddr, Token, scope_of};
use crate::wire::mptcp_pm::{EVENT_FLAG_SERVER_SIDE, PmEvent};
use crate::wire::sock_diag::on_link;

/// MPTCP_ATTR_FLAGS.
const ATTR_FLAGS: u16 = 13;
const ATTR_TIMEOUT: u16 = 14;
const ATTR_RESET_FLAGS: u16 = 17;

/// The numbers of `enum mptcp_event_type` (include/uapi/linux/mptcp_pm.h).
fn kind(number: u8) -> EventKind {
    match number {
        1 => EventKind::ConnectionCreated,
        2 => EventKind::ConnectionEstablished,
        3 => EventKind::ConnectionClosed,
        6 => EventKind::AddressAnnounced,
        7 => EventKind::AddressRemoved,
        10 => EventKind::SubflowEstablished,
        11 => EventKind::SubflowClosed,
        13 => EventKind::SubflowPriority,
        15 => EventKind::ListenerCreated,
        16 => EventKind::ListenerClosed,
        unknown => EventKind::Unknown(unknown),
    }
}

/// The event in the model's terms. `t` is 0: who reads it stamps it.
///
/// What the model has no field for is kept in hexadecimal: unknown attributes, and of the known ones the flags that
/// are not understood, the timeout and the flags of a reset.
///
/// From Linux 6.18 on nothing at all says that this host is *not* the server. `tells_server_side` is whether the
/// kernel would have said so if it were.
pub(super) fn to_model(event: PmEvent, interface: Option<String>, tells_server_side: bool) -> Event {
    let kind = kind(event.cmd);
    let mut model = Event::new(0.0, kind, Origin::Kernel);
    model.token = event.token.map(Token);
    let index = event.if_idx.map_or(0, i32::cast_unsigned);
    let address = |ip: Option<IpAddr>, port: Option<u16>| {
        let address = on_link(ip?, port?, index);
        Some(SocketAddr::from_kernel(address, |_| interface.as_deref()))
    };
    model.local = address(event.saddr, event.sport);
    model.remote = address(event.daddr, event.dport);
    model.scope = scope_of(model.local, model.remote);
    if kind == EventKind::AddressAnnounced {
        model.address = event.daddr.map(|ip| ip.to_canonical());
    }
    model.interface = interface;
    model.local_id = event.local_id;
    model.remote_id = event.remote_id;
    // `subflow->backup` (net/mptcp/pm_netlink.c): what the peer asked.
    (model.backup, model.backup_remote) = (event.backup, event.backup);
    model.error = event.error.map(u32::from);
    model.reset_reason = event.reset_reason;
    let by_flag = event
        .flags
        .is_some_and(|flags| flags & EVENT_FLAG_SERVER_SIDE != 0);
    let tells = tells_server_side
        && matches!(
            kind,
            EventKind::ConnectionCreated | EventKind::ConnectionEstablished
        );
    model.server_side = event.server_side.or((by_flag || tells).then_some(by_flag));
    for (number, value) in event.unknown {
        model.unknown_attributes.insert(number, hexadecimal(&value));
    }
    let flags = event
        .flags
        .map(|flags| flags & !EVENT_FLAG_SERVER_SIDE)
        .filter(|flags| *flags != 0);
    let mut keep = |number, value: Option<String>| {
        if let Some(value) = value {
            model.unknown_attributes.insert(number, value);
        }
    };
    keep(ATTR_FLAGS, flags.map(|flags| hexadecimal(&flags.to_ne_bytes())));
    keep(
        ATTR_TIMEOUT,
        event.timeout.map(|timeout| hexadecimal(&timeout.to_ne_bytes())),
    );
    keep(
        ATTR_RESET_FLAGS,
        event.reset_flags.map(|flags| hexadecimal(&flags.to_ne_bytes())),
    );
    model
}

/// Bytes in the order in which they came.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_event_keeps_everything() {
        let event = PmEvent {
            cmd: 99,
            token: Some(7),
            flags: Some(0b101),
            unknown: vec![(77, vec![0xde, 0xad])],
            ..PmEvent::default()
        };
        let model = to_model(event, None, false);
        assert_eq!(model.kind, EventKind::Unknown(99));
        assert_eq!(model.token, Some(Token(7)));
        assert_eq!(
            model.unknown_attributes.get(&77).map(String::as_str),
            Some("dead")
        );
        assert_eq!(
            model.unknown_attributes.get(&13),
            Some(&hexadecimal(&0b101_u16.to_ne_bytes()))
        );
        assert_eq!(model.server_side, None);
    }

    #[test]
    fn the_server_side_is_told_by_flag_or_by_attribute() {
        let by_flag = PmEvent {
            flags: Some(EVENT_FLAG_SERVER_SIDE),
            ..PmEvent::default()
        };
        assert_eq!(to_model(by_flag, None, false).server_side, Some(true));
        let client = PmEvent {
            cmd: 1,
            ..PmEvent::default()
        };
        assert_eq!(to_model(client.clone(), None, true).server_side, Some(false));
        assert_eq!(to_model(client, None, false).server_side, None);
        let subflow = PmEvent {
            cmd: 10,
            ..PmEvent::default()
        };
        assert_eq!(to_model(subflow, None, true).server_side, None);
        let by_attribute = PmEvent {
            flags: Some(0),
            server_side: Some(false),
            ..PmEvent::default()
        };
        let model = to_model(by_attribute, None, false);
        assert_eq!(model.server_side, Some(false));
        assert!(model.unknown_attributes.is_empty());
    }

    #[test]
    fn a_mapped_address_is_shown_as_ipv4() {
        let event = PmEvent {
            cmd: 6,
            daddr: Some("::ffff:10.0.0.1".parse().expect("an address")),
            dport: Some(80),
            ..PmEvent::default()
        };
        let model = to_model(event, None, false);
        assert_eq!(model.remote, Some(([10, 0, 0, 1], 80).into()));
        assert_eq!(model.address, Some([10, 0, 0, 1].into()));
    }
}
