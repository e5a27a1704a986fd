//! What every benchmark prints: a figure beside its peer's in the same run, their ratio or difference, the most it may be,
//! and whether it is; and how a benchmark ends.
//!
//! One whose bound is missed by more than [`TOLERANCE`], or that could not measure what it promises, ends with an error. With
//! `--short` times are printed but do not decide: few rounds on a busy machine say little about them. Memory and counts do.
#![allow(dead_code, unreachable_pub, reason = "each benchmark uses a part of it")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// By so much of itself a bound may be missed before that is an error: a neighbour on the machine costs as much.
const TOLERANCE: f64 = 0.2;

/// How many rows have ended in an error.
static FAILED: AtomicUsize = AtomicUsize::new(0);

/// What a row measures, which says whether it decides in the short form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A time, or what is made of times.
    Time,
    /// Memory, or a number of things.
    Amount,
}

/// How a figure stands to its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Reached,
    /// Within the tolerance.
    Nearly,
    Missed,
    /// A difference that is negative, or no larger than what it varies by.
    NotMeasured,
}

impl Verdict {
    fn of(figure: f64, most: f64) -> Self {
        if figure.is_nan() {
            Self::NotMeasured
        } else if figure <= most {
            Self::Reached
        } else if figure <= most * (1.0 + TOLERANCE) {
            Self::Nearly
        } else {
            Self::Missed
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Nearly => "not reached, by less than a fifth",
            Self::Missed => "MISSED",
            Self::NotMeasured => "NOT MEASURED",
        }
    }

