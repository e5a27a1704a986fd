//! What can be asked of the path manager at all, decided before anything is touched.
//!
//! The one place for it: the window's switches, the command line, the direct way and the helper all ask here. The rules
//! are those of `mptcp_pm_nl_add_addr_doit` and `mptcp_pm_nl_append_new_local_addr` (net/mptcp/pm_kernel.c; until Linux
//! 6.15 in pm_netlink.c), and beyond them what the kernel grants and nothing can come of. What only the kernel knows,
//! such as how many endpoints it takes, is left to it.

use std::fmt;
use std::net::IpAddr;

use super::{Command, Endpoint, EndpointFlags, FlagChange, Interface, Plan, plan_change};

/// Why a change can never be granted, or would come to nothing. Each is a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Impossible {
    /// `signal` together with `fullmesh`.
    SignalWithFullmesh,
    /// A port is announced, so it needs `signal`.
    PortWithoutSignal,
    /// The kernel listens on an announced port, and opens no subflow from such an endpoint.
    PortWithSubflow,
    /// A flag that nobody may ask for: `implicit`, or a bit without a name.
    Unaskable(EndpointFlags),
    /// No flag at all.
    NoFlag,
    /// Id 0 is the address of each connection's first subflow.
    IdZero,
    /// Port 0 is none.
    PortZero,
    /// An address that is not one host's own.
    Address {
        /// The address.
        address: IpAddr,
        /// What it is: `a multicast address`.
        what: &'static str,
    },
    /// An IPv4-mapped IPv6 address.
    Mapped(IpAddr),
    /// A link-local IPv6 address without a device.
    NoDevice(IpAddr),
    /// Another endpoint has the id.
    IdTaken(Endpoint),
    /// Another endpoint has the address.
    AddressTaken(Endpoint),
    /// The endpoint would be made anew, and the kernel could not listen at its address and port again.
    AddressMissing(IpAddr),
    /// No interface of this machine has the address: no subflow could be opened from it. Somebody may insist on it.
    NotOwned(IpAddr),
    /// The address is on other interfaces than the one the endpoint is to be bound to. Somebody may insist on it.
    OwnedElsewhere {
        /// The address.
        address: IpAddr,
        /// The interface that was named.
        device: String,
        /// One that has the address.
        owner: String,
    },
    /// The kernel made an endpoint for the address, which is replaced only where no id is given.
    ImplicitThere(Endpoint),
}

impl Impossible {
    /// Whether the kernel would grant it nevertheless, to somebody who insists.
    pub fn yields(&self) -> bool {
        matches!(self, Self::NotOwned(_) | Self::OwnedElsewhere { .. })
    }
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignalWithFullmesh => {
                f.write_str("the kernel takes no endpoint with both signal and fullmesh; choose one of them")
            }
            Self::PortWithoutSignal => {
                f.write_str("a port is announced with the address, so it needs signal; add signal, or leave the port")
            }
            Self::PortWithSubflow => f.write_str(
                "the kernel opens no subflow from an endpoint with a port: such an endpoint has signal, and neither \
                 subflow nor fullmesh; leave the port, or the flag",
            ),
            Self::Unaskable(flags) => write!(
                f,
                "nobody can ask for {flags}; use subflow, signal, backup, fullmesh or laminar"
            ),
            Self::NoFlag => f.write_str(
                "an endpoint without a flag does nothing; say what it is for: subflow, signal, backup, fullmesh or laminar",
            ),
            Self::IdZero => f.write_str(
                "id 0 stands for the address of each connection's first subflow; choose 1 to 255, or leave it to the kernel",
            ),
            Self::PortZero => f.write_str("port 0 is no port; choose 1 to 65535, or leave it"),
            Self::Address { address, what } => write!(
                f,
                "{address} is {what}, which can be no endpoint; give an address that one of this machine's interfaces has"
            ),
            Self::Mapped(address) => {
                write!(f, "{address} is an IPv4 address in IPv6's clothes; write it as IPv4")
            }
            Self::NoDevice(address) => write!(
                f,
                "{address} is an address of one link, and which link is not said; add 'dev' and the interface"
            ),
            Self::IdTaken(other) => write!(
                f,
                "id {} is taken by {}; choose another id, or leave it to the kernel",
                other.id, other.address
            ),
            Self::AddressTaken(other) => write!(
                f,
                "{} is an endpoint already, id {}; change that one, or remove it first",
                other.address, other.id
            ),
            Self::AddressMissing(address) => write!(
                f,
                "the kernel would have to listen at {address} anew, which is not on this machine now; wait until it is"
            ),
            Self::NotOwned(address) => write!(
                f,
                "{address} is on none of this machine's interfaces, so nothing can come of such an endpoint now; \
                 insist to add it all the same"
            ),
            Self::OwnedElsewhere {
                address,
                device,
                owner,
            } => write!(
                f,
                "{address} is on {owner}, not on {device}, which would send with an address that is not its own; name \
                 {owner}, or insist to add it all the same"
            ),
            Self::ImplicitThere(other) => write!(
                f,
                "the kernel made endpoint {} for {} by itself, and replaces it only when no id is given; leave the id",
                other.id, other.address
            ),
        }
    }
}

