//! Healthy traffic with idle pauses and slow readers, of which nothing is told.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use pathscope::model::Line;

use super::cell::{CITY, Flow, LAN, Network, Role};
use super::judge::Told;
use super::network::{Hosts, Side};
use super::round::{Metronome, wait_for_moment};
use super::traffic::Traffic;
use super::watcher::Watcher;
use super::{common, folder, number};

#[test]
fn healthy_traffic_with_idle_pauses_has_no_handover() {
    if !common::can_make_namespaces("no handover without a cause") {
        return;
    }
    let seconds = number("PATHSCOPE_TRUTH_HEALTHY_S", 15);
    thread::scope(|scope| {
        for (network, role) in [
            (CITY, Role::ClientSends),
            (CITY, Role::ClientReceives),
            (LAN, Role::ClientSends),
            (LAN, Role::ClientReceives),
        ] {
            scope.spawn(move || {
                // The laboratory's links are programs: while the machine keeps one waiting, the traffic is not healthy. A fault
                // of the detector's tells something each time.
                let tries = if seconds < 60 { 3 } else { 1 };
                let each_time = (0..tries).all(|_| !healthy(seconds, network, role).is_empty());
                assert!(!each_time, "{} {role}", network.name);
            });
        }
    });
}

/// What is told of so many seconds of healthy traffic.
fn healthy(seconds: u32, network: Network, role: Role) -> Vec<Told> {
    let metronome = Metronome::start();
    let hosts = Hosts::new(network);
    let traffic = Traffic::start(&hosts, Flow::Steady(9600), role, false);
    let watcher = Watcher::start(hosts.netns(Side::Client));
    let end = Instant::now() + Duration::from_secs(seconds.into());
    let mut turn = 0_u64;
    while Instant::now() < end {
        // Busy for one to three seconds, idle for as long as comes; now and then the reader does not read.
        turn += 1;
        let rate = if turn % 2 == 1 { 6_000 * (turn % 5) } else { 0 };
        traffic.shared.rate.store(rate, Ordering::Relaxed);
        traffic.shared.deaf.store(turn % 14 == 11, Ordering::Relaxed);
        wait_for_moment(Instant::now() + Duration::from_millis(400 + turn % 7 * 300));
    }
    let (late_ms, told) = (metronome.worst_ms(), watcher.told());
    println!(
        "{seconds} s of healthy traffic, {} {role}: {} handovers; machine late by {late_ms} ms",
        network.name,
        told.len()
    );
    for one in &told {
        println!("  {one:?}");
    }
    if !told.is_empty()
        && let Some(folder) = folder("PATHSCOPE_TRUTH_DUMP")
    {
        let header = Line::Header(watcher.header.clone());
        let lines = std::iter::once(header).chain(watcher.lines());
        let text: Vec<String> = lines.map(|line| serde_json::to_string(&line).unwrap()).collect();
        let file = folder.join(format!(
            "healthy.{}.{role}.{}.jsonl",
            network.name,
            std::process::id()
        ));
        std::fs::write(file, text.join("\n")).unwrap();
    }
    told
}
