//! Connections: what is worth a badge, and what is said of one as a whole.

use super::units::{age, bytes, several, time};
use super::{listed, running, uncapitalised};
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

/// What stands for an application that is not known.
pub const UNKNOWN_APPLICATION: &str = "Unknown application";

/// What the application that holds a connection calls itself.
pub fn application(connection: &Connection) -> &str {
    let process = connection.process.as_ref();
    process.map_or(UNKNOWN_APPLICATION, |process| process.name.as_str())
}

/// The process that holds a connection, and how many others do: `pid 812 +1`.
pub fn process(pid: u32, others: usize) -> String {
    format!("pid {pid}{}", and_others(others))
}

/// The same by the process's name: `ssh (812) +1`.
pub fn named_process(process: &Process, others: usize) -> String {
    format!("{} ({}){}", process.name, process.pid, and_others(others))
}

/// The process that holds a connection, and whose other end it is: `ssh (812) → 10.0.0.2:22`.
pub fn named_end(connection: &Connection) -> String {
    let process = connection.process.as_ref();
    let process = process.map(|process| named_process(process, connection.other_processes()));
    let process = process.unwrap_or_else(|| application(connection).to_owned());
    format!("{process} → {}", connection.remote)
}

/// What a connection was that has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Life {
    /// How long it lived, seconds; `None` where its birth was not seen.
    pub age_s: Option<f64>,
    /// Bytes that it sent; `None` where no sample saw it.
    pub sent: Option<u64>,
    /// Bytes that it received.
    pub received: Option<u64>,
    /// What people call the paths that it used.
    pub paths: Vec<String>,
    /// How often its data moved or had to wait.
    pub handovers: usize,
    /// Whether it went on as plain TCP.
    pub fell_back: bool,
}

/// What a connection was that has ended, a part each.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped first"
)]
pub fn life(life: &Life) -> Vec<String> {
    let age = |seconds: f64| time((seconds.clamp(0.0, 1e12) * 1e6) as u64);
    let mut parts = vec![match life.age_s {
        Some(seconds) => format!("lived {}", age(seconds)),
        None => "was there before".to_owned(),
    }];
    if let (Some(sent), Some(received)) = (life.sent, life.received) {
        parts.push(format!("sent {}, received {}", bytes(sent), bytes(received)));
    }
    if !life.paths.is_empty() {
        parts.push(format!("over {}", listed(&life.paths)));
    }
    if life.handovers > 0 {
        parts.push(several(life.handovers, "handover"));
    }
    if life.fell_back {
        parts.push(remark_in_line(Remark::Fallback));
    }
    parts
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
