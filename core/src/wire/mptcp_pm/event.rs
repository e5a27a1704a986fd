//! Events of the path manager (`enum mptcp_event_type` and `enum mptcp_event_attr`).

use std::net::IpAddr;

use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{AF_INET, AF_INET6, ip_at};
use crate::wire::generic;

/// MPTCP_PM_EV_FLAG_SERVER_SIDE (Linux 6.18), which replaces the attribute `server_side`.
pub const EVENT_FLAG_SERVER_SIDE: u16 = 1 << 1;

/// One event: its number and every attribute, `None` where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PmEvent {
    /// The number (MPTCP_EVENT_…).
    pub cmd: u8,
    /// The connection.
    pub token: Option<u32>,
    /// AF_INET (2) or AF_INET6 (10).
    pub family: Option<u16>,
    /// This host's address id.
    pub local_id: Option<u8>,
    /// The peer's address id.
    pub remote_id: Option<u8>,
    /// This host's address.
    pub saddr: Option<IpAddr>,
    /// The peer's address.
    pub daddr: Option<IpAddr>,
    /// This host's port.
    pub sport: Option<u16>,
    /// The peer's port.
    pub dport: Option<u16>,
    /// Whether the subflow is a backup.
    pub backup: Option<bool>,
    /// The socket error with which the subflow ended.
    pub error: Option<u8>,
    /// Bits MPTCP_PM_EV_FLAG_….
    pub flags: Option<u16>,
    /// Defined, and sent by no kernel so far.
    pub timeout: Option<u32>,
    /// The interface that the subflow is bound to.
    pub if_idx: Option<i32>,
    /// The reason in MP_TCPRST (RFC 8684, 3.6).
    pub reset_reason: Option<u32>,
    /// The flags in MP_TCPRST: 1 when the reason is transient.
    pub reset_flags: Option<u32>,
    /// Whether this host accepted the connection.
    pub server_side: Option<bool>,
    /// Attributes that have no field here.
    pub unknown: Vec<(u16, Vec<u8>)>,
}

/// An event. An attribute that is too short for its type counts as absent.
///
/// # Errors
/// When it is shorter than the header.
pub fn parse_event(payload: &[u8]) -> Result<PmEvent, Malformed> {
    let (cmd, attributes) = generic::parse(payload)?;
    let mut event = PmEvent {
        cmd,
        ..PmEvent::default()
    };
    for attribute in Attributes(attributes) {
        match attribute.kind {
            1 => event.token = attribute.u32(),
            2 => event.family = attribute.u16(),
            3 => event.local_id = attribute.u8(),
            4 => event.remote_id = attribute.u8(),
            5 => event.saddr = ip_at(AF_INET, attribute.payload, 0),
            6 => event.saddr = ip_at(AF_INET6, attribute.payload, 0),
            7 => event.daddr = ip_at(AF_INET, attribute.payload, 0),
            8 => event.daddr = ip_at(AF_INET6, attribute.payload, 0),
            9 => event.sport = attribute.be16(),
            10 => event.dport = attribute.be16(),
            11 => event.backup = attribute.u8().map(|byte| byte != 0),
            12 => event.error = attribute.u8(),
            13 => event.flags = attribute.u16(),
            14 => event.timeout = attribute.u32(),
            15 => event.if_idx = attribute.i32(),
            16 => event.reset_reason = attribute.u32(),
            17 => event.reset_flags = attribute.u32(),
            18 => event.server_side = attribute.u8().map(|byte| byte != 0),
            unknown => event.unknown.push((unknown, attribute.payload.to_vec())),
        }
    }
    Ok(event)
}
