//! Which handovers are told, and when: the worst of what belongs together, and seldom.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history::handover::{Fate, Uninterrupted, duration};
use crate::model::ConnectionId;

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
    /// The connection.
    pub connection: ConnectionId,
    /// Whose connection it was.
    pub application: String,
    /// What happened to the path: `Wi-Fi lost`.
    pub happened: String,
    /// What people call the path that carried the data before.
    pub from: Option<String>,
    /// And the one that does now.
    pub to: Option<String>,
    /// All of it, of this connection alone.
    pub sentence: String,
    /// What became of the connection.
    pub fate: Fate,
    /// How long nothing was delivered and how far the truth may be from it, ms; `None` where there was no interruption.
    pub interruption_ms: Option<(u64, u64)>,
    /// Why there was none.
    pub uninterrupted: Option<Uninterrupted>,
}

impl Told {
    fn gravity(&self) -> (Fate, Option<u64>) {
        (self.fate, self.interruption_ms.map(|(ms, _)| ms))
    }
}

/// Handovers to be told together. It grows with the connections, not with how often something happens to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    groups: Vec<Group>,
}

/// Handovers to which the same happened.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    worst: Told,
    /// What became of each connection, as far as is known by now.
    connections: BTreeMap<ConnectionId, Fate>,
}

impl FromIterator<Told> for Bundle {
    fn from_iter<T: IntoIterator<Item = Told>>(handovers: T) -> Self {
        let mut bundle = Self::default();
        for told in handovers {
            bundle.add(Group {
                connections: [(told.connection, told.fate)].into(),
                worst: told,
            });
        }
        bundle
    }
}

impl Bundle {
    fn add(&mut self, new: Group) {
        // What was told while it went on is told again at its end.
        for group in &mut self.groups {
            let its = group.worst.connection;
            group
                .connections
                .retain(|connection, fate| *fate != Fate::Waits || !new.connections.contains_key(connection));
            if group.worst.fate == Fate::Waits && new.connections.contains_key(&its) {
                group.worst = new.worst.clone();
            }
        }
        self.groups.retain(|group| !group.connections.is_empty());
        let same = |group: &&mut Group| {
            (&group.worst.happened, &group.worst.to) == (&new.worst.happened, &new.worst.to)
        };
        let Some(group) = self.groups.iter_mut().find(same) else {
            self.groups.push(new);
            return;
        };
        group.connections.extend(new.connections);
        if new.worst.gravity() > group.worst.gravity() {
            group.worst = new.worst;
        }
    }

