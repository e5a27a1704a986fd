//! Many accepted connections, and one thread that reads what comes over them and answers.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::Socket;

use super::super::LabError;
use super::super::raw::extra_subflows;

/// The most that is read or answered at a time.
const CHUNK: usize = 64 * 1024;

/// The connections, of which each is read and answered.
pub(super) struct Pool {
    /// How many times as long as the question an answer is.
    answer: usize,
    epoll: Epoll,
    sockets: Mutex<HashMap<RawFd, TcpStream>>,
}

impl Pool {
    /// An empty one.
    pub(super) fn new(answer: usize) -> Result<Arc<Self>, LabError> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(|error| LabError::failed("cannot watch sockets", error.desc()))?;
        Ok(Arc::new(Self {
            answer,
            epoll,
            sockets: Mutex::new(HashMap::new()),
        }))
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<RawFd, TcpStream>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in the connections of a listening socket, as long as it listens.
    pub(super) fn accept(&self, listener: &Socket) {
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

    /// Reads and answers for ever.
    pub(super) fn serve(&self) {
        let mut events = [EpollEvent::empty(); 256];
        let mut buffer = vec![0; CHUNK];
        while let Ok(count) = self.epoll.wait(&mut events, EpollTimeout::NONE) {
            let mut sockets = self.sockets();
            for event in events.iter().take(count) {
                let Ok(key) = RawFd::try_from(event.data()) else {
                    continue;
                };
                let Some(stream) = sockets.get(&key) else {
                    continue;
                };
                if turn(stream, self.answer, &mut buffer).is_err() {
                    sockets.remove(&key);
                }
            }
        }
    }

    /// How many of its connections have this many subflows beside the initial one.
    pub(super) fn complete(&self, extra: u8) -> usize {
        let has_them = |stream: &&TcpStream| extra_subflows(stream.as_fd()).is_ok_and(|count| count >= extra);
        self.sockets().values().filter(has_them).count()
    }

    /// How many connections it has.
    pub(super) fn len(&self) -> usize {
        self.sockets().len()
    }
}

/// Reads once and answers; an error is the end of the connection, which may have been closed by the other side.
fn turn(mut stream: &TcpStream, answer: usize, buffer: &mut [u8]) -> io::Result<()> {
    let length = match stream.read(buffer) {
        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(length) => length,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
        Err(error) => return Err(error),
    };
    let length = length.saturating_mul(answer).min(buffer.len());
    let Some(words) = buffer.get(..length).filter(|words| !words.is_empty()) else {
        return Ok(());
    };
    match stream.write(words) {
        // What a bad link has no room for is not said.
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}
