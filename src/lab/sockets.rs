//! Sockets of the laboratory's applications and its server.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};

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
            let network = address.to_bits() >> 8 << 8;
            Ipv4Addr::from_bits(network | u32::from(last)).into()
        }
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 16 << 16;
            Ipv6Addr::from_bits(network | u128::from(last)).into()
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

/// Reads to the end.
pub(super) fn discard(mut stream: &TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_differs_in_the_last_part_only() {
        let of = |text: &str, number| neighbour(text.parse().expect("an address"), number).to_string();
        assert_eq!(of("10.77.0.1:80", 0), "10.77.0.10:80");
        assert_eq!(of("10.77.0.1:80", 39), "10.77.0.49:80");
        assert_eq!(of("[fd77::1]:80", 1), "[fd77::b]:80");
    }
}
