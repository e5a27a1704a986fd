//! What the laboratory's processes beside the host process are to do, and how one of them is started.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use serde::{Deserialize, Serialize};

use super::scenario::Traffic;
use super::{APP_ARGUMENT, LabError};

/// What a process beside the host process is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// An application of the laptop.
    Application(Task),
    /// The server of a crowd.
    CrowdServer {
        /// How many sockets it will have.
        sockets: usize,
    },
}

/// What an application is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    /// Its name in /proc/PID/comm.
    pub(super) name: String,
    /// What it sends and receives.
    pub(super) traffic: Traffic,
    /// The address that it would rather connect from.
    pub(super) from: IpAddr,
    /// Where it connects to.
    pub(super) to: SocketAddr,
    /// Over how many connections, where one thread serves many.
    pub(super) connections: usize,
}

/// Starts a process in this thread's namespace. It is killed when this thread ends.
pub(super) fn spawn(work: &Work, output: Stdio) -> Result<Child, LabError> {
    let failed = |error: &dyn std::fmt::Display| LabError::failed("cannot start an application", error);
    Command::new("/proc/self/exe")
        .arg0("pathscope")
        .arg(APP_ARGUMENT)
        .arg(std::process::id().to_string())
        .arg(serde_json::to_string(work).map_err(|error| failed(&error))?)
        .stdin(Stdio::null())
        .stdout(output)
        .spawn()
        .map_err(|error| failed(&error))
}
