//! Two hosts in network namespaces of their own, joined by two links, for tests that need the real kernel.
//!
//! A host is a thread that has left the machine's network namespace; nothing has a name, so nothing is left behind.
#![allow(dead_code, clippy::missing_panics_doc, missing_docs, unreachable_pub)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use socket2::{Domain, Protocol, Socket, Type};

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace and the thread that lives in it.
pub struct Host {
    jobs: mpsc::Sender<Job>,
    /// What `ip link set … netns` takes.
    pub thread_id: i32,
}

impl Host {
    /// Fails without CAP_SYS_ADMIN.
    pub fn new() -> Result<Self, String> {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (ready, is_ready) = mpsc::channel();
        thread::spawn(move || {
            let entered = unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("unshare: {error}"));
            let failed = entered.is_err();
            let _ = ready.send(entered.map(|()| nix::unistd::gettid().as_raw()));
            if !failed {
                for job in todo {
                    job();
                }
            }
        });
        let thread_id = is_ready.recv().expect("the host's thread answers")?;
        let host = Self { jobs, thread_id };
        host.ip("link set lo up");
        Ok(host)
    }

    /// The file of its namespace.
    pub fn netns(&self) -> PathBuf {
        format!("/proc/{}/task/{}/ns/net", std::process::id(), self.thread_id).into()
    }

    /// Runs something on the host and waits for it.
    pub fn run<R: Send + 'static>(&self, job: impl FnOnce() -> R + Send + 'static) -> R {
        let (done, is_done) = mpsc::channel();
        let job = Box::new(move || {
            let _ = done.send(job());
        });
        self.jobs.send(job).expect("the host's thread lives");
        is_done.recv().expect("what ran on the host did not panic")
    }

    /// Runs `ip` on the host.
    pub fn ip(&self, arguments: &str) {
        self.command("ip", arguments);
    }

    /// Runs a program on the host.
    pub fn command(&self, program: &'static str, arguments: &str) {
        let arguments = arguments.to_owned();
        self.run(move || {
            let output = Command::new(program)
                .args(arguments.split_whitespace())
                .output()
                .expect("the program runs");
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program} {arguments}: {text}");
        });
    }

    /// Runs an ignored test of the running test program on the host, without capabilities and, where there is one, as
    /// nobody.
    pub fn run_as_nobody(&self, test: &'static str) {
        let output = self.run(move || {
            // A normal user may not read the folder that this program was built in.
            let folder = tempfile::Builder::new()
                .permissions(readable())
                .tempdir()
                .expect("a folder");
            let program = folder.path().join("test");
            std::fs::copy(std::env::current_exe().expect("this program"), &program).expect("a copy");
            until("the program to run", || {
                let output = Command::new("setpriv")
                    .args(["--inh-caps=-all", "--bounding-set=-all"])
                    .args(as_nobody())
                    .arg(&program)
                    .args(["--ignored", "--exact", test, "--nocapture"])
                    .current_dir("/")
                    .output()
                    .expect("setpriv");
                // Another test that starts a program may hold the file open for writing for a moment (ETXTBSY).
                let busy = String::from_utf8_lossy(&output.stderr).contains("Text file busy");
                (!busy).then_some(output)
            })
        });
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }

    pub fn listen(&self, protocol: Protocol, address: &str) -> TcpListener {
        let address: SocketAddr = address.parse().expect("an address");
        self.run(move || listen(protocol, address))
    }

    pub fn connect(&self, protocol: Protocol, address: &str) -> TcpStream {
        let address: SocketAddr = address.parse().expect("an address");
        self.run(move || connect(protocol, address))
    }
}

pub fn listen(protocol: Protocol, address: SocketAddr) -> TcpListener {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol)).expect("a socket");
    socket.set_reuse_address(true).expect("SO_REUSEADDR");
    socket.bind(&address.into()).expect("bind");
    socket.listen(128).expect("listen");
    socket.into()
}

