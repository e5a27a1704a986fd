//! Whether something happens that should not, and whether it is over: judged whenever time passes.

use std::collections::VecDeque;

use super::dating::Gap;
use super::evidence::{Flow, RECENT_S};
use super::moment::Moment;
use super::open::Open;
use super::paths::Paths;
use super::resumption::{Resumption, Stretch};
use super::track::{CARRIES, LEAST_GAP_S, Track};
use super::{Cause, Handover, Interruption};

/// So long must delivery go on without a stretch out of the usual to be as before, seconds.
const HEALTHY_S: f64 = 1.0;
/// Who delivered for so long after a stretch has recovered, if something else happens then; seconds.
const RECOVERED_S: f64 = 0.3;
/// The same in round trips.
const HEALTHY_TRIPS: f64 = 2.0;
/// A handover has ended after so long, as before or not, if anything is delivered at all; seconds.
const LONG_S: f64 = 10.0;
/// What goes on for so long is told while it does, seconds; without any path left sooner.
const ONGOING_S: f64 = 8.0;
const NO_PATH_S: f64 = 3.0;
/// What is usual is known of a connection that has been seen for so long, seconds.
const KNOWN_S: f64 = 2.0;
/// What another path still has to bring may come so much later than a round trip, seconds.
const LATER_S: f64 = 0.03;

impl Track {
    /// Looks for what no event tells: delivery that stands still, a path that lets nothing through, and data that moved
    /// elsewhere.
    pub(super) fn judge(&mut self, t: f64) {
        if self.open.as_ref().is_none_or(|open| open.cause.is_chosen()) {
            if let Some((device, at)) = self.stands_still(t).or_else(|| self.has_silent_path(t)) {
                self.begin(Cause::PathDead, device, at, t);
            } else {
                self.judge_resumption(t);
            }
        }
        if let Some(shift) = self.lead.look(&self.flows, t)
            && self.open.is_none()
        {
            self.begin(shift.cause, Some(shift.from), shift.after, t);
            if let Some(open) = &mut self.open {
                open.happened_at = shift.at;
            }
        }
    }

    /// Whether data that waits has not moved for longer than is usual: the path that fell silent, and since when.
    fn stands_still(&self, t: f64) -> Option<(Option<String>, f64)> {
        let waits_since = self.waits_since?;
        let (last, stop) = (self.progress?, self.last_delivery()?.middle());
        let carrying = self.flows.iter().filter(|flow| flow.carried);
        // The peer acknowledges what comes within a round trip, and what was lost once within two.
        let trip = carrying.clone().map(|flow| flow.clock.rtt()).fold(0.0, f64::max);
        let since = last.told.max(waits_since);
        if t - since <= self.usual_gap(since).max(2.0 * trip + LEAST_GAP_S / 2.0) {
            return None;
        }
        let silent = carrying.min_by(|a, b| a.clock.last_heard_at.total_cmp(&b.clock.last_heard_at));
        Some((silent.and_then(|flow| flow.device.clone()), stop.max(waits_since)))
    }

    /// A path with something on its way that lets nothing through, while others may.
    fn has_silent_path(&self, t: f64) -> Option<(Option<String>, f64)> {
        self.waits_since?;
        let total = self.recent(t);
        let share = |flow: &Flow| flow.recent(t) as f64 / total.max(1) as f64;
        // Where data comes in, other paths bring what comes after it, a slower one later.
        let trip = self.longest_trip();
        let missing = self
            .misses_since
            .filter(|since| t - since > self.usual_gap(t).max(trip));
        let keeps_waiting = |flow: &Flow| missing.is_some_and(|since| flow.clock.last_heard_at < since);
        let stalled = self.flows.iter().find(|flow| {
            let stalls = flow.clock.stalled() || keeps_waiting(flow);
            flow.alive && stalls && (share(flow) >= CARRIES || self.lead.is(flow.device.as_ref()))
        })?;
        // What it carried lately waited since it fell silent.
        let silent = (!stalled.moves.is_empty()).then_some(stalled.clock.last_heard_at);
        let at = self.progress.map_or(t, |last| last.told);
        Some((stalled.device.clone(), silent.map_or(at, |silent| silent.min(at))))
    }

    /// Data comes in again after a stretch: an unusual one may be more than a pause of the peer.
    pub(super) fn note_resumption(&mut self, gap: &Gap, t: f64) {
        if self.direction.sends() || self.open.is_some() || gap.surely() <= self.usual_gap(gap.from()) {
            return;
        }
        // What is usual has to be known, and to flow; and who answers a question paused until it was asked.
        let known = gap.from() - self.began_at >= KNOWN_S;
        let flows = self.rate > 0.0 && self.written == 0 || self.misses_since.is_some();
        if !known || !flows {
            self.resumed = None;
            return;
        }
        let brings_most = |flow: &&Flow| Some(flow.cookie) == self.brings_most;
        let most = self.flows.iter().find(brings_most);
        // What a slower path brings comes later than what was sent after it.
        let later = self.longest_trip() + LATER_S;
        self.resumed = Some(Box::new(Resumption {
            from: gap.from(),
            to: gap.to,
            rate: self.rate,
            device: most.and_then(|flow| flow.device.clone()),
            missed: self.misses_since.is_some_and(|since| t - since > later),
            moves: VecDeque::new(),
        }));
    }

    /// Where data comes in, a stretch in which nothing came is an outage only if it had waited.
    fn judge_resumption(&mut self, t: f64) {
        let Some(resumed) = &self.resumed else { return };
        match resumed.judge(self.longest_trip(), t) {
            Stretch::Unknown => {}
            Stretch::Pause => self.resumed = None,
            Stretch::Outage => {
                let (device, at) = (resumed.device.clone(), resumed.from);
                self.resumed = None;
                self.begin(Cause::PathDead, device, at, t);
            }
        }
    }

