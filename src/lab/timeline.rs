//! A scenario's acts against time: which are due, which is next.

use std::time::Duration;

use super::scenario::{Act, Scenario};

/// Where the play of a scenario's acts has got to. Time is given from outside, as time since the start.
#[derive(Debug)]
pub(super) struct Timeline {
    acts: &'static [Act],
    period_s: Option<f64>,
    /// Since when the acts are played; `None` while a person does everything.
    begun: Option<Duration>,
    /// How many were played since then.
    played: usize,
}

impl Timeline {
    /// The acts of a scenario, which begin at once, or when they are told to where a person does everything first.
    pub(super) fn new(scenario: &Scenario, automatic: bool) -> Self {
        Self {
            acts: scenario.acts,
            period_s: scenario.period_s,
            begun: automatic.then_some(Duration::ZERO),
            played: 0,
        }
    }

    /// Whether the acts are played.
    pub(super) fn plays(&self) -> bool {
        self.begun.is_some()
    }

    /// From now on a person does everything.
    pub(super) fn stop(&mut self) {
        self.begun = None;
    }

    /// Begins with the first act, as at the start.
    pub(super) fn begin(&mut self, now: Duration) {
        (self.begun, self.played) = (Some(now), 0);
    }

    /// When the next act is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.upcoming().map(|(due, _)| due)
    }

    /// The next act that is due at `now`, once.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<Act> {
        let (_, act) = self.upcoming().filter(|(due, _)| *due <= now)?;
        self.played += 1;
        Some(act)
    }

    fn upcoming(&self) -> Option<(Duration, Act)> {
        let begun = self.begun?;
        let round = self.played.checked_div(self.acts.len())?;
        let act = *self.acts.get(self.played % self.acts.len())?;
        let begins_s = match self.period_s {
            Some(period_s) => period_s * round as f64,
            None if round == 0 => 0.0,
            None => return None,
        };
        Some((begun + Duration::from_secs_f64(begins_s + act.at_s), act))
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
    fn by_hand_nothing_happens_for_as_long_as_somebody_likes_and_then_it_begins_anew() {
        let mut timeline = Timeline::new(scenario("handover").expect("known"), true);
        assert!(timeline.take_due(seconds(8)).is_some());
        timeline.stop();
        assert_eq!(timeline.take_due(seconds(1000)), None);
        assert_eq!((timeline.next_due(), timeline.plays()), (None, false));
        timeline.begin(seconds(1000));
        assert_eq!(timeline.take_due(seconds(1007)), None);
        assert_eq!(timeline.next_due(), Some(seconds(1008)));
        assert_eq!(
            timeline.take_due(seconds(1008)).map(|act| act.change),
            Some(Change::Unplug)
        );
    }

    #[test]
    fn nothing_happens_by_itself_when_not_automatic() {
        let timeline = Timeline::new(scenario("handover").expect("known"), false);
        assert_eq!(timeline.next_due(), None);
    }
}
