//! The privileged helper, as who needs it calls it: a process of one's own where a group may have that, else the
//! service on the system bus.

use std::iter;
use std::os::fd::OwnedFd;
use std::time::Duration;

use async_io::Timer;
use futures_lite::future;
use rustc_hash::FxHashMap;
use serde::Serialize;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, Proxy, connection};
use zbus::proxy::MethodFlags;
use zbus::zvariant::{self, DynamicDeserialize, DynamicType};

use super::own_helper::{Installed, OwnHelper, installed};
use crate::bus::{Action, EndpointArgs, INTERFACE, LimitsArgs, NAME, PATH, Refusal, SubflowArgs, consent};
use crate::kernel::witness;
use crate::model::{Before, Command, Endpoint, Limits, Offer};

/// How long the service may think about what needs no person, once it runs.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to run, which on a busy machine says nothing of the service: a little longer than a bus waits
/// for what it starts (25 s, `service_start_timeout` in dbus-daemon(1)), whose word says more than ours.
const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// A connection to the helper. The thread that uses it must be in the network namespace that the helper is to be asked
/// about, and so must be the one that makes it.
pub struct Service {
    proxy: Proxy<'static>,
    way: Way,
}

/// How the helper is reached.
enum Way {
    /// The bus starts it when it is called.
    Bus(DBusProxy<'static>),
    /// A process of our own, which ends with the connection.
    Own(OwnHelper),
}

impl Service {
    /// Starts a helper where the administrator lets this process; else connects to the system bus, which is no call
    /// yet.
    ///
    /// # Errors
    /// When there is no system bus; or, where there is no service, why a helper does not serve this process.
    pub fn connect() -> Result<Self, Refusal> {
        let why_not = match installed() {
            Installed::Ours => match Self::of_our_own() {
                Ok(service) => return Ok(service),
                // That one cannot be called says more here than that there is no service.
                Err(Refusal::Bus(error)) => Some(Refusal::Refused(Refusal::Bus(error).to_string())),
                Err(refusal) => Some(refusal),
            },
            Installed::Others(why_not) => Some(Refusal::NotAuthorized(why_not)),
            Installed::NoGroup => None,
        };
        let on_the_bus = Self::on_the_bus();
        let is_there = |service: &Self| service.presence().is_some();
        match why_not {
            Some(why_not) if !on_the_bus.as_ref().is_ok_and(is_there) => Err(why_not),
            _ => on_the_bus,
        }
    }

    /// The helper says why, if it refuses to serve.
    fn of_our_own() -> Result<Self, Refusal> {
        let (helper, connection) = OwnHelper::start(ANSWERS_WITHIN)?;
        let service = Self::over(connection, Way::Own(helper))?;
        let offer = service.answers_at_all().and_then(|()| service.offer());
        match (offer, service.way) {
            (Err(refusal), Way::Own(helper)) => Err(helper.why_not().map_or(refusal, Refusal::NotAuthorized)),
            (_, way) => Ok(Self {
                proxy: service.proxy,
                way,
            }),
        }
    }

    fn on_the_bus() -> Result<Self, Refusal> {
        let connection = connection::Builder::system()?
            .method_timeout(ANSWERS_WITHIN)
            .build()?;
        let bus = DBusProxy::new(&connection)?;
        Self::over(connection, Way::Bus(bus))
    }

    fn over(connection: Connection, way: Way) -> Result<Self, Refusal> {
        let proxy = Proxy::new_owned(connection, NAME, PATH, INTERFACE)?;
        Ok(Self { proxy, way })
    }

    /// Whether calls may be answered, as far as that is seen without one: a process of our own may have ended.
    pub(super) fn is_usable(&self) -> bool {
        match &self.way {
            Way::Bus(bus) => bus.get_id().is_ok(),
            Way::Own(helper) => helper.is_alive(),
        }
    }

