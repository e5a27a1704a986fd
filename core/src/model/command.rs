//! What Pathscope can ask the kernel to change, and how that ended.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Cookie, Endpoint, EndpointFlags, Limits, SettingValue, SocketAddr, UnknownFlag};

/// Flags to set and flags to clear, written `[no]FLAG`, as in `ip mptcp endpoint change`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlagChange {
    /// Flags to set.
    pub set: EndpointFlags,
    /// Flags to clear.
    pub clear: EndpointFlags,
}

impl FlagChange {
    /// Sets or clears one flag.
    pub fn one(flag: EndpointFlags, on: bool) -> Self {
        if on {
            Self {
                set: flag,
                ..Self::default()
            }
        } else {
            Self {
                clear: flag,
                ..Self::default()
            }
        }
    }

    /// The flags after the change.
    pub fn apply(self, flags: EndpointFlags) -> EndpointFlags {
        flags.without(self.clear).with(self.set)
    }

    /// From words such as `backup` and `nofullmesh`; the last word about a flag wins.
    ///
    /// # Errors
    /// When a word names no flag.
    pub fn from_words<S: AsRef<str>>(words: &[S]) -> Result<Self, UnknownFlag> {
        words.iter().try_fold(Self::default(), |change, word| {
            let word = word.as_ref();
            if let Ok(flag) = word.parse() {
                return Ok(Self {
                    set: change.set.with(flag),
                    clear: change.clear.without(flag),
                });
            }
            let off = word.strip_prefix("no").and_then(|rest| rest.parse().ok());
            let flag = off.ok_or_else(|| UnknownFlag(word.to_owned()))?;
            Ok(Self {
                set: change.set.without(flag),
                clear: change.clear.with(flag),
            })
        })
    }

    /// The words that [`Self::from_words`] reads.
    pub fn words(self) -> Vec<String> {
        let off = self.clear.names().into_iter().map(|name| format!("no{name}"));
        self.set.names().into_iter().chain(off).collect()
    }
}

impl fmt::Display for FlagChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

impl FromStr for FlagChange {
    type Err = UnknownFlag;

    fn from_str(text: &str) -> Result<Self, UnknownFlag> {
        Self::from_words(&text.split_whitespace().collect::<Vec<_>>())
    }
}

impl Serialize for FlagChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.words().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FlagChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_words(&Vec::<String>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A change that somebody asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Add an endpoint (MPTCP_PM_CMD_ADD_ADDR).
    EndpointAdd {
        /// Its address.
        address: IpAddr,
        /// The interface it is bound to.
        #[serde(default)]
        interface: Option<String>,
        /// Its id; `None` lets the kernel choose.
        #[serde(default)]
        id: Option<u8>,
        /// The port to announce; needs `signal`.
        #[serde(default)]
        port: Option<u16>,
        /// What it is for.
        #[serde(default)]
        flags: EndpointFlags,
        /// Whether it is to be added though its address is on none of this machine's interfaces, or on another than
        /// the one it is bound to.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        insist: bool,
    },
    /// Change an endpoint's flags: in place where the kernel can (MPTCP_PM_CMD_SET_FLAGS), else by removing the
    /// endpoint and adding it again.
    EndpointChange {
        /// Which endpoint.
        id: u8,
        /// What to set and to clear.
        flags: FlagChange,
    },
    /// Remove an endpoint (MPTCP_PM_CMD_DEL_ADDR), which closes its subflows.
    EndpointRemove {
        /// Which endpoint.
        id: u8,
    },
    /// Change limits (MPTCP_PM_CMD_SET_LIMITS); `None` leaves one as it is.
    LimitsSet {
        /// The most subflows beside the initial one.
        #[serde(default)]
        extra_subflows_max: Option<u32>,
        /// The most addresses accepted from the peer.
        #[serde(default)]
        add_addr_accepted_max: Option<u32>,
    },
    /// Write a setting below net.mptcp.
    Set {
        /// Its name, such as `enabled`.
        name: String,
        /// Its new value.
        value: SettingValue,
    },
    /// Close one subflow (SOCK_DESTROY); the connection lives on through the others.
    Close {
        /// This host's address and port.
        local: SocketAddr,
        /// The peer's address and port.
        remote: SocketAddr,
    },
}

/// The value that a command replaces. Who asks says which they believe it to be: where that is so no more, nothing is
/// changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// An endpoint that is changed or removed.
    Endpoint(Endpoint),
    /// The limits.
    Limits(Limits),
    /// A setting.
    Setting(SettingValue),
    /// The socket of a subflow that is closed.
    Subflow(Cookie),
}

impl fmt::Display for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(endpoint) => endpoint.fmt(f),
            Self::Limits(limits) => write!(
                f,
                "{} extra subflows and {} accepted ADD_ADDR",
                limits.extra_subflows_max, limits.add_addr_accepted_max
            ),
            Self::Setting(value) => value.fmt(f),
            Self::Subflow(cookie) => cookie.fmt(f),
        }
    }
}

/// What was asked, by whom, and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// The change; `None` when the request could not be understood.
    pub asked: Option<Command>,
    /// Who asked: `window`, `stdin`.
    pub by: String,
    /// What the asker called the request.
    pub reference: Option<String>,
    /// Whether it was done.
    pub ok: bool,
    /// Why it was not, in one line.
    pub message: Option<String>,
}
