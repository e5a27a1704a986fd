//! What the program tells of its own work: nothing unless it is asked to, and no address with `--verbose`.

#![allow(clippy::unwrap_used)]

mod common;

use std::process::{Command, Output};

/// The demo's stream for two seconds, with real connections.
fn demo(options: &[&str]) -> Output {
    Command::new(common::pathscope())
        .args(["demo", "--headless", "--seconds", "2"])
        .args(options)
        .env_remove("PATHSCOPE_LOG")
        .output()
        .unwrap()
}

#[test]
fn nothing_is_told_unless_asked_and_no_address_with_verbose() {
    if !common::can_make_namespaces("what is told of the program's own work") {
        return;
    }
    let silent = demo(&[]);
    assert!(silent.status.success(), "{silent:?}");
    assert_eq!(String::from_utf8_lossy(&silent.stderr), "");
    let verbose = demo(&["--verbose"]);
    let told = String::from_utf8_lossy(&verbose.stderr);
    for thread in ["events", "sampler", "control"] {
        for what in ["begins", "ends"] {
            let line = format!("{thread} log: the thread {what}");
            assert!(told.contains(&line), "no '{line}' in:\n{told}");
        }
    }
    let stream = String::from_utf8_lossy(&verbose.stdout);
    for network in ["10.77.", "fd77:"] {
        assert!(stream.contains(network), "the stream has addresses");
        assert!(!told.contains(network), "{told}");
    }
}

#[test]
fn what_is_no_level_is_wrong_usage() {
    let output = Command::new(common::pathscope())
        .arg("list")
        .env("PATHSCOPE_LOG", "loud")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(
        why.starts_with("pathscope: PATHSCOPE_LOG: 'loud' is no level"),
        "{why}"
    );
}
