//! Made-up streams in which something happens, sampled every 20 ms.

mod dating;
mod devices;
mod running;
mod standstill;
mod torn_down;
mod unseen;

use super::*;
use crate::model::{CommandOutcome, Cookie, JoinedBy, Origin, Subflow, TcpState};

const STEP_S: f64 = 0.02;
/// 10 Mbit/s.
const BYTES_A_STEP: u64 = 25_000;

/// A connection over Wi-Fi and, where it is needed, Ethernet.
struct Stream {
    detector: Detector,
    times: ReadTimes,
    connection: Connection,
    t: f64,
    found: Vec<Handover>,
}

fn subflow(cookie: u64, device: &str, address: &str) -> Subflow {
    Subflow {
        cookie: Cookie(cookie),
        local: address.parse().expect("an address"),
        remote: "198.51.100.7:443".parse().expect("an address"),
        interface: Some(device.to_owned()),
        joined_by: JoinedBy::Token,
        state: TcpState::Established,
        bytes_acked: Some(0),
        bytes_received: Some(0),
        unacked: Some(0),
        backoff: Some(0),
        last_ack_received_ms: Some(0),
        bytes_sent: Some(1_000_000_000_000),
        bytes_retrans: Some(0),
        rtt_us: Some(20_000),
        min_rtt_us: Some(20_000),
        ..Subflow::default()
    }
}

impl Stream {
    fn new(second_is_backup: bool) -> Self {
        let mut second = subflow(12, "eth0", "10.0.1.1:4001");
        second.backup_local = Some(second_is_backup);
        let connection = Connection {
            cookie: Cookie(1),
            token: Some(Token(7)),
            state: TcpState::Established,
            local: "10.0.0.1:4000".parse().expect("an address"),
            remote: "198.51.100.7:443".parse().expect("an address"),
            bytes_sent: Some(0),
            bytes_acked: Some(0),
            bytes_received: Some(0),
            subflows: vec![subflow(11, "wlan0", "10.0.0.1:4000").into(), second.into()],
            ..Connection::default()
        };
        let mut stream = Self {
            detector: Detector::default(),
            times: ReadTimes::default(),
            connection,
            t: 0.0,
            found: Vec::new(),
        };
        stream.sample(true);
        stream
    }

    fn feed(&mut self, line: &Line) {
        self.found.extend(self.detector.apply(line, &self.times));
        if let Line::Sample(sample) = line {
            self.times.note(sample);
        }
    }

    fn sample(&mut self, full: bool) {
        let sample = Sample {
            t: self.t,
            full,
            connections: vec![self.connection.clone()],
            ..Sample::default()
        };
        self.feed(&Line::Sample(Box::new(sample)));
    }

    /// One step in which so much is delivered over the subflow at a place.
    fn deliver(&mut self, over: usize, bytes: u64) {
        self.t += STEP_S;
        for (place, subflow) in self.connection.subflows.iter_mut().enumerate() {
            let age = subflow.last_ack_received_ms.as_mut().expect("known");
            *age += 20;
            if place == over && bytes > 0 {
                *age = 0;
                *subflow.bytes_acked.as_mut().expect("known") += bytes;
                subflow.backoff = Some(0);
            }
        }
        *self.connection.bytes_acked.as_mut().expect("known") += bytes;
        self.sample(false);
    }

    /// Delivers for so long, with more waiting.
    fn flow(&mut self, over: usize, seconds: f64) {
        self.connection.bytes_sent = self.connection.bytes_acked.map(|acked| acked + 1_000_000_000);
        self.repeat(seconds, |stream| stream.deliver(over, BYTES_A_STEP));
    }

    fn silence(&mut self, seconds: f64) {
        self.repeat(seconds, |stream| stream.deliver(0, 0));
    }

    fn repeat(&mut self, seconds: f64, step: impl Fn(&mut Self)) {
        let end = self.t + seconds - STEP_S / 2.0;
        while self.t < end {
            step(self);
        }
    }

