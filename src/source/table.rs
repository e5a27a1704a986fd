//! One reading of all sockets, joined: each connection with its subflows.

use rustc_hash::FxHashMap;

use crate::kernel::SocketTable;
use crate::model::JoinedBy;
use crate::wire::sock_diag::{MptcpSocket, TcpSocket};

/// A subflow in a [`Table`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) socket: TcpSocket,
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

/// Connections in order of cookie; the subflows of each together, in order of cookie.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The connection with a cookie.
    pub(super) fn find(&self, cookie: u64) -> Option<&Entry> {
        let position = self
            .entries
            .binary_search_by_key(&cookie, |entry| entry.socket.cookie)
            .ok()?;
        self.entries.get(position)
    }

    pub(super) fn rows(&self, entry: &Entry) -> &[Row] {
        self.rows
            .get(entry.first as usize..entry.last as usize)
            .unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.rows.clear();
    }

    /// Adds a connection with its subflows; both must come in order of cookie.
    pub(super) fn push(&mut self, socket: MptcpSocket, missed: bool, rows: impl Iterator<Item = Row>) {
        let first = self.count();
        self.rows.extend(rows);
        self.entries.push(Entry {
            socket,
            missed,
            first,
            last: self.count(),
        });
    }

    fn count(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }
}

/// Finds each subflow's connection. Keeps its memory from one reading to the next.
#[derive(Default)]
pub(super) struct Joiner {
    by_token: FxHashMap<u32, u32>,
    by_inode: FxHashMap<u32, u32>,
    /// Connection, then subflow, as positions in the reading.
    pairs: Vec<(u32, u32, JoinedBy)>,
}

impl Joiner {
    /// Joins `sockets` into `table`. A subflow belongs to the connection with its token (net/mptcp/diag.c); where
    /// the kernel hides the token, to the connection with its inode: both are one `struct socket` to user space.
    /// A subflow without a connection is left out: its connection came or went between two dumps.
    pub(super) fn join(&mut self, sockets: &SocketTable, table: &mut Table) {
        self.by_token.clear();
        self.by_inode.clear();
        self.pairs.clear();
        for (position, connection) in (0u32..).zip(&sockets.connections) {
            if let Some(token) = connection.token.filter(|token| *token != 0) {
                self.by_token.insert(token, position);
            }
            if connection.inode != 0 {
                self.by_inode.insert(connection.inode, position);
            }
        }
        for (position, subflow) in (0u32..).zip(&sockets.subflows) {
            let by_token = subflow.token_local.and_then(|token| self.by_token.get(&token));
            let by_inode = || self.by_inode.get(&subflow.inode);
            if let Some(owner) = by_token {
                self.pairs.push((*owner, position, JoinedBy::Token));
            } else if let Some(owner) = by_inode() {
                self.pairs.push((*owner, position, JoinedBy::Inode));
            }
        }
        self.pairs
            .sort_unstable_by_key(|(owner, position, _)| (*owner, *position));

        table.clear();
        let mut pairs = self.pairs.as_slice();
        for (position, connection) in (0u32..).zip(&sockets.connections) {
            let mine = pairs.iter().take_while(|(owner, ..)| *owner == position).count();
            let (own, rest) = pairs.split_at(mine);
            pairs = rest;
            let rows = own.iter().filter_map(|(_, at, joined_by)| {
                let socket = *sockets.subflows.get(*at as usize)?;
                Some(Row {
                    socket,
                    joined_by: *joined_by,
                    missed: false,
                })
            });
            // A connection that is closed has given its token back, and then says 0.
            let token = connection.token.filter(|token| *token != 0);
            table.push(MptcpSocket { token, ..*connection }, false, rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let sockets = SocketTable {
            connections,
            subflows,
            ..SocketTable::default()
        };
        let mut table = Table::default();
        Joiner::default().join(&sockets, &mut table);
        let rows = |entry| {
            table
                .rows(entry)
                .iter()
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
    fn a_token_of_zero_is_none() {
        let connections = vec![connection(1, 0, 100), connection(2, 0, 200)];
        let subflows = vec![subflow(11, Some(0), 100), subflow(12, Some(0), 200)];
        let found = joined(connections, subflows);
        assert_eq!(found, [vec![(11, JoinedBy::Inode)], vec![(12, JoinedBy::Inode)]]);
    }
}
