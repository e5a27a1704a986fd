//! Commands: endpoints, limits, settings, and closing a subflow.

use std::net::IpAddr;

use super::{Error, PathManager, Sockets, proc};
use crate::model::{Before, Command, Endpoint, EndpointFlags, FlagChange, SettingValue, plan_change};
use crate::wire::mptcp_pm::{
    PmAddress, PmLimits, PmTarget, add_address, delete_address, set_flags, set_limits,
};

impl PathManager {
    /// Does what is asked. All but reading needs CAP_NET_ADMIN. The calling thread must be in the namespace in which
    /// this was opened, since settings and subflows are looked for in the thread's.
    ///
    /// # Errors
    /// Each says why, with the kernel's own words where it gave some; [`Error::is_not_permitted`] tells missing
    /// privilege from the rest.
    pub fn apply(&mut self, command: &Command) -> Result<(), Error> {
        match command {
            Command::EndpointAdd {
                address,
                interface,
                id,
                port,
                flags,
            } => {
                let interface_index = match interface {
                    Some(name) => Some(self.names.index(name)?),
                    None => None,
                };
                self.add(&PmAddress {
                    id: *id,
                    address: *address,
                    port: *port,
                    flags: Some(flags.0),
                    interface_index: interface_index.map(u32::cast_signed),
                })
            }
            Command::EndpointChange { id, flags } => self.change(*id, *flags),
            Command::EndpointRemove { id } => {
                let endpoint = self.endpoint(*id)?;
                self.delete(&endpoint)
            }
            Command::LimitsSet {
                extra_subflows_max,
                add_addr_accepted_max,
            } => {
                let limits = PmLimits {
                    extra_subflows_max: *extra_subflows_max,
                    add_addr_accepted_max: *add_addr_accepted_max,
                };
                let family = self.family;
                self.socket.request(
                    "set the limits",
                    |sequence| set_limits(family, limits, sequence),
                    |_| Ok(()),
                )
            }
            Command::Set { name, value } => proc::write_setting(name, value),
            Command::Close { local, remote } => Sockets::new()?.destroy_subflow(*local, *remote),
        }
    }

    /// The value that a command would replace, as it is now; `None` where it replaces none, or where its being there
    /// is all that matters.
    ///
    /// # Errors
    /// When it cannot be read, or when there is no such endpoint or setting.
    pub fn before(&mut self, command: &Command) -> Result<Option<Before>, Error> {
        Ok(match command {
            Command::EndpointChange { id, .. } | Command::EndpointRemove { id } => {
                Some(Before::Endpoint(self.endpoint(*id)?))
            }
            Command::LimitsSet { .. } => Some(Before::Limits(self.limits()?)),
            Command::Set { name, .. } => Some(Before::Setting(setting(name)?)),
            Command::Close { local, remote } => {
                Some(Before::Subflow(Sockets::new()?.subflow(*local, *remote)?))
            }
            Command::EndpointAdd { .. } => None,
        })
    }

    /// The endpoint that a command removes in order to add it again, as it is now; `None` where nothing is removed.
    ///
    /// # Errors
    /// As for [`Self::before`].
    pub fn removed_meanwhile(&mut self, command: &Command) -> Result<Option<Endpoint>, Error> {
        let Command::EndpointChange { id, flags } = command else {
            return Ok(None);
        };
        let endpoint = self.endpoint(*id)?;
        let plan = plan_change(&endpoint, *flags);
        let is_removed = plan.flags != endpoint.flags && !plan.in_place;
        Ok(is_removed.then_some(endpoint))
    }

