//! Handovers against the truth: what the receiving application itself saw, its longest gap between two arrivals.
//!
//! `cargo test --test truth` plays a few rounds. `make truth` (PATHSCOPE_TRUTH_ROUNDS=20 and PATHSCOPE_TRUTH_HEALTHY_S=1800)
//! plays every cell of the matrix so often, and half an hour of healthy traffic. Both print tables.
//!
//! - PATHSCOPE_TRUTH_CELL takes the cells that have this in their names.
//! - PATHSCOPE_TRUTH_FROM begins with another round than the first, which has the number 0.
//! - PATHSCOPE_TRUTH_LABS says how many laboratories run at a time.
//! - PATHSCOPE_TRUTH_DUMP leaves each round's stream and arrivals in that folder.
//! - PATHSCOPE_TRUTH_CORPUS leaves the rounds' streams and truths in that folder, for `tests/replay.rs`; those that are there
//!   are not played again.

#![allow(clippy::unwrap_used)]

mod cell;
mod cells;
#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod cuts;
mod healthy;
#[path = "../hosts/mod.rs"]
mod hosts;
mod judge;
mod network;
mod round;
mod tables;
mod traffic;
mod watcher;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use cell::Cell;
use cells::{CELLS, FEW};
use crossbeam_channel::unbounded;
use judge::LATE_MS;
use round::{KEPT_S, Round, round};
use tables::{Counts, Judged, lines, tables};

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);

/// The number of an environment variable, else another.
fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

fn folder(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os(name)?);
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

/// Whether the firewall's program is there, and the kernel's part of it.
fn can_filter() -> bool {
    let table = "table netdev one { chain cut { type filter hook ingress device lo priority 0; drop; }; }";
    let tried = std::process::Command::new("unshare")
        .args(["--net", "nft", table])
        .output();
    let able = tried.is_ok_and(|output| output.status.success());
    if !able {
        common::did_not_run(
            "handovers against the truth",
            "paths are cut with nft, which is not there or not able",
        );
    }
    able
}

/// What is left of the rounds in folders.
#[derive(Default)]
struct Kept {
    dump: Option<PathBuf>,
    corpus: Option<PathBuf>,
    /// Held while a file of the corpus grows.
    grows: Mutex<()>,
}

impl Kept {
    fn new() -> Self {
        Self {
            dump: folder("PATHSCOPE_TRUTH_DUMP"),
            corpus: folder("PATHSCOPE_TRUTH_CORPUS"),
            grows: Mutex::default(),
        }
    }

    /// Whether a round was recorded before.
    fn has(&self, cell: &Cell, number: u32) -> bool {
        let folder = self.corpus.as_ref();
        folder.is_some_and(|folder| corpus::has(folder, &cell.to_string(), number))
    }

    fn keep(&self, round: &Round) {
        let Round { truth, lines, .. } = round;
        let from_t = truth.moments.first().map_or(0.0, |moment| moment.t) - KEPT_S;
        let text = || corpus::text(&round.header, lines, from_t, truth.end_t, truth);
        if let Some(folder) = &self.dump {
            dump(folder, round, &text());
        }
        // What a busy machine recorded says nothing.
        if let Some(folder) = self.corpus.as_ref().filter(|_| truth.late_ms <= LATE_MS) {
            let _only = self.grows.lock().unwrap();
            corpus::add(folder, truth, &text());
        }
    }
}

fn dump(folder: &Path, round: &Round, text: &str) {
    let Round { truth, arrivals, .. } = round;
    let file = folder.join(format!("{}.{:03}", truth.cell, truth.round));
    std::fs::write(file.with_added_extension("jsonl"), text).unwrap();
    let mut text = String::new();
    for (t, total) in arrivals {
        writeln!(text, "{t:.6} {total}").unwrap();
    }
    std::fs::write(file.with_added_extension("arrivals"), text).unwrap();
}

/// Rounds of every cell, some at a time.
fn play(cells: &[Cell], rounds: u32) -> Vec<Judged> {
    let only = std::env::var("PATHSCOPE_TRUTH_CELL").unwrap_or_default();
    let from = number("PATHSCOPE_TRUTH_FROM", 0);
    let kept = Kept::new();
    let (jobs, todo) = unbounded();
    for number in from..from + rounds {
        let wanted = |cell: &&Cell| cell.to_string().contains(&only) && !kept.has(cell, number);
        for cell in cells.iter().filter(wanted) {
            jobs.send((cell, number)).unwrap();
        }
    }
    drop(jobs);
    let (done, results) = unbounded();
    thread::scope(|scope| {
        for _ in 0..number("PATHSCOPE_TRUTH_LABS", 3) {
            scope.spawn(|| {
                for (cell, number) in &todo {
                    let round = round(cell, number);
                    kept.keep(&round);
                    let verdicts = round.truth.judge(&round.told);
                    let judged = (round.truth, verdicts);
                    print!("{}", lines(&judged));
                    done.send(judged).unwrap();
                }
            });
        }
    });
    drop(done);
    results.into_iter().collect()
}

#[test]
fn every_handover_is_found_and_measured_near_the_truth() {
    if !common::can_make_namespaces("handovers against the truth") || !can_filter() {
        return;
    }
    let rounds = number("PATHSCOPE_TRUTH_ROUNDS", 0);
    if rounds > 0 || std::env::var_os("PATHSCOPE_TRUTH_CELL").is_some() {
        let all = play(CELLS, rounds.max(1));
        println!("{}", tables(&all));
        let short = Counts::of(&all).short_of_goals();
        assert!(short.is_empty(), "see the tables: {}", short.join("; "));
        return;
    }
    let mut all = play(FEW, 1);
    // A few rounds on a busy machine say nothing about how near; many do. What was missed may have passed before anything
    // waited.
    for missed in all.extract_if(.., |round| !is_right(round)).collect::<Vec<_>>() {
        let cell = FEW.iter().find(|cell| cell.to_string() == missed.0.cell).unwrap();
        all.extend(play(&[*cell], 1));
    }
    println!("{}", tables(&all));
    let wrong: Vec<String> = all.iter().filter(|round| !is_right(round)).map(lines).collect();
    assert_eq!(wrong, Vec::<String>::new(), "see the tables");
}

/// Whether what was to be found was, with its cause, and nothing else.
fn is_right((_, verdicts): &Judged) -> bool {
    let right = |verdict: &judge::Verdict| {
        let found = verdict.found && verdict.right_cause;
        (!verdict.real || found) && verdict.invented == 0
    };
    verdicts.iter().all(right)
}
