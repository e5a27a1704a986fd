//! The few requests to the kernel that no library offers safely: packet sockets, offloads, MPTCP's own counters.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::libc;
use socket2::{Domain, SockAddr, Socket, Type};

/// `PACKET_IGNORE_OUTGOING` (include/uapi/linux/if_packet.h).
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
/// `SOL_MPTCP` (include/linux/socket.h).
const SOL_MPTCP: libc::c_int = 284;
/// `MPTCP_INFO` (include/uapi/linux/mptcp.h).
const MPTCP_INFO: libc::c_int = 1;

/// `AF_PACKET` as an address holds it.
const FAMILY: libc::sa_family_t = 17;
/// `ETH_P_ALL` (include/uapi/linux/if_ether.h) as an address holds it.
const EVERY_PROTOCOL: u16 = 3_u16.to_be();

/// `ETHTOOL_STXCSUM`, `ETHTOOL_STSO`, `ETHTOOL_SGSO`, `ETHTOOL_SGRO` (include/uapi/linux/ethtool.h).
const OFFLOADS: [u32; 4] = [0x17, 0x1f, 0x24, 0x2c];

/// `struct ethtool_value`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// A non-blocking socket for whole frames on one interface of this thread's namespace, deaf to frames that leave it.
#[allow(unsafe_code)]
pub(super) fn packet_socket(interface: &str) -> io::Result<Socket> {
    // Protocol 0 receives nothing yet: frames of other interfaces never get in before the bind.
    let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
    socket.set_nonblocking(true)?;
    let on: libc::c_int = 1;
    // SAFETY: the pointer and the length describe `on`, which outlives the call.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            PACKET_IGNORE_OUTGOING,
            (&raw const on).cast(),
            length_of::<libc::c_int>(),
        )
    };
    check(done)?;
    let index = nix::net::if_::if_nametoindex(interface)?;
    // SAFETY: the closure writes a whole `sockaddr_ll` into the zeroed storage, which is larger, and sets its length.
    let ((), address) = unsafe {
        SockAddr::try_init(|storage, length| {
            let link = storage.cast::<libc::sockaddr_ll>();
            (*link).sll_family = FAMILY;
            (*link).sll_protocol = EVERY_PROTOCOL;
            (*link).sll_ifindex = index.cast_signed();
            *length = length_of::<libc::sockaddr_ll>();
            Ok(())
        })?
    };
    socket.bind(&address)?;
    Ok(socket)
}

/// Switches off what leaves checksums or segmentation to the interface, so that complete frames leave it.
#[allow(unsafe_code)]
pub(super) fn offloads_off(interface: &str) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // SAFETY: `ifreq` is plain data for which all zeroes are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let room = request.ifr_name.len() - 1;
    for (slot, byte) in request.ifr_name.iter_mut().zip(interface.bytes().take(room)) {
        *slot = libc::c_char::from_ne_bytes([byte]);
    }
    for command in OFFLOADS {
        let mut value = EthtoolValue { command, data: 0 };
        request.ifr_ifru.ifru_data = (&raw mut value).cast();
        // SAFETY: SIOCETHTOOL reads an `ifreq` whose data points to the `ethtool_value` that this command takes;
        // both outlive the call.
        check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCETHTOOL, &raw mut request) })?;
    }
    Ok(())
}

/// `mptcpi_subflows` of an MPTCP socket: its subflows beside the initial one.
#[allow(unsafe_code)]
pub(super) fn extra_subflows(socket: BorrowedFd<'_>) -> io::Result<u8> {
    // The kernel copies as much of `struct mptcp_info` as fits; the number is its first byte.
    let mut info = [0_u8; 8];
    let mut length = length_of::<[u8; 8]>();
    // SAFETY: the pointer and the length describe `info`, which outlives the call.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            SOL_MPTCP,
            MPTCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    check(done)?;
    let [subflows, ..] = info;
    Ok(subflows)
}

fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(libc::socklen_t::MAX)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