    /// The helper's process, if it runs: its name on the bus, or its id; `None` where it is not even installed, or has
    /// ended for good.
    pub fn presence(&self) -> Option<Option<String>> {
        let bus = match &self.way {
            Way::Bus(bus) => bus,
            Way::Own(helper) => return helper.is_alive().then(|| Some(helper.id().to_string())),
        };
        let owner = bus.get_name_owner(NAME.try_into().ok()?);
        if let Ok(owner) = owner {
            return Some(Some(owner.to_string()));
        }
        let names = bus.list_activatable_names().ok()?;
        names.iter().any(|name| name.as_str() == NAME).then_some(None)
    }

    /// Has the bus start the service where it does not run, and waits until it does.
    fn runs(&self) -> Result<(), Refusal> {
        let Way::Bus(bus) = &self.way else { return Ok(()) };
        let name = NAME.try_into().map_err(zbus::Error::from)?;
        if bus.name_has_owner(name).map_err(zbus::Error::from)? {
            return Ok(());
        }
        starts::<_, u32>(bus.inner(), "StartServiceByName", &(NAME, 0_u32))
    }

    /// Waits until the process of our own answers anything, which it does as soon as it serves.
    fn answers_at_all(&self) -> Result<(), Refusal> {
        let peer = Proxy::new(self.proxy.connection(), NAME, PATH, "org.freedesktop.DBus.Peer")?;
        starts::<_, ()>(&peer, "Ping", &())
    }

    /// What the helper would do for this process.
    ///
    /// # Errors
    /// When it is not there, does not answer, or refuses, as it does in another network namespace.
    pub fn offer(&self) -> Result<Offer, Refusal> {
        let hello = || self.call("Hello", &(here()?,));
        let (_, _, [observe, configure, close_subflow]): (u32, String, [u32; 3]) = match hello() {
            // A call may meet a service that is just ending; the bus starts another for the next.
            Err(refusal) if refusal.is_unanswered() => hello()?,
            answer => answer?,
        };
        Ok(Offer {
            observe: consent(observe),
            configure: consent(configure),
            close_subflow: consent(close_subflow),
            by_group: matches!(self.way, Way::Own(_)),
        })
    }

    /// Has a person asked, where that is needed, and changes nothing.
    ///
    /// # Errors
    /// When it is not permitted.
    pub fn authorize(&self, action: Action) -> Result<(), Refusal> {
        self.ask("Authorize", &(here()?, action.number()))
    }

    /// A socket that hears the path manager's events; a person may be asked for it, or not.
    ///
    /// # Errors
    /// When it is not permitted.
    pub fn open_events(&self, asks: bool) -> Result<OwnedFd, Refusal> {
        let socket: zvariant::OwnedFd = if asks {
            self.ask("OpenEvents", &(here()?,))?
        } else {
            self.call("OpenEvents", &(here()?,))?
        };
        Ok(socket.into())
    }

    /// The tokens of the subflows, by cookie; nobody is asked.
    ///
    /// # Errors
    /// When it is not permitted.
    pub fn subflow_tokens(&self) -> Result<FxHashMap<u64, u32>, Refusal> {
        let tokens: Vec<(u64, u32)> = self.call("SubflowTokens", &(here()?,))?;
        Ok(tokens.into_iter().collect())
    }

