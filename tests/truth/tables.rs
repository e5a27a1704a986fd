//! The tables: a line a cut, a line a network, a line a role, and the totals against the goals.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the live rounds and the recorded ones use a part each"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::judge::{Truth, Verdict};

/// A round with what is to be said of it.
pub type Judged = (Truth, Vec<Verdict>);

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub rounds: usize,
    /// What was to be found.
    pub real: usize,
    pub found: usize,
    /// How many figures were judged, and how many were right.
    pub figures: usize,
    pub near: usize,
    pub honest: usize,
    pub right_cause: usize,
    pub dated: usize,
    pub twice: usize,
    pub invented: usize,
    errors: Vec<u64>,
    late_ms: u64,
}

impl Counts {
    pub fn of<'a>(rounds: impl IntoIterator<Item = &'a Judged>) -> Self {
        let mut counts = Self::default();
        for (truth, verdicts) in rounds {
            counts.rounds += 1;
            counts.late_ms = counts.late_ms.max(truth.late_ms);
            for verdict in verdicts {
                let yes = |which: bool| usize::from(which && verdict.real);
                counts.real += yes(true);
                counts.found += yes(verdict.found);
                counts.figures += yes(verdict.near.is_some());
                counts.near += yes(verdict.near == Some(true));
                counts.honest += yes(verdict.honest == Some(true));
                counts.right_cause += yes(verdict.found && verdict.right_cause);
                counts.dated += yes(verdict.found && verdict.dated);
                counts.twice += usize::from(verdict.twice);
                counts.invented += verdict.invented;
                counts.errors.extend(verdict.error_ms.map(i64::unsigned_abs));
            }
        }
        counts.errors.sort_unstable();
        counts
    }

    fn line(&self, name: &str) -> String {
        let of = |part: usize, whole: usize| match whole {
            0 => "-".to_owned(),
            _ => format!("{part}/{whole}"),
        };
        let middle = self.errors.get(self.errors.len() / 2);
        let number = |ms: Option<&u64>| ms.map_or("-".to_owned(), |ms| format!("{ms} ms"));
        format!(
            "{name:<18} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9} {:>5} {:>8} {:>8} {:>9} {:>7} ms",
            self.rounds,
            of(self.found, self.real),
            of(self.near, self.figures),
            of(self.honest, self.figures),
            of(self.right_cause, self.found),
            of(self.dated, self.found),
            self.twice,
            self.invented,
            number(middle),
            number(self.errors.last()),
            self.late_ms,
        )
    }

    /// What falls short of the goals, a sentence each.
    pub fn short_of_goals(&self) -> Vec<String> {
        let shares = [
            ("found", self.found, self.real, 99),
            ("near", self.near, self.figures, 95),
            ("honest", self.honest, self.figures, 95),
            ("right cause", self.right_cause, self.found, 98),
        ];
        let short = shares
            .into_iter()
            .filter(|(_, part, whole, goal)| part * 100 < whole * goal)
            .map(|(name, part, whole, goal)| format!("{name} {part} of {whole}, the goal is {goal} of 100"));
        let none = [("told twice", self.twice), ("invented", self.invented)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} {count}, the goal is none"));
        short.chain(none).collect()
    }
}

fn by(rounds: &[Judged], title: &str, name: impl Fn(&Truth) -> &str, text: &mut String) {
    let mut groups: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for round in rounds {
        groups.entry(name(&round.0)).or_default().push(round);
    }
    let _ = writeln!(
        text,
        "\n{title:<18} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9} {:>5} {:>8} {:>8} {:>9} {:>10}",
        "rounds", "found", "near", "honest", "cause", "date", "twice", "invented", "median", "worst", "late"
    );
    for (name, rounds) in groups {
        let _ = writeln!(text, "{}", Counts::of(rounds).line(name));
    }
}

/// Everything in tables, and the totals.
pub fn tables(rounds: &[Judged]) -> String {
    let mut text = String::new();
    by(rounds, "cut", |truth| &truth.cut, &mut text);
    by(rounds, "network", |truth| &truth.network, &mut text);
    by(rounds, "role", |truth| &truth.role, &mut text);
    by(rounds, "traffic", |truth| &truth.flow, &mut text);
    by(rounds, "", |_| "all", &mut text);
    let counts = Counts::of(rounds);
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    let _ = writeln!(
        text,
        "\nfound {:.1} % (goal 99), near {:.1} % (95), honest {:.1} % (95), right cause {:.1} % (98), \
         told twice {} (0), invented {} (0)",
        share(counts.found, counts.real),
        share(counts.near, counts.figures),
        share(counts.honest, counts.figures),
        share(counts.right_cause, counts.found),
        counts.twice,
        counts.invented
    );
    text
}

/// What is to be said of a round, a line a moment.
pub fn lines((truth, verdicts): &Judged) -> String {
    let mut text = String::new();
    for (number, verdict) in verdicts.iter().enumerate() {
        let mut what = format!("{} {}: usual {} ms", truth.cell, truth.round, truth.usual_ms);
        if let Some(moment) = truth.moments.get(number) {
            let more = if moment.goes_on { "+" } else { "" };
            let (t, gap_t, gap) = (moment.t, moment.gap_t, moment.gap_ms);
            let _ = write!(
                what,
                ", {} at {t:.3}, gap {gap}{more} ms from {gap_t:.3}",
                moment.what
            );
        }
        let _ = write!(text, "{what}; machine late by {} ms; ", truth.late_ms);
        let _ = match (verdict.is_good(), verdict.told.is_empty()) {
            (true, true) => write!(text, "good, nothing told"),
            (false, true) => write!(text, "NOTHING FOUND"),
            (true, false) => write!(text, "good:"),
            (false, false) => write!(text, "NOT GOOD ({}):", faults(verdict)),
        };
        for told in &verdict.told {
            let (t, cause, sentence) = (told.t, &told.cause, &told.sentence);
            let _ = write!(text, " [{t:.3} {cause}] {sentence}");
        }
        text.push('\n');
    }
    text
}

fn faults(verdict: &Verdict) -> String {
    let wrong = |right: Option<bool>| verdict.real && right == Some(false);
    let faults = [
        ("not found", verdict.real && !verdict.found),
        ("not near", wrong(verdict.near)),
        ("not honest", wrong(verdict.honest)),
        ("wrong cause", wrong(Some(verdict.right_cause))),
        ("wrong date", wrong(Some(verdict.dated))),
        ("twice", verdict.twice),
        ("invented", verdict.invented > 0),
    ];
    let faults = faults.into_iter().filter(|(_, is)| *is).map(|(name, _)| name);
    faults.collect::<Vec<_>>().join(", ")
}
