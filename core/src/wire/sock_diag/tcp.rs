//! TCP sockets that are subflows: `struct tcp_info` (include/uapi/linux/tcp.h) and the MPTCP part of
//! `INET_DIAG_ULP_INFO` (net/mptcp/diag.c).

use std::net::{Ipv4Addr, SocketAddr};

use super::{Common, INET_DIAG_INFO, INET_DIAG_MARK, INET_DIAG_ULP_INFO, MESSAGE, split};
use crate::metrics::tcp_info::TcpInfo;
use crate::wire::Malformed;
use crate::wire::attribute::Attributes;
use crate::wire::bytes::{u8_at, u32_at};

const INET_ULP_INFO_NAME: u16 = 1;
const INET_ULP_INFO_MPTCP: u16 = 3;
const MPTCP_SUBFLOW_ATTR_TOKEN_REM: u16 = 1;
const MPTCP_SUBFLOW_ATTR_TOKEN_LOC: u16 = 2;
const MPTCP_SUBFLOW_ATTR_FLAGS: u16 = 8;
const MPTCP_SUBFLOW_ATTR_ID_REM: u16 = 9;
const MPTCP_SUBFLOW_ATTR_ID_LOC: u16 = 10;

/// One subflow. What is `None` has no attribute.
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
    /// The kernel's numbers.
    pub info: TcpInfo,
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
                receive_queue: 0,
                send_queue: 0,
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
            info: TcpInfo::new(info),
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
