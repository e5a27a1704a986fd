//! What the privileged helper and who calls it agree on: names, calls and errors, on the system bus or on a socket
//! between the two. Both carry the same messages: each says its length first, and may bring a descriptor, which a pipe
//! could not.
//!
//! Every call takes a netlink socket of the caller first: the service knows by it whether both are in the same network
//! namespace. No argument is a path or a command. Addresses are their bytes, in network order; an interface is looked
//! up by its name, and a setting in a list of those that may be written. A call that changes something carries the
//! value that the caller believes to be so, and returns the one that was.
//!
//! | call | arguments | returns |
//! |---|---|---|
//! | `Hello` | | the protocol, the version, and three [`Consent`]s, in the order of [`Action::ALL`] |
//! | `Authorize` | [`Action`] as its place in [`Action::ALL`] | |
//! | `OpenEvents` | | a netlink socket that hears the path manager's events |
//! | `SubflowTokens` | | cookie and token of each subflow |
//! | `EndpointAdd` | [`EndpointArgs`] with id 0 for any | [`EndpointArgs`] as it is now |
//! | `EndpointChange` | [`EndpointArgs`] as believed, flags to set, flags to clear | [`EndpointArgs`] as it was |
//! | `EndpointRemove` | [`EndpointArgs`] as believed | [`EndpointArgs`] as it was |
//! | `LimitsSet` | [`LimitsArgs`] as believed, [`LimitsArgs`] | [`LimitsArgs`] as they were |
//! | `Set` | name, value as believed, value | the value as it was |
//! | `CloseSubflow` | [`SubflowArgs`] | |

mod arguments;
mod refusal;

pub use arguments::{EndpointArgs, LimitsArgs, SubflowArgs};
pub use refusal::Refusal;

use crate::model::Consent;

/// The service's name on the bus.
pub const NAME: &str = "org.pathscope.Helper";
/// Its only object.
pub const PATH: &str = "/org/pathscope/Helper";
/// The object's interface. A call is added to it, never changed.
pub const INTERFACE: &str = "org.pathscope.Helper1";
/// The account it runs under.
pub const ACCOUNT: &str = "pathscope-helper";
/// Where it is installed.
pub const PROGRAM: &str = "/usr/libexec/pathscope-helper";
/// The argument with which it serves who started it, on the socket that is its standard input, and not the bus.
pub const ON_STDIN: &str = "--stdin";
/// The protocol: grows with every call that is added.
pub const PROTOCOL: u32 = 1;

/// What one may be permitted, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Hearing the kernel's own events, and the tokens of subflows.
    Observe,
    /// Changing endpoints, limits and settings.
    Configure,
    /// Closing one's own subflows.
    CloseSubflow,
}

impl Action {
    /// Every one, in the order of the protocol.
    pub const ALL: [Self; 3] = [Self::Observe, Self::Configure, Self::CloseSubflow];

    /// Its name for polkit.
    pub fn id(self) -> &'static str {
        match self {
            Self::Observe => "org.pathscope.observe",
            Self::Configure => "org.pathscope.configure",
            Self::CloseSubflow => "org.pathscope.close-subflow",
        }
    }

    /// Its place in [`Self::ALL`].
    pub fn number(self) -> u32 {
        (0..)
            .zip(Self::ALL)
            .find(|(_, action)| *action == self)
            .map_or(0, |(number, _)| number)
    }

    /// The action in that place.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// A consent as it travels.
pub fn consent_number(consent: Consent) -> u32 {
    match consent {
        Consent::No => 0,
        Consent::Asks => 1,
        Consent::Yes => 2,
    }
}

/// The consent that travelled; a newer kind that we do not know is none.
pub fn consent(number: u32) -> Consent {
    match number {
        1 => Consent::Asks,
        2 => Consent::Yes,
        _ => Consent::No,
    }
}
