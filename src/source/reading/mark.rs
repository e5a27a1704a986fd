//! What tells whether anything about a subflow changed, small enough to compare twenty thousand of them in no time.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;

use crate::wire::sock_diag::TcpSocket;

/// A subflow's identity, a fingerprint of all that is told of it, and the times since something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) cookie: u64,
    /// Of 64 bits; no change of a single number leaves it as it was.
    print: u64,
    /// Since data was sent, data was received, an acknowledgement was received; ms.
    since_ms: [Option<u32>; 3],
}

impl Mark {
    pub(super) fn of(socket: &TcpSocket) -> Self {
        // Every field is named, so that a new one cannot be forgotten here.
        let TcpSocket {
            cookie,
            // What a socket is connected to stays while its cookie does.
            family: _,
            local: _,
            remote: _,
            token_local: _,
            state,
            inode,
            uid,
            interface_index,
            mark,
            token_remote,
            local_id,
            remote_id,
            flags,
            backoff,
            rto_us,
            mss,
            unacked,
            lost,
            retrans,
            last_data_sent_ms,
            last_data_received_ms,
            last_ack_received_ms,
            rtt_us,
            rtt_var_us,
            ssthresh,
            cwnd,
            retrans_total,
            pacing_rate,
            bytes_acked,
            bytes_received,
            min_rtt_us,
            delivery_rate,
            bytes_sent,
            bytes_retrans,
            snd_wnd,
            rcv_wnd,
        } = *socket;
        let mut hasher = FxHasher::default();
        let byte = |value: Option<u8>| value.map_or(u32::MAX, u32::from);
        let pairs = [
            (Some(u32::from(state)), Some(inode)),
            (Some(uid), Some(interface_index)),
            (token_remote, flags),
            (Some(byte(local_id)), Some(byte(remote_id))),
            (Some(byte(backoff)), rto_us),
            (mss, unacked),
            (lost, retrans),
            (rtt_us, rtt_var_us),
            (ssthresh, cwnd),
            (retrans_total, min_rtt_us),
            (snd_wnd, mark),
            (rcv_wnd, None),
        ];
        for (a, b) in pairs {
            let word = |value: Option<u32>| u64::from(value.unwrap_or(u32::MAX));
            hasher.write_u64(word(a) << 32 | word(b));
        }
        let longs = [
            pacing_rate,
            bytes_acked,
            bytes_received,
            delivery_rate,
            bytes_sent,
            bytes_retrans,
        ];
        for long in longs {
            hasher.write_u64(long.unwrap_or(u64::MAX));
        }
        Self {
            cookie,
            print: hasher.finish(),
            since_ms: [last_data_sent_ms, last_data_received_ms, last_ack_received_ms],
        }
    }

    /// Whether a later reading of the same subflow says the same. A field that only counts the time since something
    /// has not changed by growing with the clock; it has when it started anew.
    pub(super) fn is_unchanged(&self, later: &Self) -> bool {
        let anew = self.since_ms.iter().zip(&later.since_ms).any(|(a, b)| a > b);
        self.print == later.print && !anew
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_counts_and_the_clock_does_not() {
        let before = TcpSocket {
            cookie: 1,
            cwnd: Some(10),
            ssthresh: Some(10),
            bytes_sent: Some(1),
            bytes_acked: Some(1),
            last_data_sent_ms: Some(100),
            last_ack_received_ms: Some(100),
            ..TcpSocket::default()
        };
        let unchanged = |after: TcpSocket| Mark::of(&before).is_unchanged(&Mark::of(&after));
        assert!(unchanged(before));
        let later = Some(350);
        assert!(unchanged(TcpSocket {
            last_data_sent_ms: later,
            last_ack_received_ms: later,
            ..before
        }));
        let anew = Some(20);
        let changes = [
            TcpSocket {
                last_ack_received_ms: anew,
                ..before
            },
            TcpSocket {
                cwnd: Some(11),
                ..before
            },
            TcpSocket {
                ssthresh: Some(11),
                ..before
            },
            TcpSocket {
                ssthresh: Some(9),
                cwnd: Some(11),
                ..before
            },
            TcpSocket {
                bytes_sent: Some(2),
                bytes_acked: Some(0),
                ..before
            },
            TcpSocket {
                bytes_received: Some(0),
                ..before
            },
            TcpSocket { state: 2, ..before },
            TcpSocket {
                flags: Some(0),
                ..before
            },
        ];
        for changed in changes {
            assert!(!unchanged(changed), "{changed:?}");
        }
    }
}
