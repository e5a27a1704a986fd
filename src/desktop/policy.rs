//! Which handovers are told, and when: the worst of what belongs together, and seldom.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// From one notification to the next at least this long.
pub const QUIET: Duration = Duration::from_secs(5);
/// A lost link moves several connections within moments: so long is waited for the worst of them.
const GATHER: Duration = Duration::from_secs(1);

/// When handovers are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Never.
    Off,
    /// While nobody sees the window.
    #[default]
    Hidden,
    /// Each time.
    Always,
}

impl When {
    /// Whether a handover is told.
    pub fn wants(self, hidden: bool) -> bool {
        match self {
            Self::Off => false,
            Self::Hidden => hidden,
            Self::Always => true,
        }
    }
}

/// One handover, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whose connection it was.
    pub application: String,
    /// What happened.
    pub sentence: String,
    /// Whether the connection lived on.
    pub survived: bool,
    /// How long nothing was delivered, ms; `None` where nothing was to be sent.
    pub interruption_ms: Option<u64>,
}

impl Told {
    fn gravity(&self) -> (bool, Option<u64>) {
        (!self.survived, self.interruption_ms)
    }
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// In a few words.
    pub title: String,
    /// The sentence of the worst, and how many others there were.
    pub text: String,
}

/// Decides what is sent when. Time is an argument, from any fixed moment on.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    sent_at: Option<Duration>,
    waiting: Option<Waiting>,
}

#[derive(Clone, Debug)]
struct Waiting {
    since: Duration,
    worst: Told,
    others: usize,
}

impl Policy {
    /// Takes a handover.
    pub fn take(&mut self, told: Told, now: Duration) {
        match &mut self.waiting {
            None => {
                self.waiting = Some(Waiting {
                    since: now,
                    worst: told,
                    others: 0,
                });
            }
            Some(waiting) => {
                waiting.others += 1;
                if told.gravity() > waiting.worst.gravity() {
                    waiting.worst = told;
                }
            }
        }
    }

    /// When something is to be sent.
    pub fn due(&self) -> Option<Duration> {
        let gathered = self.waiting.as_ref()?.since + GATHER;
        Some(self.sent_at.map_or(gathered, |sent| gathered.max(sent + QUIET)))
    }

    /// What is to be sent now.
    pub fn next(&mut self, now: Duration) -> Option<Notice> {
        if self.due()? > now {
            return None;
        }
        let Waiting { worst, others, .. } = self.waiting.take()?;
        self.sent_at = Some(now);
        let others = match others {
            0 => String::new(),
            1 => " There was 1 other handover.".to_owned(),
            others => format!(" There were {others} other handovers."),
        };
        Some(Notice {
            title: format!("Handover of {}", worst.application),
            text: worst.sentence + &others,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sentence: &str, ms: Option<u64>, survived: bool) -> Told {
        Told {
            application: "ssh".to_owned(),
            sentence: sentence.to_owned(),
            survived,
            interruption_ms: ms,
        }
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_window_is_told_of_only_when_asked_for() {
        let wants = |when: When| [when.wants(false), when.wants(true)];
        assert_eq!(wants(When::Off), [false, false]);
        assert_eq!(wants(When::Hidden), [false, true]);
        assert_eq!(wants(When::Always), [true, true]);
        assert_eq!(When::default(), When::Hidden);
    }

    #[test]
    fn one_handover_is_told_as_it_is() {
        let mut policy = Policy::default();
        assert_eq!((policy.due(), policy.next(at(0))), (None, None));
        policy.take(told("It moved.", Some(207), true), at(100));
        assert_eq!(policy.next(at(1099)), None, "others may follow");
        assert_eq!(policy.due(), Some(at(1100)));
        let notice = policy.next(at(1100)).expect("due");
        assert_eq!(
            (notice.title.as_str(), notice.text.as_str()),
            ("Handover of ssh", "It moved.")
        );
        assert_eq!(policy.due(), None, "once");
    }

    #[test]
    fn the_worst_of_several_is_told_with_the_number_of_the_others() {
        let mut policy = Policy::default();
        policy.take(told("Idle.", None, true), at(0));
        policy.take(told("Long.", Some(900), true), at(300));
        policy.take(told("Lost.", Some(80), false), at(500));
        policy.take(told("Short.", Some(90), true), at(700));
        let notice = policy.next(at(1000)).expect("due");
        assert_eq!(notice.text, "Lost. There were 3 other handovers.");
        policy.take(told("Short.", Some(90), true), at(8000));
        policy.take(told("Long.", Some(900), true), at(8100));
        let notice = policy.next(at(9000)).expect("due");
        assert_eq!(notice.text, "Long. There was 1 other handover.");
    }

    #[test]
    fn never_more_than_one_in_five_seconds() {
        let mut policy = Policy::default();
        let mut sent = Vec::new();
        let mut handovers = 0;
        for ms in (0..60_000).step_by(10) {
            if ms % 370 == 0 {
                policy.take(told("It moved.", Some(ms), true), at(ms));
                handovers += 1;
            }
            if policy.next(at(ms)).is_some() {
                sent.push(ms);
            }
        }
        assert!(handovers > 100);
        let gaps = sent.iter().zip(sent.iter().skip(1)).map(|(one, next)| next - one);
        assert_eq!(gaps.min(), Some(5000), "{sent:?}");
        assert_eq!(sent.len(), 12, "{sent:?}");
    }
}
