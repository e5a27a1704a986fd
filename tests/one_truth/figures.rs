//! Every figure of the history against the counters that the stream has, found here in another way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread;

use crossbeam_channel::unbounded;
use pathscope::history::{Condition, Direction, History, SubflowHistory};
use pathscope::model::{ConnectionId, Cookie, Line, Sample, Subflow};

/// How far a rate may be from what the counters moved by, bits a second: points keep seven digits.
fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1.0 + one.abs().max(other.abs()) * 1e-4
}

/// What was read of one subflow: when, how much the peer has of it, and how much came in.
type Readings = Vec<(f64, [f64; 2])>;

/// The counters of every subflow over time.
#[derive(Default)]
struct Counters {
    subflows: HashMap<Cookie, (ConnectionId, Readings)>,
    /// When the first sample came, and the newest.
    times: Option<(f64, f64)>,
}

impl Counters {
    /// Takes a sample before the history does.
    fn take(&mut self, sample: &Sample) {
        let first = self.times.map_or(sample.t, |(first, _)| first);
        self.times = Some((first, sample.t));
        let read = |id: &ConnectionId| {
            let only = sample.only.as_ref();
            only.is_none_or(|only| only.iter().any(|token| ConnectionId::from(*token) == *id))
        };
        let mut changed = BTreeSet::new();
        for connection in &sample.connections {
            for subflow in connection.living_subflows() {
                changed.insert(subflow.cookie);
                let (_, readings) = self
                    .subflows
                    .entry(subflow.cookie)
                    .or_insert_with(|| (connection.id(), Vec::new()));
                let before = readings.last().map_or(0.0, |(_, values)| values[0]);
                let values = [
                    delivered(subflow).max(before),
                    subflow.bytes_received.unwrap_or(0) as f64,
                ];
                readings.push((sample.t, values));
            }
        }
        // What was read and is not told is as it was.
        for (cookie, (id, readings)) in &mut self.subflows {
            if !changed.contains(cookie)
                && read(id)
                && let Some((_, values)) = readings.last().copied()
            {
                readings.push((sample.t, values));
            }
        }
    }

    /// What the counters of a subflow moved by in the second before its newest reading, bits a second.
    fn rate(&self, cookie: Cookie, way: usize) -> f64 {
        let Some((_, readings)) = self.subflows.get(&cookie) else {
            return 0.0;
        };
        let (Some((first, _)), Some((last, values))) = (readings.first(), readings.last()) else {
            return 0.0;
        };
        let from = (last - 1.0).max(*first);
        let after = readings.partition_point(|(t, _)| *t <= from);
        let before = readings.get(after.saturating_sub(1)).unwrap();
        let begun = match readings.get(after) {
            Some(next) if next.0 > before.0 => {
                let share = (from - before.0) / (next.0 - before.0);
                before.1[way] + (next.1[way] - before.1[way]) * share
            }
            _ => before.1[way],
        };
        // What was before the first sample nobody knows.
        let (begin, end) = self.times.unwrap_or_default();
        (values[way] - begun) * 8.0 / (end - begin).clamp(0.25, 1.0)
    }
}

fn delivered(subflow: &Subflow) -> f64 {
    let beyond = f64::from(subflow.sacked.unwrap_or(0)) * f64::from(subflow.mss.unwrap_or(0));
    subflow.bytes_acked.map_or(0.0, |acked| acked as f64 + beyond)
}

