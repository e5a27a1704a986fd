//! Handovers against the truth: what the receiving application itself saw, its longest gap between two arrivals.
//!
//! `cargo test --test truth` tries each cause a few times. `make truth` (PATHSCOPE_TRUTH_ROUNDS=100 and
//! PATHSCOPE_TRUTH_HEALTHY_S=1800) tries each a hundred times, at several rates and delays, and half an hour of healthy
//! traffic with idle pauses. Both print the table. PATHSCOPE_TRUTH_LABS says how many laboratories run at a time; with
//! PATHSCOPE_TRUTH_DUMP each round's stream and arrivals are left in that folder.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod round;
mod traffic;
mod watcher;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;
use pathscope::history::handover::Handover;
use pathscope::kernel::Namespace;
use pathscope::lab::{self, Lab};
use round::{Act, Metronome, Round, round};
use traffic::{Traffic, Way};
use watcher::Watcher;

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_secs(20);
const SERVER: &str = "10.77.0.1:7000";
/// A machine that is later than this has other things to do.
const LATE_MS: u64 = 40;
/// From so many rounds on the measurements are judged, not only printed.
const MANY: usize = 20;

fn inside<T: Send + 'static>(netns: &Path, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let namespace = Namespace::open(&netns.to_string_lossy()).unwrap();
    thread::spawn(move || {
        namespace.enter().unwrap();
        work()
    })
}

/// The number of an environment variable, else another.
fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// Rounds of every act, some at a time, each in a laboratory of its own.
fn play(rounds: u32, labs: u32) -> Vec<Round> {
    let only = std::env::var("PATHSCOPE_TRUTH_ACT").unwrap_or_default();
    let (jobs, todo) = unbounded();
    for number in 0..rounds {
        for act in Act::ALL {
            if format!("{act:?}").contains(&only) {
                jobs.send((act, number)).unwrap();
            }
        }
    }
    drop(jobs);
    let (done, results) = unbounded();
    thread::scope(|scope| {
        for _ in 0..labs {
            scope.spawn(|| {
                for (act, number) in &todo {
                    done.send(round(act, number)).unwrap();
                }
            });
        }
    });
    drop(done);
    results.into_iter().collect()
}

#[test]
fn every_handover_is_found_and_measured_near_the_truth() {
    if !common::can_make_namespaces("handovers against the truth") {
        return;
    }
    let rounds = number("PATHSCOPE_TRUTH_ROUNDS", 1);
    let mut wrong = Vec::new();
    let mut all = play(rounds, number("PATHSCOPE_TRUTH_LABS", 3));
    println!(
        "{:<16} {:>6} {:>6} {:>6} {:>8} {:>14} {:>10} {:>14}",
        "act", "rounds", "found", "near", "honest", "median error", "worst", "machine late"
    );
    for act in Act::ALL {
        let mut rounds: Vec<Round> = all.extract_if(.., |round| round.act == act).collect();
        if rounds.is_empty() {
            continue;
        }
        let few = rounds.len() < MANY;
        if few && !rounds.iter().any(Round::is_right) {
            // On a busy machine a single one may have passed before anything waited.
            rounds.push(round(act, 0));
        }
        let count = |which: fn(&Round) -> bool| rounds.iter().filter(|round| which(round)).count();
        let (found, honest) = (count(Round::is_right), count(Round::is_honest));
        let size = |round: &Round| round.error_ms().map_or(u64::MAX, i64::unsigned_abs);
        let near = count(Round::is_near);
        rounds.sort_by_key(size);
        // Those of which nothing was measured come last.
        let worst = rounds.iter().rev().find_map(Round::error_ms);
        let late = rounds.iter().map(|round| round.late_ms).max();
        println!(
            "{:<16} {:>6} {found:>6} {near:>6} {honest:>8} {:>11} ms {:>7} ms {:>11} ms",
            format!("{act:?}"),
            rounds.len(),
            rounds.get(rounds.len() / 2).map_or(0, size),
            worst.map_or(0, i64::unsigned_abs),
            late.unwrap_or(0)
        );
        for round in rounds.iter().filter(|round| few || !round.is_good()) {
            println!("    {round}");
        }
        // A few rounds on a busy machine say nothing about how near; many do.
        let most = if few { 1 } else { rounds.len() };
        if found < most || (!few && near * 100 < rounds.len() * 95) {
            wrong.push(act);
        }
    }
    assert_eq!(wrong, [], "see the table");
}

#[test]
fn healthy_traffic_with_idle_pauses_has_no_handover() {
    if !common::can_make_namespaces("no handover without a cause") {
        return;
    }
    let seconds = number("PATHSCOPE_TRUTH_HEALTHY_S", 15);
    thread::scope(|scope| {
        for way in [Way::Up, Way::Down] {
            scope.spawn(move || {
                let (mut found, late_ms) = healthy(seconds, way);
                // The laboratory's links are programs: on a machine that keeps them waiting the traffic is not healthy.
                if !found.is_empty() && late_ms > LATE_MS && seconds < 60 {
                    eprintln!("the machine was late by {late_ms} ms, so once more");
                    found = healthy(seconds, way).0;
                }
                assert_eq!(found, []);
            });
        }
    });
}

/// What is told of so many seconds of healthy traffic, and how late the machine was meanwhile at worst, ms.
fn healthy(seconds: u32, way: Way) -> (Vec<Handover>, u64) {
    let metronome = Metronome::start();
    let options = lab::Options {
        automatic: false,
        program: Some(common::pathscope()),
        ..lab::Options::default()
    };
    let lab = Lab::start(lab::scenario("handover").unwrap(), &options).unwrap();
    let traffic = Traffic::start(&lab, "10.77.1.2:0", 6_000, way);
    let keep = std::env::var_os("PATHSCOPE_TRUTH_DUMP");
    let watcher = Watcher::start(&lab.netns(), keep.is_some());
    let end = Instant::now() + Duration::from_secs(seconds.into());
    let mut found = Vec::new();
    let mut turn = 0_u64;
    while Instant::now() < end {
        // Busy for one to three seconds, idle for as long as comes; now and then the reader is slow, or does not read.
        turn += 1;
        let busy = turn % 2 == 1;
        traffic
            .rate
            .store(if busy { 6_000 * (turn % 5) } else { 0 }, Ordering::Relaxed);
        let slow_ms = match turn % 14 {
            5 => 100,
            11 => 1500,
            _ => 0,
        };
        traffic.slow.store(slow_ms * 1000, Ordering::Relaxed);
        let until = Instant::now() + Duration::from_millis(400 + turn % 7 * 300 + slow_ms);
        while let Ok(handover) = watcher.found.recv_deadline(until) {
            found.push(handover);
        }
    }
    let late_ms = metronome.worst_ms();
    println!(
        "{seconds} s of healthy traffic {way:?}: {} handovers; machine late by {late_ms} ms",
        found.len()
    );
    if let (Some(folder), false) = (keep, found.is_empty()) {
        let lines = watcher.lines.lock().unwrap();
        let lines: Vec<String> = lines
            .iter()
            .map(|(_, line)| serde_json::to_string(line).unwrap())
            .collect();
        std::fs::write(
            Path::new(&folder).join(format!("healthy-{way:?}.jsonl")),
            lines.join("\n"),
        )
        .unwrap();
    }
    (found, late_ms)
}
