//! `list --json` against `ss -tMni`, socket by socket, on 200 real connections over IPv4 and IPv6.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;

use std::path::Path;

use common::ss::{Socket, ss};
use pathscope::lab::{Crowd, CrowdOptions};
use serde_json::Value;

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is no text in {object}"))
}

fn key(object: &Value) -> (String, String) {
    (
        text(object, "local").to_owned(),
        text(object, "remote").to_owned(),
    )
}

/// The counter is an integer between the two that ss saw before and after.
fn assert_between(object: &Value, field: &str, name: &str, before: &Socket, after: &Socket) {
    let value = object[field]
        .as_u64()
        .unwrap_or_else(|| panic!("{field} is no integer in {object}"));
    let range = before.number(name)..=after.number(name);
    assert!(
        range.contains(&value),
        "{field} = {value}, ss says {range:?}: {object}"
    );
}

/// The counter is what ss saw before and after, where both are the same.
fn assert_same(object: &Value, field: &str, name: &str, before: &Socket, after: &Socket) {
    if before.number(name) == after.number(name) {
        // ss leaves out what is 0; we do not say 0 of what was never measured.
        let value = object[field].as_u64().unwrap_or_default();
        assert_eq!(value, before.number(name), "{field} and {name}: {object}");
    }
}

fn compare_connection(connection: &Value, before: &Socket, after: &Socket) {
    assert_eq!(
        text(connection, "token"),
        format!("0x{:0>8}", before.words["token"])
    );
    assert_eq!(text(connection, "state"), "established");
    assert_eq!(before.state, "ESTAB");
    for (field, name) in [
        ("extra_subflows", "subflows"),
        ("extra_subflows_max", "subflows_max"),
        ("add_addr_accepted", "add_addr_accepted"),
        ("add_addr_accepted_max", "add_addr_accepted_max"),
        ("add_addr_signal", "add_addr_signal"),
    ] {
        assert_between(connection, field, name, before, after);
    }
    // Newer releases of ss print these, too.
    for name in [
        "local_addr_used",
        "local_addr_max",
        "subflows_total",
        "retransmits",
    ] {
        if before.words.contains_key(name) {
            assert_same(connection, name, name, before, after);
        }
    }
    let marked = |mark: &str| before.marks.iter().any(|other| other == mark);
    // Linux 5.14.
    let checksum = connection["csum_enabled"].as_bool();
    assert_eq!(checksum.unwrap_or_default(), marked("csum_enabled"));
    assert_eq!(
        connection["remote_key_received"].as_bool(),
        Some(marked("remote_key"))
    );
    let fallback = before.marks.iter().any(|mark| mark == "fallback");
    assert_eq!(connection["fallback"].as_bool(), Some(fallback));
}

/// `tokens` is whether the kernel shows a subflow's own MPTCP data to who asks; before Linux 6.15 to nobody but root.
fn compare_subflow(connection: &Value, subflow: &Value, tokens: bool, before: &Socket, after: &Socket) {
    // token:REMOTE(id:N)/LOCAL(id:N), remote first.
    let parts: Vec<&str> = before.words["token"].split(['(', ')', '/']).collect();
    let [_, remote_id, _, local, local_id, ..] = parts.as_slice() else {
        panic!("{parts:?}")
    };
    assert_eq!(text(connection, "token"), format!("0x{local:0>8}"));
    if tokens {
        compare_mptcp_data(subflow, remote_id, local_id, &before.words["flags"]);
    } else {
        assert_eq!(text(subflow, "joined_by"), "inode");
        assert!(subflow["local_id"].is_null(), "{subflow}");
    }
    assert_eq!(text(subflow, "state"), "established");
    for name in ["bytes_sent", "bytes_acked", "bytes_received", "bytes_retrans"] {
        assert_between(subflow, name, name, before, after);
    }
    let mss = before.number("mss")..=after.number("mss");
    assert!(
        mss.contains(&subflow["mss"].as_u64().expect("mss")) || mss.is_empty(),
        "{subflow}"
    );
    compare_rest(subflow, before, after);
}

/// What else ss prints of a subflow.
fn compare_rest(subflow: &Value, before: &Socket, after: &Socket) {
    for name in [
        "segs_out",
        "segs_in",
        "data_segs_out",
        "data_segs_in",
        "delivered",
        "delivered_ce",
        "dsack_dups",
        "reord_seen",
        "rcv_ooopack",
    ] {
        assert_between(subflow, name, name, before, after);
    }
    for (field, name) in [
        ("cwnd", "cwnd"),
        ("advmss", "advmss"),
        ("pmtu", "pmtu"),
        ("rcv_mss", "rcvmss"),
        ("rcv_space", "rcv_space"),
        ("rcv_ssthresh", "rcv_ssthresh"),
        ("snd_wnd", "snd_wnd"),
        ("notsent_bytes", "notsent"),
        ("sacked", "sacked"),
        ("unacked", "unacked"),
        ("lost", "lost"),
        ("backoff", "backoff"),
    ] {
        assert_same(subflow, field, name, before, after);
    }
    let scales = format!("{},{}", subflow["snd_wscale"], subflow["rcv_wscale"]);
    assert_eq!(Some(&scales), before.words.get("wscale"), "{subflow}");
    let options = subflow["options"].as_u64().expect("options");
    assert_eq!(options & 4, 4, "windows are scaled: {subflow}");
    let limited = |socket: &Socket| socket.marks.iter().any(|mark| mark == "app_limited");
    if limited(before) == limited(after) {
        assert_eq!(
            subflow["delivery_rate_app_limited"].as_bool(),
            Some(limited(before)),
            "{subflow}"
        );
    }
    if before.words.get("rcv_rtt") == after.words.get("rcv_rtt") {
        let ms = subflow["rcv_rtt_us"].as_f64().map(|us| format_ms(us / 1e3));
        assert_eq!(ms.as_ref(), before.words.get("rcv_rtt"), "{subflow}");
    }
    let busy = |socket: &Socket| -> u64 {
        let busy = socket.words.get("busy").and_then(|busy| busy.strip_suffix("ms"));
        busy.map_or(0, |busy| busy.parse().expect("a number"))
    };
    let us = subflow["busy_time_us"].as_u64().expect("busy");
    assert!((busy(before)..=busy(after)).contains(&(us / 1000)), "{subflow}");
}

