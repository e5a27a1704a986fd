//! A made-up stream through the history.

use super::*;
use crate::model::{JoinedBy, Subflow, TcpState};

fn subflow(cookie: u64, bytes_acked: u64) -> Subflow {
    let json = serde_json::json!({
        "cookie": Cookie(cookie), "local": "10.0.0.1:4000", "remote": "10.0.0.9:443", "interface": "wlan0",
        "joined_by": JoinedBy::Token, "state": TcpState::Established, "bytes_acked": bytes_acked,
    });
    serde_json::from_value(json).expect("a subflow")
}

fn connection(cookie: u64, subflows: Vec<Subflow>) -> Connection {
    let json = serde_json::json!({
        "cookie": Cookie(cookie), "state": TcpState::Established, "local": "10.0.0.1:4000",
        "remote": "10.0.0.9:443", "subflows": [],
    });
    Connection {
        subflows,
        ..serde_json::from_value(json).expect("a connection")
    }
}

fn sample(t: f64, full: bool, connections: Vec<Connection>) -> Line {
    Line::Sample(Box::new(Sample {
        t,
        full,
        connections,
        ..Sample::default()
    }))
}

fn rates(history: &History, cookie: u64) -> Vec<(f64, f64)> {
    let subflow = history.subflow(Cookie(cookie)).expect("a known subflow");
    subflow
        .points
        .iter()
        .map(|point| (point.t, f64::from(point.out_bps)))
        .collect()
}

#[test]
fn a_rate_is_bits_over_the_time_between_two_samples() {
    let mut history = History::default();
    history.apply(sample(1.0, true, vec![connection(1, vec![subflow(11, 0)])]));
    history.apply(sample(1.5, false, vec![connection(1, vec![subflow(11, 1000)])]));
    assert_eq!(rates(&history, 11), [(1.0, 0.0), (1.5, 16_000.0)]);
    assert_eq!(history.rate_of(Cookie(1)), (16_000.0, 0.0));
}

#[test]
fn what_no_longer_changes_comes_to_rest_and_is_timed_from_the_sample_before() {
    let mut history = History::default();
    history.apply(sample(0.0, true, vec![connection(1, vec![subflow(11, 0)])]));
    history.apply(sample(1.0, false, vec![connection(1, vec![subflow(11, 1000)])]));
    history.apply(sample(2.0, false, vec![]));
    history.apply(sample(3.0, false, vec![]));
    history.apply(sample(4.0, false, vec![connection(1, vec![subflow(11, 2000)])]));
    assert_eq!(
        rates(&history, 11),
        [(0.0, 0.0), (1.0, 8000.0), (2.0, 0.0), (3.0, 0.0), (4.0, 8000.0)]
    );
}

#[test]
fn a_subflow_that_is_missing_from_its_connection_has_ended() {
    let mut history = History::default();
    history.apply(sample(
        0.0,
        true,
        vec![connection(1, vec![subflow(11, 0), subflow(12, 0)])],
    ));
    history.apply(sample(1.0, false, vec![connection(1, vec![subflow(12, 0)])]));
    let ended: Vec<_> = history
        .subflows_of(Cookie(1))
        .map(|subflow| subflow.ended_at)
        .collect();
    assert_eq!(ended, [Some(1.0), None]);
}

#[test]
fn a_connection_ends_by_name_or_by_missing_from_a_full_sample() {
    let mut history = History::default();
    history.apply(sample(
        0.0,
        true,
        vec![connection(1, vec![]), connection(2, vec![])],
    ));
    let gone = Sample {
        t: 1.0,
        gone: vec![Cookie(1)],
        ..Sample::default()
    };
    history.apply(Line::Sample(Box::new(gone)));
    assert_eq!(history.state().connections.len(), 1);
    history.apply(sample(2.0, true, vec![]));
    assert_eq!(history.state().connections.len(), 0);
    let ended = [1, 2].map(|cookie| {
        history
            .connection(Cookie(cookie))
            .and_then(|record| record.ended_at)
    });
    assert_eq!(ended, [Some(1.0), Some(2.0)]);
}

