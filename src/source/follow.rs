//! Following subflows without reading every socket: which to look up, and whether some may be missing.

use std::net::SocketAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use super::table::{Entry, Row, Table};
use crate::kernel::connection_id;
use crate::metrics::mptcp_info::mptcpi_subflows;
use crate::model::{ConnectionId, TcpState};
use crate::wire::sock_diag::{MptcpSocket, SocketId};

/// A subflow of which an event told: its addresses, and the interface that it may be bound to.
pub(super) type Told = (SocketAddr, SocketAddr, u32);

/// By how many the kernel's count of a connection's extra subflows exceeds those that are known, while all are known:
/// the initial one is not in the count.
const USUAL: i32 = -1;

/// A connection whose excess is another.
#[derive(Clone, Copy)]
struct Excess {
    /// What is no reason for doubt.
    accepted: i32,
    /// What the last dump found.
    found: i32,
}

/// Keeps its memory from one reading to the next.
#[derive(Default)]
pub(super) struct Follower {
    wanted: Vec<SocketId>,
    /// Only what is not as usual.
    excess: FxHashMap<ConnectionId, Excess>,
}

impl Follower {
    /// What to look up: the subflows of the reading before, those of which events told, and the initial subflow of
    /// each connection without any, which has the connection's own addresses.
    ///
    /// The kernel finds a socket that is bound to an interface only with that interface, and one that is not bound with
    /// any.
    pub(super) fn wanted(
        &mut self,
        before: &Table,
        connections: &[MptcpSocket],
        told: &[Told],
    ) -> &[SocketId] {
        self.wanted.clear();
        for entry in before.entries() {
            self.wanted.extend(before.rows(entry).map(|row| SocketId {
                local: row.socket.local,
                remote: row.socket.remote,
                interface_index: row.socket.interface_index,
                cookie: Some(row.socket.cookie),
            }));
        }
        let addresses = |id: &SocketId| (id.local, id.remote);
        let known: FxHashSet<_> = if told.is_empty() {
            FxHashSet::default()
        } else {
            self.wanted.iter().map(addresses).collect()
        };
        let told = told
            .iter()
            .filter(|(local, remote, _)| !known.contains(&(*local, *remote)));
        self.wanted
            .extend(told.map(|(local, remote, interface_index)| SocketId {
                local: *local,
                remote: *remote,
                interface_index: *interface_index,
                cookie: None,
            }));
        let has_none = |socket: &&MptcpSocket| {
            let entry = before.find(connection_id(socket));
            entry.is_none_or(|entry| before.rows(entry).next().is_none())
        };
        let initial = connections.iter().filter(has_none).map(|socket| SocketId {
            local: socket.local,
            remote: socket.remote,
            interface_index: socket.interface_index,
            cookie: None,
        });
        self.wanted.extend(initial);
        &self.wanted
    }

    /// Whether a reading by look-ups may lack a subflow: the kernel counts more of them than it has.
    pub(super) fn is_in_doubt(&mut self, table: &Table) -> bool {
        let mut doubt = false;
        for entry in table.entries() {
            let Some(excess) = excess(entry, table.rows(entry)) else {
                continue;
            };
            let id = entry.id();
            let known = self.excess.get(&id).map_or(USUAL, |known| known.accepted);
            doubt |= excess > known;
            if excess < known {
                self.accept(id, excess);
            }
        }
        doubt
    }

    /// Takes a dump for the truth. It may itself have missed a subflow, so what is strange counts as settled only when
    /// two say the same.
    pub(super) fn settle(&mut self, table: &Table) {
        let mut before = std::mem::take(&mut self.excess);
        for entry in table.entries() {
            let Some(excess) = excess(entry, table.rows(entry)) else {
                continue;
            };
            let id = entry.id();
            match before.remove(&id) {
                Some(known) if excess > known.accepted && excess != known.found => {
                    self.excess.insert(
                        id,
                        Excess {
                            found: excess,
                            ..known
                        },
                    );
                }
                None if excess > USUAL => {
                    self.excess.insert(
                        id,
                        Excess {
                            accepted: USUAL,
                            found: excess,
                        },
                    );
                }
                _ => self.accept(id, excess),
            }
        }
    }

    fn accept(&mut self, id: ConnectionId, excess: i32) {
        if excess == USUAL {
            self.excess.remove(&id);
        } else {
            let settled = Excess {
                accepted: excess,
                found: excess,
            };
            self.excess.insert(id, settled);
        }
    }
}

/// By how many the kernel's count exceeds the subflows that are there. It counts one from the moment at which it is
/// asked for, and no longer once it is being closed. `None` for a connection that is ending, of which nothing new comes.
fn excess<'a>(entry: &Entry, rows: impl Iterator<Item = Row<'a>>) -> Option<i32> {
    if TcpState::from_kernel(entry.socket.state).is_ending() {
        return None;
    }
    let living = rows.filter(|row| !TcpState::from_kernel(row.socket.state).is_ending());
    let there = i32::try_from(living.count()).unwrap_or(i32::MAX);
    Some(i32::try_from(entry.socket.info.get(mptcpi_subflows)?).ok()? - there)
}

