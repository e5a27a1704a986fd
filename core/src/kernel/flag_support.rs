//! Whether this kernel knows a flag of endpoints, found out without trusting its version: vendors take features back to
//! older ones.
//!
//! There are kernels that drop a flag that they do not know, so that it is missing when the endpoint is read back, and
//! kernels that give back whatever bits they were given: "mptcp: pm: ignore unknown endpoint flags" (Linux 6.19, and
//! the stable releases of the end of 2025) made the former of the latter. So what is read back proves something only
//! beside a bit that no kernel knows: where that is gone, what stayed is known. Where it came back, too, the kernel is
//! asked what it *does* with the flag: from the release on that has `laminar`, any MPTCP socket's `MPTCP_INFO` counts the
//! endpoints that have it (`mptcpi_endp_laminar_max`, Linux 6.18).
//!
//! All this happens in a network namespace that exists for it only and has no connection, so nobody's endpoints and
//! subflows are touched. Making one needs CAP_SYS_ADMIN; without it nothing is known beforehand, and the endpoint itself
//! is read back.

use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use rustc_hash::FxHashMap;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};

use super::{Error, PathManager, proc};
use crate::model::{EndpointFlags, SettingValue};
use crate::wire::bytes::u8_at;
use crate::wire::mptcp_pm::PmAddress;

/// A bit that no kernel has a meaning for.
const CANARY: EndpointFlags = EndpointFlags(1 << 31);
/// An address of documentation (RFC 5737): the probe's endpoint.
const ADDRESS: [u8; 4] = [192, 0, 2, 1];

/// What is known of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// The kernel acts on it.
    Known,
    /// The kernel ignores it.
    Ignored,
    /// It cannot be told beforehand.
    Untold,
}

/// Whether this kernel knows a flag; it is found out once.
pub(super) fn support(flag: EndpointFlags) -> Support {
    static FOUND: Mutex<Option<FxHashMap<EndpointFlags, Support>>> = Mutex::new(None);
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let found = found.get_or_insert_default();
    if let Some(known) = found.get(&flag) {
        return *known;
    }
    let probed = thread::scope(|scope| scope.spawn(|| probe(flag)).join());
    let support = probed.ok().flatten().unwrap_or(Support::Untold);
    found.insert(flag, support);
    support
}

/// On a thread of its own, which ends right away and with it the namespace.
fn probe(flag: EndpointFlags) -> Option<Support> {
    unshare(CloneFlags::CLONE_NEWNET).ok()?;
    read_back(flag).ok()
}

fn read_back(flag: EndpointFlags) -> Result<Support, Error> {
    let mut path_manager = PathManager::new()?;
    path_manager.add(&PmAddress {
        id: None,
        address: IpAddr::from(ADDRESS),
        port: None,
        flags: Some(flag.with(CANARY).0),
        interface_index: None,
    })?;
    let endpoints = path_manager.endpoints()?;
    let [endpoint] = endpoints.as_slice() else {
        return Ok(Support::Untold);
    };
    Ok(verdict(flag, endpoint.flags, counted()))
}

/// What follows from a flag that was asked for beside the canary, from what came back, and from how many endpoints the
/// kernel counts as laminar.
fn verdict(flag: EndpointFlags, came_back: EndpointFlags, laminar: Option<u8>) -> Support {
    if !came_back.contains(flag) {
        return Support::Ignored;
    }
    if !came_back.contains(CANARY) {
        return Support::Known;
    }
    match laminar {
        Some(0) if flag == EndpointFlags::LAMINAR => Support::Ignored,
        Some(_) if flag == EndpointFlags::LAMINAR => Support::Known,
        _ => Support::Untold,
    }
}

/// What the kernel ignores of flags that were asked for, as far as the endpoint shows that was added with them. The
/// calling thread must be in its namespace.
pub(super) fn ignored(asked: EndpointFlags, came_back: EndpointFlags) -> EndpointFlags {
    let dropped = asked.without(came_back);
    let counts_none = asked.contains(EndpointFlags::LAMINAR) && kernel_decides() && counted() == Some(0);
    if counts_none {
        return dropped.with(EndpointFlags::LAMINAR);
    }
    dropped
}

