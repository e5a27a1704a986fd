//! What this kernel says, and what it is asked to change: the only user of neli, sysinfo and netlink sockets.
//!
//! Everything opened here belongs to the network namespace that the calling thread is in at that moment
//! ([`Namespace::enter`]). Sockets and [`ProcFiles`] stay with it; [`settings`], [`counters`] and
//! [`model::Command::Set`] go by the namespace of the thread that calls them. Nothing here reads a clock.
//!
//! [`model::Command::Set`]: crate::model::Command::Set

#[cfg(feature = "monitor")]
mod access;
#[cfg(feature = "monitor")]
mod container;
mod control;
mod error;
mod event_map;
mod events;
mod flag_support;
mod generic;
mod interface_kind;
mod listener;
#[cfg(feature = "monitor")]
mod managers;
mod names;
mod netlink;
mod netns;
mod own_namespace;
mod path_manager;
mod proc;
#[cfg(feature = "monitor")]
mod processes;
mod route;
mod route_events;
mod route_lookup;
mod routing;
mod socket_table;
mod sockets;
#[cfg(feature = "monitor")]
mod survey;
mod unprivileged;
mod wireless;

#[cfg(feature = "monitor")]
pub use access::{has_capability, probe, release};
#[cfg(feature = "monitor")]
pub use container::{Container, ContainerEngine};
pub use error::{Error, Left};
pub use events::{Events, Received, port_is_taken};
#[cfg(feature = "monitor")]
pub use managers::managers;
pub use netns::Namespace;
pub use own_namespace::{OwnNamespace, witness};
pub use path_manager::PathManager;
pub use proc::{ProcFiles, counters, settings};
#[cfg(feature = "monitor")]
pub use processes::{Holders, Processes, user_name};
pub use route::Route;
pub use route_events::{RouteChange, RouteEvents, RouteNotice};
pub use route_lookup::RouteLookup;
pub use routing::RoutingTables;
pub use socket_table::{SocketTable, connection_id};
pub use sockets::Sockets;
#[cfg(feature = "monitor")]
pub use survey::{FoundNamespace, NamespaceSurvey};
