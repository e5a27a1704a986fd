//! What an attacker's client does: it means harm, and does not care for the answers.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use pathscope::bus::{INTERFACE, NAME, PATH, Refusal};
use pathscope::wire::mptcp_pm;
use pathscope::wire::netlink::{Messages, NLMSG_ERROR, parse_outcome};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use zbus::blocking::Connection;
use zbus::zvariant;

/// What an attacker keeps: the unread peers of lingering sockets, what was passed of late, and netlink sockets.
#[derive(Default)]
pub struct Loot {
    peers: Vec<TcpStream>,
    passed: VecDeque<OwnedFd>,
    sockets: Vec<Socket>,
}

/// The family's number, asked for over a socket of one's own.
pub fn path_manager() -> u16 {
    use pathscope::wire::generic;
    let socket = generic_socket();
    let mut buffer = [0; 4096];
    (&socket)
        .write_all(&generic::get_family(mptcp_pm::FAMILY, 1))
        .expect("to send");
    let length = (&socket).read(&mut buffer).expect("an answer");
    let message = Messages(&buffer[..length])
        .next()
        .expect("a message")
        .expect("a message");
    generic::parse_family(message.payload).expect("a family").id
}

pub fn generic_socket() -> Socket {
    let netlink = Domain::from(nix::libc::AF_NETLINK);
    Socket::new(
        netlink,
        Type::RAW,
        Some(Protocol::from(nix::libc::NETLINK_GENERIC)),
    )
    .expect("a socket")
}

/// Has a privileged program that repeats what it reads write a change to the socket, which is its standard output. What
/// the kernel answers: an error number.
pub fn deputise(program: &str, socket: &OwnedFd) -> i32 {
    let endpoint = mptcp_pm::PmAddress {
        id: None,
        address: [10, 66, 0, 1].into(),
        port: None,
        flags: Some(2),
        interface_index: None,
    };
    let change = mptcp_pm::add_address(path_manager(), &endpoint, 73);
    let mut deputy = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(socket.try_clone().expect("a copy"))
        .spawn()
        .expect("the deputy");
    let mut input = deputy.stdin.take().expect("its input");
    input.write_all(&change).expect("the deputy reads");
    drop(input);
    deputy.wait().expect("the deputy ends");
    let socket = Socket::from(socket.try_clone().expect("a copy"));
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a setting");
    let mut buffer = [0; 8192];
    loop {
        let length = (&socket).read(&mut buffer).expect("an outcome");
        for message in Messages(&buffer[..length]).flatten() {
            if message.sequence == 73 && message.kind == NLMSG_ERROR {
                return parse_outcome(&message).expect("an outcome").errno;
            }
        }
    }
}

/// A TCP socket whose last close waits for the peer, who reads nothing.
fn lingering(loot: &mut Loot) -> OwnedFd {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let mut socket = TcpStream::connect(listener.local_addr().expect("its address")).expect("a stream");
    loot.peers.push(listener.accept().expect("the peer").0);
    if loot.peers.len() > 64 {
        loot.peers.remove(0);
    }
    socket.set_nonblocking(true).expect("a setting");
    while socket.write(&[0; 4096]).is_ok() {}
    let linger = Some(Duration::from_mins(10));
    SockRef::from(&socket).set_linger(linger).expect("a setting");
    socket.into()
}

/// A socket in whose queue, and nowhere else, there is such a one.
fn nested(loot: &mut Loot) -> OwnedFd {
    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
    use std::io::IoSlice;
    use std::os::fd::AsRawFd as _;
    let (one, other) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let inner = lingering(loot);
    let rights = [inner.as_raw_fd()];
    let message = [ControlMessage::ScmRights(&rights)];
    sendmsg::<()>(
        one.as_raw_fd(),
        &[IoSlice::new(b"x")],
        &message,
        MsgFlags::empty(),
        None,
    )
    .expect("to send");
    other.into()
}

/// So many calls, each with such a socket: of every kind, and with arguments of the wrong kind. It is let go some calls
/// later, when the bus has closed its own: it is not the bus that is attacked, which would wait as well.
pub fn linger(connection: &Connection, count: u32, loot: &mut Loot) -> Value {
    for number in 0..count {
        let socket = if number % 4 == 3 {
            nested(loot)
        } else {
            lingering(loot)
        };
        let ours = socket.try_clone().expect("a copy");
        let socket = zvariant::OwnedFd::from(socket);
        let (name, interface) = (Some(NAME), Some(INTERFACE));
        let answer = match number % 5 {
            0 => connection.call_method(name, PATH, interface, "Hello", &(socket,)),
            1 => connection.call_method(name, PATH, interface, "OpenEvents", &(socket,)),
            2 => connection.call_method(name, PATH, interface, "Set", &(7_u32, socket)),
            3 => connection.call_method(name, PATH, interface, "Flush", &(socket,)),
            _ => connection.call_method(name, PATH, interface, "Authorize", &(socket, 1_u32)),
        };
        assert!(answer.is_err(), "a call with somebody's socket succeeded");
        loot.passed.push_back(ours);
        if loot.passed.len() > 24 {
            let first = loot.passed.pop_front();
            // Where the service was quicker, this is the last close.
            std::thread::spawn(move || drop(first));
        }
    }
    Value::Null
}

/// A call, or a signal to a name on the bus, with so many bytes.
pub fn large(connection: &Connection, bytes: usize, to: Option<&str>) -> Result<Value, Refusal> {
    let body = vec![7_u8; bytes];
    let Some(name) = to else {
        let answer = connection.call_method(Some(NAME), PATH, Some(INTERFACE), "Set", &(&body,));
        return Ok(answer.map(|_| Value::Null)?);
    };
    let message = zbus::Message::signal(PATH, INTERFACE, "Noise")
        .and_then(|builder| builder.destination(name))
        .and_then(|builder| builder.build(&(&body,)))?;
    connection.send(&message)?;
    Ok(Value::Null)
}

/// The names on the bus of the process.
pub fn names_of(connection: &Connection, process: u32) -> Result<Value, Refusal> {
    let bus = zbus::blocking::fdo::DBusProxy::new(connection)?;
    let names = bus.list_names().map_err(zbus::Error::from)?;
    let unique = names.iter().filter(|name| name.starts_with(':'));
    let ours: Vec<&str> = unique
        .filter(|name| {
            let id = bus.get_connection_unix_process_id(name.inner().clone());
            id.is_ok_and(|id| id == process)
        })
        .map(|name| name.as_str())
        .collect();
    Ok(json!(ours))
}

/// Opens so many netlink sockets, bound so that they are listed.
pub fn open_sockets(count: u32, loot: &mut Loot) -> Value {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use nix::sys::socket::{NetlinkAddr, bind};
    use std::os::fd::AsRawFd as _;
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("to open more files");
    for _ in 0..count {
        let socket = generic_socket();
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0)).expect("a port");
        loot.sockets.push(socket);
    }
    Value::Null
}
