//! Completions and manual pages: made from the arguments, and understood by what reads them.

#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pathscope");

fn pathscope(words: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers after these words, the last of which is being typed.
fn offered(words: &[&str]) -> Vec<String> {
    let script = format!(
        "{}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_pathscope pathscope '{}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        pathscope(&["completions", "bash"]),
        words.join(" "),
        words.len() - 1,
        words.last().unwrap(),
        words.get(words.len() - 2).unwrap(),
    );
    let mut bash = Command::new("bash")
        .args(["--norc", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_completes_commands_options_and_scenarios() {
    assert_eq!(offered(&["pathscope", "wat"]), ["watch"]);
    assert_eq!(offered(&["pathscope", "watch", "--inter"]), ["--interval"]);
    assert_eq!(
        offered(&["pathscope", "demo", "--scenario", "hand"]),
        ["handover"]
    );
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = pathscope(&["completions", shell]);
        assert!(text.contains("endpoints"), "{shell}");
    }
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let page = pathscope(&["man"]);
    for part in [".TH pathscope 1", ".SH NAME", ".SH SUBCOMMANDS", "not permitted"] {
        assert!(page.contains(part), "{part}");
    }
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("man1");
    pathscope(&["man", "--out", out.to_str().unwrap()]);
    let watch = std::fs::read_to_string(out.join("pathscope-watch.1")).unwrap();
    assert!(watch.contains("interval"), "{watch}");
    assert!(out.join("pathscope-endpoint-add.1").exists());
}

#[test]
fn pages_that_cannot_be_written_are_a_failure_with_its_reason() {
    let output = Command::new(PROGRAM)
        .args(["man", "--out", "/proc/nowhere"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("cannot write the manual pages to /proc/nowhere"),
        "{text}"
    );
}
