//! Data that should move and does not.

use super::{Stream, near};
use crate::history::handover::Cause;

#[test]
fn data_that_waits_and_does_not_move_is_told_though_the_same_path_goes_on() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.silence(0.4);
    stream.flow(0, 3.0);
    let handover = stream.only();
    assert_eq!(
        (handover.cause, handover.from.as_deref(), handover.to.as_deref()),
        (Cause::PathDead, Some("wlan0"), Some("wlan0"))
    );
    near(handover.interruption.expect("data waited").ms, 410, 12);
}

#[test]
fn an_outage_is_not_what_is_usual_from_then_on() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    for _ in 0..3 {
        stream.silence(0.8);
        stream.flow(0, 3.0);
    }
    assert_eq!(stream.found.len(), 3, "{:?}", stream.found);
}

#[test]
fn every_path_that_falls_silent_is_one_interruption_of_the_connection() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    for subflow in &mut stream.connection.subflows {
        (subflow.unacked, subflow.backoff) = (Some(4), Some(2));
    }
    stream.silence(6.0);
    stream.flow(1, 3.0);
    let handover = stream.only();
    assert_eq!(
        (handover.cause, &handover.from, &handover.to),
        (Cause::PathDead, &None, &None)
    );
    // What comes first may be the news of what the peer had before.
    near(handover.interruption.expect("data waited").ms, 6030, 12);
    assert!(handover.survived && !handover.ongoing);
}

#[test]
fn without_any_path_what_waits_is_told_while_it_waits_and_again_at_its_end() {
    let mut stream = Stream::new(false);
    stream.connection.inode = Some(5);
    stream.flow(0, 3.0);
    stream.wifi_closed();
    stream.connection.subflows.clear();
    stream.silence(5.0);
    let handover = stream.only();
    assert!(handover.ongoing);
    let so_far = handover.interruption.expect("data waits");
    assert_eq!(so_far.recovery_ms, None);
    near(so_far.ms, 3000, 60);
    stream.silence(5.0);
    assert_eq!(stream.found.len(), 1, "it is told once");
    stream.gone();
    let last = stream.found.last().expect("the end");
    assert_eq!(
        (stream.found.len(), last.ongoing, last.survived),
        (2, false, false)
    );
    near(last.interruption.expect("data waited").ms, 10_020, 40);
}

#[test]
fn after_a_time_without_samples_nothing_is_claimed() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.t += 20.0;
    stream.flow(0, 3.0);
    assert_eq!(stream.found, []);
}

#[test]
fn a_closed_receive_window_is_no_fault_of_a_path() {
    let mut stream = Stream::new(false);
    let window = |stream: &mut Stream, bytes: u32| {
        for subflow in &mut stream.connection.subflows {
            (subflow.snd_wnd, subflow.mss) = (Some(bytes), Some(1448));
        }
    };
    window(&mut stream, 65_536);
    stream.flow(0, 3.0);
    window(&mut stream, 0);
    stream.silence(2.0);
    window(&mut stream, 65_536);
    stream.flow(0, 3.0);
    assert_eq!(stream.found, []);
}
