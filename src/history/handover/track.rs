//! One connection, as far as its delivery is concerned.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use super::dating::{Gap, Moment, Progress, first_delivery, told};
use super::evidence::{Flow, RECENT_S, delivered, sent_at, waits};
use super::open::Open;
use super::shift::{Lead, NEW_S, SHIFT_S};
use super::{Cause, Handover, TOLD_S};
use crate::model::{Connection, Cookie, TcpState, Token};

/// How far back stretches without delivery are the usual ones, seconds.
const USUAL_S: f64 = 10.0;
/// So long must delivery go on without a stretch out of the usual to be as before, seconds.
const HEALTHY_S: f64 = 1.0;
/// A stretch shorter than this is never out of the usual, seconds.
const LEAST_GAP_S: f64 = 0.1;
/// A subflow carries when it moved this share of what the connection moved.
const CARRIES: f64 = 0.1;
/// A handover has ended after so long, as before or not, if anything is delivered at all; seconds.
const LONG_S: f64 = 10.0;

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Track {
    /// When it was first seen.
    began_at: f64,
    cookie: Cookie,
    token: Option<Token>,
    flows: Vec<Flow>,
    delivered: u64,
    /// What was sent, and what the peer acknowledged.
    sent: u64,
    acked: u64,
    /// Whether its data goes to the peer, more than it comes from there.
    sends: bool,
    /// The newest delivery.
    progress: Option<Progress>,
    /// When the peer told what the newest sample knew, and since the newest delivery that there was nothing new.
    told: f64,
    told_since: Option<f64>,
    /// Since when data waits to be delivered, if it does.
    waits_since: Option<f64>,
    /// Since when data came in that cannot be delivered, because something before it is missing.
    misses_since: Option<f64>,
    /// Stretches without delivery.
    gaps: VecDeque<Gap>,
    open: Option<Open>,
    /// Until when it may yet turn out that something happens.
    doubt_until: f64,
    /// The device that came up last, and when.
    came: Option<(String, f64)>,
    /// Which way most of the data goes.
    lead: Lead,
    /// When it alone was last looked at.
    looked_at: Option<f64>,
    /// The subflow that went last, of those that carried data.
    went: Option<Box<Went>>,
}

/// A subflow that carried data and is gone, which the kernel may tell of much later.
#[derive(Clone, Debug)]
struct Went {
    path: (SocketAddr, SocketAddr),
    device: Option<String>,
    /// When it was last seen.
    at: f64,
}

impl Track {
    pub(super) fn new(connection: &Connection, t: f64) -> Self {
        Self {
            began_at: t,
            cookie: connection.cookie,
            token: connection.token,
            // What was there before is not new.
            flows: connection
                .subflows
                .iter()
                .map(|subflow| Flow::new(subflow, f64::NEG_INFINITY))
                .collect(),
            delivered: delivered(connection),
            sent: connection.bytes_sent.unwrap_or(0),
            acked: connection.bytes_acked.unwrap_or(0),
            sends: true,
            progress: None,
            told: t,
            told_since: None,
            waits_since: None,
            misses_since: None,
            gaps: VecDeque::new(),
            open: None,
            doubt_until: f64::NEG_INFINITY,
            came: None,
            lead: Lead::default(),
            looked_at: None,
            went: None,
        }
    }

