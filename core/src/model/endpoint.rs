//! Endpoints of the in-kernel path manager, and its limits.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::SocketAddr;

/// What an endpoint is for (`MPTCP_PM_ADDR_FLAG_*`, include/uapi/linux/mptcp_pm.h). Bits that this version does
/// not know are kept and written as `0x…`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointFlags(pub u32);

impl EndpointFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// Announce the address to the peer (ADD_ADDR).
    pub const SIGNAL: Self = Self(1 << 0);
    /// Open subflows from the address (MP_JOIN).
    pub const SUBFLOW: Self = Self(1 << 1);
    /// Subflows of the endpoint carry data only when no other path can (MP_PRIO).
    pub const BACKUP: Self = Self(1 << 2);
    /// Open a subflow to each address of the peer.
    pub const FULLMESH: Self = Self(1 << 3);
    /// Made by the kernel for an address in use (Linux 5.18); cannot be asked for.
    pub const IMPLICIT: Self = Self(1 << 4);
    /// Use only for subflows to addresses that the peer announced (Linux 6.18).
    pub const LAMINAR: Self = Self(1 << 5);

    /// Flags by the name that `ip mptcp` gives them.
    pub const NAMED: [(&'static str, Self); 6] = [
        ("signal", Self::SIGNAL),
        ("subflow", Self::SUBFLOW),
        ("backup", Self::BACKUP),
        ("fullmesh", Self::FULLMESH),
        ("implicit", Self::IMPLICIT),
        ("laminar", Self::LAMINAR),
    ];

    /// What may be asked for. Other bits that the kernel shows, it made itself, or they are newer than this version.
    pub const ASKABLE: Self =
        Self(Self::SIGNAL.0 | Self::SUBFLOW.0 | Self::BACKUP.0 | Self::FULLMESH.0 | Self::LAMINAR.0);

    /// The flags of every kernel that Pathscope runs on; others are newer.
    pub const ALWAYS: Self = Self(Self::SIGNAL.0 | Self::SUBFLOW.0 | Self::BACKUP.0 | Self::IMPLICIT.0);

    /// The flags that the kernel changes in place (MPTCP_PM_CMD_SET_FLAGS); any other needs delete and add.
    pub const IN_PLACE: Self = Self(Self::BACKUP.0 | Self::FULLMESH.0);

    /// Whether every flag of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With the flags of `other` set.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With the flags of `other` cleared.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Each flag's name, in the kernel's order; unknown bits as one `0x…` at the end.
    pub fn names(self) -> Vec<String> {
        let mut names: Vec<String> = Self::NAMED
            .iter()
            .filter(|(_, flag)| self.contains(*flag))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        let known = Self::NAMED.iter().fold(0, |bits, (_, flag)| bits | flag.0);
        if self.0 & !known != 0 {
            names.push(format!("0x{:x}", self.0 & !known));
        }
        names
    }
}

impl fmt::Display for EndpointFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}

/// A word that is no endpoint flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFlag(pub String);

impl fmt::Display for UnknownFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is no endpoint flag: use subflow, signal, backup, fullmesh or laminar",
            self.0
        )
    }
}

impl std::error::Error for UnknownFlag {}

impl FromStr for EndpointFlags {
    type Err = UnknownFlag;

    /// One flag by its name, or raw bits as `0x…`.
    fn from_str(text: &str) -> Result<Self, UnknownFlag> {
        let named = Self::NAMED
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, flag)| *flag);
        let raw = || {
            text.strip_prefix("0x")
                .and_then(|bits| u32::from_str_radix(bits, 16).ok())
                .map(Self)
        };
        named.or_else(raw).ok_or_else(|| UnknownFlag(text.to_owned()))
    }
}

impl Serialize for EndpointFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.names().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EndpointFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .try_fold(Self::NONE, |flags, name| {
                name.parse()
                    .map(|flag| flags.with(flag))
                    .map_err(D::Error::custom)
            })
    }
}

/// One endpoint: an address that the in-kernel path manager may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its address id (RFC 8684, 3.4.1).
    pub id: u8,
    /// The address.
    pub address: IpAddr,
    /// The port it is announced with; `None` for the port of the connection.
    pub port: Option<u16>,
    /// The interface it is bound to, by its name now; `None` where that interface is gone, too.
    pub interface: Option<String>,
    /// The number of the interface it is bound to, which the kernel keeps when the interface goes away.
    #[serde(default)]
    pub interface_index: Option<u32>,
    /// What it is for.
    pub flags: EndpointFlags,
}

impl Endpoint {
    /// Whether another is the same, as far as both say: the number of an interface does not travel everywhere.
    pub fn is_as(&self, other: &Self) -> bool {
        let same_index = match (self.interface_index, other.interface_index) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        let but_index = |endpoint: &Self| Self {
            interface_index: None,
            ..endpoint.clone()
        };
        same_index && but_index(self) == but_index(other)
    }

    /// Whether a subflow from that address may be one of this endpoint's.
    pub fn may_have(&self, local: SocketAddr) -> bool {
        local.is_at(self.address, self.interface.as_deref())
    }
}

impl fmt::Display for Endpoint {
    /// In the words of `ip mptcp endpoint`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} id {}", self.address, self.id)?;
        if let Some(port) = self.port {
            write!(f, " port {port}")?;
        }
        match (&self.interface, self.interface_index) {
            (Some(interface), _) => write!(f, " dev {interface}")?,
            (None, Some(index)) => write!(f, " (its device, number {index}, is gone)")?,
            (None, None) => {}
        }
        if self.flags == EndpointFlags::NONE {
            return Ok(());
        }
        write!(f, " {}", self.flags)
    }
}

/// Limits of the path manager, for each connection (MPTCP_PM_CMD_GET_LIMITS).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The most subflows beside the initial one.
    pub extra_subflows_max: u32,
    /// The most addresses accepted from the peer (ADD_ADDR).
    pub add_addr_accepted_max: u32,
}
