//! Where there is no connection, the source rests, says so, and is awake again when the first one comes.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

#[path = "hosts/mod.rs"]
mod hosts;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hosts::Pair;
use pathscope::kernel::Namespace;
use pathscope::model::{EventKind, Line, Sample};
use pathscope::source::{LiveSource, Options, Source as _};
use socket2::Protocol;

const LIMIT: Duration = Duration::from_mins(1);
/// From one sample to the next while it rests, seconds.
const REST_S: f64 = 2.0;
/// A busy machine may be late once, hardly twice.
const ROUNDS: usize = 2;
/// Wake-ups are counted by the threads' names, which those of two sources share.
static ALONE: Mutex<()> = Mutex::new(());

fn next(source: &LiveSource) -> Line {
    source.lines().recv_timeout(LIMIT).expect("a line")
}

/// The next sample for which something is so.
fn sample(source: &LiveSource, wanted: impl Fn(&Sample) -> bool) -> Sample {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        if let Line::Sample(sample) = next(source)
            && wanted(&sample)
        {
            return *sample;
        }
    }
    panic!("no such sample within {LIMIT:?}");
}

/// Whether the next sample comes after a rest. How long everything may go unread at other times depends on what a reading
/// costs here, and is less.
fn is_resting(sample: &Sample) -> bool {
    sample
        .everything_within_ms
        .is_some_and(|ms| f64::from(ms) >= REST_S * 1000.0)
}

/// Whether what was shown so long after a sample that began a rest was not left until that was over.
fn ended_early(rested_s: &[f64]) {
    println!("shown after {rested_s:?} s of a rest of {REST_S} s");
    assert!(rested_s.iter().any(|s| *s < REST_S * 0.75), "{rested_s:?}");
}

/// Wake-ups of the source's own threads until now.
fn wakes() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads");
    let own = tasks.filter_map(|task| {
        let path = task.ok()?.path();
        let name = std::fs::read_to_string(path.join("comm")).ok()?;
        let status = std::fs::read_to_string(path.join("status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        let is_own = ["events", "sampler", "control", "processes"].contains(&name.trim());
        is_own.then(|| line.trim().parse::<u64>().ok())?
    });
    own.sum()
}

#[test]
fn without_a_connection_it_rests_and_the_first_one_shows_at_once() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(pair) = Pair::new() else { return };
    let namespace = Namespace::open(&pair.client.netns().to_string_lossy()).expect("a namespace");
    let source = LiveSource::open(&namespace, &Options::default()).expect("a source");
    let resting = sample(&source, is_resting);
    let (woken, began) = (wakes(), Instant::now());
    let later = sample(&source, |sample| sample.t > resting.t + 3.9);
    let seconds = began.elapsed().as_secs_f64();
    assert!(is_resting(&later), "it still rests");
    let a_second = (wakes() - woken) as f64 / seconds;
    // Four times as many where it does not rest.
    assert!(a_second <= 2.0, "{a_second} wake-ups a second");

    let (mut rested_s, mut was_awake) = (Vec::new(), false);
    for _ in 0..ROUNDS {
        let listener = pair.server.listen(Protocol::MPTCP, "10.1.0.2:7000");
        let resting = sample(&source, is_resting);
        let client = pair.client.connect(Protocol::MPTCP, "10.1.0.2:7000");
        let shown = sample(&source, |sample| !sample.connections.is_empty());
        rested_s.push(shown.t - resting.t);
        was_awake |= !is_resting(&shown);
        drop((client, listener));
        sample(&source, |sample| !sample.connections_gone.is_empty());
    }
    assert!(was_awake, "with a connection it does not rest");
    ended_early(&rested_s);
}

#[test]
fn a_link_that_goes_is_shown_at_once_while_it_rests() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(pair) = Pair::new() else { return };
    let namespace = Namespace::open(&pair.client.netns().to_string_lossy()).expect("a namespace");
    let source = LiveSource::open(&namespace, &Options::default()).expect("a source");
    let mut rested_s = Vec::new();
    for _ in 0..ROUNDS {
        let resting = sample(&source, is_resting);
        pair.client.ip("link set c2 down");
        while !matches!(next(&source), Line::Event(event) if event.kind == EventKind::InterfaceDown) {}
        let is_down = |sample: &Sample| {
            let mut interfaces = sample.interfaces.iter();
            interfaces.any(|interface| interface.name == "c2" && !interface.up)
        };
        rested_s.push(sample(&source, is_down).t - resting.t);
        pair.client.ip("link set c2 up");
        while !matches!(next(&source), Line::Event(event) if event.kind == EventKind::InterfaceUp) {}
    }
    ended_early(&rested_s);
}
