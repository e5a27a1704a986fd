//! `pathscope handovers --from FILE`: what was kept is told as it was told live.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pathscope::history::{Bounds, History};
use pathscope::model::Line;
use pathscope::source::{FileSource, Pace, Source as _};

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(format!("{name}.jsonl.zst"))
}

fn handovers(arguments: &[&str], file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pathscope"));
    command.args(["handovers", "--from"]).arg(file).args(arguments);
    command.output().unwrap()
}

/// When the handovers of a file began, by a history of our own.
fn expected(file: &Path) -> Vec<f64> {
    let source = FileSource::open(file, Pace::Unpaced).unwrap();
    let mut history = History::new(Bounds::default());
    history.apply(Line::Header(source.header().clone()));
    let lines = source.lines().iter();
    let times = lines.flat_map(|line| {
        history.apply(line);
        let found = history.take_handovers();
        found.iter().map(|handover| handover.t).collect::<Vec<_>>()
    });
    times.collect()
}

fn told(output: &Output) -> Vec<f64> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| {
        let handover: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(handover["kind"], "handover");
        handover["t"].as_f64().unwrap()
    });
    lines.collect()
}

#[test]
fn handovers_of_a_file_are_told_plain_and_compressed() {
    let file = corpus("lan.steady-8m.client-sends.near-down");
    let expected = expected(&file);
    assert!(!expected.is_empty());
    let output = handovers(&["--json"], &file);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(told(&output), expected);

    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.jsonl");
    fs::write(&plain, zstd::decode_all(fs::File::open(&file).unwrap()).unwrap()).unwrap();
    assert_eq!(told(&handovers(&["--json"], &plain)), expected);
    let text = handovers(&[], &plain);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("Watching 1 connection with "), "{text}");
    // A line an incident, with its clock; below it each connection's, with its token.
    let own = text.lines().filter(|line| line.starts_with("    0x"));
    assert_eq!(own.count(), expected.len(), "{text}");
    let clock = |line: &&str| line.as_bytes().get(2) == Some(&b':') && line.as_bytes().get(8) == Some(&b'.');
    let clocks: Vec<&str> = text.lines().filter(clock).collect();
    assert!(!clocks.is_empty() && clocks.len() <= expected.len(), "{text}");
    let none = handovers(&["--json", "--seconds", "0"], &plain);
    assert!(none.status.success() && told(&none).is_empty(), "{none:?}");
}

#[test]
fn what_cannot_be_played_says_why_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.jsonl");
    let refused = |file: &Path| {
        let output = handovers(&["--json"], file);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let missing = refused(&folder.path().join("missing"));
    assert!(
        missing.contains("missing") && missing.contains("No such file"),
        "{missing}"
    );
    fs::write(&file, "").unwrap();
    assert!(refused(&file).contains("it is empty"));
    fs::write(&file, "hello\n").unwrap();
    assert!(refused(&file).contains("header"));
    let whole =
        zstd::decode_all(fs::File::open(corpus("lan.steady-8m.client-sends.near-down")).unwrap()).unwrap();
    fs::write(&file, whole.get(..whole.len() / 2).unwrap()).unwrap();
    let cut = refused(&file);
    assert!(
        cut.contains("it is cut off in line") && cut.lines().count() == 1,
        "{cut}"
    );
}
