//! Recorded rounds, fed through the detector: what it tells, held against what the receiving application saw.
//!
//! Every change of the detector is judged against the rounds in `tests/corpus` at once. A change of what the stream holds
//! needs them recorded anew, on a machine that has nothing else to do: those of a machine that was late are left out, and
//! the same again fills the gaps.
//!
//! ```text
//! rm tests/corpus/*
//! PATHSCOPE_TRUTH_ROUNDS=3 PATHSCOPE_TRUTH_CORPUS=tests/corpus cargo test --test truth -- --nocapture every_handover
//! ```
//!
//! PATHSCOPE_REPLAY prints every round that has this in its name, and PATHSCOPE_REPLAY_FROM takes the rounds of another
//! folder.

#![allow(clippy::unwrap_used)]

#[path = "truth/corpus.rs"]
mod corpus;
#[path = "truth/judge.rs"]
mod judge;
#[path = "truth/judge_tests.rs"]
mod judge_tests;
#[path = "truth/tables.rs"]
mod tables;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use crossbeam_channel::unbounded;
use nix::sys::resource::{UsageWho, getrusage};
use tables::{Counts, Judged, lines, tables};

/// How much of a processor's time it may take, so that nobody leaves it out; seconds.
const LIMIT_S: i64 = 10;

/// What the detector reaches now. What makes it better raises these; nothing lowers them.
struct Floors {
    found: usize,
    near: usize,
    honest: usize,
    right_cause: usize,
    dated: usize,
    twice_at_most: usize,
    invented_at_most: usize,
}

const FLOORS: Floors = Floors {
    found: 480,
    near: 441,
    honest: 436,
    right_cause: 477,
    dated: 475,
    twice_at_most: 2,
    invented_at_most: 3,
};

/// Every round of a folder, judged; the files are shared out among as many threads as there are processors.
fn judged(folder: &Path) -> Vec<Judged> {
    let (files, todo) = unbounded();
    for file in corpus::files(folder) {
        files.send(file).unwrap();
    }
    drop(files);
    let (done, results) = unbounded();
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                for file in &todo {
                    for (truth, told) in corpus::replay(&file) {
                        let verdicts = truth.judge(&told);
                        done.send((truth, verdicts)).unwrap();
                    }
                }
            });
        }
    });
    drop(done);
    let mut all: Vec<Judged> = results.into_iter().collect();
    all.sort_by(|(a, _), (b, _)| (&a.cell, a.round).cmp(&(&b.cell, b.round)));
    all
}

/// What this process took of a processor until now, seconds.
fn cost_s() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    usage.user_time().tv_sec() + usage.system_time().tv_sec()
}

#[test]
fn recorded_rounds_are_told_as_well_as_before() {
    let other = std::env::var_os("PATHSCOPE_REPLAY_FROM").map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let begun = Instant::now();
    let all = judged(other.as_deref().unwrap_or(&own));
    let (took, cost_s) = (begun.elapsed(), cost_s());
    if let Ok(wanted) = std::env::var("PATHSCOPE_REPLAY") {
        for round in all.iter().filter(|(truth, _)| truth.cell.contains(&wanted)) {
            print!("{}", lines(round));
        }
    }
    println!("{}", tables(&all));
    println!("{} rounds in {took:.1?}, {cost_s} s of a processor", all.len());
    if other.is_some() {
        return;
    }
    let counts = Counts::of(&all);
    let at_least = [
        ("found", counts.found, FLOORS.found),
        ("near", counts.near, FLOORS.near),
        ("honest", counts.honest, FLOORS.honest),
        ("with the right cause", counts.right_cause, FLOORS.right_cause),
        ("with the right date", counts.dated, FLOORS.dated),
    ];
    let at_most = [
        ("told twice", counts.twice, FLOORS.twice_at_most),
        ("invented", counts.invented, FLOORS.invented_at_most),
    ];
    let fewer = at_least.iter().filter(|(_, is, was)| is < was);
    let more = at_most.iter().filter(|(_, is, was)| is > was);
    let worse: Vec<String> = fewer
        .chain(more)
        .map(|(what, is, was)| format!("{what}: {is}, and it was {was}"))
        .collect();
    assert_eq!(worse, Vec::<String>::new(), "the detector became worse");
    assert!(cost_s < LIMIT_S, "it took {cost_s} s of a processor");
}
