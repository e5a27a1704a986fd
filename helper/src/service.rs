//! The calls, as the system bus or a socket brings them.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, poll};
use zbus::address::transport::{Transport, UnixSocket};
use zbus::message::Header;
use zbus::zvariant::OwnedFd;
use zbus::{Address, Connection, Guid, connection, interface};

use super::callers::{Call, Callers};
use super::check::{self, InvalidArgument};
use super::consents::Consents;
use super::inlet::{Descriptors, Inlet, TooLong};
use super::network::Network;
use super::passed_descriptors::PassedDescriptors;
use super::polkit::Polkit;
use super::records::Records;
use crate::bus::{
    Action, EndpointArgs, LimitsArgs, NAME, PATH, PROTOCOL, Refusal, SubflowArgs, consent_number,
};
use crate::kernel::{Error, OwnNamespace, Sockets};
use crate::model::{Before, Command, Endpoint, SettingValue, equivalent};

/// Messages that may wait to be looked at; those behind them wait with the bus.
const MESSAGES: usize = 16;
/// How often it is looked whether anybody still needs the service.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The same, for who hears at once that the other end has closed: the connection may have ended otherwise.
const LOOK_EVERY_MS: u16 = 1000;
/// What a call counts that makes the kernel list every socket, or give memory.
const EXPENSIVE_CALL: u32 = 6;
/// The most subflows whose tokens are told: a megabyte of them.
const SUBFLOW_TOKENS: usize = 65_536;

/// What the service waits for, and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// For a call, before it ends.
    pub(super) idle_before_exit: Duration,
    /// For a person who is asked for a password.
    pub(super) person_answers_within: Duration,
}

/// Serves until nobody has called for so long.
///
/// # Errors
/// Why it cannot, in one line.
pub(super) fn serve(timeouts: Timeouts) -> Result<(), String> {
    let network = Network::open(Records::of_service()).map_err(|error| error.to_string())?;
    zbus::block_on(begin(network, timeouts.person_answers_within))
        .and_then(|(connection, service)| {
            tracing::info!(version = env!("CARGO_PKG_VERSION"), "serves");
            while !connection.is_closed() && !service.is_idle(timeouts.idle_before_exit) {
                thread::park_timeout(LOOK_EVERY);
            }
            tracing::info!(closed = connection.is_closed(), "nobody needs it any more");
            // What comes from now on starts the service anew; what came before is answered.
            zbus::block_on(connection.release_name(NAME))?;
            loop {
                thread::park_timeout(LOOK_EVERY);
                if connection.is_closed() || service.0.callers.are_silent_for(Duration::ZERO) {
                    break;
                }
            }
            Ok(())
        })
        .map_err(|error| format!("the system bus: {error}"))
}

/// Serves the user who started this process over its standard input, until they close it or end.
///
/// # Errors
/// Why it cannot, in one line.
pub(super) fn serve_on_stdin(user: u32) -> Result<(), String> {
    let input = io::stdin();
    let socket = input
        .as_fd()
        .try_clone_to_owned()
        .map(UnixStream::from)
        .and_then(|socket| socket.peer_addr().map(|_| socket))
        .map_err(|_| "its standard input is no socket: pathscope starts it, not a person".to_owned())?;
    let network = Network::open(Records::none()).map_err(|error| error.to_string())?;
    let service = Service::new(Callers::alone(user), Consents::Group, network);
    // Nobody is asked who they are: the socket has one other end, which came from who started this process.
    let connection = one_descriptor()
        .and_then(|descriptors| Ok(Inlet::new(socket, descriptors, TooLong::Ends)?))
        .and_then(|socket| connection::Builder::authenticated_socket(socket, Guid::generate()))
        .and_then(|builder| builder.p2p().max_queued(MESSAGES).serve_at(PATH, service.clone()))
        .and_then(|builder| zbus::block_on(builder.build()))
        .map_err(|error| format!("the socket: {error}"))?;
    let mut other_end = [PollFd::new(input.as_fd(), PollFlags::empty())];
    while !connection.is_closed() && poll(&mut other_end, LOOK_EVERY_MS) == Ok(0) {}
    // A change in hand is finished, and no other begins.
    std::mem::forget(service.network());
    Ok(())
}

/// Takes the name only once calls can be heard. What the service itself asks goes over a connection of its own, so that
/// answers never wait behind calls.
async fn begin(network: Network, person_answers_within: Duration) -> zbus::Result<(Connection, Service)> {
    let bus = system_bus()?;
    let inlet = Inlet::new(UnixStream::connect(&bus)?, Descriptors::None, TooLong::IsRefused)?;
    let questions = connection::Builder::socket(inlet).build().await?;
    let callers = Callers::of_bus(&questions).await?;
    let consents = Consents::Polkit(Polkit::new(&questions, person_answers_within).await?);
    let service = Service::new(callers, consents, network);
    let inlet = Inlet::new(UnixStream::connect(&bus)?, one_descriptor()?, TooLong::IsRefused)?;
    let connection = connection::Builder::socket(inlet)
        .max_queued(MESSAGES)
        .serve_at(PATH, service.clone())?
        .name(NAME)?
        .build()
        .await?;
    Ok((connection, service))
}

