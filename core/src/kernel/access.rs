//! What this process may see and change in the calling thread's network namespace, found out by trying.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::utsname::uname;

use super::{Error, Events, SocketTable, Sockets, generic};
use crate::model::{Access, Remedy};
use crate::wire::mptcp_pm::add_nothing;

/// Joining the events needs no room for any.
const SMALL_BUFFER_BYTES: usize = 4096;
/// From this release on, anyone may see the tokens of subflows.
const OPEN_TOKENS: (u32, u32) = (6, 15);

/// Tries what Pathscope needs, and changes nothing by it: joins the events, asks for a change that is refused either
/// way, but for a different reason with CAP_NET_ADMIN than without, and looks at a subflow. Where there is none to
/// look at, its token counts as visible with CAP_NET_ADMIN or from Linux 6.15 on.
///
/// # Errors
/// [`Error::NoMptcp`], or when the kernel cannot be asked at all.
pub fn probe() -> Result<Access, Error> {
    let events = match Events::subscribe(Some(SMALL_BUFFER_BYTES)) {
        Ok(_) => true,
        Err(error) if error.is_not_permitted() => false,
        Err(error) => return Err(error),
    };
    let control = may_control()?;
    let mut table = SocketTable::default();
    match Sockets::new().and_then(|mut sockets| sockets.read(&mut table)) {
        // Who lists sockets is told so; there is more than sockets to look at.
        Err(error) if is_without_socket_diag(&error) => table.subflows.clear(),
        outcome => outcome?,
    }
    let subflow_tokens = match table.subflows.as_slice() {
        [] => control || release().is_some_and(|release| release >= OPEN_TOKENS),
        subflows => subflows.iter().any(|subflow| subflow.token_local.is_some()),
    };
    let mut access = Access {
        events,
        control,
        subflow_tokens,
        why_not: None,
        offer: None,
        as_root: is_root_on_a_desktop(),
        by_file: has_display() && has_capability("/proc/self/exe"),
    };
    access.why_not = access.lifted_by(Remedy::Root);
    Ok(access)
}

/// Whether sockets cannot be listed for want of a module: sock_diag itself, or what it needs for a protocol.
fn is_without_socket_diag(error: &Error) -> bool {
    matches!(error, Error::NoSocketDiag { .. }) || error.errno() == Some(Errno::EPROTONOSUPPORT)
}

/// Whether a file gives capabilities to who starts it (capabilities(7)).
pub fn has_capability(file: impl AsRef<Path>) -> bool {
    let mut value = [0; 32];
    rustix::fs::getxattr(file.as_ref(), "security.capability", value.as_mut_slice()).is_ok()
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Root with a display, in the session of somebody who logged in (proc(5), `loginuid`).
fn is_root_on_a_desktop() -> bool {
    let login = std::fs::read_to_string("/proc/self/loginuid").unwrap_or_default();
    let logged_in = login.trim().parse::<u32>().is_ok_and(|uid| uid != u32::MAX);
    nix::unistd::geteuid().is_root() && has_display() && logged_in
}

fn may_control() -> Result<bool, Error> {
    let mut socket = generic::socket()?;
    let family = generic::path_manager(&mut socket)?.id;
    let outcome = socket.request(
        "see whether changes are allowed",
        |sequence| add_nothing(family, sequence),
        |_| Ok(()),
    );
    match outcome {
        Err(error) if error.is_not_permitted() => Ok(false),
        // "missing address information".
        Err(error) if error.errno() == Some(Errno::EINVAL) => Ok(true),
        Err(error) => Err(error),
        Ok(()) => Ok(true),
    }
}

/// Major and minor number of the running kernel. What can be tried is tried instead.
pub fn release() -> Option<(u32, u32)> {
    let system = uname().ok()?;
    parse_release(system.release().to_str()?)
}

fn parse_release(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_as_vendors_write_them() {
        assert_eq!(parse_release("6.18.44-fc-v669"), Some((6, 18)));
        assert_eq!(parse_release("5.14.0-427.el9.x86_64"), Some((5, 14)));
        assert_eq!(parse_release("6.1-rc3"), Some((6, 1)));
        assert_eq!(parse_release("strange"), None);
    }

    #[test]
    fn a_kernel_that_lists_no_sockets_is_told_from_one_that_refuses() {
        let refused = |errno| Error::refused("list TCP sockets", errno, None);
        assert!(is_without_socket_diag(&Error::NoSocketDiag {
            module: "mptcp_diag"
        }));
        assert!(is_without_socket_diag(&Error::io(
            "open a netlink socket",
            Errno::EPROTONOSUPPORT
        )));
        assert!(!is_without_socket_diag(&refused(nix::libc::ENOBUFS)));
        assert!(!is_without_socket_diag(&refused(nix::libc::EPERM)));
    }
}
