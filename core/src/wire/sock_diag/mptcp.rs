//! MPTCP sockets: `struct mptcp_info` (include/uapi/linux/mptcp.h).

use std::net::{Ipv4Addr, SocketAddr};

use super::{Common, INET_DIAG_INFO, split};
use crate::metrics::mptcp_info::{FLAGS, MptcpInfo, NEWS, SINCE, TOKEN};
use crate::wire::Malformed;
use crate::wire::attribute::find;

/// One MPTCP socket: a connection, or one that listens.
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
    /// Of one that listens, connections that nobody has accepted yet; of any other, memory that data takes which the
    /// application has not read (net/mptcp/mptcp_diag.c, `mptcp_diag_get_info`).
    pub receive_queue: u32,
    /// Of one that listens, how many connections may wait so.
    pub send_queue: u32,
    /// `mptcpi_token`: what the connection is known by.
    pub token: Option<u32>,
    /// The kernel's numbers.
    pub info: MptcpInfo,
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
            receive_queue: 0,
            send_queue: 0,
            token: None,
            info: MptcpInfo::default(),
        }
    }
}

impl MptcpSocket {
    /// Bits MPTCP_INFO_FLAG_….
    pub fn flags(&self) -> Option<u64> {
        self.info.get(FLAGS)
    }

    /// Whether a later reading of the same socket says the same. A field that only counts the time since something has
    /// not changed by growing with the clock; it has when it started anew.
    pub fn is_unchanged(&self, later: &Self) -> bool {
        let times = |socket: &Self| socket.info.times(&SINCE);
        let is_anew = times(self).iter().zip(times(later)).any(|(was, is)| *was > is);
        let as_before = Self {
            info: self.info,
            ..*later
        };
        as_before == *self && self.info.words(&NEWS).eq(later.info.words(&NEWS)) && !is_anew
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
    let info = MptcpInfo::new(info);
    Ok(MptcpSocket {
        cookie: common.cookie,
        family: common.family,
        state: common.state,
        local: common.local,
        remote: common.remote,
        inode: common.inode,
        uid: common.uid,
        interface_index: common.interface_index,
        receive_queue: common.receive_queue,
        send_queue: common.send_queue,
        token: info.get(TOKEN).and_then(|token| token.try_into().ok()),
        info,
    })
}
