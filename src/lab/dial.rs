//! Sockets of the laboratory's applications.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

/// A Multipath TCP socket with this address, for a connection to that one.
pub(super) fn socket(from: IpAddr, to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::MPTCP))?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    Ok(socket)
}

/// The server of the same network with this number, which is this server too: it answers at every address there.
pub(super) fn neighbour(of: SocketAddr, number: usize) -> SocketAddr {
    // Beyond the addresses that have a meaning of their own.
    let last = u8::try_from(number % 200).unwrap_or(0) + 10;
    let address = match of.ip() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, last).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, _] = address.segments();
            Ipv6Addr::new(a, b, c, d, e, f, g, last.into()).into()
        }
    };
    SocketAddr::new(address, of.port())
}

/// No address in particular, of the same family.
pub(super) fn anywhere(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}