/// Whether new connections have the kernel's own path manager: only for them it counts endpoints.
fn kernel_decides() -> bool {
    let settings = proc::settings().unwrap_or_default();
    settings.get("path_manager").map_or_else(
        || settings.get("pm_type") == Some(&SettingValue::Number(0)),
        |name| *name == SettingValue::Text("kernel".to_owned()),
    )
}

/// `struct mptcp_info` of a socket, as much of it as the kernel has and is looked at.
fn mptcp_info(socket: &OwnedFd) -> Result<Vec<u8>, Errno> {
    /// SOL_MPTCP and MPTCP_INFO (include/uapi/linux/mptcp.h; Linux 5.16).
    const SOL_MPTCP: nix::libc::c_int = 284;
    const MPTCP_INFO: nix::libc::c_int = 1;
    let mut info = vec![0_u8; 96];
    let mut length = 96;
    // SAFETY: the kernel writes at most `length` bytes, which is as long as the buffer, and then how many these were.
    // nix has no option whose value may be shorter.
    #[allow(unsafe_code)]
    let outcome = unsafe {
        nix::libc::getsockopt(
            socket.as_raw_fd(),
            SOL_MPTCP,
            MPTCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    Errno::result(outcome)?;
    info.truncate(length as usize);
    Ok(info)
}

/// How many endpoints with `laminar` the kernel counts in the calling thread's network namespace. None on kernels
/// without the flag: the byte was reserved (Linux 6.5 to 6.17), the struct ended before it (5.16 to 6.4), or there was no
/// such option. `None` where it cannot be asked.
fn counted() -> Option<u8> {
    /// Where `mptcpi_endp_laminar_max` lies.
    const LAMINAR: usize = 81;
    match mptcp_info(&mptcp_socket()?) {
        Ok(info) => Some(u8_at(&info, LAMINAR).unwrap_or(0)),
        Err(Errno::ENOPROTOOPT | Errno::EOPNOTSUPP) => Some(0),
        Err(_) => None,
    }
}

/// A socket that connects to nobody.
fn mptcp_socket() -> Option<OwnedFd> {
    socket_with(
        AddressFamily::INET,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        Some(ipproto::MPTCP),
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMINAR: EndpointFlags = EndpointFlags::LAMINAR;

    /// As they were on each kernel: flags given back for `laminar` with the canary, and the count.
    #[test]
    fn each_kernel_is_told_for_what_it_is() {
        // 6.1.159 and 6.12.63: unknown bits are dropped.
        assert_eq!(verdict(LAMINAR, EndpointFlags::NONE, Some(0)), Support::Ignored);
        assert_eq!(verdict(LAMINAR, EndpointFlags::NONE, None), Support::Ignored);
        // 6.1.0 and 6.16: everything comes back, and nothing is counted.
        assert_eq!(verdict(LAMINAR, LAMINAR.with(CANARY), Some(0)), Support::Ignored);
        // 6.18.0: everything comes back, and it is counted.
        assert_eq!(verdict(LAMINAR, LAMINAR.with(CANARY), Some(1)), Support::Known);
        // 6.18.44: what is unknown is dropped, and this stays.
        assert_eq!(verdict(LAMINAR, LAMINAR, Some(1)), Support::Known);
        assert_eq!(
            verdict(LAMINAR, LAMINAR, None),
            Support::Known,
            "the flag alone proves it"
        );
        // 6.18.0 for who may open no such socket.
        assert_eq!(verdict(LAMINAR, LAMINAR.with(CANARY), None), Support::Untold);
        // 5.12: a flag that came later and is not counted.
        let mesh = EndpointFlags::FULLMESH;
        assert_eq!(verdict(mesh, mesh.with(CANARY), None), Support::Untold);
        assert_eq!(verdict(mesh, mesh, None), Support::Known);
    }
}
