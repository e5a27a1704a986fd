//! What a caller's arguments must be, before anybody is asked whether they may. Pure: no clock, no I/O, no bus.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::model::{
    Command, Cookie, Endpoint, EndpointFlags, FlagChange, Limits, MAX_ENDPOINTS, SettingValue, plan_change,
};

/// An interface's name has at most so many bytes (IFNAMSIZ, with the closing zero).
const INTERFACE_BYTES: usize = 15;
/// Numbers and words that settings take are shorter.
const VALUE_BYTES: usize = 32;
/// What may be asked for; what else the kernel shows, it makes itself, or we do not know.
const ASKABLE: EndpointFlags = EndpointFlags(
    EndpointFlags::SIGNAL.0
        | EndpointFlags::SUBFLOW.0
        | EndpointFlags::BACKUP.0
        | EndpointFlags::FULLMESH.0
        | EndpointFlags::LAMINAR.0,
);

/// What is wrong with an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonsense(pub &'static str);

impl fmt::Display for Nonsense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not understood: {}", self.0)
    }
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// A number up to this.
    Number(i64),
    /// The name of something that the kernel knows.
    Word,
}

/// The settings below net.mptcp that may be written (Documentation/networking/mptcp-sysctl.rst), and what each takes.
const SETTINGS: [(&str, Takes); 11] = [
    ("add_addr_timeout", Takes::Number(86_400)),
    ("allow_join_initial_addr_port", Takes::Number(1)),
    ("blackhole_timeout", Takes::Number(604_800)),
    ("checksum_enabled", Takes::Number(1)),
    ("close_timeout", Takes::Number(86_400)),
    ("enabled", Takes::Number(1)),
    ("path_manager", Takes::Word),
    ("pm_type", Takes::Number(1)),
    ("scheduler", Takes::Word),
    ("stale_loss_cnt", Takes::Number(1_000_000)),
    ("syn_retrans_before_tcp_fallback", Takes::Number(255)),
];

/// What adds an endpoint. Id 0 lets the kernel choose, port 0 is none, and so is an interface without a name.
///
/// # Errors
/// Which argument is wrong.
pub fn endpoint_to_add(endpoint: Endpoint) -> Result<Command, Nonsense> {
    let endpoint = endpoint_believed(endpoint)?;
    fit(endpoint.flags, endpoint.port)?;
    Ok(Command::EndpointAdd {
        address: endpoint.address,
        interface: endpoint.interface,
        id: Some(endpoint.id).filter(|id| *id != 0),
        port: endpoint.port,
        flags: endpoint.flags,
    })
}

/// An endpoint that the caller believes is there, with whatever flags the kernel gave it.
///
/// # Errors
/// Which argument is wrong.
pub fn endpoint_believed(endpoint: Endpoint) -> Result<Endpoint, Nonsense> {
    unicast(endpoint.address)?;
    if let Some(name) = &endpoint.interface {
        interface_name(name)?;
    }
    Ok(endpoint)
}

/// What changes an endpoint's flags.
///
/// # Errors
/// Which argument is wrong.
pub fn endpoint_change(believed: &Endpoint, set: u32, clear: u32) -> Result<Command, Nonsense> {
    let flags = FlagChange {
        set: EndpointFlags(set),
        clear: EndpointFlags(clear),
    };
    if set & clear != 0 {
        return Err(Nonsense("a flag is both set and cleared"));
    }
    if set | clear == 0 {
        return Err(Nonsense("no flag is changed"));
    }
    if !ASKABLE.contains(flags.set.with(flags.clear)) {
        return Err(Nonsense("a flag that nobody may ask for"));
    }
    let after = plan_change(believed, flags).flags;
    let kept = EndpointFlags(after.0 & ASKABLE.0);
    fit(kept, believed.port)?;
    Ok(Command::EndpointChange {
        id: believed.id,
        flags,
    })
}

