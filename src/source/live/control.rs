//! The control thread: carries out requests, one after the other, and tells how each ended.

use std::fmt;
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::super::Request;
use super::super::privilege::{KeptService, Service};
use super::shared::Shared;
use crate::bus::Refusal;
use crate::kernel::{Error, Namespace, PathManager};
use crate::model::{Before, Command, CommandOutcome, Event, EventKind, Origin};

pub(super) fn run(shared: &Arc<Shared>, requests: &Receiver<Request>) {
    let mut path_manager = shared.namespace.enter().and_then(|()| PathManager::new());
    for Request {
        command,
        by,
        reference,
        believed,
    } in requests
    {
        if shared.stopping() {
            break;
        }
        // Who reads the outcome may know no other name of the subflow.
        let command = match &mut path_manager {
            Ok(path_manager) => path_manager.with_link(command),
            Err(_) => command,
        };
        let done = match &mut path_manager {
            Ok(path_manager) => {
                let wait = |ask: &mut dyn FnMut() -> Result<(), Refusal>| shared.waiting_for_others(ask);
                change_with(
                    path_manager,
                    &shared.namespace,
                    &shared.service,
                    &command,
                    believed.map(|believed| *believed),
                    wait,
                )
                .map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        let outcome = CommandOutcome {
            asked: Some(command),
            by,
            reference,
            ok: done.is_ok(),
            message: done.err(),
        };
        let event = Event {
            command: Some(outcome),
            ..Event::new(0.0, EventKind::Command, Origin::Kernel)
        };
        if shared.outlet.event(event).is_err() {
            break;
        }
        // What changed should be seen at once.
        shared.want_sample();
    }
}

/// Why a change was not made.
#[derive(Debug)]
pub enum ChangeError {
    /// The kernel says so.
    Kernel(Error),
    /// The privileged helper says so.
    Service(Refusal),
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => error.fmt(f),
            Self::Service(refusal) => refusal.fmt(f),
        }
    }
}

/// Makes a change: directly where this process may, else by the privileged helper, which may have a person asked.
/// On either way it is made only if what it replaces is as believed. The calling thread must be in the namespace.
///
/// # Errors
/// Why it was not made. Where there is no helper, that is the kernel's reason.
pub fn change(
    path_manager: &mut PathManager,
    namespace: &Namespace,
    command: &Command,
    believed: Option<Before>,
) -> Result<(), ChangeError> {
    let service = KeptService::default();
    change_with(path_manager, namespace, &service, command, believed, |ask| ask())
}

/// As [`change`]; `wait` does what may wait for a person, or for the helper to start.
fn change_with(
    path_manager: &mut PathManager,
    namespace: &Namespace,
    service: &KeptService,
    command: &Command,
    believed: Option<Before>,
    wait: impl Fn(&mut dyn FnMut() -> Result<(), Refusal>) -> Result<(), Refusal>,
) -> Result<(), ChangeError> {
    let direct = match &believed {
        Some(believed) => path_manager.apply_if(command, believed),
        None => path_manager.apply(command),
    };
    let refused = match direct {
        // The helper is in the namespace that this process began in.
        Err(error) if error.is_not_permitted() && namespace.is_own() => error,
        outcome => return outcome.map_err(ChangeError::Kernel),
    };
    let kept = service;
    let mut service: Option<Arc<Service>> = None;
    let connecting = wait(&mut || kept.get().map(|connected| service = Some(connected)));
    let service = match (connecting, service) {
        (Ok(()), Some(service)) if service.presence().is_some() => service,
        // One that is there, and does not serve this process, says why.
        (Err(refusal), _) if !refusal.is_unavailable() => return Err(ChangeError::Service(refusal)),
        _ => return Err(ChangeError::Kernel(refused)),
    };
    let believed = match believed {
        Some(believed) => Some(believed),
        None => path_manager.before(command).map_err(ChangeError::Kernel)?,
    };
    wait(&mut || service.apply(command, believed.clone())).map_err(ChangeError::Service)?;
    path_manager
        .look_for_ignored(command)
        .map_err(ChangeError::Kernel)
}
