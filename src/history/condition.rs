//! What a subflow is doing, in one word.

use crate::model::{Subflow, TcpState};

/// What a subflow is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Data flows.
    Carrying,
    /// Established, nothing flows.
    Idle,
    /// Data waits, nothing gets through: the retransmission timer backs off, or the interface is down.
    Stalled,
    /// Asked for, not answered.
    NotAnswered,
    /// Closing or closed.
    Closed,
}

/// The condition of a subflow over an interface that is up or not, where known; `moves` says whether data moved since the
/// reading before the newest, and whether some did within the last second.
pub fn condition(subflow: &Subflow, moves: (bool, bool), interface_up: Option<bool>) -> Condition {
    match subflow.state {
        TcpState::SynSent | TcpState::SynRecv | TcpState::NewSynRecv => Condition::NotAnswered,
        TcpState::Established | TcpState::CloseWait => {
            let waits = subflow.unacked.unwrap_or(0) > 0;
            // One that receives still delivers, though what it sends has to wait.
            let backs_off = waits && subflow.backoff.unwrap_or(0) > 0 && !moves.0;
            if interface_up == Some(false) || backs_off {
                Condition::Stalled
            } else if moves.1 {
                Condition::Carrying
            } else {
                Condition::Idle
            }
        }
        _ => Condition::Closed,
    }
}