/// What sets the limits.
///
/// # Errors
/// Which argument is wrong.
pub fn limits(limits: Limits) -> Result<Command, Nonsense> {
    let most = u32::try_from(MAX_ENDPOINTS).unwrap_or(u32::MAX);
    if limits.extra_subflows_max > most || limits.add_addr_accepted_max > most {
        return Err(Nonsense("a limit is at most 8"));
    }
    Ok(Command::LimitsSet {
        extra_subflows_max: Some(limits.extra_subflows_max),
        add_addr_accepted_max: Some(limits.add_addr_accepted_max),
    })
}

/// What writes a setting. Its name becomes that of our list, and the caller's is used no more.
///
/// # Errors
/// Which argument is wrong.
pub fn setting(name: &str, value: &str) -> Result<Command, Nonsense> {
    let known = SETTINGS.iter().find(|(known, _)| *known == name);
    let (name, takes) = known.ok_or(Nonsense("no setting of that name may be written"))?;
    if value.is_empty() || value.len() > VALUE_BYTES {
        return Err(Nonsense("the value's length"));
    }
    let value = match takes {
        Takes::Number(most) => {
            let digits = value.bytes().all(|byte| byte.is_ascii_digit());
            let number = value.parse().ok().filter(|number| digits && number <= most);
            SettingValue::Number(number.ok_or(Nonsense("the value is no number that the setting takes"))?)
        }
        Takes::Word => {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            if !value.bytes().all(letter) {
                return Err(Nonsense("the value is no word"));
            }
            SettingValue::Text(value.to_owned())
        }
    };
    Ok(Command::Set {
        name: (*name).to_owned(),
        value,
    })
}

/// One subflow: its addresses and its socket.
///
/// # Errors
/// Which argument is wrong.
pub fn subflow(
    local: SocketAddr,
    remote: SocketAddr,
    cookie: u64,
) -> Result<(SocketAddr, SocketAddr, Cookie), Nonsense> {
    for end in [local, remote] {
        unicast(end.ip())?;
        if end.port() == 0 {
            return Err(Nonsense("a port is 0"));
        }
    }
    if local.is_ipv4() != remote.is_ipv4() {
        return Err(Nonsense("two families of addresses"));
    }
    // All ones stand for any socket.
    if cookie == 0 || cookie == u64::MAX {
        return Err(Nonsense("no socket has that cookie"));
    }
    Ok((local, remote, Cookie(cookie)))
}

/// What the kernel would refuse, too (net/mptcp/pm_netlink.c), and what nobody may ask for.
fn fit(flags: EndpointFlags, port: Option<u16>) -> Result<(), Nonsense> {
    if !ASKABLE.contains(flags) {
        return Err(Nonsense("a flag that nobody may ask for"));
    }
    if flags.contains(EndpointFlags::SIGNAL.with(EndpointFlags::FULLMESH)) {
        return Err(Nonsense("signal and fullmesh exclude each other"));
    }
    if port.is_some() && !flags.contains(EndpointFlags::SIGNAL) {
        return Err(Nonsense("a port needs signal"));
    }
    Ok(())
}

fn unicast(address: IpAddr) -> Result<(), Nonsense> {
    let wrong = match address {
        IpAddr::V4(address) => {
            address.octets().first() == Some(&0) || address.is_multicast() || address.is_broadcast()
        }
        IpAddr::V6(address) => {
            address.is_unspecified() || address.is_multicast() || address.to_ipv4_mapped().is_some()
        }
    };
    if wrong {
        return Err(Nonsense("an address that is not one host's"));
    }
    Ok(())
}

fn interface_name(name: &str) -> Result<(), Nonsense> {
    let letter = |byte: u8| byte.is_ascii_graphic() && byte != b'/' && byte != b':';
    let fine = !name.is_empty() && name.len() <= INTERFACE_BYTES && name.bytes().all(letter);
    if !fine || name == "." || name == ".." {
        return Err(Nonsense("no interface can have that name"));
    }
    Ok(())
}
