//! Sockets as sock_diag tells them: MPTCP sockets, and the TCP sockets that are their subflows.
//!
//! Layouts: include/uapi/linux/inet_diag.h, sock_diag.h, mptcp.h and tcp.h.

mod mptcp;
mod tcp;

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

pub use mptcp::{MptcpSocket, parse_mptcp};
pub use tcp::{TcpMessage, TcpSocket};

use super::Malformed;
use super::bytes::{AF_INET, AF_INET6, be16_at, ipv4_at, ipv6_at, u8_at, u32_at};
use super::netlink::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, Request};

/// `TCPDIAG_GETSOCK`: a socket of any family, asked for or answered.
pub const TCPDIAG_GETSOCK: u16 = 18;
/// `SOCK_DIAG_BY_FAMILY`: a socket, asked for or answered.
pub const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// `SOCK_DESTROY`: close a socket.
pub const SOCK_DESTROY: u16 = 21;

/// MPTCP_SUBFLOW_FLAG_MCAP_REM: the connection began with it, asked for by the peer.
pub const SUBFLOW_FLAG_MCAP_REM: u32 = 1 << 0;
/// MPTCP_SUBFLOW_FLAG_MCAP_LOC: the connection began with it, asked for here.
pub const SUBFLOW_FLAG_MCAP_LOC: u32 = 1 << 1;
/// MPTCP_SUBFLOW_FLAG_JOIN_REM: it joined, asked for by the peer.
pub const SUBFLOW_FLAG_JOIN_REM: u32 = 1 << 2;
/// MPTCP_SUBFLOW_FLAG_JOIN_LOC: it joined, asked for here.
pub const SUBFLOW_FLAG_JOIN_LOC: u32 = 1 << 3;
/// MPTCP_SUBFLOW_FLAG_BKUP_REM: the peer asked for it to be a backup.
pub const SUBFLOW_FLAG_BKUP_REM: u32 = 1 << 4;
/// MPTCP_SUBFLOW_FLAG_BKUP_LOC: this host asked for it to be a backup.
pub const SUBFLOW_FLAG_BKUP_LOC: u32 = 1 << 5;

/// `TCP_ESTABLISHED` (include/net/tcp_states.h).
pub const TCP_ESTABLISHED: u8 = 1;
/// `TCP_CLOSE`.
pub const TCP_CLOSE: u8 = 7;
/// `TCP_LISTEN`.
pub const TCP_LISTEN: u8 = 10;

/// States in which an MPTCP socket is asked for: all that have a number today (1 to 13).
pub const MPTCP_STATES: u32 = 0x3ffe;
/// States in which a TCP socket can be a subflow: not LISTEN, and not those that are no full sockets and so hold
/// no MPTCP data (TIME_WAIT, of which a busy server has very many, and TCP_BOUND_INACTIVE).
pub const SUBFLOW_STATES: u32 = 0x3ffe & !(1 << 6 | 1 << 7 | 1 << TCP_LISTEN | 1 << 12 | 1 << 13);

const IPPROTO_TCP: u8 = 6;
const IPPROTO_MPTCP: u32 = 262;
/// A protocol that does not fit its field is named in an attribute, and this stands in the field.
const PROTOCOL_IN_ATTRIBUTE: u8 = 255;
const INET_DIAG_REQ_PROTOCOL: u16 = 3;
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_MARK: u16 = 15;
const INET_DIAG_ULP_INFO: u16 = 19;
const EXTENSION_INFO: u8 = 1 << (INET_DIAG_INFO - 1);
/// The length of `struct inet_diag_msg`.
const MESSAGE: usize = 72;
/// The length of a request for one socket.
const LOOK_UP: usize = 72;

/// What names a socket (`struct inet_diag_sockid`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketId {
    /// This host's address and port.
    pub local: SocketAddr,
    /// The peer's address and port.
    pub remote: SocketAddr,
    /// The interface it is bound to; 0 for none.
    pub interface_index: u32,
    /// Its identity; `None` for any.
    pub cookie: Option<u64>,
}

