//! A handover that has not ended, and what it comes to.

use std::collections::{BTreeMap, VecDeque};

use super::dating::Gap;
use super::{Cause, Handover, Interruption};
use crate::model::{Cookie, Token};

/// Looks are this far apart, seconds: no stretch is known better than that.
const LOOK_S: f64 = 0.02;

/// A handover that has not ended.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) cause: Cause,
    pub(super) from: Option<String>,
    /// When something happened.
    pub(super) at: f64,
    /// When that was noticed.
    pub(super) noticed_at: f64,
    /// What each device moved since.
    pub(super) moved: BTreeMap<String, u64>,
    /// Whether there was anything to deliver.
    pub(super) wanted: bool,
    /// Whether what it came from was far worse than usual, and delivered all the same.
    pub(super) delivered_badly: bool,
    /// Whether data was coming in, so that more may have been on its way.
    pub(super) expects: bool,
    /// The longest stretch without delivery that was usual before.
    pub(super) usual: f64,
}

impl Open {
    /// The stretches without delivery that ended since.
    fn gaps<'a>(
        &self,
        gaps: &'a VecDeque<Gap>,
    ) -> impl DoubleEndedIterator<Item = &'a Gap> + Clone + use<'a> {
        let at = self.at;
        gaps.iter().filter(move |gap| gap.to > at)
    }

    /// When the last stretch ended that was out of the usual.
    pub(super) fn disturbed_until(&self, gaps: &VecDeque<Gap>) -> f64 {
        let last = self.gaps(gaps).rev().find(|gap| gap.surely() > self.usual);
        last.map_or(self.at, |gap| gap.to)
    }

    /// What moved most since, beside what it came from; else that, if it moved anything.
    fn to(&self) -> Option<String> {
        let others = self
            .moved
            .iter()
            .filter(|(device, _)| Some(*device) != self.from.as_ref());
        let most = others
            .max_by_key(|(_, moved)| **moved)
            .filter(|(_, moved)| **moved > 0);
        let again = || self.from.clone().filter(|from| self.has_moved(from));
        most.map(|(device, _)| device.clone()).or_else(again)
    }

    fn has_moved(&self, device: &str) -> bool {
        self.moved.get(device).is_some_and(|moved| *moved > 0)
    }

    /// Whether data moved elsewhere.
    pub(super) fn has_left(&self) -> bool {
        self.to() != self.from
    }

    /// What it came to; `None` when it turns out that nothing happened that anybody would call a handover.
    pub(super) fn conclude(
        self,
        gaps: &VecDeque<Gap>,
        connection: Cookie,
        token: Option<Token>,
        survived: bool,
    ) -> Option<Handover> {
        let all = self.gaps(gaps);
        let longest = all.clone().max_by(|a, b| a.weight().total_cmp(&b.weight()));
        let unusual = |gap: &&Gap| gap.surely() > self.usual;
        let to = self.to();
        let nothing = match self.cause {
            // Data that moves to a better path while nothing is seen to wait is no news.
            Cause::PathReturned | Cause::PriorityChanged => longest.is_none_or(|gap| gap.weight() <= 0.0),
            // A timer that ran out a little early, or a moment of bad luck, and nobody noticed.
            Cause::PathDead | Cause::PathDegraded => {
                survived && to == self.from && !all.clone().any(|gap| unusual(&gap))
            }
            _ => false,
        };
        if nothing {
            return None;
        }
        let first = all.clone().find(unusual).or(longest);
        let last = all.clone().rev().find(unusual).or(longest);
        let stop = first.map_or(self.at, Gap::from);
        // Where data moved because somebody wished it, a pause that is usual for what comes in is no interruption.
        let seen = |gap: &&Gap| !self.cause.is_chosen() || !self.expects || unusual(gap);
        let interruption = longest
            .filter(|_| self.wanted)
            .filter(seen)
            .map(|gap| Interruption {
                t: (gap.from() * 1e3).round() / 1e3,
                ms: milliseconds(gap.length()),
                uncertainty_ms: milliseconds(gap.uncertainty().max(LOOK_S)),
                recovery_ms: milliseconds(last.map_or(0.0, |gap| gap.to - stop)),
            });
        Some(Handover {
            t: (stop * 1e3).round() / 1e3,
            connection,
            token,
            cause: self.cause,
            from: self.from,
            to,
            interruption,
            survived,
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped first"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round().clamp(0.0, 1e12) as u64
}
