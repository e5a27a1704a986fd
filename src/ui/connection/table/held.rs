//! What keeps the table still: rows of subflows that have just ended, and their order under the pointer.

use crate::history::SubflowHistory;
use crate::model::{ConnectionId, Cookie};
use crate::ui::settings::{Sort, TableSettings};

/// So long a subflow keeps its row after its end, seconds.
const STAYS_S: f64 = 8.0;
/// So long it does while somebody points at the table, seconds.
const STAYS_POINTED_AT_S: f64 = 60.0;

/// How the table was in the frame before.
#[derive(Debug, Default)]
pub(in crate::ui::connection) struct Held {
    connection: Option<ConnectionId>,
    sort: Option<Sort>,
    order: Vec<Cookie>,
    /// How many rows it has room for.
    lines: usize,
    /// Whether somebody points at it, or at a menu of it.
    pointed: bool,
}

impl Held {
    /// Begins anew where the table is another, or was sorted otherwise by somebody.
    pub(super) fn settle(&mut self, connection: ConnectionId, table: &TableSettings) {
        if self.connection != Some(connection) || self.sort != table.sort {
            *self = Self {
                connection: Some(connection),
                sort: table.sort.clone(),
                ..Self::default()
            };
        }
    }

    /// Whether a subflow that ended so long ago still has its row.
    pub(super) fn keeps(&self, subflow: &SubflowHistory, ended_s: f64) -> bool {
        let is_pointed_at = self.pointed && self.order.contains(&subflow.last.cookie);
        ended_s
            < if is_pointed_at {
                STAYS_POINTED_AT_S
            } else {
                STAYS_S
            }
    }

    /// Puts rows where they were while somebody points at them; those that came meanwhile come last.
    pub(super) fn arrange<Row>(&mut self, rows: &mut [Row], cookie: impl Fn(&Row) -> Cookie) {
        if self.pointed {
            let place = |row: &Row| self.order.iter().position(|other| *other == cookie(row));
            rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
        }
        self.order = rows.iter().map(cookie).collect();
    }

    /// How many rows the table is to have room for: while somebody points at what lies around it, no fewer than before.
    pub(in crate::ui::connection) fn lines(&mut self, rows: usize, near: bool) -> usize {
        self.lines = if near { self.lines.max(rows) } else { rows };
        self.lines
    }

    /// Notes where the pointer is.
    pub(in crate::ui::connection) fn point(&mut self, pointed: bool) {
        self.pointed = pointed;
    }
}
