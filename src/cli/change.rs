//! `endpoint`, `limits`, `set` and `close`: one change, carried out at once.

use super::{Failure, Output};
use crate::kernel::{Namespace, PathManager};
use crate::model::{Command, Shared, SocketAddr, Subflow};
use crate::source::{ChangeError, change, snapshot};
use crate::words::command::LAST_PATH_CLOSED;

pub(super) fn run(namespace: &Namespace, command: &Command, output: &mut Output) -> Result<(), Failure> {
    namespace.enter()?;
    let mut path_manager = PathManager::new()?;
    let is_last = match path_manager.with_link(command.clone()) {
        Command::Close { local, remote } => is_last_path(namespace, local, remote),
        _ => false,
    };
    change(&mut path_manager, namespace, command, None).map_err(|error| match error {
        ChangeError::Kernel(error) => error.into(),
        ChangeError::Service(refusal) if refusal.is_not_permitted() => Failure::with_code(3, refusal),
        ChangeError::Service(refusal) => Failure::failed(refusal),
    })?;
    if is_last {
        output.line(LAST_PATH_CLOSED)?;
        output.flush()?;
    }
    Ok(())
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
