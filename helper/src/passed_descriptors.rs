//! Closing descriptors that callers passed. A caller may see to it that closing one takes as long as they like: the last
//! close of a TCP socket with `SO_LINGER` waits for the peer, and one of a socket in whose queue there is such a socket
//! does, too.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::Builder;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

/// The bus closes what it has passed on a moment later, and answers nobody else meanwhile: it must not be the last.
const HELD_FOR: Duration = Duration::from_secs(1);
/// Where more are passed meanwhile, the oldest are closed earlier.
const MOST_HELD: usize = 96;
/// How many are closed then.
const CLOSED_AT_ONCE: usize = 32;
/// The threads do next to nothing.
const STACK_BYTES: usize = 64 * 1024;

/// Takes descriptors that callers passed, and closes them on a thread of its own.
#[derive(Clone, Debug)]
pub(super) struct PassedDescriptors(SyncSender<OwnedFd>);

impl PassedDescriptors {
    /// Starts the thread, which ends with the last of these.
    pub(super) fn start() -> io::Result<Self> {
        let (sender, passed) = mpsc::sync_channel(CLOSED_AT_ONCE);
        let thread = Builder::new().name("closing".to_owned()).stack_size(STACK_BYTES);
        thread.spawn(move || hold_and_close(&passed))?;
        Ok(Self(sender))
    }

    /// Waits for nobody but that thread, and that waits for nobody.
    pub(super) fn take(&self, passed: Vec<OwnedFd>) {
        for descriptor in passed {
            let _ = self.0.send(descriptor);
        }
    }
}

fn hold_and_close(passed: &Receiver<OwnedFd>) {
    let _running = crate::log::thread();
    let mut held = VecDeque::new();
    loop {
        let oldest: Option<&(Instant, OwnedFd)> = held.front();
        let wait = oldest.map_or(HELD_FOR, |(since, _)| HELD_FOR.saturating_sub(since.elapsed()));
        match passed.recv_timeout(wait) {
            Ok(descriptor) => held.push_back((Instant::now(), descriptor)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let old = held
            .iter()
            .take_while(|(since, _)| since.elapsed() >= HELD_FOR)
            .count();
        let many = if held.len() > MOST_HELD { CLOSED_AT_ONCE } else { 0 };
        close(
            held.drain(..old.max(many))
                .map(|(_, descriptor)| descriptor)
                .collect(),
        );
    }
}

/// Closes descriptors without waiting for anybody.
///
/// The kernel does not linger for a thread that ends (net/ipv4/af_inet.c, `inet_release`). So the last to close them is
/// one: it takes a copy of the table of descriptors, they are closed here, where that is not the last close, and then the
/// thread ends. Should it be kept from ending all the same, only it is kept. What cannot be closed so, since no thread is
/// to be had, is given back.
fn close(held: Vec<OwnedFd>) -> Vec<OwnedFd> {
    if held.is_empty() {
        return held;
    }
    let (have_copy, has_copy) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let thread = Builder::new()
        .name("last close".to_owned())
        .stack_size(STACK_BYTES);
    let started = thread.spawn(move || {
        if unshare(CloneFlags::CLONE_FILES).is_ok() && have_copy.send(()).is_ok() {
            let _ = ended.recv();
        }
    });
    if started.is_err() || has_copy.recv().is_err() {
        tracing::warn!(count = held.len(), "what was passed cannot be closed yet");
        return held;
    }
    drop(held);
    drop(end);
    Vec::new()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use nix::libc::linger;
    use nix::sys::socket::{setsockopt, sockopt};

    use super::*;

    /// A socket whose last close waits for its peer, who reads nothing; and the peer.
    fn lingering() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let mut socket = TcpStream::connect(listener.local_addr().expect("its address")).expect("a stream");
        let (peer, _) = listener.accept().expect("the peer");
        socket.set_nonblocking(true).expect("a setting");
        while socket.write(&[0; 4096]).is_ok() {}
        let half_a_minute = linger {
            l_onoff: 1,
            l_linger: 30,
        };
        setsockopt(&socket, sockopt::Linger, &half_a_minute).expect("a setting");
        (socket, peer)
    }

    /// Runs something on a thread of its own, and says whether it ended within the time.
    fn ends_within(limit: Duration, job: impl FnOnce() + Send + 'static) -> bool {
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            job();
            let _ = done.send(());
        });
        is_done.recv_timeout(limit).is_ok()
    }

    #[test]
    fn nobody_waits_for_who_lingers() {
        let (socket, peer) = lingering();
        assert!(
            !ends_within(Duration::from_millis(500), move || drop(socket)),
            "closing it by itself waits"
        );
        drop(peer);
        let (sockets, peers): (Vec<_>, Vec<_>) = (0..20).map(|_| lingering()).unzip();
        let sockets = sockets.into_iter().map(OwnedFd::from).collect();
        assert!(ends_within(Duration::from_secs(5), move || assert!(
            close(sockets).is_empty()
        )));
        drop(peers);
    }
}
