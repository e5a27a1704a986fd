//! Why data waits, and where: in a connection's queues, and in the queues of what listens.

use super::units::{bytes, time};
use crate::model::{Connection, HoldTimes, ListeningSocket, WaitReason};

/// Why data waits, in a few words.
pub fn reason(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::NoPath => "no path left",
        WaitReason::PathsSilent => "nothing gets through on any path",
        WaitReason::PeerWindowClosed => "the peer's receive window is closed",
        WaitReason::OwnWindowClosed => "the application here does not read: its receive window is closed",
    }
}

/// The same as a sentence of its own that says what follows.
pub fn consequence(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::NoPath => "What is written waits until a path is back.",
        WaitReason::PathsSilent => "What was sent is sent again until something is heard.",
        WaitReason::PeerWindowClosed => "What is written waits until the peer's application reads.",
        WaitReason::OwnWindowClosed => "The peer waits until the application here reads.",
    }
}

/// What a connection has in its queues: `1.2 MB not acknowledged`, `4.1 kB unread`. Nothing where they are empty.
pub fn queues(connection: &Connection) -> Vec<String> {
    let filled = |amount: Option<u64>, what: &str| {
        let amount = amount.filter(|amount| *amount > 0);
        amount.map(|amount| format!("{} {what}", bytes(amount)))
    };
    let unread = connection.receive_queue.map(u64::from);
    let parts = [
        filled(connection.outstanding(), "not acknowledged"),
        filled(unread, "unread"),
    ];
    parts.into_iter().flatten().collect()
}

/// For how long the peer's window and the send buffer held data back, where that was so at all: `held back by the peer's
/// window 3.2 s (40 %)`.
pub fn held_back(times: &HoldTimes) -> Vec<String> {
    let part = |by: &str, us: Option<u64>, share: Option<f64>| {
        let us = us.filter(|us| *us > 0)?;
        let share = share.map(|share| format!(" ({:.0} %)", share * 100.0));
        let share = share.unwrap_or_default();
        Some(format!("held back by {by} {}{share}", time(us)))
    };
    let parts = [
        part(
            "the peer's window",
            times.receiver_limited_us,
            times.receiver_share(),
        ),
        part("the send buffer", times.sender_limited_us, times.sender_share()),
    ];
    parts.into_iter().flatten().collect()
}

/// How many connections wait to be accepted, of how many that may: `3 of 128 wait`.
pub fn accept_queue(listener: &ListeningSocket) -> String {
    let Some(waiting) = listener.accept_queue else {
        return "queue unknown".to_owned();
    };
    let most = listener.backlog.map(|most| format!(" of {most}"));
    let full = if listener.is_full() { ", full" } else { "" };
    format!("{waiting}{} wait{full}", most.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sequence;

    #[test]
    fn queues_are_told_where_something_is_in_them() {
        let mut connection = Connection {
            write_seq: Some(Sequence(5_412)),
            snd_una: Some(Sequence(5_000)),
            receive_queue: Some(0),
            ..Connection::default()
        };
        assert_eq!(queues(&connection), ["412 B not acknowledged"]);
        connection.receive_queue = Some(4_100);
        assert_eq!(queues(&connection), ["412 B not acknowledged", "4.1 kB unread"]);
        assert_eq!(queues(&Connection::default()), Vec::<String>::new());
    }

    #[test]
    fn what_held_data_back_has_its_share() {
        let times = HoldTimes {
            busy_us: Some(8_000_000),
            receiver_limited_us: Some(3_200_000),
            sender_limited_us: Some(0),
        };
        assert_eq!(held_back(&times), ["held back by the peer's window 3.2 s (40 %)"]);
    }

    #[test]
    fn a_queue_that_is_full_says_so() {
        let listener = |accept_queue, backlog| ListeningSocket {
            accept_queue,
            backlog,
            ..ListeningSocket::default()
        };
        assert_eq!(accept_queue(&listener(Some(3), Some(128))), "3 of 128 wait");
        assert_eq!(accept_queue(&listener(Some(5), Some(4))), "5 of 4 wait, full");
        assert_eq!(accept_queue(&listener(None, None)), "queue unknown");
    }
}
