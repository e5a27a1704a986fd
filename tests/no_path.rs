//! A connection without any path left is marked wherever it is listed, and whoever closes the last one is told.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;
mod hosts;

use std::time::Duration;

use hosts::Pair;
use serde_json::Value;
use socket2::Protocol;

#[test]
fn whoever_closes_the_last_path_is_told_and_the_connection_is_marked() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let _held = pair.connection(Protocol::MPTCP, "0.0.0.0:5000", "10.1.0.2:5000");
    let pathscope = |arguments: &[&str]| {
        let mut command = common::inside(&pair.client.netns(), &common::pathscope(), false);
        let output = command.args(arguments).output().expect("the program runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    };
    let paths = || {
        let listed: Value = serde_json::from_str(&pathscope(&["list", "--json"])).expect("JSON");
        let subflows = listed["connections"][0]["subflows"].as_array().expect("subflows");
        let text = |value: &Value| value.as_str().expect("an address").to_owned();
        let living = subflows.iter().filter(|one| one["state"] == "established");
        living
            .map(|one| [text(&one["local"]), text(&one["remote"])])
            .collect::<Vec<_>>()
    };
    let until = |number: usize| {
        common::wait_for("the paths", Duration::from_mins(1), || {
            Some(paths()).filter(|paths| paths.len() == number)
        })
    };
    for [local, remote] in until(2) {
        let is_last = paths().len() == 1;
        let said = pathscope(&["close", &local, &remote]);
        assert_eq!(said.contains("last path"), is_last, "{said}");
        assert_eq!(pathscope(&["list"]).contains("no path left"), is_last);
    }
    until(0);
}
