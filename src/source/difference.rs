//! What changed from one reading of the sockets to the next.

use std::net::SocketAddr;

use rustc_hash::FxHashSet;

use super::table::{Entry, Row, Table};
use crate::model::Cookie;
use crate::wire::sock_diag::{MptcpSocket, TcpSocket};

/// What the kernel's events and /proc told since the reading before.
#[derive(Default)]
pub(super) struct News {
    /// Tokens of connections that closed.
    pub(super) connections_closed: FxHashSet<u32>,
    /// Local and remote address of subflows that closed.
    pub(super) subflows_closed: FxHashSet<(SocketAddr, SocketAddr)>,
    /// Connections of which something besides the socket became known, by inode.
    pub(super) inodes: FxHashSet<u32>,
    /// The same, by token.
    pub(super) tokens: FxHashSet<u32>,
}

/// The outcome of a comparison: positions in the reading after.
#[derive(Default)]
pub(super) struct Difference {
    /// Positions of connections that are new or changed in any way.
    pub(super) changed: Vec<usize>,
    /// Connections that are no more.
    pub(super) gone: Vec<Cookie>,
}

/// Compares two readings and completes `after`: what it lacks is carried over from `before` once, because a dump
/// under churn can miss a socket (net/ipv4/inet_diag.c walks hash chains and resumes by position), unless an event
/// said that it closed. Both are in order of cookie, so one walk along both is enough.
pub(super) fn difference(before: &Table, after: &mut Table, scratch: &mut Table, news: &News) -> Difference {
    let mut found = Difference::default();
    let mut old = before.entries().iter().peekable();
    let mut new = after.entries().iter().peekable();
    scratch.clear();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.socket.cookie.cmp(&b.socket.cookie),
        };
        match order {
            std::cmp::Ordering::Less => {
                let Some(entry) = old.next() else { break };
                let closed = entry
                    .socket
                    .token
                    .is_some_and(|token| news.connections_closed.contains(&token));
                if entry.missed || closed {
                    found.gone.push(Cookie(entry.socket.cookie));
                } else {
                    scratch.push(entry.socket, true, before.rows(entry).iter().copied());
                }
            }
            std::cmp::Ordering::Greater => {
                let Some(entry) = new.next() else { break };
                found.changed.push(scratch.entries().len());
                scratch.push(entry.socket, false, after.rows(entry).iter().copied());
            }
            std::cmp::Ordering::Equal => {
                let (Some(was), Some(is)) = (old.next(), new.next()) else {
                    break;
                };
                let position = scratch.entries().len();
                let same = keep(was, is, before.rows(was), after.rows(is), scratch, news);
                let token = is.socket.token;
                let told = news.inodes.contains(&is.socket.inode)
                    || token.is_some_and(|token| news.tokens.contains(&token));
                if told || !same {
                    found.changed.push(position);
                }
            }
        }
    }
    std::mem::swap(after, scratch);
    found
}

/// Adds a connection that both readings hold to `into`; whether nothing about it changed.
fn keep(was: &Entry, is: &Entry, before: &[Row], after: &[Row], into: &mut Table, news: &News) -> bool {
    // It keeps the token that it gave back when it was closed.
    let socket = MptcpSocket {
        token: is.socket.token.or(was.socket.token),
        ..is.socket
    };
    let same_socket = was.socket == socket;
    let same_cookies = |rows: &[Row]| {
        before.len() == rows.len()
            && before
                .iter()
                .zip(rows)
                .all(|(a, b)| a.socket.cookie == b.socket.cookie)
    };
    if same_cookies(after) {
        into.push(socket, false, after.iter().copied());
        return same_socket && before.iter().zip(after).all(|(a, b)| unchanged(a, b));
    }
    let closed = |row: &Row| {
        row.missed
            || news
                .subflows_closed
                .contains(&(row.socket.local, row.socket.remote))
    };
    let here = |row: &&Row| after.iter().any(|other| other.socket.cookie == row.socket.cookie);
    let carried = before
        .iter()
        .filter(|row| !here(row) && !closed(row))
        .map(|row| Row { missed: true, ..*row });
    let mut rows: Vec<Row> = after.iter().copied().chain(carried).collect();
    rows.sort_unstable_by_key(|row| row.socket.cookie);
    let same = same_socket && same_cookies(&rows) && before.iter().zip(&rows).all(|(a, b)| unchanged(a, b));
    into.push(socket, false, rows.into_iter());
    same
}

/// Whether two readings of a subflow say the same. A field that only counts the time since something has not
/// changed by growing with the clock; it has when it started anew.
fn unchanged(before: &Row, after: &Row) -> bool {
    let (a, b) = (&before.socket, &after.socket);
    let anew = a.last_data_sent_ms > b.last_data_sent_ms
        || a.last_data_received_ms > b.last_data_received_ms
        || a.last_ack_received_ms > b.last_ack_received_ms;
    if anew || before.joined_by != after.joined_by {
        return false;
    }
    let aged = TcpSocket {
        last_data_sent_ms: a.last_data_sent_ms,
        last_data_received_ms: a.last_data_received_ms,
        last_ack_received_ms: a.last_ack_received_ms,
        ..*b
    };
    aged == *a
}
