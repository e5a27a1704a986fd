//! Why a call was refused, as it travels.

use std::fmt;
use std::io;

/// How the bus answers for a service that ended instead.
const NO_REPLY: &str = "org.freedesktop.DBus.Error.NoReply";

/// Why the service did not do what it was asked. Each carries one line: what, why, what to do.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.pathscope.Helper1.Error", impl_display = false)]
pub enum Refusal {
    /// What went wrong on the way, such as that there is no service.
    #[zbus(error)]
    Bus(zbus::Error),
    /// The caller is not permitted to.
    NotAuthorized(String),
    /// The caller would be after authentication, and did not let the service ask for it.
    AuthenticationNeeded(String),
    /// An argument makes no sense.
    Invalid(String),
    /// What the caller believed is so no more.
    Stale(String),
    /// The caller is in another network namespace.
    OtherNamespace(String),
    /// The caller asks too much.
    Busy(String),
    /// The kernel refused.
    Refused(String),
}

impl Refusal {
    /// Whether permission is what is missing.
    pub fn is_not_permitted(&self) -> bool {
        matches!(
            self,
            Self::NotAuthorized(_) | Self::AuthenticationNeeded(_) | Self::OtherNamespace(_)
        )
    }

    /// Whether the service ended before it answered.
    pub fn is_unanswered(&self) -> bool {
        match self {
            Self::Bus(zbus::Error::MethodError(name, ..)) => name.as_str() == NO_REPLY,
            Self::Bus(zbus::Error::InputOutput(error)) => matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
            ),
            _ => false,
        }
    }

    /// Whether the service is not there, or does not answer.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Bus(_))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(zbus::Error::InputOutput(error)) if error.kind() == io::ErrorKind::TimedOut => {
                f.write_str("pathscope-helper does not answer; restart it, or try again later")
            }
            Self::Bus(_) if self.is_unanswered() => f.write_str(
                "pathscope-helper ended before it answered; look whether it was done, then ask again",
            ),
            Self::Bus(zbus::Error::MethodError(_, Some(text), _)) => {
                write!(f, "pathscope-helper cannot be called: {text}")
            }
            Self::Bus(error) => write!(f, "pathscope-helper cannot be called: {error}"),
            Self::NotAuthorized(text)
            | Self::AuthenticationNeeded(text)
            | Self::Invalid(text)
            | Self::Stale(text)
            | Self::OtherNamespace(text)
            | Self::Busy(text)
            | Self::Refused(text) => f.write_str(text),
        }
    }
}
