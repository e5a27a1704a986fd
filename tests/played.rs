//! `--from FILE`: what was kept is told as it was told live, and as it was at any moment.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pathscope::history::{Bounds, History};
use pathscope::model::{Header, Line};
use pathscope::recording::RecordingFile;
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

fn pathscope(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pathscope"));
    command.args(arguments).output().unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The header and the lines of the first stream in a file.
fn lines_of(file: &Path) -> (Header, Vec<Line>) {
    let source = FileSource::open(file, Pace::Unpaced).unwrap();
    let lines = source.lines().iter();
    // Several rounds are in a file.
    let first = lines.take_while(|line| !matches!(line, Line::Header(_)));
    (source.header().clone(), first.collect())
}

/// A recording of them, with marks.
fn recorded(file: &Path, to: &Path) {
    let (header, lines) = lines_of(file);
    let mut recording = RecordingFile::create(to, &header).unwrap();
    for line in lines {
        recording.take_line(&line).unwrap();
    }
    recording.end_frame().unwrap();
}

#[test]
fn list_shows_a_recording_as_it_was_at_any_moment() {
    let file = corpus("20-40.steady-8m.client-sends.flap");
    let folder = tempfile::tempdir().unwrap();
    let marked = folder.path().join("it.pathscope");
    recorded(&file, &marked);
    let (header, lines) = lines_of(&file);
    let end = lines.iter().map(Line::t).fold(0.0, f64::max);
    for at in [end * 0.3, end * 0.7, end] {
        let mut history = History::new(Bounds::default());
        history.apply(Line::Header(header.clone()));
        lines
            .iter()
            .filter(|line| line.t() <= at)
            .cloned()
            .for_each(|line| history.apply(line));
        let text = at.to_string();
        let mut shown = Vec::new();
        for file in [&file, &marked] {
            let file = file.to_str().unwrap();
            let listed = json(&pathscope(&["list", "--json", "--from", file, "--at", &text]));
            let connections = listed["connections"].as_array().unwrap();
            assert_eq!(connections.len(), history.state().connections.len(), "at {at}");
            for connection in connections {
                let known = history.state().connections.values();
                let mut known = known.filter(|known| {
                    known.token.map(|token| token.to_string()).as_deref() == connection["token"].as_str()
                });
                let known = known.next().unwrap();
                assert_eq!(connection["bytes_sent"].as_u64(), known.bytes_sent, "at {at}");
                assert_eq!(
                    connection["subflows"].as_array().unwrap().len(),
                    known.subflows.len()
                );
            }
            let endpoints = json(&pathscope(&[
                "endpoints",
                "--json",
                "--from",
                file,
                "--at",
                &text,
            ]));
            let count = endpoints["endpoints"].as_array().unwrap().len();
            assert_eq!(count, history.state().endpoints.len());
            let started: jiff::Timestamp = header.started_at.parse().unwrap();
            let taken: jiff::Timestamp = listed["taken_at"].as_str().unwrap().parse().unwrap();
            let since = taken.duration_since(started).as_secs_f64();
            assert!((since - at).abs() < 0.002, "{since} for {at}");
            shown.push(listed);
        }
        assert_eq!(shown[0], shown[1], "with marks and without, at {at}");
    }
}

#[test]
fn rates_of_a_recording_are_those_of_the_seconds_before() {
    let file = corpus("20-40.steady-8m.client-sends.flap");
    let (_, lines) = lines_of(&file);
    let end = lines.iter().map(Line::t).fold(0.0, f64::max);
    let (file, at) = (file.to_str().unwrap(), (end * 0.5).to_string());
    let rated = ["list", "--json", "--from", file, "--at", &at, "--rates", "2"];
    let listed = json(&pathscope(&rated));
    let rates = &listed["connections"][0]["rates"];
    let seconds = rates["seconds"].as_f64().unwrap();
    assert!((1.5..=3.0).contains(&seconds), "{rates}");
    let sent = rates["sent_bps"].as_f64().unwrap();
    assert!((4e6..16e6).contains(&sent), "8 Mbit/s were sent: {rates}");
    let text = pathscope(&["list", "--from", file, "--sort", "rate", "--by", "interface"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("as recorded at"), "{text}");
}

#[test]
fn what_only_a_live_reading_has_is_refused_and_what_is_no_recording_too() {
    let file = corpus("20-40.steady-8m.client-sends.flap");
    let file = file.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (text, empty, capture) = (place("text"), place("empty"), place("capture.pcap"));
    fs::write(&text, "hello\n").unwrap();
    fs::write(&empty, "").unwrap();
    fs::write(&capture, [&[0xd4, 0xc3, 0xb2, 0xa1][..], &[7; 5000]].concat()).unwrap();
    let cases: [(&[&str], i32, &str); 10] = [
        (&["list", "--from", file, "--all-netns"], 2, "--all-netns"),
        (&["--netns", "x", "list", "--from", file], 2, "--netns"),
        (&["--netns", "x", "endpoints", "--from", file], 2, "--netns"),
        (&["list", "--from", file, "--at", "100000"], 2, "ends after"),
        (&["list", "--from", file, "--at", "-1"], 2, "not negative"),
        (&["endpoints", "--at", "1"], 2, "--from"),
        (&["list", "--from", &text], 1, "no recording"),
        (&["list", "--from", &capture], 1, "no recording"),
        (&["endpoints", "--from", &empty], 1, "it is empty"),
        (
            &["list", "--from", folder.path().to_str().unwrap()],
            1,
            "directory",
        ),
    ];
    for (arguments, code, said) in cases {
        let output = pathscope(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(
            told.contains(said) && output.stdout.is_empty(),
            "{arguments:?}: {told}"
        );
    }
    // One that is cut off is shown as far as it goes.
    let whole = place("whole.pathscope");
    recorded(Path::new(file), Path::new(&whole));
    let bytes = fs::read(&whole).unwrap();
    fs::write(&whole, bytes.get(..bytes.len() * 2 / 3).unwrap()).unwrap();
    let output = pathscope(&["list", "--from", &whole]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && !output.stdout.is_empty());
    assert!(told.contains("cut off") && told.lines().count() == 1, "{told}");
    // A pipe is as good.
    let mut child = Command::new(env!("CARGO_BIN_EXE_pathscope"))
        .args(["list", "--json", "--from", "-"])
        .stdin(fs::File::open(file).unwrap())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let piped: serde_json::Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    child.wait().unwrap();
    assert_eq!(piped, json(&pathscope(&["list", "--json", "--from", file])));
}
