//! The recording that the window plays, as a frame sees it: where it stands, and where its handovers are.

use std::sync::Arc;

use crate::history::handover::Incident;
use crate::source::{Overview, Playback, SPEEDS, Transport};

/// So long after the end of a handover it is seen whole, seconds.
const AFTER_S: f64 = 1.0;
/// So long before a handover is begun with while playing, seconds.
const BEFORE_S: f64 = 2.0;

/// A recording in a frame.
#[derive(Clone)]
pub(super) struct Replay {
    pub playback: Playback,
    pub overview: Arc<Overview>,
    /// The file's name.
    pub file: String,
}

impl Replay {
    /// How a source that plays a recording stands now.
    pub(super) fn of(transport: &dyn Transport) -> Self {
        let path = transport.path();
        let name = path.and_then(|path| path.file_name());
        Self {
            playback: transport.playback(),
            overview: transport.overview(),
            file: name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        }
    }

    /// Its length, seconds.
    pub(super) fn length(&self) -> f64 {
        self.playback.ends - self.playback.begins
    }

    /// How much of it was read in the background, from 0 to 1; `None` when all was.
    pub(super) fn read_share(&self) -> Option<f64> {
        let read = (self.overview.read_to - self.playback.begins) / self.length().max(1e-9);
        (!self.overview.is_whole).then(|| read.clamp(0.0, 1.0))
    }

    /// Where to go to see the next handover, or the one before: just before it while playing, else to its end. `None`
    /// where there is none.
    pub(super) fn handover(&self, forward: bool) -> Option<f64> {
        let position = self.playback.position;
        let mut all = self.overview.history.incidents().iter();
        let found = if forward {
            // The one whose beginning is shown is no longer the next.
            all.find(|incident| incident.t > position + BEFORE_S + 0.1)
        } else {
            all.rfind(|incident| end(incident) < position - AFTER_S - 0.1)
        };
        found.map(|incident| {
            let at = if self.playback.is_playing {
                incident.t - BEFORE_S
            } else {
                end(incident) + AFTER_S
            };
            at.clamp(self.playback.begins, self.playback.ends)
        })
    }

    /// The next speed, or the one below.
    pub(super) fn speed(&self, faster: bool) -> Option<f64> {
        let now = self.playback.speed;
        let mut all = SPEEDS.into_iter();
        if faster {
            all.find(|speed| *speed > now)
        } else {
            all.rfind(|speed| *speed < now)
        }
    }
}

/// When data moved again, seconds on the stream.
fn end(incident: &Incident) -> f64 {
    let gaps = incident.members.iter().filter_map(|member| member.interruption);
    let longest = gaps.map(|gap| gap.ms).max().unwrap_or(0);
    incident.t + longest as f64 / 1000.0
}
