//! One truth on one screen: what the panels say of one moment is the same everywhere, and what they say is what the
//! kernel's counters moved by.
//!
//! Recorded streams are played through the history and through the window, and at many instants every figure is held
//! against the counters in the stream, and every panel against every other. `monkey` does the same while a person with no
//! idea clicks and types.

#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub)]

mod figures;
mod monkey;
mod said;
#[path = "../stage/mod.rs"]
mod stage;
mod window;

use std::path::{Path, PathBuf};

use pathscope::model::Line;
use pathscope::source::{FileSource, Pace, Source as _};

/// The recorded streams, every so manieth of them.
fn recorded(every: usize) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().step_by(every).collect()
}

/// Thirty-six seconds of the laboratory's handover: Wi-Fi goes and comes while several applications send.
fn handover() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/one_truth/handover.jsonl.zst")
}

/// The streams of a file: a header begins each.
fn streams(file: &Path) -> Vec<Vec<Line>> {
    let source = FileSource::open(file, Pace::Unpaced).unwrap();
    let mut streams = vec![vec![Line::Header(source.header().clone())]];
    for line in source.lines() {
        if matches!(line, Line::Header(_)) {
            streams.push(Vec::new());
        }
        streams.last_mut().unwrap().push(line);
    }
    assert_eq!(source.failure(), None, "{}", file.display());
    streams
}
