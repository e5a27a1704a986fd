//! Addresses as people write them.

use std::net::{IpAddr, SocketAddr};

/// An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) as the IPv4 address it stands for; any other unchanged.
pub fn unmap(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => SocketAddr::new(IpAddr::V4(ip), address.port()),
            // Scope and flow label are not part of how we name an address.
            None => SocketAddr::new(IpAddr::V6(ip), address.port()),
        },
        IpAddr::V4(_) => address,
    }
}
