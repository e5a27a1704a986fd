//! One connection, as far as its delivery is concerned.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use super::evidence::{Flow, RECENT_S, delivered, sent_at, waits};
use super::{Cause, Handover, Interruption};
use crate::model::{Connection, Cookie, TcpState, Token};

/// How far back stretches without delivery are the usual ones, seconds.
const USUAL_S: f64 = 10.0;
/// So long must delivery go on without a stretch out of the usual to be as before, seconds.
const HEALTHY_S: f64 = 1.0;
/// A stretch shorter than this is never out of the usual, seconds.
const LEAST_GAP_S: f64 = 0.1;
/// The subflow's clocks count in jiffies, 4 ms at 250 Hz (CONFIG_HZ).
const CLOCK_S: f64 = 0.004;
/// A subflow carries when it moved this share of what the connection moved.
const CARRIES: f64 = 0.1;
/// From this share on it carries most, and below the other it no longer does.
const MOST: f64 = 0.6;
const LITTLE: f64 = 0.1;
/// A subflow that came within this time is new, seconds.
const NEW_S: f64 = 5.0;
/// So long may data take to leave a path for another, seconds.
const SHIFT_S: f64 = 3.0;

/// A stretch without delivery.
#[derive(Clone, Copy, Debug)]
struct Gap {
    from: f64,
    to: f64,
    uncertainty: f64,
}

impl Gap {
    fn length(&self) -> f64 {
        self.to - self.from
    }

    /// How long it was at least.
    fn surely(&self) -> f64 {
        (self.length() - self.uncertainty).max(0.0)
    }
}

/// A handover that has not ended.
#[derive(Clone, Debug)]
struct Open {
    cause: Cause,
    from: Option<String>,
    /// When something happened.
    at: f64,
    /// The stretches since, out of the usual or not.
    gaps: Vec<Gap>,
    /// What each device moved since.
    moved: BTreeMap<String, u64>,
    /// Whether there was anything to deliver.
    wanted: bool,
    /// What was usual before.
    usual: f64,
}

