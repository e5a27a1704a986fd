//! What every rule said of the facts.

use super::examination::Examination;
use super::facts::Facts;
use super::finding::{CannotTell, Finding, RuleName, Verdict};
use super::rules;

/// What every rule said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, the worst first, and of one severity the cause before what follows from it.
    pub findings: Vec<Finding>,
    /// The rules that were judged.
    pub checked: Vec<RuleName>,
    /// Those that could not be, and why.
    pub not_checked: Vec<(RuleName, CannotTell)>,
}

impl Report {
    /// The rules that were judged and are not violated.
    pub fn holding(&self) -> impl Iterator<Item = RuleName> {
        let violated = |rule: &RuleName| self.findings.iter().any(|finding| finding.rule == *rule);
        self.checked.iter().copied().filter(move |rule| !violated(rule))
    }
}

/// Has every rule judge.
pub fn examine(facts: &Facts) -> Report {
    let mut exam = Examination::new(facts);
    let mut report = Report::default();
    for (name, judge) in rules::ALL {
        match judge(&mut exam) {
            Verdict::Holds => report.checked.push(*name),
            Verdict::Violated(findings) => {
                report.checked.push(*name);
                report.findings.extend(findings);
            }
            Verdict::CannotTell(why) => report.not_checked.push((*name, why)),
        }
    }
    report
        .findings
        .sort_by_key(|finding| (finding.severity, finding.rule));
    report
}
