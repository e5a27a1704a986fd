//! What was told of a round, held against the truth: what the receiving application saw.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the live rounds and the recorded ones use a part each"
)]

use pathscope::history::handover::Handover;
use pathscope::model::Token;
use serde::{Deserialize, Serialize};

/// How far a measurement may be from the truth, ms.
const NEAR_MS: i64 = 40;
/// By how much the receiver's gap must exceed its usual ones to be an interruption, ms.
const CLEAR_MS: u64 = 100;
/// By how much a told interruption may exceed the truth before it is an invention, ms.
const INVENTED_MS: u64 = 150;
/// How far a date may be from the truth, seconds.
const DATED_S: f64 = 0.1;
/// What moves data without stopping them does so within this time, seconds.
const MOVED_S: f64 = 1.5;
const MOVES: [&str; 2] = ["path_degraded", "path_returned"];
/// What is told of a moment may be dated so much before it, seconds.
const EARLY_S: f64 = 0.3;
/// A machine that was later than this had other things to do, and its measurements say little.
pub const LATE_MS: u64 = 40;

/// What was done at one moment, and what the receiver saw of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Moment {
    /// When it was begun, seconds on the stream, and when it was done.
    pub t: f64,
    pub done_t: f64,
    /// What.
    pub what: String,
    /// The causes that are right for it; none where nothing is to be told.
    pub causes: Vec<String>,
    /// Whether it is known without an interruption, too: by an event, or because the data moved.
    pub known: bool,
    /// Until when what comes of it is counted.
    pub until_t: f64,
    /// The receiver's longest gap that overlaps what was done and what came of it, ms.
    pub gap_ms: u64,
    /// When that gap began, seconds on the stream.
    pub gap_t: f64,
    /// When the first gap began that was clearly longer than usual.
    pub first_t: f64,
    /// Whether the gap lasted to the end of what was watched.
    pub goes_on: bool,
    /// The longest that a byte waited from its sending to its arrival beyond what is usual, ms; for an application that
    /// rests by itself it is less than the gap.
    pub wait_ms: u64,
}

/// The truth of a round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Truth {
    /// Always `truth`.
    pub kind: String,
    pub cell: String,
    pub network: String,
    pub flow: String,
    pub role: String,
    pub cut: String,
    pub round: u32,
    /// The connection's token on the watched host.
    pub token: Option<Token>,
    /// The device that carried most before.
    pub carrier: String,
    /// Whether the application rests by itself between what it sends.
    pub sparse: bool,
    /// The receiver's longest gap before anything was done, ms.
    pub usual_ms: u64,
    /// How late the machine was at worst, ms.
    pub late_ms: u64,
    /// Until when the receiver was watched.
    pub end_t: f64,
    pub moments: Vec<Moment>,
    /// Where only the network can be why: the receiver's long gaps, their beginnings in seconds on the stream and their
    /// lengths in ms. Who tells of one invents nothing.
    pub pauses: Vec<(f64, u64)>,
}

/// What was told of a handover.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub t: f64,
    pub token: Option<Token>,
    pub cause: String,
    pub ms: Option<u64>,
    pub uncertainty_ms: Option<u64>,
    /// When the longest stretch began.
    pub longest_t: Option<f64>,
    pub survived: bool,
    pub sentence: String,
}

impl From<&Handover> for Told {
    fn from(handover: &Handover) -> Self {
        let cause = serde_json::to_value(handover.cause).ok();
        let interruption = handover.interruption;
        Self {
            t: handover.t,
            token: handover.token,
            cause: cause
                .and_then(|cause| Some(cause.as_str()?.to_owned()))
                .unwrap_or_default(),
            ms: interruption.map(|interruption| interruption.ms),
            uncertainty_ms: interruption.map(|interruption| interruption.uncertainty_ms),
            longest_t: interruption.map(|interruption| interruption.t),
            survived: handover.survived,
            sentence: pathscope::words::handover::sentence(handover, str::to_owned),
        }
    }
}