fn one_descriptor() -> zbus::Result<Descriptors> {
    let here = OwnNamespace::new().map_err(|error| zbus::Error::Failure(error.to_string()))?;
    Ok(Descriptors::OneOf(here, PassedDescriptors::start()?))
}

/// Where the system bus is.
fn system_bus() -> zbus::Result<PathBuf> {
    match Address::system()?.transport() {
        Transport::Unix(socket) => match socket.path() {
            UnixSocket::File(path) => Ok(path.clone()),
            _ => Err(zbus::Error::Address(
                "the system bus is no socket that has a path".to_owned(),
            )),
        },
        _ => Err(zbus::Error::Address(
            "the system bus is no socket of this machine".to_owned(),
        )),
    }
}

struct Inner {
    callers: Callers,
    consents: Consents,
    network: Mutex<Network>,
}

#[derive(Clone)]
struct Service(Arc<Inner>);

#[interface(name = "org.pathscope.Helper1")]
impl Service {
    async fn hello(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
    ) -> Result<(u32, String, [u32; 3]), Refusal> {
        let _call = self.0.callers.enter(&header, 1).await?;
        self.same_namespace(&socket)?;
        let mut consents = [0; 3];
        for (consent, action) in consents.iter_mut().zip(Action::ALL) {
            *consent = consent_number(self.0.consents.consent(&header, action).await?);
        }
        Ok((PROTOCOL, env!("CARGO_PKG_VERSION").to_owned(), consents))
    }

    async fn authorize(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
        action: u32,
    ) -> Result<(), Refusal> {
        let call = self.0.callers.enter(&header, 1).await?;
        let action = Action::from_number(action)
            .ok_or_else(|| invalid(&InvalidArgument::NotUnderstood("there is no such action")))?;
        self.permitted(&call, &header, &socket, action).await
    }

    async fn open_events(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
    ) -> Result<OwnedFd, Refusal> {
        let call = self.0.callers.enter(&header, EXPENSIVE_CALL).await?;
        self.permitted(&call, &header, &socket, Action::Observe).await?;
        self.network().event_socket(call.user).map(OwnedFd::from)
    }

    async fn subflow_tokens(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
    ) -> Result<Vec<(u64, u32)>, Refusal> {
        let call = self.0.callers.enter(&header, EXPENSIVE_CALL).await?;
        self.permitted(&call, &header, &socket, Action::Observe).await?;
        Sockets::new()
            .and_then(|mut sockets| sockets.subflow_tokens(SUBFLOW_TOKENS))
            .map_err(|error| refusal(&error))
    }

    async fn endpoint_add(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
        endpoint: EndpointArgs,
    ) -> Result<EndpointArgs, Refusal> {
        let call = self.0.callers.enter(&header, 1).await?;
        let endpoint = address(&endpoint)?;
        let new = endpoint.address;
        let command = check::endpoint_to_add(endpoint).map_err(|what| invalid(&what))?;
        self.permitted(&call, &header, &socket, Action::Configure).await?;
        self.apply(&call, &command, None)?;
        let endpoints = self.network().endpoints().map_err(|error| refusal(&error))?;
        let added = endpoints.iter().find(|endpoint| endpoint.address == new);
        let gone = || Refusal::Stale("the endpoint was added, and is gone again".to_owned());
        added.map(EndpointArgs::from).ok_or_else(gone)
    }

    async fn endpoint_change(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
        believed: EndpointArgs,
        set: u32,
        clear: u32,
    ) -> Result<EndpointArgs, Refusal> {
        let call = self.0.callers.enter(&header, 1).await?;
        let endpoint = check::endpoint_believed(address(&believed)?).map_err(|what| invalid(&what))?;
        let command = check::endpoint_change(&endpoint, set, clear).map_err(|what| invalid(&what))?;
        self.permitted(&call, &header, &socket, Action::Configure).await?;
        self.apply(&call, &command, Some(Before::Endpoint(endpoint)))?;
        Ok(believed)
    }

    async fn endpoint_remove(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
        believed: EndpointArgs,
    ) -> Result<EndpointArgs, Refusal> {
        let call = self.0.callers.enter(&header, 1).await?;
        let endpoint = check::endpoint_believed(address(&believed)?).map_err(|what| invalid(&what))?;
        self.permitted(&call, &header, &socket, Action::Configure).await?;
        let command = Command::EndpointRemove { id: endpoint.id };
        self.apply(&call, &command, Some(Before::Endpoint(endpoint)))?;
        Ok(believed)
    }

