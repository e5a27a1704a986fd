//! What can go wrong between us and the kernel, each as one line: what, why, what to do.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use nix::errno::Errno;

use crate::wire::Malformed;

/// Why the kernel could not be read or changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A capability is missing.
    NotPermitted {
        /// What was tried.
        doing: String,
    },
    /// The kernel is built without MPTCP.
    NoMptcp {
        /// How that was seen.
        why: String,
    },
    /// The kernel cannot list sockets of a protocol.
    NoSocketDiag {
        /// The module that is missing.
        module: &'static str,
    },
    /// A network namespace cannot be found or opened.
    NoSuchNamespace {
        /// As it was named.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A file is there, but it is no network namespace.
    NotANamespace {
        /// As it was named.
        name: String,
    },
    /// The kernel said no.
    Refused {
        /// What was tried.
        doing: String,
        /// The error number.
        errno: i32,
        /// The kernel's own words.
        text: Option<String>,
    },
    /// A TCP socket that is to be closed as a subflow is none.
    NotASubflow {
        /// This host's address and port.
        local: SocketAddr,
        /// The peer's address and port.
        remote: SocketAddr,
    },
    /// There is no such TCP socket.
    NoSuchSubflow {
        /// This host's address and port.
        local: SocketAddr,
        /// The peer's address and port.
        remote: SocketAddr,
    },
    /// A subflow that is to be closed belongs to somebody else.
    NotYours {
        /// Its user.
        uid: u32,
    },
    /// What is to be changed is not any more as it was believed to be.
    Stale {
        /// What: `endpoint 2`.
        what: String,
        /// How it is now.
        now: String,
    },
    /// There is no endpoint with that id.
    NoSuchEndpoint {
        /// The id.
        id: u8,
        /// The ids there are.
        known: Vec<u8>,
    },
    /// There is no interface of that name.
    NoSuchInterface {
        /// The name.
        name: String,
    },
    /// There is no such setting below net.mptcp.
    NoSuchSetting {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// An endpoint was removed and could not be added with its new flags.
    ChangeFailed {
        /// The endpoint.
        id: u8,
        /// Why it could not be added.
        why: Box<Error>,
        /// Why the endpoint as it was could not be put back; `None` when it was.
        lost: Option<Box<Error>>,
    },
    /// The kernel's answer makes no sense to us.
    Malformed {
        /// What was tried.
        doing: String,
        /// What is wrong with it.
        source: Malformed,
    },
    /// A system call failed.
    Io {
        /// What was tried.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    /// Whether a capability is missing.
    pub fn is_not_permitted(&self) -> bool {
        match self {
            Self::NotPermitted { .. } => true,
            Self::ChangeFailed { why, .. } => why.is_not_permitted(),
            _ => false,
        }
    }

    /// Whether this kernel has no MPTCP.
    pub fn is_no_mptcp(&self) -> bool {
        matches!(self, Self::NoMptcp { .. })
    }

    /// A system call that failed.
    pub fn io(doing: impl Into<String>, source: impl Into<io::Error>) -> Self {
        let (doing, source) = (doing.into(), source.into());
        match source.raw_os_error() {
            Some(number) if is_permission(number) => Self::NotPermitted { doing },
            _ => Self::Io { doing, source },
        }
    }

    /// A request that the kernel answered with an error.
    pub(super) fn refused(doing: impl Into<String>, errno: i32, text: Option<String>) -> Self {
        let doing = doing.into();
        if is_permission(errno) {
            Self::NotPermitted { doing }
        } else {
            Self::Refused { doing, errno, text }
        }
    }

    pub(super) fn malformed(doing: impl Into<String>, source: Malformed) -> Self {
        Self::Malformed {
            doing: doing.into(),
            source,
        }
    }

    /// The error number of a request that was refused.
    pub(super) fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { errno, .. } => Some(Errno::from_raw(*errno)),
            Self::Io { source, .. } => source.raw_os_error().map(Errno::from_raw),
            _ => None,
        }
    }
}

