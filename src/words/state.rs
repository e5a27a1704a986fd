//! States, in one or two words.

use super::units::age;
use crate::history::Condition;
use crate::model::TcpState;

/// What a subflow is doing, over an interface that is up or not, where known.
pub fn condition(condition: Condition, up: Option<bool>) -> &'static str {
    match condition {
        Condition::Carrying => "established",
        Condition::Idle => "idle",
        Condition::Stalled if up == Some(false) => "lost",
        Condition::Stalled => "stalled",
        Condition::NotAnswered => "not answered",
        Condition::Closed => "closed",
    }
}

/// That a subflow was closed so many seconds ago.
pub fn closed(ago_s: f64) -> String {
    format!("closed {} ago", age(ago_s))
}

/// The state of a TCP socket, as the public schema has it, without underscores.
pub fn tcp(state: TcpState) -> &'static str {
    match state {
        TcpState::Established => "established",
        TcpState::SynSent => "syn sent",
        TcpState::SynRecv => "syn recv",
        TcpState::FinWait1 => "fin wait1",
        TcpState::FinWait2 => "fin wait2",
        TcpState::TimeWait => "time wait",
        TcpState::Close => "close",
        TcpState::CloseWait => "close wait",
        TcpState::LastAck => "last ack",
        TcpState::Listen => "listen",
        TcpState::Closing => "closing",
        TcpState::NewSynRecv => "new syn recv",
        TcpState::BoundInactive => "bound inactive",
        TcpState::Unknown => "unknown",
    }
}
