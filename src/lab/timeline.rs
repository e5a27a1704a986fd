//! A scenario's acts against time: which are due, which is next.

use std::collections::HashSet;
use std::time::Duration;

use super::scenario::{Act, Scenario};

/// Where the play of a scenario's acts has got to. Time is given from outside, as time since the start.
#[derive(Debug)]
pub(super) struct Timeline {
    acts: &'static [Act],
    period_s: Option<f64>,
    played: usize,
    held: HashSet<String>,
}

impl Timeline {
    /// The acts of a scenario, or none when a person does everything.
    pub(super) fn new(scenario: &Scenario, automatic: bool) -> Self {
        Self {
            acts: if automatic { scenario.acts } else { &[] },
            period_s: scenario.period_s,
            played: 0,
            held: HashSet::new(),
        }
    }

    /// From now on this link is a person's: its acts pass without effect.
    pub(super) fn hold(&mut self, link: &str) {
        self.held.insert(link.to_owned());
    }

    /// When the next act is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.upcoming().map(|(due, _)| due)
    }

    /// The next act that is due at `now`, once.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<Act> {
        while let Some((due, act)) = self.upcoming()
            && due <= now
        {
            self.played += 1;
            if !self.held.contains(act.link) {
                return Some(act);
            }
        }
        None
    }

    fn upcoming(&self) -> Option<(Duration, Act)> {
        let round = self.played.checked_div(self.acts.len())?;
        let act = *self.acts.get(self.played % self.acts.len())?;
        let begins_s = match self.period_s {
            Some(period_s) => period_s * round as f64,
            None if round == 0 => 0.0,
            None => return None,
        };
        Some((Duration::from_secs_f64(begins_s + act.at_s), act))
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::{Change, scenario};
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn acts_come_once_in_order_and_again_after_the_period() {
        let mut timeline = Timeline::new(scenario("handover").expect("known"), true);
        assert_eq!(timeline.next_due(), Some(seconds(8)));
        assert_eq!(timeline.take_due(seconds(7)), None);
        assert_eq!(
            timeline.take_due(seconds(8)).map(|act| act.change),
            Some(Change::Unplug)
        );
        assert_eq!(timeline.take_due(seconds(8)), None);
        assert_eq!(timeline.next_due(), Some(seconds(14)));
        assert_eq!(
            timeline.take_due(seconds(14)).map(|act| act.change),
            Some(Change::Plug)
        );
        assert_eq!(timeline.next_due(), Some(seconds(20)));
        assert_eq!(
            timeline.take_due(seconds(20)).map(|act| act.change),
            Some(Change::Unplug)
        );
        assert_eq!(timeline.next_due(), Some(seconds(26)));
    }

    #[test]
    fn a_held_link_is_left_alone() {
        let mut timeline = Timeline::new(scenario("handover").expect("known"), true);
        timeline.hold("wifi");
        assert_eq!(timeline.take_due(seconds(100)), None);
        assert!(timeline.next_due() > Some(seconds(100)));
    }

    #[test]
    fn nothing_happens_by_itself_when_not_automatic() {
        let timeline = Timeline::new(scenario("handover").expect("known"), false);
        assert_eq!(timeline.next_due(), None);
    }
}
