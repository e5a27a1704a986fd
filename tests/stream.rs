//! `watch --json` against `ip mptcp monitor`, and the stream's promises, on real connections.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::lines::Lines;
use pathscope::lab::{self, Crowd, CrowdOptions, Lab};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_mins(1);

fn start_lab() -> Lab {
    let options = lab::Options {
        automatic: false,
        program: Some(common::pathscope()),
        ..lab::Options::default()
    };
    Lab::start(lab::scenario("handover").expect("a scenario"), &options).expect("a laboratory")
}

/// An event as both programs tell it: its name, token, and ports.
type Told = (String, String, String, String);

fn told_by_watch(line: &Value) -> Option<Told> {
    let name = line["event"].as_str()?;
    // With a connection's end the kernel gives its token only; its addresses are ours.
    let told = |_: &&str| name != "connection_closed";
    let port = |field: &str| {
        line[field]
            .as_str()
            .and_then(|address| address.rsplit(':').next())
            .filter(told)
            .unwrap_or_default()
            .to_owned()
    };
    let token = line["token"].as_str()?.trim_start_matches("0x").to_owned();
    (line["source"] == "kernel").then(|| (name.to_owned(), token, port("local"), port("remote")))
}

/// From a line such as `[SF_CLOSED] token=0a1b2c3d remid=0 locid=1 saddr4=… sport=… dport=…`.
fn told_by_ip(line: &str) -> Option<Told> {
    let name = match line.split(']').next()?.trim_start_matches(['[', ' ']).trim() {
        "CREATED" => "connection_created",
        "ESTABLISHED" => "connection_established",
        "CLOSED" => "connection_closed",
        "SF_ESTABLISHED" => "subflow_established",
        "SF_CLOSED" => "subflow_closed",
        "SF_PRIO" => "subflow_priority",
        "ANNOUNCED" => "address_announced",
        "REMOVED" => "address_removed",
        _ => return None,
    };
    let value = |field: &str| {
        let word = line.split_whitespace().find_map(|word| word.strip_prefix(field));
        word.unwrap_or_default().to_owned()
    };
    let token = format!("{:0>8}", value("token=").trim_start_matches("0x"));
    Some((name.to_owned(), token, value("sport="), value("dport=")))
}

/// Each connection's events in their order. What happens to two connections on two processors at once reaches one
/// listener in this order and another one in that (net/netlink/af_netlink.c, `netlink_broadcast`).
fn by_connection(events: Vec<Told>) -> BTreeMap<String, Vec<Told>> {
    let mut each: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for told in events {
        each.entry(told.1.clone()).or_default().push(told);
    }
    each
}

fn wait_until_monitor_listens(pid: u32) {
    common::wait_for("ip mptcp monitor to listen", LIMIT, || {
        let sockets = std::fs::read_to_string(format!("/proc/{pid}/net/netlink")).ok()?;
        // Protocol 16 is generic netlink; then the port, which `ip` lets be its pid, and the groups.
        let joined = sockets.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.get(1) == Some(&"16")
                && words.get(2) == Some(&pid.to_string().as_str())
                && words.get(3).is_some_and(|groups| *groups != "00000000")
        });
        joined.then_some(())
    });
}

/// How often the link is cut: PATHSCOPE_CUTS where time is dear.
fn cuts() -> usize {
    let told = std::env::var("PATHSCOPE_CUTS").ok();
    told.map_or(100, |number| number.parse().expect("PATHSCOPE_CUTS is a number"))
}

#[test]
fn watch_tells_what_ip_mptcp_monitor_tells_over_100_cuts() {
    if !common::can_make_namespaces("watch against ip mptcp monitor") {
        return;
    }
    // Two laboratories at a time: most of it is waiting for joins.
    let cuts = cuts();
    std::thread::scope(|scope| {
        scope.spawn(|| watch_tells_what_monitor_tells(cuts / 2));
        watch_tells_what_monitor_tells(cuts - cuts / 2);
    });
}