    /// Everything sent is acknowledged.
    fn idle(&mut self, seconds: f64) {
        self.connection.bytes_sent = self.connection.bytes_acked;
        self.silence(seconds);
    }

    fn event(&mut self, kind: EventKind, change: impl FnOnce(&mut Event)) {
        let mut event = Event::new(self.t, kind, Origin::Kernel);
        change(&mut event);
        self.feed(&Line::Event(Box::new(event)));
    }

    fn wifi_down(&mut self) {
        self.event(EventKind::InterfaceDown, |event| {
            event.interface = Some("wlan0".to_owned());
        });
    }

    fn wifi_closed(&mut self) {
        self.event(EventKind::SubflowClosed, |event| {
            event.token = Some(Token(7));
            event.local = Some("10.0.0.1:4000".parse().expect("an address"));
            event.remote = Some("198.51.100.7:443".parse().expect("an address"));
        });
    }

    /// The connection is no more.
    fn gone(&mut self) {
        self.t += STEP_S;
        let gone = Sample {
            t: self.t,
            connections_gone: vec![self.connection.key()],
            ..Sample::default()
        };
        self.feed(&Line::Sample(Box::new(gone)));
    }

    fn only(&self) -> &Handover {
        assert_eq!(self.found.len(), 1, "{:?}", self.found);
        self.found.first().expect("one")
    }
}

fn near(value: u64, truth: u64, by: u64) {
    assert!(value.abs_diff(truth) <= by, "{value} is not {truth} ± {by}");
}

#[test]
fn a_lost_link_is_timed_from_the_last_delivery_to_the_next() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.wifi_down();
    stream.silence(0.2);
    stream.flow(1, 2.0);
    let handover = stream.only();
    assert_eq!(handover.cause, Cause::LinkLost);
    assert_eq!(
        (handover.from.as_deref(), handover.to.as_deref()),
        (Some("wlan0"), Some("eth0"))
    );
    let interruption = handover.interruption.expect("there was data");
    near(interruption.ms, 210, 10);
    near(interruption.uncertainty_ms, 20, 2);
    near(
        interruption.recovery_ms.expect("it recovered"),
        interruption.ms,
        1,
    );
    assert!(handover.survived);
    assert!((handover.t - 3.0).abs() < 0.03, "{}", handover.t);
    assert!(!handover.ongoing && handover.uninterrupted.is_none());
}

#[test]
fn silent_loss_has_its_longest_gap_and_its_stutter() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    let first = stream.connection.subflows.first_mut().expect("wifi");
    first.unacked = Some(40);
    stream.silence(0.2);
    stream.connection.subflows.first_mut().expect("wifi").backoff = Some(1);
    stream.silence(0.2);
    for _ in 0..4 {
        stream.deliver(1, BYTES_A_STEP);
        stream.silence(0.18);
    }
    stream.flow(1, 2.0);
    let handover = stream.only();
    assert_eq!(handover.cause, Cause::PathDead);
    assert_eq!(handover.to.as_deref(), Some("eth0"));
    let interruption = handover.interruption.expect("there was data");
    near(interruption.ms, 410, 12);
    near(interruption.recovery_ms.expect("it recovered"), 1210, 25);
}

#[test]
fn news_of_the_link_explains_what_was_seen_before() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.connection.subflows.first_mut().expect("wifi").unacked = Some(40);
    stream.connection.subflows.first_mut().expect("wifi").backoff = Some(1);
    stream.silence(0.3);
    stream.wifi_down();
    stream.wifi_closed();
    stream.flow(1, 2.0);
    assert_eq!(stream.only().cause, Cause::LinkLost);
}

#[test]
fn without_anything_to_send_it_is_no_interruption() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.idle(0.5);
    stream.wifi_down();
    stream.idle(2.0);
    let handover = stream.only();
    assert_eq!((handover.cause, handover.interruption), (Cause::LinkLost, None));
}

