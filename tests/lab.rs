//! The laboratory as it really is: interfaces, subflows and bytes as the kernel shows them.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pathscope::lab::{self, Crowd, CrowdOptions, Lab};

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);

fn handover(automatic: bool) -> Lab {
    let options = lab::Options {
        automatic,
        program: Some(common::pathscope()),
        ..lab::Options::default()
    };
    Lab::start(lab::scenario("handover").expect("a scenario"), &options).expect("a laboratory")
}

#[test]
fn while_it_comes_up_it_is_told_how_far_it_is() {
    if !common::can_make_namespaces("the coming up of a laboratory") {
        return;
    }
    let options = lab::Options {
        connections: Some(40),
        program: Some(common::pathscope()),
        ..lab::Options::default()
    };
    let (sender, told) = std::sync::mpsc::channel();
    let coming = move |up, of| sender.send((up, of)).expect("somebody listens");
    let scenario = lab::scenario("many").expect("a scenario");
    let lab = Lab::start_telling(scenario, &options, coming).expect("a laboratory");
    let told: Vec<(usize, usize)> = told.try_iter().collect();
    assert!(!told.is_empty(), "not a word");
    assert!(told.iter().all(|(up, of)| up <= of && *of == 40), "{told:?}");
    drop(lab);
}

/// The sockets that `ss` shows, a line each.
fn sockets(netns: &Path, options: &str) -> Vec<String> {
    common::output(netns, &["ss", options])
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The established subflows whose local address begins so.
fn established(netns: &Path, local: &str) -> Vec<String> {
    let begins = |line: &String| line.split_whitespace().any(|word| word.starts_with(local));
    let subflows = sockets(netns, "-tinpHO").into_iter();
    subflows
        .filter(|line| line.starts_with("ESTAB") && line.contains("tcp-ulp-mptcp") && begins(line))
        .collect()
}

/// The value after `name:`.
fn value(line: &str, name: &str) -> f64 {
    let mut words = line.split_whitespace();
    let value = words
        .find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))
        .expect(name);
    value
        .split('/')
        .next()
        .expect("a part")
        .parse()
        .expect("a number")
}

/// The bytes that left the laptop by an interface.
fn bytes_out(lab: &Lab, interface: &str) -> u64 {
    let table = fs::read_to_string(format!("/proc/{}/net/dev", lab.pid())).expect("a table");
    let mut rows = table.lines().filter_map(|row| row.split_once(':'));
    let (_, counters) = rows
        .find(|(name, _)| name.trim() == interface)
        .expect("the interface");
    counters
        .split_whitespace()
        .nth(8)
        .expect("a counter")
        .parse()
        .expect("a number")
}

/// Waits until so many bytes more have left by an interface.
fn wait_for_bytes(lab: &Lab, interface: &str, bytes: u64) -> Duration {
    let begun = Instant::now();
    let before = bytes_out(lab, interface);
    common::wait_for(&format!("data over {interface}"), LIMIT, || {
        (bytes_out(lab, interface) > before + bytes).then_some(())
    });
    begun.elapsed()
}

fn plugged(lab: &Lab, link: &str) -> bool {
    lab.links()
        .iter()
        .any(|known| known.name == link && known.plugged)
}

fn plug(lab: &Lab, link: &str, on: bool) {
    lab.plug(link, on).expect("an order");
    common::wait_for("the order to be done", LIMIT, || {
        (plugged(lab, link) == on).then_some(())
    });
}

fn has_endpoint(lab: &Lab, interface: &str) -> bool {
    common::output(&lab.netns(), &["ip", "mptcp", "endpoint"]).contains(interface)
}

/// Waits until a living subflow from this address to the upload's port has half a megabyte more acknowledged.
fn wait_for_upload(lab: &Lab, local: &str) -> Duration {
    let begun = Instant::now();
    let mut first = BTreeMap::new();
    common::wait_for(&format!("the upload from {local}"), LIMIT, || {
        let subflows = established(&lab.netns(), local);
        subflows
            .iter()
            .filter(|line| line.contains("10.77.0.1:873"))
            .find_map(|line| {
                let port = line.split_whitespace().nth(3).expect("an address").to_owned();
                let acked = value(line, "bytes_acked");
                (acked > *first.entry(port).or_insert(acked) + 500_000.0).then_some(())
            })
    });
    begun.elapsed()
}

