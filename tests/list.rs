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
