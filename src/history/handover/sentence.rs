//! A handover in a sentence.

use super::{Cause, Handover, Uninterrupted};

impl Uninterrupted {
    /// In a few words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Moved => "without an interruption",
            Self::AsUsual => "no interruption beyond its usual pauses",
            Self::Unknown => {
                "nothing has come in since; whether the peer had more to send cannot be seen from here"
            }
            Self::NothingToSend => "nothing to send: not an interruption",
        }
    }

    /// In two or three words, where there is no room for more.
    pub fn briefly(self) -> &'static str {
        match self {
            Self::Moved | Self::AsUsual => "no interruption",
            Self::Unknown => "nothing came in",
            Self::NothingToSend => "nothing to send",
        }
    }
}

/// The sentence of a handover, with what people call its devices.
pub fn sentence(handover: &Handover, name: impl Fn(&str) -> String) -> String {
    let begins = cause_in_words(handover.cause, &from(handover, &name));
    let length = handover.interruption.map(|interruption| {
        let (length, uncertainty) = duration(interruption.ms, interruption.uncertainty_ms);
        format!("{length} ± {uncertainty}")
    });
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
                .map_or("how long it waited was not seen", Uninterrupted::in_words);
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

fn from(handover: &Handover, name: impl Fn(&str) -> String) -> String {
    let device = handover.from.as_deref();
    device.map_or_else(|| "every path".to_owned(), name)
}

/// What happened to a path, in a few words.
pub fn cause_in_words(cause: Cause, path: &str) -> String {
    let path = capitalised(path);
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

/// A sentence may begin with "every path"; a device keeps the name it has.
fn capitalised(path: &str) -> String {
    path.strip_prefix("every ")
        .map_or_else(|| path.to_owned(), |rest| format!("Every {rest}"))
}

/// A length with its unit, and its uncertainty in the same unit: `207 ms` and `20`; from a second on `1.42 s` and
/// `0.02`.
pub fn duration(ms: u64, uncertainty_ms: u64) -> (String, String) {
    if ms < 1000 {
        (format!("{ms} ms"), uncertainty_ms.to_string())
    } else {
        let seconds = |ms: u64| ms as f64 / 1000.0;
        (
            format!("{:.2} s", seconds(ms)),
            format!("{:.2}", seconds(uncertainty_ms)),
        )
    }
}
