//! What the kernel tells of a subflow: `struct tcp_info` (include/uapi/linux/tcp.h), filled by `tcp_get_info`
//! (net/ipv4/tcp.c).

use super::info::{count_since, news_of, since_of};
use super::{Field, Info, Place, fields_of};

/// The length of the struct in Linux 6.18.
pub const SIZE: usize = 280;

/// The struct as the kernel gave it.
pub type TcpInfo = Info<SIZE>;

/// What is no field here: the state, which the message around it has, too; two numbers that the kernel leaves 0.
pub const NOT_READ: [Place; 3] = [
    Place::byte(0),
    // tcpi_fackets: since Linux 4.15 there is none.
    Place::word(40),
    // tcpi_last_ack_sent: "Not remembered, sorry."
    Place::word(48),
];

/// Hands the rows of the table to a macro: what it means, the field of the model with its type, the kernel's name, its
/// place, kind and unit, when it is known, since which Linux, and its title. Every kernel with MPTCP has what is older
/// than Linux 5.6.
macro_rules! rows {
    ($user:ident) => {
        $user! {
    /// How often the timeout was doubled.
    backoff: u8 { tcpi_backoff, byte(4), Gauge, Plain, Always, "2.6", "Backoff" }
    /// Retransmission timeout.
    rto_us: u32 { tcpi_rto, word(8), Gauge, Microseconds, Always, "2.6", "RTO" }
    /// The largest segment sent.
    mss: u32 { tcpi_snd_mss, word(16), Gauge, PacketBytes, Answered, "2.6", "MSS" }
    /// Segments sent and not acknowledged.
    unacked: u32 { tcpi_unacked, word(24), Gauge, Segments, Always, "2.6", "Unacked" }
    /// Segments thought lost.
    lost: u32 { tcpi_lost, word(32), Gauge, Segments, Always, "2.6", "Lost" }
    /// Segments sent again and not acknowledged yet.
    retrans: u32 { tcpi_retrans, word(36), Gauge, Segments, Always, "2.6", "Retrans. now" }
    /// Since data was last sent.
    last_data_sent_ms: u32 { tcpi_last_data_sent, word(44), Since, Milliseconds, Answered, "2.6", "Sent before" }
    /// Since data last came in.
    last_data_received_ms: u32 { tcpi_last_data_recv, word(52), Since, Milliseconds, Answered, "2.6", "Received before" }
    /// Since an acknowledgement last came in.
    last_ack_received_ms: u32 { tcpi_last_ack_recv, word(56), Since, Milliseconds, Answered, "2.6", "Heard before" }
    /// Smoothed round-trip time.
    rtt_us: u32 { tcpi_rtt, word(68), Gauge, Microseconds, Measured, "2.6", "RTT" }
    /// The mean deviation of the round-trip time.
    rtt_var_us: u32 { tcpi_rttvar, word(72), Gauge, Microseconds, Measured, "2.6", "RTT deviation" }
    /// Slow-start threshold, segments.
    ssthresh: u32 { tcpi_snd_ssthresh, word(76), Gauge, Segments, Finite, "2.6", "ssthresh" }
    /// Congestion window, segments.
    cwnd: u32 { tcpi_snd_cwnd, word(80), Gauge, Segments, Answered, "2.6", "cwnd" }
    /// Segments ever sent again.
    retrans_total: u32 { tcpi_total_retrans, word(100), Counter, Segments, Always, "2.6", "Retrans." }
    /// As fast as the kernel lets packets go.
    pacing_rate_bps: u64 { tcpi_pacing_rate, long(104), Gauge, BitsPerSecond, Limited, "3.15", "Pacing rate" }
    /// Data that the peer acknowledged.
    bytes_acked: u64 { tcpi_bytes_acked, long(120), Counter, Bytes, Always, "4.1", "Acknowledged" }
    /// Data that came in.
    bytes_received: u64 { tcpi_bytes_received, long(128), Counter, Bytes, Always, "4.1", "Received" }
    /// The least round-trip time seen.
    min_rtt_us: u32 { tcpi_min_rtt, word(148), Gauge, Microseconds, Measured, "4.6", "Min. RTT" }
    /// The latest rate that the kernel measured.
    delivery_rate_bps: u64 { tcpi_delivery_rate, long(160), Gauge, BitsPerSecond, NotZero, "4.9", "Delivery rate" }
    /// Retransmissions included.
    bytes_sent: u64 { tcpi_bytes_sent, long(200), Counter, Bytes, Always, "4.19", "Sent" }
    /// Data that was sent more than once.
    bytes_retrans: u64 { tcpi_bytes_retrans, long(208), Counter, Bytes, Always, "4.19", "Sent again" }
    /// What the peer is ready to receive.
    snd_wnd: u32 { tcpi_snd_wnd, word(228), Gauge, Bytes, Answered, "5.4", "Peer's window" }
    /// What the peer was last told that this host is ready to receive.
    rcv_wnd: u32 { tcpi_rcv_wnd, word(232), Gauge, Bytes, Answered, "6.2", "Own window" }
        }
    };
}

pub(crate) use rows;

rows!(fields_of);

/// The bits whose change is news.
pub const NEWS: [u8; SIZE] = news_of(FIELDS, &[]);

/// The places of the times since something.
pub const SINCE: [Place; count_since(FIELDS)] = since_of(FIELDS);