#[test]
fn an_idle_or_bursty_application_invents_nothing() {
    let mut stream = Stream::new(false);
    for round in 0..30_u32 {
        stream.flow(usize::from(round % 3 == 0), 0.3 + f64::from(round % 5) * 0.1);
        stream.idle(0.2 + f64::from(round % 7) * 0.4);
    }
    assert_eq!(stream.found, []);
}

#[test]
fn who_closed_a_subflow_is_told_whichever_news_comes_first() {
    for command_first in [true, false] {
        let mut stream = Stream::new(false);
        stream.flow(0, 3.0);
        let told = |stream: &mut Stream| {
            stream.event(EventKind::Command, |event| {
                event.command = Some(CommandOutcome {
                    asked: Some(Command::Close {
                        local: "10.0.0.1:4000".parse().expect("an address"),
                        remote: "198.51.100.7:443".parse().expect("an address"),
                    }),
                    by: "window".to_owned(),
                    reference: None,
                    ok: true,
                    message: None,
                });
            });
        };
        if command_first {
            told(&mut stream);
        }
        stream.wifi_closed();
        if !command_first {
            told(&mut stream);
        }
        stream.connection.subflows.remove(0);
        stream.flow(0, 2.0);
        assert_eq!(stream.only().cause, Cause::ClosedLocally);
    }
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.wifi_closed();
    stream.connection.subflows.remove(0);
    stream.flow(0, 2.0);
    assert_eq!(stream.only().cause, Cause::ClosedByPeer);
}

#[test]
fn which_of_two_subflows_with_the_same_addresses_ended_is_told_by_its_link() {
    let address = |text: &str| text.parse().expect("an address");
    let ends = |device: &str| {
        let local = address(&format!("[fe80::aa%{device}]:4000"));
        (local, address(&format!("[fe80::bb%{device}]:443")))
    };
    let on_links = || {
        let mut stream = Stream::new(false);
        for subflow in &mut stream.connection.subflows {
            let device = subflow.interface.as_deref().expect("a device");
            (subflow.local, subflow.remote) = ends(device);
        }
        (stream.detector, stream.times) = Default::default();
        stream.sample(true);
        stream.flow(0, 3.0);
        stream
    };
    let closed = |stream: &mut Stream, device: &str| {
        stream.event(EventKind::SubflowClosed, |event| {
            event.token = Some(Token(7));
            (event.local, event.remote) = (Some(ends(device).0), Some(ends(device).1));
        });
    };
    // The idle one over Ethernet ends: nothing is lost.
    let mut stream = on_links();
    closed(&mut stream, "eth0");
    stream.connection.subflows.remove(1);
    stream.flow(0, 2.0);
    assert_eq!(stream.found, []);

    // The other one is closed here, and this one by the peer.
    let mut stream = on_links();
    stream.event(EventKind::Command, |event| {
        let (local, remote) = ends("eth0");
        event.command = Some(CommandOutcome {
            asked: Some(Command::Close { local, remote }),
            by: "window".to_owned(),
            reference: None,
            ok: true,
            message: None,
        });
    });
    closed(&mut stream, "wlan0");
    stream.connection.subflows.remove(0);
    stream.flow(0, 2.0);
    let handover = stream.only();
    assert_eq!(
        (handover.cause, handover.from.as_deref()),
        (Cause::ClosedByPeer, Some("wlan0"))
    );
}

#[test]
fn a_better_path_takes_over_from_the_backup() {
    let mut stream = Stream::new(true);
    stream.flow(1, 3.0);
    stream.flow(0, 4.0);
    let handover = stream.only();
    assert_eq!(handover.cause, Cause::PathReturned);
    assert_eq!(
        (handover.from.as_deref(), handover.to.as_deref()),
        (Some("eth0"), Some("wlan0"))
    );
}

#[test]
fn a_connection_that_ends_without_delivering_was_lost() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.wifi_down();
    stream.silence(2.0);
    stream.gone();
    let handover = stream.only();
    assert!(!handover.survived);
    assert_eq!(handover.to, None);
    near(handover.interruption.expect("there was data").ms, 2020, 25);
}

