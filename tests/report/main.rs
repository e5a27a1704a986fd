//! `pathscope report` and `anonymise`: what they tell is what the stream has, and an anonymised one tells of nobody.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod anonymised;
mod filled;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use pathscope::model::{Connection, Line};
use pathscope::source::{FileSource, Pace, Source as _};
use serde_json::Value;
use tempfile::TempDir;

/// One connection over two paths, of which one goes down while it sends.
fn handover() -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let corpus = "tests/corpus/lan.steady-8m.client-sends.near-down.jsonl.zst";
        let all = fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(corpus)).unwrap();
        let all = String::from_utf8(zstd::decode_all(all).unwrap()).unwrap();
        // The first of the streams in it.
        let is_header = |line: &&str| line.contains("\"kind\":\"header\"");
        let begin = all.lines().next().unwrap();
        let rest = all.lines().skip(1).take_while(|line| !is_header(line));
        let lines = std::iter::once(begin).chain(rest).map(|line| format!("{line}\n"));
        fs::write(folder.path().join("handover.jsonl"), lines.collect::<String>()).unwrap();
        folder
    });
    FOLDER.path().join("handover.jsonl")
}

fn pathscope<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pathscope"));
    command.args(arguments).env("TZ", "UTC").output().unwrap()
}

fn report(file: &Path, arguments: &[&str]) -> Output {
    let mut words = vec!["report".into(), file.as_os_str().to_owned()];
    words.extend(arguments.iter().map(Into::into));
    pathscope(words)
}

