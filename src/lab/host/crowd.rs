//! A crowd at work: thousands of connections between two hosts with two plain links.

use std::collections::VecDeque;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError, unbounded};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::net::{NamespaceThread, has_ipv6, ip, own_namespace, set};
use super::super::protocol::{Order, Report, read_line};
use super::super::scenario::{Family, Joining, Peer};
use super::super::work::{self, Work};
use super::super::{CrowdOptions, LabError};
use super::crowd_server::{PLAIN_PORT, PORTS, allow_sockets};
use super::paths::{self, Path};
use super::{report, server};

/// How often the busy ones send, and the churn turns.
const TICK: Duration = Duration::from_millis(100);
const TICKS_PER_SECOND: usize = 10;
/// What a busy one sends at a time.
const MESSAGE: [u8; 1000] = [0; 1000];
/// How long the kernel may take to establish the second subflows, beside some time for each.
const JOIN_TIMEOUT: Duration = Duration::from_secs(15);

/// Builds a crowd, reports when it is up, and keeps it until nobody is left to give orders.
pub(super) fn run(options: &CrowdOptions, orders: &Receiver<Order>) -> Result<(), LabError> {
    allow_sockets(options.connections + options.plain_tcp)?;
    own_namespace()?;
    let server = NamespaceThread::new("server")?;
    build(&server)?;
    let sockets = options.connections + options.plain_tcp;
    let counts = server.run(move || serve(sockets))?;
    let gone = |_| LabError::Failed("the crowd's server did not come up".to_owned());
    counts.recv_timeout(JOIN_TIMEOUT).map_err(gone)?;

    let mut crowd = Crowd {
        ipv6: options.ipv6 && has_ipv6(),
        opened: 0,
        sockets: VecDeque::new(),
    };
    for _ in 0..options.connections {
        crowd.open_next()?;
        if crowd.opened.is_multiple_of(100) && wanted(orders) == Wanted::End {
            return Ok(());
        }
    }
    let plain: Vec<_> = (0..options.plain_tcp)
        .map(|_| open_plain())
        .collect::<Result<_, _>>()?;
    let timeout = JOIN_TIMEOUT + Duration::from_millis(options.connections as u64 * 5);
    let begun = Instant::now();
    let mut complete = 0;
    while complete < options.connections {
        if begun.elapsed() > timeout {
            return Err(LabError::Failed(format!(
                "only {complete} of {} connections had a second subflow after {} s",
                options.connections,
                timeout.as_secs()
            )));
        }
        if wanted(orders) == Wanted::End {
            return Ok(());
        }
        match counts.recv_timeout(TICK) {
            Ok(count) => complete = count,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(LabError::Failed("the crowd's server ended".to_owned()));
            }
        }
    }
    report(&Report::Up {
        server_thread: server.thread().as_raw(),
    });
    crowd.live(options, orders)?;
    drop(plain);
    Ok(())
}

/// What the parent wants of the crowd.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Live,
    Calm,
    Close,
    End,
}

/// What the parent wants now; a crowd knows no other orders.
fn wanted(orders: &Receiver<Order>) -> Wanted {
    match orders.try_recv() {
        Ok(Order::Calm) => Wanted::Calm,
        Ok(Order::CloseAll) => Wanted::Close,
        Ok(Order::Plug { .. } | Order::Shape { .. } | Order::Play { .. }) | Err(TryRecvError::Empty) => {
            Wanted::Live
        }
        Err(TryRecvError::Disconnected) => Wanted::End,
    }
}

/// The two hosts: the links "left", over which connections begin, and "right", for the second subflows.
fn build(server: &NamespaceThread) -> Result<(), LabError> {
    let settings = || {
        paths::host_settings()?;
        set("ipv4/ip_local_port_range", "10000 65000")
    };
    settings()?;
    server.run(settings)?;
    let path = |number, name: &str| Path {
        number,
        name: name.to_owned(),
        metric: number.into(),
        joining: Joining::Subflow,
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

/// Starts the server's process in this thread's namespace. The receiver gives a number when it listens, and again
/// whenever another number of its connections has a second subflow. The process is killed when this thread ends.
fn serve(connections: usize) -> Result<Receiver<usize>, LabError> {
    let mut child = work::spawn(&Work::CrowdServer { sockets: connections }, Stdio::piped())?;
    let output = child
        .stdout
        .take()
        .ok_or_else(|| LabError::Failed("the server has no output".to_owned()))?;
    let (counted, counts) = unbounded();
    server::start("counts", move || {
        let mut output = BufReader::new(output);
        while let Ok(Some(count)) = read_line(&mut output) {
            if counted.send(count).is_err() {
                break;
            }
        }
        let _ = child.wait();
    })?;
    Ok(counts)
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
            SocketAddr::new(paths::server_address(Peer::Multipath, family), port),
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

    /// Sends, closes and opens until the parent is gone, or has had enough of it.
    fn live(&mut self, options: &CrowdOptions, orders: &Receiver<Order>) -> Result<(), LabError> {
        let (mut busy, mut churn, mut due) = (options.busy, options.churn_per_second, 0);
        loop {
            match wanted(orders) {
                Wanted::Live => {}
                Wanted::Calm => (busy, churn, due) = (0, 0, 0),
                Wanted::Close => {
                    (busy, churn, due) = (0, 0, 0);
                    self.sockets.clear();
                }
                Wanted::End => return Ok(()),
            }
            thread::sleep(TICK);
            self.send(busy);
            due += churn;
            for _ in 0..due / TICKS_PER_SECOND {
                self.sockets.pop_front();
                self.open_next()?;
            }
            due %= TICKS_PER_SECOND;
        }
    }

    /// Lets the newest ones send.
    fn send(&mut self, busy: usize) {
        for mut stream in self.sockets.iter().rev().take(busy) {
            // The server reads everything; what it has not read yet can wait for the next tick.
            let _ = stream.write(&MESSAGE);
        }
    }
}

fn open_plain() -> Result<TcpStream, LabError> {
    open(
        SocketAddr::new(paths::server_address(Peer::Multipath, Family::V4), PLAIN_PORT),
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
