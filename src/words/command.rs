//! Commands: what is asked for, what it does, how it ended, and what takes it back.

use std::fmt::Display;

use super::units::{ABSENT, age, several};
use crate::history::State;
use crate::model::{Command, CommandOutcome};

/// What *Allow* asks for, while it is not answered.
pub const ALLOW: &str = "Allow";
/// What NetworkManager is asked for, while it does not answer.
pub const WRITE_PROFILE: &str = "Write to NetworkManager";
/// Why a request was not even taken.
pub const TOO_MANY: &str = "too many commands wait already: ask again later";
/// What closing a connection's last subflow did.
pub const LAST_PATH_CLOSED: &str =
    "That was the connection's last path: what it sends waits until another one joins.";

/// What a command asks for, as one would type it: `endpoint change id 2 backup nofullmesh`.
pub fn asked(command: &Command) -> String {
    let option = |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}"));
    let parts: Vec<String> = match command {
        Command::EndpointAdd {
            address,
            interface,
            id,
            port,
            flags,
            insist,
        } => {
            let options = [
                option("dev", interface.clone()),
                option("id", id.map(|id| id.to_string())),
                option("port", port.map(|port| port.to_string())),
            ];
            let options = options.into_iter().flatten();
            let begins = format!("endpoint add {address}");
            let insist = insist.then(|| "--insist".to_owned());
            let words = [begins].into_iter().chain(options).chain(flags.names());
            words.chain(insist).collect()
        }
        Command::EndpointChange { id, flags } => vec![format!("endpoint change id {id} {flags}")],
        Command::EndpointRemove { id } => vec![format!("endpoint remove id {id}")],
        Command::LimitsSet {
            extra_subflows_max,
            add_addr_accepted_max,
        } => {
            let number = |number: &Option<u32>| number.map(|number| number.to_string());
            let options = [
                option("subflows", number(extra_subflows_max)),
                option("add-addr-accepted", number(add_addr_accepted_max)),
            ];
            let begins = "limits set".to_owned();
            [begins]
                .into_iter()
                .chain(options.into_iter().flatten())
                .collect()
        }
        Command::Set { name, value } => vec![format!("set {name} {value}")],
        Command::Close { local, remote } => vec![format!("close {local} {remote}")],
    };
    parts.join(" ")
}

/// Who asked, how it ended and why, and what was asked, a part each.
pub fn outcome(outcome: &CommandOutcome) -> Vec<String> {
    let end = if outcome.ok { "done" } else { "failed" };
    let ended = format!("by {}: {end}", outcome.by);
    let why = outcome.message.clone();
    let asked = outcome.asked.as_ref().map(asked);
    [ended].into_iter().chain(why).chain(asked).collect()
}

/// What a command changes, given the state before it and what people call the path of an endpoint.
pub fn change(command: &Command, before: &State, path: impl Fn(u8) -> String) -> String {
    match command {
        Command::EndpointAdd { address, .. } => format!("Endpoint {address} added"),
        Command::EndpointRemove { id } => format!("{}: endpoint {id} removed", path(*id)),
        Command::EndpointChange { id, flags } => {
            let on = flags.set.names().into_iter().map(|name| format!("{name} on"));
            let off = flags.clear.names().into_iter().map(|name| format!("{name} off"));
            let words: Vec<_> = on.chain(off).collect();
            format!("{}: {}", path(*id), words.join(", "))
        }
        Command::LimitsSet {
            extra_subflows_max,
            add_addr_accepted_max,
        } => {
            let limits = before.limits;
            let part = |name: &str, old: Option<u32>, new: Option<u32>| {
                let old = old.map_or_else(|| ABSENT.to_owned(), |old| old.to_string());
                new.map(|new| format!("{name}: {old} → {new}"))
            };
            let extra = part(
                "Extra subflows",
                limits.map(|limits| limits.extra_subflows_max),
                *extra_subflows_max,
            );
            let accepted = part(
                "ADD_ADDR accepted",
                limits.map(|limits| limits.add_addr_accepted_max),
                *add_addr_accepted_max,
            );
            let parts: Vec<_> = extra.into_iter().chain(accepted).collect();
            parts.join(", ")
        }
        Command::Set { name, value } => match before.settings.get(name) {
            Some(before) => format!("{name}: {before} → {value}"),
            None => format!("{name}: {value}"),
        },
        Command::Close { local, .. } => format!("Subflow from {local} closed"),
    }
}

