//! Names that others choose, on a terminal and in a shell: what is printed for people obeys nobody's colours, forges no
//! line and breaks none, and a line that is offered for copying runs nothing but itself.

mod hosts;

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};

use hosts::{Host, Pair};
use pathscope::model::{Command as Change, Endpoint, EndpointFlags, FlagChange, addition, equivalent};
use socket2::Protocol;

/// What takes a terminal's line away and begins another, as a process may call itself.
const PROCESS: &[u8] = b"\x1b[2K\rx\n0 co";
/// What colours a terminal, as an interface may be called.
const COLOURED: &str = "e\x1b[31mX";
/// What a shell runs.
const RUNS: &str = "$(reboot)";
/// A direction character among a name's letters.
const TURNED: &str = "a\u{202e}b";

/// Runs the program on a host.
fn pathscope<W: AsRef<OsStr>>(host: &Host, words: &[W]) -> Output {
    let words: Vec<OsString> = words.iter().map(|word| word.as_ref().to_owned()).collect();
    host.run(move || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_pathscope"));
        program.args(words).output().expect("the program runs")
    })
}

/// The lines of what was printed, none of which has a control or a direction character in it.
fn lines(printed: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(printed).expect("UTF-8");
    let hidden = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
    assert!(!text.contains(hidden), "{text:?}");
    text.lines().collect()
}

/// The one line in which it said why it failed.
fn complaint(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = lines(&output.stderr);
    assert_eq!(said.len(), 1, "{said:?}");
    said.concat()
}

fn rename(host: &Host, from: &'static str, to: &'static str) {
    host.run(move || {
        for words in [
            &["set", from, "down"][..],
            &["set", from, "name", to],
            &["set", to, "up"],
        ] {
            let ip = Command::new("ip").arg("link").args(words).output().expect("ip");
            assert!(ip.status.success(), "{words:?}: {ip:?}");
        }
    });
}

/// What `watch` prints while an interface goes down.
fn watched(host: &Host) -> Vec<u8> {
    host.run(|| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_pathscope"));
        program.args(["watch", "--control"]);
        let mut watch = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut out = BufReader::new(watch.stdout.take().expect("its output"));
        let mut printed = Vec::new();
        let mut read_to = |what: &str| {
            let mut line = Vec::new();
            while !String::from_utf8_lossy(&line).contains(what) {
                line.clear();
                let length = out.read_until(b'\n', &mut line).expect("a line");
                assert!(length > 0, "watch ended before it told of {what}");
                printed.extend(&line);
            }
        };
        read_to("1 connection, 1 subflow");
        let ip = Command::new("ip")
            .args(["link", "set", COLOURED, "down"])
            .status();
        assert!(ip.expect("ip").success());
        read_to("interface down");
        drop(watch.stdin.take());
        out.read_to_end(&mut printed).expect("the rest");
        assert!(watch.wait().expect("it ends").success());
        printed
    })
}

