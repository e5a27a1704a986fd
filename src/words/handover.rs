//! Handovers: what happened to one connection, and to all to which the same happened.

use std::fmt;

use super::units::{Measured, age, measured, several};
use crate::history::handover::{Cause, Fate, Handover, Incident, Interruption, Outcome, Uninterrupted};

/// Where no path is named, because all are meant.
pub const EVERY_PATH: &str = "every path";
/// Where data moved to, if no path carried it afterwards.
pub const NOWHERE: &str = "nowhere";

/// What happened to a path, in a few words: `Wi-Fi lost`. Without a path it happened to every one.
pub fn cause(cause: Cause, path: Option<&str>) -> String {
    let path = path.unwrap_or("Every path");
    match cause {
        Cause::LinkLost => format!("{path} lost"),
        Cause::AddressLost => format!("{path} lost its address"),
        Cause::PathDead => format!("{path} stalled"),
        Cause::PathDegraded => format!("{path} degraded"),
        Cause::PathReturned => "Better path back".to_owned(),
        Cause::PriorityChanged => "Priority changed".to_owned(),
        Cause::ClosedLocally => format!("{path} closed by you"),
        Cause::ClosedByPeer => format!("{path} closed by the peer"),
    }
}

/// Why, as far as the stream tells: `link down`.
pub fn why(cause: Cause) -> &'static str {
    match cause {
        Cause::LinkLost => "link down",
        Cause::AddressLost => "address lost",
        Cause::PathDead => "nothing got through",
        Cause::PathDegraded => "far worse than before",
        Cause::PathReturned => "path is back",
        Cause::PriorityChanged => "MP_PRIO",
        Cause::ClosedLocally | Cause::ClosedByPeer => "subflow closed",
    }
}

/// That a subflow ended, and by what, where a handover tells it.
pub fn closed(cause: Option<Cause>) -> String {
    let why = cause.and_then(|cause| match cause {
        Cause::LinkLost => Some("link lost"),
        Cause::AddressLost => Some("address lost"),
        Cause::ClosedLocally => Some("by you"),
        Cause::ClosedByPeer => Some("by the peer"),
        Cause::PathDead | Cause::PathDegraded | Cause::PathReturned | Cause::PriorityChanged => None,
    });
    why.map_or_else(|| "closed".to_owned(), |why| format!("closed: {why}"))
}

/// Why there was no interruption.
pub fn uninterrupted(why: Uninterrupted) -> &'static str {
    match why {
        Uninterrupted::Moved => "without an interruption",
        Uninterrupted::AsUsual => "no interruption beyond its usual pauses",
        Uninterrupted::Unknown => {
            "nothing has come in since; whether the peer had more to send cannot be seen from here"
        }
        Uninterrupted::NothingToSend => "nothing to send: not an interruption",
    }
}

/// The same in two or three words, where there is no room for more; `None` when nothing is known of it.
pub fn uninterrupted_briefly(why: Option<Uninterrupted>) -> &'static str {
    match why {
        Some(Uninterrupted::Moved | Uninterrupted::AsUsual) => "no interruption",
        Some(Uninterrupted::Unknown) => "nothing came in",
        Some(Uninterrupted::NothingToSend) => "nothing to send",
        None => "not seen",
    }
}

/// How long nothing was delivered: `207 ms ± 20`.
pub fn length(gap: Interruption) -> Measured {
    measured(gap.ms, gap.uncertainty_ms)
}

/// The same with what became of the connection, unless it lived on: `207 ms ± 20, lost`.
pub fn length_and_fate(gap: Interruption, fate: Fate) -> String {
    let end = match fate {
        Fate::LivedOn => "",
        Fate::Waits => ", goes on",
        Fate::Lost => ", lost",
    };
    format!("{}{end}", length(gap))
}

/// What a handover was, in a few words: `Wi-Fi lost, 207 ms ± 20`.
pub fn in_short(handover: &Handover, gap: Interruption, name: impl Fn(&str) -> String) -> String {
    format!("{}, {}", happened(handover, name), length(gap))
}

/// What happened to the path of a handover, with what people call its devices.
fn happened(handover: &Handover, name: impl Fn(&str) -> String) -> String {
    let from = handover.from.as_deref().map(name);
    cause(handover.cause, from.as_deref())
}

