//! The command line as a support engineer uses it: hundreds of connections on a narrow terminal, words that choose,
//! orders and groups, counters, every namespace, and help that fits.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;
mod hosts;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::{inside, pathscope};
use hosts::Pair;
use pathscope::lab::{Crowd, CrowdOptions};
use serde_json::Value;
use socket2::Protocol;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// What the program prints in a namespace, as a terminal that is so wide would have it.
fn printed(netns: &Path, columns: Option<&str>, words: &[&str]) -> String {
    let mut command = inside(netns, &pathscope(), false);
    command.args(words).env_remove("COLUMNS").env("NO_COLOR", "1");
    if let Some(columns) = columns {
        command.env("COLUMNS", columns);
    }
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn json(netns: &Path, words: &[&str]) -> Value {
    serde_json::from_str(&printed(netns, None, words)).expect("JSON")
}

fn items<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    let items = value.get(name).and_then(Value::as_array);
    items.unwrap_or_else(|| panic!("{name} is no list in {value}"))
}

fn assert_fits(text: &str, columns: usize) {
    for line in text.lines() {
        let width = line.chars().count();
        assert!(width <= columns, "{width} of {columns} columns: {line:?}");
    }
}

/// Without a namespace: arguments and help.
fn alone(words: &[&str], columns: &str) -> Output {
    let mut command = Command::new(pathscope());
    command.args(words).env("COLUMNS", columns);
    command.output().expect("the program runs")
}

