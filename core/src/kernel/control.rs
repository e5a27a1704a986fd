//! Commands: endpoints, limits, settings, and closing a subflow.

use std::net::IpAddr;

use nix::errno::Errno;

use super::error::Left;
use super::flag_support::{self, Support, support};
use super::{Error, PathManager, Sockets, proc};
use crate::model::{
    Before, Command, Endpoint, EndpointFlags, FlagChange, Impossible, SettingValue, check_addition,
    check_change, check_owner, is_link_local, taken,
};
use crate::wire::mptcp_pm::{
    PmAddress, PmLimits, PmTarget, add_address, delete_address, set_flags, set_limits,
};

/// The kernel's words when it has no room for an endpoint, or has its address or id already.
const TOO_MANY_OR_DUPLICATE: &str = "too many addresses or duplicate one";

impl PathManager {
    /// Does what is asked. All but reading needs CAP_NET_ADMIN. The calling thread must be in the namespace in which
    /// this was opened, since settings and subflows are looked for in the thread's. What can be known to be refused is
    /// refused before anything is touched ([`Error::Impossible`], [`Error::IgnoredFlags`]); what cannot is read back.
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
                insist,
            } => {
                let device = interface.as_deref();
                check_addition(*address, device, *id, *port, *flags).map_err(Error::Impossible)?;
                // A device that is not there is the nearer reason.
                let interface_index = match interface {
                    Some(name) => Some(self.names.index(name)?),
                    None => None,
                };
                if !insist {
                    self.refuse_foreign(*address, device)?;
                }
                refuse_ignored(*flags)?;
                let new = PmAddress {
                    id: *id,
                    address: *address,
                    port: *port,
                    flags: Some(flags.0),
                    interface_index: interface_index.map(u32::cast_signed),
                };
                self.add(&new).map_err(|error| self.explained(error, &new))?;
                self.take_back_if_ignored(&new)
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

    /// Refuses an address that none of this machine's interfaces has, or another than the one that is named.
    fn refuse_foreign(&mut self, address: IpAddr, device: Option<&str>) -> Result<(), Error> {
        let mut owners = Vec::new();
        for index in self.names.owners(address)? {
            owners.extend(self.names.name_now(index)?);
        }
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        check_owner(address, device, &owners).map_err(Error::Impossible)
    }

    /// A command to close a subflow with the name of its link, which may have been left out or given as a number; any
    /// other as it is, and so one that will be refused.
    pub fn with_link(&mut self, command: Command) -> Command {
        match &command {
            Command::Close { local, remote } if is_link_local(local.ip()) || is_link_local(remote.ip()) => {
                let named = Sockets::new().and_then(|mut sockets| sockets.addresses(*local, *remote));
                named.map_or(command, |(local, remote)| Command::Close { local, remote })
            }
            _ => command,
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
        let plan = check_change(&endpoint, *flags).map_err(Error::Impossible)?;
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
                Some(now) if !is_as(&now, believed) => Err(stale(now)),
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
        let plan = check_change(&endpoint, change).map_err(Error::Impossible)?;
        if plan.flags == endpoint.flags {
            return Ok(());
        }
        let new = plan.flags.without(endpoint.flags);
        refuse_ignored(new)?;
        if plan.in_place {
            let (family, flags) = (self.family, plan.flags.0);
            return self.socket.request(
                &format!("change the flags of endpoint {id}"),
                |sequence| set_flags(family, id, flags, sequence),
                |_| Ok(()),
            );
        }
        if endpoint.port.is_some() && self.names.owners(endpoint.address)?.is_empty() {
            return Err(Error::Impossible(Impossible::AddressMissing(endpoint.address)));
        }
        let (before, after) = (
            request_for(&endpoint, endpoint.flags),
            request_for(&endpoint, plan.flags),
        );
        self.delete(&endpoint)?;
        let put_back = |path_manager: &mut Self, why: Error| Error::ChangeFailed {
            id,
            why: Box::new(why),
            lost: path_manager.add(&before).err().map(Box::new),
        };
        self.add(&after).map_err(|why| put_back(self, why))?;
        let ignored = self.ignored(&after, new)?;
        if ignored == EndpointFlags::NONE {
            return Ok(());
        }
        self.delete(&endpoint)?;
        let left = Left::TakenBack;
        let flags = ignored;
        Err(put_back(self, Error::IgnoredFlags { flags, left }))
    }

    /// Adds an endpoint that was there, as it was; nothing is asked about it.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn add_again(&mut self, endpoint: &Endpoint) -> Result<(), Error> {
        let mut again = request_for(endpoint, endpoint.flags);
        if let Some(name) = &endpoint.interface {
            again.interface_index = Some(self.names.index(name)?.cast_signed());
        }
        self.add(&again)
    }

    /// Flags that a command asked for and that this kernel turned out to ignore, as far as this process can see. The
    /// helper cannot see as much: it may open no socket but those of netlink.
    ///
    /// # Errors
    /// [`Error::IgnoredFlags`], or when the endpoints cannot be read.
    pub fn look_for_ignored(&mut self, command: &Command) -> Result<(), Error> {
        let (endpoint, asked) = match command {
            Command::EndpointAdd {
                address, port, flags, ..
            } => {
                let endpoints = self.endpoints()?;
                let added = |endpoint: &Endpoint| endpoint.address == *address && endpoint.port == *port;
                (endpoints.into_iter().find(added), *flags)
            }
            Command::EndpointChange { id, flags } => (self.endpoint(*id).ok(), flags.set),
            _ => return Ok(()),
        };
        let Some(endpoint) = endpoint else { return Ok(()) };
        let flags = self.ignored(&request_for(&endpoint, endpoint.flags), asked)?;
        if flags == EndpointFlags::NONE {
            return Ok(());
        }
        let left = Left::Done;
        Err(Error::IgnoredFlags { flags, left })
    }

    /// What of these flags the kernel did not take for an endpoint that was just added.
    fn ignored(&mut self, added: &PmAddress, flags: EndpointFlags) -> Result<EndpointFlags, Error> {
        let doubtful = flags.without(EndpointFlags::ALWAYS);
        if doubtful == EndpointFlags::NONE {
            return Ok(EndpointFlags::NONE);
        }
        let endpoints = self.endpoints()?;
        let same = |endpoint: &&Endpoint| endpoint.address == added.address && endpoint.port == added.port;
        let Some(now) = endpoints.iter().find(same) else {
            return Ok(EndpointFlags::NONE);
        };
        Ok(flag_support::ignored(doubtful, now.flags))
    }

    fn take_back_if_ignored(&mut self, added: &PmAddress) -> Result<(), Error> {
        let asked = EndpointFlags(added.flags.unwrap_or_default());
        let flags = self.ignored(added, asked)?;
        if flags == EndpointFlags::NONE {
            return Ok(());
        }
        let endpoints = self.endpoints()?;
        let same = |endpoint: &&Endpoint| endpoint.address == added.address && endpoint.port == added.port;
        if let Some(endpoint) = endpoints.iter().find(same) {
            self.delete(endpoint)?;
        }
        let left = Left::TakenBack;
        Err(Error::IgnoredFlags { flags, left })
    }

    /// Why the kernel did not take an endpoint, from those there are: its own words are the same for two reasons, and
    /// until Linux 6.10 its number, too, which other refusals have with other words.
    fn explained(&mut self, refused: Error, new: &PmAddress) -> Error {
        let numbers = [Errno::EEXIST, Errno::EBUSY, Errno::ERANGE, Errno::EINVAL];
        let Some(errno) = refused.errno().filter(|errno| numbers.contains(errno)) else {
            return refused;
        };
        let Ok(endpoints) = self.endpoints() else {
            return refused;
        };
        let is_full = match &refused {
            Error::Refused { text, .. } if errno == Errno::EINVAL => {
                text.as_deref() == Some(TOO_MANY_OR_DUPLICATE)
            }
            _ => errno == Errno::ERANGE,
        };
        match taken(new.address, new.id, new.port, &endpoints) {
            Some(why) => Error::Impossible(why),
            None if is_full => Error::TooManyEndpoints {
                address: new.address,
                there: endpoints.len(),
            },
            None => refused,
        }
    }

    pub(super) fn add(&mut self, endpoint: &PmAddress) -> Result<(), Error> {
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

fn request_for(endpoint: &Endpoint, flags: EndpointFlags) -> PmAddress {
    PmAddress {
        id: Some(endpoint.id),
        address: endpoint.address,
        port: endpoint.port,
        // Only the kernel itself makes implicit endpoints.
        flags: Some(flags.without(EndpointFlags::IMPLICIT).0),
        // As the kernel gave it, also where that interface is gone.
        interface_index: endpoint.interface_index.map(u32::cast_signed),
    }
}

/// Refuses flags that this kernel is known to ignore.
fn refuse_ignored(flags: EndpointFlags) -> Result<(), Error> {
    let doubtful = flags.without(EndpointFlags::ALWAYS);
    let mut unknown = EndpointFlags::NONE;
    for (_, flag) in EndpointFlags::NAMED {
        if doubtful.contains(flag) && support(flag) == Support::Ignored {
            unknown = unknown.with(flag);
        }
    }
    if unknown == EndpointFlags::NONE {
        return Ok(());
    }
    let (flags, left) = (unknown, Left::Untouched);
    Err(Error::IgnoredFlags { flags, left })
}

fn is_as(now: &Before, believed: &Before) -> bool {
    match (now, believed) {
        (Before::Endpoint(now), Before::Endpoint(believed)) => now.is_as(believed),
        _ => now == believed,
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
