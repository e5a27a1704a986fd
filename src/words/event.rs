//! Events: what happened, and what is known of it. The panel, the marks in the plots and the command line say the same.

use std::net::IpAddr;

use super::units::age;
use super::{capitalised, command, error};
use crate::model::{Command, Event, EventKind, Origin};

/// What happened, in a few words: `subflow closed`.
pub fn what(kind: EventKind) -> String {
    // The schema's names are what people call these things.
    kind.to_string().replace('_', " ")
}

/// The same at the beginning of a line.
pub fn title(kind: EventKind) -> String {
    capitalised(&what(kind))
}

/// Whether a path was lost, or a change failed.
pub fn is_loss(event: &Event) -> bool {
    match event.kind {
        EventKind::InterfaceDown | EventKind::AddressLost => true,
        EventKind::SubflowClosed => event.error.unwrap_or(0) != 0 || event.reset_reason.is_some(),
        EventKind::Command => event.command.as_ref().is_some_and(|outcome| !outcome.ok),
        _ => false,
    }
}

/// Who asks for the subflow of an event to be used as backup only, or no longer does.
pub fn backup(event: &Event) -> Option<&'static str> {
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

/// That a change made here closed the subflow whose end an event tells.
pub fn closed_by(change: &Command) -> String {
    format!("closed by you: {}", command::asked(change))
}

/// Everything that is known of an event, a part each.
pub fn details(event: &Event) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(event.token.map(|token| token.to_string()));
    match (event.local, event.remote) {
        (Some(local), Some(remote)) => parts.push(format!("{local} → {remote}")),
        (local, remote) => parts.extend(local.or(remote).map(|address| address.to_string())),
    }
    let ends = [event.local, event.remote];
    let is_told = |address: &IpAddr| ends.iter().flatten().any(|end| end.ip() == *address);
    let address = event.address.filter(|address| !is_told(address));
    parts.extend(address.map(|address| address.to_string()));
    parts.extend(event.interface.clone());
    parts.extend(event.interface_was.as_ref().map(|was| format!("before {was}")));
    parts.extend(event.ssid.as_ref().map(|ssid| format!("network {ssid}")));
    parts.extend(event.bssid.map(|bssid| format!("access point {bssid}")));
    match (event.local_id, event.remote_id) {
        (Some(local), Some(remote)) => parts.push(format!("ids {local} → {remote}")),
        // That of an address which the peer announced, or removed.
        (None, Some(remote)) => parts.push(format!("id {remote}")),
        (_, None) => {}
    }
    parts.extend(backup(event).map(str::to_owned));
    parts.extend(event.error.filter(|number| *number != 0).map(error::errno));
    parts.extend(event.reset_reason.map(error::reset));
    parts.extend(event.endpoint.as_ref().map(|endpoint| {
        let (id, address, flags) = (endpoint.id, endpoint.address, endpoint.flags);
        format!("endpoint {id} {address} {flags}")
    }));
    parts.extend(event.limits.map(|limits| {
        let (extra, accepted) = (limits.extra_subflows_max, limits.add_addr_accepted_max);
        format!("extra subflows {extra}, ADD_ADDR accepted {accepted}")
    }));
    if let (Some(name), Some(value)) = (&event.setting, &event.value) {
        parts.push(format!("{name} = {value}"));
    }
    parts.extend(event.overruns.map(|overruns| format!("{overruns} times")));
    parts.extend(event.suspended_s.map(|away| format!("away for {}", age(away))));
    parts.extend(event.command.iter().flat_map(command::outcome));
    if event.origin == Origin::Inferred {
        parts.push("inferred".to_owned());
    }
    parts
}

/// An event in two or three words, with what people call its path; `None` for what a mark in the plots does not show.
pub fn in_short(event: &Event, path: &str) -> Option<String> {
    let text = match event.kind {
        EventKind::SubflowEstablished => format!("{path} joined"),
        EventKind::SubflowClosed => format!("{path} closed"),
        EventKind::SubflowPriority if event.backup == Some(true) => format!("{path}: backup on"),
        EventKind::SubflowPriority => format!("{path}: backup off"),
        EventKind::SubflowRerouted => format!("moved to {path}"),
        EventKind::ConnectionEstablished => "Established".to_owned(),
        EventKind::ConnectionClosed => "Closed".to_owned(),
        EventKind::AddressAnnounced => "Address announced".to_owned(),
        EventKind::AddressRemoved => "Address withdrawn".to_owned(),
        EventKind::InterfaceDown => format!("{path} lost"),
        EventKind::AccessPointChanged => format!("{path}: other access point"),
        EventKind::InterfaceUp => format!("{path} back"),
        EventKind::AddressLost => format!("{path} address lost"),
        EventKind::EndpointAdded => format!("{path} endpoint added"),
        EventKind::EndpointRemoved => format!("{path} endpoint removed"),
        EventKind::EndpointChanged => format!("{path} endpoint changed"),
        EventKind::EventsLost => "Events lost".to_owned(),
        EventKind::ClockJump => {
            let away = event
                .suspended_s
                .map_or_else(String::new, |s| format!(" {}", age(s)));
            format!("Suspended{away}")
        }
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CommandOutcome;

    fn event(kind: EventKind) -> Event {
        Event::new(1.5, kind, Origin::Kernel)
    }

    #[test]
    fn an_event_says_whose_request_a_backup_is() {
        const CHANGED: EventKind = EventKind::SubflowPriority;
        const JOINED: EventKind = EventKind::SubflowEstablished;
        let words = |kind, backup_local, backup_remote| {
            let event = Event {
                backup_local,
                backup_remote,
                ..event(kind)
            };
            backup(&event)
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

    #[test]
    fn an_end_says_why_in_words() {
        let mut event = event(EventKind::SubflowClosed);
        event.error = Some(111);
        assert_eq!(details(&event), ["connection refused (111)"]);
        event.error = Some(104);
        event.reset_reason = Some(6);
        assert_eq!(
            details(&event),
            ["connection reset (104)", "reset: middlebox interference (6)"]
        );
        assert!(is_loss(&event));
        event.error = Some(0);
        assert_eq!(details(&event), ["reset: middlebox interference (6)"]);
    }

    #[test]
    fn what_was_asked_is_told_with_its_outcome() {
        let mut event = event(EventKind::Command);
        event.command = Some(CommandOutcome {
            asked: Some(Command::EndpointRemove { id: 3 }),
            by: "window".to_owned(),
            reference: None,
            ok: false,
            message: Some("it is not there".to_owned()),
        });
        assert_eq!(
            details(&event),
            ["by window: failed", "it is not there", "endpoint remove id 3"]
        );
        assert!(is_loss(&event));
        assert_eq!(in_short(&event, "Wi-Fi"), None);
    }
}
