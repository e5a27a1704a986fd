//! Events concluded from two readings, for where the kernel does not tell them.

use rustc_hash::FxHashSet;

use crate::model::{
    Connection, Cookie, Event, EventKind, Origin, Shared, SocketAddr, Subflow, TcpState, Token,
};

/// What tells one event from another: of a connection its token, of a subflow its addresses. Each happens once, or
/// again with something else between.
pub(in crate::source) type Key = (EventKind, Option<Token>, Option<(SocketAddr, SocketAddr)>);

/// What the kernel told since the reading before, so that it is not concluded once more.
pub(in crate::source) type EventKeys = FxHashSet<Key>;

pub(in crate::source) fn key(event: &Event) -> Key {
    let of_connection = matches!(
        event.kind,
        EventKind::ConnectionCreated
            | EventKind::ConnectionEstablished
            | EventKind::ConnectionFallback
            | EventKind::ConnectionClosed
    );
    // The kernel gives a connection's addresses with its beginning, and not with its end.
    let path = event.local.zip(event.remote).filter(|_| !of_connection);
    (event.kind, event.token, path)
}

/// The events that the changes from one reading to the next amount to, except those in `told`. Each changed
/// connection comes as it was, unless it is new, and as it is.
pub(super) fn infer(
    changed: &[(Option<Connection>, Connection)],
    gone: &[Connection],
    told: &EventKeys,
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

/// The ends of connections that were not over before: by their application, or by being gone.
pub(super) fn ends(changed: &[(Option<Connection>, &Connection)], gone: &[Connection]) -> Vec<Event> {
    let over = changed.iter().filter(|(before, after)| {
        let was = before.as_ref().is_some_and(is_over);
        is_over(after) && !was
    });
    let over = over.map(|(_, after)| about_connection(EventKind::ConnectionClosed, after));
    let gone = gone.iter().filter(|connection| !is_over(connection));
    over.chain(gone.map(|connection| about_connection(EventKind::ConnectionClosed, connection)))
        .collect()
}

/// The changes of what this host asked of its subflows (MP_PRIO): the kernel tells them to the peer only.
pub(super) fn own_priorities(before: &Connection, after: &Connection) -> Vec<Event> {
    let changed = |subflow: &&Shared<Subflow>| {
        let was = before
            .subflows
            .iter()
            .find(|other| other.cookie == subflow.cookie);
        was.is_some_and(|was| differ(was.backup_local, subflow.backup_local))
    };
    let subflows = after.subflows.iter().filter(changed);
    subflows
        .map(|subflow| Event {
            backup_remote: None,
            ..about_subflow(EventKind::SubflowPriority, after, subflow)
        })
        .collect()
}

/// Whether both are known and not the same.
fn differ(was: Option<bool>, is: Option<bool>) -> bool {
    was.zip(is).is_some_and(|(was, is)| was != is)
}

/// What happened to a connection that goes on as plain TCP since the reading before, of which the kernel tells nothing:
/// its beginning too, when it never spoke MPTCP (net/mptcp/protocol.c calls no `mptcp_event` then).
pub(super) fn fallback(before: Option<&Connection>, after: &Connection) -> Vec<Event> {
    let fell_back = |connection: &Connection| connection.fallback == Some(true);
    if !fell_back(after) || before.is_some_and(fell_back) {
        return Vec::new();
    }
    let began = before.is_none_or(|before| before.state == TcpState::SynSent);
    let mut kinds = Vec::new();
    if began {
        kinds.extend([EventKind::ConnectionCreated, EventKind::ConnectionEstablished]);
    }
    kinds.push(EventKind::ConnectionFallback);
    kinds
        .into_iter()
        .map(|kind| about_connection(kind, after))
        .collect()
}

/// That the packets of subflows leave by another interface: by cookie, the device that carried each before.
pub(super) fn rerouted(connection: &Connection, from: &dyn Fn(Cookie) -> Option<String>) -> Vec<Event> {
    let subflows = connection.subflows.iter();
    let events = subflows.filter_map(|subflow| {
        Some(Event {
            interface_was: Some(from(subflow.cookie)?),
            ..about_subflow(EventKind::SubflowRerouted, connection, subflow)
        })
    });
    events.collect()
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
        let up = |subflow: &Shared<Subflow>| subflow.state == TcpState::Established;
        // The kernel has no such event for the initial subflow.
        // Where the kernel keeps the flags to itself, a new connection's only subflow is its first.
        let initial = subflow
            .initial
            .unwrap_or(before.is_none() && after.subflows.len() == 1);
        if up(subflow) && !was.is_some_and(up) && !initial {
            events.push(about_subflow(EventKind::SubflowEstablished, after, subflow));
        }
        if was.is_some_and(|was| differ(was.backup_remote, subflow.backup_remote)) {
            events.push(Event {
                backup_local: None,
                ..about_subflow(EventKind::SubflowPriority, after, subflow)
            });
        }
    }
    if is_over(after) && !before.is_some_and(is_over) {
        events.push(about_connection(EventKind::ConnectionClosed, after));
    }
}

/// Whether the application has closed it: what is left goes on without a process.
pub(super) fn is_over(connection: &Connection) -> bool {
    connection.inode.is_none() && connection.state.is_ending()
}

fn about_connection(kind: EventKind, connection: &Connection) -> Event {
    let initial = connection
        .subflows
        .iter()
        .find(|subflow| (subflow.local, subflow.remote) == (connection.local, connection.remote));
    Event {
        token: connection.token,
        local: Some(connection.local),
        remote: Some(connection.remote),
        scope: connection.scope,
        interface: initial.and_then(|subflow| subflow.interface.clone()),
        local_id: initial.and_then(|subflow| subflow.local_id),
        remote_id: initial.and_then(|subflow| subflow.remote_id),
        server_side: connection.server_side,
        ..Event::new(0.0, kind, Origin::Inferred)
    }
}

fn about_subflow(kind: EventKind, connection: &Connection, subflow: &Subflow) -> Event {
    Event {
        token: connection.token,
        local: Some(subflow.local),
        remote: Some(subflow.remote),
        scope: subflow.scope,
        interface: subflow.interface.clone(),
        local_id: subflow.local_id,
        remote_id: subflow.remote_id,
        backup: (subflow.backup_local.is_some() || subflow.backup_remote.is_some())
            .then(|| subflow.is_backup()),
        backup_local: subflow.backup_local,
        backup_remote: subflow.backup_remote,
        ..Event::new(0.0, kind, Origin::Inferred)
    }
}