/// Most of the data began to go another way.
#[derive(Clone, Debug)]
struct Shift {
    from: String,
    at: f64,
    /// Whether that way is new, and no backup.
    better: bool,
}

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Track {
    /// When it was first seen.
    began_at: f64,
    cookie: Cookie,
    token: Option<Token>,
    flows: Vec<Flow>,
    delivered: u64,
    /// When it last delivered.
    delivered_at: Option<f64>,
    /// What was sent, and what the peer acknowledged.
    sent: u64,
    acked: u64,
    /// Since when data waits to be delivered, if it does.
    waits_since: Option<f64>,
    /// Stretches without delivery: when they ended and how long they were.
    usual: VecDeque<(f64, f64)>,
    open: Option<Open>,
    /// When a subflow's priority last changed.
    priority_at: Option<f64>,
    /// The device that carried most.
    leader: Option<String>,
    shift: Option<Shift>,
    /// When it alone was last looked at.
    looked_at: Option<f64>,
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
            delivered_at: None,
            sent: connection.bytes_sent.unwrap_or(0),
            acked: connection.bytes_acked.unwrap_or(0),
            waits_since: None,
            usual: VecDeque::new(),
            open: None,
            priority_at: None,
            leader: None,
            shift: None,
            looked_at: None,
        }
    }

    /// It was looked at, whether or not something had changed.
    pub(super) fn look(&mut self, t: f64) {
        self.looked_at = Some(t);
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes the connection as it is at `t`; the sample before was taken at `before`.
    pub(super) fn take(&mut self, connection: &Connection, before: f64, t: f64) {
        let before = self.looked_at.map_or(before, |at| at.max(before));
        self.token = connection.token.or(self.token);
        self.take_flows(connection, t);
        let total = delivered(connection);
        let moved = total.saturating_sub(self.delivered);
        self.delivered = self.delivered.max(total);
        let waited = self.waits_since;
        let sent = connection
            .bytes_sent
            .map_or(0, |sent| sent.saturating_sub(self.sent));
        self.sent = connection.bytes_sent.unwrap_or(self.sent);
        let since = || waited.unwrap_or_else(|| sent_at(connection, sent, before, t));
        self.waits_since = waits(connection).then(since);
        if let Some(open) = &mut self.open {
            open.wanted |= self.waits_since.is_some() || moved > 0;
        }
        if moved > 0 {
            let sends = connection.bytes_acked.is_some_and(|acked| acked > self.acked);
            // What is sent and acknowledged between two samples did not wait; what arrives may have.
            let since = if sends { waited } else { self.delivered_at };
            self.progress(connection, since, before, t);
        }
        self.acked = connection.bytes_acked.unwrap_or(self.acked);
        self.suspect(t);
    }

    fn take_flows(&mut self, connection: &Connection, t: f64) {
        for flow in &mut self.flows {
            let here = connection
                .subflows
                .iter()
                .any(|subflow| subflow.cookie == flow.cookie);
            flow.alive &= here;
        }
        for subflow in &connection.subflows {
            match self.flows.iter_mut().find(|flow| flow.cookie == subflow.cookie) {
                Some(flow) => {
                    let had = flow.delivered;
                    flow.take(subflow, t);
                    let moved = flow.delivered.saturating_sub(had);
                    if let (Some(open), Some(device)) = (&mut self.open, &flow.device) {
                        *open.moved.entry(device.clone()).or_default() += moved;
                    }
                }
                None if subflow.state == TcpState::Established => {
                    // Those with which a connection begins are no better paths that came.
                    let begins = t - self.began_at < NEW_S;
                    let since = if begins { f64::NEG_INFINITY } else { t };
                    self.flows.push(Flow::new(subflow, since));
                }
                None => {}
            }
        }
        self.flows
            .retain(|flow| flow.alive || flow.moves.back().is_some_and(|(at, _)| t - at < 2.0 * RECENT_S));
    }

    /// Data was delivered between `before` and `t` that waited since a moment, if it waited.
    fn progress(&mut self, connection: &Connection, since: Option<f64>, before: f64, t: f64) {
        if let Some((last, since)) = self.delivered_at.zip(since) {
            let last = last.max(since).min(t);
            let to = f64::midpoint(before.max(last), t);
            let gap = Gap {
                from: last,
                to,
                uncertainty: (t - before.max(last)) / 2.0 + CLOCK_S,
            };
            match &mut self.open {
                Some(open) => open.gaps.push(gap),
                None => self.usual.push_back((t, gap.surely())),
            }
            while self.usual.front().is_some_and(|(at, _)| t - at > USUAL_S) {
                self.usual.pop_front();
            }
        }
        let at = self.last_heard(connection, t).unwrap_or(t);
        self.delivered_at = Some(at.clamp(before.min(t), t));
    }

    /// When the subflow that carries most, of those that moved something just now, last heard of the peer, by its own
    /// clock. The others may hear later, and of nothing that could be delivered: what the first one lacks comes before.
    fn last_heard(&self, connection: &Connection, t: f64) -> Option<f64> {
        let moved = self
            .flows
            .iter()
            .filter(|flow| flow.moves.back().is_some_and(|(at, _)| *at >= t));
        let most = moved.max_by_key(|flow| flow.recent(t))?;
        let mut subflows = connection.subflows.iter();
        let subflow = subflows.find(|subflow| subflow.cookie == most.cookie)?;
        let clocks = [subflow.last_ack_received_ms, subflow.last_data_received_ms];
        let newest = clocks.into_iter().flatten().min()?;
        Some(t - f64::from(newest) / 1000.0)
    }

    /// The longest stretch without delivery that is still as usual.
    fn usual_gap(&self) -> f64 {
        let longest = self.usual.iter().map(|(_, length)| *length).fold(0.0, f64::max);
        (1.5 * longest).max(LEAST_GAP_S)
    }

    /// Looks for what no event tells: a path that lets nothing through, and data that moved elsewhere.
    fn suspect(&mut self, t: f64) {
        let total: u64 = self.flows.iter().map(|flow| flow.recent(t)).sum();
        let share = |flow: &Flow| flow.recent(t) as f64 / total.max(1) as f64;
        let stalled = self.flows.iter().find(|flow| {
            flow.alive && flow.stalled && (share(flow) >= CARRIES || self.leader == flow.device)
        });
        if self.is_free()
            && self.waits_since.is_some()
            && let Some(flow) = stalled
        {
            let (device, at) = (flow.device.clone(), self.delivered_at.unwrap_or(t));
            self.begin(Cause::PathDead, device, at);
        }
        if total == 0 {
            return;
        }
        let Some(most) = self.flows.iter().find(|flow| share(flow) >= MOST) else {
            return;
        };
        if self.leader != most.device {
            let old = std::mem::replace(&mut self.leader, most.device.clone());
            let new = t - most.since < NEW_S;
            self.shift = old.map(|from| Shift {
                from,
                at: t,
                better: !most.backup && new,
            });
        }
        // The old one may still carry something for a moment.
        let Some(shift) = self.shift.as_ref().filter(|shift| t - shift.at <= SHIFT_S) else {
            return;
        };
        let old = || {
            self.flows
                .iter()
                .filter(|flow| flow.device.as_ref() == Some(&shift.from))
        };
        if !old().all(|flow| share(flow) <= LITTLE) {
            return;
        }
        let from_backup = old().any(|flow| flow.backup) && !most.backup;
        let cause = if self.priority_at.is_some_and(|at| t - at < SHIFT_S) {
            Cause::PriorityChanged
        } else if from_backup || shift.better {
            Cause::PathReturned
        } else {
            return;
        };
        let (from, at) = (shift.from.clone(), shift.at);
        self.shift = None;
        if self.open.is_none() {
            self.begin(cause, Some(from), at);
        }
    }

    /// Whether news of a loss would begin a handover: it does in place of one that somebody chose.
    fn is_free(&self) -> bool {
        self.open.as_ref().is_none_or(|open| is_chosen(open.cause))
    }

    fn begin(&mut self, cause: Cause, from: Option<String>, at: f64) {
        let usual = self.usual_gap();
        self.open = Some(Open {
            cause,
            from,
            at,
            gaps: Vec::new(),
            moved: BTreeMap::new(),
            wanted: self.waits_since.is_some(),
            usual,
        });
    }

    /// One of these subflows that carries data.
    fn carries(&self, t: f64, which: impl Fn(&Flow) -> bool) -> Option<&Flow> {
        let total: u64 = self.flows.iter().map(|flow| flow.recent(t)).sum();
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
            Some(open) if !is_chosen(open.cause) => {}
            _ => {
                if let Some(from) = self.carries(t, hit).map(|flow| flow.device.clone()) {
                    self.begin(cause, from, t);
                }
            }
        }
    }

    /// A subflow ended.
    pub(super) fn lose_subflow(&mut self, path: (SocketAddr, SocketAddr), cause: Cause, t: f64) {
        if self.is_free()
            && let Some(flow) = self.carries(t, |flow| flow.path == path)
        {
            let from = flow.device.clone();
            self.begin(cause, from, t);
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

    pub(super) fn reprioritise(&mut self, t: f64) {
        self.priority_at = Some(t);
    }

    pub(super) fn forget_time(&mut self) {
        self.delivered_at = None;
        self.open = None;
    }

    /// Ends the handover once delivery is as before, or once it is clear that there was nothing to deliver.
    pub(super) fn settle(&mut self, t: f64) -> Option<Handover> {
        let open = self.open.as_ref()?;
        let last_long = open.gaps.iter().rev().find(|gap| gap.surely() > open.usual);
        let since = last_long.map_or(open.at, |gap| gap.to);
        let healthy = self
            .delivered_at
            .is_some_and(|at| at > since && t - at <= open.usual.max(LEAST_GAP_S))
            || self.waits_since.is_none();
        if t - since < HEALTHY_S || !healthy {
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
        let open = self.open.take()?;
        // Data that moves to a better path while nothing waits is no news.
        if is_chosen(open.cause) && open.gaps.is_empty() {
            return None;
        }
        let mut gaps = open.gaps;
        if !survived {
            gaps.extend(self.delivered_at.map(|from| Gap {
                from,
                to: t,
                uncertainty: CLOCK_S,
            }));
        }
        let longest = gaps
            .iter()
            .max_by(|a, b| a.surely().total_cmp(&b.surely()))
            .copied();
        let first = gaps
            .iter()
            .find(|gap| gap.surely() > open.usual)
            .or(longest.as_ref());
        let stop = first.map_or(open.at, |gap| gap.from);
        let last = gaps
            .iter()
            .rev()
            .find(|gap| gap.surely() > open.usual)
            .or(longest.as_ref());
        let interruption = longest.filter(|_| open.wanted).map(|gap| Interruption {
            t: gap.from,
            ms: milliseconds(gap.length()),
            uncertainty_ms: milliseconds(gap.uncertainty),
            recovery_ms: milliseconds(last.map_or(0.0, |gap| gap.to - stop)),
        });
        let others = open
            .moved
            .iter()
            .filter(|(device, _)| Some(*device) != open.from.as_ref());
        let most = others
            .max_by_key(|(_, moved)| **moved)
            .filter(|(_, moved)| **moved > 0);
        let again = || {
            let from = open.from.clone()?;
            (open.moved.get(&from).copied().unwrap_or(0) > 0).then_some(from)
        };
        let to = most.map(|(device, _)| device.clone()).or_else(again);
        self.leader.clone_from(&to);
        Some(Handover {
            t: stop,
            connection: self.cookie,
            token: self.token,
            cause: open.cause,
            from: open.from,
            to,
            interruption,
            survived,
        })
    }
}

/// Whether data moved because another path was better, not because this one was worse.
fn is_chosen(cause: Cause) -> bool {
    matches!(cause, Cause::PathReturned | Cause::PriorityChanged)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped first"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round().clamp(0.0, 1e12) as u64
}