/// Asks for every MPTCP socket of every family. The older form of a dump does so in one walk through the kernel's
/// table, where the newer needs one walk a family; both take the protocol in an attribute (Linux 5.9).
pub fn dump_every_mptcp(sequence: u32) -> Vec<u8> {
    every(MPTCP_STATES, sequence)
        .attribute(INET_DIAG_REQ_PROTOCOL, &IPPROTO_MPTCP.to_ne_bytes())
        .finish()
}

/// Asks for every TCP socket of every family that is in one of the states, in one walk. What belongs to MPTCP comes
/// along unasked.
pub fn dump_every_tcp(states: u32, sequence: u32) -> Vec<u8> {
    every(states, sequence).finish()
}

/// `struct inet_diag_req`: family, two lengths that nobody reads, extensions, a socket id, states, tables.
fn every(states: u32, sequence: u32) -> Request {
    Request::new(TCPDIAG_GETSOCK, NLM_F_DUMP, sequence)
        .put(&[0, 0, 0, EXTENSION_INFO])
        .put(&[0; 48])
        .put(&states.to_ne_bytes())
        .put(&[0; 4])
}

/// Asks for every MPTCP socket of a family ([`AF_INET`] or [`AF_INET6`]).
pub fn dump_mptcp(family: u8, sequence: u32) -> Vec<u8> {
    let header = request_header(family, PROTOCOL_IN_ATTRIBUTE, EXTENSION_INFO, MPTCP_STATES);
    Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sequence)
        .put(&header)
        .put(&[0; 48])
        .attribute(INET_DIAG_REQ_PROTOCOL, &IPPROTO_MPTCP.to_ne_bytes())
        .finish()
}

/// Asks for every TCP socket of a family that is in one of the states (bits, `1 << state`). What belongs to MPTCP
/// comes along unasked.
pub fn dump_tcp(family: u8, states: u32, sequence: u32) -> Vec<u8> {
    Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sequence)
        .put(&request_header(family, IPPROTO_TCP, EXTENSION_INFO, states))
        .put(&[0; 48])
        .finish()
}

/// Appends a request for one TCP socket, whatever it is a subflow of. The answer is the socket, or ENOENT. Without a
/// cookie it may be another than was meant: one that listens there, or what is left of one that is gone.
///
/// An IPv4 address finds sockets of both families: one of the IPv6 family that is connected to an IPv4-mapped address
/// has its place among the IPv4 sockets. One that is bound to an interface is found with that interface only.
pub fn look_up_tcp(id: &SocketId, sequence: u32, into: &mut Vec<u8>) {
    let family = if id.local.is_ipv4() { AF_INET } else { AF_INET6 };
    into.extend_from_slice(&u32::try_from(LOOK_UP).unwrap_or(u32::MAX).to_ne_bytes());
    into.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    into.extend_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    into.extend_from_slice(&sequence.to_ne_bytes());
    into.extend_from_slice(&0_u32.to_ne_bytes());
    into.extend_from_slice(&request_header(family, IPPROTO_TCP, EXTENSION_INFO, u32::MAX));
    into.extend_from_slice(&encode_id(family, id));
}

/// Appends a request for one MPTCP socket by its token, which stands in place of the lower half of a cookie
/// (net/mptcp/mptcp_diag.c, `mptcp_diag_dump_one`). The answer is the socket, or ENOENT.
pub fn look_up_mptcp(token: u32, sequence: u32, into: &mut Vec<u8>) {
    let mut id = [0; 48];
    if let Some(place) = id.get_mut(40..44) {
        place.copy_from_slice(&token.to_ne_bytes());
    }
    // A token is enough, whatever the family.
    let header = request_header(AF_INET, PROTOCOL_IN_ATTRIBUTE, EXTENSION_INFO, u32::MAX);
    let request = Request::new(SOCK_DIAG_BY_FAMILY, 0, sequence)
        .put(&header)
        .put(&id)
        .attribute(INET_DIAG_REQ_PROTOCOL, &IPPROTO_MPTCP.to_ne_bytes());
    into.extend_from_slice(&request.finish());
}