#[cfg(test)]
mod tests {
    use super::super::table::Joiner;
    use super::*;
    use crate::kernel::SocketTable;
    use crate::metrics::mptcp_info::MptcpInfo;
    use crate::wire::sock_diag::{TCP_ESTABLISHED, TcpSocket};

    const FIN_WAIT1: u8 = 4;
    const SYN_SENT: u8 = 2;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// One connection with a count, and its subflows with their states.
    fn table(token: u32, state: u8, extra_subflows: u8, subflows: &[(u64, u8)]) -> Table {
        let connection = MptcpSocket {
            token: Some(token),
            state,
            inode: 7,
            local: address("10.0.0.1:5000"),
            remote: address("10.0.0.2:80"),
            interface_index: 3,
            info: MptcpInfo::default().with(mptcpi_subflows, extra_subflows.into()),
            ..MptcpSocket::default()
        };
        let subflow = |(cookie, state): &(u64, u8)| TcpSocket {
            cookie: *cookie,
            state: *state,
            inode: 7,
            local: address("10.0.1.1:6000"),
            remote: address("10.0.0.2:80"),
            interface_index: 4,
            ..TcpSocket::default()
        };
        let mut sockets = SocketTable {
            connections: vec![connection],
            subflows: subflows.iter().map(subflow).collect(),
            ..SocketTable::default()
        };
        let mut table = Table::default();
        Joiner::default().join(&mut sockets, &mut table);
        table
    }

    const ONE: (u64, u8) = (11, TCP_ESTABLISHED);
    const TWO: (u64, u8) = (12, TCP_ESTABLISHED);

    #[test]
    fn known_told_and_new_ones_are_looked_up_each_once() {
        let before = table(1, TCP_ESTABLISHED, 0, &[ONE]);
        let connections: Vec<MptcpSocket> = [1, 2]
            .map(|token| MptcpSocket {
                token: Some(token),
                ..before.entries().first().expect("a connection").socket
            })
            .to_vec();
        let known = (address("10.0.1.1:6000"), address("10.0.0.2:80"), 4);
        let new = (address("10.0.2.1:6000"), address("10.0.0.2:80"), 5);
        let mut follower = Follower::default();
        let wanted = follower.wanted(&before, &connections, &[known, new]);
        let brief: Vec<_> = wanted
            .iter()
            .map(|id| (id.local, id.interface_index, id.cookie))
            .collect();
        let initial = (address("10.0.0.1:5000"), 3, None);
        assert_eq!(brief, [(known.0, 4, Some(11)), (new.0, 5, None), initial]);
    }

    #[test]
    fn a_count_above_what_is_known_is_a_doubt() {
        let mut follower = Follower::default();
        let mut doubt =
            |extra, subflows: &[_]| follower.is_in_doubt(&table(1, TCP_ESTABLISHED, extra, subflows));
        assert!(!doubt(0, &[ONE]));
        assert!(doubt(1, &[ONE]));
        assert!(!doubt(1, &[ONE, TWO]));
        assert!(!doubt(1, &[ONE, (12, SYN_SENT)]), "a SYN is counted");
        assert!(doubt(0, &[]), "not even the first");
        assert!(
            !doubt(0, &[ONE, (12, FIN_WAIT1)]),
            "what is being closed is not counted"
        );
        assert!(doubt(1, &[ONE, (12, FIN_WAIT1)]), "another one");
        assert!(
            !follower.is_in_doubt(&table(1, FIN_WAIT1, 0, &[])),
            "the connection ends"
        );
    }

    #[test]
    fn what_two_dumps_say_is_no_doubt() {
        // The initial subflow has been closed, so the count is of all that are left.
        let strange = || table(1, TCP_ESTABLISHED, 1, &[TWO]);
        let mut follower = Follower::default();
        assert!(follower.is_in_doubt(&strange()));
        follower.settle(&strange());
        assert!(
            follower.is_in_doubt(&strange()),
            "one dump may have missed a subflow"
        );
        follower.settle(&strange());
        assert!(!follower.is_in_doubt(&strange()));
        assert!(follower.is_in_doubt(&table(1, TCP_ESTABLISHED, 2, &[TWO])));
        // Back as usual; from then on it is strange again.
        assert!(!follower.is_in_doubt(&table(1, TCP_ESTABLISHED, 1, &[ONE, TWO])));
        assert!(follower.is_in_doubt(&strange()));
        // Of a connection that is gone nothing is kept.
        follower.settle(&table(2, TCP_ESTABLISHED, 0, &[ONE]));
        assert!(follower.excess.is_empty());
    }
}
