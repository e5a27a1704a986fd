//! `pathscope record`: what was seen is in the file, whatever ends the program or the disk.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pathscope::recording::Index;

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);

/// Records in a namespace of its own, and says when it has begun.
fn record(arguments: &str) -> Child {
    let program = env!("CARGO_BIN_EXE_pathscope");
    let script = format!("ip link set lo up; exec {program} record {arguments}");
    let mut child = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", &script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begun = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut begun).unwrap();
    assert!(begun.contains("Ctrl+C ends it"), "{begun}");
    child
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn end(child: &mut Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    wait_for("it ends", || child.try_wait().unwrap().is_some());
}

/// How many lines there are of each kind, and of full samples.
fn kinds(file: &Path) -> BTreeMap<String, usize> {
    let text = zstd::decode_all(File::open(file).unwrap()).unwrap();
    let mut kinds = BTreeMap::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: serde_json::Value = serde_json::from_slice(line).unwrap();
        let mut count = |kind: &str| *kinds.entry(kind.to_owned()).or_default() += 1;
        count(line.get("kind").unwrap().as_str().unwrap());
        if line.get("full").is_some_and(|full| full == true) {
            count("full");
        }
    }
    kinds
}

#[test]
fn what_was_recorded_is_there_after_every_way_to_end() {
    if !common::can_make_namespaces("recording") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGKILL] {
            let folder = folder.path();
            scope.spawn(move || is_there_after(signal, folder));
        }
    });
}

fn is_there_after(signal: Signal, folder: &Path) {
    let file = folder.join(format!("{signal}.pathscope"));
    let mut child = record(&file.to_string_lossy());
    // Idle as it is, something is written within seconds.
    wait_for("a frame is written", || {
        std::fs::metadata(&file).unwrap().len() > 0
    });
    end(&mut child, signal);
    let kinds = kinds(&file);
    assert_eq!(kinds.get("header"), Some(&1), "{signal}: {kinds:?}");
    assert!(
        kinds.get("full").is_some_and(|count| *count >= 1),
        "{signal}: {kinds:?}"
    );
    let index = Index::read(&mut File::open(&file).unwrap()).unwrap();
    assert_eq!(index.end(), std::fs::metadata(&file).unwrap().len(), "{signal}");
    let (from, to) = index.covers().unwrap();
    assert!(from < to, "{signal}: from {from} to {to}");
}

#[test]
fn a_disk_that_is_full_is_told_at_once_and_the_file_stays_readable() {
    if !common::can_make_namespaces("recording to a full disk") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_string_lossy().into_owned();
    // Room for little more than a frame, and interfaces that go on coming; what it came to is copied out of the namespace.
    let program = env!("CARGO_BIN_EXE_pathscope");
    let script = format!(
        "mkdir {place}/disk; mount -t tmpfs -o size=4k none {place}/disk; ip link set lo up
         {program} record {place}/disk/it.pathscope >/dev/null & recorder=$!
         until [ -s {place}/disk/it.pathscope ]; do sleep 0.1; done
         while kill -0 $recorder 2>/dev/null; do
             name=x$(head -c 6 /dev/urandom | od -An -tx1 | tr -d ' ')
             ip link add $name type bridge || sleep 1
         done
         wait $recorder; code=$?; cp {place}/disk/it.pathscope {place}/it.pathscope; exit $code"
    );
    let output = Command::new("unshare")
        .args(["--net", "--mount", "timeout", "240", "sh", "-c", &script])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("Make room") && told.lines().count() == 1, "{told}");
    let file = folder.path().join("it.pathscope");
    assert!(kinds(&file).get("sample").is_some_and(|count| *count > 0));
}

#[test]
fn an_anonymised_recording_never_holds_the_hosts_name() {
    if !common::can_make_namespaces("recording without names") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.pathscope");
    let program = env!("CARGO_BIN_EXE_pathscope");
    let script = format!(
        "hostname lenas-laptop; ip link add lenas-bridge type bridge; ip link set lo up
         exec {program} record {} --seconds 1 --anonymise",
        file.display()
    );
    let output = Command::new("unshare")
        .args(["--net", "--uts", "sh", "-c", &script])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("What remains"), "{told}");
    let text = zstd::decode_all(File::open(&file).unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("\"host\":\"host-1\"") && text.contains("\"anonymised\":true"),
        "{text}"
    );
    assert!(
        text.contains("\"name\":\"br100\"") && !text.contains("lenas"),
        "{text}"
    );
}

#[test]
fn one_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.pathscope");
    std::fs::write(&file, "kept").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pathscope"))
        .arg("record")
        .arg(&file)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("not overwritten"), "{told}");
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");
}
