//! What the kernel tells of a subflow: `struct tcp_info` (include/uapi/linux/tcp.h), filled by `tcp_get_info`
//! (net/ipv4/tcp.c).

use super::info::{count_since, news_of, since_of};
use super::{Field, Info, Location, fields_of};

/// The length of the struct in Linux 6.18.
pub const SIZE: usize = 280;

/// The struct as the kernel gave it.
pub type TcpInfo = Info<SIZE>;

/// What is no field here: the state, which the message around it has, too, and two numbers that the kernel leaves 0.
pub const NOT_READ: [Location; 3] = [
    Location::byte(0),
    // tcpi_fackets: since Linux 4.15 there is none.
    Location::word(40),
    // tcpi_last_ack_sent: "Not remembered, sorry."
    Location::word(48),
];

/// Hands the rows of the table to a macro: what it means, the field of the model with its type, the kernel's name, its
/// place, kind and unit, when it is known, since which Linux, and its title. Every kernel with MPTCP has what is older
/// than Linux 5.6. The usual ones are those that this program uses itself, each a field of the subflow; the details are
/// only told and shown.
macro_rules! rows {
    ($user:ident) => {
        $user! {
            usual {
                /// How often the timeout was doubled.
                backoff: u8 { tcpi_backoff, byte(4), Gauge, Plain, Always, "2.6", "Backoff" }
                /// Retransmission timeout.
                rto_us: u32 { tcpi_rto, word(8), Gauge, Microseconds, Always, "2.6", "RTO" }
                /// The largest segment sent.
                mss: u32 { tcpi_snd_mss, word(16), Gauge, PacketBytes, Answered, "2.6", "MSS" }
                /// Segments sent and not acknowledged.
                unacked: u32 { tcpi_unacked, word(24), Gauge, Segments, Always, "2.6", "Unacked" }
                /// Segments that the peer has beyond a hole (SACK).
                sacked: u32 { tcpi_sacked, word(28), Gauge, Segments, Always, "2.6", "SACKed" }
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
            details {
                /// What congestion control is doing: 0 open, 1 disorder, 2 window reduced, 3 recovery, 4 loss.
                ca_state: u8 { tcpi_ca_state, byte(1), Code, Plain, Always, "2.6", "Congestion state" }
                /// Retransmission timeouts in a row that nothing was acknowledged after.
                retransmits: u8 { tcpi_retransmits, byte(2), Gauge, Plain, Always, "2.6", "Timeouts now" }
                /// Probes of a closed window or of an idle peer that are not answered.
                probes: u8 { tcpi_probes, byte(3), Gauge, Plain, Always, "2.6", "Probes" }
                /// What both sides agreed on, as bits: 1 timestamps, 2 SACK, 4 window scaling, 8 ECN, 16 ECN seen, 32 data in the SYN.
                options: u8 { tcpi_options, byte(5), Code, Plain, Answered, "2.6", "Options" }
                /// The peer's window is told in units of two to this power.
                snd_wscale: u8 { tcpi_snd_wscale, bit_field(6, 0, 4), Gauge, Plain, Answered, "2.6", "Peer's scale" }
                /// This host's window is told in units of two to this power.
                rcv_wscale: u8 { tcpi_rcv_wscale, bit_field(6, 4, 4), Gauge, Plain, Answered, "2.6", "Own scale" }
                /// Whether the application sent too little for the delivery rate to show what the path can carry.
                delivery_rate_app_limited: bool { tcpi_delivery_rate_app_limited, bit_field(7, 0, 1), Flag, Plain, Always, "4.9", "App-limited" }
                /// Why TCP Fast Open failed: 0 not known, 1 no cookie, 2 data not acknowledged, 3 SYN sent again.
                fastopen_client_fail: u8 { tcpi_fastopen_client_fail, bit_field(7, 1, 2), Code, Plain, Always, "5.5", "Fast Open failure" }
                /// How long an acknowledgement may be delayed.
                ato_us: u32 { tcpi_ato, word(12), Gauge, Microseconds, NotZero, "2.6", "ATO" }
                /// The size of segment that the peer is thought to send.
                rcv_mss: u32 { tcpi_rcv_mss, word(20), Gauge, PacketBytes, Answered, "2.6", "Receive MSS" }
                /// The largest packet that the path is thought to take.
                pmtu: u32 { tcpi_pmtu, word(60), Gauge, PacketBytes, NotZero, "2.6", "Path MTU" }
                /// Up to where the receive window may grow now.
                rcv_ssthresh: u32 { tcpi_rcv_ssthresh, word(64), Gauge, Bytes, Answered, "2.6", "rcv_ssthresh" }
                /// The largest segment that this host told the peer to send.
                advmss: u32 { tcpi_advmss, word(84), Gauge, PacketBytes, Always, "2.6", "Advertised MSS" }
                /// So many segments may come out of order before one counts as lost.
                reordering: u32 { tcpi_reordering, word(88), Gauge, Segments, Always, "2.6", "Reordering" }
                /// Round-trip time as the receiver measures it.
                rcv_rtt_us: u32 { tcpi_rcv_rtt, word(92), Gauge, Microseconds, NotZero, "2.6", "Receiver's RTT" }
                /// What the application takes in during a round trip; the receive buffer follows it.
                rcv_space: u32 { tcpi_rcv_space, word(96), Gauge, Bytes, Answered, "2.6", "Receive space" }
                /// The fastest that packets may leave.
                max_pacing_rate_bps: u64 { tcpi_max_pacing_rate, long(112), Gauge, BitsPerSecond, Limited, "3.15", "Max. pacing rate" }
                /// Segments sent, those without data included.
                segs_out: u32 { tcpi_segs_out, word(136), Counter, Segments, Always, "4.2", "Segments out" }
                /// Segments that came in, those without data included.
                segs_in: u32 { tcpi_segs_in, word(140), Counter, Segments, Always, "4.2", "Segments in" }
                /// Data that waits in the send buffer and was not sent yet.
                notsent_bytes: u32 { tcpi_notsent_bytes, word(144), Gauge, Bytes, Always, "4.6", "Not sent" }
                /// Segments with data that came in.
                data_segs_in: u32 { tcpi_data_segs_in, word(152), Counter, Segments, Always, "4.6", "Data segments in" }
                /// Segments with data that were sent, retransmissions included.
                data_segs_out: u32 { tcpi_data_segs_out, word(156), Counter, Segments, Always, "4.6", "Data segments out" }
                /// How long there was data to send or to be acknowledged.
                busy_time_us: u64 { tcpi_busy_time, long(168), Spent, Microseconds, Always, "4.10", "Busy" }
                /// How long the peer's window held data back.
                rwnd_limited_us: u64 { tcpi_rwnd_limited, long(176), Spent, Microseconds, Always, "4.10", "Window-limited" }
                /// How long the size of the send buffer held data back.
                sndbuf_limited_us: u64 { tcpi_sndbuf_limited, long(184), Spent, Microseconds, Always, "4.10", "Buffer-limited" }
                /// Segments that the peer has, those that came out of order and those sent again included.
                delivered: u32 { tcpi_delivered, word(192), Counter, Segments, Always, "4.18", "Delivered" }
                /// The same, those whose acknowledgement told of congestion (ECE).
                delivered_ce: u32 { tcpi_delivered_ce, word(196), Counter, Segments, Always, "4.18", "Delivered with ECE" }
                /// Segments that the peer says it received twice (DSACK).
                dsack_dups: u32 { tcpi_dsack_dups, word(216), Counter, Segments, Always, "4.19", "Duplicates" }
                /// How often segments were seen out of order.
                reord_seen: u32 { tcpi_reord_seen, word(220), Counter, Plain, Always, "4.19", "Reorderings" }
                /// Segments that came in out of order.
                rcv_ooopack: u32 { tcpi_rcv_ooopack, word(224), Counter, Segments, Always, "5.4", "Out of order" }
                /// How often another way through the network was tried, by another hash of the flow, after timeouts or congestion.
                rehash: u32 { tcpi_rehash, word(236), Counter, Plain, Always, "6.2", "Rehashes" }
                /// Retransmission timeouts ever, those of the handshake included.
                total_rto: u16 { tcpi_total_rto, half(240), Counter, Plain, Always, "6.7", "Timeouts" }
                /// Recoveries from retransmission timeouts, one that goes on included.
                total_rto_recoveries: u16 { tcpi_total_rto_recoveries, half(242), Counter, Plain, Always, "6.7", "Recoveries" }
                /// How long these recoveries took.
                total_rto_time_ms: u32 { tcpi_total_rto_time, word(244), Spent, Milliseconds, Always, "6.7", "In recovery" }
                /// Segments that came in with a mark of congestion (CE).
                received_ce: u32 { tcpi_received_ce, word(248), Counter, Segments, Always, "6.18", "Received with CE" }
                /// Delivered data that was marked ECT(1), as the peer counts it (AccECN, RFC 9768).
                delivered_e1_bytes: u32 { tcpi_delivered_e1_bytes, word(252), Counter, Bytes, Always, "6.18", "Delivered, ECT(1)" }
                /// Delivered data that was marked ECT(0), as the peer counts it.
                delivered_e0_bytes: u32 { tcpi_delivered_e0_bytes, word(256), Counter, Bytes, Always, "6.18", "Delivered, ECT(0)" }
                /// Delivered data that came with a mark of congestion (CE), as the peer counts it.
                delivered_ce_bytes: u32 { tcpi_delivered_ce_bytes, word(260), Counter, Bytes, Always, "6.18", "Delivered, CE" }
                /// Received data that was marked ECT(1).
                received_e1_bytes: u32 { tcpi_received_e1_bytes, word(264), Counter, Bytes, Always, "6.18", "Received, ECT(1)" }
                /// Received data that was marked ECT(0).
                received_e0_bytes: u32 { tcpi_received_e0_bytes, word(268), Counter, Bytes, Always, "6.18", "Received, ECT(0)" }
                /// Received data that came with a mark of congestion (CE).
                received_ce_bytes: u32 { tcpi_received_ce_bytes, word(272), Counter, Bytes, Always, "6.18", "Received, CE" }
                /// How Accurate ECN failed, as bits: 1 and 2 its bits in the header, sent and received; 4 and 8 its option.
                accecn_fail_mode: u16 { tcpi_accecn_fail_mode, half(276), Code, Plain, BeforeLinux7, "6.18", "AccECN failure" }
                /// Which option of Accurate ECN came: 0 none, 1 an empty one, 2 one with counts, 3 it fails on the way.
                accecn_opt_seen: u16 { tcpi_accecn_opt_seen, half(278), Code, Plain, BeforeLinux7, "6.18", "AccECN option" }
            }
        }
    };
}

pub(crate) use rows;

rows!(fields_of);

/// The bits whose change is news.
pub const NEWS: [u8; SIZE] = news_of(FIELDS, &[]);

/// The places of the times since something.
pub const SINCE: [Location; count_since(FIELDS)] = since_of(FIELDS);
