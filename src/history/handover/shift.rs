//! Which way most of a connection's data goes, and why it came to go another way.

use super::Cause;
use super::evidence::{Flow, RECENT_S};

/// From this share on a subflow carries most.
const MOST: f64 = 0.6;
/// A subflow that came within this time is new, seconds.
pub(super) const NEW_S: f64 = 5.0;
/// So long may data take to leave a path for another, seconds.
pub(super) const SHIFT_S: f64 = 3.0;
/// A path may have been bad for so long before that could be known, seconds.
const UNKNOWN_S: f64 = 1.0;

/// The device that carries most.
#[derive(Clone, Debug, Default)]
pub(super) struct Lead {
    device: Option<String>,
    /// What it took over from, or is about to.
    taken: Option<Taken>,
    /// When a subflow's priority last changed.
    priority_at: Option<f64>,
}

#[derive(Clone, Debug)]
struct Taken {
    from: String,
    at: f64,
    /// Whether the way is new, and no backup.
    better: bool,
}

/// Data went another way for a reason.
pub(super) struct Shift {
    pub(super) cause: Cause,
    pub(super) from: String,
    /// When that began, and when it may have begun.
    pub(super) at: f64,
    pub(super) after: f64,
}

impl Lead {
    /// Whether this device carries most.
    pub(super) fn is(&self, device: Option<&String>) -> bool {
        self.device.as_ref() == device
    }

    /// Another device carries most, and it is known why.
    pub(super) fn pass_to(&mut self, device: Option<String>) {
        self.device = device;
    }

    /// A device has another name.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        let taken = self.taken.as_mut().map(|taken| &mut taken.from);
        for device in self.device.as_mut().into_iter().chain(taken) {
            if device == old {
                new.clone_into(device);
            }
        }
    }

    /// A subflow's priority changed, and the data is to leave this device, if it is.
    pub(super) fn reprioritise(&mut self, from: Option<String>, t: f64) {
        self.priority_at = Some(t);
        if let Some(from) = from {
            self.taken = Some(Taken {
                from,
                at: t,
                better: false,
            });
        }
    }

    /// Whether most of the data goes another way since lately, and why.
    pub(super) fn look(&mut self, flows: &[Flow], t: f64) -> Option<Shift> {
        let total: u64 = flows.iter().map(|flow| flow.recent(t)).sum();
        let most = flows
            .iter()
            .find(|flow| flow.recent(t) as f64 >= MOST * total.max(1) as f64)?;
        if self.device != most.device {
            let old = std::mem::replace(&mut self.device, most.device.clone());
            self.taken = old.map(|from| Taken {
                from,
                at: t,
                better: !most.backup && t - most.since < NEW_S,
            });
        }
        let taken = self.taken.as_ref().filter(|taken| t - taken.at <= SHIFT_S)?;
        if most.device.as_ref() == Some(&taken.from) {
            return None;
        }
        let old = || {
            flows
                .iter()
                .filter(|flow| flow.device.as_ref() == Some(&taken.from))
        };
        let from_backup = old().any(|flow| flow.backup) && !most.backup;
        let fallen = |flow: &&Flow| flow.alive && flow.quality.has_fallen(flow.recent(t) as f64 / RECENT_S);
        // Where it carries on as before, the other only came to its side.
        let left = old().all(|flow| !flow.alive || fallen(&flow));
        let worse = old()
            .filter(fallen)
            .filter_map(|flow| flow.quality.worse_since(t));
        let asked = self.priority_at.filter(|at| t - at < SHIFT_S && *at <= taken.at);
        let (cause, at, unknown) = if let Some(at) = asked {
            (Cause::PriorityChanged, at, 0.0)
        } else if left && (from_backup || taken.better) {
            (
                Cause::PathReturned,
                most.since.clamp(taken.at - SHIFT_S, taken.at),
                0.0,
            )
        } else {
            (Cause::PathDegraded, worse.reduce(f64::min)?, UNKNOWN_S)
        };
        let from = taken.from.clone();
        self.taken = None;
        Some(Shift {
            cause,
            from,
            at,
            after: at - unknown,
        })
    }
}