/// The sentence of a handover, with what people call its devices.
pub fn sentence(handover: &Handover, name: impl Fn(&str) -> String) -> String {
    let begins = happened(handover, &name);
    let length = handover.interruption.map(|gap| length(gap).to_string());
    if handover.ongoing {
        let since = length.unwrap_or_else(|| "a while".to_owned());
        return format!("{begins}; nothing has been delivered for {since}, and it goes on.");
    }
    let moved = match (&handover.to, length) {
        (_, Some(length)) if !handover.survived => format!("nothing was delivered any more for {length}"),
        (None, Some(length)) => format!("delivered again after {length}"),
        (Some(to), Some(length)) if Some(to) == handover.from.as_ref() => {
            format!("{} delivered again after {length}", name(to))
        }
        (Some(to), Some(length)) => format!("data moved to {} after {length}", name(to)),
        (to, None) => {
            let quiet = handover
                .uninterrupted
                .map_or("how long it waited was not seen", uninterrupted);
            match to {
                Some(to) if handover.cause.is_chosen() => format!("data moved to {} {quiet}", name(to)),
                Some(to) if Some(to) != handover.from.as_ref() => {
                    format!("data moved to {}: {quiet}", name(to))
                }
                _ => quiet.to_owned(),
            }
        }
    };
    let lived = match (handover.survived, handover.uninterrupted) {
        (false, _) => "the connection was lost",
        (true, Some(Uninterrupted::Unknown)) => return format!("{begins}; {moved}."),
        (true, Some(Uninterrupted::NothingToSend)) => "the connection stayed open",
        (true, _) => "the connection lived on",
    };
    format!("{begins}; {moved}; {lived}.")
}

/// What happened to the connections of an incident, in a sentence whose figure can be painted apart:
/// `Wi-Fi lost. Data moved to Ethernet after 207 ms ± 20.`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// All before the figure; the whole sentence where there is none.
    pub words: String,
    /// How long nothing was delivered, of the worst.
    pub figure: Option<Length>,
}

/// How long nothing was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// It is over.
    Measured(Measured),
    /// It goes on: for so long so far, with the sign for that.
    SoFar(String),
}

impl Length {
    /// The length alone.
    pub fn alone(&self) -> String {
        match self {
            Self::Measured(measured) => measured.length.to_string(),
            Self::SoFar(so_far) => so_far.clone(),
        }
    }

    /// How far the truth may lie to either side, where that is known.
    pub fn uncertainty(&self) -> Option<&str> {
        match self {
            Self::Measured(measured) => Some(&measured.uncertainty),
            Self::SoFar(_) => None,
        }
    }
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        match &self.figure {
            Some(Length::Measured(measured)) => write!(f, " {measured}."),
            Some(Length::SoFar(so_far)) => write!(f, " {so_far}"),
            None => Ok(()),
        }
    }
}

/// The headline of an incident, with what people call its devices.
pub fn headline(incident: &Incident, name: impl Fn(&str) -> String) -> Headline {
    let from = incident.from.as_deref().map(&name);
    let what = cause(incident.cause, from.as_deref());
    let Some(worst) = incident.worst() else {
        let words = match &incident.to {
            Some(to) if incident.cause.is_chosen() => {
                format!("Data moved to {} without an interruption", name(to))
            }
            _ => match incident.uninterrupted() {
                Some(Uninterrupted::NothingToSend) => "Nothing was to be sent".to_owned(),
                Some(Uninterrupted::Unknown) => "Nothing has come in since".to_owned(),
                Some(Uninterrupted::AsUsual) => "No interruption beyond the usual pauses".to_owned(),
                Some(Uninterrupted::Moved) => "No interruption".to_owned(),
                None => "How long it waited was not seen".to_owned(),
            },
        };
        return Headline {
            words: format!("{what}. {words}."),
            figure: None,
        };
    };
    let fate = incident.members.first().map(Handover::fate);
    let words = match &incident.to {
        Some(to) if Some(to) == incident.from.as_ref() => {
            format!("{what}. {} delivered again after", name(to))
        }
        Some(to) => format!("{what}. Data moved to {} after", name(to)),
        None if fate == Some(Fate::Waits) => format!("{what}. Nothing has been delivered for"),
        None if fate == Some(Fate::LivedOn) => format!("{what}. Delivered again after"),
        None => format!("{what}. Nothing was delivered for"),
    };
    Headline {
        words,
        figure: Some(Length::Measured(length(worst))),
    }
}

/// When delivery was as before: `Delivering as before after 0.4 s.`
pub fn recovery(ms: u64) -> String {
    format!("Delivering as before after {:.1} s.", ms as f64 / 1000.0)
}

/// How long ago the last one was, where it no longer says how things are.
pub fn last_was(ago_s: f64) -> String {
    format!("The last handover was {} ago.", age(ago_s))
}