/// Closes one TCP socket (Linux 4.9, CONFIG_INET_DIAG_DESTROY; CAP_NET_ADMIN).
pub fn destroy_tcp(family: u8, id: &SocketId, sequence: u32) -> Vec<u8> {
    Request::new(SOCK_DESTROY, NLM_F_ACK, sequence)
        .put(&request_header(family, IPPROTO_TCP, EXTENSION_INFO, u32::MAX))
        .put(&encode_id(family, id))
        .finish()
}

/// `struct inet_diag_req_v2` as far as the socket id.
fn request_header(family: u8, protocol: u8, extensions: u8, states: u32) -> [u8; 8] {
    let [a, b, c, d] = states.to_ne_bytes();
    [family, protocol, extensions, 0, a, b, c, d]
}

fn encode_id(family: u8, id: &SocketId) -> [u8; 48] {
    let cookie = id.cookie.unwrap_or(u64::MAX);
    // Two u32, the lower half first, whatever the byte order.
    let lower = u32::try_from(cookie & 0xffff_ffff).unwrap_or(u32::MAX);
    let upper = u32::try_from(cookie >> 32).unwrap_or(u32::MAX);
    let mut bytes = [0; 48];
    let parts: [&[u8]; 7] = [
        &id.local.port().to_be_bytes(),
        &id.remote.port().to_be_bytes(),
        &encode_ip(family, id.local.ip()),
        &encode_ip(family, id.remote.ip()),
        &id.interface_index.to_ne_bytes(),
        &lower.to_ne_bytes(),
        &upper.to_ne_bytes(),
    ];
    for (slot, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
        *slot = *byte;
    }
    bytes
}

/// 16 bytes; an IPv4 address in a socket of the IPv6 family is IPv4-mapped.
fn encode_ip(family: u8, ip: IpAddr) -> [u8; 16] {
    match (family, ip) {
        (AF_INET6, IpAddr::V4(ip)) => ip.to_ipv6_mapped().octets(),
        (_, IpAddr::V6(ip)) => ip.octets(),
        (_, IpAddr::V4(ip)) => {
            let [a, b, c, d] = ip.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }
}

/// What every socket has (`struct inet_diag_msg`).
struct Common {
    cookie: u64,
    family: u8,
    state: u8,
    local: SocketAddr,
    remote: SocketAddr,
    inode: u32,
    uid: u32,
    interface_index: u32,
    receive_queue: u32,
    send_queue: u32,
}

impl Common {
    fn parse(header: &[u8; MESSAGE]) -> Option<Self> {
        let family = u8_at(header, 0)?;
        let interface_index = u32_at(header, 40)?;
        let local = address(family, header, 8)?;
        let remote = address(family, header, 24)?;
        Some(Self {
            family,
            state: u8_at(header, 1)?,
            local: on_link(local, be16_at(header, 4)?, interface_index),
            remote: on_link(remote, be16_at(header, 6)?, interface_index),
            interface_index,
            cookie: u64::from(u32_at(header, 44)?) | u64::from(u32_at(header, 48)?) << 32,
            receive_queue: u32_at(header, 56)?,
            send_queue: u32_at(header, 60)?,
            uid: u32_at(header, 64)?,
            inode: u32_at(header, 68)?,
        })
    }
}

fn address(family: u8, header: &[u8], offset: usize) -> Option<IpAddr> {
    match family {
        AF_INET => ipv4_at(header, offset).map(IpAddr::V4),
        AF_INET6 => ipv6_at(header, offset).map(unmapped),
        _ => None,
    }
}

/// A link-local address is another on each link. The kernel binds what has one to its interface (net/ipv6/tcp_ipv6.c,
/// `tcp_v6_connect` and `tcp_v6_init_req`), and binds other sockets, too, whose addresses do not differ by that.
pub fn on_link(ip: IpAddr, port: u16, interface_index: u32) -> SocketAddr {
    match ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => {
            SocketAddrV6::new(ip, port, 0, interface_index).into()
        }
        _ => SocketAddr::new(ip, port),
    }
}

fn unmapped(ip: Ipv6Addr) -> IpAddr {
    ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
}

fn split<'a>(payload: &'a [u8], what: &'static str) -> Result<(&'a [u8; MESSAGE], &'a [u8]), Malformed> {
    payload.split_first_chunk().ok_or(Malformed(what))
}