fn is_permission(errno: i32) -> bool {
    matches!(Errno::from_raw(errno), Errno::EPERM | Errno::EACCES)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPermitted { doing } => write!(
                f,
                "cannot {doing}: not permitted; run as root, or with CAP_NET_ADMIN in the network namespace"
            ),
            Self::NoMptcp { why } => write!(
                f,
                "this kernel has no MPTCP ({why}); use a kernel of 5.6 or later built with CONFIG_MPTCP"
            ),
            Self::NoSocketDiag { module } => write!(
                f,
                "cannot list sockets: the kernel has no {module}; load the module with 'modprobe {module}'"
            ),
            Self::NoSuchNamespace { name, source } => write!(
                f,
                "cannot open the network namespace '{name}': {}; 'ip netns list' shows those that have a name",
                plain(source)
            ),
            Self::NotANamespace { name } => write!(
                f,
                "'{name}' is no network namespace; give a name of 'ip netns list' or a path such as /proc/PID/ns/net"
            ),
            Self::Refused { doing, errno, text } => {
                let number = Errno::from_raw(*errno);
                write!(f, "cannot {doing}: ")?;
                match text {
                    Some(text) => write!(f, "{text} ({})", number.desc()),
                    None => f.write_str(number.desc()),
                }?;
                advice(number).map_or(Ok(()), |advice| write!(f, "; {advice}"))
            }
            Self::NotASubflow { local, remote } => write!(
                f,
                "{local} → {remote} is a TCP connection, but no MPTCP subflow; 'pathscope list' shows the subflows"
            ),
            Self::NoSuchSubflow { local, remote } => write!(
                f,
                "there is no subflow {local} → {remote}; 'pathscope list' shows the subflows"
            ),
            Self::NotYours { uid } => write!(
                f,
                "the subflow belongs to another user ({uid}), and is theirs or root's to close"
            ),
            Self::Stale { what, now } => {
                write!(
                    f,
                    "{what} has changed meanwhile: now it is {now}; look at it, then ask again"
                )
            }
            Self::NoSuchEndpoint { id, known } if known.is_empty() => {
                write!(
                    f,
                    "there is no endpoint {id}: there are none at all; add it first"
                )
            }
            Self::NoSuchEndpoint { id, known } => {
                let known: Vec<String> = known.iter().map(u8::to_string).collect();
                write!(f, "there is no endpoint {id}; the ids are {}", known.join(", "))
            }
            Self::NoSuchInterface { name } => {
                write!(
                    f,
                    "there is no interface '{name}'; 'ip link' shows those there are"
                )
            }
            Self::NoSuchSetting { name, known } => write!(
                f,
                "there is no setting '{name}' below net.mptcp; this kernel has {}",
                known.join(", ")
            ),
            Self::ChangeFailed { id, why, lost: None } => {
                write!(f, "endpoint {id} was removed and put back as it was: {why}")
            }
            Self::ChangeFailed {
                id,
                why,
                lost: Some(lost),
            } => write!(
                f,
                "endpoint {id} is gone: {why}; and it could not be put back: {lost}; add it again"
            ),
            Self::Malformed { doing, source } => {
                write!(
                    f,
                    "cannot {doing}: in the kernel's answer, {source}; please report it"
                )
            }
            Self::Io { doing, source } => write!(f, "cannot {doing}: {}", plain(source)),
        }
    }
}

/// What the system says, without the number that the standard library puts behind it.
fn plain(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(
        || error.to_string(),
        |number| Errno::from_raw(number).desc().to_owned(),
    )
}

fn advice(errno: Errno) -> Option<&'static str> {
    match errno {
        Errno::EEXIST => Some("remove the other one first, or choose another id"),
        Errno::EOPNOTSUPP => Some("this kernel is built without it"),
        Errno::ENOBUFS => Some("try again when fewer sockets come and go"),
        _ => None,
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoSuchNamespace { source, .. } | Self::Io { source, .. } => Some(source),
            Self::Malformed { source, .. } => Some(source),
            Self::ChangeFailed { why, .. } => Some(why.as_ref()),
            _ => None,
        }
    }
}