/// What a change of an endpoint did to the subflows that it had, in place or not.
pub fn effect(in_place: bool, closed: usize, opened: usize) -> String {
    let place = if in_place { "in place, " } else { "" };
    let closed = format!("{} closed", several(closed, "subflow"));
    match opened {
        0 => format!("{place}{closed}"),
        opened => format!("{place}{closed}, {opened} opened anew"),
    }
}

/// How many subflows a change closed.
pub fn closed(subflows: usize) -> String {
    format!("{} closed.", several(subflows, "subflow"))
}

/// What a command would do: the shell's lines for it, and what it closes.
pub fn would_do(lines: &[String], closes: usize) -> String {
    format!("{}\nCloses {}.", lines.join("\n"), several(closes, "subflow"))
}

/// That a change failed, and why, where that is known.
pub fn failed(change: &str, why: Option<&str>) -> String {
    format!("{change}: {}", why.unwrap_or("the kernel refused"))
}

/// That a change was not even asked for.
pub fn not_taken(change: &str) -> String {
    failed(change, Some("the source takes no request now"))
}

/// That something was asked for so many seconds ago, and nobody has answered.
pub fn unanswered(asked: &str, waited_s: f64) -> String {
    format!("{asked}: asked {} ago, not answered yet", age(waited_s))
}

/// That a request is none, and why.
pub fn not_understood(why: impl Display) -> String {
    format!("not understood: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EndpointFlags, FlagChange, Limits};

    #[test]
    fn what_is_asked_is_what_one_would_type() {
        let flags = FlagChange {
            set: EndpointFlags::BACKUP,
            clear: EndpointFlags::FULLMESH,
        };
        assert_eq!(
            asked(&Command::EndpointChange { id: 2, flags }),
            "endpoint change id 2 backup nofullmesh"
        );
        let add = Command::EndpointAdd {
            address: [10, 0, 2, 1].into(),
            interface: Some("eth0".to_owned()),
            id: None,
            port: None,
            flags: EndpointFlags::SUBFLOW,
            insist: false,
        };
        assert_eq!(asked(&add), "endpoint add 10.0.2.1 dev eth0 subflow");
        let limits = Command::LimitsSet {
            extra_subflows_max: None,
            add_addr_accepted_max: Some(4),
        };
        assert_eq!(asked(&limits), "limits set add-addr-accepted 4");
    }

    #[test]
    fn a_change_says_what_was_before() {
        let state = State {
            limits: Some(Limits {
                extra_subflows_max: 2,
                add_addr_accepted_max: 0,
            }),
            ..State::default()
        };
        let limits = Command::LimitsSet {
            extra_subflows_max: Some(4),
            add_addr_accepted_max: Some(1),
        };
        let path = |id| format!("Endpoint {id}");
        assert_eq!(
            change(&limits, &state, path),
            "Extra subflows: 2 → 4, ADD_ADDR accepted: 0 → 1"
        );
        let remove = Command::EndpointRemove { id: 3 };
        assert_eq!(change(&remove, &state, path), "Endpoint 3: endpoint 3 removed");
    }

    #[test]
    fn what_is_told_of_a_change_is_what_was_counted() {
        assert_eq!(effect(true, 0, 0), "in place, 0 subflows closed");
        assert_eq!(effect(true, 2, 1), "in place, 2 subflows closed, 1 opened anew");
        assert_eq!(effect(false, 1, 0), "1 subflow closed");
    }
}
