//! No text from outside goes round `model::text`: what writes to a terminal, puts a line for a shell together or fills
//! markup does so where it is made harmless. This reads the sources, as what a type cannot hold is held here.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The one place that writes for people and has colours.
const OUTPUT: &str = "src/cli/output.rs";
/// Where standard output is no terminal: a pipe to the parent, in JSON.
const PIPED: [&str; 2] = ["src/lab/host/mod.rs", "src/lab/host/crowd_server.rs"];
/// It names settings and values that are constants.
const CONSTANT: &str = "src/lab/able.rs";

/// What writes to a terminal.
const WRITES: [&str; 5] = ["println!(", "print!(", "stdout()", "stderr()", "dbg!("];
/// How commands begin.
const COMMANDS: [&str; 7] = [
    "ip mptcp ",
    "ip link ",
    "sysctl ",
    "nmcli ",
    "ss -K",
    "echo ",
    "systemctl ",
];
/// What fills a notification or a tooltip, and what makes that harmless.
const FILLS: [(&str, &str); 4] = [
    (".body(", "for_markup("),
    (".summary(", "for_terminal("),
    ("description: ", "for_markup("),
    ("StandardItem {", "label: label.to_owned()"),
];
/// What repeats an argument as it came.
const CLAP: [&str; 4] = ["::parse()", "::parse_from(", ".exit()", ".get_matches()"];

/// Code without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let bare = |line: &str| {
        let whole = line.trim_start().starts_with("//");
        if whole {
            String::new()
        } else {
            line.split(" // ").next().unwrap_or_default().to_owned()
        }
    };
    text.lines().map(bare).collect::<Vec<_>>().join("\n")
}

/// The string literals, with where each begins.
fn literals(code: &str) -> Vec<(usize, &str)> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if code.as_bytes()[at..].starts_with(b"'\"'") {
            at += 3;
        } else if bytes[at] == b'"' {
            let begins = at + 1;
            at = begins;
            while at < bytes.len() && bytes[at] != b'"' {
                at += 1 + usize::from(bytes[at] == b'\\');
            }
            let ends = at.min(bytes.len());
            found.push((begins, code.get(begins..ends).unwrap_or_default()));
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

/// The statement around a place: from the last `;`, `{` at a line's end or `=>` before it to the next such.
fn statement(code: &str, at: usize) -> &str {
    let ends = [";\n", "{\n", "}\n", ",\n\n"];
    let begin = ends
        .iter()
        .filter_map(|end| Some(code[..at].rfind(end)? + end.len()))
        .max();
    let end = [";\n", "}\n"]
        .iter()
        .filter_map(|end| Some(at + code[at..].find(end)?))
        .min();
    &code[begin.unwrap_or(0)..end.unwrap_or(code.len())]
}

/// The ways round in one file.
fn ways_round(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut found = Vec::new();
    let mut wrong = |at: usize, what: &str| {
        let line = code[..at].matches('\n').count() + 1;
        found.push(format!("{file}:{line}: {what}"));
    };
    let places = |pattern: &str| code.match_indices(pattern).map(|(at, _)| at).collect::<Vec<_>>();
    if file != OUTPUT && !PIPED.contains(&file) {
        for at in WRITES.iter().flat_map(|pattern| places(pattern)) {
            if !statement(&code, at).contains("for_terminal(") {
                wrong(
                    at,
                    "writes text for people: give it to cli::Output, or to for_terminal",
                );
            }
        }
    }
    for (at, literal) in literals(&code) {
        let colours = ["\\x1b[", "\\u{1b}[", "\\033["]
            .iter()
            .any(|escape| literal.contains(escape));
        if colours && file != OUTPUT {
            wrong(at, "colours by itself: use cli::Styled");
        }
        let begins = COMMANDS.iter().any(|command| literal.starts_with(command));
        let filled = literal.contains('{') && COMMANDS.iter().any(|command| literal.contains(command));
        let quoted = code[..at].ends_with("ShellLine::new(\"") || statement(&code, at).contains("for_shell(");
        if (begins || filled) && !quoted && file != CONSTANT {
            wrong(at, "puts a line for a shell together: use model::text::ShellLine");
        }
    }
    for (pattern, harmless) in FILLS {
        for at in places(pattern) {
            let end = code[at..]
                .find(['\n', ';'])
                .map_or(code.len(), |length| at + length);
            let next = code[at..].split('\n').take(2).collect::<String>();
            // The body of a D-Bus message.
            if !code[at..].starts_with(".body()")
                && !code[at..end].contains(harmless)
                && (!pattern.ends_with('{') || !next.contains(harmless))
            {
                wrong(
                    at,
                    "fills what a desktop reads as markup: use for_markup, or for_terminal for a title",
                );
            }
        }
    }
    for at in CLAP.iter().flat_map(|pattern| places(pattern)) {
        if code.contains("clap") || code.contains("Arguments") {
            wrong(at, "lets clap repeat arguments as they came: use cli::arguments");
        }
    }
    found
}

/// Every source of the program, whichever package it is in.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let elsewhere = ["target", "tests", "benches", "examples", "fuzz"].contains(&name);
        if path.is_dir() && !elsewhere && !name.starts_with('.') {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            into.push(path);
        }
    }
}