/// Whether an endpoint can be added, whichever others there are. `id` and `port` are as they were asked for.
///
/// # Errors
/// Why it cannot.
pub fn check_addition(
    address: IpAddr,
    interface: Option<&str>,
    id: Option<u8>,
    port: Option<u16>,
    flags: EndpointFlags,
) -> Result<(), Impossible> {
    check_address(address)?;
    if is_link_local_v6(address) && interface.is_none() {
        return Err(Impossible::NoDevice(address));
    }
    if id == Some(0) {
        return Err(Impossible::IdZero);
    }
    if port == Some(0) {
        return Err(Impossible::PortZero);
    }
    if flags == EndpointFlags::NONE {
        return Err(Impossible::NoFlag);
    }
    check_flags(flags, port)
}

/// The names of the interfaces that have an address.
pub fn owners<'a>(address: IpAddr, interfaces: impl IntoIterator<Item = &'a Interface>) -> Vec<&'a str> {
    let has = |interface: &&Interface| {
        let mut addresses = interface.addresses.iter();
        addresses.any(|owned| owned.address == address)
    };
    let owners = interfaces.into_iter().filter(has);
    owners.map(|interface| interface.name.as_str()).collect()
}

/// Whether an address is this machine's, and on the device that an endpoint is to be bound to. The kernel takes an
/// endpoint that is not, and no subflow can be opened from it (net/mptcp/subflow.c, `__mptcp_subflow_connect`: the
/// socket cannot be bound; bound to another device, its answers arrive where nobody waits for them).
///
/// # Errors
/// Why nothing would come of it.
pub fn check_owner(address: IpAddr, device: Option<&str>, owners: &[&str]) -> Result<(), Impossible> {
    match (owners.first(), device) {
        (None, _) => Err(Impossible::NotOwned(address)),
        (Some(owner), Some(device)) if !owners.contains(&device) => Err(Impossible::OwnedElsewhere {
            address,
            device: device.to_owned(),
            owner: (*owner).to_owned(),
        }),
        _ => Ok(()),
    }
}

/// How an endpoint's flags can be changed.
///
/// # Errors
/// Why they cannot.
pub fn check_change(endpoint: &Endpoint, change: FlagChange) -> Result<Plan, Impossible> {
    let unaskable = change.set.with(change.clear).without(EndpointFlags::ASKABLE);
    if unaskable != EndpointFlags::NONE {
        return Err(Impossible::Unaskable(unaskable));
    }
    let plan = plan_change(endpoint, change);
    // What the kernel holds besides is its own affair.
    let asked = EndpointFlags(plan.flags.0 & EndpointFlags::ASKABLE.0);
    check_flags(asked, endpoint.port)?;
    Ok(plan)
}

/// Whether a command can be granted, given the endpoints and the interfaces as they are now.
///
/// # Errors
/// Why it cannot.
pub fn check_command<'a>(
    command: &Command,
    endpoints: &[Endpoint],
    interfaces: impl IntoIterator<Item = &'a Interface>,
) -> Result<(), Impossible> {
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
            check_addition(*address, device, *id, *port, *flags)?;
            taken(*address, *id, *port, endpoints).map_or(Ok(()), Err)?;
            if *insist {
                return Ok(());
            }
            check_owner(*address, device, &owners(*address, interfaces))
        }
        Command::EndpointChange { id, flags } => {
            let endpoint = endpoints.iter().find(|endpoint| endpoint.id == *id);
            endpoint.map_or(Ok(()), |endpoint| check_change(endpoint, *flags).map(drop))
        }
        _ => Ok(()),
    }
}

/// What an endpoint that is added would collide with. Ports tell endpoints of one address apart.
pub fn taken(
    address: IpAddr,
    id: Option<u8>,
    port: Option<u16>,
    endpoints: &[Endpoint],
) -> Option<Impossible> {
    let same = |other: &&Endpoint| other.address == address && other.port == port;
    match endpoints.iter().find(same) {
        Some(other) if !other.flags.contains(EndpointFlags::IMPLICIT) => {
            return Some(Impossible::AddressTaken(other.clone()));
        }
        Some(other) if id.is_some() => return Some(Impossible::ImplicitThere(other.clone())),
        _ => {}
    }
    let other = endpoints.iter().find(|other| Some(other.id) == id);
    other.map(|other| Impossible::IdTaken(other.clone()))
}

/// Whether an address is one that a host can have for itself, towards others.
///
/// # Errors
/// What it is instead.
pub fn check_address(address: IpAddr) -> Result<(), Impossible> {
    let what = match address {
        IpAddr::V4(ip) if ip.octets().first() == Some(&0) => "no address of a host",
        IpAddr::V6(ip) if ip.is_unspecified() => "no address of a host",
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => return Err(Impossible::Mapped(address)),
        _ if address.is_loopback() => "this machine's loopback",
        _ if address.is_multicast() => "a multicast address",
        IpAddr::V4(ip) if ip.is_broadcast() => "the broadcast address",
        _ => return Ok(()),
    };
    Err(Impossible::Address { address, what })
}

fn is_link_local_v6(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// Flags that go together, and with a port.
fn check_flags(flags: EndpointFlags, port: Option<u16>) -> Result<(), Impossible> {
    let unaskable = flags.without(EndpointFlags::ASKABLE);
    if unaskable != EndpointFlags::NONE {
        return Err(Impossible::Unaskable(unaskable));
    }
    if flags.contains(EndpointFlags::SIGNAL.with(EndpointFlags::FULLMESH)) {
        return Err(if port.is_some() {
            Impossible::PortWithSubflow
        } else {
            Impossible::SignalWithFullmesh
        });
    }
    if port.is_some() && !flags.contains(EndpointFlags::SIGNAL) {
        return Err(Impossible::PortWithoutSignal);
    }
    if port.is_some() && flags.contains(EndpointFlags::SUBFLOW) {
        return Err(Impossible::PortWithSubflow);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
