//! What a sample is held against: `ss`, and a program that makes the same dumps and throws the bytes away.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::TimeVal;
use nix::time::{ClockId, clock_gettime};
use pathscope::wire::netlink::{Messages, NLMSG_DONE, NLMSG_ERROR};
use pathscope::wire::sock_diag::{SUBFLOW_STATES, dump_every_mptcp, dump_every_tcp};

/// As the library's own.
const BUFFER_BYTES: usize = 64 * 1024;
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;

/// CPU time of this thread.
pub(crate) fn own_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}

/// User and system time of one run of ss, as its parent is told when it is reaped.
pub(crate) fn ss_cpu() -> Result<Duration, String> {
    let used = || -> Result<Duration, String> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|errno| errno.to_string())?;
        let duration = |time: TimeVal| {
            let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
            Duration::from_secs(seconds)
                + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap_or_default())
        };
        Ok(duration(usage.user_time()) + duration(usage.system_time()))
    };
    let before = used()?;
    let mut ss = Command::new("ss");
    let status = ss
        .arg("-tMniH")
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("ss: {error}"))?;
    if !status.success() {
        return Err(format!("ss ended with {status}"));
    }
    Ok(used()?.saturating_sub(before))
}

/// The same dumps with the same buffers, and nothing done with what comes but to see where it ends.
pub(crate) struct ThrowAway {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl ThrowAway {
    /// In the namespace of the calling thread.
    pub(crate) fn new() -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkSockDiag,
        )?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER_BYTES)?;
        Ok(Self {
            socket,
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    /// What it takes.
    pub(crate) fn cpu(&mut self) -> io::Result<Duration> {
        let began = own_cpu();
        self.dump(&dump_every_mptcp(1))?;
        self.dump(&dump_every_tcp(SUBFLOW_STATES, 2))?;
        Ok(own_cpu().saturating_sub(began))
    }

    fn dump(&mut self, request: &[u8]) -> io::Result<()> {
        let socket = self.socket.as_raw_fd();
        send(socket, request, MsgFlags::empty())?;
        loop {
            let length = recv(socket, &mut self.buffer, MsgFlags::MSG_TRUNC)?;
            // The end comes in a read of its own, or as the last message of one.
            let mut messages = Messages(self.buffer.get(..length).unwrap_or_default());
            let first = messages.next().and_then(Result::ok);
            if first.is_some_and(|message| [NLMSG_DONE, NLMSG_ERROR].contains(&message.kind)) {
                return Ok(());
            }
        }
    }
}
