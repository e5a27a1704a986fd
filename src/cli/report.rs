//! `report`: what happened in a recording, as a page, as tables, as numbers, or in a few lines.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;

use super::durations::seconds;
use super::replace::replace_file;
use super::{Failure, Output, Styled};
use crate::model::Header;
use crate::model::text::for_terminal;
use crate::recording::Anonymiser;
use crate::report::{Builder, Ending, More, Part, Report, page, write_tables};
use crate::source::{FileSource, Pace, Source as _};
use crate::words::handover::{headline, outcome};
use crate::words::path::device_name;
use crate::words::units::{age, bytes, clock_as, several};
use crate::words::{connection, report as words};

/// The lines for people name so many connections and handovers.
const NAMED: usize = 10;
/// What stands for standard output.
const STDOUT: &str = "-";

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// A recording, or lines that watch --json printed
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write a page that needs nothing else to this file; - is standard output
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// Write tables into this directory: connections.csv, subflows.csv, throughput.csv and others
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// Print the numbers as JSON
    #[arg(long)]
    json: bool,
    /// Tell of what came after so many seconds of the recording
    #[arg(long, value_name = "S", value_parser = seconds)]
    from: Option<Duration>,
    /// Tell of what came before so many seconds of the recording
    #[arg(long, value_name = "S", value_parser = seconds)]
    to: Option<Duration>,
    /// Put stand-ins in the place of names and addresses
    #[arg(long)]
    anonymise: bool,
}

impl ReportArguments {
    fn prints_page(&self) -> bool {
        self.html.as_deref() == Some(Path::new(STDOUT))
    }

    fn check(&self) -> Result<(), Failure> {
        if self.prints_page() && self.json {
            return Err(Failure::usage(
                "the page and the JSON cannot both go to standard output: give --html a file",
            ));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(Failure::usage("--from must lie before --to"));
        }
        let same = |out: &Path| {
            let [file, out] = [&self.file, out].map(|path| path.canonicalize().ok());
            file.is_some() && file == out
        };
        if self.html.as_deref().is_some_and(same) {
            return Err(Failure::usage(
                "the page would take the place of the recording: give --html another name",
            ));
        }
        Ok(())
    }
}

/// Makes a report and writes it where the arguments say.
///
/// # Errors
/// When the file holds no recording, or what is to be written cannot be.
pub(super) fn run(arguments: &ReportArguments, output: &mut Output) -> Result<(), Failure> {
    arguments.check()?;
    let report = read(arguments)?;
    if let Some(why) = &report.recording.cut {
        note(&format!("{}: {}", arguments.file.display(), words::cut(why)));
    }
    if arguments.anonymise {
        note(words::REMAINS);
    }
    if let Some(to) = &arguments.html {
        let page = page(&report);
        if arguments.prints_page() {
            output.bytes(page.as_bytes())?;
        } else {
            let failed = |error| Failure::failed(words::not_written(to, &error));
            replace_file(to, page.as_bytes()).map_err(failed)?;
            note(&words::written("The page is", to));
        }
    }
    if let Some(to) = &arguments.csv {
        let failed = |error| Failure::failed(words::not_written(to, &error));
        let tables = write_tables(&report, to, replace_file).map_err(failed)?;
        note(&words::written(
            &format!("{} are", several(tables.len(), "table")),
            to,
        ));
    }
    if arguments.json {
        output.json(&report)?;
    }
    if !arguments.json && arguments.html.is_none() && arguments.csv.is_none() {
        print(&report, output)?;
    }
    Ok(output.flush()?)
}

/// Says something on standard error, where results are for standard output.
pub(super) fn note(text: &str) {
    eprintln!("pathscope: {}", for_terminal(text));
}

