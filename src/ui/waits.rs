//! What was asked for and is not answered yet, in words, once that takes its time: a person may have to type a password.

use crate::words::command::{ALLOW, WRITE_PROFILE, unanswered};

/// How long an answer may take before it is said that there is none, seconds.
const ANSWER_TIMEOUT_S: f64 = 1.0;

/// Something that was asked for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// A change, by what its request is called, and in words.
    Change(u64, String),
    /// That the privileged service is allowed more.
    Allow,
    /// That NetworkManager writes flags into a connection's profile.
    WriteProfile,
}

impl Asked {
    /// Whether it is the same request.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Change(one, _), Self::Change(other, _)) => one == other,
            (Self::Allow, Self::Allow) | (Self::WriteProfile, Self::WriteProfile) => true,
            _ => false,
        }
    }

    fn words(&self) -> &str {
        match self {
            Self::Change(_, words) => words,
            Self::Allow => ALLOW,
            Self::WriteProfile => WRITE_PROFILE,
        }
    }
}

/// What is waited for, and since when.
#[derive(Debug, Default)]
pub(super) struct Waits {
    since: Option<(Asked, f64)>,
}

impl Waits {
    /// What to say of `asked` at a time of the window, where it is asked for long enough.
    pub(super) fn look(&mut self, asked: Option<Asked>, time: f64) -> Option<String> {
        let before = self.since.take();
        let asked = asked?;
        let since = before
            .filter(|(before, _)| before.is(&asked))
            .map_or(time, |(_, at)| at);
        let waited_s = time - since;
        let said = (waited_s >= ANSWER_TIMEOUT_S).then(|| unanswered(asked.words(), waited_s));
        self.since = Some((asked, since));
        said
    }

    /// Whether time alone changes what is said.
    pub(super) fn counts(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_takes_its_time_is_said_to_be_missing_until_it_comes() {
        let mut waits = Waits::default();
        let asked = || Some(Asked::Change(1, "Phone: backup on".to_owned()));
        assert_eq!(waits.look(asked(), 10.0), None);
        assert_eq!(waits.look(asked(), 10.9), None, "it may still be on its way");
        let said = waits.look(asked(), 14.2);
        assert_eq!(
            said.as_deref(),
            Some("Phone: backup on: asked 4 s ago, not answered yet")
        );
        assert_eq!(
            waits.look(Some(Asked::Change(2, "Phone: backup on".to_owned())), 14.5),
            None,
            "that is new, although it reads the same"
        );
        assert_eq!(waits.look(Some(Asked::Allow), 14.6), None, "and so is that");
        assert!(waits.counts());
        assert_eq!((waits.look(None, 20.0), waits.counts()), (None, false));
    }
}