#[test]
fn no_text_from_outside_goes_round_the_place_that_makes_it_harmless() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(root, &mut files);
    assert!(files.len() > 100, "{files:?}");
    let wrong: Vec<_> = files
        .iter()
        .flat_map(|file| {
            let name = file.strip_prefix(root).expect("below the root").to_string_lossy();
            ways_round(&name, &fs::read_to_string(file).expect("a file"))
        })
        .collect();
    assert!(wrong.is_empty(), "ways round model::text:\n{}", wrong.join("\n"));
}

#[test]
fn a_way_round_is_found() {
    for bad in [
        r#"println!("{name}");"#,
        r#"eprintln!("pathscope: {error}");"#,
        r#"writeln!(io::stdout(), "{name}")?;"#,
        r"std::io::stderr().write_all(name.as_bytes())?;",
        r#"output.line(format!("\x1b[31m{name}\x1b[0m"))?;"#,
        r#"let line = format!("ip mptcp endpoint add 10.0.0.1 dev {name}");"#,
        r#"let line = "ip mptcp endpoint delete id ".to_owned() + &id;"#,
        r#"let line = format!("sudo sysctl -w net.mptcp.{name}={value}");"#,
        r#"hint(format!("{hint}\nnmcli connection modify '{name}'"));"#,
        r"Notification::new().summary(&for_terminal(&title)).body(&text).show();",
        "Notification::new()\n.summary(&title)\n.body(&for_markup(&text));",
        r"ToolTip { description: self.words(), ..ToolTip::default() };",
        "StandardItem {\n    label: device.name(),\n};",
        r"let arguments = Arguments::parse();",
    ] {
        let text = format!("fn f() {{\n    before();\n    {bad}\n}}\n");
        assert_eq!(ways_round("src/cli/new.rs", &text).len(), 1, "{bad}");
    }
    for good in [
        r#"eprintln!("pathscope: {}", for_terminal(&error.to_string()));"#,
        r#"output.line(format!("{name} is up"))?;"#,
        r#"let line = ShellLine::new("ip mptcp endpoint add").word(address);"#,
        r#"let hint = format!("sysctl -w {}=…", for_shell(name));"#,
        r#"// println!("{name}") would be wrong."#,
        r#"let quote = ['"', '\''].contains(&letter); call("x");"#,
        "notice.summary(&for_terminal(&title)).body(&for_markup(&text));",
    ] {
        let text =
            format!("fn f() {{\n    {good}\n}}\n\n#[cfg(test)]\nmod tests {{ println!(\"{{x}}\"); }}\n");
        assert_eq!(
            ways_round("src/cli/new.rs", &text),
            Vec::<String>::new(),
            "{good}"
        );
    }
}