#[test]
fn three_hundred_connections_are_readable_on_a_narrow_terminal() {
    if !common::can_make_namespaces("three hundred connections") {
        return;
    }
    let options = CrowdOptions {
        connections: 300,
        busy: 20,
        program: Some(pathscope()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).expect("a crowd");
    let netns = crowd.netns();

    let narrow = printed(&netns, Some("80"), &["list"]);
    assert_fits(&narrow, 80);
    let rows = narrow.lines().filter(|line| line.contains(" → ")).count();
    assert_eq!(rows, 0, "no line is a subflow's");
    let peers = narrow
        .lines()
        .filter(|line| line.contains("10.") || line.contains("[fd"))
        .count();
    assert_eq!(peers, 300, "a line a connection");
    assert!(narrow.contains("APPLICATION") && narrow.contains("300 connections, 600 subflows"));
    assert_fits(&printed(&netns, Some("40"), &["list"]), 40);

    let wide = printed(&netns, None, &["list"]);
    assert_eq!(wide.lines().filter(|line| line.contains(" → ")).count(), 900);

    // Words choose as they do in the window, and JSON has what they chose.
    let all = json(&netns, &["list", "--json"]);
    assert_eq!(items(&all, "connections").len(), 300);
    let one = items(&all, "connections").first().expect("a connection");
    let port = |end: &Value| {
        let (_, port) = end.as_str()?.rsplit_once(':')?;
        Some(port.to_owned())
    };
    let wanted = port(&one["local"]).expect("a port");
    // Two families, and each has its own ports.
    let has = |one: &&Value| {
        [&one["local"], &one["remote"]]
            .into_iter()
            .any(|end| port(end).as_ref() == Some(&wanted))
    };
    let expected = items(&all, "connections").iter().filter(has).count();
    let word = format!("port:{wanted}");
    let chosen = json(&netns, &["list", "--json", &word]);
    assert_eq!(items(&chosen, "connections").len(), expected, "{word}");
    let none = printed(&netns, Some("80"), &["list", "fallback"]);
    assert!(none.contains("0 of 300 connections, 0 subflows"), "{none}");
    let six = json(&netns, &["list", "--json", "addr:[fd"]);
    assert_eq!(items(&six, "connections").len(), 150);

    // Rates, and an order by them.
    let rated = json(&netns, &["list", "--json", "--sort", "rate", "--rates", "0.5"]);
    let rates: Vec<u64> = items(&rated, "connections")
        .iter()
        .map(|one| {
            let rates = &one["rates"];
            assert!(rates["seconds"].as_f64().is_some_and(|seconds| seconds >= 0.5));
            let bps = |name: &str| rates[name].as_u64().expect("a rate");
            bps("sent_bps") + bps("received_bps")
        })
        .collect();
    assert!(rates.is_sorted_by(|a, b| a >= b), "{rates:?}");
    assert!(rates.first().is_some_and(|most| *most > 0), "{rates:?}");

    let groups = printed(&netns, Some("80"), &["list", "--by", "interface"]);
    assert_fits(&groups, 80);
    assert_eq!(groups.lines().count(), 1 + 2 + 1, "{groups}");
    let groups = json(&netns, &["list", "--by", "app", "--json"]);
    let groups = items(&groups, "groups");
    assert_eq!(groups.len(), 1, "{groups:?}");
    assert_eq!(groups[0]["connections"], 300);

    // Who reads the first line only ends it quietly.
    let mut command = inside(&netns, &pathscope(), false);
    let mut child = command
        .arg("list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn what_listens_and_what_waits_have_a_place() {
    let Some(pair) = Pair::new() else { return };
    let (mut client, mut server, _listener) =
        pair.connection(Protocol::MPTCP, "10.1.0.2:7000", "10.1.0.2:7000");
    let listed = json(&pair.server.netns(), &["list", "--json"]);
    let [listener] = items(&listed, "listeners").as_slice() else {
        panic!("one listens: {listed}");
    };
    assert_eq!(listener["local"], "10.1.0.2:7000");
    assert_eq!(
        (&listener["accept_queue"], &listener["backlog"]),
        (&0.into(), &128.into())
    );
    let text = printed(&pair.server.netns(), None, &["list"]);
    assert!(
        text.contains("Listening") && text.contains("0 of 128 wait"),
        "{text}"
    );

    client.write_all(&[7; 1000]).expect("write");
    let connection = common::wait_for("it to arrive", std::time::Duration::from_mins(1), || {
        let listed = json(&pair.server.netns(), &["list", "--json"]);
        let connection = items(&listed, "connections").first()?.clone();
        connection["receive_queue"].as_u64().filter(|bytes| *bytes > 0)?;
        Some(connection)
    });
    assert_eq!(connection["outstanding"], 0, "{connection}");
    assert_eq!(connection["waits"], Value::Array(Vec::new()), "{connection}");
    assert!(connection["receiver_limited_us"].is_u64(), "{connection}");
    let text = printed(&pair.server.netns(), None, &["list"]);
    assert!(text.contains(" unread"), "{text}");
    server.read_exact(&mut [0; 1000]).expect("read");
}

#[test]
fn counters_say_what_they_count_and_what_moved() {
    let Some(pair) = Pair::new() else { return };
    let netns = pair.client.netns();
    let before = json(&netns, &["counters", "--json"]);
    assert_eq!(before["counters"]["MPCapableSYNTX"], 0, "{before}");
    assert_eq!((&before["schema"], &before["moved"]), (&1.into(), &Value::Null));
    let mut watch = inside(&netns, &pathscope(), false);
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept.jsonl");
    let mut watch = watch
        .args(["watch", "--json", "--control"])
        .stdin(Stdio::piped())
        .stdout(std::fs::File::create(&kept).expect("a file"))
        .spawn()
        .expect("the program runs");
    common::wait_for("the stream to begin", std::time::Duration::from_mins(1), || {
        let text = std::fs::read_to_string(&kept).ok()?;
        text.contains("\"full\":true").then_some(())
    });
    let (_client, _server, listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:7000", "10.1.0.2:7000");
    common::wait_for("the counter to move", std::time::Duration::from_mins(1), || {
        let text = std::fs::read_to_string(&kept).ok()?;
        text.contains("\"MPCapableSYNTX\":1").then_some(())
    });
    drop(watch.stdin.take());
    assert!(watch.wait().expect("it ends").success());
    let kept = kept.to_str().expect("a path");
    let told = json(&netns, &["counters", "--json", "--since-start", "--from", kept]);
    assert_eq!(told["moved"]["MPCapableSYNTX"], 1, "{told}");
    let followed = folder.path().join("followed.jsonl");
    let mut command = inside(&netns, &pathscope(), false);
    let mut follow = command
        .args(["counters", "--since-start", "--json"])
        .stdout(std::fs::File::create(&followed).expect("a file"))
        .spawn()
        .expect("the program runs");
    common::wait_for("what moves to be told", std::time::Duration::from_mins(1), || {
        // Each connection moves it, so it does not matter when the program has begun.
        let client = pair.client.connect(Protocol::MPTCP, "10.1.0.2:7000");
        drop((client, listener.accept().expect("accept")));
        let text = std::fs::read_to_string(&followed).ok()?;
        text.contains("\"since_start\":{").then_some(())
    });
    let _ = follow.kill();
    let _ = follow.wait();

    let text = printed(&netns, None, &["counters"]);
    let line = text.lines().find(|line| line.starts_with("MPCapableSYNTX"));
    assert!(
        line.is_some_and(|line| line.contains("requests for MPTCP that were sent")),
        "{text}"
    );
    assert_fits(&printed(&netns, Some("40"), &["counters"]), 40);
}

#[test]
fn every_namespace_is_read_and_each_is_named() {
    let Some(pair) = Pair::new() else { return };
    let (_client, _server, _listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:7000", "10.1.0.2:7000");
    let own = Path::new("/proc/self/ns/net");
    let listed = json(own, &["list", "--all-netns", "--json", "port:7000"]);
    let here: Vec<&Value> = items(&listed, "connections")
        .iter()
        .filter(|one| one["remote"] == "10.1.0.2:7000")
        .collect();
    assert!(!here.is_empty(), "{listed}");
    for one in here {
        let netns = one["netns"].as_str().expect("a name that leads there");
        let again = json(own, &["--netns", netns, "list", "--json", "port:7000"]);
        assert!(!items(&again, "connections").is_empty(), "{netns}");
    }
    assert!(items(&listed, "namespaces").len() >= 3, "{listed}");
    let text = printed(own, Some("80"), &["list", "--all-netns", "port:7000"]);
    assert!(text.contains("Network namespace "), "{text}");
    let both = alone(&["list", "--all-netns", "--netns", "x"], "80");
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn help_fits_forty_columns() {
    let pages: [&[&str]; 19] = [
        &[],
        &["list"],
        &["counters"],
        &["watch"],
        &["record"],
        &["handovers"],
        &["endpoints"],
        &["endpoint"],
        &["endpoint", "add"],
        &["endpoint", "change"],
        &["endpoint", "remove"],
        &["limits"],
        &["limits", "set"],
        &["set"],
        &["close"],
        &["demo"],
        &["completions"],
        &["man"],
        &["watch", "--interval", "x"],
    ];
    for words in pages {
        let mut all = words.to_vec();
        if !words.contains(&"--interval") {
            all.push("--help");
        }
        let output = alone(&all, "40");
        let shown = text(&output.stdout) + &text(&output.stderr);
        assert!(
            shown.contains("pathscope") || shown.contains("--interval"),
            "{shown}"
        );
        for line in shown.lines() {
            // A word that is longer, such as a path, is not broken: it could not be copied.
            let is_one_word = line.split_whitespace().count() == 1;
            assert!(line.chars().count() <= 40 || is_one_word, "{words:?}: {line:?}");
        }
    }
    let wide = text(&alone(&["list", "--help"], "100").stdout);
    assert!(wide.contains("Examples:") && wide.contains("port:443"), "{wide}");
}

#[test]
fn manual_pages_have_examples() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a path");
    assert!(alone(&["man", "--out", out], "80").status.success());
    let mut pages = 0;
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let page = std::fs::read_to_string(&path).expect("a page");
        assert!(
            page.contains(".SH EXAMPLES\n.TP\n.B pathscope"),
            "{}",
            path.display()
        );
        pages += 1;
    }
    assert!(pages >= 17, "{pages}");
}
