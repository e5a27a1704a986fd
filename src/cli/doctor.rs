//! `doctor`: why a second path is not used, as JSON, as text, or as a ticket.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use crossbeam_channel::{at, never, select};
use serde::Serialize;

use super::durations::seconds;
use super::{Failure, Output, Styled};
use crate::doctor::{Facts, Finding, Report, RuleName, Severity, examine};
use crate::model::SCHEMA;
use crate::source::Source;
use crate::words::finding::{FindingInWords, advice, cannot_tell, evidence, held, severity, summary};
use crate::words::units::several;

/// How long it watches at most, unless told.
const WATCHED_AT_MOST: Duration = Duration::from_secs(3);
/// How long it watches where there is no connection that something could become of.
const WATCHED_WITHOUT_CONNECTION: Duration = Duration::from_millis(600);
/// How long it watches where nothing is found.
const WATCHED_WHEN_WELL: Duration = Duration::from_secs(2);

/// Arguments of `doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArguments {
    /// Print JSON
    #[arg(long, conflicts_with = "text")]
    pub json: bool,
    /// Print what belongs into a ticket: findings, connections, endpoints, limits, routes, counters
    #[arg(long)]
    pub text: bool,
    /// Watch for so many seconds [default: as long as it takes, at most 3]
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub seconds: Option<Duration>,
    /// Read lines that watch --json printed, or a recording, in place of the kernel
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Of a recording only so many seconds from its beginning [default: all]
    #[arg(long, value_name = "SECONDS", requires = "from", value_parser = seconds)]
    pub at: Option<Duration>,
}

/// `doctor --json`.
#[derive(Serialize)]
struct Listing {
    schema: u32,
    findings: Vec<FindingInWords>,
    checked: Vec<&'static str>,
    not_checked: Vec<NotChecked>,
}

#[derive(Serialize)]
struct NotChecked {
    rule: &'static str,
    why: &'static str,
}

/// Prints what is found in a source, once it has been watched for long enough.
///
/// # Errors
/// Why the source ended, or why a line could not be written. [`Failure`] with code 4 after the finding that this kernel
/// has no MPTCP.
pub fn print_findings(
    source: &dyn Source,
    arguments: &DoctorArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let facts = watch(source, arguments)?;
    if let Some(why) = source.failure().filter(|_| !facts.is_complete) {
        return Err(Failure::failed(why));
    }
    let report = examine(&facts);
    if arguments.json {
        let listing = Listing {
            schema: SCHEMA,
            findings: report.findings.iter().map(FindingInWords::from).collect(),
            checked: report.checked.iter().map(|rule| rule.text()).collect(),
            not_checked: report
                .not_checked
                .iter()
                .map(|(rule, why)| NotChecked {
                    rule: rule.text(),
                    why: cannot_tell(*why),
                })
                .collect(),
        };
        output.json(&listing)?;
    } else {
        print_text(&report, output)?;
        if arguments.text {
            super::ticket::print(&facts, output)?;
        }
    }
    output.flush()?;
    let is_absent = |finding: &Finding| finding.rule == RuleName::NotInKernel;
    if report.findings.iter().any(is_absent) {
        return Err(Failure::with_code(4, "this kernel has no MPTCP"));
    }
    Ok(())
}

/// Takes the lines of a source: all of a file, or of a living one as many as are needed.
fn watch(source: &dyn Source, arguments: &DoctorArguments) -> Result<Facts, Failure> {
    let mut facts = Facts::default();
    facts.take(&crate::model::Line::Header(source.header().clone()));
    let is_played = arguments.from.is_some();
    let began = Instant::now();
    let longest = arguments.seconds.unwrap_or(WATCHED_AT_MOST);
    // A machine that is slow gets its first sample all the same.
    let mut end = if is_played { never() } else { at(began + longest) };
    loop {
        let line = select! {
            recv(source.lines()) -> line => line,
            recv(end) -> _ => {
                if facts.is_complete {
                    break;
                }
                end = at(Instant::now() + Duration::from_secs(1));
                if began.elapsed() > Duration::from_mins(1) {
                    return Err(Failure::failed("the kernel was not read within a minute; try again"));
                }
                continue;
            }
        };
        let Ok(line) = line else {
            break;
        };
        if is_played && arguments.at.is_some_and(|end| line.t() > end.as_secs_f64()) {
            break;
        }
        facts.take(&line);
        if !is_played && arguments.seconds.is_none() && is_enough(&facts) {
            break;
        }
    }
    Ok(facts)
}

/// Whether watching on would tell nothing more, going by the stream's own time.
fn is_enough(facts: &Facts) -> bool {
    let watched = Duration::try_from_secs_f64(facts.t).unwrap_or_default();
    if !facts.is_complete || watched < WATCHED_WITHOUT_CONNECTION {
        return false;
    }
    if facts.settings.is_empty() {
        return true;
    }
    if facts.clients().is_empty() && facts.accepted().is_empty() {
        return facts.fallen_back().is_empty() || watched >= WATCHED_WHEN_WELL;
    }
    watched >= WATCHED_WHEN_WELL
        && !examine(facts)
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Problem)
}

fn print_text(report: &Report, output: &mut Output) -> Result<(), Failure> {
    let count = |wanted: Severity| {
        let findings = report.findings.iter();
        findings.filter(|finding| finding.severity == wanted).count()
    };
    let holding = report.holding().count();
    let head = match count(Severity::Problem) {
        0 => "No problem keeps paths from being used".to_owned(),
        1 => "1 problem keeps paths from being used".to_owned(),
        number => format!("{number} problems keep paths from being used"),
    };
    output.line(Styled::default().strong(head))?;
    output.line(format!(
        "{}, {}. {} checked, {holding} hold.",
        several(count(Severity::Warning), "warning"),
        several(count(Severity::Note), "note"),
        several(report.checked.len(), "rule"),
    ))?;
    for finding in &report.findings {
        output.line("")?;
        let mark = Styled::default();
        let mark = if finding.severity == Severity::Note {
            mark.faint(severity(finding.severity))
        } else {
            mark.alarming(severity(finding.severity))
        };
        output.line(
            mark.plain("  ")
                .strong(summary(finding))
                .faint(format!("  {}", finding.rule.text())),
        )?;
        for seen in &finding.evidence {
            output.line(format!("  {}", evidence(seen)))?;
        }
        output.line(format!("  {}", advice(finding)))?;
        for command in &finding.commands {
            output.line(Styled::from("    ").strong(command))?;
        }
    }
    if !report.not_checked.is_empty() {
        output.line("")?;
        output.line(Styled::default().strong("Cannot tell"))?;
        for (rule, why) in &report.not_checked {
            output.line(format!("  {}: {}", held(*rule), cannot_tell(*why)))?;
        }
    }
    Ok(())
}
