//! What tells whether anything about a subflow changed, small enough to compare twenty thousand of them in no time.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;

use crate::metrics::tcp_info::{NEWS, SINCE};
use crate::wire::sock_diag::TcpSocket;

/// A subflow's identity, a fingerprint of all that is told of it, and the times since something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) cookie: u64,
    /// Of 64 bits; no change of a single number leaves it as it was.
    print: u64,
    /// The times since something, ms.
    since_ms: [Option<u64>; SINCE.len()],
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
            info,
        } = *socket;
        let mut hasher = FxHasher::default();
        let byte = |value: Option<u8>| value.map_or(u32::MAX, u32::from);
        let pairs = [
            (Some(u32::from(state)), Some(inode)),
            (Some(uid), Some(interface_index)),
            (token_remote, flags),
            (Some(byte(local_id)), Some(byte(remote_id))),
            (mark, None),
        ];
        for (a, b) in pairs {
            let word = |value: Option<u32>| u64::from(value.unwrap_or(u32::MAX));
            hasher.write_u64(word(a) << 32 | word(b));
        }
        hasher.write_u64(info.fingerprint(&NEWS));
        Self {
            cookie,
            print: hasher.finish(),
            since_ms: info.times(&SINCE),
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
    use crate::metrics::tcp_info::{
        TcpInfo, tcpi_bytes_acked, tcpi_bytes_received, tcpi_bytes_sent, tcpi_last_ack_recv,
        tcpi_last_data_sent, tcpi_snd_cwnd, tcpi_snd_ssthresh,
    };

    #[test]
    fn each_number_counts_and_the_clock_does_not() {
        let info = TcpInfo::default()
            .with(tcpi_snd_cwnd, 10)
            .with(tcpi_snd_ssthresh, 10)
            .with(tcpi_bytes_sent, 1)
            .with(tcpi_bytes_acked, 1)
            .with(tcpi_last_data_sent, 100)
            .with(tcpi_last_ack_recv, 100);
        let before = TcpSocket {
            cookie: 1,
            info,
            ..TcpSocket::default()
        };
        let with = |info: TcpInfo| TcpSocket { info, ..before };
        let unchanged = |after: TcpSocket| Mark::of(&before).is_unchanged(&Mark::of(&after));
        assert!(unchanged(before));
        let later = info.with(tcpi_last_data_sent, 350);
        assert!(unchanged(with(later.with(tcpi_last_ack_recv, 350))));
        let changes = [
            with(info.with(tcpi_last_ack_recv, 20)),
            with(info.with(tcpi_snd_cwnd, 11)),
            with(info.with(tcpi_snd_ssthresh, 11)),
            with(info.with(tcpi_snd_ssthresh, 9).with(tcpi_snd_cwnd, 11)),
            with(info.with(tcpi_bytes_sent, 2).with(tcpi_bytes_acked, 0)),
            with(info.with(tcpi_bytes_received, 1)),
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