#[test]
fn handover_comes_up_with_its_links_connections_and_delays() {
    if !common::can_make_namespaces("handover comes up") {
        return;
    }
    let lab = handover(false);
    let links = lab.links();
    let names: Vec<_> = links.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["wifi", "ethernet", "phone"]);
    assert!(links.iter().all(|link| link.plugged));

    let connections = sockets(&lab.netns(), "-MniHO");
    assert_eq!(connections.len(), 3, "{connections:#?}");
    assert!(
        connections.iter().all(|line| value(line, "subflows") >= 2.0),
        "{connections:#?}"
    );
    for (subnet, round_trip_ms) in [("10.77.1.2", 24.0), ("10.77.2.2", 12.0), ("10.77.3.2", 54.0)] {
        let subflows = established(&lab.netns(), subnet);
        assert_eq!(subflows.len(), 2, "{subflows:#?}");
        let least = subflows
            .iter()
            .map(|line| value(line, "minrtt"))
            .fold(f64::INFINITY, f64::min);
        // A busy machine adds to it, the link never takes from it.
        assert!(
            (round_trip_ms..round_trip_ms + 30.0).contains(&least),
            "{subflows:#?}"
        );
    }
    assert_eq!(established(&lab.netns(), "[fd77:").len(), 3);
    let phone = established(&lab.netns(), "10.77.3.2");
    for name in ["rsync", "video"] {
        assert!(
            phone.iter().any(|line| line.contains(&format!("\"{name}\""))),
            "{phone:#?}"
        );
    }
    wait_for_bytes(&lab, "wifi", 1_000_000);
    wait_for_bytes(&lab, "ethernet", 1_000_000);
    // The phone is for need only.
    assert!(bytes_out(&lab, "phone") < 100_000);
    let server = sockets(&lab.server_netns(), "-MnHO");
    assert_eq!(server.len(), 3, "{server:#?}");
}

#[test]
fn the_other_path_carries_on_and_wifi_returns_twenty_times() {
    if !common::can_make_namespaces("twenty handovers") {
        return;
    }
    let lab = handover(false);
    for round in 0..20 {
        plug(&lab, "wifi", false);
        wait_for_bytes(&lab, "ethernet", 1_000_000);
        // Every fourth loss is too short to be noticed by a network manager.
        if round % 4 != 3 {
            common::wait_for("the endpoint to go", LIMIT, || {
                (!has_endpoint(&lab, "wifi")).then_some(())
            });
        }
        plug(&lab, "wifi", true);
        let took = wait_for_upload(&lab, "10.77.1.2");
        eprintln!("round {round}: Wi-Fi carries again after {took:?}");
        common::wait_for("every connection to use Wi-Fi again", LIMIT, || {
            let netns = lab.netns();
            let (v4, v6) = (
                established(&netns, "10.77.1.2"),
                established(&netns, "[fd77:1::2]"),
            );
            (v4.len() >= 2 && !v6.is_empty()).then_some(())
        });
    }
    // The applications are still on their first connections.
    let connections = sockets(&lab.netns(), "-MniHO");
    assert_eq!(connections.len(), 3, "{connections:#?}");
    assert_eq!(lab.failure(), None);
}

#[test]
fn the_phone_takes_over_when_nothing_else_is_left() {
    if !common::can_make_namespaces("the phone takes over") {
        return;
    }
    let lab = handover(false);
    plug(&lab, "wifi", false);
    plug(&lab, "ethernet", false);
    wait_for_bytes(&lab, "phone", 1_000_000);
    plug(&lab, "phone", false);
    // Somebody who meddles with the endpoints meanwhile does no harm.
    common::output(&lab.netns(), &["ip", "mptcp", "endpoint", "flush"]);
    plug(&lab, "ethernet", true);
    wait_for_bytes(&lab, "ethernet", 1_000_000);
    assert!(has_endpoint(&lab, "ethernet"));
    assert_eq!(lab.failure(), None);
}

#[test]
fn a_link_becomes_slower_and_worse_when_asked() {
    if !common::can_make_namespaces("shaping") {
        return;
    }
    let lab = handover(false);
    lab.shape("wifi", Some(80.0), None, None).expect("an order");
    common::wait_for("the round trip to grow", LIMIT, || {
        established(&lab.netns(), "10.77.1.2")
            .iter()
            .any(|line| value(line, "rtt") >= 160.0)
            .then_some(())
    });
    let wifi = lab
        .links()
        .into_iter()
        .find(|link| link.name == "wifi")
        .expect("a link");
    assert!((wifi.delay_ms, wifi.rate_mbps) == (80.0, 40.0), "{wifi:?}");

    lab.shape("ethernet", None, None, Some(30.0)).expect("an order");
    common::wait_for("frames to be lost", LIMIT, || {
        let lost = |line: &String| line.contains("bytes_retrans") && value(line, "bytes_retrans") > 50_000.0;
        established(&lab.netns(), "10.77.2.2")
            .iter()
            .any(lost)
            .then_some(())
    });
    assert!(lab.shape("wifi", None, Some(0.0), None).is_err());
    assert!(lab.shape("wifi", None, None, Some(f64::NAN)).is_err());
    assert!(
        lab.plug("tram", true)
            .expect_err("no such link")
            .to_string()
            .contains("wifi, ethernet, phone")
    );
}

