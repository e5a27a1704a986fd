//! TCP sockets that are subflows: `struct tcp_info` (include/uapi/linux/tcp.h) and the MPTCP part of
//! `INET_DIAG_ULP_INFO` (net/mptcp/diag.c).

use std::net::{Ipv4Addr, SocketAddr};

use super::{Common, INET_DIAG_INFO, INET_DIAG_MARK, INET_DIAG_ULP_INFO, MESSAGE, split};
use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{u8_at, u32_at, u64_at};

const INET_ULP_INFO_NAME: u16 = 1;
const INET_ULP_INFO_MPTCP: u16 = 3;
const MPTCP_SUBFLOW_ATTR_TOKEN_REM: u16 = 1;
const MPTCP_SUBFLOW_ATTR_TOKEN_LOC: u16 = 2;
const MPTCP_SUBFLOW_ATTR_FLAGS: u16 = 8;
const MPTCP_SUBFLOW_ATTR_ID_REM: u16 = 9;
const MPTCP_SUBFLOW_ATTR_ID_LOC: u16 = 10;

/// One subflow. Numbers are as the kernel gives them; one is `None` exactly when the kernel's struct is too short
/// for it, or when the attribute is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSocket {
    /// The socket's identity, never reused.
    pub cookie: u64,
    /// AF_INET (2) or AF_INET6 (10).
    pub family: u8,
    /// A number of include/net/tcp_states.h.
    pub state: u8,
    /// This host's address and port; an IPv4-mapped address as the IPv4 address, a
    /// link-local one with the interface.
    pub local: SocketAddr,
    /// The peer's address and port; an IPv4-mapped address as the IPv4 address, a
    /// link-local one with the interface.
    pub remote: SocketAddr,
    /// The inode, which it shares with the connection's socket; 0 when no process holds it.
    pub inode: u32,
    /// The user who made it.
    pub uid: u32,
    /// The interface it is bound to; 0 for none.
    pub interface_index: u32,
    /// SO_MARK; told to who has CAP_NET_ADMIN over the network namespace only.
    pub mark: Option<u32>,
    /// The connection's token on this host.
    pub token_local: Option<u32>,
    /// The connection's token on the peer; 0 while it is not known.
    pub token_remote: Option<u32>,
    /// This host's address id.
    pub local_id: Option<u8>,
    /// The peer's address id.
    pub remote_id: Option<u8>,
    /// Bits MPTCP_SUBFLOW_FLAG_….
    pub flags: Option<u32>,
    /// `tcpi_backoff`: how often the timeout was doubled.
    pub backoff: Option<u8>,
    /// `tcpi_rto`: retransmission timeout, µs.
    pub rto_us: Option<u32>,
    /// `tcpi_snd_mss`: largest segment sent, bytes.
    pub mss: Option<u32>,
    /// `tcpi_unacked`: segments sent and not acknowledged.
    pub unacked: Option<u32>,
    /// `tcpi_lost`: segments thought lost.
    pub lost: Option<u32>,
    /// `tcpi_retrans`: segments sent again and not acknowledged yet.
    pub retrans: Option<u32>,
    /// `tcpi_last_data_sent`: ms since.
    pub last_data_sent_ms: Option<u32>,
    /// `tcpi_last_data_recv`: ms since.
    pub last_data_received_ms: Option<u32>,
    /// `tcpi_last_ack_recv`: ms since.
    pub last_ack_received_ms: Option<u32>,
    /// `tcpi_rtt`: smoothed round-trip time, µs; 0 before the first measurement.
    pub rtt_us: Option<u32>,
    /// `tcpi_rttvar`: its mean deviation, µs.
    pub rtt_var_us: Option<u32>,
    /// `tcpi_snd_ssthresh`: slow-start threshold, segments; 0x7fffffff and above while it is not set.
    pub ssthresh: Option<u32>,
    /// `tcpi_snd_cwnd`: congestion window, segments.
    pub cwnd: Option<u32>,
    /// `tcpi_total_retrans`: segments ever sent again.
    pub retrans_total: Option<u32>,
    /// `tcpi_pacing_rate`: bytes a second; all ones while it is unlimited.
    pub pacing_rate: Option<u64>,
    /// `tcpi_bytes_acked`.
    pub bytes_acked: Option<u64>,
    /// `tcpi_bytes_received`.
    pub bytes_received: Option<u64>,
    /// `tcpi_min_rtt`: µs; all ones before the first measurement.
    pub min_rtt_us: Option<u32>,
    /// `tcpi_delivery_rate`: bytes a second.
    pub delivery_rate: Option<u64>,
    /// `tcpi_bytes_sent`: retransmissions included.
    pub bytes_sent: Option<u64>,
    /// `tcpi_bytes_retrans`.
    pub bytes_retrans: Option<u64>,
    /// `tcpi_snd_wnd`: the peer's receive window, bytes.
    pub snd_wnd: Option<u32>,
    /// `tcpi_rcv_wnd` (Linux 6.2): the receive window that the peer was last told of, bytes.
    pub rcv_wnd: Option<u32>,
}

