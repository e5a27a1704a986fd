//! What every benchmark prints: a figure beside its peer's in the same run, their ratio, and the most it may be.
#![allow(dead_code, unreachable_pub)]

use std::process::ExitCode;
use std::time::Duration;

/// One line of the table.
pub struct Row<'a> {
    /// What is measured.
    pub what: &'a str,
    /// Our figure, with its unit.
    pub ours: String,
    /// What it is held against.
    pub peer: &'a str,
    /// The peer's figure, with its unit.
    pub theirs: String,
    /// Ours over theirs, or what else the bound is on.
    pub figure: f64,
    /// The most that the figure may be.
    pub most: f64,
}

impl<'a> Row<'a> {
    /// Times in ms against the peer's, measured in turn: the medians, and the median of the pairs' ratios.
    pub fn of_pairs(what: &'a str, ours: &[f64], peer: &'a str, theirs: &[f64], most: f64) -> Self {
        Self {
            what,
            ours: ms(median(ours)),
            peer,
            theirs: ms(median(theirs)),
            figure: paired(ours, theirs),
            most,
        }
    }

    /// Prints the line.
    pub fn print(&self) {
        let verdict = if self.figure <= self.most {
            "reached"
        } else {
            "not reached"
        };
        println!(
            "{:<46} {:>10}   {:<34} {:>10}   {:>7.3} of at most {:<6} {verdict}",
            self.what, self.ours, self.peer, self.theirs, self.figure, self.most
        );
    }
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The value that so many percent do not exceed.
pub fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// The median of ours over theirs, pair by pair: what disturbs the machine disturbs both of a pair.
pub fn paired(ours: &[f64], theirs: &[f64]) -> f64 {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
    median(&ratios)
}

/// Milliseconds, as the table writes them.
pub fn ms(time: f64) -> String {
    format!("{time:.2} ms")
}

/// A time in ms.
pub fn in_ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How a benchmark ends. Where there are no namespaces or no display that is news, not a failure, unless everything has to
/// run.
pub fn end(short: bool, done: Result<(), String>) -> ExitCode {
    let Err(why) = done else {
        return ExitCode::SUCCESS;
    };
    eprintln!("the benchmark could not run: {why}");
    if std::env::var_os("CI").is_some() || !short {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
