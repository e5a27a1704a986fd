//! Endpoints: how many there are, what is wrong with them, and what a change of one does.

use super::units::several;
use crate::model::{EndpointFlags, Ignored, Problem};

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

/// What a click on the switch of a flag does, which closes so many subflows where the kernel does not change it in place.
pub fn consequence(flag: EndpointFlags, in_place: bool, closes: usize) -> String {
    if !in_place {
        let closes = several(closes, "subflow");
        format!("Not in place: the endpoint is made anew, which closes {closes}. Asks before.")
    } else if flag == EndpointFlags::FULLMESH {
        "In place; the kernel makes the endpoint's subflows anew.".to_owned()
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
