//! The history's memory, as the system counts it: a crowd, and a day.

#![allow(clippy::unwrap_used)]

use std::sync::{Mutex, PoisonError};

use pathscope::history::{Bounds, History};
use pathscope::model::{
    Connection, ConnectionKey, Cookie, Event, EventKind, JoinedBy, Line, Origin, Process, Sample, Subflow,
    TcpState, Token,
};

const MIB: usize = 1024 * 1024;

/// Both tests look at the memory of the whole process: one after the other.
static ALONE: Mutex<()> = Mutex::new(());

/// Resident memory of this process, bytes (`proc_pid_statm(5)`, second field, in pages).
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

fn subflow(cookie: u64, bytes: u64) -> Subflow {
    Subflow {
        cookie: Cookie(cookie),
        local: "10.0.0.1:4000".parse().unwrap(),
        remote: "10.0.0.9:443".parse().unwrap(),
        interface: Some("wlan0".to_owned()),
        joined_by: JoinedBy::Token,
        state: TcpState::Established,
        bytes_acked: Some(bytes),
        rtt_us: Some(20_000),
        cwnd: Some(10),
        ..Subflow::default()
    }
}

/// Connections with two subflows each; `number` from 1 on.
fn connections(numbers: std::ops::RangeInclusive<u64>) -> Vec<Connection> {
    let one = |number: u64| Connection {
        cookie: Cookie(number),
        token: Some(Token(u32::try_from(number).unwrap())),
        state: TcpState::Established,
        local: "10.0.0.1:4000".parse().unwrap(),
        remote: "10.0.0.9:443".parse().unwrap(),
        process: Some(Process {
            pid: 7,
            name: "sync".to_owned(),
        }),
        subflows: vec![
            subflow(number * 2 + 1_000_000_000, 0).into(),
            subflow(number * 2 + 1_000_000_001, 0).into(),
        ],
        ..Connection::default()
    };
    numbers.map(one).collect()
}

fn advance(connections: &mut [Connection]) {
    for connection in connections {
        for subflow in &mut connection.subflows {
            *subflow.bytes_acked.as_mut().unwrap() += 10_000;
            *subflow.rtt_us.as_mut().unwrap() ^= 1;
        }
    }
}

fn sample(t: f64, full: bool, connections: Vec<Connection>, connections_gone: Vec<ConnectionKey>) -> Line {
    Line::Sample(Box::new(Sample {
        t,
        full,
        connections,
        connections_gone,
        ..Sample::default()
    }))
}

/// The shares of the newest minute that have a point.
fn covered(history: &History, subflow: u64) -> usize {
    let points = &history.subflow(Cookie(subflow)).unwrap().points;
    let newest = points.iter().filter(|point| history.now() - point.t <= 60.0);
    newest.count()
}

#[test]
fn ten_thousand_busy_connections_stay_within_128_mib_with_the_newest_minute_of_each() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // As in the program, another thread makes the samples.
    let (sender, samples) = crossbeam_channel::bounded(0);
    let source = std::thread::spawn(move || {
        let mut crowd = connections(1..=10_000);
        for step in 0..300_u32 {
            advance(&mut crowd);
            let line = sample(f64::from(step) * 0.5, step == 0, crowd.clone(), Vec::new());
            sender.send(line).unwrap();
        }
    });
    let first = samples.recv().unwrap();
    let before = resident();
    let mut history = History::new(Bounds::default());
    history.apply(first);
    for line in samples {
        history.apply(line);
    }
    source.join().unwrap();
    let (counted, grown) = (history.bytes(), resident().saturating_sub(before));
    println!("counted {} MiB, resident {} MiB", counted / MIB, grown / MIB);
    assert!(grown <= 128 * MIB, "{} MiB", grown / MIB);
    for number in [1, 5_000, 10_000_u64] {
        let covered = covered(&history, number * 2 + 1_000_000_000);
        assert!(covered >= 30, "{covered} points in the newest minute");
    }
}

#[test]
fn a_day_of_running_stays_within_its_bounds() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut lasting = connections(1..=20);
    let before = resident();
    let bounds = Bounds {
        bytes: 16 * MIB,
        ..Bounds::default()
    };
    let mut history = History::new(bounds);
    history.watch(Some(Token(1).into()));
    let mut passing: Vec<Connection> = Vec::new();
    let mut half = 0;
    for second in (0..86_400_u32).step_by(2) {
        let t = f64::from(second);
        advance(&mut lasting);
        let mut changed = lasting.clone();
        let mut gone = Vec::new();
        // Every ten seconds a connection comes and another goes, with their events.
        if second % 10 == 0 {
            gone.extend(passing.pop().map(|connection| connection.key()));
            let number = 1000 + u64::from(second);
            passing.extend(connections(number..=number));
            changed.extend(passing.last().cloned());
            for kind in [EventKind::ConnectionCreated, EventKind::ConnectionClosed] {
                history.apply(Line::Event(Box::new(Event::new(t, kind, Origin::Kernel))));
            }
        }
        history.apply(sample(t, second == 0, changed, gone));
        if second == 43_200 {
            half = history.bytes();
        }
    }
    let grown = resident().saturating_sub(before);
    println!(
        "counted {} MiB, resident {} MiB",
        history.bytes() / MIB,
        grown / MIB
    );
    assert!(history.bytes() <= bounds.bytes + MIB, "{}", history.bytes());
    assert!(
        history.bytes() < half + half / 2,
        "{half} at noon, {}",
        history.bytes()
    );
    assert!(grown <= 2 * bounds.bytes + 16 * MIB, "{} MiB", grown / MIB);
    let watched = &history.subflow(Cookie(1_000_000_002)).unwrap().points;
    assert_eq!(watched.len(), 901, "every point of the last 30 min");
    assert_eq!(history.events().len(), 10_000);
}
