//! Handovers that have not ended: what is known of them while they run, from the same facts as what is told at the end.

use super::open::Open;
use super::track::{LEAST_GAP_S, Track};
use super::{Cause, Detector, Interruption};
use crate::model::ConnectionId;

/// What no event told, but silence, is a pause until it has lasted for so long, seconds.
const SURE_S: f64 = 0.3;

/// Who carries on is known after so long, where nothing stood still; seconds.
const KNOWN_S: f64 = 0.5;

/// A handover of one connection that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    /// The connection.
    pub connection: ConnectionId,
    /// When it began, seconds on the stream.
    pub t: f64,
    /// Why, as far as is known so far.
    pub cause: Cause,
    /// The device that carried most before; `None` where all paths went.
    pub from: Option<String>,
    /// What has become of the delivery so far.
    pub delivery: Delivery,
}

/// What has become of a connection's delivery since a handover began.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Nothing has been delivered since this time, seconds on the stream.
    Stopped {
        /// When that began.
        since: f64,
    },
    /// Something is delivered again.
    Resumed {
        /// The device that carries most; `None` where that is not known, or it is down.
        over: Option<String>,
        /// The longest stretch without delivery; `None` where there was none beyond the usual pauses.
        gap: Option<Interruption>,
    },
    /// Nothing waits to be delivered.
    Idle,
}

impl Running {
    /// Since when nothing has been delivered, if so.
    pub fn stopped_since(&self) -> Option<f64> {
        match self.delivery {
            Delivery::Stopped { since } => Some(since),
            Delivery::Resumed { .. } | Delivery::Idle => None,
        }
    }
}

impl Detector {
    /// Every handover that has not ended at `t`, in order of connections.
    pub(in crate::history) fn all_running(&self, t: f64) -> Vec<Running> {
        let running = self.tracks.values().filter_map(|track| track.running(t, self));
        let mut all: Vec<_> = running.collect();
        all.sort_by_key(|one| one.connection);
        all
    }

    fn is_up(&self, device: &String) -> bool {
        !self.down.contains(device)
    }
}

impl Track {
    fn running(&self, t: f64, detector: &Detector) -> Option<Running> {
        let open = self.open.as_ref().filter(|open| !open.cause.is_chosen())?;
        let since = self.stopped_since(open, t);
        let mut so_far = open.clone();
        so_far.attribute(&self.with_gap_until(t), &self.clues);
        let (cause, happened_at) = (so_far.cause, so_far.happened_at);
        let all_went = so_far.nowhere || so_far.everywhere || self.has_no_path && so_far.paths.were_several();
        let from = so_far.from.clone().filter(|_| !all_went);
        let told = so_far.conclude(&self.gaps, self.id, self.token, true);
        let (gap, over) = told.map_or((None, None), |told| (told.interruption, told.to));
        let silent = matches!(cause, Cause::PathDead | Cause::PathDegraded);
        let lasted_s = since.map_or(0.0, |since| t - since);
        let was_long = gap.is_some_and(|gap| gap.ms as f64 / 1e3 > SURE_S);
        if silent && lasted_s < SURE_S && !was_long {
            return None;
        }
        let delivered = self.progress.is_some_and(|last| last.told > open.at);
        let delivery = match since {
            Some(since) => Delivery::Stopped { since },
            None if delivered => Delivery::Resumed {
                // What was on its way when the path went arrives yet, and then nothing does.
                over: over
                    .filter(|device| detector.is_up(device) && (gap.is_some() || t - open.at > KNOWN_S)),
                gap,
            },
            None => Delivery::Idle,
        };
        Some(Running {
            connection: self.id,
            t: since.unwrap_or(happened_at).min(happened_at),
            cause,
            from,
            delivery,
        })
    }

    /// Since when nothing has been delivered although something waits, or came in steadily before.
    fn stopped_since(&self, open: &Open, t: f64) -> Option<f64> {
        let (last, stop) = (self.progress?, self.last_delivery()?.middle());
        let expects = open.expects && !self.direction.sends();
        if self.waits_since.is_none() && !expects {
            return None;
        }
        // What is on its way when a path goes is delivered yet, and what flows pauses for a moment between two samples.
        let flows = last.told > open.at && t - last.at <= open.usual.max(2.0 * LEAST_GAP_S);
        (!flows).then(|| self.waits_since.map_or(stop, |since| stop.max(since)))
    }
}