    /// It was looked at, whether or not something had changed.
    pub(super) fn look(&mut self, t: f64) {
        self.looked_at = Some(t);
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether something happens, or seems to.
    pub(super) fn is_suspect(&self, t: f64) -> bool {
        // After a long silence it is no longer worth it.
        let lately = self.progress.map_or(f64::NEG_INFINITY, |last| last.told);
        let open = self
            .open
            .as_ref()
            .is_some_and(|open| t - open.noticed_at.max(lately) < LONG_S);
        open || t <= self.doubt_until
    }

    /// Takes the connection as it is at `t`; the sample before was taken at `before`.
    pub(super) fn take(&mut self, connection: &Connection, before: f64, t: f64) {
        let before = self.looked_at.map_or(before, |at| at.max(before)).min(t);
        self.token = connection.token.or(self.token);
        let total = delivered(connection);
        let moved = total.saturating_sub(self.delivered);
        let acked = connection
            .bytes_acked
            .map_or(0, |acked| acked.saturating_sub(self.acked));
        if moved > 0 {
            self.sends = 2 * acked >= moved;
        }
        let stop = self
            .progress
            .filter(|_| moved > 0)
            .map(|last| last.last_delivery(&self.flows, self.told_since));
        self.take_flows(connection, before, t);
        self.delivered = self.delivered.max(total);
        let waited = self.waits_since;
        let sent = connection
            .bytes_sent
            .map_or(0, |sent| sent.saturating_sub(self.sent));
        self.sent = connection.bytes_sent.unwrap_or(self.sent);
        self.acked = connection.bytes_acked.unwrap_or(self.acked);
        let came_in = !self.sends && self.flows.iter().any(|flow| flow.moved > 0);
        let missing = self.misses_since.or(came_in.then_some(t));
        self.misses_since = missing.filter(|_| moved == 0);
        let since = || waited.unwrap_or_else(|| sent_at(connection, sent, before, t));
        self.waits_since = (self.misses_since.is_some() || waits(connection)).then(since);
        if let Some(open) = &mut self.open {
            open.wanted |= self.waits_since.is_some() || moved > 0;
            let mut from = self
                .flows
                .iter()
                .filter(|flow| flow.alive && flow.device == open.from);
            open.delivered_badly |= from.any(|flow| {
                let comes_in = !self.sends && flow.moved > 0;
                comes_in || flow.quality.is_bad_not_dead(open.at)
            });
        }
        let told_before = self.told;
        self.told = self.told.max(told(&self.flows).min(t));
        if moved > 0 {
            // What is sent and acknowledged between two samples did not wait; what arrives may have.
            if let Some(stop) = stop.filter(|_| acked == 0 || waited.is_some()) {
                let to = first_delivery(&self.flows, told_before, before, t);
                self.close_gap(stop, to, waited.filter(|_| acked > 0), t);
            }
            self.progress = Some(Progress::new(&self.flows, moved, told_before, before, t));
            self.told_since = None;
            self.note_carriers(t);
        } else if self.progress.is_some() {
            self.told_since = Some(self.told);
        }
        self.suspect(t);
    }

    fn take_flows(&mut self, connection: &Connection, before: f64, t: f64) {
        let total = self.recent(t);
        for flow in &mut self.flows {
            let here = connection
                .subflows
                .iter()
                .any(|subflow| subflow.cookie == flow.cookie);
            if flow.alive && !here && flow.recent(t) as f64 >= CARRIES * total.max(1) as f64 {
                self.doubt_until = t + SHIFT_S;
                self.went = Some(Box::new(Went {
                    path: flow.path,
                    device: flow.device.clone(),
                    at: before,
                }));
            }
            flow.clock.is_here(here, t);
            flow.alive &= here;
            flow.moved = 0;
        }
        for subflow in &connection.subflows {
            match self.flows.iter_mut().find(|flow| flow.cookie == subflow.cookie) {
                Some(flow) => {
                    flow.take(subflow, self.sends, t);
                    if let (Some(open), Some(device)) = (&mut self.open, &flow.device) {
                        *open.moved.entry(device.clone()).or_default() += flow.moved;
                    }
                }
                None if subflow.state == TcpState::Established => {
                    // Those with which a connection begins are no better paths that came, unless their device came.
                    let came = self.came.as_ref().is_some_and(|(device, at)| {
                        Some(device) == subflow.interface.as_ref() && *at > self.began_at
                    });
                    let begins = t - self.began_at < NEW_S && !came;
                    let since = if begins { f64::NEG_INFINITY } else { t };
                    self.flows.push(Flow::new(subflow, since));
                    if !begins {
                        self.doubt_until = t + SHIFT_S;
                    }
                }
                None => {}
            }
        }
        self.flows
            .retain(|flow| flow.alive || flow.moves.back().is_some_and(|(at, _)| t - at < 2.0 * RECENT_S));
    }

    /// Something was delivered at `to`, as seen at `t`, for the first time after `stop`. What waited for less long began
    /// to be missed when it would have arrived.
    fn close_gap(&mut self, stop: Moment, to: Moment, waited: Option<f64>, t: f64) {
        let forth = self
            .flows
            .iter()
            .max_by_key(|flow| flow.moved)
            .map_or(0.0, |flow| flow.clock.back());
        let from = match waited.map(|since| since + forth) {
            Some(since) if since > stop.middle() => Moment {
                earliest: since,
                latest: since,
            },
            _ => stop,
        };
        let gap = Gap::between(from, to);
        if gap.surely() > self.usual_gap(t) {
            self.doubt_until = t + HEALTHY_S;
        }
        self.gaps.push_back(gap);
        let since = self.open.as_ref().map_or(t, |open| open.at).min(t - USUAL_S);
        while self.gaps.front().is_some_and(|gap| gap.to < since) {
            self.gaps.pop_front();
        }
    }

    /// What all subflows moved within a second before `t`.
    fn recent(&self, t: f64) -> u64 {
        self.flows.iter().map(|flow| flow.recent(t)).sum()
    }

    /// Notes which subflows had a part in the newest delivery.
    fn note_carriers(&mut self, t: f64) {
        let total = self.recent(t);
        for flow in &mut self.flows {
            flow.carried = flow.recent(t) as f64 >= CARRIES * total.max(1) as f64;
        }
    }

    /// The longest stretch without delivery before a moment that is still as usual.
    fn usual_gap(&self, before: f64) -> f64 {
        let usual = self.gaps.iter().filter(|gap| gap.to <= before);
        let longest = usual.map(Gap::surely).fold(0.0, f64::max);
        (1.5 * longest).max(LEAST_GAP_S)
    }

    /// Looks for what no event tells: a path that lets nothing through, and data that moved elsewhere.
    fn suspect(&mut self, t: f64) {
        // An application that pauses does not wait meanwhile.
        let waits_long = self.progress.zip(self.waits_since);
        let waits_long = waits_long.is_some_and(|(last, since)| t - last.told.max(since) > self.usual_gap(t));
        // For how long something has been missing only a closer look tells.
        if waits_long || self.misses_since.is_some() {
            self.doubt_until = t + HEALTHY_S;
        }
        // The peer acknowledges what comes within a round trip.
        let waits = self.waits_since.is_some_and(|since| t - since > LEAST_GAP_S);
        let falls_silent = |flow: &Flow| {
            flow.alive
                && flow.clock.unacked()
                && t - flow.clock.heard > (2.0 * flow.clock.rtt()).max(LEAST_GAP_S)
        };
        let turns_worse = |flow: &Flow| flow.quality.turned_worse(t) || (waits && falls_silent(flow));
        if self.flows.iter().any(|flow| flow.carried && turns_worse(flow)) {
            self.doubt_until = t + SHIFT_S;
        }
        let total = self.recent(t);
        let share = |flow: &Flow| flow.recent(t) as f64 / total.max(1) as f64;
        // Where data comes in, other paths bring what comes after it.
        let missing = self.misses_since.filter(|since| t - since > self.usual_gap(t));
        let keeps_waiting = |flow: &Flow| missing.is_some_and(|since| flow.clock.heard < since);
        let stalled = self.flows.iter().find(|flow| {
            let stalls = flow.clock.stalled() || keeps_waiting(flow);
            flow.alive && stalls && (share(flow) >= CARRIES || self.lead.is(flow.device.as_ref()))
        });
        if self.is_free()
            && self.waits_since.is_some()
            && let Some(flow) = stalled
        {
            let (device, at) = (flow.device.clone(), self.progress.map_or(t, |last| last.told));
            self.begin(Cause::PathDead, device, at, t);
        }
        if let Some(shift) = self.lead.look(&self.flows, t)
            && self.open.is_none()
        {
            self.begin(shift.cause, Some(shift.from), shift.at, t);
        }
    }

    /// Whether news of a loss would begin a handover: it does in place of one that somebody chose.
    fn is_free(&self) -> bool {
        self.open.as_ref().is_none_or(|open| open.cause.is_chosen())
    }

    fn begin(&mut self, cause: Cause, from: Option<String>, at: f64, t: f64) {
        self.open = Some(Open {
            cause,
            from,
            at,
            moved: BTreeMap::new(),
            wanted: self.waits_since.is_some(),
            delivered_badly: false,
            expects: !self.sends
                && self
                    .progress
                    .is_some_and(|last| at - last.told <= self.usual_gap(at)),
            usual: self.usual_gap(at),
            noticed_at: t,
        });
    }

    /// One of these subflows that carries data.
    fn carries(&self, t: f64, which: impl Fn(&Flow) -> bool) -> Option<&Flow> {
        let total = self.recent(t);
        let of_these = self.flows.iter().filter(|flow| which(flow));
        let carrying = |flow: &&Flow| {
            let alone = !self
                .flows
                .iter()
                .any(|other| other.alive && !other.backup && !which(other));
            flow.recent(t) as f64 >= CARRIES * total.max(1) as f64 || (flow.alive && !flow.backup && alone)
        };
        of_these.into_iter().find(carrying)
    }

    /// A device went, or one of its addresses.
    pub(super) fn lose(&mut self, device: &str, address: Option<IpAddr>, cause: Cause, t: f64) {
        let hit = |flow: &Flow| {
            let own = address.is_none_or(|address| flow.path.0.ip() == address);
            own && flow.device.as_deref() == Some(device)
        };
        match &mut self.open {
            // The news explains what was already seen.
            Some(open) if open.from.as_deref() == Some(device) => {
                let grave = matches!(open.cause, Cause::PathDead | Cause::ClosedByPeer)
                    || (open.cause == Cause::AddressLost && cause == Cause::LinkLost);
                if grave && t - open.at < HEALTHY_S {
                    open.cause = cause;
                }
            }
            Some(open) if !open.cause.is_chosen() => {}
            _ => {
                if let Some(from) = self.carries(t, hit).map(|flow| flow.device.clone()) {
                    self.begin(cause, from, t, t);
                }
            }
        }
    }

    /// A subflow ended.
    pub(super) fn lose_subflow(&mut self, path: (SocketAddr, SocketAddr), cause: Cause, t: f64) {
        if !self.is_free() {
            return;
        }
        let went = self
            .went
            .take_if(|went| went.path == path && t - went.at < TOLD_S);
        if let Some(flow) = self.carries(t, |flow| flow.path == path) {
            let from = flow.device.clone();
            self.begin(cause, from, t, t);
        } else if let Some(went) = went {
            self.begin(cause, went.device, went.at, t);
        }
    }

    /// Somebody closed a subflow here; whether it is one of these, whose end was told already.
    pub(super) fn was_closed_here(&mut self, path: (SocketAddr, SocketAddr), t: f64) -> bool {
        let mine = self.flows.iter().any(|flow| flow.path == path);
        match &mut self.open {
            Some(open) if mine && open.cause == Cause::ClosedByPeer && t - open.at < HEALTHY_S => {
                open.cause = Cause::ClosedLocally;
                true
            }
            _ => false,
        }
    }

    /// An endpoint was removed here, with its subflows.
    pub(super) fn was_removed_here(&mut self, address: IpAddr, t: f64) {
        let mine = self.flows.iter().any(|flow| flow.path.0.ip() == address);
        if let Some(open) = &mut self.open
            && mine
            && open.cause == Cause::ClosedByPeer
            && t - open.at < HEALTHY_S
        {
            open.cause = Cause::ClosedLocally;
        }
    }

    /// A subflow was made backup, or no longer is.
    pub(super) fn reprioritise(&mut self, path: Option<(SocketAddr, SocketAddr)>, backup: bool, t: f64) {
        self.doubt_until = t + SHIFT_S;
        let left = self.carries(t, |flow| backup && Some(flow.path) == path);
        let from = left.and_then(|flow| flow.device.clone());
        self.lead.reprioritise(from, t);
    }

    /// A device came up, or got an address.
    pub(super) fn welcome(&mut self, device: &str, t: f64) {
        self.came = Some((device.to_owned(), t));
    }

    pub(super) fn forget_time(&mut self) {
        self.progress = None;
        self.open = None;
    }

    /// Ends the handover once delivery is as before, or once it is clear that there was nothing to deliver.
    pub(super) fn settle(&mut self, t: f64) -> Option<Handover> {
        let open = self.open.as_ref()?;
        let since = open.disturbed_until(&self.gaps);
        let delivers = |last: Progress| last.told > since && t - last.told <= open.usual.max(LEAST_GAP_S);
        // What was coming in may come in again, for a while if there is another path, else whenever this one is back.
        let other = |flow: &Flow| flow.alive && flow.device != open.from;
        let expects = open.expects && (t - open.noticed_at < LONG_S || !self.flows.iter().any(other));
        let idle = self.waits_since.is_none() && (!expects || self.sends);
        let healthy = self.progress.is_some_and(delivers) || idle;
        let long =
            t - open.noticed_at > LONG_S && self.progress.is_some_and(|last| t - last.told < HEALTHY_S);
        if (t - since.max(open.noticed_at) < HEALTHY_S || !healthy) && !long {
            return None;
        }
        self.finish(t, true)
    }

    /// The connection is gone.
    pub(super) fn end(mut self, t: f64) -> Option<Handover> {
        // An end in good order is no handover: the data was delivered.
        if self.waits_since.is_some() {
            self.finish(t, false)
        } else {
            None
        }
    }

    fn finish(&mut self, t: f64, survived: bool) -> Option<Handover> {
        let mut open = self.open.take()?;
        if !survived && let Some(last) = self.progress {
            let end = Moment {
                earliest: t,
                latest: t,
            };
            let stop = last.last_delivery(&self.flows, self.told_since);
            self.gaps.push_back(Gap::between(stop, end));
        }
        // What was bad and delivered all the same, and was left, was not dead.
        if open.cause == Cause::PathDead && open.has_left() && open.delivered_badly {
            open.cause = Cause::PathDegraded;
        }
        let handover = open.conclude(&self.gaps, self.cookie, self.token, survived)?;
        self.lead.pass_to(handover.to.clone());
        Some(handover)
    }
}
