//! Why a connection's data waits, as its sockets tell at one instant, and for how long something held it back in sum.

use serde::{Deserialize, Serialize};

use super::{Connection, Subflow, TcpState};

/// A reason for which data of a connection waits now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// Nothing is left that could carry what was written.
    NoPath,
    /// What was written is not acknowledged on any path: each waits for its retransmission timer.
    PathsSilent,
    /// The peer takes nothing more: its receive window is closed on every path.
    PeerWindowClosed,
    /// The peer may send nothing more, because the application here does not read: this host's receive window is closed
    /// on every path.
    OwnWindowClosed,
}

/// For how long something held data back, all subflows added up, since each began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldTimes {
    /// There was data to send, or to be acknowledged; µs.
    pub busy_us: Option<u64>,
    /// The peer's receive window held it back, µs.
    pub receiver_limited_us: Option<u64>,
    /// The size of the send buffer here held it back, µs.
    pub sender_limited_us: Option<u64>,
}

impl HoldTimes {
    /// The part of the busy time in which the peer's window held data back, 0 to 1.
    pub fn receiver_share(&self) -> Option<f64> {
        share(self.receiver_limited_us, self.busy_us)
    }

    /// The part of the busy time in which the send buffer held data back, 0 to 1.
    pub fn sender_share(&self) -> Option<f64> {
        share(self.sender_limited_us, self.busy_us)
    }
}

fn share(part_us: Option<u64>, of_us: Option<u64>) -> Option<f64> {
    let (part, whole) = part_us.zip(of_us)?;
    (whole > 0).then(|| (part as f64 / whole as f64).min(1.0))
}

impl Subflow {
    /// Whether it can carry data.
    pub fn is_open(&self) -> bool {
        matches!(self.state, TcpState::Established | TcpState::CloseWait)
    }

    /// Whether the peer takes no further segment on it.
    pub fn is_peer_window_closed(&self) -> bool {
        is_less_than_a_segment(self.snd_wnd, self.mss)
    }

    /// Whether this host takes no further segment on it.
    pub fn is_own_window_closed(&self) -> bool {
        is_less_than_a_segment(self.rcv_wnd, self.mss)
    }
}

fn is_less_than_a_segment(window: Option<u32>, segment: Option<u32>) -> bool {
    let both = window.zip(segment);
    both.is_some_and(|(window, segment)| window < segment)
}

impl Connection {
    /// Why its data waits now; nothing where it does not, and where the sockets do not tell.
    pub fn wait_reasons(&self) -> Vec<WaitReason> {
        if self.has_no_path() {
            return vec![WaitReason::NoPath];
        }
        let open = || self.subflows.iter().filter(|subflow| subflow.is_open());
        let all =
            |is_so: fn(&Subflow) -> bool| open().next().is_some() && open().all(|subflow| is_so(subflow));
        let waits = match self.outstanding() {
            Some(bytes) => bytes > 0,
            None => open().any(|subflow| subflow.unacked.unwrap_or(0) > 0),
        };
        let mut reasons = Vec::new();
        if waits && all(Subflow::is_peer_window_closed) {
            reasons.push(WaitReason::PeerWindowClosed);
        } else if waits && all(is_silent) {
            reasons.push(WaitReason::PathsSilent);
        }
        if all(Subflow::is_own_window_closed) {
            reasons.push(WaitReason::OwnWindowClosed);
        }
        reasons
    }

    /// For how long something held its data back, on the subflows that are there.
    pub fn hold_times(&self) -> HoldTimes {
        let sum = |of: fn(&Subflow) -> Option<u64>| {
            let known = self.subflows.iter().filter_map(|subflow| of(subflow));
            known.reduce(u64::saturating_add)
        };
        HoldTimes {
            busy_us: sum(|subflow| subflow.details.busy_time_us),
            receiver_limited_us: sum(|subflow| subflow.details.rwnd_limited_us),
            sender_limited_us: sum(|subflow| subflow.details.sndbuf_limited_us),
        }
    }
}

fn is_silent(subflow: &Subflow) -> bool {
    subflow.unacked.unwrap_or(0) > 0 && subflow.backoff.unwrap_or(0) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Sequence, Shared, SubflowDetails};

    fn subflow(change: impl Fn(&mut Subflow)) -> Shared<Subflow> {
        let mut subflow = Subflow {
            state: TcpState::Established,
            snd_wnd: Some(65_000),
            rcv_wnd: Some(65_000),
            mss: Some(1448),
            ..Subflow::default()
        };
        change(&mut subflow);
        subflow.into()
    }

    fn connection(written: u64, subflows: Vec<Shared<Subflow>>) -> Connection {
        Connection {
            state: TcpState::Established,
            inode: Some(1),
            write_seq: Some(Sequence(written)),
            snd_una: Some(Sequence(0)),
            subflows,
            ..Connection::default()
        }
    }

    #[test]
    fn a_window_must_be_closed_on_every_path() {
        let open = || subflow(|_| {});
        let closed = || subflow(|subflow| subflow.snd_wnd = Some(0));
        let reasons = |written, subflows| connection(written, subflows).wait_reasons();
        assert_eq!(reasons(10, vec![open(), closed()]), []);
        assert_eq!(
            reasons(10, vec![closed(), closed()]),
            [WaitReason::PeerWindowClosed]
        );
        assert_eq!(reasons(0, vec![closed()]), [], "nothing waits");
        let full = subflow(|subflow| subflow.rcv_wnd = Some(100));
        assert_eq!(reasons(0, vec![full]), [WaitReason::OwnWindowClosed]);
    }

    #[test]
    fn silence_and_the_loss_of_every_path_are_reasons() {
        let silent = || {
            subflow(|subflow| {
                subflow.unacked = Some(3);
                subflow.backoff = Some(1);
            })
        };
        let ended = subflow(|subflow| subflow.state = TcpState::FinWait1);
        assert_eq!(
            connection(10, vec![silent(), ended.clone()]).wait_reasons(),
            [WaitReason::PathsSilent]
        );
        assert_eq!(connection(10, vec![ended]).wait_reasons(), [WaitReason::NoPath]);
    }

    #[test]
    fn times_add_up_and_what_nobody_told_is_absent() {
        let held = |busy, limited| {
            subflow(|subflow| {
                subflow.details = SubflowDetails {
                    busy_time_us: Some(busy),
                    rwnd_limited_us: Some(limited),
                    ..SubflowDetails::default()
                }
                .into();
            })
        };
        let times = connection(0, vec![held(60, 10), held(40, 40)]).hold_times();
        assert_eq!(times.receiver_limited_us, Some(50));
        assert_eq!(times.sender_limited_us, None);
        assert_eq!(times.sender_share(), None);
        assert!((times.receiver_share().expect("a share") - 0.5).abs() < 1e-9);
        assert_eq!(
            connection(0, vec![subflow(|_| {})]).hold_times(),
            HoldTimes::default()
        );
    }
}
