//! `endpoint`, `limits`, `set` and `close`: one change, carried out at once.

use std::collections::BTreeSet;

use super::{Failure, Output};
use crate::kernel::{Namespace, PathManager};
use crate::model::{Command, Cookie, Endpoint, Shared, SocketAddr, Subflow, endpoint_torn_down};
use crate::source::{ChangeError, change, snapshot};
use crate::words::command::{LAST_PATH_CLOSED, closed as closed_subflows};

pub(super) fn run(namespace: &Namespace, command: &Command, output: &mut Output) -> Result<(), Failure> {
    namespace.enter()?;
    let mut path_manager = PathManager::new()?;
    let is_last = match path_manager.with_link(command.clone()) {
        Command::Close { local, remote } => is_last_path(namespace, local, remote),
        _ => false,
    };
    let endpoints = path_manager.endpoints().unwrap_or_default();
    let torn_down = endpoint_torn_down(command, &endpoints);
    let before = torn_down.map(|endpoint| subflows_of(namespace, endpoint));
    change(&mut path_manager, namespace, command, None).map_err(|error| match error {
        ChangeError::Kernel(error) => error.into(),
        ChangeError::Service(refusal) if refusal.is_not_permitted() => Failure::with_code(3, refusal),
        ChangeError::Service(refusal) => Failure::failed(refusal),
    })?;
    if let (Some(endpoint), Some(before)) = (torn_down, before) {
        let left = subflows_of(namespace, endpoint);
        let closed = before.difference(&left).count();
        if closed > 0 {
            output.line(closed_subflows(closed))?;
            output.flush()?;
        }
    }
    if is_last {
        output.line(LAST_PATH_CLOSED)?;
        output.flush()?;
    }
    Ok(())
}

/// The subflows of an endpoint that live, by their sockets.
fn subflows_of(namespace: &Namespace, endpoint: &Endpoint) -> BTreeSet<Cookie> {
    let Ok((_, sample)) = snapshot(namespace) else {
        return BTreeSet::new();
    };
    let connections = sample.connections.iter();
    let subflows = connections.flat_map(|connection| &connection.subflows);
    let own = subflows.filter(|subflow| endpoint.may_have(subflow.local) && !subflow.state.is_ending());
    own.map(|subflow| subflow.cookie).collect()
}

/// Whether a connection has no other path than the subflow between two addresses.
fn is_last_path(namespace: &Namespace, local: SocketAddr, remote: SocketAddr) -> bool {
    let Ok((_, sample)) = snapshot(namespace) else {
        return false;
    };
    let is_it = |subflow: &Shared<Subflow>| local.may_be(&subflow.local) && remote.may_be(&subflow.remote);
    let mut connections = sample.connections.iter();
    let connection = connections.find(|connection| connection.subflows.iter().any(is_it));
    connection.is_some_and(|connection| {
        let mut others = connection.subflows.iter().filter(|subflow| !is_it(subflow));
        !others.any(|other| !other.state.is_ending())
    })
}
