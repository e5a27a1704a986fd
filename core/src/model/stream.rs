//! The stream: a header, then samples and events.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Connection, ConnectionKey, Cookie, Endpoint, Event, Interface, Limits, ListeningSocket, Neighbour,
    RouteEntry, RoutingRule, SCHEMA, Token, WhyNot,
};

/// The value of a setting: a number where it reads as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A number.
    Number(i64),
    /// A word, or several.
    Text(String),
}

impl From<&str> for SettingValue {
    fn from(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Text(text.to_owned()), Self::Number)
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The settings below net.mptcp, by name.
pub type Settings = BTreeMap<String, SettingValue>;

/// What this process may see and do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of the public schema"
)]
pub struct Access {
    /// The kernel's own path-manager events.
    pub events: bool,
    /// Changes to endpoints, limits and settings, and closing subflows.
    pub control: bool,
    /// The tokens of subflows.
    pub subflow_tokens: bool,
    /// What is missing and what would lift it; in JSON one line of text.
    pub why_not: Option<WhyNot>,
    /// What the privileged helper would lift, where it is there and something is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Whether this is root on somebody's desktop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_root: bool,
    /// Whether the file of a program with a display has a capability, which nothing but the helper's should.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_file: bool,
}

/// Whether something is permitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// No, whatever is asked.
    #[default]
    No,
    /// After somebody has authenticated.
    Asks,
    /// Yes.
    Yes,
}

/// What the privileged helper would do for this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Passing on the kernel's own events.
    pub observe: Consent,
    /// Changing endpoints, limits and settings.
    pub configure: Consent,
    /// Closing one's own subflows.
    pub close_subflow: Consent,
    /// Whether it is so by membership of a group that may start the helper, and not by polkit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_group: bool,
}

/// The first line of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the schema.
    pub schema: u32,
    /// The wall clock when the stream began, RFC 3339, UTC.
    pub started_at: String,
    /// The host's name.
    pub host: String,
    /// The kernel's release.
    pub kernel: String,
    /// The network namespace, as it was named; `None` for Pathscope's own.
    pub netns: Option<String>,
    /// What may be seen and done.
    pub access: Access,
    /// From one sample to the next, ms.
    pub interval_ms: u64,
    /// Whether names and addresses are stand-ins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymised: bool,
}

impl Header {
    /// A header of the current schema.
    pub fn new(started_at: String, host: String, kernel: String, access: Access, interval_ms: u64) -> Self {
        Self {
            schema: SCHEMA,
            started_at,
            host,
            kernel,
            netns: None,
            access,
            interval_ms,
            anonymised: false,
        }
    }
}

/// State at one instant: everything when `full`, else what changed since the sample before. Objects are whole:
/// a changed connection comes with all its subflows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When it was complete, in seconds since the stream began.
    pub t: f64,
    /// Whether it holds everything.
    pub full: bool,
    /// The connections that were looked at, and no others; `None` when all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<Token>>,
    /// Connections. Listening sockets are none.
    pub connections: Vec<Connection>,
    /// The cookies of connections that are no more; others may have the same.
    pub gone: Vec<Cookie>,
    /// The same connections, by what they are known by.
    #[serde(default)]
    pub connections_gone: Vec<ConnectionKey>,
    /// MPTCP sockets that listen, by cookie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListeningSocket>,
    /// The cookies of those that listen no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listeners_gone: Vec<Cookie>,
    /// Interfaces, by index.
    pub interfaces: Vec<Interface>,
    /// Indices of interfaces that are no more.
    #[serde(default)]
    pub interfaces_gone: Vec<u32>,
    /// Endpoints, by id.
    pub endpoints: Vec<Endpoint>,
    /// Ids of endpoints that are no more.
    #[serde(default)]
    pub endpoints_gone: Vec<u8>,
    /// The limits, unless unchanged.
    pub limits: Option<Limits>,
    /// The settings that changed.
    pub settings: Settings,
    /// MPTcpExt counters that changed (/proc/net/netstat), by their kernel name.
    pub counters: BTreeMap<String, u64>,
    /// Counters of IP and TCP that changed and that tell why a subflow failed, by the names that nstat(8) gives them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub host_counters: BTreeMap<String, u64>,
    /// All routes but those of the local table, unless unchanged; `None` also where there are too many to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<RouteEntry>>,
    /// All routing rules, in the order in which they are asked, unless unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_rules: Option<Vec<RoutingRule>>,
    /// Routers on the links and neighbours that do not answer, unless unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<Vec<Neighbour>>,
    /// Programs that manage MPTCP's paths or the network and run now, by name, unless unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managers: Option<Vec<String>>,
    /// Established connections on plain TCP, unless unchanged.
    #[serde(default)]
    pub plain_tcp: Option<u32>,
    /// CPU that reading this sample took, µs.
    #[serde(default)]
    pub cost_us: Option<u64>,
    /// For how long connections may go unread that do nothing, ms, where that is longer than the interval: within that
    /// time everything is read again. `None` where every sample is of everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everything_within_ms: Option<u32>,
}

/// One line of the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Header(Header),
    /// State at one instant.
    Sample(Box<Sample>),
    /// Something that happened.
    Event(Box<Event>),
}

impl Line {
    /// When, in seconds since the stream began.
    pub fn t(&self) -> f64 {
        match self {
            Self::Header(_) => 0.0,
            Self::Sample(sample) => sample.t,
            Self::Event(event) => event.t,
        }
    }
}