/// In a laboratory whose link is cut so often.
fn watch_tells_what_monitor_tells(cuts: usize) {
    let lab = start_lab();
    let mut monitor = common::inside(&lab.netns(), Path::new("ip"), false);
    monitor.args(["mptcp", "monitor"]);
    let monitor = Lines::start(monitor);
    wait_until_monitor_listens(monitor.child.id());
    let watch = Lines::watch(&lab.netns(), &common::pathscope(), false, &["--interval", "1000"]);
    assert_eq!(watch.next()["kind"], "header");
    // What the monitor tells before that, the other may have come too late for: an old kernel resets a join now and then.
    let early: Vec<Told> = monitor
        .lines
        .try_iter()
        .filter_map(|line| told_by_ip(&line))
        .collect();

    let mut ours = Vec::new();
    let mut take = |wanted: &str| {
        let end = Instant::now() + LIMIT;
        loop {
            let line = watch.next();
            ours.extend(told_by_watch(&line));
            if line["event"] == wanted && line["interface"] == "ethernet" {
                break;
            }
            assert!(Instant::now() < end, "no {wanted} on ethernet within {LIMIT:?}");
        }
    };
    for _ in 0..cuts {
        lab.plug("ethernet", false).expect("cut");
        take("subflow_closed");
        lab.plug("ethernet", true).expect("return");
        take("subflow_established");
    }
    // Both are complete once the last event is so long ago.
    drop(lab);
    let mut theirs = early.clone();
    while let Ok(line) = monitor.lines.recv_timeout(Duration::from_secs(2)) {
        theirs.extend(told_by_ip(&line));
    }
    while let Ok(line) = watch.lines.try_recv() {
        ours.extend(told_by_watch(&serde_json::from_str(&line).expect("JSON")));
    }
    let (ours, mut theirs, early) = (by_connection(ours), by_connection(theirs), by_connection(early));
    for (token, told) in &mut theirs {
        let number = |events: &BTreeMap<String, Vec<Told>>| events.get(token).map_or(0, Vec::len);
        let missed = told.len().saturating_sub(number(&ours)).min(number(&early));
        told.drain(..missed);
    }
    theirs.retain(|_, told| !told.is_empty());
    let number: usize = theirs.values().map(Vec::len).sum();
    assert!(
        number >= 2 * cuts,
        "at least an end and a beginning a cut: {number}"
    );
    assert_eq!(ours, theirs);
}

#[test]
fn a_normal_user_gets_the_events_inferred() {
    if !common::can_make_namespaces("inferred events") {
        return;
    }
    let lab = start_lab();
    let copy = common::PublicCopy::new();
    let watch = Lines::watch(&lab.netns(), &copy.path(), true, &["--interval", "100"]);
    let header = watch.next();
    assert_eq!(header["access"]["events"], false);
    assert!(
        header["access"]["why_not"]
            .as_str()
            .is_some_and(|why| why.contains("CAP_NET_ADMIN")),
        "{header}"
    );
    lab.plug("ethernet", false).expect("cut");
    let down = watch.find(|line| line["event"] == "interface_down");
    assert_eq!(
        (&down["interface"], &down["source"]),
        (&json!("ethernet"), &json!("kernel"))
    );
    let ended = watch.find(|line| line["event"] == "subflow_closed");
    assert_eq!(
        (&ended["interface"], &ended["source"]),
        (&json!("ethernet"), &json!("inferred"))
    );
    lab.plug("ethernet", true).expect("return");
    let joined = watch.find(|line| line["event"] == "subflow_established");
    assert_eq!(
        (&joined["interface"], &joined["source"]),
        (&json!("ethernet"), &json!("inferred"))
    );
    assert!(
        joined["token"].is_string() && joined["local"].is_string(),
        "{joined}"
    );
}

#[test]
fn a_stream_has_a_header_a_full_sample_and_then_changes_in_order_of_time() {
    if !common::can_make_namespaces("the stream's order") {
        return;
    }
    let lab = start_lab();
    let watch = Lines::watch(&lab.netns(), &common::pathscope(), false, &["--interval", "50"]);
    let header = watch.next();
    assert_eq!(
        (&header["kind"], &header["schema"], &header["interval_ms"]),
        (&json!("header"), &json!(1), &json!(50))
    );
    let first = watch.find(|line| line["kind"] == "sample");
    assert_eq!(first["full"], true);
    for name in ["wifi", "ethernet", "phone"] {
        let listed = first["interfaces"]
            .as_array()
            .expect("interfaces")
            .iter()
            .any(|link| link["name"] == name);
        assert!(listed, "{name} is missing");
    }
    let mut t = 0.0;
    for _ in 0..100 {
        let line = watch.next();
        let now = line["t"].as_f64().expect("a time");
        assert!(now >= t, "{now} after {t}");
        t = now;
        assert_ne!(line["full"], true, "a second full sample within seconds");
    }
}

