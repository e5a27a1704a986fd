//! A handover that has not ended, and what it comes to.

use std::collections::VecDeque;

use super::clues::Clues;
use super::dating::Gap;
use super::evidence::Flow;
use super::paths::Paths;
use super::{Cause, Handover, Interruption, Uninterrupted};
use crate::history::Direction;
use crate::model::{ConnectionId, Token};

/// Looks are this far apart, seconds: no stretch is known better than that.
const LOOK_S: f64 = 0.02;
/// From this share of what another path moved on a path was not left.
const STAYS: f64 = 0.25;
/// A peer would have tried another path within this time, seconds.
const TRIED_S: f64 = 2.0;
/// An application whose pauses are shorter sends steadily, seconds.
const STEADY_S: f64 = 0.15;

/// A handover that has not ended.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not depend on each other"
)]
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    pub(super) cause: Cause,
    pub(super) from: Option<String>,
    /// Stretches that ended after this belong to it.
    pub(super) at: f64,
    /// When something happened, if no stretch says it better.
    pub(super) happened_at: f64,
    /// When that was noticed.
    pub(super) noticed_at: f64,
    /// What the subflows did since.
    pub(super) paths: Paths,
    /// Whether there was anything to deliver.
    pub(super) wanted: bool,
    /// Whether what it came from was far worse than usual, and delivered all the same.
    pub(super) delivered_badly: bool,
    /// Whether data was coming in, so that more may have been on its way.
    pub(super) expects: bool,
    /// Which way data went: where it comes in, what the peer had to send is not known.
    pub(super) direction: Direction,
    /// Whether it was known when something was last delivered.
    pub(super) known: bool,
    /// From which length on a stretch without delivery was unusual before, and the longest that there was; seconds.
    pub(super) usual: f64,
    pub(super) pause: f64,
    /// Whether it was told while it went on.
    pub(super) told: bool,
    /// Whether all of several paths went.
    pub(super) nowhere: bool,
    /// Whether no path let anything through.
    pub(super) everywhere: bool,
}

impl Open {
    /// A device has another name.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if let Some(from) = self.from.as_mut().filter(|from| *from == old) {
            new.clone_into(from);
        }
        self.paths.rename(old, new);
    }

    /// Takes what the subflows did, and whether anything was delivered.
    pub(super) fn see(&mut self, flows: &[Flow], direction: Direction, delivered: u64) {
        self.paths
            .see(flows, direction, (delivered == 0).then_some(self.at));
        let badly =
            |flow: &Flow| (!direction.sends() && flow.moved > 0) || flow.quality.is_bad_not_dead(self.at);
        let mut from = flows.iter().filter(|flow| flow.alive && flow.device == self.from);
        self.delivered_badly |= self.paths.spoke(flows, self.from.as_ref()) && from.any(badly);
    }

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
        let again = || self.from.clone().filter(|from| self.paths.moved(from) > 0);
        let Some((device, moved)) = self.paths.most_beside(self.from.as_ref()) else {
            return again();
        };
        let from_moved = self.from.as_ref().map_or(0, |from| self.paths.moved(from));
        let silent = matches!(self.cause, Cause::PathDead | Cause::PathDegraded);
        if silent && from_moved as f64 >= STAYS * moved as f64 {
            return again();
        }
        Some(device.clone())
    }

    /// Says what the evidence of the stretch itself says, where no event told the cause.
    pub(super) fn attribute(&mut self, gaps: &VecDeque<Gap>, clues: &Clues) {
        if self.cause != Cause::PathDead {
            return;
        }
        let longest = self.gaps(gaps).map(Gap::length).fold(0.0, f64::max);
        self.everywhere = self.paths.are_all_silent() || (longest > TRIED_S && self.paths.none_spoke());
        if self.everywhere {
            self.from = None;
        } else if clues.has_gone(self.from.as_ref(), self.at) {
            // The kernel tells of it later, or not to us.
            self.cause = Cause::ClosedByPeer;
        } else if self.delivered_badly && self.to() != self.from {
            // What was bad and delivered all the same, and was left, was not dead.
            self.cause = Cause::PathDegraded;
        }
    }

    /// What it came to; `None` when it turns out that nothing happened that anybody would call a handover.
    pub(super) fn conclude(
        self,
        gaps: &VecDeque<Gap>,
        connection: ConnectionId,
        token: Option<Token>,
        survived: bool,
    ) -> Option<Handover> {
        let all = self.gaps(gaps);
        let longest = all.clone().max_by(|a, b| a.weight().total_cmp(&b.weight()));
        let unusual = |gap: &&Gap| gap.surely() > self.usual;
        let to = self.to().filter(|_| !self.everywhere);
        let first = all.clone().find(unusual).or(longest);
        let last = all.clone().rev().find(unusual).or(longest);
        // A figure is told of what is longer than the application's own pauses, and than what is not known of it.
        let is_told = |gap: &&Gap| {
            let chosen = self.cause.is_chosen() && self.expects;
            let beyond =
                gap.length() > self.pause + gap.uncertainty() && gap.length() > gap.uncertainty().max(LOOK_S);
            if chosen { unusual(gap) } else { beyond }
        };
        let interruption = longest
            .filter(|_| self.wanted)
            .filter(is_told)
            .map(|gap| Interruption {
                t: (gap.from() * 1e3).round() / 1e3,
                ms: milliseconds(gap.length()),
                uncertainty_ms: milliseconds(gap.uncertainty().max(LOOK_S)),
                recovery_ms: survived.then(|| {
                    milliseconds(last.map_or(0.0, |gap| gap.to - first.map_or(gap.from(), Gap::from)))
                }),
            });
        let is_interrupted = interruption.is_some();
        let stop = first
            .filter(|_| is_interrupted)
            .map_or(self.happened_at, Gap::from);
        let nothing = match self.cause {
            // Data that moves to a better path while nothing is seen to wait is no news.
            Cause::PathReturned => longest.is_none_or(|gap| gap.weight() <= 0.0),
            Cause::PriorityChanged => to == self.from,
            // Where no path let anything through it was noticed, or nothing was lost.
            Cause::PathDead if survived && self.everywhere => !longest.is_some_and(|gap| unusual(&gap)),
            // A timer that ran out a little early, or a moment of bad luck, and nobody noticed.
            Cause::PathDead | Cause::PathDegraded => survived && to == self.from && !is_interrupted,
            _ => false,
        };
        // Of a stretch whose beginning nobody saw no figure is told, and no harm denied.
        let unseen = self.wanted && longest.is_none() && !self.known;
        if (nothing || unseen && survived) && !self.told {
            return None;
        }
        let uninterrupted = match interruption {
            Some(_) => None,
            None if unseen => None,
            None if self.cause.is_chosen() => Some(Uninterrupted::Moved),
            None if longest.is_some() => Some(Uninterrupted::AsUsual),
            None if !self.direction.sends() => Some(Uninterrupted::Unknown),
            None if self.wanted => Some(Uninterrupted::AsUsual),
            None => Some(Uninterrupted::NothingToSend),
        };
        Some(Handover {
            t: (stop * 1e3).round() / 1e3,
            connection,
            token,
            cause: self.cause,
            // Where none of several paths is left, it is none of them that is at fault.
            from: self.from.filter(|_| !self.nowhere),
            to,
            interruption,
            uninterrupted,
            steady: self.pause < STEADY_S,
            survived,
            ongoing: false,
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
