//! What people call interfaces, and who asked for a backup.

use super::State;
use crate::model::{Event, EventKind, InterfaceKind};

/// What people call a kind of interface; `None` when the device name says more.
pub fn kind_name(kind: InterfaceKind) -> Option<&'static str> {
    kind.traits().title
}

/// The name of a device: its kind, with the device name where several are of that kind; else the device name alone.
pub fn device_name(state: &State, device: &str) -> String {
    let Some(interface) = state.interface(device) else {
        return device.to_owned();
    };
    let alike = || {
        let same = state
            .interfaces
            .values()
            .filter(|other| other.kind == interface.kind);
        same.count() > 1
    };
    match kind_name(interface.kind) {
        Some(kind) if alike() => format!("{kind} {device}"),
        Some(kind) => kind.to_owned(),
        None => device.to_owned(),
    }
}

/// Who asks for the subflow of an event to be used as backup only, or no longer does.
pub fn backup_in_words(event: &Event) -> Option<&'static str> {
    let changed = event.kind == EventKind::SubflowPriority;
    match (event.backup_local, event.backup_remote) {
        (Some(true), Some(true)) => Some("backup, asked for here and by the peer"),
        (Some(true), _) => Some("backup, asked for here"),
        (_, Some(true)) => Some("backup, asked for by the peer"),
        (Some(false), None) if changed => Some("no longer backup, asked for here"),
        (None, Some(false)) if changed => Some("no longer backup, asked for by the peer"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    #[test]
    fn an_event_says_whose_request_a_backup_is() {
        const CHANGED: EventKind = EventKind::SubflowPriority;
        const JOINED: EventKind = EventKind::SubflowEstablished;
        let words = |kind, backup_local, backup_remote| {
            let event = Event {
                backup_local,
                backup_remote,
                ..Event::new(0.0, kind, Origin::Kernel)
            };
            backup_in_words(&event)
        };
        assert_eq!(words(CHANGED, Some(true), None), Some("backup, asked for here"));
        assert_eq!(
            words(CHANGED, None, Some(false)),
            Some("no longer backup, asked for by the peer")
        );
        assert_eq!(
            words(JOINED, Some(false), Some(true)),
            Some("backup, asked for by the peer")
        );
        assert_eq!(words(JOINED, None, Some(false)), None);
    }
}
