//! Real MPTCP traffic between the hosts of a case, by threads that end with it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::hosts::{Host, listen, until};

/// What the client's application does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Sends as fast as it may.
    Send,
    /// Receives as fast as the server may send.
    Receive,
    /// Connects and says nothing.
    Idle,
    /// Says something, and nothing more.
    Once,
    /// Sends for most of a second, closes, and does so again.
    Again,
    /// A connection after another of one short message each.
    Short,
    /// Nobody connects: the server only listens.
    ListenOnly,
    /// Nobody even listens.
    Nothing,
    /// Client and server at one address of the client.
    Loopback,
    /// Sends over plain TCP, beside one that sends over MPTCP.
    BesidePlainTcp,
    /// Tries to open a connection, which does not come about.
    Fails,
}

const PORT: u16 = 5000;
const CHUNK: usize = 32 * 1024;
/// After so long threads see that they are to end.
const TICK: Duration = Duration::from_millis(200);

/// What threads of one side share: when to end, and how much has moved.
#[derive(Clone, Default)]
struct Shared {
    stop: Arc<AtomicBool>,
    moved: Arc<AtomicU64>,
}

impl Shared {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

/// Threads that end when this is dropped.
pub struct Side {
    shared: Shared,
    threads: Vec<JoinHandle<()>>,
}

impl Side {
    fn on(host: &Host, work: Vec<Box<dyn FnOnce(Shared) + Send>>) -> Self {
        let shared = Shared::default();
        let handed = shared.clone();
        let threads = host.run(move || {
            let start = |work: Box<dyn FnOnce(Shared) + Send>| {
                let shared = handed.clone();
                thread::spawn(move || work(shared))
            };
            work.into_iter().map(start).collect()
        });
        Self { shared, threads }
    }

