//! Reports: what happened in a recording, what it says of itself, and what is left of names in it.

use std::collections::BTreeMap;
use std::path::Path;

use super::handover::length;
use super::units::{age, several};
use super::{capitalised, listed};
use crate::history::handover::{Cause, Fate, Incident};

/// So many causes are named; the others are counted.
const NAMED: usize = 3;

/// What remains in an anonymised stream, for who passes it on.
pub const REMAINS: &str = "Names and addresses are stand-ins, the same for the same within this file. What remains as it \
was: ports, times, volumes, tokens, process ids, the kernel's release, and which addresses share a network.";

/// Why a recording ends before its time, where nothing of its content may be told.
pub const CUT_SOMEWHERE: &str = "it is cut off, or a line is not understood";

/// What happened in a recording of so many seconds: `Wi-Fi was lost 3 times. The connection lived on; the worst
/// interruption was 1.42 s ± 0.02.`
pub fn sentence(
    incidents: &[Incident],
    connections: u64,
    length_s: f64,
    name: impl Fn(&str) -> String,
) -> String {
    let lasted = age(length_s);
    if incidents.is_empty() {
        return match connections {
            0 => format!("No MPTCP connection was there in {lasted}."),
            _ => format!("No handover: no connection had to move its data or to wait in {lasted}."),
        };
    }
    format!(
        "{}. {}.",
        happened(incidents, name),
        capitalised(&fate(incidents))
    )
}

/// What happened how often: `Wi-Fi was lost 3 times and Ethernet stalled once`.
fn happened(incidents: &[Incident], name: impl Fn(&str) -> String) -> String {
    let mut counts: Vec<((Cause, Option<&str>), usize)> = Vec::new();
    for incident in incidents {
        let what = (incident.cause, incident.from.as_deref());
        match counts.iter_mut().find(|(other, _)| *other == what) {
            Some((_, count)) => *count += 1,
            None => counts.push((what, 1)),
        }
    }
    // Stable: of two that happened equally often the first comes first.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let alone = counts.len() == 1;
    let mut parts: Vec<String> = counts
        .iter()
        .take(NAMED)
        .map(|((cause, from), count)| {
            let from = from.map(&name);
            let from = from.as_deref().unwrap_or("every path");
            let often = match count {
                1 if alone => String::new(),
                1 => " once".to_owned(),
                2 => " twice".to_owned(),
                count => format!(" {count} times"),
            };
            format!("{}{often}", did(*cause, from))
        })
        .collect();
    let others: usize = counts.iter().skip(NAMED).map(|(_, count)| count).sum();
    if others > 0 {
        parts.push(several(others, "other handover"));
    }
    capitalised(&listed(&parts))
}

/// What a path did or suffered.
fn did(cause: Cause, path: &str) -> String {
    match cause {
        Cause::LinkLost => format!("{path} was lost"),
        Cause::AddressLost => format!("{path} lost its address"),
        Cause::PathDead => format!("{path} stalled"),
        Cause::PathDegraded => format!("{path} degraded"),
        Cause::PathReturned => format!("data moved from {path} to a better path"),
        Cause::PriorityChanged => format!("data moved from {path} by priority"),
        Cause::ClosedLocally => format!("{path} was closed by you"),
        Cause::ClosedByPeer => format!("{path} was closed by the peer"),
    }
}

/// What became of the connections, and how long the worst waited.
fn fate(incidents: &[Incident]) -> String {
    let mut fates = BTreeMap::new();
    for (connection, fate) in incidents.iter().flat_map(Incident::fates) {
        let worst = fates.entry(connection).or_insert(fate);
        *worst = fate.max(*worst);
    }
    let count = |of: Fate| fates.values().filter(|fate| **fate == of).count();
    let mut parts = Vec::new();
    for (of, one, many) in [
        (Fate::Lost, "was lost", "were lost"),
        (Fate::Waits, "still waited at the end", "still waited at the end"),
    ] {
        match count(of) {
            0 => {}
            1 => parts.push(format!("1 connection {one}")),
            number => parts.push(format!("{number} connections {many}")),
        }
    }
    if parts.is_empty() {
        let all = if fates.len() == 1 {
            "the connection"
        } else {
            "every connection"
        };
        parts.push(format!("{all} lived on"));
    }
    let worst = incidents
        .iter()
        .filter_map(Incident::worst)
        .max_by_key(|gap| gap.ms);
    parts.push(match worst {
        Some(gap) if incidents.len() == 1 => format!("the interruption was {}", length(gap)),
        Some(gap) => format!("the worst interruption was {}", length(gap)),
        None => "there was no interruption".to_owned(),
    });
    let members = incidents.iter().flat_map(|incident| &incident.members);
    let longest = members
        .filter_map(|one| one.interruption)
        .max_by_key(|gap| gap.ms);
    // One that had not delivered steadily before says less of the path, and does not go unsaid.
    let waited = longest.filter(|longest| worst.is_some_and(|worst| longest.ms > worst.ms));
    parts.extend(waited.map(|gap| format!("one connection waited for {}", length(gap))));
    parts.join("; ")
}

