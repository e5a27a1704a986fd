//! The server of a crowd: a process of its own, since its sockets count against another limit of open files.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Protocol, Socket};

use super::super::LabError;
use super::super::protocol::write_line;
use super::super::raw::extra_subflows;
use super::paths::{families, server_address};
use super::server;

/// The server's ports: enough that no one of them has to take every connection.
pub(super) const PORTS: std::ops::Range<u16> = 8000..8008;
/// The port for plain TCP.
pub(super) const PLAIN_PORT: u16 = 8100;

/// The server: listens, reads what comes, and says how many connections have their second subflow.
pub(in super::super) fn serve_crowd(sockets: usize) -> Result<(), LabError> {
    allow_sockets(sockets)?;
    let side = Arc::new(ServerSide::new()?);
    side.listen()?;
    let mut said = None;
    loop {
        let complete = side.complete();
        if said != Some(complete) {
            said = Some(complete);
            // Nobody listens any more: the end of this process is near.
            let _ = write_line(io::stdout().lock(), &complete);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Allows this process to open so many sockets.
pub(in super::super) fn allow_sockets(count: usize) -> Result<(), LabError> {
    let needed = count as u64 + 200;
    let failed = |error: nix::errno::Errno| {
        LabError::failed(
            format!("cannot open {needed} files at once (see ulimit -Hn)"),
            error.desc(),
        )
    };
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    if soft >= needed {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed)).map_err(failed)
}

/// The accepted sockets, and a thread that reads what comes.
struct ServerSide {
    epoll: Epoll,
    sockets: Mutex<HashMap<RawFd, TcpStream>>,
}

impl ServerSide {
    fn new() -> Result<Self, LabError> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(|error| LabError::failed("cannot watch sockets", error.desc()))?;
        Ok(Self {
            epoll,
            sockets: Mutex::new(HashMap::new()),
        })
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<RawFd, TcpStream>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(self: &Arc<Self>) -> Result<(), LabError> {
        for family in families() {
            let multipath = PORTS.map(|port| (port, Protocol::MPTCP));
            for (port, protocol) in multipath.chain([(PLAIN_PORT, Protocol::TCP)]) {
                let address = SocketAddr::new(server_address(*family), port);
                let listener = server::listener(address, protocol, 4096)
                    .map_err(|error| LabError::failed(format!("cannot listen on {address}"), error))?;
                let side = Arc::clone(self);
                server::start("accept", move || side.accept(&listener))?;
            }
        }
        let side = Arc::clone(self);
        server::start("drain", move || side.drain())
    }

    fn accept(&self, listener: &Socket) {
        while let Ok((socket, _)) = listener.accept() {
            if socket.set_nonblocking(true).is_err() {
                continue;
            }
            let stream = TcpStream::from(socket);
            let key = stream.as_raw_fd();
            let mut sockets = self.sockets();
            let event = EpollEvent::new(EpollFlags::EPOLLIN, u64::from(key.cast_unsigned()));
            if self.epoll.add(&stream, event).is_ok() {
                sockets.insert(key, stream);
            }
        }
    }

    fn drain(&self) {
        let mut events = [EpollEvent::empty(); 256];
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count) = self.epoll.wait(&mut events, EpollTimeout::NONE) {
            let mut sockets = self.sockets();
            for event in events.iter().take(count) {
                let Ok(key) = RawFd::try_from(event.data()) else {
                    continue;
                };
                let Some(mut stream) = sockets.get(&key) else {
                    continue;
                };
                match stream.read(&mut buffer) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    // Closed by the other side.
                    Ok(0) | Err(_) => {
                        sockets.remove(&key);
                    }
                }
            }
        }
    }

    /// How many connections have their second subflow.
    fn complete(&self) -> usize {
        let has_it = |stream: &&TcpStream| extra_subflows(stream.as_fd()).is_ok_and(|count| count >= 1);
        self.sockets().values().filter(has_it).count()
    }
}
