//! Recorded rounds: the stream's lines around what was done, and the truth after them.
//!
//! A file holds the rounds of a cell, one after the other, compressed with zstd. Each begins with a header and a full sample,
//! and ends with a line of the kind `truth`.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use pathscope::history::{Bounds, History};
use pathscope::model::{Header, Line, Sample};
use pathscope::source::{FileSource, Pace, Source as _};

use super::judge::{Told, Truth};

/// What the kernels and hosts of recorded rounds are called.
const NOBODY: &str = "host";
/// How a file's name ends, and that of one which was not compressed.
const ENDING: &str = ".jsonl.zst";
const PLAIN: &str = ".jsonl";
/// How a truth's line begins.
const TRUTH: &str = r#"{"kind":"truth""#;
/// How hard it is compressed.
const LEVEL: i32 = 19;

/// A round's lines from a moment on, as text: what came before them is in a full sample.
pub fn text(header: &Header, lines: &[Line], from_t: f64, to_t: f64, truth: &Truth) -> String {
    let kernel = header.kernel.split('-').next().unwrap_or_default().to_owned();
    let mut header = Header::new(
        "2026-01-01T00:00:00.000Z".to_owned(),
        NOBODY.to_owned(),
        kernel,
        header.access.clone(),
        header.interval_ms,
    );
    header.access.as_root = false;
    let mut history = History::new(Bounds::default());
    history.apply(Line::Header(header.clone()));
    let mut text = String::new();
    let mut add = |line: &Line| text += &(serde_json::to_string(line).unwrap() + "\n");
    add(&Line::Header(header));
    let mut begun = false;
    for line in lines.iter().filter(|line| line.t() <= to_t) {
        if !begun && line.t() < from_t {
            history.apply(line.clone());
            continue;
        }
        if !begun {
            begun = true;
            add(&Line::Sample(Box::new(whole(&history))));
        }
        add(&neutral(line.clone()));
    }
    text += &(serde_json::to_string(truth).unwrap() + "\n");
    text
}

/// Everything as it is, as a sample.
fn whole(history: &History) -> Sample {
    let state = history.state();
    let mut sample = Sample {
        t: history.now(),
        full: true,
        connections: state.connections.values().cloned().collect(),
        interfaces: state.interfaces.values().cloned().collect(),
        endpoints: state.endpoints.values().cloned().collect(),
        limits: state.limits,
        settings: state.settings.clone(),
        counters: state.counters.clone(),
        plain_tcp: state.plain_tcp,
        ..Sample::default()
    };
    anonymise(&mut sample);
    sample
}

/// Without what only this machine has.
fn neutral(mut line: Line) -> Line {
    if let Line::Sample(sample) = &mut line {
        anonymise(sample);
    }
    line
}

fn anonymise(sample: &mut Sample) {
    for connection in &mut sample.connections {
        connection.process = None;
    }
}

/// Adds a round to those of its cell.
pub fn add(folder: &Path, truth: &Truth, round: &str) {
    let file = file(folder, &truth.cell);
    let text = if file.exists() { read(&file) } else { String::new() };
    let packed = zstd::encode_all((text + round).as_bytes(), LEVEL).unwrap();
    fs::write(file, packed).unwrap();
}

/// Whether a round is there.
pub fn has(folder: &Path, cell: &str, round: u32) -> bool {
    let file = file(folder, cell);
    file.exists() && truths(&read(&file)).any(|truth| truth.round == round)
}

fn file(folder: &Path, cell: &str) -> PathBuf {
    folder.join(format!("{cell}{ENDING}"))
}

fn read(file: &Path) -> String {
    let mut text = fs::read(file).unwrap();
    if file.to_string_lossy().ends_with(ENDING) {
        text = zstd::decode_all(text.as_slice()).unwrap();
    }
    String::from_utf8(text).unwrap()
}

fn truths(text: &str) -> impl Iterator<Item = Truth> {
    let lines = text.lines().filter(|line| line.starts_with(TRUTH));
    lines.map(|line| serde_json::from_str(line).unwrap())
}

/// The files of a corpus, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            [ENDING, PLAIN]
                .iter()
                .any(|ending| path.to_string_lossy().ends_with(ending))
        })
        .collect();
    files.sort();
    files
}

/// Feeds every round of a file to a history of its own: the truth of each, and what was told.
pub fn replay(file: &Path) -> Vec<(Truth, Vec<Told>)> {
    let source = FileSource::open(file, Pace::Unpaced).unwrap();
    let mut history = History::new(Bounds::default());
    history.apply(Line::Header(source.header().clone()));
    let (mut rounds, mut told) = (Vec::new(), Vec::new());
    for line in source.lines() {
        // Each round begins with a header of its own.
        if matches!(line, Line::Header(_)) {
            rounds.push(std::mem::take(&mut told));
            history = History::new(Bounds::default());
        }
        history.apply(line);
        told.extend(history.take_handovers().iter().map(Told::from));
    }
    assert_eq!(source.failure(), None, "{}", file.display());
    rounds.push(told);
    let truths: Vec<Truth> = truths(&read(file)).collect();
    assert_eq!(truths.len(), rounds.len(), "{}", file.display());
    truths.into_iter().zip(rounds).collect()
}
