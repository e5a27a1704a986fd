//! What the kernel's events say of why data moved or waited.

use std::net::IpAddr;

use super::evidence::Flow;
use super::track::{CARRIES, Track};
use super::{Cause, TOLD_S};
use crate::model::{Endpoint, SocketAddr};

/// A change of priority is found by comparing two samples, this far apart at most; seconds.
const TOLD_LATE_S: f64 = 0.5;
/// What was heard so much later than a round trip was sent after a moment, seconds.
const SAME_S: f64 = 0.05;
/// News may explain for so long what was seen before it, seconds.
const EXPLAINS_S: f64 = 1.0;

impl Track {
    /// One of these subflows that carries data.
    fn carries(&self, t: f64, which: impl Fn(&Flow) -> bool) -> Option<&Flow> {
        let total = self.recent(t);
        let of_these = self.flows.iter().filter(|flow| which(flow));
        let carrying = |flow: &&Flow| {
            let alone = !self
                .flows
                .iter()
                .any(|other| other.alive && !other.backup && !which(other));
            // What fell silent with a handover that was told carries no longer.
            let moves = flow.moves.back().is_some_and(|(at, _)| *at > self.owned_until);
            let share = flow.recent(t) as f64 >= CARRIES * total.max(1) as f64;
            moves && share || (flow.alive && !flow.backup && alone)
        };
        of_these.into_iter().find(carrying)
    }

    /// A device went, or one of its addresses.
    pub(super) fn lose(&mut self, device: &str, address: Option<IpAddr>, cause: Cause, t: f64) {
        let hit = |flow: &Flow| match address {
            // An address takes what uses it with it, whichever link carried that.
            Some(address) => flow.path.0.ip() == address && flow.owner.as_deref() == Some(device),
            None => flow.device.as_deref() == Some(device),
        };
        // It was known first by its silence, which nothing has broken since.
        if let Some(open) = &mut self.open
            && open.cause == Cause::PathDead
            && open.from.as_deref() == Some(device)
        {
            let silent = |flow: &Flow| flow.clock.last_heard_at < open.at + flow.clock.rtt() + SAME_S;
            let mut hits = self.flows.iter().filter(|flow| hit(flow)).peekable();
            if (address.is_none() || hits.peek().is_some()) && hits.all(silent) {
                open.cause = cause;
                return;
            }
        }
        let mut carried = self.carries(t, hit).map(|flow| flow.device.clone());
        let has = |flow: &&Flow| hit(flow) && flow.alive && flow.recent(t) > 0;
        let again = self.flows.iter().find(has).map(|flow| flow.device.clone());
        if self.make_room(again.is_some(), t) {
            // What caught up over another path meanwhile makes its share small.
            carried = carried.or(again);
        }
        let of_it = self
            .flows
            .iter()
            .find(|flow| hit(flow))
            .map(|flow| flow.device.clone());
        match &mut self.open {
            // The news explains what was already seen.
            Some(open)
                if Some(&open.from) == of_it.as_ref()
                    || (address.is_none() && open.from.as_deref() == Some(device)) =>
            {
                let grave = matches!(open.cause, Cause::PathDead | Cause::ClosedByPeer)
                    || (open.cause == Cause::AddressLost && cause == Cause::LinkLost);
                if grave && t - open.noticed_at < EXPLAINS_S {
                    open.cause = cause;
                }
            }
            Some(open) if open.cause == Cause::PathDead && t - open.noticed_at < EXPLAINS_S => {
                if let Some(from) = carried {
                    (open.cause, open.from) = (cause, from);
                }
            }
            Some(open) if !open.cause.is_chosen() => {}
            _ => {
                if let Some(from) = carried {
                    self.begin(cause, from, t, t);
                }
            }
        }
    }

    /// A subflow ended.
    pub(super) fn lose_subflow(&mut self, path: (SocketAddr, SocketAddr), cause: Cause, t: f64) {
        let carried = self
            .carries(t, |flow| flow.path == path)
            .map(|flow| flow.device.clone());
        let _ = self.make_room(carried.is_some(), t);
        let went = self
            .clues
            .lost_subflow
            .take_if(|went| went.path == path && t - went.at < TOLD_S);
        let from = carried
            .map(|device| (device, t))
            .or(went.map(|went| (went.device, went.at)));
        let Some((from, at)) = from else { return };
        match &mut self.open {
            // What fell silent a moment ago was closed.
            Some(open) if open.cause == Cause::PathDead && t - open.at < EXPLAINS_S => {
                (open.cause, open.from) = (cause, from);
            }
            Some(open) if !open.cause.is_chosen() => {}
            _ => self.begin(cause, from, at, t),
        }
    }

    /// Somebody closed a subflow here; whether it is one of these, whose end was told already.
    pub(super) fn was_closed_here(&mut self, path: (SocketAddr, SocketAddr), t: f64) -> bool {
        let mine = self.flows.iter().any(|flow| flow.path == path);
        mine && self.is_closed_here(t)
    }

    /// An endpoint was removed here, or changed, with its subflows.
    pub(super) fn was_removed_here(&mut self, endpoint: &Endpoint, t: f64) {
        if self.flows.iter().any(|flow| endpoint.may_have(flow.path.0)) {
            self.is_closed_here(t);
        }
    }

    fn is_closed_here(&mut self, t: f64) -> bool {
        match &mut self.open {
            Some(open) if open.cause == Cause::ClosedByPeer && t - open.noticed_at < EXPLAINS_S => {
                open.cause = Cause::ClosedLocally;
                true
            }
            _ => false,
        }
    }

    /// A subflow was made backup, or no longer is.
    pub(super) fn reprioritise(&mut self, path: Option<(SocketAddr, SocketAddr)>, backup: bool, t: f64) {
        let left = self.carries(t, |flow| backup && Some(flow.path) == path);
        // Told late, it happened when the path stopped carrying.
        let last = left.map(|flow| flow.clock.last_heard_at);
        let at = last.filter(|at| t - at <= TOLD_LATE_S).unwrap_or(t);
        let from = left.and_then(|flow| flow.device.clone());
        self.lead.reprioritise(from, at);
    }

    /// A device has another name.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        self.flows.iter_mut().for_each(|flow| flow.rename(old, new));
        if let Some(open) = &mut self.open {
            open.rename(old, new);
        }
        let resumed = self.resumed.as_mut().map(|resumed| &mut resumed.device);
        let ended = self
            .ended
            .iter_mut()
            .flat_map(|told| [&mut told.from, &mut told.to]);
        for device in resumed
            .into_iter()
            .chain(ended)
            .flatten()
            .filter(|device| *device == old)
        {
            new.clone_into(device);
        }
        self.clues.rename(old, new);
        self.lead.rename(old, new);
    }

    /// A device came up, or got an address.
    pub(super) fn interface_up(&mut self, device: &str, t: f64) {
        self.clues.returned_interface = Some(Box::new((device.to_owned(), t)));
    }
}
