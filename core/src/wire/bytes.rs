//! Numbers and addresses out of byte slices, `None` where the slice ends too early.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `AF_INET`.
pub const AF_INET: u8 = 2;
/// `AF_INET6`.
pub const AF_INET6: u8 = 10;

/// `N` bytes from `offset`.
pub fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// One byte.
pub fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

/// Two bytes in this machine's order.
pub fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_ne_bytes)
}

/// Two bytes in network order.
pub fn be16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_be_bytes)
}

/// Four bytes in this machine's order.
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_ne_bytes)
}

/// Four bytes in this machine's order, signed.
pub fn i32_at(bytes: &[u8], offset: usize) -> Option<i32> {
    array_at(bytes, offset).map(i32::from_ne_bytes)
}

/// Eight bytes in this machine's order.
pub fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_ne_bytes)
}

/// `struct in_addr`.
pub fn ipv4_at(bytes: &[u8], offset: usize) -> Option<Ipv4Addr> {
    array_at::<4>(bytes, offset).map(Ipv4Addr::from)
}

/// `struct in6_addr`.
pub fn ipv6_at(bytes: &[u8], offset: usize) -> Option<Ipv6Addr> {
    array_at::<16>(bytes, offset).map(Ipv6Addr::from)
}

/// An address of the family, `None` for a family that is not IP.
pub fn ip_at(family: u8, bytes: &[u8], offset: usize) -> Option<IpAddr> {
    match family {
        AF_INET => ipv4_at(bytes, offset).map(IpAddr::V4),
        AF_INET6 => ipv6_at(bytes, offset).map(IpAddr::V6),
        _ => None,
    }
}

/// A string that must end with NUL, so that one cut short is not taken for a whole one.
pub fn string(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(terminated(bytes)?).ok()
}

/// The bytes before the first NUL; `None` where there is none.
pub fn terminated(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(..bytes.iter().position(|byte| *byte == 0)?)
}
