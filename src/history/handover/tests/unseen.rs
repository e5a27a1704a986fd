//! What nobody saw, and what looks like an outage and is none.

use super::{BYTES_A_STEP, STEP_S, Stream};
use crate::history::handover::{Cause, Handover, Uninterrupted};
use crate::model::{EventKind, Sequence};

/// So much comes in over Wi-Fi.
fn receive(stream: &mut Stream, bytes: u64) {
    stream.t += STEP_S;
    let wifi = stream.connection.subflows.first_mut().expect("wifi");
    *wifi.bytes_received.as_mut().expect("known") += bytes;
    *stream.connection.bytes_received.as_mut().expect("known") += bytes;
    stream.sample(false);
}

#[test]
fn who_asks_for_fewer_samples_still_finds_what_happens() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    let slowly = |stream: &mut Stream, over: usize, bytes: u64| {
        stream.t += 2.0 - STEP_S;
        stream.deliver(over, bytes);
    };
    for _ in 0..10 {
        slowly(&mut stream, 0, 100 * BYTES_A_STEP);
    }
    stream.wifi_down();
    for _ in 0..4 {
        slowly(&mut stream, 0, 0);
    }
    for _ in 0..4 {
        slowly(&mut stream, 1, 100 * BYTES_A_STEP);
    }
    let handover = stream.only();
    assert_eq!(handover.cause, Cause::LinkLost);
    assert!(handover.interruption.is_some());
}

#[test]
fn a_message_now_and_then_is_no_stream_that_stopped() {
    let mut stream = Stream::new(false);
    for _ in 0..8 {
        receive(&mut stream, 200);
        stream.repeat(12.0, |stream| receive(stream, 0));
    }
    assert_eq!(stream.found, []);
}

#[test]
fn an_address_that_carried_nothing_explains_nothing() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.silence(1.0);
    stream.event(EventKind::AddressLost, |event| {
        event.interface = Some("wlan0".to_owned());
        event.address = Some("2001:db8::1".parse().expect("an address"));
    });
    stream.flow(1, 3.0);
    assert_eq!(stream.only().cause, Cause::PathDead);
}

#[test]
fn what_was_told_while_it_went_on_has_an_end_after_a_time_without_samples() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.silence(10.0);
    assert!(stream.only().ongoing);
    stream.t += 30.0;
    stream.flow(1, 3.0);
    let last = stream.found.last().expect("its end");
    assert!(!last.ongoing && last.survived, "{last:?}");
}

#[test]
fn a_stretch_of_which_nobody_saw_the_beginning_is_not_told_as_harmless() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.t += 30.0;
    stream.silence(1.0);
    stream.wifi_down();
    stream.silence(5.0);
    stream.gone();
    let harmless = |one: &Handover| one.uninterrupted == Some(Uninterrupted::AsUsual);
    assert!(!stream.found.iter().any(harmless), "{:?}", stream.found);
}

#[test]
fn what_came_before_sequence_numbers_were_known_is_not_ahead_of_anything() {
    let mut stream = Stream::new(false);
    // Asked for and not answered: there are no numbers yet.
    let numbers = |stream: &mut Stream, received: u64| {
        stream.connection.snd_una = Some(Sequence(1000));
        stream.connection.write_seq = Some(Sequence(1000));
        stream.connection.rcv_nxt = Some(Sequence(if received == 0 { 0 } else { 5000 + received }));
    };
    numbers(&mut stream, 0);
    stream.sample(true);
    for step in 1..=20 {
        numbers(&mut stream, step * BYTES_A_STEP);
        receive(&mut stream, BYTES_A_STEP);
    }
    // The application rests.
    stream.repeat(1.0, |stream| receive(stream, 0));
    for step in 21..=60 {
        numbers(&mut stream, step * BYTES_A_STEP);
        receive(&mut stream, BYTES_A_STEP);
    }
    stream.idle(15.0);
    assert_eq!(stream.found, []);
}
