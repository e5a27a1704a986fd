//! Which plots there are: what each shows of a subflow, and how it is drawn and written.

use crate::history::Point;
use crate::ui::format;
use crate::ui::view::Direction;
use crate::words::connection::past;

/// A plot.
pub(super) struct Spec {
    /// Its title.
    pub title: fn(Direction) -> String,
    /// Its title where there is little room.
    pub short: &'static str,
    /// Its unit, beside values of now and beside those at the pointer.
    pub unit: &'static str,
    pub unit_at_pointer: &'static str,
    /// Its share of the height.
    pub share: f32,
    /// What it shows.
    pub shows: Shows,
    /// Whether its values are whole numbers.
    pub whole: bool,
    /// A value in words, with as many decimals as rates have.
    pub write: fn(f64, usize) -> String,
    /// Whether the newest value says nothing of a path that delivers nothing.
    pub of_delivery: bool,
    /// A value in words for somebody who does not see the plot, where it says it beside the throughput.
    pub spoken: Option<fn(f64) -> String>,
}

/// Where the values come from, and how they are drawn.
#[derive(Clone, Copy)]
pub(super) enum Shows {
    /// A rate, the subflows stacked on each other.
    Stack(fn(&Point, Direction) -> f64),
    /// A value, a line a subflow.
    Lines(fn(&Point) -> Option<f64>),
    /// What was counted, as stacked bars.
    Bars(fn(&Point) -> u32),
}

/// How many plots there are.
pub(super) const COUNT: usize = 4;
/// Which of them stands alone in present mode, and is said first.
pub(super) const THROUGHPUT: usize = 0;

/// From the top down. Where there is little room, the last two or three take turns.
pub(super) static SPECS: [Spec; COUNT] = [
    Spec {
        title: |direction| format!("Throughput, {}", past(direction)),
        short: "Throughput",
        unit: "Mbit/s",
        unit_at_pointer: "Mbit/s",
        share: 136.0,
        shows: Shows::Stack(|point, direction| direction.bps(point) / 1e6),
        whole: false,
        write: |mbps, decimals| format::rate(mbps * 1e6, decimals),
        of_delivery: false,
        spoken: None,
    },
    Spec {
        title: |_| "Round-trip time".to_owned(),
        short: "RTT",
        unit: "ms",
        unit_at_pointer: "ms",
        share: 88.0,
        shows: Shows::Lines(|point| point.rtt_us.map(|us| f64::from(us.get()) / 1000.0)),
        whole: false,
        write: |ms, _| format!("{ms:.1}"),
        of_delivery: true,
        spoken: Some(|ms| format!("RTT {ms:.1} ms")),
    },
    Spec {
        title: |_| "Congestion window".to_owned(),
        short: "cwnd",
        unit: "packets",
        unit_at_pointer: "packets",
        share: 72.0,
        shows: Shows::Lines(|point| point.cwnd.map(|cwnd| cwnd.get().into())),
        whole: true,
        write: |packets, _| format!("{packets:.0}"),
        of_delivery: false,
        spoken: None,
    },
    Spec {
        title: |_| "Retransmissions".to_owned(),
        short: "Retrans.",
        unit: "in view",
        unit_at_pointer: "at pointer",
        share: 72.0,
        shows: Shows::Bars(|point| point.retrans),
        whole: true,
        write: |count, _| format!("{count:.0}"),
        of_delivery: false,
        spoken: None,
    },
];
