//! A handover in a sentence.

use super::{Cause, Handover};

/// The sentence of a handover, with what people call its devices.
pub fn sentence(handover: &Handover, name: impl Fn(&str) -> String) -> String {
    let begins = cause_in_words(handover.cause, &from(handover, &name));
    let after = handover.interruption.map(|interruption| {
        let (length, uncertainty) = duration(interruption.ms, interruption.uncertainty_ms);
        format!("after {length} ± {uncertainty}")
    });
    let moved = match (&handover.to, after) {
        (Some(to), Some(after)) if Some(to) == handover.from.as_ref() => {
            format!("{} delivered again {after}", name(to))
        }
        (Some(to), Some(after)) => format!("data moved to {} {after}", name(to)),
        (Some(to), None) if handover.cause.is_chosen() => {
            format!("data moved to {} without an interruption", name(to))
        }
        (_, None) => "nothing to send: not an interruption".to_owned(),
        (None, Some(_)) => "nothing was delivered any more".to_owned(),
    };
    let lived = if handover.survived {
        "the connection lived on"
    } else {
        "the connection was lost"
    };
    format!("{begins}; {moved}; {lived}.")
}

fn from(handover: &Handover, name: impl Fn(&str) -> String) -> String {
    let device = handover.from.as_deref();
    device.map_or_else(|| "a path".to_owned(), name)
}

/// What happened to a path, in a few words.
pub fn cause_in_words(cause: Cause, path: &str) -> String {
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
