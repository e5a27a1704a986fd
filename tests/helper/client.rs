//! A client of the service in a process of its own, so that it can be any user's: it reads what to ask a line at a
//! time, and answers each with a line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::sys::socket::{MsgFlags, recv, send};
use pathscope::bus::{EndpointArgs, LimitsArgs, NAME, ON_STDIN, PATH, PROGRAM, Refusal, SubflowArgs};
use pathscope::kernel::{Events, Sockets, witness};
use pathscope::wire::netlink::{Message, Messages, NLMSG_ERROR, parse_outcome};
use pathscope::wire::{generic, mptcp_pm};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socket2::Protocol;
use zbus::blocking::{Connection, Proxy};
use zbus::message::Flags;
use zbus::names::ErrorName;
use zbus::proxy::MethodFlags;
use zbus::zvariant;

use super::attack;
use super::hosts::connect;

/// The argument that makes this program a client.
pub const ARGUMENT: &str = "client";
/// With this one after it, a client of a helper of its own, and not of the service.
const OWN: &str = "own";

/// What to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ask {
    Hello,
    Authorize(u32),
    OpenEvents,
    SubflowTokens,
    EndpointAdd(EndpointArgs),
    EndpointChange(EndpointArgs, u32, u32),
    EndpointRemove(EndpointArgs),
    LimitsSet(LimitsArgs, LimitsArgs),
    Set(String, String, String),
    CloseSubflow(SubflowArgs),
    /// The same, after which the person may be asked for a password.
    Interactive(Box<Ask>),
    /// A call with arguments of the wrong type, or a descriptor that is no socket of this machine.
    Wrong(u8),
    /// A call of another interface, or of none.
    Elsewhere(Option<String>, String),
    /// So many calls as fast as the bus takes them; whether their answers are wanted.
    Flood(u32, bool),
    /// The start of a message without its end, on a connection of its own.
    Half,
    /// A connection of this user: over MPTCP, or over plain TCP.
    Connect(SocketAddr, bool),
    /// How many events the passed socket has heard since the last time.
    Heard,
    /// What the kernel answers to a change that is sent over the passed socket: an error number.
    ChangeOverEvents,
    /// The same, sent by that privileged program, whose standard output the passed socket is.
    Deputise(String),
    /// So many calls, each with a socket whose close waits for a peer.
    Linger(u32),
    /// A call of so many bytes, or a signal to a name on the bus.
    Large(usize, Option<String>),
    /// The names on the bus of a process.
    NamesOf(u32),
    /// So many netlink sockets more are open.
    OpenSockets(u32),
}

/// An answer: a value, or the name of a refusal with its text.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    pub refused: Option<String>,
    pub text: String,
    pub value: Value,
}

impl Answer {
    /// The value; it is a failure to have been refused.
    #[track_caller]
    pub fn value(self) -> Value {
        assert_eq!(self.refused, None, "{}", self.text);
        self.value
    }

    /// The value, of a type.
    #[track_caller]
    pub fn get<T: serde::de::DeserializeOwned>(self) -> T {
        serde_json::from_value(self.value()).expect("a value of the type")
    }

    /// The text of a refusal of that name.
    #[track_caller]
    pub fn refusal(self, name: &str) -> String {
        assert_eq!(
            self.refused.as_deref(),
            Some(name),
            "{} {}",
            self.text,
            self.value
        );
        self.text
    }
}

