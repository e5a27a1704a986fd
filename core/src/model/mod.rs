//! What Pathscope talks about: connections, subflows, endpoints, interfaces, the stream and the commands.
//!
//! Plain data without a clock or I/O; beside it [`text`], which makes harmless what others chose. Its serde form **is** the public schema (version 1) of
//! `watch --json`, of `list --json` and of recordings: fields may be added, never renamed or re-typed.
//! What the kernel did not give is `None` and serialises as `null`, never as 0.

mod address;
mod command;
mod connection;
mod endpoint;
mod event;
mod ids;
mod interface;
mod plan;
mod stream;
pub mod text;

pub use address::unmap;
pub use command::{Before, Command, CommandOutcome, FlagChange};
pub use connection::{Connection, JoinedBy, Process, Subflow, TcpState};
pub use endpoint::{Endpoint, EndpointFlags, Limits, MAX_ENDPOINTS, UnknownFlag};
pub use event::{Event, EventKind, Origin};
pub use ids::{Cookie, Token};
pub use interface::{Interface, InterfaceAddress, InterfaceKind};
pub use plan::{Plan, addition, equivalent, plan_change};
pub use stream::{Access, Consent, Header, Line, Offer, Sample, SettingValue, Settings};

/// The version of the public schema.
pub const SCHEMA: u32 = 1;
