//! When delivery stopped and went on, from what was heard of it.

use super::{BYTES_A_STEP, STEP_S, Stream, near};
use crate::history::handover::Cause;
use crate::model::Subflow;

#[test]
fn news_of_a_delivery_is_dated_by_how_long_it_took() {
    let mut stream = Stream::new(false);
    let set = |subflow: &mut Subflow, ms: u32| {
        subflow.rtt_us = Some(ms * 1000);
        subflow.min_rtt_us = Some(ms * 1000);
    };
    set(stream.connection.subflows.first_mut().expect("wifi"), 10);
    set(stream.connection.subflows.last_mut().expect("ethernet"), 110);
    stream.flow(0, 3.0);
    stream.wifi_down();
    stream.silence(0.3);
    stream.flow(1, 2.0);
    // Seen 310 ms after, but told 50 ms later than the last delivery was.
    near(stream.only().interruption.expect("there was data").ms, 260, 12);
}

#[test]
fn the_end_of_a_subflow_that_is_told_late_does_not_hide_when_it_fell_silent() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    let wifi = stream.connection.subflows.first_mut().expect("wifi");
    (wifi.unacked, wifi.last_ack_received_ms) = (Some(40), Some(4));
    stream.wifi_closed();
    // The peer acknowledges what comes over the other path, and tells that it still waits for the rest.
    stream.repeat(0.3, |stream| {
        let other = stream.connection.subflows.last_mut().expect("ethernet");
        *other.bytes_acked.as_mut().expect("known") += BYTES_A_STEP;
        stream.deliver(1, 0);
        let other = stream.connection.subflows.last_mut().expect("ethernet");
        other.last_ack_received_ms = Some(0);
    });
    stream.connection.subflows.remove(0);
    stream.deliver(0, 0);
    stream.flow(0, 2.0);
    let interruption = stream.only().interruption.expect("there was data");
    near(interruption.ms, 330, 12);
    near(interruption.uncertainty_ms, 20, 4);
}

#[test]
fn an_acknowledgement_that_the_peer_kept_for_a_while_does_not_delay_the_delivery() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.connection.subflows.first_mut().expect("wifi").unacked = Some(40);
    stream.wifi_down();
    stream.silence(0.3);
    // A single segment fills what was missing; the peer says so 100 ms later.
    let step = |stream: &mut Stream, bytes: u64| {
        let other = stream.connection.subflows.last_mut().expect("ethernet");
        other.last_data_sent_ms = Some(other.last_data_sent_ms.unwrap_or(0) + 20);
        stream.deliver(1, bytes);
    };
    stream.repeat(0.1, |stream| step(stream, 0));
    step(&mut stream, 1400);
    stream
        .connection
        .subflows
        .last_mut()
        .expect("ethernet")
        .last_data_sent_ms = Some(0);
    stream.flow(1, 2.0);
    let interruption = stream.only().interruption.expect("there was data");
    near(interruption.ms, 310, 25);
}

#[test]
fn what_was_coming_in_over_the_only_path_is_waited_for() {
    let mut stream = Stream::new(false);
    stream.connection.subflows.pop();
    stream.connection.bytes_sent = Some(0);
    let receive = |stream: &mut Stream, bytes: u64| {
        stream.t += STEP_S;
        let subflow = stream.connection.subflows.first_mut().expect("wifi");
        *subflow.bytes_received.as_mut().expect("known") += bytes;
        let age = if bytes > 0 {
            0
        } else {
            subflow.last_data_received_ms.unwrap_or(0) + 20
        };
        (subflow.last_data_received_ms, subflow.last_ack_received_ms) = (Some(age), Some(age));
        // What was asked for was asked at the beginning.
        subflow.last_data_sent_ms = Some(subflow.last_data_sent_ms.unwrap_or(0) + 20);
        *stream.connection.bytes_received.as_mut().expect("known") += bytes;
        stream.sample(false);
    };
    stream.repeat(3.0, |stream| receive(stream, BYTES_A_STEP));
    stream.wifi_down();
    stream.repeat(6.0, |stream| receive(stream, 0));
    stream.repeat(2.0, |stream| receive(stream, BYTES_A_STEP));
    let handover = stream.only();
    assert_eq!(
        (handover.cause, handover.to.as_deref()),
        (Cause::LinkLost, Some("wlan0"))
    );
    near(handover.interruption.expect("data came in").ms, 6010, 5);
}

#[test]
fn a_path_that_dies_in_silence_while_data_comes_in_is_found() {
    let mut stream = Stream::new(false);
    stream.connection.bytes_sent = Some(0);
    // What comes over the other path cannot be delivered before what is missing.
    let receive = |stream: &mut Stream, over: usize, delivered: u64| {
        stream.t += STEP_S;
        for (place, subflow) in stream.connection.subflows.iter_mut().enumerate() {
            let age = subflow.last_data_received_ms.unwrap_or(0) + 20;
            let age = if place == over { 0 } else { age };
            (subflow.last_data_received_ms, subflow.last_ack_received_ms) = (Some(age), Some(age));
            if place == over {
                *subflow.bytes_received.as_mut().expect("known") += BYTES_A_STEP;
            }
        }
        *stream.connection.bytes_received.as_mut().expect("known") += delivered;
        stream.sample(false);
    };
    stream.repeat(3.0, |stream| receive(stream, 0, BYTES_A_STEP));
    stream.repeat(0.6, |stream| receive(stream, 1, 0));
    receive(&mut stream, 1, 31 * BYTES_A_STEP);
    stream.repeat(2.0, |stream| receive(stream, 1, BYTES_A_STEP));
    let handover = stream.only();
    assert_eq!(
        (handover.cause, handover.from.as_deref(), handover.to.as_deref()),
        (Cause::PathDead, Some("wlan0"), Some("eth0"))
    );
    near(handover.interruption.expect("data came in").ms, 610, 12);
}

#[test]
fn who_types_is_not_interrupted_at_each_key() {
    let mut stream = Stream::new(false);
    for _ in 0..20 {
        stream.idle(0.26);
        let sent = stream.connection.bytes_sent.as_mut().expect("known");
        *sent += 200;
        let path = stream.connection.subflows.first_mut().expect("wifi");
        (path.unacked, path.last_data_sent_ms) = (Some(1), Some(4));
        stream.deliver(0, 0);
        stream.connection.subflows.first_mut().expect("wifi").unacked = Some(0);
        stream.deliver(0, 200);
    }
    assert_eq!(stream.found, []);
}

#[test]
fn the_end_of_a_subflow_counts_though_the_kernel_tells_it_much_later() {
    let mut stream = Stream::new(false);
    stream.flow(0, 3.0);
    stream.connection.subflows.remove(0);
    stream.silence(0.3);
    stream.flow(0, 1.5);
    stream.wifi_closed();
    stream.flow(0, 2.0);
    let handover = stream.only();
    assert_eq!(
        (handover.cause, handover.from.as_deref(), handover.to.as_deref()),
        (Cause::ClosedByPeer, Some("wlan0"), Some("eth0"))
    );
    near(handover.interruption.expect("there was data").ms, 310, 12);
}