/// What became of the connections of an incident:
/// `Delivering as before after 0.4 s. 3 connections lived on, 1 carried nothing, none was lost.`
pub fn outcome(incident: &Incident) -> String {
    let Outcome {
        lived,
        idle,
        waiting,
        lost,
    } = incident.outcome();
    let recovered = incident.worst().and_then(|worst| worst.recovery_ms);
    let again = recovered.map_or_else(String::new, |ms| format!("{} ", recovery(ms)));
    let parts = [
        (lived, "lived on", "lived on"),
        (idle, "carried nothing", "carried nothing"),
        (waiting, "still waits", "still wait"),
        (lost, "was lost", "were lost"),
    ];
    let mut words = Vec::new();
    for (number, one, many) in parts.into_iter().filter(|(number, _, _)| *number > 0) {
        let who = if words.is_empty() {
            several(number, "connection")
        } else {
            number.to_string()
        };
        words.push(format!("{who} {}", if number == 1 { one } else { many }));
    }
    if lost == 0 && waiting == 0 {
        words.push("none was lost".to_owned());
    }
    format!("{again}{}.", words.join(", "))
}

/// What became of one connection, after its name: `ssh lived on.`
pub fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::LivedOn => "lived on",
        Fate::Waits => "waits",
        Fate::Lost => "was lost",
    }
}

/// Whom it happened to: one connection, and how many more.
pub fn whom(first: &str, connections: usize) -> String {
    match connections {
        0 | 1 => first.to_owned(),
        all => format!("{first} and {} more", all - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::handover::incidents;
    use crate::model::Token;

    fn handover(t: f64, ms: u64) -> Handover {
        Handover {
            t,
            connection: Token(1).into(),
            token: None,
            cause: Cause::LinkLost,
            from: Some("wlan0".to_owned()),
            to: Some("wwan0".to_owned()),
            interruption: Some(Interruption {
                t,
                ms,
                uncertainty_ms: 14,
                recovery_ms: Some(ms + 230),
            }),
            uninterrupted: None,
            steady: true,
            survived: true,
            ongoing: false,
        }
    }

    fn name(device: &str) -> String {
        match device {
            "wlan0" => "Wi-Fi",
            "wwan0" => "Phone",
            other => other,
        }
        .to_owned()
    }

    #[test]
    fn headline_and_outcome_are_sentences() {
        let all = incidents(&[handover(5.0, 207), handover(20.0, 1420)]);
        let said: Vec<_> = all
            .iter()
            .map(|one| (headline(one, name).to_string(), outcome(one)))
            .collect();
        let (first, second) = (said.first().expect("two"), said.last().expect("two"));
        assert_eq!(first.0, "Wi-Fi lost. Data moved to Phone after 207 ms ± 14.");
        assert_eq!(second.0, "Wi-Fi lost. Data moved to Phone after 1.42 s ± 0.01.");
        assert_eq!(
            first.1,
            "Delivering as before after 0.4 s. 1 connection lived on, none was lost."
        );
    }

    #[test]
    fn a_handover_is_told_from_its_cause_to_its_end() {
        assert_eq!(
            sentence(&handover(5.0, 207), name),
            "Wi-Fi lost; data moved to Phone after 207 ms ± 14; the connection lived on."
        );
        let same = Handover {
            cause: Cause::PathDegraded,
            to: Some("wlan0".to_owned()),
            ..handover(5.0, 310)
        };
        assert_eq!(
            sentence(&same, name),
            "Wi-Fi degraded; Wi-Fi delivered again after 310 ms ± 14; the connection lived on."
        );
        let every_path = Handover {
            cause: Cause::PathDead,
            from: None,
            to: None,
            ..handover(5.0, 6030)
        };
        assert_eq!(
            sentence(&every_path, name),
            "Every path stalled; delivered again after 6.03 s ± 0.01; the connection lived on."
        );
        let quiet = Handover {
            interruption: None,
            uninterrupted: Some(Uninterrupted::NothingToSend),
            ..handover(5.0, 0)
        };
        assert_eq!(
            sentence(&quiet, name),
            "Wi-Fi lost; data moved to Phone: nothing to send: not an interruption; the connection stayed open."
        );
        let goes_on = Handover {
            ongoing: true,
            ..handover(5.0, 5030)
        };
        assert_eq!(
            sentence(&goes_on, name),
            "Wi-Fi lost; nothing has been delivered for 5.03 s ± 0.01, and it goes on."
        );
    }

    #[test]
    fn a_path_named_every_something_keeps_its_name() {
        assert_eq!(cause(Cause::LinkLost, Some("every day")), "every day lost");
        assert_eq!(cause(Cause::LinkLost, None), "Every path lost");
    }
}
