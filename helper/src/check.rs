//! What a caller's arguments must be, before anybody is asked whether they may. Pure: no clock, no I/O, no bus.

use std::fmt;
use std::net::IpAddr;

use crate::model::{
    Command, Cookie, Endpoint, EndpointFlags, FlagChange, Impossible, KnownSetting, Limits, SocketAddr,
    Takes, check_addition, check_change, is_read_only,
};
use crate::wire::rtnetlink::name_to_bytes;

/// An interface's name has at most so many bytes (IFNAMSIZ, with the closing zero).
const INTERFACE_BYTES: usize = 15;

/// What is wrong with an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidArgument {
    /// It is no argument of that call.
    NotUnderstood(&'static str),
    /// It is understood, and no kernel grants it.
    Impossible(Impossible),
}

impl fmt::Display for InvalidArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnderstood(what) => write!(f, "not understood: {what}"),
            Self::Impossible(why) => why.fmt(f),
        }
    }
}

/// What adds an endpoint. Id 0 lets the kernel choose, port 0 is none, and so is an interface without a name.
///
/// # Errors
/// Which argument is wrong.
pub fn endpoint_to_add(endpoint: Endpoint) -> Result<Command, InvalidArgument> {
    let endpoint = endpoint_believed(endpoint)?;
    let id = Some(endpoint.id).filter(|id| *id != 0);
    let interface = endpoint.interface.as_deref();
    check_addition(endpoint.address, interface, id, endpoint.port, endpoint.flags)
        .map_err(InvalidArgument::Impossible)?;
    Ok(Command::EndpointAdd {
        address: endpoint.address,
        interface: endpoint.interface,
        id,
        port: endpoint.port,
        flags: endpoint.flags,
        // Whether something can come of it, who calls was told already.
        insist: true,
    })
}

/// An endpoint that the caller believes is there, with whatever flags the kernel gave it.
///
/// # Errors
/// Which argument is wrong.
pub fn endpoint_believed(endpoint: Endpoint) -> Result<Endpoint, InvalidArgument> {
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
pub fn endpoint_change(believed: &Endpoint, set: u32, clear: u32) -> Result<Command, InvalidArgument> {
    let flags = FlagChange {
        set: EndpointFlags(set),
        clear: EndpointFlags(clear),
    };
    if set & clear != 0 {
        return Err(InvalidArgument::NotUnderstood("a flag is both set and cleared"));
    }
    if set | clear == 0 {
        return Err(InvalidArgument::NotUnderstood("no flag is changed"));
    }
    check_change(believed, flags).map_err(InvalidArgument::Impossible)?;
    Ok(Command::EndpointChange {
        id: believed.id,
        flags,
    })
}

/// What sets the limits. How high they may be, the kernel knows and we do not.
pub fn limits(limits: Limits) -> Command {
    Command::LimitsSet {
        extra_subflows_max: Some(limits.extra_subflows_max),
        add_addr_accepted_max: Some(limits.add_addr_accepted_max),
    }
}

/// What writes a setting. Its name becomes that of our list, and the caller's is used no more.
///
/// # Errors
/// Which argument is wrong.
pub fn setting(name: &str, value: &str) -> Result<Command, InvalidArgument> {
    if is_read_only(name) {
        return Err(InvalidArgument::NotUnderstood("the setting is read-only"));
    }
    let known = KnownSetting::named(name);
    let setting = known.ok_or(InvalidArgument::NotUnderstood(
        "no setting of that name may be written",
    ))?;
    let wrong = match setting.takes {
        Takes::Word { .. } => "the value is no word",
        _ => "the value is no number that the setting takes",
    };
    let value = setting
        .parse(value)
        .ok_or(InvalidArgument::NotUnderstood(wrong))?;
    Ok(Command::Set {
        name: setting.name.to_owned(),
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
) -> Result<(SocketAddr, SocketAddr, Cookie), InvalidArgument> {
    for end in [local, remote] {
        unicast(end.ip())?;
        if end.port() == 0 {
            return Err(InvalidArgument::NotUnderstood("a port is 0"));
        }
    }
    if local.is_ipv4() != remote.is_ipv4() {
        return Err(InvalidArgument::NotUnderstood("two families of addresses"));
    }
    // All ones stand for any socket.
    if cookie == 0 || cookie == u64::MAX {
        return Err(InvalidArgument::NotUnderstood("no socket has that cookie"));
    }
    Ok((local, remote, Cookie(cookie)))
}

fn unicast(address: IpAddr) -> Result<(), InvalidArgument> {
    let wrong = match address {
        IpAddr::V4(address) => {
            address.octets().first() == Some(&0) || address.is_multicast() || address.is_broadcast()
        }
        IpAddr::V6(address) => {
            address.is_unspecified() || address.is_multicast() || address.to_ipv4_mapped().is_some()
        }
    };
    if wrong {
        return Err(InvalidArgument::NotUnderstood(
            "an address that is not one host's",
        ));
    }
    Ok(())
}

/// As the kernel takes it (net/core/dev.c, `dev_valid_name`), but for what hides.
fn interface_name(name: &str) -> Result<(), InvalidArgument> {
    let bytes = name_to_bytes(name);
    let letter = |byte: &u8| !byte.is_ascii_control() && !b" /:%".contains(byte);
    let fine = !bytes.is_empty() && bytes.len() <= INTERFACE_BYTES && bytes.iter().all(letter);
    if !fine || name == "." || name == ".." {
        return Err(InvalidArgument::NotUnderstood("no interface can have that name"));
    }
    Ok(())
}