/// Another path carries from now on, because this one is bad but not dead.
fn degrade(stream: &mut Stream, worse: impl Fn(&mut Subflow)) {
    stream.flow(0, 3.0);
    worse(stream.connection.subflows.first_mut().expect("wifi"));
    stream.deliver(0, 3000);
    // A little comes through, and waits for what was lost before it.
    stream.repeat(0.3, |stream| {
        let wifi = stream.connection.subflows.first_mut().expect("wifi");
        *wifi.bytes_acked.as_mut().expect("known") += 100;
        stream.deliver(0, 0);
    });
    for _ in 0..10 {
        worse(stream.connection.subflows.first_mut().expect("wifi"));
        stream.deliver(0, 3000);
        stream.repeat(0.08, |stream| stream.deliver(1, BYTES_A_STEP));
    }
    stream.flow(1, 2.5);
}

#[test]
fn a_path_that_became_slow_or_lossy_and_was_left_is_degraded() {
    let slow = |subflow: &mut Subflow| subflow.rtt_us = Some(400_000);
    let lossy = |subflow: &mut Subflow| {
        *subflow.bytes_sent.as_mut().expect("known") += 10_000;
        *subflow.bytes_retrans.as_mut().expect("known") += 4000;
    };
    for worse in [&slow as &dyn Fn(&mut Subflow), &lossy] {
        let mut stream = Stream::new(false);
        degrade(&mut stream, worse);
        let handover = stream.only();
        assert_eq!(handover.cause, Cause::PathDegraded);
        assert_eq!(
            (handover.from.as_deref(), handover.to.as_deref()),
            (Some("wlan0"), Some("eth0"))
        );
        // Which way of a path became slow nobody knows.
        let interruption = handover.interruption.expect("there was data");
        near(interruption.ms, 310, interruption.uncertainty_ms);
        assert!(handover.survived && !handover.ongoing);
    }
}

#[test]
fn a_path_that_is_left_for_a_while_without_being_worse_is_no_handover() {
    let mut stream = Stream::new(false);
    for _ in 0..4 {
        stream.flow(0, 3.0);
        stream.flow(1, 3.0);
    }
    assert_eq!(stream.found, []);
}

#[test]
fn whoever_tidies_up_after_a_link_that_is_down_did_not_close_anything() {
    let mut stream = Stream::new(false);
    stream.flow(1, 3.0);
    stream.wifi_down();
    stream.flow(1, 2.0);
    stream.flow(0, 0.3);
    stream.event(EventKind::SubflowClosed, |event| {
        event.token = Some(Token(7));
        event.local = Some("10.0.0.1:4000".parse().expect("an address"));
        event.remote = Some("198.51.100.7:443".parse().expect("an address"));
        event.interface = Some("wlan0".to_owned());
        event.error = Some(ECONNABORTED);
    });
    stream.connection.subflows.remove(0);
    stream.flow(0, 2.0);
    assert_eq!(stream.only().cause, Cause::LinkLost);
}

#[test]
fn a_path_that_was_made_backup_is_left_though_it_never_carried_most() {
    let mut stream = Stream::new(false);
    stream.connection.bytes_sent = Some(1_000_000_000);
    stream.repeat(3.0, |stream| {
        stream.deliver(0, BYTES_A_STEP);
        stream.deliver(1, BYTES_A_STEP);
    });
    stream.event(EventKind::SubflowPriority, |event| {
        event.token = Some(Token(7));
        event.local = Some("10.0.0.1:4000".parse().expect("an address"));
        event.remote = Some("198.51.100.7:443".parse().expect("an address"));
        event.backup = Some(true);
    });
    stream.flow(1, 3.0);
    let handover = stream.only();
    assert_eq!(handover.cause, Cause::PriorityChanged);
    assert_eq!(
        (handover.from.as_deref(), handover.to.as_deref()),
        (Some("wlan0"), Some("eth0"))
    );
}
