//! What changed from one reading of the sockets to the next.

use std::net::SocketAddr;

use rustc_hash::FxHashSet;

use super::table::{Layout, Place, Row, Table, carry};
use crate::wire::sock_diag::{MptcpSocket, TcpSocket};

/// What the kernel's events and /proc told since the reading before.
#[derive(Default)]
pub(super) struct News {
    /// Tokens of connections that were made.
    pub(super) connections_created: FxHashSet<u32>,
    /// Tokens of connections that closed.
    pub(super) connections_closed: FxHashSet<u32>,
    /// Local and remote address of subflows that closed.
    pub(super) subflows_closed: FxHashSet<(SocketAddr, SocketAddr)>,
    /// Local and remote address of subflows that came up, and the interface that they may be bound to.
    pub(super) subflows_established: Vec<(SocketAddr, SocketAddr, Option<String>)>,
    /// Connections of which something besides the socket became known, by inode.
    pub(super) inodes: FxHashSet<u32>,
    /// The same, by token.
    pub(super) tokens: FxHashSet<u32>,
}

impl News {
    /// Adds what another one tells.
    pub(super) fn merge(&mut self, other: Self) {
        self.connections_created.extend(other.connections_created);
        self.connections_closed.extend(other.connections_closed);
        self.subflows_closed.extend(other.subflows_closed);
        self.subflows_established.extend(other.subflows_established);
        self.inodes.extend(other.inodes);
        self.tokens.extend(other.tokens);
    }
}

/// The outcome of a comparison: positions in the reading after.
#[derive(Default)]
pub(super) struct Difference {
    /// Positions of connections that are new or changed in any way.
    pub(super) changed: Vec<usize>,
    /// Positions of those that are new.
    pub(super) new: Vec<usize>,
    /// Connections that are no more.
    pub(super) gone: Vec<MptcpSocket>,
}

/// Compares two readings and completes `after`: what it lacks is carried over from `before` once, because a dump
/// under churn can miss a socket (net/ipv4/inet_diag.c walks hash chains and resumes by position), unless an event
/// said that it closed. Both are in order of id, so one walk along both is enough.
pub(super) fn difference(before: &Table, after: &mut Table, scratch: &mut Layout, news: &News) -> Difference {
    let mut found = Difference::default();
    let Table { layout, subflows } = after;
    let mut old = before.entries().iter().peekable();
    let mut new = layout.entries().iter().peekable();
    scratch.clear();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.id().cmp(&b.id()),
        };
        match order {
            std::cmp::Ordering::Less => {
                let Some(entry) = old.next() else { break };
                let closed = entry
                    .socket
                    .token
                    .is_some_and(|token| news.connections_closed.contains(&token));
                if entry.missed || closed {
                    found.gone.push(entry.socket);
                } else {
                    let missed = before.rows(entry).map(|row| carry(row, row.missed, subflows));
                    scratch.push(entry.socket, true, missed);
                }
            }
            std::cmp::Ordering::Greater => {
                let Some(entry) = new.next() else { break };
                found.changed.push(scratch.entries().len());
                found.new.push(scratch.entries().len());
                scratch.push(entry.socket, false, layout.places(entry).iter().copied());
            }
            std::cmp::Ordering::Equal => {
                let (Some(was), Some(is)) = (old.next(), new.next()) else {
                    break;
                };
                let position = scratch.entries().len();
                let places = layout.places(is);
                let places_before = before.layout.places(was);
                let same = same_subflows(places_before, places).unwrap_or_else(|| {
                    let completed = complete(before.rows(was), places, subflows, news);
                    let same = same_subflows(places_before, &completed);
                    scratch.push(is.socket, false, completed);
                    same.unwrap_or(false)
                });
                if scratch.entries().len() == position {
                    scratch.push(is.socket, false, places.iter().copied());
                }
                let told = news.inodes.contains(&is.socket.inode)
                    || is.socket.token.is_some_and(|token| news.tokens.contains(&token));
                if told || !same || !was.socket.is_unchanged(&is.socket) {
                    found.changed.push(position);
                }
            }
        }
    }
    std::mem::swap(layout, scratch);
    found
}

/// Whether nothing about the subflows of a connection changed; `None` when they are not the same ones.
fn same_subflows(before: &[Place], after: &[Place]) -> Option<bool> {
    let both = || before.iter().zip(after);
    let same_ones = before.len() == after.len() && both().all(|(a, b)| a.mark.cookie == b.mark.cookie);
    let same = |(a, b): (&Place, &Place)| a.mark.is_unchanged(&b.mark) && a.joined_by == b.joined_by;
    same_ones.then(|| both().all(same))
}

