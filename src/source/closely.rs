//! A close look at a few connections between two samples, by exact look-ups of their sockets.

use rustc_hash::FxHashSet;

use super::reading::Reader;
use super::table::Row;
use crate::kernel::{Error, connection_id};
use crate::model::{Sample, Token};
use crate::wire::sock_diag::SocketId;

impl Reader {
    /// Reads these connections and the subflows that are known of them, and nothing else. A subflow that came
    /// meanwhile is left to the next sample; one that went is no longer there, and its end is told with the next sample.
    /// `None` when answers were lost: then nothing is known.
    ///
    /// # Errors
    /// What the kernel refused.
    pub(super) fn look_closely(&mut self, tokens: &[Token]) -> Result<Option<Sample>, Error> {
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
        let mut found = Vec::new();
        let whole = self.sockets.look_up_connections(tokens, &mut found)?
            && self.sockets.look_up_subflows(&wanted, &mut self.close)?;
        if !whole {
            return Ok(None);
        }
        let mut sample = Sample {
            only: Some(tokens.to_vec()),
            ..Sample::default()
        };
        let subflows = &self.close.subflows;
        let is_here = |row: &Row<'_>| subflows.iter().any(|here| here.cookie == row.socket.cookie);
        for socket in &found {
            if self.table.refresh(socket, subflows) {
                self.untold.extend(socket.token);
            }
            if let Some(entry) = self.table.find(connection_id(socket)) {
                // The table keeps what is gone until the next sample tells its end; it does nothing any more.
                let rows = self.table.rows(entry).filter(is_here);
                sample.connections.push(self.surroundings.connection(entry, rows));
            }
        }
        Ok(Some(sample))
    }

    /// These were told of as they are now: the next sample need not.
    pub(super) fn was_told(&mut self, tokens: &FxHashSet<Token>) {
        for token in tokens {
            self.untold.remove(&token.0);
        }
    }
}
