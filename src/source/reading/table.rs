//! One reading of all sockets, joined: each connection with its subflows.

use rustc_hash::FxHashMap;

use super::mark::Mark;
use crate::kernel::{SocketTable, connection_id};
use crate::model::{ConnectionId, JoinedBy};
use crate::wire::sock_diag::{MptcpSocket, TcpSocket};

/// A subflow in a [`Table`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) socket: &'a TcpSocket,
    pub(super) joined_by: JoinedBy,
    /// The reading before held it, this one does not: kept until a second one misses it too.
    pub(super) missed: bool,
}

/// A connection in a [`Table`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) socket: MptcpSocket,
    /// As for [`Row::missed`].
    pub(super) missed: bool,
    first: u32,
    last: u32,
}

impl Entry {
    pub(super) fn id(&self) -> ConnectionId {
        connection_id(&self.socket)
    }
}

/// Where a subflow is, and what tells whether it changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) mark: Mark,
    at: u32,
    pub(super) joined_by: JoinedBy,
    missed: bool,
}

/// Connections in order of id; the places of each one's subflows together, in order of cookie.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    entries: Vec<Entry>,
    places: Vec<Place>,
}

impl Layout {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn places(&self, entry: &Entry) -> &[Place] {
        self.places
            .get(entry.first as usize..entry.last as usize)
            .unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.places.clear();
    }

    /// Adds a connection with the places of its subflows; connections must come in order of id, places in order of cookie.
    pub(super) fn push(
        &mut self,
        socket: MptcpSocket,
        missed: bool,
        places: impl IntoIterator<Item = Place>,
    ) {
        let first = self.count();
        self.places.extend(places);
        self.entries.push(Entry {
            socket,
            missed,
            first,
            last: self.count(),
        });
    }

    fn count(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX)
    }
}

/// The sockets themselves stay where they were read, because they are large: only their places are sorted and moved.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) layout: Layout,
    pub(super) subflows: Vec<TcpSocket>,
}

impl Table {
    pub(super) fn entries(&self) -> &[Entry] {
        self.layout.entries()
    }

    pub(super) fn find(&self, id: ConnectionId) -> Option<&Entry> {
        let entries = self.entries();
        let position = entries.binary_search_by_key(&id, Entry::id).ok()?;
        entries.get(position)
    }

    /// Takes newer readings of a connection and of its subflows, sorted by cookie, in place of those that are there; whether they say
    /// something else. What is not there yet is left to the next reading of everything.
    pub(super) fn refresh(&mut self, connection: &MptcpSocket, subflows: &[TcpSocket]) -> bool {
        let Layout { entries, places } = &mut self.layout;
        let position = entries.binary_search_by_key(&connection_id(connection), Entry::id);
        let Some(entry) = position.ok().and_then(|position| entries.get_mut(position)) else {
            return false;
        };
        // What becomes an event is left to the next reading, which compares.
        let standing = |socket: &MptcpSocket| (socket.state, socket.flags(), socket.inode);
        let same = standing(&entry.socket) == standing(connection);
        let mut changed = !entry.socket.is_unchanged(connection);
        if same {
            entry.socket = *connection;
        }
        let own = places.get_mut(entry.first as usize..entry.last as usize);
        for place in own.unwrap_or_default() {
            let newer = by_cookie(subflows, place.mark.cookie);
            if let (Some(newer), Some(socket)) = (newer, self.subflows.get_mut(place.at as usize)) {
                let mark = Mark::of(newer);
                changed |= !place.mark.is_unchanged(&mark);
                if (socket.state, socket.flags) == (newer.state, newer.flags) {
                    (place.mark, *socket) = (mark, *newer);
                }
            }
        }
        changed
    }

    pub(super) fn rows(&self, entry: &Entry) -> impl Iterator<Item = Row<'_>> + Clone {
        self.layout.places(entry).iter().filter_map(|place| {
            Some(Row {
                socket: self.subflows.get(place.at as usize)?,
                joined_by: place.joined_by,
                missed: place.missed,
            })
        })
    }
}

/// The subflow with a cookie among those that are sorted by it.
pub(super) fn by_cookie(subflows: &[TcpSocket], cookie: u64) -> Option<&TcpSocket> {
    let position = subflows.binary_search_by_key(&cookie, |socket| socket.cookie);
    subflows.get(position.ok()?)
}

/// Adds a subflow that another reading held to `subflows`; its place there.
pub(super) fn carry(row: Row<'_>, missed: bool, subflows: &mut Vec<TcpSocket>) -> Place {
    subflows.push(*row.socket);
    Place {
        mark: Mark::of(row.socket),
        at: u32::try_from(subflows.len().saturating_sub(1)).unwrap_or(u32::MAX),
        joined_by: row.joined_by,
        missed,
    }
}

/// Finds each subflow's connection. Keeps its memory from one reading to the next.
#[derive(Default)]
pub(super) struct Joiner {
    by_token: FxHashMap<u32, u32>,
    by_inode: FxHashMap<u32, u32>,
    /// The tokens of subflows by cookie, as the privileged service told them, where the kernel hides them.
    pub(super) told: FxHashMap<u64, u32>,
    found: Vec<Found>,
    /// Of each subflow in the reading.
    marks: Vec<Mark>,
}

/// A subflow with its connection, as positions in the reading; in order of connection, cookie, and reading.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    owner: u32,
    cookie: u64,
    at: u32,
    by_inode: bool,
}

