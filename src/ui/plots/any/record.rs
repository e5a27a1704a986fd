//! The values of chosen metrics from the moment they were chosen on. The history keeps few series of each subflow; these
//! are kept here, and no longer than somebody looks at them.

use rustc_hash::FxHashMap;

use super::metrics::{Display, SubflowMetric};
use crate::history::{History, Points};
use crate::model::{ConnectionId, Cookie, Subflow};
use crate::ui::resample::Timed;

/// How far back values are kept, seconds.
pub(super) const KEPT_S: f64 = 600.0;
/// The most values of one metric of one subflow, at the shortest interval.
const MOST: usize = 12_000;
/// The most values of all metrics and subflows: 40 bytes each.
const ALL: usize = 1_000_000;

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    pub t: f64,
    /// As the kernel told it; `None` where it did not.
    pub raw: Option<f64>,
    /// As it is shown: in another unit, and what only grows as what it grows by in a second.
    pub shown: Option<f64>,
}

impl Timed for Value {
    fn t(&self) -> f64 {
        self.t
    }
}

/// The values of one metric of one subflow.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub metric: &'static SubflowMetric,
    pub connection: ConnectionId,
    pub values: Points<Value>,
}

impl Recording {
    fn push(&mut self, t: f64, raw: Option<f64>, most: usize) {
        if self.values.back().is_some_and(|newest| newest.t >= t) {
            return;
        }
        let before = self
            .values
            .back()
            .and_then(|before| Some((before.t, before.raw?)));
        let shown = raw.and_then(|raw| {
            Display::of(&self.metric.field).shown(raw, before.map(|(at, value)| (t - at, raw - value)))
        });
        self.values.push_back(Value { t, raw, shown });
        let old = self.values.partition_point(|value| value.t < t - KEPT_S);
        let many = self.values.len().saturating_sub(most);
        for _ in 0..old.max(many) {
            self.values.pop_front();
        }
    }
}

/// What is chosen, and its values so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    /// The metrics, in the order in which they were chosen.
    pub chosen: Vec<&'static SubflowMetric>,
    /// The connections whose subflows are recorded: the one that is shown and the one beside it.
    pub connections: Vec<ConnectionId>,
    /// Since when; `None` before the first value.
    pub since: Option<f64>,
    recordings: FxHashMap<(Cookie, &'static str), Recording>,
    /// When each connection was read that was taken last.
    newest: FxHashMap<ConnectionId, f64>,
    /// How often something was taken: what was made of the values is to be made anew.
    pub taken: u64,
}

impl Recorder {
    /// Chooses a metric, or no longer.
    pub(super) fn toggle(&mut self, metric: &'static SubflowMetric) {
        let before = self.chosen.len();
        self.chosen.retain(|other| other.field.name != metric.field.name);
        if self.chosen.len() == before {
            self.chosen.push(metric);
            // Its first value is that of the newest sample.
            self.newest.clear();
        }
        self.forget_others();
    }

    /// Records the subflows of these connections, and forgets those of others.
    pub(super) fn follow(&mut self, connections: &[ConnectionId]) {
        if self.connections != connections {
            self.connections = connections.to_vec();
            self.forget_others();
        }
    }

    fn forget_others(&mut self) {
        let (chosen, connections) = (&self.chosen, &self.connections);
        self.recordings.retain(|(_, name), recording| {
            chosen.iter().any(|metric| metric.field.name == *name)
                && connections.contains(&recording.connection)
        });
        if self.recordings.is_empty() {
            self.forget();
        }
    }

    /// Forgets every value, not what is chosen.
    pub(super) fn forget(&mut self) {
        self.recordings.clear();
        self.newest.clear();
        self.since = None;
    }

    /// Takes the newest values, where there are any since the last time.
    pub(super) fn record(&mut self, history: &History) {
        if self.chosen.is_empty() {
            return;
        }
        let most = (ALL / self.recordings.len().max(1)).min(MOST);
        for connection in &self.connections {
            let t = history.read_at(*connection);
            let is_new = self.newest.get(connection).is_none_or(|newest| t > *newest);
            if !is_new || history.sampled_at().is_none() {
                continue;
            }
            self.newest.insert(*connection, t);
            self.taken += 1;
            self.since.get_or_insert(t);
            for subflow in history.subflows_of(*connection) {
                let last: &Subflow = &subflow.last;
                let ended = subflow.ended_at.is_some();
                for metric in &self.chosen {
                    let key = (last.cookie, metric.field.name);
                    if ended && !self.recordings.contains_key(&key) {
                        continue;
                    }
                    let recording = self.recordings.entry(key).or_insert_with(|| Recording {
                        metric,
                        connection: *connection,
                        values: Points::default(),
                    });
                    let value = metric.float(last).filter(|_| !ended);
                    // The end is told once.
                    if !ended || recording.values.back().is_some_and(|value| value.raw.is_some()) {
                        recording.push(t, value, most);
                    }
                }
            }
        }
        let now = history.now();
        let is_kept = |recording: &Recording| {
            recording
                .values
                .back()
                .is_some_and(|newest| newest.t >= now - KEPT_S)
        };
        self.recordings.retain(|_, recording| is_kept(recording));
    }

    /// What was recorded of a subflow.
    pub(super) fn of(&self, subflow: Cookie, metric: &SubflowMetric) -> Option<&Recording> {
        self.recordings.get(&(subflow, metric.field.name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::all;
    use super::*;
    use crate::model::Token;
    use crate::ui::test_data::Stage;

    fn metric(name: &str) -> &'static SubflowMetric {
        all().find(|metric| metric.field.name == name).expect("a metric")
    }

    #[test]
    fn a_recording_is_bounded_in_time_and_number() {
        let mut recording = Recording {
            metric: metric("cwnd"),
            connection: Token(1).into(),
            values: Points::default(),
        };
        for step in 0..7000_u32 {
            recording.push(f64::from(step) * 0.05, Some(10.0), 6000);
        }
        assert_eq!(recording.values.len(), 6000);
        recording.push(2000.0, None, 6000);
        assert_eq!(
            recording.values.len(),
            1,
            "what is older than ten minutes is gone"
        );
    }

    #[test]
    fn only_what_is_chosen_is_kept_and_a_sample_is_taken_once() {
        let stage = Stage::usual();
        let mut recorder = Recorder::default();
        recorder.follow(&[Token(1).into()]);
        recorder.record(&stage.history);
        assert!(recorder.since.is_none(), "nothing is chosen");
        recorder.toggle(metric("rtt_us"));
        for _ in 0..3 {
            recorder.record(&stage.history);
        }
        let count = |recorder: &Recorder| -> usize {
            recorder
                .recordings
                .values()
                .map(|recording| recording.values.len())
                .sum()
        };
        assert_eq!(count(&recorder), 2, "one value of each subflow");
        recorder.toggle(metric("cwnd"));
        recorder.record(&stage.history);
        assert_eq!(
            count(&recorder),
            4,
            "the newest sample has the next one's value, too"
        );
        recorder.toggle(metric("cwnd"));
        recorder.toggle(metric("rtt_us"));
        assert_eq!((count(&recorder), recorder.since), (0, None));
    }
}
