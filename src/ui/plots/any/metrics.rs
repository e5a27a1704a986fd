//! What can be plotted of a subflow, and in which unit it is shown.

use crate::model::Subflow;

/// A number that the kernel tells of a subflow.
#[derive(Debug)]
pub(super) struct Metric {
    /// Its name in the public schema.
    pub name: &'static str,
    /// What people call it, and what it means.
    pub title: &'static str,
    pub meaning: &'static str,
    /// The unit of the recorded value.
    pub unit: &'static str,
    /// How it is shown.
    pub display: Display,
    /// Its value.
    pub value: fn(&Subflow) -> Option<f64>,
}

/// How a recorded value is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Display {
    /// The unit.
    pub unit: &'static str,
    /// What a value is multiplied by.
    pub factor: f64,
    /// Whether only what it grows by in a second counts.
    pub per_second: bool,
    /// Whether its values are whole numbers.
    pub whole: bool,
}

impl Metric {
    /// A value as it is shown; `growth` is the time since the one before, seconds, and what it grew by.
    pub(super) fn shown(&self, raw: f64, growth: Option<(f64, f64)>) -> Option<f64> {
        let Display {
            factor, per_second, ..
        } = self.display;
        if !per_second {
            return Some(raw * factor);
        }
        // What became less began anew.
        let (seconds, grown) = growth.filter(|(seconds, grown)| *seconds > 0.0 && *grown >= 0.0)?;
        Some(grown / seconds * factor)
    }

    /// A shown value in words.
    pub(super) fn write(&self, value: f64) -> String {
        let decimals = match value.abs() {
            _ if self.display.whole => 0,
            less if less < 10.0 => 2,
            less if less < 100.0 => 1,
            _ => 0,
        };
        format!("{value:.decimals$}")
    }
}

const PACKETS: Display = Display {
    unit: "packets",
    factor: 1.0,
    per_second: false,
    whole: true,
};

/// TODO
pub(super) static METRICS: [Metric; 2] = [
    Metric {
        name: "cwnd",
        title: "cwnd",
        meaning: "Congestion window, segments.",
        unit: "segments",
        display: PACKETS,
        value: |s| s.cwnd.map(f64::from),
    },
    Metric {
        name: "ssthresh",
        title: "ssthresh",
        meaning: "Slow-start threshold, segments.",
        unit: "segments",
        display: PACKETS,
        value: |s| s.ssthresh.map(f64::from),
    },
];
