//! MPTCP sockets: `struct mptcp_info` (include/uapi/linux/mptcp.h), which grew in Linux 6.5, 6.8 and 6.10.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Common, INET_DIAG_INFO, split};
use crate::wire::Malformed;
use crate::wire::attribute::find;
use crate::wire::bytes::{u8_at, u32_at, u64_at};

/// One MPTCP socket: a connection, or one that listens. What comes from `struct mptcp_info` is `None` exactly when
/// the kernel's struct is too short for it, or not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MptcpSocket {
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
    /// The inode, as in /proc/PID/fd; 0 when no process holds it.
    pub inode: u32,
    /// The user who made it.
    pub uid: u32,
    /// The interface it is bound to; 0 for none.
    pub interface_index: u32,
    /// `mptcpi_token`.
    pub token: Option<u32>,
    /// `mptcpi_flags`: bits MPTCP_INFO_FLAG_….
    pub flags: Option<u32>,
    /// `mptcpi_subflows`: subflows beside the initial one.
    pub extra_subflows: Option<u8>,
    /// `mptcpi_subflows_max`.
    pub extra_subflows_max: Option<u8>,
    /// `mptcpi_add_addr_signal`: addresses that this host announced.
    pub add_addr_signal: Option<u8>,
    /// `mptcpi_add_addr_accepted`: addresses of the peer that were accepted.
    pub add_addr_accepted: Option<u8>,
    /// `mptcpi_add_addr_accepted_max`.
    pub add_addr_accepted_max: Option<u8>,
    /// `mptcpi_write_seq`: up to where the application has written.
    pub write_seq: Option<u64>,
    /// `mptcpi_snd_una`: up to where the peer has acknowledged.
    pub snd_una: Option<u64>,
    /// `mptcpi_rcv_nxt`: up to where data has arrived without a hole.
    pub rcv_nxt: Option<u64>,
    /// `mptcpi_bytes_retrans` (Linux 6.5): bytes sent again on another subflow.
    pub bytes_retrans: Option<u64>,
    /// `mptcpi_bytes_sent` (Linux 6.5): bytes sent, each counted once.
    pub bytes_sent: Option<u64>,
    /// `mptcpi_bytes_received` (Linux 6.5).
    pub bytes_received: Option<u64>,
    /// `mptcpi_bytes_acked` (Linux 6.5).
    pub bytes_acked: Option<u64>,
}

impl Default for MptcpSocket {
    fn default() -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Self {
            cookie: 0,
            family: 0,
            state: 0,
            local: nowhere,
            remote: nowhere,
            inode: 0,
            uid: 0,
            interface_index: 0,
            token: None,
            flags: None,
            extra_subflows: None,
            extra_subflows_max: None,
            add_addr_signal: None,
            add_addr_accepted: None,
            add_addr_accepted_max: None,
            write_seq: None,
            snd_una: None,
            rcv_nxt: None,
            bytes_retrans: None,
            bytes_sent: None,
            bytes_received: None,
            bytes_acked: None,
        }
    }
}

/// One answer to [`super::dump_mptcp`].
///
/// # Errors
/// When it is shorter than `struct inet_diag_msg`, or its family is not IP.
pub fn parse_mptcp(payload: &[u8]) -> Result<MptcpSocket, Malformed> {
    const WHAT: Malformed = Malformed("an MPTCP socket");
    let (header, attributes) = split(payload, WHAT.0)?;
    let common = Common::parse(header).ok_or(WHAT)?;
    let info = find(attributes, INET_DIAG_INFO).map_or(&[][..], |attribute| attribute.payload);
    Ok(MptcpSocket {
        cookie: common.cookie,
        family: common.family,
        state: common.state,
        local: common.local,
        remote: common.remote,
        inode: common.inode,
        uid: common.uid,
        interface_index: common.interface_index,
        extra_subflows: u8_at(info, 0),
        add_addr_signal: u8_at(info, 1),
        add_addr_accepted: u8_at(info, 2),
        extra_subflows_max: u8_at(info, 3),
        add_addr_accepted_max: u8_at(info, 5),
        flags: u32_at(info, 8),
        token: u32_at(info, 12),
        write_seq: u64_at(info, 16),
        snd_una: u64_at(info, 24),
        rcv_nxt: u64_at(info, 32),
        bytes_retrans: u64_at(info, 48),
        bytes_sent: u64_at(info, 56),
        bytes_received: u64_at(info, 64),
        bytes_acked: u64_at(info, 72),
    })
}
