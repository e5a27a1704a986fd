//! What is told of a handover while it runs.

use super::Stream;
use crate::history::handover::{Cause, Delivery, Running};
use crate::model::EventKind;

impl Stream {
    fn running(&self) -> Option<Running> {
        self.detector.all_running(self.t).pop()
    }

    fn down(&mut self, device: &str) {
        self.event(EventKind::InterfaceDown, |event| {
            event.interface = Some(device.to_owned());
        });
    }

    /// Nothing has been delivered for so long, seconds.
    #[track_caller]
    fn has_stopped_for(&self, seconds: f64) {
        let running = self.running().expect("it runs");
        let since = running.stopped_since().expect("nothing is delivered");
        let stopped_s = self.t - since;
        assert!((stopped_s - seconds).abs() < 0.035, "{stopped_s} s for {seconds}");
    }
}

#[test]
fn a_loss_is_told_from_its_first_moment_until_its_end_is_told() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    assert_eq!(stream.running(), None);
    stream.down("wlan0");
    let begins = stream.running().expect("at once");
    assert_eq!(
        (begins.cause, begins.from.as_deref()),
        (Cause::LinkLost, Some("wlan0"))
    );
    stream.silence(0.4);
    stream.has_stopped_for(0.4);
    stream.silence(0.4);
    stream.has_stopped_for(0.8);
    stream.flow(1, 0.3);
    let Some(Delivery::Resumed { over, gap: Some(gap) }) = stream.running().map(|one| one.delivery) else {
        panic!("{:?}", stream.running());
    };
    assert_eq!(over.as_deref(), Some("eth0"));
    assert!(stream.found.is_empty(), "it is not settled yet");
    stream.flow(1, 2.0);
    assert_eq!(stream.running(), None);
    assert_eq!(
        stream.only().interruption.map(|told| told.ms),
        Some(gap.ms),
        "the same figure"
    );
}

#[test]
fn what_carried_on_is_not_named_once_it_is_down_too() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.down("wlan0");
    stream.silence(0.4);
    stream.flow(1, 0.3);
    stream.down("eth0");
    let over = match stream.running().expect("it runs").delivery {
        Delivery::Resumed { over, .. } => over,
        Delivery::Stopped { .. } | Delivery::Idle => None,
    };
    assert_eq!(over, None);
    stream.silence(0.4);
    stream.has_stopped_for(0.4);
}

#[test]
fn data_that_flows_on_is_no_standstill() {
    let mut stream = Stream::new(false);
    stream.flow(1, 3.0);
    stream.repeat(1.0, |stream| {
        stream.deliver(0, 10_000);
        stream.deliver(1, 10_000);
    });
    stream.down("wlan0");
    stream.flow(1, 0.6);
    let running = stream.running().expect("Wi-Fi carried, too");
    let flows =
        matches!(&running.delivery, Delivery::Resumed { over: Some(over), gap: None } if over == "eth0");
    assert!(flows, "{running:?}");
}

#[test]
fn silence_is_a_pause_until_it_has_lasted() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.silence(0.2);
    assert_eq!(stream.running(), None);
    stream.silence(0.4);
    assert_eq!(stream.running().map(|one| one.cause), Some(Cause::PathDead));
}

#[test]
fn who_has_nothing_to_send_waits_for_nothing() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.idle(0.1);
    stream.down("wlan0");
    stream.idle(0.3);
    let delivery = stream.running().map(|one| one.delivery);
    assert!(
        delivery
            .as_ref()
            .is_none_or(|delivery| *delivery == Delivery::Idle),
        "{delivery:?}"
    );
}
