//! A close look at a few connections between two samples, by exact look-ups of their sockets.

use super::reading::Reader;
use super::table::Row;
use crate::kernel::Error;
use crate::model::{Cookie, Sample};
use crate::wire::sock_diag::SocketId;

impl Reader {
    /// Reads these connections and the subflows that are known of them, and nothing else. A subflow that came
    /// meanwhile is left to the next sample; one that went is no longer there, and its end is told with the next sample.
    /// `None` when answers were lost: then nothing is known.
    ///
    /// # Errors
    /// What the kernel refused.
    pub(super) fn look_closely(&mut self, cookies: &[Cookie]) -> Result<Option<Sample>, Error> {
        let entries = || cookies.iter().filter_map(|cookie| self.table.find(cookie.0));
        let tokens: Vec<u32> = entries().filter_map(|entry| entry.socket.token).collect();
        let wanted: Vec<SocketId> = entries()
            .flat_map(|entry| self.table.rows(entry))
            .map(|row| SocketId {
                local: row.socket.local,
                remote: row.socket.remote,
                interface_index: row.socket.interface_index,
                cookie: Some(row.socket.cookie),
            })
            .collect();
        let mut found = Vec::new();
        let whole = self.sockets.look_up_connections(&tokens, &mut found)?
            && self.sockets.look_up_subflows(&wanted, &mut self.close)?;
        if !whole {
            return Ok(None);
        }
        let mut sample = Sample {
            only: Some(cookies.to_vec()),
            ..Sample::default()
        };
        let subflows = &self.close.subflows;
        let is_here = |row: &Row<'_>| subflows.iter().any(|here| here.cookie == row.socket.cookie);
        for socket in &found {
            let changed = self.table.refresh(socket, subflows);
            if let Some(entry) = self.table.find(socket.cookie) {
                let rows = self.table.rows(entry);
                // The table keeps what is gone until the next sample tells its end; it does nothing any more.
                if changed || !rows.clone().all(|row| is_here(&row)) {
                    let connection = self.surroundings.connection(entry, rows.filter(is_here));
                    sample.connections.push(connection);
                }
            }
        }
        Ok(Some(sample))
    }
}
