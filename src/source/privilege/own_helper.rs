//! A helper process of one's own, where the administrator lets a group start one with the capability.
//!
//! It serves over a socket that only this process and it hold, and ends when this end is closed, however that comes
//! about. What the program's file says is looked at anew each time, since an upgrade puts another in its place.

use std::io::{Error, ErrorKind, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;
use std::{fs, net};

use async_io::Async;
use nix::poll::{PollFd, PollFlags, poll};
use nix::unistd::{AccessFlags, Gid, Group, access};
use zbus::Guid;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;

use crate::bus::{ON_STDIN, PROGRAM, Refusal};
use crate::kernel::has_capability;

/// How long one that is no longer needed may take to end by itself, ms.
const ENDS_WITHIN_MS: u16 = 1000;

/// What the installed program's file says about who may start it with the capability.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Installed {
    /// Nothing: there is the service, or none.
    NoGroup,
    /// It is for a group that this process is in.
    Ours,
    /// It is for a group, and why this process cannot use it.
    Others(String),
}

/// Looks at the installed program.
pub(super) fn installed() -> Installed {
    let Ok(file) = fs::metadata(PROGRAM) else {
        return Installed::NoGroup;
    };
    let may_start = access(PROGRAM, AccessFlags::X_OK).is_ok();
    judge(has_capability(PROGRAM), may_start, file.mode(), || {
        group_name(file.gid())
    })
}

fn judge(capable: bool, may_start: bool, mode: u32, group: impl Fn() -> String) -> Installed {
    match (capable, may_start) {
        (true, true) => Installed::Ours,
        (true, false) => Installed::Others(format!(
            "pathscope-helper is for the members of the group {0}: as root, run usermod -aG {0} with your name, then \
             log in anew",
            group()
        )),
        (false, _) if mode & 0o001 == 0 => Installed::Others(format!(
            "pathscope-helper is for the members of the group {}, but has lost its capability, as with an upgrade: as \
             root, run setcap cap_net_admin=p {PROGRAM}",
            group()
        )),
        (false, _) => Installed::NoGroup,
    }
}

fn group_name(id: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(id)).ok().flatten();
    group.map_or_else(|| id.to_string(), |group| group.name)
}

/// A helper process. It ends with this value.
pub(super) struct OwnHelper {
    child: Child,
    socket: UnixStream,
    /// It closes when the process ends, since that starts no other.
    errors: ChildStderr,
}

impl OwnHelper {
    /// Starts one, which may refuse to serve at the first call.
    pub(super) fn start(answers_within: Duration) -> Result<(Self, Connection), Refusal> {
        let (socket, theirs) = UnixStream::pair().map_err(failed)?;
        let ours = socket.try_clone().and_then(Async::new).map_err(failed)?;
        let mut child = Command::new(PROGRAM)
            .arg(ON_STDIN)
            .env_clear()
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let errors = child.stderr.take();
        let errors = errors.ok_or_else(|| failed(ErrorKind::BrokenPipe.into()))?;
        let helper = Self {
            child,
            socket,
            errors,
        };
        // The socket has no other end than the helper's: neither side has to say who it is.
        let connection = Builder::authenticated_socket(ours, Guid::generate())?
            .p2p()
            .method_timeout(answers_within)
            .build()?;
        Ok((helper, connection))
    }

    /// Whether the process lives.
    pub(super) fn is_alive(&self) -> bool {
        !self.ends_within(0)
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    fn ends_within(&self, timeout_ms: u16) -> bool {
        let mut ends = [PollFd::new(self.errors.as_fd(), PollFlags::empty())];
        poll(&mut ends, timeout_ms) == Ok(1)
    }

    /// Has it end; what it said, if it refused to serve.
    pub(super) fn why_not(mut self) -> Option<String> {
        self.end();
        let mut said = String::new();
        self.errors.read_to_string(&mut said).ok()?;
        let why = said
            .lines()
            .find_map(|line| line.strip_prefix("pathscope-helper: "));
        why.map(str::to_owned)
    }

    /// Closes the socket, by which it ends by itself after what it has in hand; one that is stopped does not.
    fn end(&mut self) {
        let _ = self.socket.shutdown(net::Shutdown::Both);
        if !self.ends_within(ENDS_WITHIN_MS) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn failed(error: Error) -> Refusal {
    zbus::Error::from(error).into()
}

impl Drop for OwnHelper {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_says_is_told_in_one_line() {
        let judge = |capable, may_start, mode| judge(capable, may_start, mode, || "staff".to_owned());
        assert_eq!(judge(false, true, 0o755), Installed::NoGroup);
        assert_eq!(judge(true, true, 0o750), Installed::Ours);
        for (capable, may_start, what) in [
            (true, false, "usermod -aG staff"),
            (
                false,
                true,
                "setcap cap_net_admin=p /usr/libexec/pathscope-helper",
            ),
            (
                false,
                false,
                "setcap cap_net_admin=p /usr/libexec/pathscope-helper",
            ),
        ] {
            let Installed::Others(why) = judge(capable, may_start, 0o750) else {
                panic!("{what}");
            };
            assert!(why.contains(what) && !why.contains('\n'), "{why}");
        }
    }
}
