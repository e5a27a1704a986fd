//! `anonymise`: a copy of a recording without names and addresses.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::report::note;
use crate::recording::{Anonymiser, RecordingFile};
use crate::source::{FileSource, Pace, Source as _};
use crate::words::{recording, report};

/// Arguments of `anonymise`.
#[derive(Debug, Args)]
pub struct AnonymiseArguments {
    /// A recording, or lines that watch --json printed
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The recording to be made; one that is there is not overwritten
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

/// Copies a recording with stand-ins for names and addresses.
///
/// # Errors
/// When the file holds no recording, or the copy cannot be written.
pub(super) fn run(arguments: &AnonymiseArguments) -> Result<(), Failure> {
    let file = arguments.file.display();
    let source = FileSource::open(&arguments.file, Pace::Unpaced)
        .map_err(|why| Failure::failed(format!("{file}: {why}")))?;
    let mut anonymiser = Anonymiser::default();
    let out = &arguments.out;
    let failed = |error: io::Error| Failure::failed(recording::failed(out, &error));
    let header = anonymiser.header(source.header());
    let mut copy = RecordingFile::create(out, &header).map_err(failed)?;
    for mut line in source.lines() {
        anonymiser.replace(&mut line);
        copy.take_line(&line).map_err(failed)?;
    }
    copy.end_frame().map_err(failed)?;
    if let Some(why) = source.failure() {
        note(&format!("{file}: {}", report::cut(&why)));
    }
    note(&report::written("The copy is", out));
    note(report::REMAINS);
    Ok(())
}
