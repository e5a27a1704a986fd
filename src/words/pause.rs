//! What goes on behind a picture that is held.

use super::listed;
use super::units::{age, several};

/// What happened since a picture was held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behind {
    /// How long ago that was, seconds on the stream.
    pub seconds: f64,
    /// The newest handover since, as a sentence.
    pub handover: Option<String>,
    /// How many handovers there were.
    pub handovers: usize,
    /// How many events there were.
    pub events: usize,
    /// How many connections began.
    pub began: usize,
    /// How many ended.
    pub ended: usize,
}

/// Since when the picture is held: `Paused at 14:32:07, 22 s ago`
pub fn held(clock: &str, seconds: f64) -> String {
    if clock.is_empty() {
        return format!("Paused {} ago", age(seconds));
    }
    format!("Paused at {clock}, {} ago", age(seconds))
}

/// What happened since: `Since then 1 handover, 4 events and 2 new connections. Wi-Fi lost. …`
pub fn behind(behind: &Behind) -> String {
    let named = |number: usize, what: &str| (number > 0).then(|| several(number, what));
    let ended = (behind.ended > 0).then(|| format!("{} ended", several(behind.ended, "connection")));
    let parts = [
        named(behind.handovers, "handover"),
        named(behind.events, "event"),
        named(behind.began, "new connection"),
        ended,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let what = if parts.is_empty() {
        "Nothing happened since; reading goes on.".to_owned()
    } else {
        format!("Since then {}; reading goes on.", listed(&parts))
    };
    match &behind.handover {
        Some(sentence) => format!("{what} {sentence}"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_said_in_a_sentence() {
        let nothing = Behind::default();
        assert_eq!(behind(&nothing), "Nothing happened since; reading goes on.");
        let much = Behind {
            seconds: 22.0,
            handover: Some("Wi-Fi lost. Data moved to Ethernet after 207 ms ± 20.".to_owned()),
            handovers: 1,
            events: 4,
            began: 2,
            ended: 1,
        };
        assert_eq!(
            behind(&much),
            "Since then 1 handover, 4 events, 2 new connections and 1 connection ended; reading goes on. Wi-Fi lost. \
             Data moved to Ethernet after 207 ms ± 20."
        );
        assert_eq!(held("14:32:07", 22.0), "Paused at 14:32:07, 22 s ago");
        assert_eq!(held("", 5.0), "Paused 5 s ago");
    }
}
