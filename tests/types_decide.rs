//! Nothing is decided by a text that a person reads: programs branch on types, and sentences are made last, in
//! `src/words`. This reads the sources for comparisons with words, as what a type cannot hold is held here.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Where texts for people are made or shown.
const ROOMS: [&str; 8] = [
    "src/cli",
    "src/desktop",
    "src/filter",
    "src/history",
    "src/report",
    "src/source",
    "src/ui",
    "src/words",
];

/// What reads words that others wrote for programs, with whose words they are.
const READERS: [(&str, &str); 8] = [
    ("src/cli/args.rs", "arguments"),
    ("src/cli/usage.rs", "arguments"),
    ("src/source/lines.rs", "the kind of a line of the stream"),
    (
        "src/ui/connection/table/number.rs",
        "a number that is being written",
    ),
    ("src/ui/app/mod.rs", "the panel of a screenshot, an argument"),
    ("src/filter/mod.rs", "what somebody types"),
    ("src/ui/launch.rs", "arguments, and what winit says of a display"),
    (
        "src/source/privilege/own_helper.rs",
        "what the helper writes when it refuses",
    ),
];

/// What compares with a literal, or takes a text apart at one.
const DECIDES: [&str; 18] = [
    " == \"",
    " != \"",
    ".contains(\"",
    ".starts_with(\"",
    ".ends_with(\"",
    ".strip_prefix(\"",
    ".strip_suffix(\"",
    ".trim_start_matches(\"",
    ".trim_end_matches(\"",
    ".split(\"",
    ".rsplit(\"",
    ".split_once(\"",
    ".rsplit_once(\"",
    ".find(\"",
    ".split('",
    ".rsplit('",
    ".split_once('",
    ".rsplit_once('",
];

/// Code without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let bare = |line: &str| {
        let whole = line.trim_start().starts_with("//");
        if whole { String::new() } else { line.to_owned() }
    };
    text.lines().map(bare).collect::<Vec<_>>().join("\n")
}

/// Whether a literal can be read by people: names of the kernel's own, as `pm_type`, and of devices, as `lo`, cannot.
fn is_read(literal: &str) -> bool {
    let is_name = literal.contains('_') && !literal.contains(' ');
    !is_name && literal != "lo" && !literal.is_empty()
}

/// The lines of a file that decide by a text.
fn decided_by_text(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut found = Vec::new();
    for (at, pattern) in DECIDES.iter().flat_map(|pattern| code.match_indices(pattern)) {
        let quote = if pattern.ends_with('"') { '"' } else { '\'' };
        let literal = code[at + pattern.len()..].split(quote).next().unwrap_or_default();
        if is_read(literal) {
            let line = code[..at].matches('\n').count() + 1;
            found.push(format!("{file}:{line}: {}{literal}{quote}", pattern.trim()));
        }
    }
    for (at, _) in code.match_indices(".as_str() {\n") {
        let arm = code[at..].lines().nth(1).unwrap_or_default().trim();
        let literal = arm.strip_prefix('"').and_then(|arm| arm.split('"').next());
        if literal.is_some_and(is_read) {
            let line = code[..at].matches('\n').count() + 1;
            found.push(format!("{file}:{line}: matches {arm}"));
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            into.push(path);
        }
    }
}

#[test]
fn nothing_is_decided_by_a_text_that_people_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for room in ROOMS {
        sources(&root.join(room), &mut files);
    }
    assert!(files.len() > 100, "{files:?}");
    let wrong: Vec<_> = files
        .iter()
        .filter_map(|file| {
            let name = file.strip_prefix(root).expect("below the root").to_string_lossy();
            let reads = READERS.iter().any(|(reader, _)| *reader == name);
            (!reads).then(|| decided_by_text(&name, &fs::read_to_string(file).expect("a file")))
        })
        .flatten()
        .collect();
    assert!(
        wrong.is_empty(),
        "decided by a text; give it a type, or name the file among the readers and whose words it reads:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn a_decision_by_text_is_found() {
    for bad in [
        r#"if row.state == "closed" {}"#,
        r#"let advice = why_not.rsplit("; ").next();"#,
        r#"let is_handover = badge.text.starts_with("Handover ");"#,
        r"let (number, unit) = figure.split_once(' ').unwrap();",
        "match state.as_str() {\n        \"closed\" => 1,\n        _ => 2,\n    }",
    ] {
        let text = format!("fn f() {{\n    before();\n    {bad}\n}}\n");
        assert_eq!(decided_by_text("src/ui/new.rs", &text).len(), 1, "{bad}");
    }
    for good in [
        r#"if name == "pm_type" {}"#,
        r"if text == other {}",
        r#"// if text == "closed" {} would be wrong."#,
        "match path.device.as_str() {\n        \"\" => 1,\n        _ => 2,\n    }",
    ] {
        let text = format!("fn f() {{\n    {good}\n}}\n\n#[cfg(test)]\nmod tests {{ is(x == \"y z\"); }}\n");
        assert_eq!(
            decided_by_text("src/ui/new.rs", &text),
            Vec::<String>::new(),
            "{good}"
        );
    }
}
