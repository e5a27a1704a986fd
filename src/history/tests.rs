//! A made-up stream through the history.

use super::*;
use crate::model::{JoinedBy, Shared, Subflow, TcpState};

pub(super) fn subflow(cookie: u64, bytes_acked: u64) -> Subflow {
    Subflow {
        cookie: Cookie(cookie),
        local: "10.0.0.1:4000".parse().expect("an address"),
        remote: "10.0.0.9:443".parse().expect("an address"),
        interface: Some("wlan0".to_owned()),
        joined_by: JoinedBy::Token,
        state: TcpState::Established,
        bytes_acked: Some(bytes_acked),
        ..Subflow::default()
    }
}

pub(super) fn connection(number: u32, subflows: Vec<Subflow>) -> Connection {
    Connection {
        cookie: Cookie(1),
        token: Some(Token(number)),
        state: TcpState::Established,
        local: "10.0.0.1:4000".parse().expect("an address"),
        remote: "10.0.0.9:443".parse().expect("an address"),
        subflows: subflows.into_iter().map(Shared::from).collect(),
        ..Connection::default()
    }
}

pub(super) fn sample(t: f64, full: bool, connections: Vec<Connection>) -> Line {
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
    assert_eq!(history.rate_of(Token(1).into()), (16_000.0, 0.0));
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
        .subflows_of(Token(1).into())
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
        connections_gone: vec![connection(1, vec![]).key()],
        ..Sample::default()
    };
    history.apply(Line::Sample(Box::new(gone)));
    assert_eq!(history.state().connections.len(), 1);
    history.apply(sample(2.0, true, vec![]));
    assert_eq!(history.state().connections.len(), 0);
    let ended = [1, 2].map(|token| {
        history
            .connection(Token(token).into())
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
        let event = Event::new(t, EventKind::InterfaceUp, crate::model::Origin::Kernel);
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
    assert_eq!(condition(&idle, (false, false), Some(true)), Condition::Idle);
    assert_eq!(condition(&idle, (true, true), None), Condition::Carrying);
    assert_eq!(condition(&waiting, (false, true), Some(true)), Condition::Stalled);
    assert_eq!(
        condition(&waiting, (true, true), Some(true)),
        Condition::Carrying,
        "it receives"
    );
    assert_eq!(condition(&idle, (false, true), Some(false)), Condition::Stalled);
    assert_eq!(
        condition(
            &Subflow {
                state: TcpState::SynSent,
                ..idle
            },
            (false, false),
            None
        ),
        Condition::NotAnswered
    );
}

/// Connections with two subflows each, all of which moved since the sample before.
fn busy(t: f64, connections: u32, full: bool) -> Line {
    let bytes = |t: f64| (t * 1000.0).round().max(0.0);
    let one = |number: u32| {
        let mut subflows = vec![
            subflow(u64::from(number) * 10 + 1, 0),
            subflow(u64::from(number) * 10 + 2, 0),
        ];
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
    history.watch(Some(Token(1).into()));
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
        connections_gone: vec![connection(1, vec![]).key()],
        ..Sample::default()
    })));
    let known = history.latest(Token(1).into()).expect("still known");
    assert_eq!(known.subflows.len(), 1);
}

#[test]
fn what_was_done_is_known_before_a_sample_shows_it() {
    use crate::model::{Before, Command, CommandOutcome, EventKind, Limits, Origin, SettingValue};

    let limits = |extra_subflows_max| Limits {
        extra_subflows_max,
        add_addr_accepted_max: 4,
    };
    let mut history = History::default();
    history.apply(Line::Sample(Box::new(Sample {
        full: true,
        limits: Some(limits(2)),
        settings: [("enabled".to_owned(), SettingValue::Number(1))].into(),
        ..Sample::default()
    })));
    let less = |count| Command::LimitsSet {
        extra_subflows_max: Some(count),
        add_addr_accepted_max: None,
    };
    let mut tell = |command: &Command, ok| {
        let mut event = Event::new(1.0, EventKind::Command, Origin::Kernel);
        event.command = Some(CommandOutcome {
            asked: Some(command.clone()),
            by: "window".to_owned(),
            reference: None,
            ok,
            message: None,
        });
        history.apply(Line::Event(Box::new(event)));
        history.state().before(command)
    };
    assert_eq!(tell(&less(1), false), Some(Before::Limits(limits(2))), "refused");
    assert_eq!(tell(&less(1), true), Some(Before::Limits(limits(1))));
    let off = Command::Set {
        name: "enabled".to_owned(),
        value: SettingValue::Number(0),
    };
    assert_eq!(tell(&off, true), Some(Before::Setting(SettingValue::Number(0))));
}
