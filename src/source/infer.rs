//! Events concluded from two readings, for where the kernel does not tell them.

use std::net::SocketAddr;

use rustc_hash::FxHashSet;

use crate::model::{Connection, Event, EventKind, Origin, Subflow, TcpState};

/// What tells one event from another: a socket has each but once, or twice with something else between.
pub(super) type Key = (EventKind, Option<SocketAddr>, Option<SocketAddr>);

/// What the kernel told since the reading before, so that it is not concluded once more.
pub(super) type Told = FxHashSet<Key>;

pub(super) fn key(event: &Event) -> Key {
    (event.kind, event.local, event.remote)
}

/// The events that the changes from one reading to the next amount to, except those in `told`. Each changed
/// connection comes as it was, unless it is new, and as it is.
pub(super) fn infer(
    changed: &[(Option<Connection>, Connection)],
    gone: &[Connection],
    told: &Told,
) -> Vec<Event> {
    let mut events = Vec::new();
    for (before, after) in changed {
        compare(before.as_ref(), after, &mut events);
    }
    for connection in gone {
        for subflow in connection
            .subflows
            .iter()
            .filter(|subflow| !subflow.state.is_ending())
        {
            events.push(about_subflow(EventKind::SubflowClosed, connection, subflow));
        }
        if !is_over(connection) {
            events.push(about_connection(EventKind::ConnectionClosed, connection));
        }
    }
    events.retain(|event| !told.contains(&key(event)));
    events
}

fn compare(before: Option<&Connection>, after: &Connection, events: &mut Vec<Event>) {
    let established = |connection: &Connection| connection.state == TcpState::Established;
    if before.is_none() {
        events.push(about_connection(EventKind::ConnectionCreated, after));
    }
    if established(after) && !before.is_some_and(established) {
        events.push(about_connection(EventKind::ConnectionEstablished, after));
    }
    let subflows_before = before.map_or(&[][..], |connection| &connection.subflows);
    for subflow in subflows_before
        .iter()
        .filter(|subflow| !subflow.state.is_ending())
    {
        let now = after.subflows.iter().find(|other| other.cookie == subflow.cookie);
        if now.is_none_or(|now| now.state.is_ending()) {
            events.push(about_subflow(EventKind::SubflowClosed, after, subflow));
        }
    }
    for subflow in &after.subflows {
        let was = subflows_before
            .iter()
            .find(|other| other.cookie == subflow.cookie);
        let up = |subflow: &Subflow| subflow.state == TcpState::Established;
        // The kernel has no such event for the initial subflow.
        if up(subflow) && !was.is_some_and(up) && subflow.initial != Some(true) {
            events.push(about_subflow(EventKind::SubflowEstablished, after, subflow));
        }
        if was.is_some_and(|was| was.is_backup() != subflow.is_backup()) {
            events.push(about_subflow(EventKind::SubflowPriority, after, subflow));
        }
    }
    if is_over(after) && !before.is_some_and(is_over) {
        events.push(about_connection(EventKind::ConnectionClosed, after));
    }
}

/// Whether the application has closed it: what is left goes on without a process.
fn is_over(connection: &Connection) -> bool {
    connection.inode.is_none() && connection.state.is_ending()
}

fn about_connection(kind: EventKind, connection: &Connection) -> Event {
    Event {
        token: connection.token,
        local: Some(connection.local),
        remote: Some(connection.remote),
        server_side: connection.server_side,
        ..Event::new(0.0, kind, Origin::Inferred)
    }
}

fn about_subflow(kind: EventKind, connection: &Connection, subflow: &Subflow) -> Event {
    Event {
        token: connection.token,
        local: Some(subflow.local),
        remote: Some(subflow.remote),
        interface: subflow.interface.clone(),
        local_id: subflow.local_id,
        remote_id: subflow.remote_id,
        backup: subflow.local_id.map(|_| subflow.is_backup()),
        ..Event::new(0.0, kind, Origin::Inferred)
    }
}
