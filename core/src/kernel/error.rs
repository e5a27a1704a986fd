//! What can go wrong between us and the kernel, each as one line: what, why, what to do.

use std::fmt;
use std::io;
use std::net::IpAddr;

use nix::errno::Errno;

use crate::model::{EndpointFlags, Impossible, OLDEST_KERNEL, Scope, SocketAddr, scope_of};
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
    /// A network namespace may not be entered.
    MayNotEnter {
        /// As it was named.
        name: String,
    },
    /// The kernel is built without MPTCP, or is too old.
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
    /// Several TCP sockets have these addresses, each bound to another interface.
    AmbiguousSubflow {
        /// This host's address and port.
        local: SocketAddr,
        /// The peer's address and port.
        remote: SocketAddr,
        /// The interfaces to which the sockets are bound.
        interfaces: Vec<String>,
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
    /// There is such a setting, and it only tells something.
    ReadOnlySetting {
        /// The name.
        name: String,
    },
    /// What no kernel grants, or what nothing would come of. Nothing was touched.
    Impossible(Impossible),
    /// The kernel takes no more endpoints.
    TooManyEndpoints {
        /// What was to be added.
        address: IpAddr,
        /// How many there are.
        there: usize,
    },
    /// The kernel ignores a flag: it is older than the flag.
    IgnoredFlags {
        /// The flags.
        flags: EndpointFlags,
        /// What became of the request.
        left: Left,
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

/// How things are after a request that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing was touched.
    Untouched,
    /// The endpoint was there for a moment and is gone again.
    TakenBack,
    /// The change was made, but for the flags.
    Done,
}

impl Error {
    /// Whether a capability is missing.
    pub fn is_not_permitted(&self) -> bool {
        match self {
            Self::NotPermitted { .. } | Self::MayNotEnter { .. } => true,
            Self::NoSuchNamespace { source, .. } => source.kind() == io::ErrorKind::PermissionDenied,
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
            Self::MayNotEnter { name } => write!(
                f,
                "cannot enter the network namespace '{name}': not permitted; run as root, or with CAP_SYS_ADMIN"
            ),
            Self::NoMptcp { why } => write!(
                f,
                "this kernel has no MPTCP ({why}); use Linux {OLDEST_KERNEL} or later, built with CONFIG_MPTCP"
            ),
            Self::NoSocketDiag { module } => write!(
                f,
                "cannot list sockets: the kernel has no {module}; load the module with 'modprobe {module}'"
            ),
            Self::NoSuchNamespace { name, source } => no_such_namespace(name, source, f),
            Self::NotANamespace { name } => write!(
                f,
                "'{name}' is no network namespace; give a name of 'ip netns list' or a path such as /proc/PID/ns/net"
            ),
            Self::Refused { doing, errno, text } => refused(doing, *errno, text.as_deref(), f),
            Self::NotASubflow { local, remote } => write!(
                f,
                "{local} → {remote} is a TCP connection, but no MPTCP subflow; 'pathscope list' shows the subflows"
            ),
            Self::AmbiguousSubflow {
                local,
                remote,
                interfaces,
            } => ambiguous(*local, *remote, interfaces, f),
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
            Self::NoSuchEndpoint { id, known } => no_such_endpoint(*id, known, f),
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
            Self::ReadOnlySetting { name } => write!(
                f,
                "net.mptcp.{name} is read-only: it tells what the kernel has, and nobody can set it"
            ),
            Self::Impossible(why) => why.fmt(f),
            Self::TooManyEndpoints { address, there } => write!(
                f,
                "cannot add the endpoint {address}: there are already {there} endpoints, the most that the kernel keeps; remove one first"
            ),
            Self::IgnoredFlags { flags, left } => {
                write!(f, "this kernel does not know {flags} and ignores it")?;
                if flags.contains(EndpointFlags::LAMINAR) {
                    f.write_str(" (laminar came with Linux 6.18)")?;
                }
                f.write_str(match left {
                    Left::Untouched => "; nothing was changed",
                    Left::TakenBack => "; what was added for it is removed again",
                    Left::Done => "; everything else was done",
                })
            }
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

/// Says how to reach a namespace that could not be opened.
fn no_such_namespace(name: &str, source: &io::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "cannot open the network namespace '{name}': ")?;
    if source.kind() == io::ErrorKind::PermissionDenied {
        f.write_str("not permitted; run as root, or with CAP_SYS_PTRACE for that of a process")
    } else {
        write!(
            f,
            "{}; 'ip netns list' shows those that have a name",
            plain(source)
        )
    }
}

/// Says what the kernel refused, in its own words where it gave some.
fn refused(doing: &str, errno: i32, text: Option<&str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let number = Errno::from_raw(errno);
    write!(f, "cannot {doing}: ")?;
    match text {
        // The kernel's words may end in the number that ours stand for.
        Some(text) => {
            let text = text.trim_end_matches(&format!(": -{errno}"));
            write!(f, "{text} ({})", words(number))
        }
        None => f.write_str(words(number)),
    }?;
    advice(number).map_or(Ok(()), |advice| write!(f, "; {advice}"))
}

/// Says which endpoints there are.
fn no_such_endpoint(id: u8, known: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if known.is_empty() {
        return write!(
            f,
            "there is no endpoint {id}: there are none at all; add it first"
        );
    }
    let known: Vec<String> = known.iter().map(u8::to_string).collect();
    write!(f, "there is no endpoint {id}; the ids are {}", known.join(", "))
}

/// Says which subflows there are, and how to name one.
fn ambiguous(
    local: SocketAddr,
    remote: SocketAddr,
    interfaces: &[String],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let there = interfaces.join(", ");
    write!(
        f,
        "several TCP sockets have the addresses {local} → {remote}, with subflows on {there}; "
    )?;
    let first = interfaces.first().and_then(|name| Scope::new(name));
    let (on_local, on_remote) = (local.with_scope(first), remote.with_scope(first));
    if scope_of(Some(on_local), Some(on_remote)).is_some() {
        write!(f, "say on which, as in 'pathscope close {on_local} {on_remote}'")
    } else {
        f.write_str("the addresses do not say which is meant")
    }
}

/// What the system says, without the number that the standard library puts behind it.
fn plain(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(
        || error.to_string(),
        |number| words(Errno::from_raw(number)).to_owned(),
    )
}

/// What an error number means. The C library's words for two of them are about mathematics.
fn words(errno: Errno) -> &'static str {
    match errno {
        Errno::ERANGE => "out of range",
        Errno::EDOM => "out of its domain",
        _ => errno.desc(),
    }
}

fn advice(errno: Errno) -> Option<&'static str> {
    match errno {
        Errno::EADDRNOTAVAIL => {
            Some("the kernel listens on an announced port, at an address of this machine")
        }
        Errno::EROFS => Some("/proc/sys is read-only here, as it is in many containers: set it on the host"),
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