pub fn connect(protocol: Protocol, address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol)).expect("a socket");
    socket.connect(&address.into()).expect("connect");
    socket.into()
}

/// A client with `c1` (10.1.0.1, fd00:1::1) and `c2` (10.2.0.1, fd00:2::1), and a server with `s1` (….2) and `s2`.
pub struct Pair {
    pub client: Host,
    pub server: Host,
}

impl Pair {
    /// `None`, loudly, where namespaces cannot be made; with CI=true that is a failure.
    pub fn new() -> Option<Self> {
        match Host::new().and_then(|client| Ok((client, Host::new()?))) {
            Ok((client, server)) => {
                let pair = Self { client, server };
                pair.join(1);
                pair.join(2);
                Some(pair)
            }
            Err(why) => {
                cannot_run(&why);
                None
            }
        }
    }

    fn join(&self, number: u8) {
        let server = self.server.thread_id;
        self.client.ip(&format!(
            "link add c{number} type veth peer name s{number} netns {server}"
        ));
        for (host, side, last) in [(&self.client, 'c', 1), (&self.server, 's', 2)] {
            host.ip(&format!("link set {side}{number} up"));
            host.ip(&format!("addr add 10.{number}.0.{last}/24 dev {side}{number}"));
            host.ip(&format!(
                "addr add fd00:{number}::{last}/64 dev {side}{number} nodad"
            ));
        }
    }

    /// Lets connections have two subflows: the client opens the second from c2.
    pub fn with_two_paths(&self) {
        self.client.ip("mptcp limits set subflow 2 add_addr_accepted 2");
        self.server.ip("mptcp limits set subflow 2 add_addr_accepted 2");
        self.client.ip("mptcp endpoint add 10.2.0.1 dev c2 subflow");
    }

    /// A connection with the server's end of it, over which data have flowed both ways.
    pub fn connection(
        &self,
        protocol: Protocol,
        listen: &str,
        connect: &str,
    ) -> (TcpStream, TcpStream, TcpListener) {
        let listener = self.server.listen(protocol, listen);
        let mut client = self.client.connect(protocol, connect);
        let (mut server, _) = listener.accept().expect("accept");
        client.write_all(b"question").expect("write");
        let mut buffer = [0; 8];
        server.read_exact(&mut buffer).expect("read");
        server.write_all(b"answered").expect("write");
        client.read_exact(&mut buffer).expect("read");
        (client, server, listener)
    }
}

/// Whether this kernel is of that release or a later one: for what it cannot be asked whether it has it.
pub fn is_linux(major: u32, minor: u32) -> bool {
    let system = nix::sys::utsname::uname().expect("uname");
    let release = system.release().to_str().expect("a release");
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    let mut number = || numbers.next().and_then(|number| number.parse().ok());
    (number(), number()) >= (Some(major), Some(minor))
}

/// In a user namespace there may be no other user to become.
fn as_nobody() -> &'static [&'static str] {
    let users = std::fs::read_to_string("/proc/self/uid_map").expect("the users");
    let all = users.split_ascii_whitespace().eq(["0", "0", "4294967295"]);
    if all {
        &["--reuid", "65534", "--regid", "65534", "--clear-groups"]
    } else {
        &[]
    }
}

fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o755)
}

/// Says that a test did not run; a failure with CI=true.
pub fn cannot_run(why: &str) {
    let text = format!("NOT TESTED: this needs root, or a user namespace (unshare -Urn): {why}");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{text}");
    // Not by eprintln!, which the test harness keeps to itself.
    let loud = format!("\n{0}\n{text}\n{0}\n", "!".repeat(72));
    std::io::stderr()
        .write_all(loud.as_bytes())
        .expect("standard error");
}

/// Asks again and again until there is an answer, for at most half a minute: what is waited for may have to start, on a
/// machine that is busy.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "gave up waiting: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}
