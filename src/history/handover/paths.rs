//! Which paths let something through while delivery stood still.

use std::collections::BTreeMap;

use super::evidence::Flow;
use crate::history::Direction;
use crate::model::Cookie;

/// What is heard so much later than a round trip was sent after delivery stopped, seconds.
const AFTER_S: f64 = 0.02;

/// What the subflows did since a handover began.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    /// Those that could carry when it began, and what became of them.
    subflows: Vec<(Cookie, Fate)>,
    /// What each device moved.
    moved: BTreeMap<String, u64>,
}

/// What became of a subflow.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    /// It carried data, or was tried.
    used: bool,
    /// Something was heard of the peer on it while nothing was delivered.
    spoke: bool,
}

impl Paths {
    /// The subflows that can carry.
    pub(super) fn of(flows: &[Flow]) -> Self {
        let fate = |flow: &Flow| Fate {
            used: flow.carried,
            spoke: false,
        };
        let able = flows.iter().filter(|flow| flow.alive && !flow.backup);
        Self {
            subflows: able.map(|flow| (flow.cookie, fate(flow))).collect(),
            moved: BTreeMap::new(),
        }
    }

    /// Takes the subflows as they are; `stands_since` says since when nothing has been delivered, if so.
    pub(super) fn see(&mut self, flows: &[Flow], direction: Direction, stands_since: Option<f64>) {
        for flow in flows {
            if let (Some(device), 1..) = (&flow.device, flow.moved) {
                *self.moved.entry(device.clone()).or_default() += flow.moved;
            }
            let known = self
                .subflows
                .iter_mut()
                .find(|(cookie, _)| *cookie == flow.cookie);
            if let Some((_, fate)) = known {
                fate.used |= flow.clock.unacked();
                // What comes in was sent before the path fell silent, for a while.
                let news = |since: f64| {
                    direction.sends() && flow.moved > 0
                        || flow.clock.last_heard_at > since + flow.clock.rtt() + AFTER_S
                };
                fate.spoke |= stands_since.is_some_and(news);
            }
        }
    }

    /// Whether there were several.
    pub(super) fn were_several(&self) -> bool {
        self.subflows.len() > 1
    }

    /// Whether there were several, and none let anything through while nothing was delivered.
    pub(super) fn are_all_silent(&self) -> bool {
        self.were_several() && self.subflows.iter().all(|(_, fate)| fate.used && !fate.spoke)
    }

    /// Whether none let anything through, whether or not all of them were tried.
    pub(super) fn none_spoke(&self) -> bool {
        self.were_several() && self.subflows.iter().all(|(_, fate)| !fate.spoke)
    }

    /// Whether a subflow of one of these let something through while nothing was delivered.
    pub(super) fn spoke(&self, flows: &[Flow], device: Option<&String>) -> bool {
        let on_it = |cookie: Cookie| {
            flows
                .iter()
                .any(|flow| flow.cookie == cookie && flow.device.as_ref() == device)
        };
        self.subflows
            .iter()
            .any(|(cookie, fate)| fate.spoke && on_it(*cookie))
    }

    /// What a device moved.
    pub(super) fn moved(&self, device: &str) -> u64 {
        self.moved.get(device).copied().unwrap_or(0)
    }

    /// The device that moved most beside another one, if any moved something.
    pub(super) fn most_beside(&self, device: Option<&String>) -> Option<(&String, u64)> {
        let others = self.moved.iter().filter(|(other, _)| Some(*other) != device);
        let most = others.max_by_key(|(_, moved)| **moved)?;
        (*most.1 > 0).then_some((most.0, *most.1))
    }

    /// A device has another name.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if let Some(moved) = self.moved.remove(old) {
            *self.moved.entry(new.to_owned()).or_default() += moved;
        }
    }
}
