//! A handover in a sentence.

use super::{Cause, Handover};

/// The sentence of a handover, with what people call its devices.
pub fn sentence(handover: &Handover, name: impl Fn(&str) -> String) -> String {
    let named = |device: &Option<String>| device.as_deref().map_or_else(|| "a path".to_owned(), &name);
    let from = named(&handover.from);
    let begins = match handover.cause {
        Cause::LinkLost => format!("{from} lost"),
        Cause::AddressLost => format!("{from} lost its address"),
        Cause::PathDead => format!("{from} stalled"),
        Cause::PathDegraded => format!("{from} degraded"),
        Cause::PathReturned => "Better path back".to_owned(),
        Cause::PriorityChanged => "Priority changed".to_owned(),
        Cause::ClosedLocally => format!("The subflow over {from} was closed here"),
        Cause::ClosedByPeer => format!("The subflow over {from} was closed by the peer"),
    };
    let after = handover.interruption.map(|interruption| {
        format!(
            "after {}",
            with_uncertainty(interruption.ms, interruption.uncertainty_ms)
        )
    });
    let moved = match (&handover.to, after) {
        (Some(to), Some(after)) if Some(to) == handover.from.as_ref() => {
            format!("{} delivered again {after}", name(to))
        }
        (Some(to), Some(after)) => format!("data moved to {} {after}", name(to)),
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

/// `207 ms ± 20`; from a second on `1.42 s ± 0.02`.
fn with_uncertainty(ms: u64, uncertainty_ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms ± {uncertainty_ms}")
    } else {
        let (seconds, uncertainty) = (ms as f64 / 1000.0, uncertainty_ms as f64 / 1000.0);
        format!("{seconds:.2} s ± {uncertainty:.2}")
    }
}
