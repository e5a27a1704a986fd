//! Connections: what is worth a badge, and what is said of one as a whole.

use super::units::{age, several};
use super::{running, uncapitalised};
use crate::history::{Direction, SortKey};
use crate::model::{Connection, Process};

/// What is worth a badge at a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Remark {
    /// Nothing is left that could carry its data.
    NoPath,
    /// It goes on as plain TCP.
    Fallback,
    /// Its data has to move now.
    HandoverRuns {
        /// For how long nothing has been delivered, seconds, if so.
        stopped_s: Option<f64>,
    },
    /// Its data had to move, so many seconds ago.
    Handover {
        /// How long ago that was, seconds.
        ago_s: f64,
    },
    /// What is there for when other paths fail carries data.
    BackupInUse,
    /// There is no other path.
    OnePath,
}

/// What is worth a badge, in words.
pub fn remark(remark: Remark) -> String {
    match remark {
        Remark::NoPath => "No path left".to_owned(),
        Remark::Fallback => "Fell back to TCP".to_owned(),
        Remark::HandoverRuns { stopped_s } => running::briefly(stopped_s),
        Remark::Handover { ago_s } => format!("Handover {}", ago(ago_s)),
        Remark::BackupInUse => "Backup in use".to_owned(),
        Remark::OnePath => "One path".to_owned(),
    }
}

/// The same where there is little room.
pub fn remark_briefly(remark: Remark) -> String {
    match remark {
        Remark::Handover { ago_s } => ago(ago_s),
        other => self::remark(other),
    }
}

/// The same at the end of a line.
pub fn remark_in_line(remark: Remark) -> String {
    uncapitalised(&self::remark(remark))
}

/// How long ago something was: `22 s ago`.
pub fn ago(seconds: f64) -> String {
    format!("{} ago", age(seconds))
}

/// What the application that holds a connection calls itself.
pub fn application(connection: &Connection) -> &str {
    let process = connection.process.as_ref();
    process.map_or("Unknown application", |process| process.name.as_str())
}

/// The process that holds a connection, and how many others do: `pid 812 +1`.
pub fn process(pid: u32, others: usize) -> String {
    format!("pid {pid}{}", and_others(others))
}

/// The same by the process's name: `ssh (812) +1`.
pub fn named_process(process: &Process, others: usize) -> String {
    format!("{} ({}){}", process.name, process.pid, and_others(others))
}

fn and_others(others: usize) -> String {
    match others {
        0 => String::new(),
        others => format!(" +{others}"),
    }
}

/// How many subflows a connection has, and how many of them carry data.
pub fn subflows(all: usize, carrying: usize) -> String {
    let all = several(all, "subflow");
    match carrying {
        0 => format!("{all}, none carrying data"),
        carrying => format!("{all}, {carrying} carrying data"),
    }
}

/// That nothing is left that could carry a connection's data.
pub const NO_PATH_WAITS: &str = "no path left: what is sent waits";

/// The word beside a rate.
pub fn participle(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sending",
        Direction::Received => "receiving",
    }
}

/// The word beside a measured amount.
pub fn past(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
    }
}

/// The preposition of the peer.
pub fn preposition(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "to",
        Direction::Received => "from",
    }
}

/// An order of connections, or the same turned round.
pub fn order(key: SortKey, reversed: bool) -> &'static str {
    match (key, reversed) {
        (SortKey::Rate, false) => "Rate, highest first",
        (SortKey::Rate, true) => "Rate, lowest first",
        (SortKey::Name, false) => "Name, from A to Z",
        (SortKey::Name, true) => "Name, from Z to A",
        (SortKey::Age, false) => "Age, oldest first",
        (SortKey::Age, true) => "Age, newest first",
        (SortKey::Peer, false) => "Peer, lowest address first",
        (SortKey::Peer, true) => "Peer, highest address first",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_little_room_a_handover_is_only_how_long_ago_it_was() {
        let handover = Remark::Handover { ago_s: 3.4 };
        assert_eq!(remark(handover), "Handover 3 s ago");
        assert_eq!(remark_briefly(handover), "3 s ago");
        assert_eq!(remark_briefly(Remark::OnePath), "One path");
        assert_eq!(remark_in_line(Remark::Fallback), "fell back to TCP");
    }
}