#[test]
fn control_answers_each_command_and_ends_with_its_input() {
    if !common::can_make_namespaces("watch --control") {
        return;
    }
    let lab = start_lab();
    let mut watch = Lines::watch(&lab.netns(), &common::pathscope(), false, &["--control"]);
    let mut stdin = watch.stdin();
    let mut ask = |line: String| {
        writeln!(stdin, "{line}").expect("the program listens");
        watch.find(|line| line["event"] == "command")["command"].clone()
    };
    let endpoints = || common::output(&lab.netns(), &["ip", "mptcp", "endpoint", "show"]);
    let id = endpoints()
        .lines()
        .find(|line| line.contains("10.77.2.2"))
        .and_then(|line| line.split("id ").nth(1)?.split(' ').next()?.parse::<u8>().ok())
        .expect("the endpoint on ethernet");

    let done =
        ask(json!({"command": "endpoint_change", "id": id, "flags": ["backup"], "ref": "a"}).to_string());
    assert_eq!(
        (&done["ok"], &done["reference"], &done["by"]),
        (&json!(true), &json!("a"), &json!("stdin"))
    );
    assert!(
        endpoints()
            .lines()
            .any(|line| line.contains("10.77.2.2") && line.contains("backup"))
    );

    let refused =
        ask(json!({"command": "endpoint_add", "address": "10.77.2.2", "flags": ["subflow"]}).to_string());
    assert_eq!(refused["ok"], false);
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|text| text.contains("10.77.2.2")),
        "{refused}"
    );

    let unclear = ask("{\"command\":\"fly\"}".to_owned());
    assert_eq!((&unclear["ok"], &unclear["asked"]), (&json!(false), &Value::Null));

    drop(stdin);
    let status = common::wait_for("the program to end", LIMIT, || {
        watch.child.try_wait().expect("a status")
    });
    assert!(status.success(), "{status}");
}

#[test]
fn control_carries_out_everything_before_its_input_ended() {
    if !common::can_make_namespaces("watch --control with all its input at once") {
        return;
    }
    let lab = start_lab();
    let mut watch = Lines::watch(&lab.netns(), &common::pathscope(), false, &["--control"]);
    let mut stdin = watch.stdin();
    for number in 0..40 {
        let value = 2 + number % 2;
        let line = json!({"command": "set", "name": "stale_loss_cnt", "value": value, "ref": number});
        writeln!(stdin, "{line}").expect("the program listens");
    }
    stdin.write_all(b"\xff\xfe\n").expect("the program listens");
    drop(stdin);
    let mut done = Vec::new();
    while let Ok(line) = watch.lines.recv_timeout(LIMIT) {
        let line: Value = serde_json::from_str(&line).expect("JSON");
        if line["event"] == "command" {
            done.push(line["command"]["ok"].as_bool());
        }
    }
    assert_eq!(
        done.iter().filter(|ok| **ok == Some(true)).count(),
        40,
        "{done:?}"
    );
    assert_eq!(done.len(), 41, "and what is no text is answered");
    let value = common::output(&lab.netns(), &["cat", "/proc/sys/net/mptcp/stale_loss_cnt"]);
    assert_eq!(value.trim(), "3");
}

#[test]
fn output_that_closes_early_ends_quietly() {
    if !common::can_make_namespaces("closed output") {
        return;
    }
    let lab = start_lab();
    let mut command = common::inside(&lab.netns(), &common::pathscope(), false);
    let mut child = command
        .args(["watch", "--json", "--interval", "50"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let status = common::wait_for("the end", LIMIT, || child.try_wait().expect("a status"));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("stderr"), &mut said).expect("text");
    assert!(status.success() && said.is_empty(), "{status}: {said}");
}

#[test]
fn a_connections_end_is_told_with_its_addresses() {
    if !common::can_make_namespaces("the end of a connection") {
        return;
    }
    let options = CrowdOptions {
        connections: 4,
        program: Some(common::pathscope()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).expect("a crowd");
    let watch = Lines::watch(&crowd.netns(), &common::pathscope(), false, &[]);
    let first = watch.find(|line| line["kind"] == "sample");
    let connection = &first["connections"][0];
    assert!(
        connection["process"]["pid"].is_u64(),
        "the first sample knows processes: {connection}"
    );
    crowd.close_all().expect("the crowd closes");
    let closed =
        watch.find(|line| line["event"] == "connection_closed" && line["token"] == connection["token"]);
    assert_eq!(
        (&closed["local"], &closed["remote"]),
        (&connection["local"], &connection["remote"])
    );
    assert_eq!(closed["source"], "kernel");
}
