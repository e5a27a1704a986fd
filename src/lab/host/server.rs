//! The server: answers every kind of traffic, and knows which connections have their subflows.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::super::raw::extra_subflows;
use super::super::scenario::Traffic;
use super::super::{LabError, app};
use super::paths::{families, server_address};

/// A video comes in bursts of this many bytes ...
const BURST: usize = 250_000;
/// ... one every so often.
const BURST_EVERY: Duration = Duration::from_millis(500);
/// Enough for what these threads do.
const STACK: usize = 128 * 1024;

/// Connections that were accepted and are watched until all are complete; `None` when none is watched any more.
pub(super) type Accepted = Arc<Mutex<Option<Vec<TcpStream>>>>;

/// Starts to listen, in this thread's namespace, for every kind of traffic.
pub(super) fn listen() -> Result<Accepted, LabError> {
    let accepted: Accepted = Arc::new(Mutex::new(Some(Vec::new())));
    for family in families() {
        for traffic in Traffic::ALL {
            let address = SocketAddr::new(server_address(*family), traffic.port());
            let listener = listener(address, Protocol::MPTCP, 1024)
                .map_err(|error| LabError::failed(format!("cannot listen on {address}"), error))?;
            let accepted = Arc::clone(&accepted);
            start("accept", move || accept(&listener, traffic, &accepted))?;
        }
    }
    Ok(accepted)
}

/// A listening socket.
pub(super) fn listener(address: SocketAddr, protocol: Protocol, backlog: i32) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(socket)
}

/// How many of the accepted connections have this many subflows beside the initial one.
pub(super) fn complete(accepted: &Accepted, extra: u8) -> usize {
    let accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
    let has_them = |stream: &&TcpStream| extra_subflows(stream.as_fd()).is_ok_and(|count| count >= extra);
    accepted.iter().flatten().filter(has_them).count()
}

/// Ends the watch: a watched connection stays open when its two ends are done with it.
pub(super) fn forget(accepted: &Accepted) {
    accepted.lock().unwrap_or_else(PoisonError::into_inner).take();
}

/// Starts a small thread in the same namespace.
pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), LabError> {
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(work)
        .map(|_| ())
        .map_err(|error| LabError::failed("cannot start a thread", error))
}

fn accept(listener: &Socket, traffic: Traffic, accepted: &Accepted) {
    while let Ok((socket, _)) = listener.accept() {
        let stream = TcpStream::from(socket);
        if let Some(watched) = accepted.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            watched.extend(stream.try_clone());
        }
        // A connection without a thread is closed, and the application tries again.
        let _ = start("serve", move || {
            // An error is the end of this connection and of nothing else.
            let _ = answer(stream, traffic);
        });
    }
}

fn answer(mut stream: TcpStream, traffic: Traffic) -> io::Result<()> {
    match traffic {
        Traffic::Upload => app::discard(&stream),
        Traffic::Chat => {
            stream.set_nodelay(true)?;
            let mut buffer = [0; 4096];
            loop {
                let length = stream.read(&mut buffer)?;
                let Some(message) = buffer.get(..length).filter(|message| !message.is_empty()) else {
                    return Ok(());
                };
                stream.write_all(message)?;
            }
        }
        Traffic::Video => {
            let burst = vec![0; BURST];
            let mut next = Instant::now();
            loop {
                stream.write_all(&burst)?;
                // What a bad link held up is not made up for.
                next = (next + BURST_EVERY).max(Instant::now());
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        }
    }
}