/// The places of a connection's subflows, with those of the reading before that this one misses for the first time.
fn complete<'a>(
    before: impl Iterator<Item = Row<'a>>,
    places: &[Place],
    subflows: &mut Vec<TcpSocket>,
    news: &News,
) -> Vec<Place> {
    let mut all = places.to_vec();
    for row in before {
        let here = places.iter().any(|place| place.mark.cookie == row.socket.cookie);
        let (local, remote) = (row.socket.local, row.socket.remote);
        let closed = row.missed || news.subflows_closed.contains(&(local, remote));
        if !closed && !here {
            all.push(carry(row, true, subflows));
        }
    }
    all.sort_unstable_by_key(|place| place.mark.cookie);
    all
}

#[cfg(test)]
mod tests {
    use super::super::table::Joiner;
    use super::*;
    use crate::kernel::SocketTable;
    use crate::metrics::tcp_info::{TcpInfo, tcpi_bytes_sent, tcpi_last_data_sent};

    fn connection(cookie: u64, token: Option<u32>) -> MptcpSocket {
        MptcpSocket {
            cookie,
            token,
            ..MptcpSocket::default()
        }
    }

    fn row(cookie: u64, bytes_sent: u64, last_data_sent_ms: u64) -> TcpSocket {
        TcpSocket {
            cookie,
            info: TcpInfo::default()
                .with(tcpi_bytes_sent, bytes_sent)
                .with(tcpi_last_data_sent, last_data_sent_ms),
            ..TcpSocket::default()
        }
    }

    fn table(connections: &[(MptcpSocket, &[TcpSocket])]) -> Table {
        let mut sockets = SocketTable::default();
        for (socket, rows) in connections {
            let inode = u32::try_from(socket.cookie).expect("a small number");
            sockets.connections.push(MptcpSocket { inode, ..*socket });
            let own = rows.iter().map(|row| TcpSocket { inode, ..*row });
            sockets.subflows.extend(own);
        }
        let mut table = Table::default();
        Joiner::default().join(&mut sockets, &mut table);
        table
    }

    /// Compares readings one after the other; what each comparison found.
    fn walk(readings: Vec<Table>, news: &News) -> Vec<(Vec<usize>, Vec<u32>)> {
        let mut before = Table::default();
        let mut found = Vec::new();
        for mut after in readings {
            let difference = difference(&before, &mut after, &mut Layout::default(), news);
            let gone = difference.gone.iter().filter_map(|socket| socket.token).collect();
            found.push((difference.changed, gone));
            before = after;
        }
        found
    }

    #[test]
    fn a_connection_is_gone_when_two_readings_miss_it() {
        let full = || table(&[(connection(1, Some(7)), &[]), (connection(2, Some(8)), &[])]);
        let one = || table(&[(connection(2, Some(8)), &[])]);
        let found = walk(vec![full(), one(), full(), one(), one()], &News::default());
        let quiet = || (vec![], vec![]);
        assert_eq!(
            found,
            [(vec![0, 1], vec![]), quiet(), quiet(), quiet(), (vec![], vec![7])]
        );
    }

    #[test]
    fn an_event_ends_a_connection_at_once() {
        let news = News {
            connections_closed: [7].into_iter().collect(),
            ..News::default()
        };
        let found = walk(vec![table(&[(connection(1, Some(7)), &[])]), table(&[])], &news);
        assert_eq!(found, [(vec![0], vec![]), (vec![], vec![7])]);
    }

    #[test]
    fn a_subflow_that_one_reading_misses_is_carried_over() {
        let both = || table(&[(connection(1, None), &[row(11, 0, 0), row(12, 0, 0)])]);
        let one = || table(&[(connection(1, None), &[row(12, 0, 0)])]);
        let found = walk(vec![both(), one(), both(), one(), one()], &News::default());
        let changed: Vec<_> = found.into_iter().map(|(changed, _)| changed).collect();
        assert_eq!(changed, [vec![0], vec![], vec![], vec![], vec![0]]);
    }

    #[test]
    fn growing_with_the_clock_is_no_change_and_starting_anew_is() {
        let reading = |ms| table(&[(connection(1, None), &[row(11, 5, ms)])]);
        let found = walk(vec![reading(100), reading(350), reading(20)], &News::default());
        let changed: Vec<_> = found.into_iter().map(|(changed, _)| changed).collect();
        assert_eq!(changed, [vec![0], vec![], vec![0]]);
    }

    #[test]
    fn connections_with_one_cookie_are_several() {
        let both = || table(&[(connection(1, Some(7)), &[]), (connection(1, Some(8)), &[])]);
        let one = || table(&[(connection(1, Some(8)), &[])]);
        let found = walk(vec![both(), one(), one()], &News::default());
        assert_eq!(found, [(vec![0, 1], vec![]), (vec![], vec![]), (vec![], vec![7])]);
    }
}
