//! Readings of a few connections, by exact look-ups of their sockets: a close look between two samples, and a sample of
//! what carries where reading everything would cost too much.

use rustc_hash::FxHashSet;

use super::inventory::Inventory;
use super::reader::Reader;
use super::table::{Row, by_cookie};
use crate::kernel::{Error, connection_id};
use crate::metrics::mptcp_info::mptcpi_subflows;
use crate::model::{Connection, Sample, Token};
use crate::wire::sock_diag::{MptcpSocket, SocketId};

/// Connections that were looked up.
struct Found {
    sockets: Vec<MptcpSocket>,
    /// Whether all are there, with the same subflows, in the states in which they were.
    is_steady: bool,
}

impl Reader {
    /// Reads these connections and the subflows that are known of them, and nothing else. A subflow that came
    /// meanwhile is left to the next sample; one that went is no longer there, and its end is told with the next sample.
    /// `None` when answers were lost: then nothing is known.
    ///
    /// # Errors
    /// What the kernel refused.
    pub(in crate::source) fn look_closely(&mut self, tokens: &[Token]) -> Result<Option<Sample>, Error> {
        let found = self.look_up(tokens)?;
        Ok(found.map(|found| Sample {
            only: Some(tokens.to_vec()),
            connections: self.connections(found.sockets.iter()),
            ..Sample::default()
        }))
    }

    /// Reads these connections, and what lies beside the sockets; tells of those that changed. `None` when that does not
    /// do, because something became of one of them that others depend on: then everything must be read.
    ///
    /// # Errors
    /// What the kernel refused.
    pub(in crate::source) fn read_some(
        &mut self,
        tokens: &FxHashSet<Token>,
    ) -> Result<Option<Sample>, Error> {
        let before = self.inventory.as_ref();
        let inventory = Inventory::read(&mut self.route, &mut self.path_manager, &mut self.files, before)?;
        let is_routed_as_before = self.surroundings.egress.is_current(self.route.revision());
        if !is_routed_as_before || before.is_none_or(|before| !inventory.is_like(before)) {
            return Ok(None);
        }
        // Somebody may still look at one that is gone.
        let is_here = |token: &Token| self.table.find((*token).into()).is_some();
        let mut tokens: Vec<Token> = tokens.iter().copied().filter(is_here).collect();
        tokens.sort_unstable();
        let Some(found) = self.look_up(&tokens)?.filter(|found| found.is_steady) else {
            return Ok(None);
        };
        let untold = std::mem::take(&mut self.untold);
        let is_untold = |socket: &&MptcpSocket| socket.token.is_some_and(|token| untold.contains(&token));
        let mut sample = Sample {
            connections: self.connections(found.sockets.iter().filter(is_untold)),
            ..Sample::default()
        };
        inventory.write(self.inventory.as_ref(), &mut sample);
        self.inventory = Some(inventory);
        let told = |token: &u32| tokens.binary_search(&Token(*token)).is_ok();
        self.untold = untold.into_iter().filter(|token| !told(token)).collect();
        sample.only = Some(tokens);
        Ok(Some(sample))
    }

    /// These were told of as they are now: the next sample need not.
    pub(in crate::source) fn was_told(&mut self, tokens: &FxHashSet<Token>) {
        for token in tokens {
            self.untold.remove(&token.0);
        }
    }

    /// Looks connections up with their subflows, and takes them as they are now. `None` when answers were lost.
    fn look_up(&mut self, tokens: &[Token]) -> Result<Option<Found>, Error> {
        let entries = tokens.iter().filter_map(|token| self.table.find((*token).into()));
        let wanted: Vec<SocketId> = entries
            .flat_map(|entry| self.table.rows(entry))
            .map(|row| SocketId {
                local: row.socket.local,
                remote: row.socket.remote,
                interface_index: row.socket.interface_index,
                cookie: Some(row.socket.cookie),
            })
            .collect();
        let mut sockets = Vec::new();
        let whole = self.sockets.look_up_connections(tokens, &mut sockets)?
            && self.sockets.look_up_subflows(&wanted, &mut self.close)?;
        if !whole {
            return Ok(None);
        }
        self.close.subflows.sort_unstable_by_key(|socket| socket.cookie);
        let is_steady = sockets.len() == tokens.len() && sockets.iter().all(|socket| self.is_steady(socket));
        for socket in &sockets {
            if self.table.refresh(socket, &self.close.subflows) {
                self.untold.extend(socket.token);
            }
        }
        Ok(Some(Found { sockets, is_steady }))
    }

    /// Whether a connection that was looked up has the subflows and the states that it had.
    fn is_steady(&self, now: &MptcpSocket) -> bool {
        let Some(entry) = self.table.find(connection_id(now)) else {
            return false;
        };
        let was = &entry.socket;
        let same_subflow = |row: Row<'_>| {
            by_cookie(&self.close.subflows, row.socket.cookie)
                .is_some_and(|now| (now.state, now.flags) == (row.socket.state, row.socket.flags))
        };
        let standing = |socket: &MptcpSocket| {
            let subflows = socket.info.get(mptcpi_subflows);
            (socket.state, socket.flags(), subflows, socket.inode)
        };
        standing(was) == standing(now) && self.table.rows(entry).all(same_subflow)
    }

    /// Connections that were looked up. The table keeps what is gone until the next sample tells its end; it does nothing
    /// any more.
    fn connections<'a>(&self, sockets: impl Iterator<Item = &'a MptcpSocket>) -> Vec<Connection> {
        let is_here = |row: &Row<'_>| by_cookie(&self.close.subflows, row.socket.cookie).is_some();
        let connections = sockets.filter_map(|socket| {
            let entry = self.table.find(connection_id(socket))?;
            let rows = self.table.rows(entry).filter(is_here);
            Some(self.surroundings.connection(entry, rows))
        });
        connections.collect()
    }

    /// How many connections the newest reading of everything found.
    pub(in crate::source) fn count(&self) -> usize {
        self.table.entries().len()
    }

    /// Whether it found none.
    pub(in crate::source) fn is_empty(&self) -> bool {
        self.table.entries().is_empty()
    }

    /// Whether it missed a connection or subflow, which a second one must confirm.
    pub(in crate::source) fn is_in_doubt(&self) -> bool {
        let mut entries = self.table.entries().iter();
        entries.any(|entry| entry.missed || self.table.rows(entry).any(|row| row.missed))
    }
}
