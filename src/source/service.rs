//! The privileged service, as who needs it calls it.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustc_hash::FxHashMap;
use serde::Serialize;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Proxy, connection};
use zbus::proxy::MethodFlags;
use zbus::zvariant::{self, DynamicDeserialize, DynamicType};

use crate::bus::{Action, EndpointArgs, INTERFACE, LimitsArgs, NAME, PATH, Refusal, SubflowArgs, consent};
use crate::kernel::witness;
use crate::model::{Before, Command, Endpoint, Limits, Offer};

/// So long may the service think about what needs no person.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A connection to the service, which the bus starts when it is called. The thread that uses it must be in the network
/// namespace that the service is to be asked about.
pub struct Service {
    proxy: Proxy<'static>,
    bus: DBusProxy<'static>,
}

impl Service {
    /// Connects to the system bus; that is no call yet.
    ///
    /// # Errors
    /// When there is no system bus.
    pub fn connect() -> Result<Self, Refusal> {
        let connection = connection::Builder::system()?
            .method_timeout(ANSWERS_WITHIN)
            .build()?;
        Ok(Self {
            bus: DBusProxy::new(&connection)?,
            proxy: Proxy::new_owned(connection, NAME, PATH, INTERFACE)?,
        })
    }

    /// The service's process on the bus, if it runs; `None` where it is not even installed.
    pub fn presence(&self) -> Option<Option<String>> {
        let owner = self.bus.get_name_owner(NAME.try_into().ok()?);
        if let Ok(owner) = owner {
            return Some(Some(owner.to_string()));
        }
        let names = self.bus.list_activatable_names().ok()?;
        names.iter().any(|name| name.as_str() == NAME).then_some(None)
    }

    /// What the service would do for this process.
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
                },
                _,
            ) => {
                let endpoint = EndpointArgs::from(&Endpoint {
                    id: id.unwrap_or_default(),
                    address: *address,
                    port: *port,
                    interface: interface.clone(),
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

    /// Calls without anybody being asked; the answer comes soon or not at all.
    fn call<B, R>(&self, member: &str, body: &B) -> Result<R, Refusal>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        Ok(self.proxy.call(member, body)?)
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
        let answer = self.proxy.call_with_flags(member, flags, body)?;
        answer.ok_or_else(|| Refusal::Refused("the service gave no answer".to_owned()))
    }
}

/// A socket by which the service sees where the calling thread is.
fn here() -> Result<zvariant::OwnedFd, Refusal> {
    let socket = witness().map_err(|error| Refusal::Refused(error.to_string()))?;
    Ok(socket.into())
}
