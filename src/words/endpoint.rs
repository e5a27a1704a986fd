//! Endpoints: how many there are, what is wrong with them, and what a change of one does.

use std::fmt::Display;

use super::as_sentence;
use super::units::several;
use crate::model::text::for_terminal;
use crate::model::{EndpointFlags, Ignored, Impossible, Plan, Problem};

/// Why an endpoint that somebody describes cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It has no address.
    NoAddress,
    /// What stands for its address is none.
    NoSuchAddress(String),
    /// Its id is no number that can be one.
    NoId,
    /// Its port is no number that can be one.
    NoPort,
    /// The kernel would not grant it.
    Impossible(Impossible),
}

/// Why an endpoint that somebody describes cannot be asked for, in a sentence.
pub fn unfit(why: &Unfit) -> String {
    match why {
        Unfit::NoAddress => "An address of this machine is needed.".to_owned(),
        Unfit::NoSuchAddress(text) => format!("{text} is no address."),
        Unfit::NoId => "An id is a number from 1 to 255.".to_owned(),
        Unfit::NoPort => "A port is a number from 1 to 65535.".to_owned(),
        Unfit::Impossible(why) => impossible(why),
    }
}

/// Why the kernel would not grant a change, in a sentence.
pub fn impossible(why: &Impossible) -> String {
    // It names interfaces.
    as_sentence(&for_terminal(&why.to_string()))
}

/// How many endpoints there are, and on how many interfaces.
pub fn number(endpoints: usize, interfaces: usize) -> String {
    if endpoints == 0 {
        return "No endpoints. Only the default route is used.".to_owned();
    }
    let endpoints = several(endpoints, "endpoint");
    format!("{endpoints} on {}", several(interfaces, "interface"))
}

/// How many subflows leave from an address, given the flags of its endpoint where it has one.
pub fn subflows(endpoint: Option<EndpointFlags>, subflows: usize) -> String {
    let number = || several(subflows, "subflow");
    match (endpoint, subflows) {
        (None, 0) => "no endpoint".to_owned(),
        (None, _) => format!("no endpoint, {}", number()),
        (Some(_), 0) => "no subflow now".to_owned(),
        (Some(flags), _) if flags.contains(EndpointFlags::BACKUP) => format!("{}, backup", number()),
        (Some(_), _) => number(),
    }
}

/// What a click on a switch does, which closes so many subflows.
pub fn consequence(plan: &Plan, closes: usize) -> String {
    let closes = several(closes, "subflow");
    if !plan.in_place {
        format!("Not in place: the endpoint is made anew, which closes {closes}. Asks before.")
    } else if plan.closes_subflows {
        format!("In place, but the kernel closes {closes} of the endpoint. Asks before.")
    } else {
        "In place: no subflow closes.".to_owned()
    }
}

/// Why one endpoint does nothing now.
pub fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::DeviceGone => "its device is gone",
        Problem::AddressMissing => "address not on this machine",
        Problem::AddressElsewhere => "address not on its device",
        Problem::LinkDown => "link down",
    }
}

/// Why new connections make no use of any endpoint.
pub fn ignored(why: &Ignored) -> String {
    match why {
        Ignored::Disabled => {
            "MPTCP is off (net.mptcp.enabled is 0): new connections are plain TCP; 'pathscope set enabled 1' puts it on"
                .to_owned()
        }
        Ignored::PathManager(name) => format!(
            "the path manager is '{name}', not the kernel's own: new connections make no use of endpoints"
        ),
    }
}

/// How long a change lasts of an endpoint that NetworkManager makes for a connection, and with which flags it makes it
/// anew: those that are stored, or else its default.
pub fn owned(connection: &str, stored: Option<impl Display>, default: impl Display) -> String {
    let stored = match stored {
        Some(flags) => format!("NetworkManager has flags {flags}."),
        None => format!("By default it has {default}; NetworkManager.conf may set others."),
    };
    format!("A change here lasts until {connection} reconnects. {stored}")
}

/// Why NetworkManager cannot be asked to store an endpoint's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstorable {
    /// It is being asked for something.
    Busy,
    /// It has no flag for some of these.
    NoFlag(EndpointFlags),
}

/// Why NetworkManager cannot be asked to store an endpoint's flags, in a sentence.
pub fn unstorable(why: Unstorable) -> String {
    match why {
        Unstorable::Busy => "NetworkManager is being asked.".to_owned(),
        Unstorable::NoFlag(flags) => format!("NetworkManager cannot store {flags}."),
    }
}