/// What is wrong with what the history says of one moment.
fn faults(history: &History, counters: &Counters) -> Vec<String> {
    let mut faults = Vec::new();
    let mut by_device: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut all = (0.0, 0.0);
    for connection in history.state().connections.values() {
        let id = connection.id();
        let living: Vec<&SubflowHistory> = history.living_subflows(id).collect();
        let known = connection.living_subflows().count();
        if living.len() != known {
            faults.push(format!(
                "{} subflows in the history, {known} in the state",
                living.len()
            ));
        }
        let mut sum = (0.0, 0.0);
        for subflow in history.subflows_of(id) {
            let cookie = subflow.last.cookie;
            let (out, inward) = history.rates(subflow);
            let condition = history.condition(subflow);
            let carries = condition == Condition::Carrying;
            if carries != (out + inward > 0.0) {
                faults.push(format!(
                    "{cookie} is {condition:?} and moves {out} out, {inward} in"
                ));
            }
            let moved = [Direction::Sent, Direction::Received].map(|direction| {
                let way = usize::from(!direction.sends());
                (history.rate(subflow, direction), counters.rate(cookie, way))
            });
            for (told, moved) in moved {
                if carries && !near(told, moved) {
                    faults.push(format!(
                        "{cookie} moved {moved} bit/s in that second, and {told} is told"
                    ));
                }
            }
            sum = (sum.0 + out, sum.1 + inward);
            if let Some(device) = &subflow.last.interface {
                let one = by_device.entry(device.clone()).or_default();
                *one = (one.0 + out, one.1 + inward);
            }
        }
        let told = history.rate_of(id);
        if !near(told.0, sum.0) || !near(told.1, sum.1) {
            faults.push(format!("the subflows move {sum:?}, the connection {told:?}"));
        }
        if connection.has_no_path() && told.0 + told.1 > 0.0 {
            faults.push(format!("no path is left, and {told:?} moves"));
        }
        for direction in [Direction::Sent, Direction::Received] {
            let now = if direction.sends() { told.0 } else { told.1 };
            let peak = history.peak(id, direction);
            let is_stalled = |one: &&SubflowHistory| history.condition(one) == Condition::Stalled;
            if now > peak * 1.0001 + 1.0 && !living.iter().any(is_stalled) {
                faults.push(format!("{now} is more than the most of late, {peak}"));
            }
        }
        all = (all.0 + told.0, all.1 + told.1);
    }
    for (device, sum) in &by_device {
        let told = history.rate_over(device);
        if !near(told.0, sum.0) || !near(told.1, sum.1) {
            faults.push(format!("{device} carries {sum:?}, and {told:?} is told"));
        }
    }
    faults
}

/// How many figures were looked at, and what was wrong with them.
fn play(lines: Vec<Line>) -> (usize, Vec<String>) {
    let (mut history, mut counters) = (History::default(), Counters::default());
    let (mut looked, mut all) = (0, Vec::new());
    for line in lines {
        let t = line.t();
        if let Line::Sample(sample) = &line {
            counters.take(sample);
        }
        history.apply(line);
        looked += history.state().connections.len();
        let found = faults(&history, &counters);
        all.extend(found.into_iter().map(|fault| format!("at {t:.3}: {fault}")));
    }
    (looked, all)
}

#[test]
fn every_figure_is_what_the_counters_moved_by() {
    let (files, todo) = unbounded();
    for file in super::recorded(2) {
        files.send(file).unwrap();
    }
    drop(files);
    let (done, results) = unbounded();
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                for file in &todo {
                    for (number, lines) in super::streams(&file).into_iter().enumerate() {
                        let (looked, faults) = play(lines);
                        let name = format!("{} #{number}", file.file_name().unwrap().to_string_lossy());
                        done.send((name, looked, faults)).unwrap();
                    }
                }
            });
        }
    });
    drop(done);
    let results: Vec<(String, usize, Vec<String>)> = results.into_iter().collect();
    let looked: usize = results.iter().map(|(_, looked, _)| looked).sum();
    let faults: Vec<String> = results
        .iter()
        .flat_map(|(name, _, faults)| faults.iter().map(move |fault| format!("{name} {fault}")))
        .collect();
    println!("{looked} moments of {} recorded rounds", results.len());
    assert!(looked > 10_000, "there is something to look at: {looked}");
    let shown = faults.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "{} contradictions:\n{shown}", faults.len());
}

/// What the links of the recorded laboratory carry, bits a second.
const LINKS: [(&str, f64); 3] = [("wifi", 40e6), ("ethernet", 90e6), ("phone", 15e6)];
/// Samples are not taken at the very moment that they tell.
const SLACK: f64 = 1.02;

#[test]
fn no_rate_is_more_than_its_link_carries() {
    let lines = super::streams(&super::handover()).swap_remove(0);
    let mut history = History::default();
    let mut most: BTreeMap<&str, f64> = BTreeMap::new();
    for line in lines {
        history.apply(line);
        for (link, bps) in LINKS {
            let (out, inward) = history.rate_over(link);
            let all = most.entry(link).or_default();
            *all = all.max(out).max(inward);
            let t = history.now();
            assert!(out <= bps * SLACK, "{out} out of {link} at {t:.3}");
            assert!(inward <= bps * SLACK, "{inward} into {link} at {t:.3}");
        }
    }
    println!("the most of each link: {most:?}");
    assert!(most.values().any(|bps| *bps > 60e6), "they carry something");
}