/// What became of the connections of an incident, in few words: `2 lived on, 2 carried nothing`.
pub fn fates(incident: &Incident) -> String {
    let outcome = incident.outcome();
    let parts = [
        (outcome.lived, "lived on"),
        (outcome.idle, "carried nothing"),
        (outcome.waiting, "still waiting"),
        (outcome.lost, "lost"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    parts.join(", ")
}

/// That a recording ends before its time, and why.
pub fn cut(why: &str) -> String {
    format!("The recording ends before its time ({why}); this is what comes before")
}

/// That a report was written.
pub fn written(what: &str, to: &Path) -> String {
    format!("{what} written to {}.", to.display())
}

/// That something could not be written, and what to do.
pub fn not_written(to: &Path, error: &std::io::Error) -> String {
    let to = to.display();
    format!("{to}: {error}; name a file in a directory that is there and where you may write")
}

/// How each figure was measured, for the foot of a report.
pub fn measured(events_from_kernel: bool, interval_ms: u64) -> String {
    let events = if events_from_kernel {
        "Events are the kernel's own."
    } else {
        "Events are inferred by comparing samples."
    };
    format!(
        "Samples were taken every {interval_ms} ms and more often where data stopped. An interruption is the longest time \
in which nothing was delivered although something waited, dated as the receiver saw it; ± says how far the truth may lie to \
either side. What a path sent is what the peer acknowledged on it. {events}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::handover::{Handover, Interruption, incidents};
    use crate::model::Token;

    fn handover(t: f64, cause: Cause, from: &str, ms: Option<u64>) -> Handover {
        Handover {
            t,
            connection: Token(1).into(),
            token: None,
            cause,
            from: Some(from.to_owned()),
            to: Some("eth0".to_owned()),
            interruption: ms.map(|ms| Interruption {
                t,
                ms,
                uncertainty_ms: 20,
                recovery_ms: None,
            }),
            uninterrupted: None,
            steady: true,
            survived: true,
            ongoing: false,
        }
    }

    fn said(handovers: &[Handover]) -> String {
        sentence(&incidents(handovers), 1, 40.0, |device| match device {
            "wlan0" => "Wi-Fi".to_owned(),
            other => other.to_owned(),
        })
    }

    #[test]
    fn the_sentence_counts_what_happened_and_names_the_worst() {
        let lost = |t, ms| handover(t, Cause::LinkLost, "wlan0", Some(ms));
        assert_eq!(
            said(&[lost(5.0, 412), lost(20.0, 1420), lost(30.0, 208)]),
            "Wi-Fi was lost 3 times. The connection lived on; the worst interruption was 1.42 s ± 0.02."
        );
        assert_eq!(
            said(&[lost(5.0, 412)]),
            "Wi-Fi was lost. The connection lived on; the interruption was 412 ms ± 20."
        );
        let mixed = [lost(5.0, 412), handover(9.0, Cause::PathDead, "eth0", None)];
        assert_eq!(
            said(&mixed),
            "Wi-Fi was lost once and eth0 stalled once. The connection lived on; the worst interruption was 412 ms ± 20."
        );
    }

    #[test]
    fn what_did_not_live_on_is_said_first() {
        let lost = Handover {
            survived: false,
            ..handover(5.0, Cause::PathDead, "wlan0", None)
        };
        assert_eq!(
            said(&[lost]),
            "Wi-Fi stalled. 1 connection was lost; there was no interruption."
        );
    }

    #[test]
    fn who_waited_longest_does_not_go_unsaid() {
        let unsteady = Handover {
            connection: Token(2).into(),
            steady: false,
            ..handover(5.1, Cause::LinkLost, "wlan0", Some(8156))
        };
        assert_eq!(
            said(&[handover(5.0, Cause::LinkLost, "wlan0", Some(216)), unsteady]),
            "Wi-Fi was lost. Every connection lived on; the interruption was 216 ms ± 20; one connection waited for \
             8.16 s ± 0.02."
        );
    }

    #[test]
    fn nothing_is_said_of_what_did_not_happen() {
        assert_eq!(
            said(&[]),
            "No handover: no connection had to move its data or to wait in 40 s."
        );
        let nobody = sentence(&[], 0, 3.0, str::to_owned);
        assert_eq!(nobody, "No MPTCP connection was there in 3 s.");
    }
}