    /// Waits until so many bytes more have moved.
    pub fn until_moved(&self, bytes: u64) {
        let start = self.shared.moved.load(Ordering::Relaxed);
        until("data to move", || {
            let now = self.shared.moved.load(Ordering::Relaxed);
            (now >= start + bytes).then_some(())
        });
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The server's application.
pub fn serve(host: &Host, address: &str, protocol: Protocol, kind: Kind) -> Side {
    if kind == Kind::Nothing || kind == Kind::Loopback {
        return Side::on(host, Vec::new());
    }
    let mut addresses = vec![(at(address, PORT), protocol)];
    if kind == Kind::BesidePlainTcp {
        addresses.push((at(address, PORT + 1), Protocol::TCP));
    }
    // They listen before anybody connects: a refused connection would count.
    let accepts = move |(address, protocol)| -> Box<dyn FnOnce(Shared) + Send> {
        let listener = host.run(move || listen(protocol, address));
        Box::new(move |shared| accept_all(&listener, kind == Kind::Receive, &shared))
    };
    let work = addresses.into_iter().map(accepts).collect();
    Side::on(host, work)
}

fn at(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse().expect("an address"), port)
}

fn accept_all(listener: &TcpListener, writes: bool, shared: &Shared) {
    listener.set_nonblocking(true).expect("a setting");
    let mut threads = Vec::new();
    while shared.goes_on() {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).expect("a setting");
                let shared = shared.clone();
                threads.push(thread::spawn(move || {
                    if writes {
                        write_on(&stream, &shared, None);
                    } else {
                        read_on(&stream, &shared);
                    }
                }));
            }
            Err(_) => thread::park_timeout(Duration::from_millis(10)),
        }
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// The client's application.
pub fn talk(host: &Host, server: &str, own: &str, kind: Kind) -> Side {
    let server = at(server, PORT);
    let own = at(own, PORT + 2);
    let one = move |work: fn(SocketAddr, &Shared)| -> Box<dyn FnOnce(Shared) + Send> {
        Box::new(move |shared| work(server, &shared))
    };
    let work: Vec<Box<dyn FnOnce(Shared) + Send>> = match kind {
        Kind::ListenOnly | Kind::Nothing => Vec::new(),
        Kind::Send => vec![one(|server, shared| {
            connected(server, |stream| write_on(stream, shared, None), shared);
        })],
        Kind::Receive => vec![one(|server, shared| {
            connected(server, |stream| read_on(stream, shared), shared);
        })],
        Kind::Idle => vec![one(|server, shared| {
            connected(server, |stream| read_on(stream, shared), shared);
        })],
        Kind::Once => vec![one(|server, shared| {
            connected(server, |stream| say_once(stream, shared), shared);
        })],
        Kind::Again => vec![one(again)],
        Kind::Short => vec![one(short)],
        Kind::Fails => vec![one(|server, shared| {
            let _ = open(server, Protocol::MPTCP, shared);
        })],
        Kind::BesidePlainTcp => vec![
            one(|server, shared| connected(server, |stream| write_on(stream, shared, None), shared)),
            Box::new(move |shared| {
                let server = SocketAddr::new(server.ip(), PORT + 1);
                if let Some(stream) = open(server, Protocol::TCP, &shared) {
                    write_slowly(&stream, &shared);
                }
            }),
        ],
        Kind::Loopback => vec![
            Box::new(move |shared| accept_all(&listen(Protocol::MPTCP, own), false, &shared)),
            Box::new(move |shared| connected(own, |stream| write_on(stream, &shared, None), &shared)),
        ],
    };
    Side::on(host, work)
}

fn connected(server: SocketAddr, work: impl FnOnce(&TcpStream), shared: &Shared) {
    if let Some(stream) = open(server, Protocol::MPTCP, shared) {
        work(&stream);
    }
}

/// Connects, again and again while nobody listens yet. `None` at the end, and where there is no such protocol.
fn open(server: SocketAddr, protocol: Protocol, shared: &Shared) -> Option<TcpStream> {
    while shared.goes_on() {
        let Ok(socket) = Socket::new(Domain::for_address(server), Type::STREAM, Some(protocol)) else {
            thread::park_timeout(TICK);
            continue;
        };
        if socket
            .connect_timeout(&server.into(), Duration::from_secs(30))
            .is_ok()
        {
            return Some(socket.into());
        }
        thread::park_timeout(Duration::from_millis(20));
    }
    None
}

fn is_only_slow(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

fn write_on(mut stream: &TcpStream, shared: &Shared, most: Option<Duration>) {
    stream.set_write_timeout(Some(TICK)).expect("a setting");
    let end = most.map(|most| Instant::now() + most);
    let chunk = vec![7; CHUNK];
    while shared.goes_on() && end.is_none_or(|end| Instant::now() < end) {
        match stream.write(&chunk) {
            Ok(count) => {
                shared.moved.fetch_add(count as u64, Ordering::Relaxed);
            }
            Err(error) if is_only_slow(&error) => {}
            Err(_) => return,
        }
    }
}

fn write_slowly(mut stream: &TcpStream, shared: &Shared) {
    while shared.goes_on() && stream.write_all(b"slowly").is_ok() {
        thread::park_timeout(TICK);
    }
}

fn read_on(mut stream: &TcpStream, shared: &Shared) {
    stream.set_read_timeout(Some(TICK)).expect("a setting");
    let mut chunk = vec![0; CHUNK];
    while shared.goes_on() {
        match stream.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                shared.moved.fetch_add(count as u64, Ordering::Relaxed);
            }
            Err(error) if is_only_slow(&error) => {}
            Err(_) => return,
        }
    }
}

fn say_once(mut stream: &TcpStream, shared: &Shared) {
    if stream.write_all(&vec![7; CHUNK]).is_ok() {
        shared.moved.fetch_add(CHUNK as u64, Ordering::Relaxed);
    }
    read_on(stream, shared);
}

fn again(server: SocketAddr, shared: &Shared) {
    while shared.goes_on() {
        if let Some(stream) = open(server, Protocol::MPTCP, shared) {
            write_on(&stream, shared, Some(Duration::from_millis(700)));
            let _ = SockRef::from(&stream).shutdown(std::net::Shutdown::Both);
        }
    }
}

fn short(server: SocketAddr, shared: &Shared) {
    while shared.goes_on() {
        if let Some(mut stream) = open(server, Protocol::MPTCP, shared) {
            let _ = stream.write_all(&[7; 2000]);
            shared.moved.fetch_add(2000, Ordering::Relaxed);
        }
        thread::park_timeout(Duration::from_millis(150));
    }
}
