//! What applying changes to endpoints tears down, said before it is done.

use super::listed;
use super::units::{lone_rate, several};
use crate::model::FlagChange;

/// What is about to be applied.
#[derive(Clone, Debug, PartialEq)]
pub enum Applying {
    /// Other flags for one endpoint.
    Flags {
        /// Its id.
        id: u8,
        /// What is set and cleared.
        change: FlagChange,
        /// Whether the kernel does it in place.
        in_place: bool,
    },
    /// The end of one endpoint.
    Removal {
        /// Its id.
        id: u8,
    },
    /// Several changes.
    Several {
        /// How many.
        changes: usize,
        /// The endpoints' ids, in order.
        ids: Vec<u8>,
    },
}

/// The subflows that close by it.
#[derive(Clone, Debug, PartialEq)]
pub enum Closing {
    /// None does.
    None,
    /// One does.
    One {
        /// Whose it is.
        application: String,
        /// The path that it is on.
        path: String,
        /// What it sends now, bits a second.
        bps: f64,
        /// The paths of the connection's other subflows, each once.
        others: Vec<String>,
    },
    /// Several do.
    Several {
        /// How many subflows.
        subflows: usize,
        /// Of how many connections.
        connections: usize,
        /// How many of them are a connection's only one.
        alone: usize,
        /// Whose they are, with how many each, those with the most first.
        applications: Vec<(String, usize)>,
    },
}

/// The most applications that are named.
const NAMED: usize = 4;

/// What applying does, as a title; `closes` subflows end by it.
pub fn title(applying: &Applying, closes: usize) -> String {
    let (count, closes) = (closes, several(closes, "subflow"));
    match applying {
        Applying::Flags { id, change, in_place } => {
            let act = match (change.set.names().as_slice(), change.clear.names().as_slice()) {
                ([on], []) => format!("Turning on {on}"),
                ([], [off]) => format!("Turning off {off}"),
                (on, off) => format!("Changing {}", listed(&[on, off].concat())),
            };
            if *in_place && count == 0 {
                format!("{act} changes endpoint {id} in place")
            } else if *in_place {
                format!("{act} closes {closes} of endpoint {id}")
            } else {
                format!("{act} re-creates endpoint {id} and closes {closes}")
            }
        }
        Applying::Removal { id } => format!("Removing endpoint {id} closes {closes}"),
        Applying::Several { changes, ids } => {
            let ids: Vec<String> = ids.iter().map(u8::to_string).collect();
            format!("{changes} changes to endpoints {} close {closes}", listed(&ids))
        }
    }
}

/// Why an endpoint is made anew: its flags of these names change.
pub fn not_in_place(flags: &[String]) -> String {
    let flags = listed(flags);
    format!("The kernel cannot change {flags} in place: it deletes the endpoint and adds it again.")
}

/// What changing fullmesh does to subflows that are there.
pub const FULLMESH_CLOSES: &str = "The kernel changes fullmesh in place, but closes the endpoint's subflows first, and \
                                   opens others only where its limits allow.";

/// What the end of an endpoint means for later.
pub const NO_FURTHER_SUBFLOW: &str = "Without an endpoint no further subflow is made from the address.";

/// What becomes of the subflows, and of their connections; `anew` where the kernel opens others in their place.
pub fn fate(closing: &Closing, anew: bool) -> Vec<String> {
    match closing {
        Closing::None => vec!["No subflow closes.".to_owned()],
        Closing::One {
            application,
            path,
            bps,
            others,
        } => {
            let anew = if anew {
                "closes and is made anew if the limits allow"
            } else {
                "closes"
            };
            let rate = lone_rate(*bps);
            let ends = format!("The subflow of {application} over {path}, {rate} Mbit/s now, {anew}.");
            let lives = if others.is_empty() {
                "It is the connection's only one: the connection may end.".to_owned()
            } else {
                format!("The connection lives on over {} meanwhile.", listed(others))
            };
            vec![ends, lives]
        }
        Closing::Several {
            subflows,
            connections,
            alone,
            applications,
        } => {
            let anew = if anew {
                " and are made anew if the limits allow"
            } else {
                ""
            };
            let (subflows, connections) =
                (several(*subflows, "subflow"), several(*connections, "connection"));
            let mut sentences = vec![
                format!("{subflows} of {connections} close{anew}."),
                format!("They are of {}.", most(applications)),
            ];
            if *alone > 0 {
                let have = if *alone == 1 { "has" } else { "have" };
                let alone = several(*alone, "connection");
                sentences.push(format!("{alone} {have} no other and may end."));
            }
            sentences
        }
    }
}

/// What becomes of a connection when one subflow closes and so many others are there.
pub fn one_of(others: usize) -> String {
    match others {
        0 => "It is the only one: the connection ends unless another subflow joins.".to_owned(),
        others => format!(
            "The connection lives on over {}.",
            several(others, "other subflow")
        ),
    }
}

/// The first of them by name, and how many more there are.
fn most(applications: &[(String, usize)]) -> String {
    let mut words: Vec<String> = applications
        .iter()
        .take(NAMED)
        .map(|(name, subflows)| match subflows {
            1 => name.clone(),
            subflows => format!("{name} ({subflows})"),
        })
        .collect();
    let rest = applications.len().saturating_sub(NAMED);
    if rest > 0 {
        words.push(format!("{rest} more"));
    }
    listed(&words)
}
