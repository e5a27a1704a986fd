//! What was asked for and is not answered yet, in words, once that takes its time: a person may have to type a password.

use super::format;

/// So long an answer may take before it is said that there is none, seconds.
const PATIENCE_S: f64 = 1.0;

/// What is waited for, and since when.
#[derive(Debug, Default)]
pub(super) struct Waits {
    since: Option<(String, f64)>,
}

impl Waits {
    /// What to say of `asked` at a time of the window, where it is asked for long enough.
    pub(super) fn look(&mut self, asked: Option<String>, time: f64) -> Option<String> {
        let before = self.since.take();
        let asked = asked?;
        let since = before
            .filter(|(before, _)| *before == asked)
            .map_or(time, |(_, at)| at);
        let waited = time - since;
        let said = (waited >= PATIENCE_S)
            .then(|| format!("{asked}: asked {} ago, not answered yet", format::age(waited)));
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
        let asked = || Some("Phone: backup on".to_owned());
        assert_eq!(waits.look(asked(), 10.0), None);
        assert_eq!(waits.look(asked(), 10.9), None, "it may still be on its way");
        let said = waits.look(asked(), 14.2);
        assert_eq!(
            said.as_deref(),
            Some("Phone: backup on: asked 4 s ago, not answered yet")
        );
        assert_eq!(waits.look(Some("Allow".to_owned()), 14.5), None, "that is new");
        assert!(waits.counts());
        assert_eq!((waits.look(None, 20.0), waits.counts()), (None, false));
    }
}
