//! The handle of a crowd: many connections at once, for tests and measurements.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LabError;
use super::process::HostProcess;
use super::protocol::{Order, Setup};

/// How large a crowd is and what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrowdOptions {
    /// MPTCP connections, each with two subflows.
    pub connections: usize,
    /// Every other one over IPv6.
    pub ipv6: bool,
    /// How many of them send 1 kB ten times a second; the others stay silent.
    pub busy: usize,
    /// How many are closed, and as many opened, a second.
    pub churn_per_second: usize,
    /// Plain TCP connections beside them.
    pub plain_tcp: usize,
    /// The program that has the laboratory's hidden commands; `None` is the one that is running.
    #[serde(skip)]
    pub program: Option<PathBuf>,
}

impl Default for CrowdOptions {
    fn default() -> Self {
        Self {
            connections: 100,
            ipv6: true,
            busy: 0,
            churn_per_second: 0,
            plain_tcp: 0,
            program: None,
        }
    }
}

/// A running crowd between two hosts with two plain links. Dropping it takes everything down.
#[derive(Debug)]
pub struct Crowd {
    process: HostProcess,
}

impl Crowd {
    /// Opens the connections and returns when every one has its two subflows.
    ///
    /// # Errors
    /// When the system forbids it, the kernel has no MPTCP, or the connections do not come up in time.
    pub fn start(options: &CrowdOptions) -> Result<Self, LabError> {
        let limit = Duration::from_secs(30 + options.connections as u64 / 50);
        let setup = Setup::Crowd(options.clone());
        let process = HostProcess::start(options.program.as_deref(), &setup, limit, |_, _| {})?;
        Ok(Self { process })
    }

    /// The network namespace of the side that opened the connections.
    pub fn netns(&self) -> PathBuf {
        self.process.netns()
    }

    /// The network namespace of the side that accepted them.
    pub fn server_netns(&self) -> PathBuf {
        self.process.server_netns()
    }

    /// From now on nothing is sent, opened or closed. Does not wait for it: what is under way still ends.
    ///
    /// # Errors
    /// When the laboratory has ended.
    pub fn calm(&self) -> Result<(), LabError> {
        self.process.order(&Order::Calm)
    }

    /// Closes every MPTCP connection at once; nothing happens from then on. Does not wait for it.
    ///
    /// # Errors
    /// When the laboratory has ended.
    pub fn close_all(&self) -> Result<(), LabError> {
        self.process.order(&Order::CloseAll)
    }

    /// Why it is no longer running.
    pub fn failure(&self) -> Option<String> {
        self.process.failure()
    }

    /// The host process, which holds every socket.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }
}
