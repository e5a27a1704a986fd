//! What the kernel holds before anything was measured is no measurement.
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
fn an_unanswered_syn_has_no_round_trip_no_window_and_no_rate() {
    let Some(pair) = Pair::new() else { return };
    // The server may not answer to where the second subflow comes from.
    pair.server.ip("route add blackhole 10.2.0.1/32");
    pair.with_two_paths();
    let _held = pair.connection(Protocol::MPTCP, "0.0.0.0:5000", "10.1.0.2:5000");
    let list = |format: &[&str]| {
        let mut list = common::inside(&pair.client.netns(), &common::pathscope(), false);
        let output = list.arg("list").args(format).output().expect("list");
        String::from_utf8(output.stdout).expect("text")
    };
    let asked = common::wait_for("the SYN", Duration::from_mins(1), || {
        let listed: Value = serde_json::from_str(&list(&["--json"])).expect("JSON");
        let subflows = listed["connections"][0]["subflows"].as_array()?.clone();
        subflows.into_iter().find(|one| one["state"] == "syn_sent")
    });
    let unmeasured = [
        "rtt_us",
        "rtt_var_us",
        "min_rtt_us",
        "cwnd",
        "ssthresh",
        "mss",
        "delivery_rate_bps",
        "pacing_rate_bps",
        "snd_wnd",
        "last_data_sent_ms",
        "last_data_received_ms",
        "last_ack_received_ms",
    ];
    for field in unmeasured {
        assert_eq!(asked[field], Value::Null, "{field} of {asked}");
    }
    let text = list(&[]);
    let line = text
        .lines()
        .find(|line| line.contains("syn sent"))
        .expect("its line");
    assert!(line.contains("RTT – ± –  cwnd –"), "{line}");
}