/// A client process.
pub struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Client {
    /// A client of the service on the bus.
    pub fn start(mut command: Command) -> Self {
        command.arg(ARGUMENT);
        Self::spawn(command)
    }

    /// A client of a helper that it starts itself.
    pub fn start_with_own(mut command: Command) -> Self {
        command.args([ARGUMENT, OWN]);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a client");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, input, output }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks, without waiting.
    pub fn say(&mut self, ask: &Ask) {
        let line = serde_json::to_string(ask).expect("JSON");
        writeln!(self.input, "{line}").expect("the client reads");
    }

    /// The next answer.
    pub fn hear(&mut self) -> Answer {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the client writes");
        serde_json::from_str(&line).expect("an answer")
    }

    pub fn ask(&mut self, ask: &Ask) -> Answer {
        self.say(ask);
        self.hear()
    }

    pub fn ask_interactively(&mut self, ask: Ask) -> Answer {
        self.ask(&Ask::Interactive(Box::new(ask)))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the client process keeps.
struct State {
    proxy: Proxy<'static>,
    _helper: Option<Child>,
    events: Option<(Events, OwnedFd)>,
    connections: Vec<TcpStream>,
    loot: attack::Loot,
}

/// The client process: until its input ends.
pub fn main() {
    let (connection, helper) = if std::env::args().any(|argument| argument == OWN) {
        own_helper()
    } else {
        (Connection::system().expect("the bus"), None)
    };
    let proxy = Proxy::new_owned(connection, NAME, PATH, pathscope::bus::INTERFACE).expect("a proxy");
    let mut state = State {
        proxy,
        _helper: helper,
        events: None,
        connections: Vec::new(),
        loot: attack::Loot::default(),
    };
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let ask = serde_json::from_str(&line).expect("a question");
        let answer = match state.answer(ask, false) {
            Ok(value) => Answer {
                refused: None,
                text: String::new(),
                value,
            },
            Err(refusal) => Answer {
                refused: Some(name(&refusal)),
                text: refusal.to_string(),
                value: Value::Null,
            },
        };
        println!("{}", serde_json::to_string(&answer).expect("JSON"));
    }
}

/// Starts a helper, which ends when this process does.
fn own_helper() -> (Connection, Option<Child>) {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let helper = Command::new(PROGRAM)
        .arg(ON_STDIN)
        .stdin(OwnedFd::from(theirs))
        .spawn()
        .expect("a helper");
    let ours = async_io::Async::new(ours).expect("a socket");
    let connection = zbus::blocking::connection::Builder::authenticated_socket(ours, zbus::Guid::generate())
        .and_then(|builder| builder.p2p().build())
        .expect("a connection to it");
    (connection, Some(helper))
}

fn name(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Bus(zbus::Error::MethodError(name, ..)) => name.to_string(),
        Refusal::Bus(error) => format!("{error:?}"),
        other => zbus::DBusError::name(other)
            .split('.')
            .next_back()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// A netlink socket of the network namespace that the client is in.
fn here() -> zvariant::OwnedFd {
    witness().expect("a socket").into()
}

impl State {
    fn call<B, R>(&self, interactive: bool, member: &str, body: &B) -> Result<R, Refusal>
    where
        B: Serialize + zvariant::DynamicType,
        R: for<'d> zvariant::DynamicDeserialize<'d>,
    {
        let flags = interactive.then_some(MethodFlags::AllowInteractiveAuth);
        let answer = self
            .proxy
            .call_with_flags(member, flags.into_iter().collect(), body)?;
        Ok(answer.expect("an answer"))
    }

    fn answer(&mut self, ask: Ask, interactive: bool) -> Result<Value, Refusal> {
        Ok(match ask {
            Ask::Interactive(ask) => return self.answer(*ask, true),
            Ask::Hello => {
                let (protocol, version, consents): (u32, String, [u32; 3]) =
                    self.call(interactive, "Hello", &(here(),))?;
                json!([protocol, version, consents])
            }
            Ask::Authorize(action) => {
                json!(self.call::<_, ()>(interactive, "Authorize", &(here(), action))?)
            }
            Ask::OpenEvents => {
                let socket: zvariant::OwnedFd = self.call(interactive, "OpenEvents", &(here(),))?;
                let socket = OwnedFd::from(socket);
                let copy = socket.try_clone().expect("a copy");
                self.events = Some((Events::of(socket).expect("events"), copy));
                Value::Null
            }
            Ask::SubflowTokens => {
                json!(self.call::<_, Vec<(u64, u32)>>(interactive, "SubflowTokens", &(here(),))?)
            }
            Ask::EndpointAdd(endpoint) => {
                json!(self.call::<_, EndpointArgs>(interactive, "EndpointAdd", &(here(), endpoint))?)
            }
            Ask::EndpointChange(endpoint, set, clear) => {
                let body = (here(), endpoint, set, clear);
                json!(self.call::<_, EndpointArgs>(interactive, "EndpointChange", &body)?)
            }
            Ask::EndpointRemove(endpoint) => {
                json!(self.call::<_, EndpointArgs>(interactive, "EndpointRemove", &(here(), endpoint))?)
            }
            Ask::LimitsSet(believed, limits) => {
                json!(self.call::<_, LimitsArgs>(interactive, "LimitsSet", &(here(), believed, limits))?)
            }
            Ask::Set(name, believed, value) => {
                json!(self.call::<_, String>(interactive, "Set", &(here(), name, believed, value))?)
            }
            Ask::CloseSubflow(subflow) => {
                json!(self.call::<_, ()>(interactive, "CloseSubflow", &(here(), subflow))?)
            }
            Ask::Wrong(number) => return self.wrong(number),
            Ask::Elsewhere(interface, member) => {
                let connection = self.proxy.connection();
                connection.call_method(
                    Some(NAME),
                    PATH,
                    interface.as_deref(),
                    member.as_str(),
                    &(here(),),
                )?;
                Value::Null
            }
            Ask::Flood(calls, answered) => self.flood(calls, answered)?,
            Ask::Half => half(),
            Ask::Connect(address, over_mptcp) => {
                let protocol = if over_mptcp {
                    Protocol::MPTCP
                } else {
                    Protocol::TCP
                };
                let stream = connect(protocol, address);
                let local = stream.local_addr().expect("an address");
                let cookie = Sockets::new()
                    .expect("a socket")
                    .subflow(local.into(), address.into());
                self.connections.push(stream);
                json!([local, cookie.ok()])
            }
            Ask::Heard => {
                let mut heard = Vec::new();
                let (events, _) = self.events.as_mut().expect("a passed socket");
                events.read(&mut heard).expect("events");
                json!(
                    heard
                        .iter()
                        .map(|event| event.kind.to_string())
                        .collect::<Vec<_>>()
                )
            }
            Ask::ChangeOverEvents => json!(change(&self.events.as_ref().expect("a passed socket").1)),
            Ask::Deputise(program) => {
                let (_, socket) = self.events.as_ref().expect("a passed socket");
                json!(attack::deputise(&program, socket))
            }
            Ask::Linger(count) => attack::linger(self.proxy.connection(), count, &mut self.loot),
            Ask::Large(bytes, to) => {
                return attack::large(self.proxy.connection(), bytes, to.as_deref());
            }
            Ask::NamesOf(process) => return attack::names_of(self.proxy.connection(), process),
            Ask::OpenSockets(count) => attack::open_sockets(count, &mut self.loot),
        })
    }

    fn wrong(&self, number: u8) -> Result<Value, Refusal> {
        let file =
            || zvariant::OwnedFd::from(OwnedFd::from(std::fs::File::open("/dev/null").expect("a file")));
        let stream = || UnixStream::pair().expect("sockets").0;
        let endpoint = EndpointArgs::default();
        match number {
            0 => self.call::<_, ()>(true, "EndpointAdd", &(here(), "10.0.0.1")),
            1 => self.call::<_, ()>(true, "EndpointAdd", &()),
            2 => self.call::<_, ()>(true, "LimitsSet", &(here(), -1_i64, "many")),
            3 => self.call::<_, ()>(true, "Set", &(here(), vec![1_u8; 100_000])),
            4 => self.call::<_, ()>(true, "Flush", &(here(),)),
            5 => self.call::<_, ()>(true, "Authorize", &(here(), 3_u32)),
            6 => self.call::<_, ()>(true, "Authorize", &(file(), 1_u32)),
            7 => self.call::<_, ()>(
                true,
                "OpenEvents",
                &(zvariant::OwnedFd::from(OwnedFd::from(stream())),),
            ),
            8 => self.call::<_, ()>(true, "Authorize", &(file(), here(), file(), here(), 1_u32)),
            _ => self.call::<_, ()>(true, "EndpointRemove", &(endpoint, here())),
        }
        .map(|()| Value::Null)
    }

    /// How many of the answers were refusals because it was too much.
    fn flood(&self, calls: u32, answered: bool) -> Result<Value, Refusal> {
        let connection = self.proxy.connection();
        let call = |member: &str| {
            let mut builder = zbus::Message::method_call(PATH, member)?
                .destination(NAME)?
                .interface(pathscope::bus::INTERFACE)?;
            if !answered {
                builder = builder.with_flags(Flags::NoReplyExpected)?;
            }
            builder.build(&(here(), LimitsArgs::default(), LimitsArgs::default()))
        };
        let mut answers = zbus::blocking::MessageIterator::from(connection);
        let (mut busy, mut other) = (0, 0);
        // The bus lets one wait for no more than 128 answers.
        for batch in (0..calls).collect::<Vec<_>>().chunks(100) {
            for _ in batch {
                connection.send(&call("LimitsSet")?)?;
            }
            for _ in batch.iter().filter(|_| answered) {
                let answer = answers.next().expect("an answer")?;
                match answer.header().error_name().map(ErrorName::as_str) {
                    Some("org.pathscope.Helper1.Error.Busy") => busy += 1,
                    _ => other += 1,
                }
            }
        }
        Ok(json!([busy, other]))
    }
}

/// The bus, spoken to by hand: a call whose length says more than ever comes.
fn half() -> Value {
    let mut bus = UnixStream::connect("/run/dbus/system_bus_socket").expect("the bus");
    let uid = nix::unistd::geteuid().to_string();
    let uid = uid
        .bytes()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    write!(bus, "\0AUTH EXTERNAL {uid}\r\nBEGIN\r\n").expect("the bus reads");
    let call = zbus::Message::method_call(PATH, "Hello")
        .and_then(|builder| {
            builder
                .destination(NAME)?
                .interface(pathscope::bus::INTERFACE)?
                .build(&())
        })
        .expect("a message");
    let bytes = call.data();
    let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
    bus.write_all(half).expect("the bus reads");
    Value::Null
}

/// Sends a change as the client itself over the passed socket.
fn change(socket: &OwnedFd) -> i32 {
    let exchange = |request: Vec<u8>, each: &mut dyn FnMut(&Message<'_>)| {
        send(socket.as_raw_fd(), &request, MsgFlags::empty()).expect("to send");
        let mut buffer = vec![0; 65536];
        // The kernel answers before send returns; events may lie before it.
        while let Ok(length) = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
            for message in Messages(buffer.get(..length).unwrap_or_default()).flatten() {
                each(&message);
            }
        }
    };
    let mut family = None;
    exchange(generic::get_family(mptcp_pm::FAMILY, 71), &mut |message| {
        if message.sequence == 71 && message.kind != NLMSG_ERROR {
            family = Some(generic::parse_family(message.payload).expect("a family").id);
        }
    });
    let endpoint = mptcp_pm::PmAddress {
        id: None,
        address: [10, 66, 0, 1].into(),
        port: None,
        flags: Some(2),
        interface_index: None,
    };
    let mut errno = None;
    let request = mptcp_pm::add_address(family.expect("the family"), &endpoint, 72);
    exchange(request, &mut |message| {
        if message.sequence == 72 && message.kind == NLMSG_ERROR {
            errno = Some(parse_outcome(message).expect("an outcome").errno);
        }
    });
    errno.expect("an outcome")
}
