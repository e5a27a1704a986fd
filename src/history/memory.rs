//! How much memory the history takes, and what goes when that is too much.

use super::series::{ConnectionHistory, Point, SubflowHistory};
use super::thinning::Spacing;
use super::{Event, History};
use crate::model::{Connection, Subflow, SubflowDetails};

/// How often the memory is counted, seconds on the stream.
const COUNT_EVERY_S: f64 = 1.0;
/// What a table, a name and an allocation cost beside the struct itself, bytes.
const BESIDE: usize = 96;

/// What the history knows of its memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    counted_at: Option<f64>,
    /// The last place in [`Spacing::LEVELS`] that was needed.
    level: usize,
}

impl History {
    /// About how much memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        let points: usize = self
            .subflows
            .values()
            .map(|subflow| subflow.points.capacity())
            .sum();
        let subflow =
            size_of::<SubflowHistory>() + size_of::<Subflow>() + size_of::<SubflowDetails>() + 3 * BESIDE;
        let connection = size_of::<ConnectionHistory>() + size_of::<Connection>() + 2 * BESIDE;
        points * size_of::<Point>()
            + self.subflows.len() * subflow
            + self.connections.len() * connection
            + self.events.len() * (size_of::<Event>() + BESIDE)
    }

    /// Merges points, level by level, once there is too much. The newest minute of everything outlasts what is older,
    /// and the connection that somebody looks at outlasts the others. Ends well below the bound, so that it is seldom.
    pub(super) fn stay_within_bounds(&mut self, now: f64) {
        let counted = self.memory.counted_at;
        if counted.is_some_and(|counted| now - counted < COUNT_EVERY_S) {
            return;
        }
        self.memory.counted_at = Some(now);
        if self.bytes() <= self.bounds.bytes {
            return;
        }
        let enough = self.bounds.bytes / 4 * 3;
        let first = self.memory.level.saturating_sub(1);
        for (level, spacing) in Spacing::LEVELS.into_iter().enumerate().skip(first) {
            self.memory.level = level;
            let (bounds, watched) = (self.bounds, self.watched);
            for subflow in self.subflows.values_mut() {
                let spared = Some(subflow.connection) == watched;
                subflow.thin(now, &bounds, if spared { Spacing::FINEST } else { spacing });
            }
            if self.bytes() <= enough {
                return;
            }
        }
    }
}