    /// Does what is asked, if what it replaces is as believed. A person may be asked.
    ///
    /// # Errors
    /// When it is not permitted, what is believed is not so, or the kernel refuses.
    pub fn apply(&self, command: &Command, believed: Option<Before>) -> Result<(), Refusal> {
        let socket = here()?;
        match (command, believed) {
            (
                Command::EndpointAdd {
                    address,
                    interface,
                    id,
                    port,
                    flags,
                    insist: _,
                },
                _,
            ) => {
                let endpoint = EndpointArgs::from(&Endpoint {
                    id: id.unwrap_or_default(),
                    address: *address,
                    port: *port,
                    interface: interface.clone(),
                    interface_index: None,
                    flags: *flags,
                });
                self.ask::<_, EndpointArgs>("EndpointAdd", &(socket, endpoint))
                    .map(drop)
            }
            (Command::EndpointChange { flags, .. }, Some(Before::Endpoint(endpoint))) => {
                let body = (socket, EndpointArgs::from(&endpoint), flags.set.0, flags.clear.0);
                self.ask::<_, EndpointArgs>("EndpointChange", &body).map(drop)
            }
            (Command::EndpointRemove { .. }, Some(Before::Endpoint(endpoint))) => {
                let body = (socket, EndpointArgs::from(&endpoint));
                self.ask::<_, EndpointArgs>("EndpointRemove", &body).map(drop)
            }
            (
                Command::LimitsSet {
                    extra_subflows_max,
                    add_addr_accepted_max,
                },
                Some(Before::Limits(limits)),
            ) => {
                let after = Limits {
                    extra_subflows_max: extra_subflows_max.unwrap_or(limits.extra_subflows_max),
                    add_addr_accepted_max: add_addr_accepted_max.unwrap_or(limits.add_addr_accepted_max),
                };
                let body = (socket, LimitsArgs::from(limits), LimitsArgs::from(after));
                self.ask::<_, LimitsArgs>("LimitsSet", &body).map(drop)
            }
            (Command::Set { name, value }, Some(Before::Setting(before))) => {
                let body = (socket, name, before.to_string(), value.to_string());
                self.ask::<_, String>("Set", &body).map(drop)
            }
            (Command::Close { local, remote }, Some(Before::Subflow(cookie))) => self.ask(
                "CloseSubflow",
                &(socket, SubflowArgs::new(*local, *remote, cookie)),
            ),
            _ => Err(Refusal::Invalid("it is not known how it was before".to_owned())),
        }
    }

    /// Calls without anybody being asked; once the service runs, the answer comes soon or not at all.
    fn call<B, R>(&self, member: &str, body: &B) -> Result<R, Refusal>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        self.runs()?;
        let answer = self.proxy.call(member, body);
        tell(member, &answer);
        Ok(answer?)
    }

    /// Calls, and waits as long as a person thinks about it. A service that does not answer what needs no person is not
    /// waited for.
    fn ask<B, R>(&self, member: &str, body: &B) -> Result<R, Refusal>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        self.offer()?;
        let flags = MethodFlags::AllowInteractiveAuth.into();
        let answer = self.proxy.call_with_flags(member, flags, body);
        tell(member, &answer);
        let answer = answer?;
        answer.ok_or_else(|| Refusal::Refused("the service gave no answer".to_owned()))
    }
}

/// Why the helper refuses may name addresses.
fn tell<R>(member: &str, answer: &zbus::Result<R>) {
    tracing::debug!(member, refused = answer.is_err(), "the helper answers");
    if let Err(error) = answer {
        tracing::trace!(member, %error, "the helper refuses");
    }
}

/// Calls what is answered when a process has started, which takes its time.
fn starts<B, R>(proxy: &Proxy<'_>, member: &str, body: &B) -> Result<(), Refusal>
where
    B: Serialize + DynamicType,
    R: for<'d> DynamicDeserialize<'d>,
{
    // Without flags it is as any call, but that the connection's own limit is not on it.
    let started =
        proxy
            .inner()
            .call_with_flags::<_, _, R>(member, iter::empty::<MethodFlags>().collect(), body);
    let late = async {
        Timer::after(STARTS_WITHIN).await;
        let why = format!("it has not started within {} s", STARTS_WITHIN.as_secs());
        Err(zbus::Error::Failure(why))
    };
    Ok(async_io::block_on(future::or(started, late)).map(drop)?)
}

/// A socket by which the service sees where the calling thread is.
fn here() -> Result<zvariant::OwnedFd, Refusal> {
    let socket = witness().map_err(|error| Refusal::Refused(error.to_string()))?;
    Ok(socket.into())
}