/// Reads the file, a line after another.
fn read(arguments: &ReportArguments) -> Result<Report, Failure> {
    let file = arguments.file.display();
    let source = FileSource::open(&arguments.file, Pace::Unpaced)
        .map_err(|why| Failure::failed(format!("{file}: {why}")))?;
    let mut anonymiser = arguments.anonymise.then(Anonymiser::default);
    let header = source.header();
    let header: Header = match &mut anonymiser {
        Some(anonymiser) => anonymiser.header(header),
        None => header.clone(),
    };
    let is_anonymous = header.anonymised;
    let part = Part {
        from_s: arguments.from.map(|from| from.as_secs_f64()),
        to_s: arguments.to.map(|to| to.as_secs_f64()),
    };
    let mut builder = Builder::new(header, part);
    let mut is_whole = true;
    for mut line in source.lines() {
        if let Some(anonymiser) = &mut anonymiser {
            anonymiser.replace(&mut line);
        }
        if builder.take(line) == More::Enough {
            is_whole = false;
            break;
        }
    }
    // Why a line is not understood may repeat what stands in it.
    let cut = source.failure().filter(|_| is_whole);
    let cut = cut.map(|why| {
        if is_anonymous {
            words::CUT_SOMEWHERE.to_owned()
        } else {
            why
        }
    });
    let name = arguments
        .file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let report = builder.finish(Ending {
        // A file's name may be that of who made it, and a zone says where that was.
        file: name.filter(|_| !is_anonymous),
        cut,
        zone: if is_anonymous {
            TimeZone::UTC
        } else {
            TimeZone::system()
        },
    });
    if report.recording.samples > 0 {
        return Ok(report);
    }
    let why = match (&report.recording.cut, arguments.from) {
        (Some(why), _) => format!("{why}, and no sample comes before that"),
        (None, Some(from)) if report.recording.to_s > 0.0 => format!(
            "nothing was recorded after {} s: it ends at {:.1} s",
            from.as_secs_f64(),
            report.recording.to_s
        ),
        (None, _) => "there is no sample in it: record for a second or more".to_owned(),
    };
    Err(Failure::failed(format!("{file}: {why}")))
}

/// The report in a few lines.
fn print(report: &Report, output: &mut Output) -> Result<(), Failure> {
    let (recording, figures) = (&report.recording, &report.figures);
    let clock = |format: &str, t: f64| clock_as(format, &report.zone, &recording.started_at, t);
    output.line(Styled::default().strong(&report.sentence))?;
    let connections = usize::try_from(figures.connections).unwrap_or(usize::MAX);
    output.line(Styled::default().faint(format!(
        "{}, Linux {} · {} to {} ({}) · {}, {} of them on more than one path",
        recording.host,
        recording.kernel,
        clock("%Y-%m-%d %H:%M:%S", recording.from_s),
        clock("%H:%M:%S %Z", recording.to_s),
        age(recording.to_s - recording.from_s),
        several(connections, "connection"),
        figures.connections_multipath,
    )))?;
    for path in &report.paths {
        let (sent, received) = (bytes(path.sent_bytes), bytes(path.received_bytes));
        output.line(format!(
            "{:<24} {sent:>9} sent  {received:>9} received",
            path.name
        ))?;
    }
    let state = report.named();
    let name = |device: &str| device_name(state, device);
    for incident in report.incidents.iter().take(NAMED) {
        let line = Styled::from(format!("{}  ", clock("%H:%M:%S%.3f", incident.t)));
        output.line(
            line.strong(headline(incident, name))
                .faint(format!("  {}", outcome(incident))),
        )?;
    }
    for one in report.connections.iter().take(NAMED) {
        let who = one
            .application
            .as_deref()
            .unwrap_or(connection::UNKNOWN_APPLICATION);
        let (sent, received) = (bytes(one.sent_bytes), bytes(one.received_bytes));
        output.line(format!(
            "{who} → {}  {sent} sent, {received} received",
            one.remote
        ))?;
    }
    let listed = [report.incidents.len(), report.connections.len()];
    if listed.iter().any(|number| *number > NAMED) {
        output.line(Styled::default().faint("--html, --csv and --json have all of them."))?;
    }
    Ok(())
}
