//! Who holds the sockets of a reading: what is asked about them, and what was found out.

use std::collections::HashSet;

use super::listening::is_listening;
use super::owners::{OwnerQuery, Owners};
use super::reader::Reader;
use crate::wire::sock_diag::MptcpSocket;

impl Reader {
    /// Whether the process of a connection, or of a socket that listens, is not known.
    pub(in crate::source) fn has_unresolved(&self) -> bool {
        let known = |inode: u32| inode == 0 || self.surroundings.processes.contains_key(&inode);
        self.held_sockets().any(|socket| !known(socket.inode))
    }

    /// The connections, and what listens.
    fn held_sockets(&self) -> impl Iterator<Item = &MptcpSocket> {
        let connections = self.table.entries().iter().map(|entry| &entry.socket);
        let listeners = self.dump.listeners.iter().filter(|socket| is_listening(socket));
        connections.chain(listeners).filter(|socket| socket.inode != 0)
    }

    /// Everything that is asked about the sockets: their processes, and users whose name is not known.
    pub(in crate::source) fn owner_query(&self) -> OwnerQuery {
        let users = &self.surroundings.users;
        OwnerQuery {
            inodes: self.held_sockets().map(|socket| socket.inode).collect(),
            uids: self
                .held_sockets()
                .map(|socket| socket.uid)
                .filter(|uid| !users.contains_key(uid))
                .collect(),
        }
    }

    /// Takes what was found out; the inodes of connections of which something became known.
    pub(in crate::source) fn apply_owners(&mut self, owners: Owners) -> Vec<u32> {
        let mut inodes = Vec::new();
        let known = &mut self.surroundings.processes;
        for inode in owners.asked {
            if !owners.processes.contains_key(&inode) && known.remove(&inode).is_some() {
                inodes.push(inode);
            }
        }
        for (inode, holders) in owners.processes {
            if known.get(&inode) != Some(&holders) {
                known.insert(inode, holders);
                inodes.push(inode);
            }
        }
        if !owners.users.is_empty() {
            let named: HashSet<u32> = owners.users.iter().map(|(uid, _)| *uid).collect();
            self.surroundings.users.extend(owners.users);
            let sockets = self.table.entries().iter().map(|entry| &entry.socket);
            inodes.extend(
                sockets
                    .filter(|socket| named.contains(&socket.uid))
                    .map(|socket| socket.inode),
            );
        }
        inodes
    }
}
