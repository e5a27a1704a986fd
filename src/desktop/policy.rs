//! Which handovers are told, and when: the worst of what belongs together, and seldom.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history::handover::{Handover, Incident, incidents};
use crate::model::ConnectionId;
use crate::words::notice;

/// The least time from one notification to the next.
pub const QUIET: Duration = Duration::from_secs(5);
/// How long others are waited for, since a lost link moves several connections within moments.
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

/// A handover, with what people call what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedHandover {
    /// What happened.
    pub handover: Handover,
    /// Whose connection it was.
    pub application: String,
    /// The name of the path that carried the data before.
    pub from: Option<String>,
    /// And of the one that does now.
    pub to: Option<String>,
}

/// Handovers to be told together: those of a few seconds, at most.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle(Vec<NamedHandover>);

impl FromIterator<NamedHandover> for Bundle {
    fn from_iter<T: IntoIterator<Item = NamedHandover>>(handovers: T) -> Self {
        let mut bundle = Self::default();
        bundle.merge(handovers);
        bundle
    }
}

impl Bundle {
    /// Adds what came later. What was told while it went on is told again at its end.
    fn merge(&mut self, later: impl IntoIterator<Item = NamedHandover>) {
        let later: Vec<NamedHandover> = later.into_iter().collect();
        let ends: BTreeSet<ConnectionId> = later.iter().map(|one| one.handover.connection).collect();
        let stays = |one: &NamedHandover| !one.handover.ongoing || !ends.contains(&one.handover.connection);
        self.0.retain(stays);
        self.0.extend(later);
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The worst of what happened in a sentence, and how many other connections something happened to.
    fn notice(&self) -> Option<Notice> {
        let incidents = incidents(self.0.iter().map(|one| &one.handover));
        let gravity = |incident: &&Incident| {
            let gravest = incident.fates().into_values().max();
            let longest_ms = incident.worst().map(|worst| worst.ms);
            (gravest, longest_ms, incident.connections())
        };
        let all: usize = incidents.iter().map(Incident::connections).sum();
        let worst = incidents.iter().rev().max_by_key(gravity)?;
        let names = self.names();
        let name = |device: &str| names.get(device).copied().unwrap_or(device).to_owned();
        let first = worst.members.first()?;
        let is_it = |one: &&NamedHandover| one.handover.connection == first.connection;
        let application = self.0.iter().find(is_it).map(|one| one.application.as_str());
        Some(Notice {
            title: notice::title(worst, application.unwrap_or_default()),
            text: notice::sentence(worst, name) + &notice::others(all - worst.connections()),
        })
    }

    /// What people call the devices.
    fn names(&self) -> BTreeMap<&str, &str> {
        let mut names = BTreeMap::new();
        for one in &self.0 {
            let from = one.handover.from.as_deref().zip(one.from.as_deref());
            let to = one.handover.to.as_deref().zip(one.to.as_deref());
            names.extend(from.into_iter().chain(to));
        }
        names
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
    /// What waits, and since when.
    waiting: Option<(Duration, Bundle)>,
}

impl Policy {
    /// Takes handovers.
    pub fn take(&mut self, new: Bundle, now: Duration) {
        if !new.is_empty() {
            let (_, waiting) = self.waiting.get_or_insert_with(|| (now, Bundle::default()));
            waiting.merge(new.0);
        }
    }

    /// When something is to be sent.
    pub fn due(&self) -> Option<Duration> {
        let (since, _) = self.waiting.as_ref()?;
        let gathered = *since + GATHER;
        Some(self.sent_at.map_or(gathered, |sent| gathered.max(sent + QUIET)))
    }

    /// What is to be sent now.
    pub fn next(&mut self, now: Duration) -> Option<Notice> {
        if self.due()? > now {
            return None;
        }
        let (_, waiting) = self.waiting.take()?;
        self.sent_at = Some(now);
        waiting.notice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::handover::{Cause, Fate, Interruption, Uninterrupted};
    use crate::model::Token;

    /// A connection that moved away from a path of its own.
    fn named(connection: u32, ms: Option<u64>, fate: Fate) -> NamedHandover {
        let path = format!("Path {connection}");
        NamedHandover {
            handover: Handover {
                t: 5.0,
                connection: Token(connection).into(),
                token: None,
                cause: Cause::LinkLost,
                from: Some(path.clone()),
                to: Some("eth0".to_owned()),
                interruption: ms.map(|ms| Interruption {
                    t: 5.0,
                    ms,
                    uncertainty_ms: 20,
                    recovery_ms: None,
                }),
                uninterrupted: ms.is_none().then_some(Uninterrupted::AsUsual),
                steady: true,
                survived: fate != Fate::Lost,
                ongoing: fate == Fate::Waits,
            },
            application: "ssh".to_owned(),
            from: Some(path),
            to: Some("Ethernet".to_owned()),
        }
    }

    fn one(connection: u32, ms: Option<u64>, fate: Fate) -> Bundle {
        [named(connection, ms, fate)].into_iter().collect()
    }

    /// A connection that moved away from Wi-Fi.
    fn moved(connection: u32, ms: Option<u64>, fate: Fate) -> NamedHandover {
        let mut moved = named(connection, ms, fate);
        moved.handover.from = Some("wlan0".to_owned());
        moved.from = Some("Wi-Fi".to_owned());
        moved
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
        policy.take(one(1, Some(207), Fate::LivedOn), at(100));
        policy.take(Bundle::default(), at(200));
        assert_eq!(policy.next(at(1099)), None, "others may follow");
        assert_eq!(policy.due(), Some(at(1100)));
        let notice = policy.next(at(1100)).expect("due");
        assert_eq!(
            (notice.title.as_str(), notice.text.as_str()),
            (
                "Handover of ssh",
                "Path 1 lost; data moved to Ethernet after 207 ms ± 20; the connection lived on."
            )
        );
        assert_eq!(policy.due(), None, "once");
    }

    #[test]
    fn the_worst_of_several_is_told_with_the_number_of_the_others() {
        let mut policy = Policy::default();
        policy.take(one(1, None, Fate::LivedOn), at(0));
        policy.take(one(2, Some(900), Fate::LivedOn), at(300));
        policy.take(one(3, Some(80), Fate::Lost), at(500));
        policy.take(one(4, Some(90), Fate::LivedOn), at(700));
        let notice = policy.next(at(1000)).expect("due");
        assert_eq!(
            notice.text,
            "Path 3 lost; nothing was delivered any more for 80 ms ± 20; the connection was lost. There were 3 other \
             handovers."
        );
        policy.take(one(1, Some(90), Fate::LivedOn), at(8000));
        policy.take(one(2, Some(900), Fate::LivedOn), at(8100));
        let notice = policy.next(at(9000)).expect("due");
        assert_eq!(
            notice.text,
            "Path 2 lost; data moved to Ethernet after 900 ms ± 20; the connection lived on. There was 1 other handover."
        );
    }

    #[test]
    fn connections_to_which_the_same_happened_are_told_in_one_sentence() {
        let mut policy = Policy::default();
        let first = (0..8).map(|number| moved(number, Some(100 + u64::from(number)), Fate::LivedOn));
        policy.take(first.collect(), at(0));
        let later = (4..12).map(|number| moved(number, Some(333 + u64::from(number)), Fate::LivedOn));
        policy.take(later.chain([named(20, None, Fate::LivedOn)]).collect(), at(250));
        let notice = policy.next(at(1000)).expect("due");
        assert_eq!(notice.title, "Handover of 12 connections");
        assert_eq!(
            notice.text,
            "Wi-Fi lost; 12 connections moved to Ethernet, at worst after 344 ms ± 20; all lived on. \
             There was 1 other handover."
        );
        let idle = [moved(1, None, Fate::LivedOn), moved(2, None, Fate::Lost)];
        policy.take(idle.into_iter().collect(), at(8000));
        let notice = policy.next(at(9000)).expect("due");
        assert_eq!(
            notice.text,
            "Wi-Fi lost; 2 connections moved to Ethernet without an interruption; 1 was lost."
        );
        let nowhere = |connection, fate| {
            let mut nowhere = moved(connection, Some(3000), fate);
            (nowhere.handover.to, nowhere.to) = (None, None);
            nowhere
        };
        let waiting = [
            nowhere(1, Fate::Waits),
            nowhere(2, Fate::Waits),
            nowhere(3, Fate::Waits),
        ];
        policy.take(waiting.into_iter().collect(), at(16_000));
        policy.take([nowhere(3, Fate::LivedOn)].into_iter().collect(), at(16_500));
        let notice = policy.next(at(17_000)).expect("due");
        assert_eq!(
            notice.text,
            "Wi-Fi lost; nothing of 2 connections was delivered any more; 2 still wait."
        );
    }

    #[test]
    fn what_the_panel_shows_as_one_is_told_as_one() {
        let mut elsewhere = moved(2, Some(90), Fate::LivedOn);
        (elsewhere.handover.to, elsewhere.to) = (Some("wwan0".to_owned()), Some("Phone".to_owned()));
        let mut namesake = moved(3, Some(80), Fate::LivedOn);
        namesake.handover.from = Some("wlan1".to_owned());
        let mut policy = Policy::default();
        let handovers = [
            moved(1, Some(340), Fate::LivedOn),
            elsewhere,
            namesake,
            moved(4, Some(120), Fate::LivedOn),
        ];
        policy.take(handovers.into_iter().collect(), at(0));
        assert_eq!(
            policy.next(at(1000)).expect("due").text,
            "Wi-Fi lost; 3 connections moved to Ethernet and Phone, at worst after 340 ms ± 20; all lived on. There was \
             1 other handover."
        );
    }

    #[test]
    fn never_more_than_one_in_five_seconds() {
        let mut policy = Policy::default();
        let mut sent = Vec::new();
        let mut handovers = 0;
        for ms in (0..60_000).step_by(10) {
            if ms % 370 == 0 {
                policy.take(one(1, Some(ms), Fate::LivedOn), at(ms));
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
