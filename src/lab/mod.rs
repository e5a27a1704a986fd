//! A laboratory: two hosts joined by links with their own delay, rate and loss, and real MPTCP traffic between them.
//!
//! Everything lives in a child process of its own, the *host process*, whose threads unshare network namespaces that
//! have no name and no mount. Nothing needs to be tidied away: when that process is gone, so is the laboratory. It
//! goes when its standard input ends (the parent dropped its handle or died) and when the parent is killed.
//!
//! ```text
//!  laptop (main thread)        air (forwarder)          server (thread)
//!  wifi      10.77.1.2 ── wifi-near  ⇄  wifi-far ── wifi      10.77.1.1 ┐
//!  ethernet  10.77.2.2 ── ethernet-near ⇄ … ─────── ethernet  10.77.2.1 ├ lo 10.77.0.0/24
//!  phone     10.77.3.2 ── phone-near ⇄ … ────────── phone     10.77.3.1 ┘
//! ```
//!
//! The server is 10.77.0.1 with Multipath TCP and 10.77.0.2 without; from 10.77.0.10 on it plays the peers of
//! applications that have many. Where the server announces an address, it is its own on that link. IPv6 is the same
//! below fd77::/16.
//!
//! A [`Scenario`] is data (the module `scenario`): the host process makes its links and applications and plays its acts
//! until a person touches a link, or says so; when told to it begins them anew. A [`Crowd`] is for measurements: thousands of connections over two
//! bare links.
//!
//! The parent and the host process exchange JSON lines over the child's standard input and output (the module `protocol`).
//! Applications are further processes, so that /proc/PID/comm names them as it would on a real machine.

mod able;
mod app;
mod client_pool;
mod crowd;
mod error;
mod handle;
mod host;
mod net;
mod process;
mod protocol;
mod raw;
mod scenario;
mod sockets;
mod timeline;
mod work;

pub use able::become_able;
pub use app::app_main;
pub use crowd::{Crowd, CrowdOptions};
pub use error::LabError;
pub use handle::{Lab, Options};
pub use host::host_main;
pub use protocol::Link;
pub use scenario::{
    Act, Change, Family, Flow, Joining, LinkPlan, Peer, Scenario, Shows, Traffic, scenario, scenarios,
};

/// The hidden first argument that makes the program the laboratory's host process.
pub const HOST_ARGUMENT: &str = "lab-host";

/// The hidden first argument that makes the program one of the laboratory's applications.
pub const APP_ARGUMENT: &str = "lab-app";
