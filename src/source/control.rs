//! The control thread: carries out requests, one after the other, and tells how each ended.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::Request;
use super::shared::Shared;
use crate::kernel::PathManager;
use crate::model::{CommandOutcome, Event, EventKind, Origin};

pub(super) fn run(shared: &Arc<Shared>, requests: &Receiver<Request>, poke: &Sender<()>) {
    let mut path_manager = shared.namespace.enter().and_then(|()| PathManager::new());
    for Request {
        command,
        by,
        reference,
    } in requests
    {
        if shared.stopping() {
            break;
        }
        let done = match &mut path_manager {
            Ok(path_manager) => path_manager.apply(&command).map_err(|error| error.to_string()),
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
        let _ = poke.try_send(());
    }
}
