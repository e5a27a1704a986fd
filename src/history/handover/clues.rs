//! What happened lately that may explain something.

use super::evidence::Flow;
use crate::model::SocketAddr;

/// A subflow that goes within this time of the last delivery over it took the data with it, seconds.
const GONE_S: f64 = 0.4;

/// What happened lately that may explain something.
#[derive(Clone, Debug, Default)]
pub(super) struct Clues {
    /// The subflow that went last, of those that carried data.
    pub(super) lost_subflow: Option<Box<LostSubflow>>,
    /// The device that came up last, and when.
    pub(super) returned_interface: Option<Box<(String, f64)>>,
}

/// A subflow that carried data and is gone, which the kernel may tell of much later.
#[derive(Clone, Debug)]
pub(super) struct LostSubflow {
    pub(super) path: (SocketAddr, SocketAddr),
    pub(super) device: Option<String>,
    /// When it was last seen.
    pub(super) at: f64,
}

impl Clues {
    /// A subflow that carried data was last seen at `at`.
    pub(super) fn note_gone(&mut self, flow: &Flow, at: f64) {
        self.lost_subflow = Some(Box::new(LostSubflow {
            path: flow.path,
            device: flow.device.clone(),
            at,
        }));
    }

    /// Whether a subflow over a device that carried data went lately, when a stretch began at `at`.
    pub(super) fn has_gone(&self, device: Option<&String>, at: f64) -> bool {
        let went = self.lost_subflow.as_ref();
        went.is_some_and(|went| went.device.as_ref() == device && (went.at - at).abs() < GONE_S)
    }

    /// Whether a subflow that carried data went since then.
    pub(super) fn went_since(&self, then: f64) -> bool {
        self.lost_subflow.as_ref().is_some_and(|went| went.at >= then)
    }

    /// Whether a device came up after a moment, and no other since.
    pub(super) fn has_come(&self, device: Option<&str>, after: f64) -> bool {
        let came = self.returned_interface.as_ref();
        came.is_some_and(|came| device == Some(came.0.as_str()) && came.1 > after)
    }

    /// A device has another name.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        let left = self.lost_subflow.as_mut().and_then(|went| went.device.as_mut());
        let came = self.returned_interface.as_mut().map(|came| &mut came.0);
        for device in left.into_iter().chain(came).filter(|device| *device == old) {
            new.clone_into(device);
        }
    }
}