#[test]
fn a_name_neither_colours_nor_forges_what_is_printed() {
    let Some(pair) = Pair::new() else { return };
    rename(&pair.client, "c1", COLOURED);
    rename(&pair.client, "c2", RUNS);
    // The process that has the connection is this one, by whatever name.
    std::fs::write("/proc/self/comm", PROCESS).expect("another name");
    let _connection = pair.connection(Protocol::MPTCP, "10.1.0.2:7000", "10.1.0.2:7000");
    let client = &pair.client;

    let listed = pathscope(client, &["list"]);
    assert!(listed.status.success(), "{listed:?}");
    let listed = lines(&listed.stdout);
    let [connection, subflow, count] = listed.as_slice() else {
        panic!("a connection, a subflow and their number: {listed:?}");
    };
    assert!(connection.contains(r"  \x1b[2K\rx\n0 co ("), "{connection}");
    assert!(subflow.starts_with(r"    e\x1b[31mX  "), "{subflow}");
    assert!(count.starts_with("1 connection, 1 subflow; "), "{count}");

    let endpoints = pathscope(client, &["endpoints"]);
    assert!(endpoints.status.success(), "{endpoints:?}");
    let endpoints = lines(&endpoints.stdout);
    let interfaces: Vec<_> = endpoints
        .iter()
        .skip_while(|line| **line != "Interfaces")
        .skip(1)
        .map(|line| line.split_whitespace().next().unwrap_or_default())
        .collect();
    assert_eq!(interfaces, ["lo", r"e\x1b[31mX", RUNS]);

    let seen = watched(client);
    let seen = lines(&seen);
    let down = seen.iter().find(|line| line.contains("interface down"));
    assert!(down.is_some_and(|line| line.contains(r"e\x1b[31mX")), "{seen:?}");

    // JSON is for programs: there the name is as it is.
    let listed = pathscope(client, &["list", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let subflow = listed.pointer("/connections/0/subflows/0/interface");
    assert_eq!(subflow.and_then(serde_json::Value::as_str), Some(COLOURED));
}

#[test]
fn what_is_repeated_of_the_arguments_is_harmless() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return hosts::cannot_run(&why),
    };
    let add = |device| ["endpoint", "add", "10.0.0.1", "dev", device, "subflow"];
    assert_eq!(
        complaint(&pathscope(&host, &add("no\x1b[31m")), 1),
        r"pathscope: there is no interface 'no\x1b[31m'; 'ip link' shows those there are"
    );
    let set = complaint(&pathscope(&host, &["set", TURNED, "1"]), 1);
    assert!(set.contains(r"'a\u{202e}b'"), "{set}");
    let netns = complaint(&pathscope(&host, &["--netns", "a\nb\x7f", "list"]), 1);
    assert!(netns.contains(r"'a\nb\x7f'"), "{netns}");
    let flag = complaint(&pathscope(&host, &["endpoint", "change", "id", "1", "no\r"]), 2);
    assert!(flag.contains(r"'no\r'"), "{flag}");

    // What clap repeats by itself, with lines of its own below.
    for words in [
        &["endpoints", "\x1b[31m"][..],
        &["list", "--\x1b[31m"],
        &["\x1b[31mlist"],
        &["demo", "--scenario", "\x1b[31m"],
        &["close", "\x1b[31m", "b"],
        &["watch", "--seconds=\x1b[31m"],
    ] {
        let output = pathscope(&host, words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = lines(&output.stderr);
        let first = said.first().expect("what is wrong");
        assert!(
            first.starts_with("error: ") && first.contains(r"\x1b[31m"),
            "{said:?}"
        );
    }
}

#[test]
fn what_is_no_utf8_is_shown_and_refused() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return hosts::cannot_run(&why),
    };
    let broken = OsStr::from_bytes(b"x\xff");
    for words in [
        [OsStr::new("--netns"), broken, OsStr::new("list")],
        [OsStr::new("set"), broken, OsStr::new("1")],
    ] {
        let said = complaint(&pathscope(&host, &words), 2);
        assert!(said.starts_with("pathscope: 'x\u{fffd}' is no UTF-8"), "{said}");
    }
    let unknown = pathscope(&host, &[broken]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    assert!(
        lines(&unknown.stderr).concat().contains(r"'x\xff'"),
        "{unknown:?}"
    );

    host.ip("link add v0 type veth peer name v1");
    host.run(|| {
        let name = OsStr::from_bytes(b"caf\xe9");
        let mut ip = Command::new("ip");
        let renamed = ip.args(["link", "set", "v0", "name"]).arg(name).status();
        assert!(renamed.expect("ip").success());
    });
    let endpoints = pathscope(&host, &["endpoints"]);
    let endpoints = lines(&endpoints.stdout);
    assert!(
        endpoints.iter().any(|line| line.starts_with("  caf%e9 ")),
        "{endpoints:?}"
    );
    // The name can be given back, and it is the same everywhere.
    host.ip("addr add 10.9.0.1/24 dev v1");
    let added = pathscope(
        &host,
        &["endpoint", "add", "10.9.0.1", "dev", "caf%e9", "subflow"],
    );
    assert!(added.status.success(), "{added:?}");
    let listed = pathscope(&host, &["endpoints", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let text = |pointer: &str| {
        let value = listed.pointer(pointer);
        value.and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    assert_eq!(
        text("/endpoints/0/interface").as_deref(),
        Some("caf%e9"),
        "{listed}"
    );
    let offered = addition(&Endpoint {
        id: 1,
        address: [10, 9, 0, 1].into(),
        port: None,
        interface: Some("caf%e9".to_owned()),
        interface_index: None,
        flags: EndpointFlags::SUBFLOW,
    });
    let offered = equivalent(&offered, &[]).join("\n");
    assert!(offered.contains(r#"dev "$(printf 'caf\351')" id"#), "{offered}");
}

/// The words that programs are called with in lines for a shell.
fn called(lines: &[String]) -> Vec<Vec<String>> {
    let told = r#"tell() { for word in "$@"; do printf '%s\0' "$word"; done; printf '\0'; }"#;
    let programs = "ip() { tell ip \"$@\"; }\nsysctl() { tell sysctl \"$@\"; }";
    let script = format!("{told}\n{programs}\n{}\n", lines.join("\n"));
    let output = Command::new("sh").args(["-c", &script]).output().expect("sh");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let calls = told.split_terminator("\0\0");
    calls
        .map(|call| call.split('\0').map(str::to_owned).collect())
        .collect()
}

#[test]
fn a_line_offered_for_copying_runs_nothing_but_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("x");
    let touch = format!("$(touch {})", mark.display());
    for name in [
        touch.as_str(),
        "`reboot`",
        "a;reboot",
        "a'b",
        COLOURED,
        TURNED,
        "a\nip link",
    ] {
        let endpoint = Endpoint {
            id: 2,
            address: [10, 0, 0, 1].into(),
            port: None,
            interface: Some(name.to_owned()),
            interface_index: None,
            flags: EndpointFlags::SUBFLOW,
        };
        let anew = Change::EndpointChange {
            id: 2,
            flags: FlagChange::one(EndpointFlags::SIGNAL, true),
        };
        let set = Change::Set {
            name: "scheduler".to_owned(),
            value: name.into(),
        };
        let endpoints = [endpoint.clone()];
        let commands = [addition(&endpoint), anew, set];
        let offered: Vec<_> = commands
            .iter()
            .flat_map(|command| equivalent(command, &endpoints))
            .collect();
        assert_eq!(lines(offered.join("\n").as_bytes()).len(), 4, "{offered:?}");
        let setting = format!("net.mptcp.scheduler={name}");
        let meant = [
            &[
                "ip", "mptcp", "endpoint", "add", "10.0.0.1", "dev", name, "id", "2", "subflow",
            ][..],
            &["ip", "mptcp", "endpoint", "delete", "id", "2"],
            &[
                "ip", "mptcp", "endpoint", "add", "10.0.0.1", "dev", name, "id", "2", "signal", "subflow",
            ],
            &["sysctl", "-w", &setting],
        ];
        assert_eq!(called(&offered), meant, "{offered:?}");
        assert!(!mark.exists(), "{offered:?}");
    }
}