    fn merge(&mut self, other: Self) {
        for group in other.groups {
            self.add(group);
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The worst in a sentence, and how many others there were.
    fn notice(&self) -> Option<Notice> {
        let all = || self.groups.iter().rev();
        let worst = all().max_by_key(|group| (group.worst.gravity(), group.connections.len()))?;
        let others = all().map(|group| group.connections.len()).sum::<usize>() - worst.connections.len();
        let others = match others {
            0 => String::new(),
            1 => " There was 1 other handover.".to_owned(),
            others => format!(" There were {others} other handovers."),
        };
        Some(Notice {
            title: format!("Handover of {}", worst.who()),
            text: worst.sentence() + &others,
        })
    }
}

impl Group {
    fn who(&self) -> String {
        match self.connections.len() {
            1 => self.worst.application.clone(),
            several => format!("{several} connections"),
        }
    }

    /// `Wi-Fi lost; 12 connections moved to Ethernet, at worst after 340 ms ± 20; all lived on.`
    fn sentence(&self) -> String {
        if self.connections.len() == 1 {
            return self.worst.sentence.clone();
        }
        let (happened, who) = (&self.worst.happened, self.who());
        let at_worst = self.worst.interruption_ms.map(|(ms, uncertainty_ms)| {
            let (length, uncertainty) = duration(ms, uncertainty_ms);
            format!("at worst after {length} ± {uncertainty}")
        });
        let moved = match (&self.worst.to, at_worst) {
            (Some(to), Some(at_worst)) if Some(to) == self.worst.from.as_ref() => {
                format!("{to} delivered again for {who}, {at_worst}")
            }
            (Some(to), Some(at_worst)) => format!("{who} moved to {to}, {at_worst}"),
            (Some(to), None) => format!("{who} moved to {to} without an interruption"),
            (None, Some(at_worst)) if self.worst.fate == Fate::LivedOn => {
                format!("{who} delivered again, {at_worst}")
            }
            (None, Some(_)) => {
                let stopped = self
                    .connections
                    .values()
                    .filter(|fate| **fate != Fate::LivedOn)
                    .count();
                let them = if stopped == 1 { "connection" } else { "connections" };
                format!("nothing of {stopped} {them} was delivered any more")
            }
            (None, None) => {
                let why = self.worst.uninterrupted;
                format!("{who}: {}", why.map_or("no interruption", Uninterrupted::briefly))
            }
        };
        let all = self.connections.len();
        let was_lost = |number: usize| format!("{number} {} lost", if number == 1 { "was" } else { "were" });
        let waits = |number: usize| format!("{number} still {}", if number == 1 { "waits" } else { "wait" });
        let number = |fate| self.connections.values().filter(|one| **one == fate).count();
        let lived = match (number(Fate::Lost), number(Fate::Waits)) {
            (0, 0) => "all lived on".to_owned(),
            (lost, 0) if lost == all => "all were lost".to_owned(),
            (0, waiting) if waiting == all => "all still wait".to_owned(),
            (0, waiting) => waits(waiting),
            (lost, 0) => was_lost(lost),
            (lost, waiting) => format!("{}, {}", was_lost(lost), waits(waiting)),
        };
        format!("{happened}; {moved}; {lived}.")
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
            waiting.merge(new);
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
    use crate::model::Token;

    fn told(connection: u32, sentence: &str, ms: Option<u64>, fate: Fate) -> Told {
        Told {
            connection: Token(connection).into(),
            application: "ssh".to_owned(),
            happened: format!("Path {connection} lost"),
            from: Some("Wi-Fi".to_owned()),
            to: Some("Ethernet".to_owned()),
            sentence: sentence.to_owned(),
            fate,
            uninterrupted: None,
            interruption_ms: ms.map(|ms| (ms, 20)),
        }
    }

    fn one(connection: u32, sentence: &str, ms: Option<u64>, fate: Fate) -> Bundle {
        [told(connection, sentence, ms, fate)].into_iter().collect()
    }

    /// A connection that moved away from Wi-Fi.
    fn moved(connection: u32, ms: Option<u64>, fate: Fate) -> Told {
        Told {
            happened: "Wi-Fi lost".to_owned(),
            ..told(connection, "It moved.", ms, fate)
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
        policy.take(one(1, "It moved.", Some(207), Fate::LivedOn), at(100));
        policy.take(Bundle::default(), at(200));
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
        policy.take(one(1, "Idle.", None, Fate::LivedOn), at(0));
        policy.take(one(2, "Long.", Some(900), Fate::LivedOn), at(300));
        policy.take(one(3, "Lost.", Some(80), Fate::Lost), at(500));
        policy.take(one(4, "Short.", Some(90), Fate::LivedOn), at(700));
        let notice = policy.next(at(1000)).expect("due");
        assert_eq!(notice.text, "Lost. There were 3 other handovers.");
        policy.take(one(1, "Short.", Some(90), Fate::LivedOn), at(8000));
        policy.take(one(2, "Long.", Some(900), Fate::LivedOn), at(8100));
        let notice = policy.next(at(9000)).expect("due");
        assert_eq!(notice.text, "Long. There was 1 other handover.");
    }

    #[test]
    fn connections_to_which_the_same_happened_are_told_in_one_sentence() {
        let mut policy = Policy::default();
        let first = (0..8).map(|number| moved(number, Some(100 + u64::from(number)), Fate::LivedOn));
        policy.take(first.collect(), at(0));
        let later = (4..12).map(|number| moved(number, Some(333 + u64::from(number)), Fate::LivedOn));
        policy.take(
            later.chain([told(20, "Other.", None, Fate::LivedOn)]).collect(),
            at(250),
        );
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
        let nowhere = |connection, fate| Told {
            to: None,
            ..moved(connection, Some(3000), fate)
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
    fn never_more_than_one_in_five_seconds() {
        let mut policy = Policy::default();
        let mut sent = Vec::new();
        let mut handovers = 0;
        for ms in (0..60_000).step_by(10) {
            if ms % 370 == 0 {
                policy.take(one(1, "It moved.", Some(ms), Fate::LivedOn), at(ms));
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
