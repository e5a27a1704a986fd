//! The server: answers every kind of traffic, and knows which connections have their subflows.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::super::raw::extra_subflows;
use super::super::scenario::{Peer, Traffic};
use super::super::{LabError, sockets};
use super::pool::Pool;

/// A video comes in bursts of this many bytes ...
const BURST: usize = 250_000;
/// ... one every so often.
const BURST_EVERY: Duration = Duration::from_millis(500);
/// Enough for what these threads do.
const STACK: usize = 128 * 1024;

/// What the server does at one of its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// What comes.
    pub(super) traffic: Traffic,
    /// Whether it has Multipath TCP.
    pub(super) peer: Peer,
}

/// Accepted connections, as which server; `None` when nobody watches for their subflows any more.
type Streams = Mutex<Option<Vec<(TcpStream, Peer)>>>;

/// The accepted connections.
pub(super) struct Accepted {
    /// Those with a thread each.
    streams: Arc<Streams>,
    /// Those that a thread has many of.
    pools: Vec<(Arc<Pool>, Peer)>,
}

/// Starts to listen, in this thread's namespace.
pub(super) fn listen(services: Vec<Service>) -> Result<Accepted, LabError> {
    let mut accepted = Accepted {
        streams: Arc::new(Mutex::new(Some(Vec::new()))),
        pools: Vec::new(),
    };
    for service in services {
        let protocol = match service.peer {
            Peer::Multipath => Protocol::MPTCP,
            Peer::Plain => Protocol::TCP,
        };
        let habit = service.traffic.habit();
        // What has many peers has many addresses.
        let address = match habit {
            Some(_) => SocketAddr::new(sockets::anywhere(service.address.ip()), service.address.port()),
            None => service.address,
        };
        let listener = listener(address, protocol, 4096)
            .map_err(|error| LabError::failed(format!("cannot listen on {address}"), error))?;
        if let Some(habit) = habit {
            let pool = Pool::new(habit.answer)?;
            accepted.pools.push((Arc::clone(&pool), service.peer));
            let served = Arc::clone(&pool);
            start("serve", move || served.serve())?;
            start("accept", move || pool.accept(&listener))?;
        } else {
            let streams = Arc::clone(&accepted.streams);
            start("accept", move || accept(&listener, service, &streams))?;
        }
    }
    Ok(accepted)
}

impl Accepted {
    /// How many of the connections have this many subflows beside the initial one, or cannot have any.
    pub(super) fn complete(&self, extra: u8) -> usize {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let has_them = |(stream, peer): &&(TcpStream, Peer)| match peer {
            Peer::Multipath => extra_subflows(stream.as_fd()).is_ok_and(|count| count >= extra),
            Peer::Plain => true,
        };
        let pooled = self.pools.iter().map(|(pool, peer)| match peer {
            Peer::Multipath => pool.complete(extra),
            Peer::Plain => pool.len(),
        });
        streams.iter().flatten().filter(has_them).count() + pooled.sum::<usize>()
    }

    /// Ends the watch: a watched connection stays open when its two ends are done with it.
    pub(super) fn forget(&self) {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A listening socket.
pub(super) fn listener(address: SocketAddr, protocol: Protocol, backlog: i32) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(socket)
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

fn accept(listener: &Socket, service: Service, streams: &Streams) {
    while let Ok((socket, _)) = listener.accept() {
        let stream = TcpStream::from(socket);
        if let Some(watched) = streams.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            watched.extend(stream.try_clone().map(|stream| (stream, service.peer)));
        }
        // A connection without a thread is closed, and the application tries again.
        let _ = start("serve", move || {
            // An error is the end of this connection and of nothing else.
            let _ = answer(stream, service.traffic);
        });
    }
}

fn answer(mut stream: TcpStream, traffic: Traffic) -> io::Result<()> {
    match traffic {
        Traffic::Upload => sockets::discard(&stream),
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
        // These are in a pool.
        Traffic::Web | Traffic::Idle => Ok(()),
    }
}
