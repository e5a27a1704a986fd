//! A crowd at work: thousands of connections between two hosts with two plain links.

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::net::{Place, has_ipv6, ip, own_namespace, set};
use super::super::protocol::{Order, Report};
use super::super::raw::extra_subflows;
use super::super::scenario::Family;
use super::super::{CrowdOptions, LabError};
use super::paths::{self, Path, families};
use super::{report, server, still_wanted};

/// The server's ports: enough that no one of them has to take every connection.
const PORTS: std::ops::Range<u16> = 8000..8008;
/// The port for plain TCP.
const PLAIN_PORT: u16 = 8100;
/// How often the busy ones send, and the churn turns.
const BEAT: Duration = Duration::from_millis(100);
/// What a busy one sends at a time.
const MESSAGE: [u8; 1000] = [0; 1000];
/// How long the kernel may take to establish the second subflows, beside some time for each.
const PATIENCE: Duration = Duration::from_secs(15);

/// Builds a crowd, reports when it is up, and keeps it until nobody is left to give orders.
pub(super) fn run(options: &CrowdOptions, orders: &Receiver<Order>) -> Result<(), LabError> {
    allow_files(options)?;
    own_namespace()?;
    let server = Place::new("server")?;
    build(&server)?;
    let side = Arc::new(ServerSide::new()?);
    server.run({
        let side = Arc::clone(&side);
        move || side.listen()
    })?;

    let mut crowd = Crowd {
        ipv6: options.ipv6 && has_ipv6(),
        opened: 0,
        sockets: VecDeque::new(),
    };
    for _ in 0..options.connections {
        crowd.open_next()?;
        if crowd.opened.is_multiple_of(100) && !still_wanted(orders) {
            return Ok(());
        }
    }
    let plain: Vec<_> = (0..options.plain_tcp)
        .map(|_| open_plain())
        .collect::<Result<_, _>>()?;
    let patience = PATIENCE + Duration::from_millis(options.connections as u64 * 5);
    let begun = Instant::now();
    while side.complete() < options.connections {
        if begun.elapsed() > patience {
            return Err(LabError::Failed(format!(
                "only {} of {} connections had a second subflow after {} s",
                side.complete(),
                options.connections,
                patience.as_secs()
            )));
        }
        if !still_wanted(orders) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    report(&Report::Up {
        server_thread: server.thread().as_raw(),
    });
    let mut due = 0;
    while still_wanted(orders) {
        std::thread::sleep(BEAT);
        crowd.send(options.busy);
        due += options.churn_per_second;
        for _ in 0..due / 10 {
            crowd.sockets.pop_front();
            crowd.open_next()?;
        }
        due %= 10;
    }
    drop(plain);
    Ok(())
}

/// Both ends of every connection are files of this process.
fn allow_files(options: &CrowdOptions) -> Result<(), LabError> {
    let needed = (options.connections + options.plain_tcp) as u64 * 2 + 300;
    let failed = |error: nix::errno::Errno| {
        LabError::failed(
            format!("cannot open {needed} files at once (see ulimit -n)"),
            error.desc(),
        )
    };
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    if soft >= needed {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed)).map_err(failed)
}

/// The two hosts: the links "left", over which connections begin, and "right", for the second subflows.
fn build(server: &Place) -> Result<(), LabError> {
    let settings = || {
        paths::host_settings()?;
        set("ipv4/ip_local_port_range", "10000 65000")?;
        set("ipv4/tcp_max_syn_backlog", "65536")
    };
    settings()?;
    server.run(settings)?;
    let path = |number, name: &str| Path {
        number,
        name: name.to_owned(),
        metric: number.into(),
        backup: false,
    };
    let (left, right) = (path(1, "left"), path(2, "right"));
    let server_netns = server.path();
    ip(&["left", "right"]
        .map(|name| format!("link add name {name} type veth peer name {name} netns {server_netns}")))?;
    let theirs = [
        paths::common(),
        paths::server_addresses(),
        left.server_end(),
        right.server_end(),
    ]
    .concat();
    server.run(move || ip(&theirs))?;
    ip(&paths::common())?;
    paths::set_up_laptop(&[&left, &right])?;
    ip(&right.add_endpoints())
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

    /// Listens in this thread's namespace.
    fn listen(self: &Arc<Self>) -> Result<(), LabError> {
        for family in families() {
            let multipath = PORTS.map(|port| (port, Protocol::MPTCP));
            for (port, protocol) in multipath.chain([(PLAIN_PORT, Protocol::TCP)]) {
                let address = SocketAddr::new(paths::server_address(*family), port);
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

/// The side that opens the connections.
struct Crowd {
    ipv6: bool,
    opened: usize,
    sockets: VecDeque<TcpStream>,
}

impl Crowd {
    fn open_next(&mut self) -> Result<(), LabError> {
        let family = if self.ipv6 && self.opened % 2 == 1 {
            Family::V6
        } else {
            Family::V4
        };
        let port = PORTS.start + u16::try_from(self.opened / 2 % PORTS.len()).unwrap_or(0);
        let mut stream = open(
            SocketAddr::new(paths::server_address(family), port),
            Protocol::MPTCP,
        )?;
        // The kernel opens further subflows when data has been acknowledged.
        stream
            .write_all(b"x")
            .map_err(|error| LabError::failed("cannot send", error))?;
        self.sockets.push_back(stream);
        self.opened += 1;
        Ok(())
    }

    /// Lets the newest ones send.
    fn send(&mut self, busy: usize) {
        for mut stream in self.sockets.iter().rev().take(busy) {
            // The server reads everything; what it has not read yet can wait for the next beat.
            let _ = stream.write(&MESSAGE);
        }
    }
}

fn open_plain() -> Result<TcpStream, LabError> {
    open(
        SocketAddr::new(paths::server_address(Family::V4), PLAIN_PORT),
        Protocol::TCP,
    )
}

fn open(to: SocketAddr, protocol: Protocol) -> Result<TcpStream, LabError> {
    let attempt = || {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(protocol))?;
        socket.connect(&to.into())?;
        socket.set_nonblocking(true)?;
        Ok(TcpStream::from(socket))
    };
    attempt().map_err(|error: std::io::Error| LabError::failed(format!("cannot connect to {to}"), error))
}