impl Default for TcpSocket {
    fn default() -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Self::new(
            &Common {
                cookie: 0,
                family: 0,
                state: 0,
                local: nowhere,
                remote: nowhere,
                inode: 0,
                uid: 0,
                interface_index: 0,
            },
            &[],
            &[],
        )
    }
}

impl TcpSocket {
    fn new(common: &Common, info: &[u8], mptcp: &[u8]) -> Self {
        let mut socket = Self {
            cookie: common.cookie,
            family: common.family,
            state: common.state,
            local: common.local,
            remote: common.remote,
            inode: common.inode,
            uid: common.uid,
            interface_index: common.interface_index,
            mark: None,
            token_local: None,
            token_remote: None,
            local_id: None,
            remote_id: None,
            flags: None,
            backoff: u8_at(info, 4),
            rto_us: u32_at(info, 8),
            mss: u32_at(info, 16),
            unacked: u32_at(info, 24),
            lost: u32_at(info, 32),
            retrans: u32_at(info, 36),
            last_data_sent_ms: u32_at(info, 44),
            last_data_received_ms: u32_at(info, 52),
            last_ack_received_ms: u32_at(info, 56),
            rtt_us: u32_at(info, 68),
            rtt_var_us: u32_at(info, 72),
            ssthresh: u32_at(info, 76),
            cwnd: u32_at(info, 80),
            retrans_total: u32_at(info, 100),
            pacing_rate: u64_at(info, 104),
            bytes_acked: u64_at(info, 120),
            bytes_received: u64_at(info, 128),
            min_rtt_us: u32_at(info, 148),
            delivery_rate: u64_at(info, 160),
            bytes_sent: u64_at(info, 200),
            bytes_retrans: u64_at(info, 208),
            snd_wnd: u32_at(info, 228),
            rcv_wnd: u32_at(info, 232),
        };
        for attribute in Attributes(mptcp) {
            match attribute.kind {
                MPTCP_SUBFLOW_ATTR_TOKEN_REM => socket.token_remote = attribute.u32(),
                MPTCP_SUBFLOW_ATTR_TOKEN_LOC => socket.token_local = attribute.u32(),
                MPTCP_SUBFLOW_ATTR_FLAGS => socket.flags = attribute.u32(),
                MPTCP_SUBFLOW_ATTR_ID_REM => socket.remote_id = attribute.u8(),
                MPTCP_SUBFLOW_ATTR_ID_LOC => socket.local_id = attribute.u8(),
                _ => {}
            }
        }
        socket
    }
}

/// One answer to [`super::dump_tcp`], looked at just enough to see whether it is a subflow; most are not.
#[derive(Clone, Copy, Debug)]
pub struct TcpMessage<'a> {
    header: &'a [u8; MESSAGE],
    info: &'a [u8],
    mark: Option<u32>,
    mptcp: Option<&'a [u8]>,
}

impl<'a> TcpMessage<'a> {
    /// Reads the header and finds the attributes.
    ///
    /// # Errors
    /// When it is shorter than `struct inet_diag_msg`.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        let (header, attributes) = split(payload, "a TCP socket")?;
        let mut message = Self {
            header,
            info: &[],
            mark: None,
            mptcp: None,
        };
        for attribute in Attributes(attributes) {
            match attribute.kind {
                INET_DIAG_INFO => message.info = attribute.payload,
                INET_DIAG_MARK => message.mark = attribute.u32(),
                INET_DIAG_ULP_INFO => message.mptcp = mptcp_part(attribute.nested()),
                _ => {}
            }
        }
        Ok(message)
    }

    /// Whether the kernel says that it is a subflow. Before Linux 6.15 it says so with CAP_NET_ADMIN only.
    pub fn is_mptcp(&self) -> bool {
        self.mptcp.is_some()
    }

    /// A number of include/net/tcp_states.h.
    pub fn state(&self) -> u8 {
        u8_at(self.header, 1).unwrap_or_default()
    }

    /// The inode; 0 when no process holds the socket.
    pub fn inode(&self) -> u32 {
        u32_at(self.header, 68).unwrap_or_default()
    }

    /// All of it.
    ///
    /// # Errors
    /// When its family is not IP.
    pub fn socket(&self) -> Result<TcpSocket, Malformed> {
        let common = Common::parse(self.header).ok_or(Malformed("a TCP socket"))?;
        Ok(TcpSocket {
            mark: self.mark,
            ..TcpSocket::new(&common, self.info, self.mptcp.unwrap_or_default())
        })
    }
}

/// The nest of MPTCP, empty where only the name is given; `None` for another protocol.
fn mptcp_part(ulp: Attributes<'_>) -> Option<&[u8]> {
    let mut named = false;
    let mut part = &[][..];
    for attribute in ulp {
        match attribute.kind {
            INET_ULP_INFO_NAME => named = attribute.string() == Some("mptcp"),
            INET_ULP_INFO_MPTCP => part = attribute.payload,
            _ => {}
        }
    }
    named.then_some(part)
}