    async fn limits_set(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
        believed: LimitsArgs,
        limits: LimitsArgs,
    ) -> Result<LimitsArgs, Refusal> {
        let call = self.0.callers.enter(&header, 1).await?;
        let command = check::limits(limits.into());
        self.permitted(&call, &header, &socket, Action::Configure).await?;
        self.apply(&call, &command, Some(Before::Limits(believed.into())))?;
        Ok(believed)
    }

    async fn set(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
        name: &str,
        believed: &str,
        value: &str,
    ) -> Result<String, Refusal> {
        let call = self.0.callers.enter(&header, 1).await?;
        let command = check::setting(name, value).map_err(|what| invalid(&what))?;
        self.permitted(&call, &header, &socket, Action::Configure).await?;
        let before = Before::Setting(SettingValue::from(believed));
        self.apply(&call, &command, Some(before))?;
        Ok(believed.to_owned())
    }

    async fn close_subflow(
        &self,
        #[zbus(header)] header: Header<'_>,
        socket: OwnedFd,
        subflow: SubflowArgs,
    ) -> Result<(), Refusal> {
        let call = self.0.callers.enter(&header, EXPENSIVE_CALL).await?;
        let (local, remote) = subflow
            .addresses()
            .ok_or_else(|| invalid(&InvalidArgument::NotUnderstood("an address has 4 bytes or 16")))?;
        let (local, remote, cookie) =
            check::subflow(local, remote, subflow.cookie).map_err(|what| invalid(&what))?;
        self.permitted(&call, &header, &socket, Action::CloseSubflow)
            .await?;
        // Who may close subflows may close their own; root's are root's.
        let owner = Some(call.user).filter(|user| *user != 0);
        let closed = Sockets::new()
            .and_then(|mut sockets| sockets.destroy_exactly(local, remote, Some(cookie), owner));
        note_outcome(&call, &Command::Close { local, remote }, &[], closed)
    }
}

impl Service {
    fn new(callers: Callers, consents: Consents, network: Network) -> Self {
        Self(Arc::new(Inner {
            callers,
            consents,
            network: Mutex::new(network),
        }))
    }

    /// Refuses who is in another network namespace, and who may not.
    async fn permitted(
        &self,
        call: &Call<'_>,
        header: &Header<'_>,
        socket: &OwnedFd,
        action: Action,
    ) -> Result<(), Refusal> {
        self.same_namespace(socket)?;
        self.0.consents.require(call, header, action).await
    }

    fn same_namespace(&self, socket: &OwnedFd) -> Result<(), Refusal> {
        if self.network().is_here(socket) {
            return Ok(());
        }
        Err(Refusal::OtherNamespace(
            "the caller is in another network namespace than the service: run pathscope as root there"
                .to_owned(),
        ))
    }

    fn apply(&self, call: &Call<'_>, command: &Command, believed: Option<Before>) -> Result<(), Refusal> {
        let done = self.network().apply(command, believed.as_ref());
        let endpoint = match believed {
            Some(Before::Endpoint(endpoint)) => Some(endpoint),
            _ => None,
        };
        note_outcome(call, command, endpoint.as_slice(), done)
    }

    fn network(&self) -> MutexGuard<'_, Network> {
        self.0.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self, idle_before_exit: Duration) -> bool {
        let callers = &self.0.callers;
        if !callers.are_silent_for(idle_before_exit) {
            return false;
        }
        !self.network().is_heard() && callers.are_silent_for(idle_before_exit)
    }
}

/// Writes down who changed what, and gives the outcome on.
fn note_outcome(
    call: &Call<'_>,
    command: &Command,
    endpoints: &[Endpoint],
    done: Result<(), Error>,
) -> Result<(), Refusal> {
    let lines = equivalent(command, endpoints).join("; ");
    match &done {
        Ok(()) => call.note(&lines),
        Err(error) => call.note(&format!("{lines}: {error}")),
    }
    done.map_err(|error| refusal(&error))
}

fn address(endpoint: &EndpointArgs) -> Result<Endpoint, Refusal> {
    let wrong = || invalid(&InvalidArgument::NotUnderstood("an address has 4 bytes or 16"));
    endpoint.endpoint().ok_or_else(wrong)
}

fn invalid(what: &InvalidArgument) -> Refusal {
    Refusal::Invalid(what.to_string())
}

fn refusal(error: &Error) -> Refusal {
    let text = error.to_string();
    match error {
        Error::Stale { .. } | Error::NoSuchEndpoint { .. } | Error::NoSuchSubflow { .. } => {
            Refusal::Stale(text)
        }
        Error::NotYours { .. } => Refusal::NotAuthorized(text),
        _ => Refusal::Refused(text),
    }
}
