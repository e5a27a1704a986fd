//! The table: a line a case, a line a rule, and the sums; and what is not as it was expected.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::case::Case;
use super::catalogue::gaps::GAPS;
use super::judge::{Outcome, Verdict, place};

fn mark(verdict: Option<&Verdict>) -> &'static str {
    match verdict {
        None => "-",
        Some(Ok(())) => "yes",
        Some(Err(_)) => "NO",
    }
}

fn rule(case: &Case) -> &'static str {
    case.expected
        .first()
        .map_or("(healthy)", |expected| expected.rule)
}

pub fn text(cases: &[Case], outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    let heading = ["case", "on", "rule", "named", "recording", "mended", "quiet"];
    line(&mut text, heading);
    for (case, outcome) in cases.iter().zip(outcomes) {
        let [named, recorded, mended, quiet] = outcome.verdicts().map(|(_, verdict)| mark(verdict.as_ref()));
        let named = if outcome.broken.is_some() { "BROKEN" } else { named };
        line(
            &mut text,
            [
                &case.name,
                place(case),
                rule(case),
                named,
                recorded,
                mended,
                quiet,
            ],
        );
    }
    text += "\n";
    by_rule(&mut text, cases, outcomes);
    sums(&mut text, cases, outcomes);
    text
}

fn line(text: &mut String, [case, on, rule, rest @ ..]: [&str; 7]) {
    let [named, recorded, mended, quiet] = rest;
    let _ = writeln!(
        text,
        "{case:<58} {on:<7} {rule:<28} {named:<7} {recorded:<10} {mended:<7} {quiet}"
    );
}

fn by_rule(text: &mut String, cases: &[Case], outcomes: &[Outcome]) {
    let mut rules: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (case, outcome) in cases.iter().zip(outcomes) {
        let (of, rightly) = rules.entry(rule(case)).or_default();
        *of += 1;
        *rightly += usize::from(outcome.named == Some(Ok(())));
    }
    for (rule, (of, rightly)) in rules {
        let _ = writeln!(text, "{rule:<28} {rightly} of {of}");
    }
    text.push('\n');
}

fn sums(text: &mut String, cases: &[Case], outcomes: &[Outcome]) {
    let count = |healthy: bool, is_so: &dyn Fn(&Outcome) -> bool| {
        let both = cases.iter().zip(outcomes);
        both.filter(|(case, outcome)| case.is_healthy == healthy && is_so(outcome))
            .count()
    };
    let wrong = |verdict: &Option<Verdict>| matches!(verdict, Some(Err(_)));
    let right = |verdict: &Option<Verdict>| matches!(verdict, Some(Ok(())));
    let rules: std::collections::BTreeSet<_> =
        cases.iter().filter(|case| !case.is_healthy).map(rule).collect();
    let _ = writeln!(
        text,
        "rules {}; faults {}: named rightly {}, wrongly {}; healthy {}: false alarms {}; \
         mended {} of {}, quiet afterwards {} of {}; from a recording the same {} of {}; broken {}",
        rules.len(),
        count(false, &|_| true),
        count(false, &|outcome| right(&outcome.named)),
        count(false, &|outcome| wrong(&outcome.named)),
        count(true, &|_| true),
        count(true, &|outcome| wrong(&outcome.named)),
        count(false, &|outcome| right(&outcome.mended)),
        count(false, &|outcome| outcome.mended.is_some()),
        count(false, &|outcome| right(&outcome.quiet_afterwards)),
        count(false, &|outcome| outcome.quiet_afterwards.is_some()),
        outcomes
            .iter()
            .filter(|outcome| right(&outcome.from_recording))
            .count(),
        outcomes
            .iter()
            .filter(|outcome| outcome.from_recording.is_some())
            .count(),
        outcomes.iter().filter(|outcome| outcome.broken.is_some()).count(),
    );
    for (name, verdict, why) in GAPS {
        let _ = writeln!(text, "known gap: {name}: {verdict}: {why}");
    }
}

/// What is neither right nor a known gap, and known gaps that are none any more.
pub fn surprises(case: &Case, outcome: &Outcome) -> Vec<String> {
    let name = &case.name;
    let mut surprises = Vec::new();
    if let Some(why) = &outcome.broken {
        surprises.push(format!("{name}: the laboratory broke: {why}"));
    }
    let is_gap = |what: &str| GAPS.iter().any(|(case, gap, _)| case == name && *gap == what);
    // What the commands of another finding do says nothing.
    let is_unnamed = is_gap("named") && matches!(outcome.named, Some(Err(_)));
    for (what, verdict) in outcome.verdicts() {
        if is_unnamed && what != "named" {
            continue;
        }
        match verdict {
            Some(Err(why)) if !is_gap(what) => surprises.push(format!("{name}: {what}: {why}")),
            Some(Ok(())) if is_gap(what) => {
                surprises.push(format!(
                    "{name}: {what}: right by now: take it off the list of gaps"
                ));
            }
            _ => {}
        }
    }
    surprises
}
