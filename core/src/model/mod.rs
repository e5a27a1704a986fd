//! What Pathscope talks about: connections, subflows, endpoints, interfaces, the stream and the commands.
//!
//! Plain data without a clock or I/O; beside it [`text`], which makes harmless what others chose. Its serde form
//! **is** the public schema (version 1) of `watch --json`, of `list --json` and of recordings: fields may be added, never
//! renamed or re-typed. What the kernel did not give is `None` and serialises as `null`, never as 0.

mod address;
mod command;
mod connection;
mod endpoint;
mod event;
mod identities;
mod ids;
mod interface;
mod interface_kind;
mod link_identities;
mod listening;
mod metric;
mod plan;
mod possible;
mod problem;
mod routing;
mod scope;
mod setting;
mod shared;
mod stream;
pub mod text;
mod waiting;
mod why_not;

pub use address::{AddressError, Host, SocketAddr, is_link_local, scope_of};
pub use command::{Before, Command, CommandOutcome, FlagChange};
pub use connection::{
    Connection, ConnectionKey, InterfaceBy, JoinedBy, Process, Subflow, SubflowDetails, TcpState,
};
pub use endpoint::{Endpoint, EndpointFlags, Limits, UnknownFlag};
pub use event::{Event, EventKind, Origin};
pub use identities::{LEFT_OUT, NameOf, StandIns};
pub use ids::{ConnectionId, Cookie, MacAddress, Sequence, Token};
pub use interface::{AddressState, Interface, InterfaceAddress, SpecialAddress};
pub use interface_kind::{InterfaceKind, KindTraits};
pub use listening::ListeningSocket;
pub use metric::Metric;
pub use plan::{Plan, addition, endpoint_torn_down, equivalent, plan_change};
pub use possible::{
    Impossible, check_addition, check_address, check_change, check_command, check_owner, owners, taken,
};
pub use problem::{Ignored, Problem, ignored, is_read_only, problems};
pub use routing::{
    DEFAULT_TABLE, LOCAL_TABLE, MAIN_TABLE, Neighbour, NeighbourState, Network, NextHop, RouteAction,
    RouteEntry, RoutingRule,
};
pub use scope::Scope;
pub use setting::{KnownSetting, SETTINGS, Takes};
pub use shared::Shared;
pub use stream::{Access, Consent, Header, Line, Offer, Sample, SettingValue, Settings};
pub use waiting::{HoldTimes, WaitReason};
pub use why_not::{Lack, Remedy, WhyNot};

/// The oldest kernel that everything rests on: its path manager's events are what the stream is made of.
pub const OLDEST_KERNEL: &str = "5.12";

/// The version of the public schema.
pub const SCHEMA: u32 = 1;