    /// Does what is asked, if what it replaces is as believed.
    ///
    /// # Errors
    /// [`Error::Stale`] where it is not, else as [`Self::apply`].
    pub fn apply_if(&mut self, command: &Command, believed: &Before) -> Result<(), Error> {
        let stale = |now: Before| {
            let what = match command {
                Command::EndpointChange { id, .. } | Command::EndpointRemove { id } => {
                    format!("endpoint {id}")
                }
                Command::Set { name, .. } => format!("net.mptcp.{name}"),
                Command::LimitsSet { .. } => "the pair of limits".to_owned(),
                _ => "it".to_owned(),
            };
            let now = now.to_string();
            Error::Stale { what, now }
        };
        match (command, believed) {
            // Which socket it is, the kernel itself compares.
            (Command::Close { local, remote }, Before::Subflow(cookie)) => {
                Sockets::new()?.destroy_exactly(*local, *remote, Some(*cookie), None)
            }
            _ => match self.before(command)? {
                Some(now) if now != *believed => Err(stale(now)),
                _ => self.apply(command),
            },
        }
    }

    fn endpoint(&mut self, id: u8) -> Result<Endpoint, Error> {
        let endpoints = self.endpoints()?;
        let known = endpoints.iter().map(|endpoint| endpoint.id).collect();
        endpoints
            .into_iter()
            .find(|endpoint| endpoint.id == id)
            .ok_or(Error::NoSuchEndpoint { id, known })
    }

    /// In place where the kernel can; else the endpoint is removed and added again, and put back as it was if the
    /// kernel does not take its new flags.
    fn change(&mut self, id: u8, change: FlagChange) -> Result<(), Error> {
        let endpoint = self.endpoint(id)?;
        let plan = plan_change(&endpoint, change);
        if plan.flags == endpoint.flags {
            return Ok(());
        }
        if plan.in_place {
            let (family, flags) = (self.family, plan.flags.0);
            return self.socket.request(
                &format!("change the flags of endpoint {id}"),
                |sequence| set_flags(family, id, flags, sequence),
                |_| Ok(()),
            );
        }
        // Made before anything is removed: the interface may be gone.
        let before = self.request_for(&endpoint, endpoint.flags)?;
        let after = self.request_for(&endpoint, plan.flags)?;
        self.delete(&endpoint)?;
        self.add(&after).map_err(|why| Error::ChangeFailed {
            id,
            why: Box::new(why),
            lost: self.add(&before).err().map(Box::new),
        })
    }

    fn request_for(&mut self, endpoint: &Endpoint, flags: EndpointFlags) -> Result<PmAddress, Error> {
        let interface_index = match &endpoint.interface {
            Some(name) => Some(self.names.index(name)?.cast_signed()),
            None => None,
        };
        Ok(PmAddress {
            id: Some(endpoint.id),
            address: endpoint.address,
            port: endpoint.port,
            // Only the kernel itself makes implicit endpoints.
            flags: Some(flags.without(EndpointFlags::IMPLICIT).0),
            interface_index,
        })
    }

    fn add(&mut self, endpoint: &PmAddress) -> Result<(), Error> {
        let family = self.family;
        self.socket.request(
            &format!("add the endpoint {}", endpoint.address),
            |sequence| add_address(family, endpoint, sequence),
            |_| Ok(()),
        )
    }

    fn delete(&mut self, endpoint: &Endpoint) -> Result<(), Error> {
        let family = self.family;
        let target = PmTarget {
            id: endpoint.id,
            address: needed_address(endpoint),
        };
        self.socket.request(
            &format!("remove endpoint {}", endpoint.id),
            |sequence| delete_address(family, target, sequence),
            |_| Ok(()),
        )
    }
}

/// The kernel deletes id 0 by its address, and any other by its id alone.
fn needed_address(endpoint: &Endpoint) -> Option<IpAddr> {
    (endpoint.id == 0).then_some(endpoint.address)
}

fn setting(name: &str) -> Result<SettingValue, Error> {
    let mut settings = proc::settings()?;
    settings.remove(name).ok_or_else(|| Error::NoSuchSetting {
        name: name.to_owned(),
        known: settings.into_keys().collect(),
    })
}
