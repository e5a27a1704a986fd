//! The laboratory of faults: each fault for real between two hosts, what `pathscope doctor` says of it, and whether its
//! commands mend it; and as many hosts that are well, of which it says nothing.
//!
//! `make doctor` plays all and prints the table. `PATHSCOPE_DOCTOR_CASES=WORD` plays the cases with that word in their names
//! (`ONE|OTHER` those with either), `all` every one; `PATHSCOPE_DOCTOR_SHOW=1` prints what the kernel says of each instead of asking the doctor.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../hosts/mod.rs"]
mod hosts;

mod case;
mod catalogue;
mod findings;
mod judge;
mod network;
mod table;
mod traffic;

use std::sync::Mutex;
use std::time::Instant;

use case::Case;
use judge::{Outcome, judge, show};

/// Cases that play at once. They mostly wait, each for itself.
const AT_ONCE: usize = 5;

/// Which cases are to be played, in their order.
fn chosen() -> Vec<Case> {
    let wanted = std::env::var("PATHSCOPE_DOCTOR_CASES").ok();
    let is_wanted = |case: &Case| match wanted.as_deref() {
        None => case.is_short,
        Some("all") => true,
        Some(word) => word.split('|').any(|word| case.name.contains(word)),
    };
    catalogue::all().into_iter().filter(is_wanted).collect()
}

/// Plays all of them, some at once; what came of each, in their order.
fn play<T: Send>(cases: &[Case], of_one: impl Fn(&Case) -> T + Sync) -> Vec<T> {
    let next = Mutex::new(0..cases.len());
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(cases.len()) {
            scope.spawn(|| {
                loop {
                    let Some(at) = next.lock().unwrap().next() else {
                        return;
                    };
                    let begun = Instant::now();
                    let outcome = of_one(&cases[at]);
                    eprintln!("{:>4} s {}", begun.elapsed().as_secs(), cases[at].name);
                    outcomes.lock().unwrap().push((at, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// The outcome, and what was not as expected at first: real networks on a busy machine get one more try, which is told.
fn twice_where_it_surprises(case: &Case) -> (Outcome, Vec<String>) {
    let outcome = judge(case);
    let surprises = table::surprises(case, &outcome);
    if surprises.is_empty() {
        return (outcome, surprises);
    }
    (judge(case), surprises)
}

#[test]
fn faults_are_named_and_mended_and_healthy_hosts_are_left_alone() {
    if !common::can_make_namespaces("the laboratory of faults") {
        return;
    }
    let cases = chosen();
    assert!(!cases.is_empty(), "no case has that in its name");
    if std::env::var_os("PATHSCOPE_DOCTOR_SHOW").is_some() {
        for shown in play(&cases, show) {
            println!("{shown}");
        }
        return;
    }
    let judged = play(&cases, twice_where_it_surprises);
    let (outcomes, first_tries): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    println!("{}", table::text(&cases, &outcomes));
    for unsteady in first_tries.into_iter().flatten() {
        println!("UNSTEADY, tried once more: {unsteady}");
    }
    let both = cases.iter().zip(&outcomes);
    let surprises: Vec<String> = both
        .flat_map(|(case, outcome)| table::surprises(case, outcome))
        .collect();
    assert!(surprises.is_empty(), "\n{}", surprises.join("\n"));
}

#[test]
fn the_catalogue_is_as_large_as_it_says() {
    let cases = catalogue::all();
    let healthy = cases.iter().filter(|case| case.is_healthy).count();
    let faults = cases.len() - healthy;
    assert!(
        faults >= 25 && healthy >= 20,
        "{faults} faults, {healthy} healthy"
    );
    let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    for (name, _, _) in catalogue::gaps::GAPS {
        assert!(cases.iter().any(|case| case.name == *name), "no case {name}");
    }
    for case in &cases {
        assert_eq!(
            case.is_healthy,
            case.expected.iter().all(|one| one.severity == "note"),
            "{}",
            case.name
        );
    }
}