    /// What happened at `at`, as is noticed at `t`, begins a handover, unless one that was told explains it.
    pub(super) fn begin(&mut self, cause: Cause, from: Option<String>, at: f64, t: f64) {
        if at <= self.owned_until {
            return;
        }
        for gap in self.gaps.iter_mut().rev().take_while(|gap| gap.to > at) {
            gap.outage = true;
        }
        self.resumed = None;
        let expects = !self.direction.sends()
            && self
                .progress
                .is_some_and(|last| at - last.told <= self.usual_gap(at));
        self.open = Some(Box::new(Open {
            cause,
            from,
            at,
            happened_at: at,
            noticed_at: t,
            wanted: self.waits_since.is_some(),
            expects,
            usual: self.usual_gap(at),
            pause: self.longest_pause(at),
            direction: self.direction,
            known: self.progress.is_some(),
            paths: Paths::of(&self.flows),
            ..Open::default()
        }));
    }

    /// Ends a handover from which delivery has recovered, because something else happens; or has resumed, when a path goes
    /// that carried again. Whether one ended.
    pub(super) fn make_room(&mut self, carried: bool, t: f64) -> bool {
        let Some(open) = &self.open else { return false };
        let since = open.disturbed_until(&self.gaps).max(open.at);
        let recovered = self.progress.is_some_and(|last| last.told - since > RECOVERED_S);
        let resumed = carried && self.gaps.back().is_some_and(|gap| gap.to > open.at);
        let (known_s, again_s) = (t - open.noticed_at, RECENT_S + RECOVERED_S);
        if recovered && known_s > RECOVERED_S || resumed && known_s > again_s {
            let ended = self.finish(t, true);
            self.ended.extend(ended);
        }
        self.open.is_none()
    }

    /// Ends the handover once delivery is as before, or once it is clear that there was nothing to deliver. What goes on
    /// for long is told once while it does.
    pub(super) fn settle(&mut self, t: f64) -> Option<Handover> {
        if !self.ended.is_empty() {
            return Some(self.ended.remove(0));
        }
        let open = self.open.as_ref()?;
        let since = open.disturbed_until(&self.gaps);
        let alive = self.flows.iter().filter(|flow| flow.alive);
        let trip = alive.map(|flow| flow.clock.rtt()).fold(0.0, f64::max);
        let healthy_s = HEALTHY_S.max(HEALTHY_TRIPS * trip);
        let delivers = self
            .progress
            .is_some_and(|last| last.told > since && t - last.at <= open.usual.max(LEAST_GAP_S));
        // What was coming in may come in again, for a while if there is another path, else whenever this one is back.
        let other = |flow: &Flow| flow.alive && flow.device != open.from;
        let expects = open.expects && (t - open.noticed_at < LONG_S || !self.flows.iter().any(other));
        let idle = self.waits_since.is_none() && (!expects || self.direction.sends());
        let lately = self.progress.is_some_and(|last| t - last.at < HEALTHY_S);
        let long = t - open.noticed_at > LONG_S && lately;
        let quiet = t - since.max(open.noticed_at) >= healthy_s;
        if (quiet && (delivers || idle)) || long {
            return self.finish(t, true);
        }
        let stop = self.last_delivery()?.middle();
        let limit = if self.has_no_path { NO_PATH_S } else { ONGOING_S };
        // What came in steadily is missed once no path is left over which it could.
        let waits = self.waits_since.is_some() || (self.has_no_path && open.expects);
        if !waits || open.told || t - stop.max(open.at) <= limit {
            return None;
        }
        let gaps = self.with_gap_until(t);
        let open = self.open.as_mut()?;
        (open.told, open.wanted) = (true, true);
        let mut so_far = open.clone();
        so_far.attribute(&gaps, &self.clues);
        let handover = so_far.conclude(&gaps, self.id, self.token, true)?;
        Some(Handover {
            to: None,
            ongoing: true,
            interruption: handover.interruption.map(|so_far| Interruption {
                recovery_ms: None,
                ..so_far
            }),
            ..handover
        })
    }

    /// The stretches without delivery, with one that has not ended.
    pub(super) fn with_gap_until(&self, t: f64) -> VecDeque<Gap> {
        let mut gaps = self.gaps.clone();
        let end = Moment::at(t);
        if let Some(stop) = self.last_delivery() {
            let mut gap = Gap::between(stop, end);
            gap.outage = true;
            gaps.push_back(gap);
        }
        gaps
    }

    /// The connection is gone.
    pub(super) fn end(mut self, t: f64) -> Option<Handover> {
        // An end in good order is no handover: the data was delivered.
        let was_told = self.open.as_ref().is_some_and(|open| open.told);
        if self.waits_since.is_some() || was_told {
            self.finish(t, false)
        } else {
            None
        }
    }

    fn finish(&mut self, t: f64, survived: bool) -> Option<Handover> {
        let mut open = self.open.take()?;
        if !survived {
            self.gaps = self.with_gap_until(t);
        }
        open.attribute(&self.gaps, &self.clues);
        let (at, until) = (open.at, open.disturbed_until(&self.gaps));
        let Some(handover) = open.conclude(&self.gaps, self.id, self.token, survived) else {
            // Nothing happened: then this is what is usual.
            for gap in self.gaps.iter_mut().rev().take_while(|gap| gap.to > at) {
                gap.outage = false;
            }
            return None;
        };
        self.lead.pass_to(handover.to.clone());
        self.owned_until = until.max(handover.t);
        Some(handover)
    }
}