    fn is_error(self) -> bool {
        matches!(self, Self::Missed | Self::NotMeasured)
    }
}

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

    /// Prints the line of a time, or of a share of the processor. In the short form it decides nothing.
    pub fn print(&self) {
        self.judge(Kind::Time, Verdict::of(self.figure, self.most), "");
    }

    /// Prints the line of memory, or of a count.
    pub fn print_amount(&self) {
        self.judge(Kind::Amount, Verdict::of(self.figure, self.most), "");
    }

    fn judge(&self, kind: Kind, verdict: Verdict, spread: &str) {
        let decides = kind == Kind::Amount || !is_short();
        let word = match verdict {
            _ if decides => verdict.word(),
            Verdict::Reached => "reached",
            _ => "not reached in the short form, which does not decide",
        };
        println!(
            "{:<46} {:>10}   {:<34} {:>10}   {:>7.3}{spread} of at most {:<6} {word}",
            self.what, self.ours, self.peer, self.theirs, self.figure, self.most
        );
        if decides && verdict.is_error() {
            FAILED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// By how much our figure exceeds the peer's, both measured in turn, pair by pair.
#[derive(Debug, Default)]
pub struct Difference {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Difference {
    /// Measures pairs, ours first, at least so many, and more until the difference stands out of its spread or there are
    /// `most` of them.
    ///
    /// # Errors
    /// Where a measurement fails.
    pub fn measure(
        least: usize,
        most: usize,
        mut pair: impl FnMut() -> Result<(f64, f64), String>,
    ) -> Result<Self, String> {
        let mut difference = Self::default();
        while difference.ours.len() < least || (!difference.is_clear() && difference.ours.len() < most) {
            let (ours, theirs) = pair()?;
            difference.ours.push(ours);
            difference.theirs.push(theirs);
        }
        Ok(difference)
    }

    /// The mean of the pairs' differences.
    fn value(&self) -> f64 {
        mean(&self.each())
    }

    /// Twice the standard error of the mean: in 19 of 20 runs the mean of many would be within it. With a single pair
    /// nothing is known of it.
    fn spread(&self) -> Option<f64> {
        let each = self.each();
        let count = each.len() as f64;
        let mean = mean(&each);
        let squares: f64 = each.iter().map(|one| (one - mean).powi(2)).sum();
        (each.len() > 1).then(|| 2.0 * (squares / (count - 1.0) / count).sqrt())
    }

    fn each(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.theirs).map(|(a, b)| a - b).collect()
    }

    /// Whether it is more than nothing, and more than what it varies by.
    fn is_clear(&self) -> bool {
        self.value() > self.spread().unwrap_or(0.0)
    }

    fn verdict(&self, most: f64) -> Verdict {
        if self.is_clear() {
            Verdict::of(self.value(), most)
        } else {
            Verdict::NotMeasured
        }
    }

    fn row<'a>(&self, what: &'a str, peer: &'a str, unit: &str, most: f64) -> Row<'a> {
        Row {
            what,
            ours: format!("{:.2} {unit}", mean(&self.ours)),
            peer,
            theirs: format!("{:.2} {unit}", mean(&self.theirs)),
            figure: self.value(),
            most,
        }
    }

    fn spread_in_words(&self) -> String {
        self.spread()
            .map_or_else(String::new, |spread| format!(" ± {spread:.3}"))
    }

    /// Prints the line of a difference of times. In the short form it decides nothing.
    pub fn print(&self, what: &str, peer: &str, unit: &str, most: f64) {
        self.row(what, peer, unit, most)
            .judge(Kind::Time, self.verdict(most), &self.spread_in_words());
    }

    /// Prints the line of a difference of memory.
    pub fn print_amount(&self, what: &str, peer: &str, unit: &str, most: f64) {
        self.row(what, peer, unit, most)
            .judge(Kind::Amount, self.verdict(most), &self.spread_in_words());
    }
}

/// Whether this is the form that `make test` runs.
pub fn is_short() -> bool {
    std::env::args().any(|argument| argument == "--short")
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
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
    if let Err(why) = done {
        eprintln!("the benchmark could not run: {why}");
        if std::env::var_os("CI").is_some() || !short {
            return ExitCode::FAILURE;
        }
    }
    match FAILED.load(Ordering::Relaxed) {
        0 => ExitCode::SUCCESS,
        failed => {
            eprintln!("{failed} of the figures above are missed by more than a fifth, or were not measured");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(pairs: &[(f64, f64)]) -> Difference {
        let mut pairs = pairs.iter().copied();
        let most = pairs.len();
        Difference::measure(2, most, || pairs.next().ok_or_else(|| "no more".to_owned())).expect("measured")
    }

    #[test]
    fn a_bound_is_missed_when_it_is_exceeded_by_more_than_a_fifth() {
        assert_eq!(Verdict::of(4.0, 4.0), Verdict::Reached);
        assert_eq!(Verdict::of(4.7, 4.0), Verdict::Nearly);
        assert_eq!(Verdict::of(4.9, 4.0), Verdict::Missed);
        assert_eq!(
            Verdict::of(1.0, 0.0),
            Verdict::Missed,
            "of nothing a fifth is nothing"
        );
        assert_eq!(Verdict::of(f64::NAN, 4.0), Verdict::NotMeasured);
    }

    #[test]
    fn a_difference_that_is_negative_or_drowns_in_its_spread_is_not_measured() {
        assert_eq!(
            difference(&[(1.0, 7.2), (1.0, 7.2)]).verdict(2.0),
            Verdict::NotMeasured
        );
        let noisy = [(4.0, 0.0), (0.0, 3.5), (3.0, 1.0)];
        assert_eq!(difference(&noisy).verdict(2.0), Verdict::NotMeasured);
        let clear = difference(&[(1.2, 0.8), (1.3, 0.8)]);
        assert_eq!(clear.verdict(2.0), Verdict::Reached);
        assert!((clear.value() - 0.45).abs() < 1e-9);
        assert_eq!(
            difference(&[(9.0, 0.8), (9.1, 0.8)]).verdict(2.0),
            Verdict::Missed
        );
    }

    #[test]
    fn pairs_are_measured_until_the_difference_is_clear() {
        let clear_at_the_fourth = [(3.0, 1.0), (1.0, 1.0), (2.0, 1.0), (2.0, 1.0), (2.0, 1.0)];
        let measured = difference(&clear_at_the_fourth);
        assert_eq!(measured.ours.len(), 4, "{:?}", measured.spread());
    }
}
