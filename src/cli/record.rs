//! `record`: the stream into a file, or into a directory of which the newest stays.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use crossbeam_channel::{Receiver, bounded, never, select, tick};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::durations::seconds;
use super::quantity::{bytes_kept, time_kept};
use super::report::note;
use super::{Failure, Output};
use crate::kernel::Namespace;
use crate::model::{Header, Line};
use crate::recording::{Anonymiser, FRAME_S, Keep, RecordingFile, Ring};
use crate::source::{DEFAULT_INTERVAL_MS, INTERVAL_MS, LiveSource, Options, Source as _};
use crate::words::{self, recording};

/// How often it is looked whether lines have waited long enough.
const LOOK: Duration = Duration::from_secs(1);

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct RecordArguments {
    /// The file, best ending in .pathscope; with --keep a directory
    #[arg(value_name = "FILE|DIR")]
    pub path: PathBuf,
    /// End after so many seconds
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub seconds: Option<Duration>,
    /// From one sample to the next, ms
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_INTERVAL_MS,
          value_parser = clap::value_parser!(u64).range(*INTERVAL_MS.start()..=*INTERVAL_MS.end()))]
    pub interval: u64,
    /// Record for ever, in files of a directory, and keep the newest: so long, such as 30min, 24h or 7d
    #[arg(long, value_name = "TIME", value_parser = time_kept)]
    keep: Option<Duration>,
    /// Of those keep so much at most, such as 200MB
    #[arg(long, value_name = "SIZE", requires = "keep", value_parser = bytes_kept, default_value = "200MB")]
    at_most: u64,
    /// Put stand-ins in the place of names and addresses
    #[arg(long)]
    anonymise: bool,
}

impl RecordArguments {
    /// How much is kept, where only the newest is.
    pub fn keep(&self) -> Option<Keep> {
        let bytes = self.at_most;
        self.keep.map(|time| Keep { time, bytes })
    }
}

/// Where lines go.
enum Target {
    File(RecordingFile),
    Ring(Box<Ring>),
}

impl Target {
    fn open(path: &Path, keep: Option<Keep>, header: &Header) -> io::Result<Self> {
        Ok(match keep {
            Some(keep) => Self::Ring(Box::new(Ring::open(path, keep, header, SystemTime::now())?)),
            None => Self::File(RecordingFile::create(path, header)?),
        })
    }

    fn take_line(&mut self, line: &Line) -> io::Result<()> {
        match self {
            Self::File(file) => file.take_line(line),
            Self::Ring(ring) => ring.take_line(line, SystemTime::now()),
        }
    }

    fn end_frame(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.end_frame(),
            Self::Ring(ring) => ring.end_frame(),
        }
    }

    fn has_lines_waiting(&self) -> bool {
        match self {
            Self::File(file) => file.has_lines_waiting(),
            Self::Ring(ring) => ring.has_lines_waiting(),
        }
    }
}

/// Records until the time is over, a signal comes, or the source ends.
///
/// # Errors
/// When the kernel cannot be read, or the disk does not take what was read.
pub(super) fn run(
    namespace: &Namespace,
    arguments: &RecordArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let options = Options {
        interval: Duration::from_millis(arguments.interval),
        ..Options::default()
    };
    let source = LiveSource::open(namespace, &options)?;
    let path = &arguments.path;
    let failed = |error: io::Error| Failure::failed(recording::failed(path, &error));
    let stopped = signals()?;
    let mut anonymiser = arguments.anonymise.then(Anonymiser::default);
    let header = match &mut anonymiser {
        Some(anonymiser) => anonymiser.header(source.header()),
        None => source.header().clone(),
    };
    let mut target = Target::open(path, arguments.keep(), &header).map_err(failed)?;
    output.line(recording::begins(path, arguments.keep().is_some()))?;
    output.flush()?;
    let end = arguments.seconds.map(|seconds| Instant::now() + seconds);
    let timeout = end.map_or_else(never, crossbeam_channel::at);
    let look = tick(LOOK);
    let mut written_at = Instant::now();
    let (mut samples, mut last_t) = (0_u64, 0.0_f64);
    loop {
        select! {
            recv(source.lines()) -> line => {
                let Ok(mut line) = line else { break };
                if let Some(anonymiser) = &mut anonymiser {
                    anonymiser.replace(&mut line);
                }
                let waited = target.has_lines_waiting();
                target.take_line(&line).map_err(failed)?;
                if !waited {
                    written_at = Instant::now();
                }
                samples += u64::from(matches!(line, Line::Sample(_)));
                last_t = last_t.max(line.t());
            }
            // Where nothing comes that would end a frame.
            recv(look) -> _ => if target.has_lines_waiting() && written_at.elapsed().as_secs_f64() >= FRAME_S - 1.0 {
                target.end_frame().map_err(failed)?;
            },
            recv(timeout) -> _ => break,
            recv(stopped) -> _ => break,
        }
    }
    target.end_frame().map_err(failed)?;
    if let Some(why) = source.failure() {
        return Err(Failure::failed(why));
    }
    output.line(recording::ended(path, last_t, samples))?;
    if arguments.anonymise {
        note(words::report::REMAINS);
    }
    Ok(output.flush()?)
}

/// Receives something when the program is asked to end.
fn signals() -> io::Result<Receiver<i32>> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let (sender, receiver) = bounded(1);
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let _ = sender.try_send(signal);
            }
        })?;
    Ok(receiver)
}
