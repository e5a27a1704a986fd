//! Why a second path is not used: rules over plain facts, which a stream adds up to.
//!
//! [`Facts`] takes the lines of a stream. [`examine`] has every rule judge them: it holds, it is violated with evidence,
//! or it cannot be told and why. Rules are asked in order, and what one explains the later ones leave alone, so that one
//! cause is one finding. A finding holds no sentence: these are made in `words`.

mod examination;
mod facts;
mod finding;
mod mend;
mod report;
mod rules;
#[cfg(test)]
mod tests;
mod way;

pub use facts::{Facts, FailedJoin};
pub use finding::{CannotTell, Concerns, Evidence, Finding, RuleName, Severity, Subject, Verdict};
pub use report::{Report, examine};
pub use way::{Refusal, Way};
