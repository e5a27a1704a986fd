//! A close look at a few connections between two samples, by exact look-ups of their sockets.

use super::reading::Reader;
use crate::kernel::Error;
use crate::model::{Cookie, Sample};
use crate::wire::sock_diag::SocketId;

impl Reader {
    /// Reads these connections and the subflows that are known of them, and nothing else. Subflows that come and go
    /// meanwhile are left to the next sample.
    ///
    /// # Errors
    /// What the kernel refused.
    pub(super) fn look_closely(&mut self, cookies: &[Cookie]) -> Result<Sample, Error> {
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
        let mut sample = Sample {
            only: Some(cookies.to_vec()),
            ..Sample::default()
        };
        if !whole {
            return Ok(sample);
        }
        for socket in &found {
            if !self.table.refresh(socket, &self.close.subflows) {
                continue;
            }
            if let Some(entry) = self.table.find(socket.cookie) {
                let connection = self.surroundings.connection(entry, self.table.rows(entry));
                sample.connections.push(connection);
            }
        }
        Ok(sample)
    }
}
