//! The network, the streams over it, and what `ip` says of both.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::thread;

use socket2::{Domain, Protocol, Socket, Type};

use super::hosts::{Host, Pair};

/// The first port of a server; each takes the next.
static PORT: AtomicU16 = AtomicU16::new(5000);

/// Gives the server addresses that are on neither link, and lets packets come and go by either.
pub(crate) fn with_far_server(pair: &Pair) {
    pair.server.ip("addr add 10.99.0.1/32 dev lo");
    pair.server.ip("-6 addr add fd00:99::1/128 dev lo nodad");
    open_filters(&pair.client);
    open_filters(&pair.server);
    pair.server
        .run(|| std::fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").unwrap());
}

/// Lets packets in whichever link they come by.
pub(crate) fn open_filters(host: &Host) {
    host.run(|| {
        for entry in std::fs::read_dir("/proc/sys/net/ipv4/conf").unwrap() {
            std::fs::write(entry.unwrap().path().join("rp_filter"), "0").unwrap();
        }
    });
}

/// What `ip` prints on a host.
fn ip(host: &Host, arguments: &str) -> String {
    let arguments = arguments.to_owned();
    host.run(move || {
        let words = arguments.split_whitespace();
        let output = Command::new("ip").args(words).output().expect("ip runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "ip {arguments}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    })
}

/// The device in `ip route get TO from FROM …`.
pub(crate) fn ip_route_get(host: &Host, to: &str, from: &str, more: &str) -> String {
    let text = ip(host, &format!("route get {to} from {from} {more}"));
    let mut words = text.split_whitespace().skip_while(|word| *word != "dev");
    words.nth(1).expect("a device").to_owned()
}

/// How many bytes a link has sent.
pub(crate) fn sent_by(host: &Host, link: &str) -> u64 {
    let text = ip(host, &format!("-s -j link show dev {link}"));
    let links: serde_json::Value = serde_json::from_str(&text).unwrap();
    links[0]["stats64"]["tx"]["bytes"].as_u64().expect("its counter")
}

/// Connects, from an address where one is given.
pub(crate) fn connect_from(host: &Host, local: Option<&str>, remote: &str) -> TcpStream {
    let local = local.map(|local| SocketAddr::new(local.parse().unwrap(), 0));
    let remote: SocketAddr = remote.parse().unwrap();
    host.run(move || {
        let socket = Socket::new(Domain::for_address(remote), Type::STREAM, Some(Protocol::MPTCP)).unwrap();
        if let Some(local) = local {
            socket.bind(&local.into()).unwrap();
        }
        socket.connect(&remote.into()).unwrap();
        socket.into()
    })
}

/// A connection with both of its ends.
pub(crate) struct Stream {
    client: TcpStream,
    server: TcpStream,
    _listener: TcpListener,
    sending: Option<(thread::JoinHandle<()>, mpsc::Receiver<()>)>,
}

impl Stream {
    /// From an address of the client's, where one is given, to one of the server's.
    pub(crate) fn open(pair: &Pair, local: Option<&str>, remote: &str) -> Self {
        let local = local.map(|local| SocketAddr::new(local.parse().unwrap(), 0));
        Self::open_with(pair, remote, move |socket| {
            local.map_or(Ok(()), |local| socket.bind(&local.into()))
        })
    }

    /// From a socket that was prepared.
    pub(crate) fn open_with(
        pair: &Pair,
        remote: &str,
        prepare: impl FnOnce(&Socket) -> std::io::Result<()> + Send + 'static,
    ) -> Self {
        let port = PORT.fetch_add(1, Ordering::Relaxed);
        let remote = SocketAddr::new(remote.parse().unwrap(), port);
        let listener = pair.server.listen(Protocol::MPTCP, &remote.to_string());
        let client = pair.client.run(move || {
            let socket =
                Socket::new(Domain::for_address(remote), Type::STREAM, Some(Protocol::MPTCP)).unwrap();
            prepare(&socket).unwrap();
            socket.connect(&remote.into()).unwrap();
            TcpStream::from(socket)
        });
        let (server, _) = listener.accept().unwrap();
        let mut stream = Self {
            client,
            server,
            _listener: listener,
            sending: None,
        };
        // Data both ways: then the connection is more than created.
        stream.send(8);
        stream.receive(8);
        stream
    }

    /// The client's port.
    pub(crate) fn port(&self) -> u16 {
        self.client.local_addr().unwrap().port()
    }

    /// What tells `ip route get` of its ports.
    pub(crate) fn selectors(&self) -> String {
        let remote = self.client.peer_addr().unwrap().port();
        format!("ipproto tcp sport {} dport {remote}", self.port())
    }

    /// Sends so much from the client to the server, and waits until it is there.
    pub(crate) fn send(&mut self, bytes: usize) {
        self.begin_to_send(bytes);
        self.end_sending();
    }

    /// Sends so much, without waiting.
    pub(crate) fn begin_to_send(&mut self, bytes: usize) {
        self.sending = Some(transfer(&self.client, &self.server, bytes));
    }

    /// Waits until what was sent is there.
    pub(crate) fn end_sending(&mut self) {
        let (thread, arrived) = self.sending.take().expect("something is sent");
        arrived
            .recv_timeout(std::time::Duration::from_mins(1))
            .expect("what was sent arrives");
        thread.join().unwrap();
    }

    /// Sends so much from the server to the client, and waits until it is there.
    pub(crate) fn receive(&mut self, bytes: usize) {
        let (thread, arrived) = transfer(&self.server, &self.client, bytes);
        arrived.recv().expect("what was sent arrives");
        thread.join().unwrap();
    }
}

fn transfer(from: &TcpStream, to: &TcpStream, bytes: usize) -> (thread::JoinHandle<()>, mpsc::Receiver<()>) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let (done, arrived) = mpsc::channel();
    let writer = thread::spawn(move || from.write_all(&vec![b'x'; bytes]).unwrap());
    thread::spawn(move || {
        if to.read_exact(&mut vec![0; bytes]).is_ok() {
            let _ = done.send(());
        }
    });
    (writer, arrived)
}
