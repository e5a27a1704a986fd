//! What a recording has at a moment, for the commands that print it once in place of what the kernel has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rustc_hash::FxHashMap;

use super::Failure;
use super::durations::seconds;
use crate::history::{Bounds, History};
use crate::model::{Connection, ConnectionId, Cookie, Header, Line, Sample, Subflow};
use crate::recording::FRAME_S;
use crate::source::{FileError, Recording};
use crate::words::recording;
use crate::words::units::utc;

/// Standard input, in place of a file's name.
const STDIN: &str = "-";

/// Which recording is read, and when.
#[derive(Clone, Debug, Default, Args)]
pub struct FromArguments {
    /// Read a recording, or lines that watch --json printed, in place of the kernel; - is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// As it was so many seconds after the recording began [default: at its end]
    #[arg(long, value_name = "SECONDS", requires = "from", value_parser = seconds, allow_negative_numbers = true)]
    at: Option<Duration>,
}

impl FromArguments {
    /// Whether a recording is read at all.
    pub fn is_given(&self) -> bool {
        self.from.is_some()
    }
}

/// What each subflow has sent and received, bytes.
pub(super) fn counted<'a>(
    connections: impl Iterator<Item = &'a Connection>,
) -> FxHashMap<Cookie, (u64, u64)> {
    let subflows = connections.flat_map(|one| &one.subflows);
    let bytes = |subflow: &Subflow| {
        let sent = subflow.bytes_acked.unwrap_or(0);
        (sent, subflow.bytes_received.unwrap_or(0))
    };
    subflows.map(|subflow| (subflow.cookie, bytes(subflow))).collect()
}

/// How many seconds ago, or when, and what each subflow had sent and received by then, bytes.
type Earlier = (f64, FxHashMap<Cookie, (u64, u64)>);

/// A recording at a moment.
pub(super) struct RecordedMoment {
    /// Its header, with the wall clock of that moment, and with what could be seen and done then.
    pub header: Header,
    /// What its lines add up to until then.
    pub history: History,
    /// Over how many seconds until then rates are measured, where they are, and what each subflow had sent and received
    /// before.
    pub earlier: Option<Earlier>,
    /// Which moment it is, in words.
    pub described: String,
    /// What could not be read of it, in words.
    pub warning: Option<String>,
}

impl RecordedMoment {
    /// Reads the recording that the arguments name, from the last full sample that is early enough.
    pub(super) fn read(
        netns: Option<&str>,
        arguments: &FromArguments,
        rated_over: Option<Duration>,
    ) -> Result<Self, Failure> {
        if netns.is_some() {
            return Err(Failure::usage(
                "--netns names a network namespace of this machine, and --from reads a recording: leave one out",
            ));
        }
        let path = arguments.from.as_deref().unwrap_or(Path::new(STDIN));
        let failed = |error: FileError| Failure::failed(format!("{}: {error}", recording::named(path)));
        let recorded = if path == Path::new(STDIN) {
            Recording::read(std::io::stdin()).map_err(failed)?
        } else {
            Recording::open(path).map_err(failed)?
        };
        let (begins, ends) = recorded.covers();
        let at = arguments.at.map_or(ends, |at| at.as_secs_f64());
        if at > ends {
            return Err(Failure::usage(recording::ends_before(path, ends, at)));
        }
        if at < begins - FRAME_S {
            return Err(Failure::usage(recording::begins_after(path, begins, at)));
        }
        let rated_from = rated_over.map(|over| at - over.as_secs_f64());
        let mut reader = Reader::new(recorded.header(), rated_from);
        let mut cursor = recorded.from(rated_from.unwrap_or(at));
        while let Some(line) = cursor.next(&recorded)
            && line.t() <= at
        {
            reader.take(line);
        }
        let told = recorded.failure().filter(|_| arguments.at.is_none());
        let damaged = (cursor.damaged() > 0).then(|| recording::damaged(cursor.damaged()));
        let why = told.or(damaged);
        let mut header = reader.history.header().unwrap_or(recorded.header()).clone();
        let described = recording::moment(&header, at, (begins, ends));
        header.started_at = utc(&header.started_at, at).unwrap_or(header.started_at);
        let (history, earlier) = reader.finish();
        Ok(Self {
            header,
            history,
            earlier,
            described,
            warning: why.map(|why| recording::as_far(path, &why)),
        })
    }

    /// Says what could not be read.
    pub(super) fn warn(&self) {
        warn(self.warning.as_deref());
    }
}

/// Says on standard error what could not be read.
pub(super) fn warn(warning: Option<&str>) {
    if let Some(warning) = warning {
        // It is said in the way of a failure, and is none.
        let _ = Failure::failed(warning).tell();
    }
}

/// Takes lines in until the moment.
struct Reader {
    history: History,
    rated_from: Option<f64>,
    earlier: Option<Earlier>,
    /// When each connection last came.
    came_at: FxHashMap<ConnectionId, f64>,
}

impl Reader {
    fn new(header: &Header, rated_from: Option<f64>) -> Self {
        // Only the state is needed.
        let mut history = History::new(Bounds {
            span_s: 1.0,
            events: 1,
            ended_s: 0.0,
            ..Bounds::default()
        });
        history.apply(Line::Header(header.clone()));
        Self {
            history,
            rated_from,
            earlier: None,
            came_at: FxHashMap::default(),
        }
    }

    fn take(&mut self, line: Line) {
        if let Line::Sample(sample) = &line {
            let came = sample.connections.iter().map(|one| (one.id(), sample.t));
            self.came_at.extend(came);
            for key in &sample.connections_gone {
                self.came_at.remove(&key.id());
            }
        }
        let is_sample = matches!(line, Line::Sample(_));
        let t = line.t();
        self.history.apply(line);
        // The newest sample before that stretch, else the first within it.
        if is_sample
            && self
                .rated_from
                .is_some_and(|from| t <= from || self.earlier.is_none())
        {
            let connections = self.history.state().connections.values();
            self.earlier = Some((t, counted(connections)));
        }
    }

    /// The history, with the times since something as they are at its end: in the stream they do not grow with the clock.
    fn finish(mut self) -> (History, Option<Earlier>) {
        let now = self.history.sampled_at().unwrap_or_else(|| self.history.now());
        let aged = |connection: &Connection| {
            let came = self.came_at.get(&connection.id()).copied().unwrap_or(now);
            let since = Duration::try_from_secs_f64(now - came).unwrap_or_default();
            let mut connection = connection.clone();
            connection.grow_older(u32::try_from(since.as_millis()).unwrap_or(u32::MAX));
            connection
        };
        let connections: Vec<Connection> = self.history.state().connections.values().map(aged).collect();
        self.history.apply(Line::Sample(Box::new(Sample {
            t: now,
            connections,
            ..Sample::default()
        })));
        let earlier = self.earlier.map(|(t, counts)| (now - t, counts));
        (self.history, earlier.filter(|(seconds, _)| *seconds > 0.0))
    }
}
