//! What `watch` holds in memory for each connection.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use pathscope::lab::{Crowd, CrowdOptions};

/// Four readings of two subflows each, a full sample, room that grew by doubling, and what the allocator keeps for the
/// next time.
const MOST_KIB_A_CONNECTION: u64 = 24;

/// The most resident memory that `watch --json` had after its first 20 samples of a crowd, KiB.
fn most_held(connections: usize) -> u64 {
    let options = CrowdOptions {
        connections,
        busy: connections / 10,
        program: Some(common::pathscope()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).expect("a crowd");
    let mut watch = common::inside(&crowd.netns(), &common::pathscope(), false)
        .args(["watch", "--json", "--interval", "50"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("watch");
    let lines = BufReader::new(watch.stdout.take().expect("its output")).lines();
    let samples = lines
        .map_while(Result::ok)
        .filter(|line| line.starts_with(r#"{"kind":"sample""#));
    assert_eq!(samples.take(20).count(), 20);
    let status = std::fs::read_to_string(format!("/proc/{}/status", watch.id())).expect("its status");
    watch.kill().expect("an end");
    watch.wait().expect("an end");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = most.and_then(|line| line.split_whitespace().next());
    words.and_then(|word| word.parse().ok()).expect("a size")
}

#[test]
fn memory_is_bounded_by_the_connection() {
    if !common::can_make_namespaces("the memory of watch") {
        return;
    }
    let (few, many) = (most_held(10), most_held(1000));
    let each = many.saturating_sub(few) / 990;
    assert!(
        each <= MOST_KIB_A_CONNECTION,
        "{few} KiB with 10, {many} KiB with 1000: {each} KiB each"
    );
    assert!(few < 64 * 1024, "{few} KiB with 10");
}
