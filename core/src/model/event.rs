//! Things that happened between samples.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::ids::as_text;
use super::{Access, CommandOutcome, Endpoint, Limits, MacAddress, Scope, SettingValue, SocketAddr, Token};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What happened. Its text form is the `event` of the public schema.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
            /// An event of the kernel's path manager that this version does not know, by its number.
            Unknown(u8),
        }

        impl EventKind {
            /// Every kind that has a name.
            pub const NAMED: &[(&'static str, Self)] = &[$(($name, Self::$kind),)*];
        }
    };
}

event_kinds! {
    /// A connection was made; no data has flowed yet.
    ConnectionCreated = "connection_created",
    /// A connection can carry data.
    ConnectionEstablished = "connection_established",
    /// A connection ended.
    ConnectionClosed = "connection_closed",
    /// A connection goes on as plain TCP: it has lost MPTCP, or never had it.
    ConnectionFallback = "connection_fallback",
    /// A subflow joined.
    SubflowEstablished = "subflow_established",
    /// A subflow ended.
    SubflowClosed = "subflow_closed",
    /// The packets of a subflow leave by another interface: its route is another.
    SubflowRerouted = "subflow_rerouted",
    /// A subflow's backup flag changed (MP_PRIO).
    SubflowPriority = "subflow_priority",
    /// The peer announced an address (ADD_ADDR).
    AddressAnnounced = "address_announced",
    /// The peer withdrew an address (REMOVE_ADDR).
    AddressRemoved = "address_removed",
    /// An MPTCP socket began to listen.
    ListenerCreated = "listener_created",
    /// An MPTCP socket stopped listening.
    ListenerClosed = "listener_closed",
    /// An endpoint appeared.
    EndpointAdded = "endpoint_added",
    /// An endpoint's flags changed.
    EndpointChanged = "endpoint_changed",
    /// An endpoint disappeared.
    EndpointRemoved = "endpoint_removed",
    /// A limit of the path manager changed.
    LimitsChanged = "limits_changed",
    /// A net.mptcp setting changed.
    SettingChanged = "setting_changed",
    /// An interface can carry packets again.
    InterfaceUp = "interface_up",
    /// An interface can no longer carry packets, or is gone.
    InterfaceDown = "interface_down",
    /// A wireless interface is the client of another access point than before.
    AccessPointChanged = "access_point_changed",
    /// An interface has another name.
    InterfaceRenamed = "interface_renamed",
    /// An interface was given an address.
    AddressAdded = "address_added",
    /// An interface lost an address.
    AddressLost = "address_lost",
    /// The kernel could not deliver some events; what they changed was read again.
    EventsLost = "events_lost",
    /// The clocks show that the machine was suspended.
    ClockJump = "clock_jump",
    /// Somebody asked for a change; this is its outcome.
    Command = "command",
    /// What may be seen and done is another now.
    AccessChanged = "access_changed",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(number) => write!(f, "unknown_{number}"),
            known => {
                let name = Self::NAMED
                    .iter()
                    .find(|(_, kind)| kind == known)
                    .map_or("", |(name, _)| name);
                f.write_str(name)
            }
        }
    }
}

impl FromStr for EventKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::NAMED
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, kind)| *kind);
        let numbered = || {
            text.strip_prefix("unknown_")
                .and_then(|n| n.parse().ok())
                .map(Self::Unknown)
        };
        named
            .or_else(numbered)
            .ok_or_else(|| format!("unknown event '{text}'"))
    }
}

as_text!(EventKind);

/// Where an event is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The kernel told it.
    Kernel,
    /// It was concluded by comparing samples.
    Inferred,
}

/// Something that happened, with what applies to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, in seconds since the stream began.
    pub t: f64,
    /// What.
    #[serde(rename = "event")]
    pub kind: EventKind,
    /// Where it is known from.
    #[serde(rename = "source")]
    pub origin: Origin,
    /// The connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// This host's address and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// The peer's address and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<SocketAddr>,
    /// The interface to whose link these addresses belong, where they are link-local and it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// An address that has no port: announced, added or lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The device name of the interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The name of the wireless network that the interface is in now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssid: Option<String>,
    /// The access point whose client the interface is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bssid: Option<MacAddress>,
    /// The device name that the interface had before it was renamed; of a subflow that was rerouted, the interface that
    /// carried it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface_was: Option<String>,
    /// This host's address id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_id: Option<u8>,
    /// The peer's address id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<u8>,
    /// Whether the subflow is a backup: told by the kernel, what the peer asked; inferred, what either side did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<bool>,
    /// Whether this host asks the peer to use the subflow as backup only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_local: Option<bool>,
    /// Whether the peer asks this host to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_remote: Option<bool>,
    /// Whether this host accepted the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_side: Option<bool>,
    /// The socket error with which the subflow ended, an errno.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u32>,
    /// The reason in MP_TCPRST (RFC 8684, 3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_reason: Option<u32>,
    /// The endpoint as it is now; as it was, when it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// The limits as they are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// The name of the setting below net.mptcp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// The setting's value now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<SettingValue>,
    /// How many times the kernel said that events were lost; each stands for one or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overruns: Option<u64>,
    /// How long the clocks say the machine was away, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_s: Option<f64>,
    /// What was asked, by whom, and how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandOutcome>,
    /// What may be seen and done now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Attributes that this version does not know, by number, in hexadecimal.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "by_number"
    )]
    pub unknown_attributes: BTreeMap<u16, String>,
}

/// Reads a map whose keys are numbers, which JSON writes as text. In a line of the stream serde has already taken
/// them for text when it comes to the event.
fn by_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u16, String>, D::Error> {
    let attributes = BTreeMap::<String, String>::deserialize(deserializer)?;
    let numbered = attributes.into_iter().map(|(number, bytes)| {
        let number = number.parse().map_err(D::Error::custom)?;
        Ok((number, bytes))
    });
    numbered.collect()
}

impl Event {
    /// An event about which nothing more is known yet.
    pub fn new(t: f64, kind: EventKind, origin: Origin) -> Self {
        Self {
            t,
            kind,
            origin,
            token: None,
            local: None,
            remote: None,
            scope: None,
            address: None,
            interface: None,
            ssid: None,
            bssid: None,
            interface_was: None,
            local_id: None,
            remote_id: None,
            backup: None,
            backup_local: None,
            backup_remote: None,
            server_side: None,
            error: None,
            reset_reason: None,
            endpoint: None,
            limits: None,
            setting: None,
            value: None,
            overruns: None,
            suspended_s: None,
            command: None,
            access: None,
            unknown_attributes: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;

    #[test]
    fn an_event_with_unknown_attributes_comes_back_from_a_line() {
        let event = Event {
            unknown_attributes: BTreeMap::from([(17, "01".to_owned())]),
            ..Event::new(1.5, EventKind::SubflowClosed, Origin::Kernel)
        };
        let line = Line::Event(Box::new(event));
        let text = serde_json::to_string(&line).expect("JSON");
        assert!(text.contains(r#""unknown_attributes":{"17":"01"}"#), "{text}");
        assert_eq!(serde_json::from_str::<Line>(&text).expect("a line"), line);
    }
}
