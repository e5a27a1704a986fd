//! What the kernel tells of a connection: `struct mptcp_info` (include/uapi/linux/mptcp.h), filled by
//! `mptcp_diag_fill_info` (net/mptcp/sockopt.c). It grew in Linux 5.12, 5.14, 6.5, 6.8 and 6.10.

use super::info::{count_since, news_of, since_of};
use super::{Field, Info, Place, fields_of};

/// The length of the struct in Linux 6.18.
pub const SIZE: usize = 96;

/// The struct as the kernel gave it.
pub type MptcpInfo = Info<SIZE>;

/// `mptcpi_token`: what the connection is known by.
pub const TOKEN: Place = Place::word(12);

/// `mptcpi_flags`: all of the bits MPTCP_INFO_FLAG_….
pub const FLAGS: Place = Place::word(8);

/// Hands the rows of the table to a macro: what it means, the field of the model with its type, the kernel's name, its
/// place, kind and unit, when it is known, since which Linux, and its title.
macro_rules! rows {
    ($user:ident) => {
        $user! {
            /// Subflows beside the initial one.
            extra_subflows: u8 { mptcpi_subflows, byte(0), Gauge, Plain, Always, "5.9", "Extra subflows" }
            /// Addresses that this host announced.
            add_addr_signal: u8 { mptcpi_add_addr_signal, byte(1), Gauge, Plain, Always, "5.9", "Announced" }
            /// Addresses that the peer announced and this host accepted.
            add_addr_accepted: u8 { mptcpi_add_addr_accepted, byte(2), Gauge, Plain, Always, "5.9", "Accepted" }
            /// The most subflows beside the initial one that the limits allow.
            extra_subflows_max: u8 { mptcpi_subflows_max, byte(3), Gauge, Plain, Always, "5.9", "Most extra subflows" }
            /// Endpoints whose address may be announced.
            add_addr_signal_max: u8 { mptcpi_add_addr_signal_max, byte(4), Gauge, Plain, Always, "5.9", "Most announced" }
            /// The most announced addresses that the limits let this host accept.
            add_addr_accepted_max: u8 { mptcpi_add_addr_accepted_max, byte(5), Gauge, Plain, Always, "5.9", "Most accepted" }
            /// Whether the connection goes on as plain TCP.
            fallback: bool { MPTCP_INFO_FLAG_FALLBACK, flag(8, 0), Flag, Plain, Answered, "5.9", "Fallback" }
            /// Whether the peer's key has come, so that further subflows can be opened.
            remote_key_received: bool { MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED, flag(8, 1), Flag, Plain, Always, "5.9", "Peer's key" }
            /// Up to where the application has written, what was not sent yet included.
            write_seq: Sequence { mptcpi_write_seq, long(16), Counter, Bytes, Always, "5.9", "Written" }
            /// Up to where the peer has acknowledged; after a fallback, up to where was sent.
            snd_una: Sequence { mptcpi_snd_una, long(24), Counter, Bytes, Always, "5.9", "Acknowledged up to" }
            /// Up to where data has arrived without a hole.
            rcv_nxt: Sequence { mptcpi_rcv_nxt, long(32), Counter, Bytes, Always, "5.9", "Received up to" }
            /// Addresses of this host from which further subflows were opened.
            local_addr_used: u8 { mptcpi_local_addr_used, byte(40), Gauge, Plain, Always, "5.12", "Addresses used" }
            /// Endpoints from which further subflows may be opened.
            local_addr_max: u8 { mptcpi_local_addr_max, byte(41), Gauge, Plain, Always, "5.12", "Most addresses" }
            /// Whether the data carries a checksum.
            csum_enabled: bool { mptcpi_csum_enabled, byte(42), Flag, Plain, Always, "5.14", "Checksum" }
            /// Retransmissions at the data level, over another subflow.
            retransmits: u32 { mptcpi_retransmits, word_of_longer(44, 80), Counter, Plain, Always, "6.5", "Retransmissions" }
            /// Data that was sent again on another subflow.
            bytes_retrans: u64 { mptcpi_bytes_retrans, long(48), Counter, Bytes, Always, "6.5", "Sent again" }
            /// Data that was sent, each byte counted once.
            bytes_sent: u64 { mptcpi_bytes_sent, long(56), Counter, Bytes, Always, "6.5", "Sent" }
            /// Data that came in, each byte counted once.
            bytes_received: u64 { mptcpi_bytes_received, long(64), Counter, Bytes, Always, "6.5", "Received" }
            /// Data that the peer acknowledged, each byte counted once.
            bytes_acked: u64 { mptcpi_bytes_acked, long(72), Counter, Bytes, Always, "6.5", "Acknowledged" }
            /// Subflows, the initial one included.
            subflows_total: u8 { mptcpi_subflows_total, byte(80), Gauge, Plain, Always, "6.8", "Subflows" }
            /// Endpoints from which announced addresses are answered one to one (laminar); 0 is what older kernels leave there.
            endp_laminar_max: u8 { mptcpi_endp_laminar_max, byte(81), Gauge, Plain, NotZero, "6.18", "Laminar endpoints" }
            /// Since data was last sent.
            last_data_sent_ms: u32 { mptcpi_last_data_sent, word_of_longer(84, 96), Since, Milliseconds, Answered, "6.10", "Sent before" }
            /// Since data last came in.
            last_data_received_ms: u32 { mptcpi_last_data_recv, word_of_longer(88, 96), Since, Milliseconds, Answered, "6.10", "Received before" }
            /// Since an acknowledgement last came in.
            last_ack_received_ms: u32 { mptcpi_last_ack_recv, word(92), Since, Milliseconds, Answered, "6.10", "Heard before" }
        }
    };
}

pub(crate) use rows;

rows!(fields_of);

/// The bits whose change is news.
pub const NEWS: [u8; SIZE] = news_of(FIELDS, &[TOKEN, FLAGS]);

/// The places of the times since something.
pub const SINCE: [Place; count_since(FIELDS)] = since_of(FIELDS);