#[test]
fn points_and_events_stay_within_bounds() {
    let mut history = History::new(Bounds {
        points: 10,
        events: 5,
        ..Bounds::default()
    });
    for step in 0..100_u32 {
        let t = f64::from(step);
        history.apply(sample(
            t,
            step == 0,
            vec![connection(1, vec![subflow(11, u64::from(step))])],
        ));
        let event = Event::new(
            t,
            crate::model::EventKind::InterfaceUp,
            crate::model::Origin::Kernel,
        );
        history.apply(Line::Event(Box::new(event)));
    }
    assert_eq!(
        rates(&history, 11).len(),
        100,
        "the newest minute is never thinned for one series"
    );
    assert_eq!(history.events().len(), 5);
    assert_eq!(history.events().back().map(|event| event.t), Some(99.0));
}

#[test]
fn a_backing_off_timer_or_a_dead_interface_is_a_stall() {
    let idle = subflow(1, 0);
    let waiting = Subflow {
        unacked: Some(3),
        backoff: Some(2),
        ..idle.clone()
    };
    assert_eq!(condition(&idle, 0.0, Some(true)), Condition::Idle);
    assert_eq!(condition(&idle, 5.0, None), Condition::Carrying);
    assert_eq!(condition(&waiting, 0.0, Some(true)), Condition::Stalled);
    assert_eq!(condition(&idle, 0.0, Some(false)), Condition::Stalled);
    assert_eq!(
        condition(
            &Subflow {
                state: TcpState::SynSent,
                ..idle
            },
            0.0,
            None
        ),
        Condition::NotAnswered
    );
}

/// Connections with two subflows each, all of which moved since the sample before.
fn busy(t: f64, connections: u64, full: bool) -> Line {
    let bytes = |t: f64| (t * 1000.0).round().max(0.0);
    let one = |number: u64| {
        let mut subflows = vec![subflow(number * 10 + 1, 0), subflow(number * 10 + 2, 0)];
        for subflow in &mut subflows {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let acked = bytes(t) as u64;
            subflow.bytes_acked = Some(acked);
        }
        connection(number, subflows)
    };
    sample(t, full, (1..=connections).map(one).collect())
}

#[test]
fn within_its_memory_what_nobody_looks_at_keeps_fewer_points() {
    let mut history = History::new(Bounds {
        bytes: 1_000_000,
        ..Bounds::default()
    });
    history.watch(Some(Cookie(1)));
    for step in 0..1200_u32 {
        history.apply(busy(f64::from(step) * 0.25, 20, step == 0));
    }
    assert!(history.bytes() <= 1_100_000, "{}", history.bytes());
    let points = |cookie: u64| &history.subflow(Cookie(cookie)).expect("known").points;
    assert_eq!(points(11).len(), 1200, "the one looked at has every point");
    let other = points(51);
    assert!(other.len() < 1200, "{}", other.len());
    let now = history.now();
    let newest = other.iter().filter(|point| now - point.t <= 60.0).count();
    assert!(newest >= 60, "the newest minute is there: {newest}");
    assert!(
        other.front().is_some_and(|point| point.t < 1.0),
        "and so is the oldest"
    );
    let wrong = other
        .iter()
        .skip(2)
        .filter(|point| (point.out_bps - 8000.0).abs() > 80.0);
    assert_eq!(wrong.count(), 0, "merging changes no rate");
}

#[test]
fn a_connection_that_ended_is_known_as_it_was() {
    let mut history = History::default();
    history.apply(sample(0.0, true, vec![connection(1, vec![subflow(11, 5)])]));
    history.apply(Line::Sample(Box::new(Sample {
        t: 1.0,
        gone: vec![Cookie(1)],
        ..Sample::default()
    })));
    let known = history.latest(Cookie(1)).expect("still known");
    assert_eq!(known.subflows.len(), 1);
}