#[test]
fn the_scenario_cuts_wifi_by_itself_until_somebody_takes_over() {
    if !common::can_make_namespaces("automatic cuts") {
        return;
    }
    let lab = handover(true);
    assert!(plugged(&lab, "wifi"));
    common::wait_for("the first cut", LIMIT, || (!plugged(&lab, "wifi")).then_some(()));
    common::wait_for("the return", LIMIT, || plugged(&lab, "wifi").then_some(()));
    wait_for_upload(&lab, "10.77.1.2");
}

#[test]
fn more_and_fewer_connections_than_the_scenario_has() {
    if !common::can_make_namespaces("more connections") {
        return;
    }
    for wanted in [1, 300] {
        let options = lab::Options {
            connections: Some(wanted),
            automatic: false,
            program: Some(common::pathscope()),
        };
        let lab = Lab::start(lab::scenario("handover").expect("a scenario"), &options).expect("a laboratory");
        assert_eq!(sockets(&lab.netns(), "-MnHO").len(), wanted);
    }
}

#[test]
fn nothing_is_left_when_the_handle_is_dropped() {
    if !common::can_make_namespaces("taking down") {
        return;
    }
    let lab = handover(true);
    let begun = Instant::now();
    let pid = lab.pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("children");
    assert_eq!(children.split_whitespace().count(), 3);
    drop(lab);
    for gone in children
        .split_whitespace()
        .map(str::to_owned)
        .chain([pid.to_string()])
    {
        assert!(
            !fs::exists(format!("/proc/{gone}")).expect("an answer"),
            "{gone} is still there"
        );
    }
    eprintln!("taken down after {:?}", begun.elapsed());
}

#[test]
fn a_program_that_is_not_there_is_a_plain_error() {
    let options = lab::Options {
        program: Some("/nonexistent/pathscope".into()),
        ..lab::Options::default()
    };
    let error = Lab::start(lab::scenario("handover").expect("a scenario"), &options).expect_err("no program");
    assert!(
        error
            .to_string()
            .contains("cannot start the laboratory's process"),
        "{error}"
    );
}

#[test]
fn a_program_that_ends_at_once_is_a_plain_error() {
    let options = lab::Options {
        program: Some("/bin/false".into()),
        ..lab::Options::default()
    };
    let error = Lab::start(lab::scenario("handover").expect("a scenario"), &options).expect_err("it ended");
    assert!(error.to_string().contains("ended"), "{error}");
}

#[test]
fn a_crowd_has_two_subflows_a_connection_in_both_families() {
    if !common::can_make_namespaces("a crowd") {
        return;
    }
    let options = CrowdOptions {
        connections: 200,
        plain_tcp: 50,
        program: Some(common::pathscope()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).expect("a crowd");
    assert_eq!(sockets(&crowd.netns(), "-MnHO").len(), 200);
    assert_eq!(established(&crowd.netns(), "10.77.").len(), 200);
    assert_eq!(established(&crowd.netns(), "[fd77:").len(), 200);
    assert_eq!(established(&crowd.netns(), "10.77.2.2%right").len(), 100);
    let plain = sockets(&crowd.netns(), "-tniHO")
        .into_iter()
        .filter(|line| !line.contains("tcp-ulp-mptcp"));
    assert_eq!(plain.count(), 50);
    assert_eq!(established(&crowd.server_netns(), "10.77.").len(), 200);
}

#[test]
fn a_crowd_sends_and_changes_until_it_is_calm() {
    if !common::can_make_namespaces("a busy crowd") {
        return;
    }
    let options = CrowdOptions {
        connections: 50,
        busy: 10,
        churn_per_second: 50,
        program: Some(common::pathscope()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).expect("a crowd");
    let ports = || -> Vec<_> {
        let subflows = established(&crowd.netns(), "");
        subflows
            .iter()
            .filter_map(|line| line.split_whitespace().nth(3).map(str::to_owned))
            .collect()
    };
    let first = ports();
    common::wait_for("every connection to be replaced", LIMIT, || {
        ports().iter().all(|port| !first.contains(port)).then_some(())
    });
    crowd.calm().expect("an order");
    common::wait_for("nothing to change any more", LIMIT, || {
        let before = ports();
        std::thread::park_timeout(Duration::from_millis(500));
        (ports() == before && before.len() == 100).then_some(())
    });
    crowd.close_all().expect("an order");
    common::wait_for("every connection to be gone", LIMIT, || {
        sockets(&crowd.netns(), "-MnHO").is_empty().then_some(())
    });
    assert_eq!(crowd.failure(), None);
}