fn json(file: &Path, arguments: &[&str]) -> Value {
    let output = report(file, &[&["--json"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn lines(file: &Path) -> Vec<Line> {
    let source = FileSource::open(file, Pace::Unpaced).unwrap();
    source.lines().iter().collect()
}

/// What the connections sent from their first sample to their last, by the counters of the stream.
fn sent(lines: &[Line]) -> u64 {
    let mut spans: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut is_first = true;
    for line in lines {
        let Line::Sample(sample) = line else { continue };
        for connection in &sample.connections {
            let bytes = Connection::sent_bytes(connection);
            let before = if is_first { bytes } else { 0 };
            let span = spans
                .entry(format!("{:?}", connection.token))
                .or_insert((before, bytes));
            span.1 = bytes;
        }
        is_first = false;
    }
    spans.values().map(|(first, last)| last - first).sum()
}

#[test]
fn the_numbers_are_those_of_the_stream() {
    let file = handover();
    let told = json(&file, &[]);
    let lines = lines(&file);
    assert_eq!(told["figures"]["sent_bytes"].as_u64().unwrap(), sent(&lines));
    let samples = lines
        .iter()
        .filter(|line| matches!(line, Line::Sample(_)))
        .count();
    assert_eq!(told["recording"]["samples"], samples);
    // What each path carried, by its sum and by its rates.
    let rates = &told["throughput"];
    let width_s = rates["bin_s"].as_f64().unwrap();
    let length_s = told["recording"]["to_s"].as_f64().unwrap();
    let mut carrying = 0;
    for (path, rates) in told["paths"]
        .as_array()
        .unwrap()
        .iter()
        .zip(rates["paths"].as_array().unwrap())
    {
        assert_eq!(path["interface"], rates["interface"]);
        let rates = rates["sent_bps"].as_array().unwrap();
        let last = rates.len() - 1;
        let bits = rates.iter().enumerate().map(|(number, bps)| {
            let last_s = length_s - width_s * last as f64;
            bps.as_f64().unwrap() * if number == last { last_s } else { width_s }
        });
        let (plotted, summed) = (bits.sum::<f64>() / 8.0, path["sent_bytes"].as_f64().unwrap());
        assert!(
            (plotted - summed).abs() < 0.02 * summed + 20_000.0,
            "{path}: {plotted} plotted"
        );
        carrying += u32::from(summed > 100_000.0);
    }
    assert_eq!(carrying, 2, "both paths carried: {}", told["paths"]);
    // It ends while Wi-Fi is away.
    let findings = told["findings"].as_array().unwrap();
    let rules: Vec<_> = findings.iter().map(|finding| &finding["rule"]).collect();
    assert_eq!(rules, ["link-down"]);
}

#[test]
fn the_handovers_are_those_that_are_told_elsewhere() {
    let file = handover();
    let told = pathscope([
        "handovers".as_ref(),
        "--json".as_ref(),
        "--from".as_ref(),
        file.as_os_str(),
    ]);
    let told: Vec<Value> = String::from_utf8(told.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<&Value> = told.iter().filter(|one| one["ongoing"] == false).collect();
    assert!(!told.is_empty());
    let report = json(&file, &[]);
    let mut reported: Vec<&Value> = report["handovers"].as_array().unwrap().iter().collect();
    reported.sort_by(|a, b| a["t"].as_f64().unwrap().total_cmp(&b["t"].as_f64().unwrap()));
    for (one, other) in told.iter().zip(&reported) {
        for field in [
            "t",
            "token",
            "cause",
            "from",
            "to",
            "interruption_ms",
            "uncertainty_ms",
            "recovery_ms",
            "survived",
        ] {
            assert_eq!(one[field], other[field], "{field} of {one}");
        }
    }
    let worst = told
        .iter()
        .filter_map(|one| one["interruption_ms"].as_u64())
        .max();
    assert_eq!(report["figures"]["worst_interruption_ms"].as_u64(), worst);
}

#[test]
fn parts_add_up_to_the_whole() {
    let file = handover();
    let whole = json(&file, &[]);
    let middle = whole["recording"]["to_s"].as_f64().unwrap() / 2.0;
    let middle = format!("{middle:.3}");
    let parts = [json(&file, &["--to", &middle]), json(&file, &["--from", &middle])];
    for figure in ["sent_bytes", "received_bytes"] {
        let sum: u64 = parts
            .iter()
            .map(|part| part["figures"][figure].as_u64().unwrap())
            .sum();
        assert_eq!(whole["figures"][figure].as_u64().unwrap(), sum, "{figure}");
    }
    let samples: u64 = parts
        .iter()
        .map(|part| part["recording"]["samples"].as_u64().unwrap())
        .sum();
    assert_eq!(whole["recording"]["samples"].as_u64().unwrap(), samples);
    let late = report(&file, &["--from", "100000"]);
    assert_eq!(late.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&late.stderr).contains("nothing was recorded after 100000 s"),
        "{late:?}"
    );
}

/// A page asks nobody for anything, and nothing in it runs.
fn assert_alone(page: &str) {
    let small = page.to_lowercase();
    for word in [
        "<script",
        "javascript:",
        " src=",
        "href",
        "url(",
        "@import",
        "<link",
        "<iframe",
        "<img",
        "http:",
        "https:",
    ] {
        assert!(!small.contains(word), "'{word}' in the page");
    }
    let handler = |word: &&str| word.starts_with("on") && word.contains('=');
    assert_eq!(small.split_whitespace().find(handler), None);
    assert!(small.contains("default-src 'none'"));
    // HTML closes these nowhere by itself: one that is open swallows what follows.
    for element in [
        "line", "rect", "path", "text", "g", "svg", "details", "table", "section", "span",
    ] {
        let opened = [" ", ">"].map(|end| small.matches(&format!("<{element}{end}")).count());
        let closed = small.matches(&format!("</{element}>")).count();
        assert_eq!(opened.iter().sum::<usize>(), closed, "{element}");
    }
}

#[test]
fn the_page_stands_alone_and_has_every_figure() {
    let file = handover();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("page.html");
    fs::write(&out, "old").unwrap();
    let output = report(&file, &["--html", out.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let page = fs::read_to_string(&out).unwrap();
    assert_alone(&page);
    let told = json(&file, &[]);
    let sentence = told["sentence"].as_str().unwrap();
    // No line ends between a number and its unit.
    let page = page.replace('\u{a0}', " ");
    assert!(page.contains(&format!("<h1>{sentence}</h1>")), "{sentence}");
    let plots = page.matches("<svg class=\"plot\"").count();
    assert!(plots >= 1 && page.matches("<summary>The same in numbers</summary>").count() == plots);
    assert!(page.contains("aria-label=\"Throughput "));
    for part in ["prefers-color-scheme:dark", "@page{size:A4"] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
    let streamed = report(&file, &["--html", "-"]);
    assert_eq!(streamed.stdout, fs::read(&out).unwrap());
}

#[test]
fn names_cannot_bring_markup_or_formulas() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.jsonl");
    let hostile = "</title><script>alert(1)</script>\u{202e}";
    fs::write(
        &file,
        filled::stream(|real| match real {
            filled::PROCESS => "=HYPERLINK(\"http://x\")".to_owned(),
            filled::SSID => hostile.to_owned(),
            other => other.to_owned(),
        }),
    )
    .unwrap();
    let tables = folder.path().join("tables");
    let output = report(&file, &["--html", "-", "--csv", tables.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    assert!(page.contains("&lt;script&gt;"), "it is shown");
    let connections = fs::read_to_string(tables.join("connections.csv")).unwrap();
    assert!(connections.contains("'=HYPERLINK"), "{connections}");
}

#[test]
fn tables_have_a_head_with_units_and_rows_of_one_length() {
    let folder = tempfile::tempdir().unwrap();
    let output = report(
        &handover(),
        &["--csv", folder.path().join("new/tables").to_str().unwrap()],
    );
    assert!(output.status.success(), "{output:?}");
    let told = json(&handover(), &[]);
    let mut rows = BTreeMap::new();
    for entry in fs::read_dir(folder.path().join("new/tables")).unwrap() {
        let path = entry.unwrap().path();
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let head = reader.headers().unwrap().clone();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        rows.insert(name, (head, records));
    }
    let names: Vec<&str> = rows.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "connections.csv",
            "events.csv",
            "handovers.csv",
            "interfaces.csv",
            "subflows.csv",
            "throughput.csv"
        ]
    );
    let column = |table: &str, name: &str| -> Vec<String> {
        let (head, records) = &rows[table];
        let place = head.iter().position(|column| column == name).unwrap();
        records.iter().map(|record| record[place].to_owned()).collect()
    };
    let sent: u64 = column("connections.csv", "sent_bytes")
        .iter()
        .map(|cell| cell.parse::<u64>().unwrap())
        .sum();
    assert_eq!(told["figures"]["sent_bytes"], sent);
    assert_eq!(
        column("handovers.csv", "interruption_ms").len(),
        told["handovers"].as_array().unwrap().len()
    );
    assert!(column("subflows.csv", "delivered_bytes").len() >= 2);
    assert!(
        column("throughput.csv", "sent_bps")
            .iter()
            .any(|cell| cell.parse::<f64>().unwrap() > 1e6)
    );
}

#[test]
fn what_was_cut_off_is_told_of_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.jsonl");
    let whole = fs::read(handover()).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let output = report(&file, &["--html", "-"]);
    assert!(output.status.success(), "{output:?}");
    let page = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    for text in [&page, &said] {
        assert!(
            text.contains("The recording ends before its time (it is cut off in line"),
            "{said}"
        );
    }
    let told = json(&file, &[]);
    assert!(told["recording"]["cut"].is_string());
    assert!(told["figures"]["sent_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn what_is_no_recording_says_so_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |file: &Path, arguments: &[&str], code: i32| {
        let output = report(file, arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    assert!(refused(&folder.path().join("missing"), &[], 1).contains("No such file"));
    assert!(refused(folder.path(), &[], 1).contains("directory"));
    let file = folder.path().join("kept.jsonl");
    for (content, why) in [
        ("", "it is empty"),
        ("hello\n", "header"),
        ("\u{0}\u{1}\u{2}\u{3}\u{4}\n", "header"),
    ] {
        fs::write(&file, content).unwrap();
        assert!(refused(&file, &[], 1).contains(why), "{why}");
    }
    let header = filled::stream(str::to_owned);
    fs::write(&file, header.lines().next().unwrap().to_owned() + "\n").unwrap();
    assert!(refused(&file, &[], 1).contains("no sample in it"));
    let file = handover();
    assert!(refused(&file, &["--html", "/nowhere/page.html"], 1).contains("/nowhere/page.html"));
    refused(&file, &["--html", "-", "--json"], 2);
    refused(&file, &["--from", "5", "--to", "5"], 2);
    let own = folder.path().join("own.jsonl");
    fs::copy(&file, &own).unwrap();
    assert!(refused(&own, &["--html", own.to_str().unwrap()], 2).contains("take the place of the recording"));
}

#[test]
fn several_recordings_in_one_file_follow_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.jsonl");
    let one = fs::read(handover()).unwrap();
    fs::write(&file, [one.clone(), one].concat()).unwrap();
    let (once, twice) = (json(&handover(), &[]), json(&file, &[]));
    assert_eq!(twice["recording"]["streams"], 2);
    for figure in ["sent_bytes", "handovers", "connections"] {
        let [once, twice] = [&once, &twice].map(|told| told["figures"][figure].as_u64().unwrap());
        assert_eq!(twice, 2 * once, "{figure}");
    }
    let times: Vec<f64> = twice["handovers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["t"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// What ships with the program is read by every later version.
#[test]
fn recordings_that_ship_are_told_of() {
    let told = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recordings");
        let file = folder.join(name).with_extension("pathscope");
        let bytes = fs::metadata(&file).unwrap().len();
        assert!(bytes <= 300 * 1024, "{name}: {bytes} bytes");
        let told = json(&file, &[]);
        assert!(told["recording"]["cut"].is_null(), "{name}");
        assert_eq!(told["recording"]["host"], "laptop");
        told
    };
    let handover = told("handover");
    assert!(handover["figures"]["handovers"].as_u64().unwrap() >= 2);
    assert_eq!(handover["figures"]["connections_lost"], 0);
    let fallback = told("fallback");
    assert!(fallback["figures"]["connections_fallback"].as_u64().unwrap() >= 1);
    // Nothing carries on while Wi-Fi is away: the phone has no endpoint.
    let roaming = told("roaming");
    assert!(
        roaming["figures"]["worst_interruption_ms"].as_u64().unwrap() > 2000,
        "{roaming}"
    );
    let endpoints = roaming["machine"]["endpoints"].as_array().unwrap();
    assert!(
        endpoints.iter().all(|endpoint| endpoint["interface"] != "phone"),
        "{endpoints:?}"
    );
}