impl Joiner {
    /// Joins `sockets` into `table`, which takes its subflows. A subflow belongs to the connection with its token
    /// (net/mptcp/diag.c); where the kernel hides the token, to the connection with its inode: both are one
    /// `struct socket` to user space. A subflow without a connection is left out: its connection came or went between
    /// two dumps. Of one that was read twice the later is taken.
    pub(super) fn join(&mut self, sockets: &mut SocketTable, table: &mut Table) {
        self.by_token.clear();
        self.by_inode.clear();
        self.found.clear();
        self.marks.clear();
        for (position, connection) in (0u32..).zip(&sockets.connections) {
            if let Some(token) = connection.token {
                self.by_token.insert(token, position);
            }
            if connection.inode != 0 {
                self.by_inode.insert(connection.inode, position);
            }
        }
        for (at, subflow) in (0u32..).zip(&sockets.subflows) {
            self.marks.push(Mark::of(subflow));
            let token = subflow
                .token_local
                .or_else(|| self.told.get(&subflow.cookie).copied());
            let by_token = token.and_then(|token| self.by_token.get(&token));
            let owner = by_token.or_else(|| self.by_inode.get(&subflow.inode));
            if let Some(owner) = owner {
                self.found.push(Found {
                    owner: *owner,
                    cookie: subflow.cookie,
                    at,
                    by_inode: by_token.is_none(),
                });
            }
        }
        self.found.sort_unstable();

        std::mem::swap(&mut sockets.subflows, &mut table.subflows);
        table.layout.clear();
        let mut found = self.found.as_slice();
        for (position, connection) in (0u32..).zip(&sockets.connections) {
            let mine = found.iter().take_while(|found| found.owner == position).count();
            let (own, rest) = found.split_at(mine);
            found = rest;
            let latest = own.chunk_by(|a, b| a.cookie == b.cookie).filter_map(<[_]>::last);
            let places = latest.filter_map(|found| {
                Some(Place {
                    mark: *self.marks.get(found.at as usize)?,
                    at: found.at,
                    joined_by: if found.by_inode {
                        JoinedBy::Inode
                    } else {
                        JoinedBy::Token
                    },
                    missed: false,
                })
            });
            table.layout.push(*connection, false, places);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::tcp_info::{TcpInfo, tcpi_bytes_sent};
    use crate::model::Token;

    fn connection(cookie: u64, token: u32, inode: u32) -> MptcpSocket {
        MptcpSocket {
            cookie,
            token: Some(token),
            inode,
            ..MptcpSocket::default()
        }
    }

    fn subflow(cookie: u64, token_local: Option<u32>, inode: u32) -> TcpSocket {
        TcpSocket {
            cookie,
            inode,
            token_local,
            ..TcpSocket::default()
        }
    }

    /// Each connection's subflows, with how they were joined.
    fn joined(connections: Vec<MptcpSocket>, subflows: Vec<TcpSocket>) -> Vec<Vec<(u64, JoinedBy)>> {
        let mut sockets = SocketTable {
            connections,
            subflows,
            ..SocketTable::default()
        };
        let mut table = Table::default();
        Joiner::default().join(&mut sockets, &mut table);
        let rows = |entry| {
            table
                .rows(entry)
                .map(|row| (row.socket.cookie, row.joined_by))
                .collect()
        };
        table.entries().iter().map(rows).collect()
    }

    #[test]
    fn by_token_where_the_kernel_tells_it_and_by_inode_where_it_does_not() {
        let connections = vec![connection(1, 7, 100), connection(2, 8, 200)];
        let subflows = vec![
            subflow(11, Some(8), 200),
            subflow(12, None, 100),
            subflow(13, None, 300),
        ];
        let found = joined(connections, subflows);
        assert_eq!(found, [vec![(12, JoinedBy::Inode)], vec![(11, JoinedBy::Token)]]);
    }

    #[test]
    fn what_the_service_tells_stands_in_for_what_the_kernel_hides() {
        let mut sockets = SocketTable {
            connections: vec![connection(1, 7, 100), connection(2, 8, 200)],
            subflows: vec![
                subflow(11, None, 100),
                subflow(12, None, 100),
                subflow(13, Some(7), 0),
            ],
            ..SocketTable::default()
        };
        let mut joiner = Joiner {
            told: [(12, 8), (13, 8)].into_iter().collect(),
            ..Joiner::default()
        };
        let mut table = Table::default();
        joiner.join(&mut sockets, &mut table);
        let cookies = |token: u32| {
            let rows = table.rows(table.find(Token(token).into()).expect("the connection"));
            rows.map(|row| (row.socket.cookie, row.joined_by))
                .collect::<Vec<_>>()
        };
        assert_eq!(cookies(7), [(11, JoinedBy::Inode), (13, JoinedBy::Token)]);
        assert_eq!(cookies(8), [(12, JoinedBy::Token)]);
    }

    #[test]
    fn of_one_that_was_read_twice_the_later_is_taken() {
        let earlier = subflow(11, Some(7), 100);
        let later = TcpSocket {
            info: TcpInfo::default().with(tcpi_bytes_sent, 5),
            ..earlier
        };
        let mut sockets = SocketTable {
            connections: vec![connection(1, 7, 100)],
            subflows: vec![earlier, subflow(9, Some(7), 100), later],
            ..SocketTable::default()
        };
        let mut table = Table::default();
        Joiner::default().join(&mut sockets, &mut table);
        let rows: Vec<_> = table
            .rows(table.find(Token(7).into()).expect("the connection"))
            .map(|row| (row.socket.cookie, row.socket.info.get(tcpi_bytes_sent)))
            .collect();
        assert_eq!(rows, [(9, None), (11, Some(5))]);
    }
}
