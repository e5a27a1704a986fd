//! Handovers while they run: sentences that follow what happens, from the first moment to the end.

use super::handover::{Headline, Length, cause, length};
use super::listed;
use super::units::several;
use crate::history::handover::{Delivery, Running};

/// What happens, at `now` on the stream, with what people call its devices: `Wi-Fi lost, 0.8 s …`
pub fn headline(running: &Running, now: f64, name: impl Fn(&str) -> String) -> Headline {
    let from = running.from.as_deref().map(&name);
    let what = cause(running.cause, from.as_deref());
    let plain = |rest: &str| Headline {
        words: format!("{what}. {rest}."),
        figure: None,
    };
    match &running.delivery {
        Delivery::Stopped { since } => Headline {
            words: format!("{what},"),
            figure: Some(Length::SoFar(so_far(now - since))),
        },
        Delivery::Resumed { over, gap: Some(gap) } => {
            let again = match over {
                Some(over) => format!("{} delivers again after", name(over)),
                None => "Delivered again after".to_owned(),
            };
            Headline {
                words: format!("{what}. {again}"),
                figure: Some(Length::Measured(length(*gap))),
            }
        }
        Delivery::Resumed {
            over: Some(over),
            gap: None,
        } => plain(&format!("{} carries on", name(over))),
        Delivery::Resumed { .. } => Headline {
            words: format!("{what}."),
            figure: None,
        },
        Delivery::Idle => plain("Nothing waits to be sent"),
    }
}

/// That some of many connections wait: `4 of 202 connections wait, 3.1 s …`
pub fn of_some(waiting: usize, all: usize, stopped_s: f64) -> Headline {
    let verb = if waiting == 1 { "waits" } else { "wait" };
    Headline {
        words: format!("{waiting} of {} {verb},", several(all, "connection")),
        figure: Some(Length::SoFar(so_far(stopped_s))),
    }
}

/// How long it has been going on: `0.8 s …`
fn so_far(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    if seconds < 60.0 {
        format!("{seconds:.1} s …")
    } else {
        format!("{:.0} s …", seconds.floor())
    }
}

/// The same where there is little room: `waits 0.8 s …`
pub fn briefly(stopped_s: Option<f64>) -> String {
    stopped_s.map_or_else(|| "Handover now".to_owned(), |s| format!("Waits {}", so_far(s)))
}

/// What that means for an application, while nothing is delivered: whether it has other paths, and which.
pub fn waits(app: &str, others: &[String], fell_back: bool) -> String {
    match (others, fell_back) {
        (_, true) => format!("{app} waits: it fell back to plain TCP, so there is no other path."),
        ([], false) => format!("{app} waits: there is no other path."),
        ([other], false) => format!("{app} waits. {other} is there to take over."),
        (several, false) => format!("{app} waits. {} are there to take over.", listed(several)),
    }
}

/// What it means for an application once something is delivered again, or nothing waits.
pub fn lives_on(app: &str, delivery: &Delivery) -> String {
    match delivery {
        Delivery::Idle => format!("{app} has nothing to send."),
        _ => format!("{app} goes on."),
    }
}

/// How many connections wait of those to which it happens.
pub fn crowd(waiting: usize, all: usize) -> String {
    let who = several(all, "connection");
    match waiting {
        0 if all == 1 => format!("{who} goes on."),
        0 => format!("{who} go on."),
        1 if all == 1 => format!("{who} waits."),
        waiting if waiting == all => format!("{who} wait."),
        waiting => format!("{waiting} of {who} wait."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::handover::{Cause, Interruption};
    use crate::model::Token;

    fn said(delivery: Delivery) -> String {
        let running = Running {
            connection: Token(1).into(),
            t: 5.0,
            cause: Cause::LinkLost,
            from: Some("wlan0".to_owned()),
            delivery,
        };
        let name = |device: &str| {
            let known = [("wlan0", "Wi-Fi"), ("eth0", "Ethernet")];
            let found = known.iter().find(|(known, _)| *known == device);
            found.map_or(device, |(_, name)| name).to_owned()
        };
        headline(&running, 5.84, name).to_string()
    }

    #[test]
    fn the_sentence_follows_what_happens() {
        let gap = Some(Interruption {
            t: 5.0,
            ms: 207,
            uncertainty_ms: 14,
            recovery_ms: None,
        });
        let over = Some("eth0".to_owned());
        let all = [
            Delivery::Stopped { since: 5.0 },
            Delivery::Resumed {
                over: over.clone(),
                gap,
            },
            Delivery::Resumed { over: None, gap },
            Delivery::Resumed { over, gap: None },
            Delivery::Resumed {
                over: None,
                gap: None,
            },
            Delivery::Idle,
        ];
        assert_eq!(
            all.map(said),
            [
                "Wi-Fi lost, 0.8 s …",
                "Wi-Fi lost. Ethernet delivers again after 207 ms ± 14.",
                "Wi-Fi lost. Delivered again after 207 ms ± 14.",
                "Wi-Fi lost. Ethernet carries on.",
                "Wi-Fi lost.",
                "Wi-Fi lost. Nothing waits to be sent.",
            ]
        );
    }

    #[test]
    fn who_waits_is_told_what_for() {
        let names = ["Ethernet", "Phone"].map(str::to_owned);
        assert_eq!(waits("ssh", &[], false), "ssh waits: there is no other path.");
        assert_eq!(
            waits("ssh", &names, false),
            "ssh waits. Ethernet and Phone are there to take over."
        );
        assert_eq!(
            waits("radio", &[], true),
            "radio waits: it fell back to plain TCP, so there is no other path."
        );
        assert_eq!(
            of_some(4, 202, 3.12).to_string(),
            "4 of 202 connections wait, 3.1 s …"
        );
        assert_eq!(crowd(3, 7), "3 of 7 connections wait.");
        assert_eq!(
            (crowd(1, 1), crowd(0, 2)),
            (
                "1 connection waits.".to_owned(),
                "2 connections go on.".to_owned()
            )
        );
    }
}