/// As C's `%g` has it: six digits, and no zeros at the end.
fn format_ms(ms: f64) -> String {
    let whole = ms.trunc().to_string().len();
    let text = format!("{ms:.*}", 6_usize.saturating_sub(whole));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// What a subflow tells of itself: how it is joined, its address ids and its flags.
fn compare_mptcp_data(subflow: &Value, remote_id: &str, local_id: &str, flags: &str) {
    assert_eq!(text(subflow, "joined_by"), "token");
    assert_eq!(format!("id:{}", subflow["local_id"]), local_id);
    assert_eq!(format!("id:{}", subflow["remote_id"]), remote_id);
    assert_eq!(
        subflow["backup_local"].as_bool(),
        Some(flags.contains('b')),
        "{flags}"
    );
    assert_eq!(
        subflow["backup_remote"].as_bool(),
        Some(flags.contains('B')),
        "{flags}"
    );
    assert_eq!(
        subflow["initial"].as_bool(),
        Some(!flags.contains(['j', 'J'])),
        "{flags}"
    );
}

fn compare(netns: &Path, program: &Path, as_user: bool) {
    let before = ss(netns);
    let listed = common::inside(netns, program, as_user)
        .args(["list", "--json"])
        .output()
        .expect("list");
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let after = ss(netns);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed["schema"], 1);
    assert_eq!(listed["access"]["events"].as_bool(), Some(!as_user));
    assert_eq!(listed["access"]["why_not"].is_string(), as_user);

    let tokens = listed["access"]["subflow_tokens"].as_bool().expect("access");
    assert!(tokens || as_user, "root sees everything");
    let connections = listed["connections"].as_array().expect("connections");
    let mut subflows = 0;
    for connection in connections {
        let (was, is) = (before.0.get(&key(connection)), after.0.get(&key(connection)));
        let missing = || panic!("ss does not list {connection}");
        compare_connection(
            connection,
            was.unwrap_or_else(missing),
            is.expect("ss saw it after"),
        );
        for subflow in connection["subflows"].as_array().expect("subflows") {
            let (was, is) = (before.1.get(&key(subflow)), after.1.get(&key(subflow)));
            let missing = || panic!("ss does not list {subflow}");
            compare_subflow(
                connection,
                subflow,
                tokens,
                was.unwrap_or_else(missing),
                is.expect("ss saw it after"),
            );
            subflows += 1;
        }
    }
    assert_eq!(
        connections.len(),
        before.0.len(),
        "as many connections as ss says"
    );
    assert_eq!(subflows, before.1.len(), "as many subflows as ss says");
    let families = |six: bool| {
        before
            .0
            .keys()
            .filter(|(local, _)| local.starts_with('[') == six)
            .count()
    };
    assert_eq!(
        (connections.len(), families(false), families(true)),
        (200, 100, 100)
    );
    assert_eq!(subflows, 400);
}

#[test]
fn list_equals_ss_socket_by_socket_for_root_and_for_a_normal_user() {
    if !common::can_make_namespaces("list against ss") {
        return;
    }
    let options = CrowdOptions {
        connections: 200,
        busy: 100,
        program: Some(common::pathscope()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).expect("a crowd");
    let copy = common::PublicCopy::new();
    compare(&crowd.netns(), &copy.path(), false);
    compare(&crowd.netns(), &copy.path(), true);
}

#[test]
fn connections_that_do_nothing_are_not_told_again_because_the_clock_goes_on() {
    if !common::can_make_namespaces("a steady stream") {
        return;
    }
    let options = CrowdOptions {
        connections: 50,
        busy: 0,
        program: Some(common::pathscope()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).expect("a crowd");
    let watched = common::inside(&crowd.netns(), &common::pathscope(), false)
        .args(["watch", "--json", "--interval", "250", "--seconds", "4"])
        .output()
        .expect("watch");
    let lines = String::from_utf8(watched.stdout).expect("text");
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let samples: Vec<Value> = lines.filter(|line: &Value| line["kind"] == "sample").collect();
    let told = |sample: &Value| sample["connections"].as_array().map_or(0, Vec::len);
    let (first, rest) = samples.split_first().expect("samples");
    assert_eq!(told(first), 50);
    // What was delayed, such as acknowledgements, and what is found out of processes is news once; close looks tell what
    // they looked at.
    let regular = rest.iter().filter(|sample| sample["only"].is_null());
    let newest: Vec<usize> = regular.rev().take(4).map(told).collect();
    assert_eq!(newest, [0; 4]);
}