/// What is to be said of one moment and what was told of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the tables")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Whether it was to be found.
    pub real: bool,
    pub found: bool,
    /// `None` where there is no figure to be judged.
    pub near: Option<bool>,
    pub honest: Option<bool>,
    pub right_cause: bool,
    pub dated: bool,
    pub twice: bool,
    /// How many were told where nothing was, or far longer than the truth.
    pub invented: usize,
    /// Told less true, ms.
    pub error_ms: Option<i64>,
    pub told: Vec<Told>,
}

impl Verdict {
    /// Whether there is nothing to be said about it.
    pub fn is_good(&self) -> bool {
        let right = |which: Option<bool>| which.unwrap_or(true);
        let found = self.found && self.right_cause && self.dated && right(self.near) && right(self.honest);
        (!self.real || found) && !self.twice && self.invented == 0
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

impl Truth {
    /// Whether a moment must be told.
    pub fn is_real(&self, moment: &Moment) -> bool {
        let gap = moment.gap_ms >= self.usual_ms + CLEAR_MS;
        !moment.causes.is_empty() && (moment.known || gap)
    }

    /// A verdict for each moment, and for a round without one.
    pub fn judge(&self, told: &[Told]) -> Vec<Verdict> {
        let mut groups: Vec<Vec<Told>> = vec![Vec::new(); self.moments.len()];
        let mut strays = Vec::new();
        for told in latest(told) {
            let is_mine = told.token == self.token;
            let early_s = EARLY_S.max(self.usual_ms as f64 / 1e3 + DATED_S);
            let place = self
                .moments
                .iter()
                // The network may have stood still before by itself, and the cut come into that.
                .rposition(|moment| (moment.t - early_s).min(moment.gap_t - DATED_S) <= told.t);
            match place.and_then(|place| groups.get_mut(place)) {
                Some(group) if is_mine => group.push(told),
                _ if is_mine && self.is_pause(&told) => {}
                _ => strays.push(told),
            }
        }
        let mut verdicts: Vec<Verdict> = self
            .moments
            .iter()
            .zip(groups)
            .map(|(moment, group)| self.verdict(moment, group))
            .collect();
        if verdicts.is_empty() {
            verdicts.push(Verdict::default());
        }
        if let Some(first) = verdicts.first_mut() {
            first.invented += strays.len();
            first.told.extend(strays);
        }
        verdicts
    }

    fn verdict(&self, moment: &Moment, mut told: Vec<Told>) -> Verdict {
        let real = self.is_real(moment);
        // A path that stays bad may be tried again.
        if moment.causes.iter().any(|cause| cause == "path_degraded") {
            told.retain(|told| told.t <= moment.until_t);
        }
        if moment.causes.is_empty() {
            let invented = told.iter().filter(|told| !self.is_pause(told)).count();
            return Verdict {
                invented,
                told,
                ..Verdict::default()
            };
        }
        let most_ms = moment.gap_ms.max(self.usual_ms) + INVENTED_MS;
        let is_right = |told: &&Told| moment.causes.contains(&told.cause);
        let is_longer = |told: &&Told| !moment.goes_on && told.ms.is_some_and(|ms| ms > most_ms);
        let invented = told.iter().filter(is_longer).count();
        let chosen = told.iter().find(is_right).or(told.first()).cloned();
        // That the path is there again may be told by itself, where it ended.
        let returns = told
            .iter()
            .filter(|told| told.cause == "path_returned" && !is_right(told))
            .count()
            .min(1);
        // What came after the data had flowed again is another one, where the receiver saw it, too.
        let later = told
            .iter()
            .skip(1)
            .filter(|told| self.is_pause(told) && self.flowed_before(told.t))
            .count();
        let others = told.len() - (returns + later).min(told.len().saturating_sub(1));
        let mut verdict = Verdict {
            real,
            invented,
            twice: others > 1,
            told,
            ..Verdict::default()
        };
        let Some(chosen) = chosen.filter(|_| real) else {
            return verdict;
        };
        // What goes on is not told as harmless.
        verdict.found = !moment.goes_on || chosen.ms.is_some() || !chosen.survived;
        verdict.right_cause = is_right(&&chosen);
        verdict.dated = self.is_dated(moment, &chosen);
        if !moment.goes_on {
            self.measure(moment, &chosen, &mut verdict);
        }
        verdict
    }

    /// Whether it is of a pause that the network made by itself.
    fn is_pause(&self, told: &Told) -> bool {
        let ms = told.ms.unwrap_or(0);
        let mut pauses = self.pauses.iter();
        pauses.any(|(t, long)| {
            let goes_on = t + *long as f64 / 1e3 > self.end_t - DATED_S;
            let doubt_ms = INVENTED_MS + told.uncertainty_ms.unwrap_or(0);
            let as_long = ms.abs_diff(*long) < doubt_ms || goes_on && ms < *long;
            (told.t - t).abs() < EARLY_S && as_long
        })
    }

    /// Whether data came without a long pause in the second before.
    fn flowed_before(&self, t: f64) -> bool {
        let mut pauses = self.pauses.iter();
        let recent = |(from, ms): &(f64, u64)| {
            let to = from + *ms as f64 / 1e3;
            *ms > self.usual_ms + CLEAR_MS / 2 && *from < t - EARLY_S && to > t - 1.0
        };
        !pauses.any(recent)
    }

    fn is_dated(&self, moment: &Moment, told: &Told) -> bool {
        let near = |t: f64| (told.t - t).abs() <= DATED_S;
        let gap = moment.gap_ms >= self.usual_ms + CLEAR_MS;
        // What an application sends after a rest begins to wait when it is sent.
        let waits_t = moment.gap_t + moment.gap_ms.saturating_sub(moment.wait_ms) as f64 / 1e3;
        let since = (moment.gap_t - DATED_S..moment.t + DATED_S).contains(&told.t);
        let by_wait = self.sparse && (since || near(waits_t));
        let by_act = (moment.t - DATED_S..moment.done_t.max(moment.t) + DATED_S).contains(&told.t);
        // When data moved to another path the receiver cannot tell.
        let moves = moment.causes.iter().any(|cause| MOVES.contains(&cause.as_str()));
        let by_move = moves && (-DATED_S..MOVED_S).contains(&(told.t - moment.t));
        near(moment.gap_t) || near(moment.first_t) || by_wait || !gap && (by_act || by_move)
    }

    /// Holds the figure against the receiver's gap. Of an application that rests by itself part of the gap may be its
    /// own: how long its data waited is right, too. Where the gap is hardly longer than usual no
    /// figure is right, or one that says as much.
    fn measure(&self, moment: &Moment, told: &Told, verdict: &mut Verdict) {
        let gap = signed(moment.gap_ms);
        let waited = if self.sparse {
            signed(moment.wait_ms).min(gap)
        } else {
            gap
        };
        let harmless = moment.gap_ms < self.usual_ms + CLEAR_MS;
        let within = told.uncertainty_ms.map_or(NEAR_MS, signed);
        let error = match told.ms {
            None if harmless => 0,
            None => return (verdict.near, verdict.honest) = (Some(false), Some(false)),
            Some(ms) if harmless && (ms < CLEAR_MS || signed(ms) <= within) => {
                verdict.error_ms = Some(signed(ms) - signed(ms).clamp(0, gap));
                (verdict.near, verdict.honest) = (Some(true), Some(true));
                return;
            }
            // A pause of the application hid it from the receiver; what was sent meanwhile waited nevertheless.
            Some(ms) if harmless && waited < signed(CLEAR_MS) => signed(ms),
            Some(ms) if harmless => signed(ms) - waited,
            Some(ms) => {
                let truths = [gap, if self.sparse { waited } else { gap }];
                let errors = truths.map(|truth| signed(ms) - truth);
                errors
                    .into_iter()
                    .min_by_key(|error| error.abs())
                    .unwrap_or_default()
            }
        };
        verdict.error_ms = Some(error);
        verdict.near = Some(error.abs() <= NEAR_MS);
        verdict.honest = Some(error.abs() <= within);
    }
}

/// Of what was told while it went on, and again when it ended, the last word.
fn latest(told: &[Told]) -> Vec<Told> {
    let mut kept: Vec<Told> = Vec::new();
    for told in told {
        let same = |other: &&mut Told| other.token == told.token && (other.t - told.t).abs() < 0.001;
        match kept.iter_mut().find(same) {
            Some(other) => *other = told.clone(),
            None => kept.push(told.clone()),
        }
    }
    kept
}
