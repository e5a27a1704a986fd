//! What can be plotted of a subflow: every number of the kernel's table, in the unit in which it is shown.

use crate::metrics::{Field, Kind, Unit};
use crate::model::{Metric, Subflow};
use crate::ui::format;

/// The unit of rates.
const MBPS: &str = "Mbit/s";

/// A number that the kernel tells of a subflow.
pub(super) type SubflowMetric = Metric<Subflow>;

/// All that can be plotted: what only stands for something has no height.
pub(super) fn all() -> impl Iterator<Item = &'static SubflowMetric> {
    Subflow::METRICS
        .iter()
        .filter(|metric| metric.field.kind != Kind::Code)
}

/// How a recorded value is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Display {
    /// The unit; empty for none.
    pub unit: &'static str,
    /// What a value is multiplied by.
    factor: f64,
    /// Whether only what it grows by in a second counts.
    pub per_second: bool,
    /// Whether its values are whole numbers.
    pub whole: bool,
}

impl Display {
    /// How the values of a number are shown. Of what only grows, it is what it grows by in a second.
    pub(super) fn of(field: &Field) -> Self {
        let per_second = matches!(field.kind, Kind::Counter | Kind::Spent);
        let (unit, factor) = match (field.unit, per_second) {
            (Unit::Plain, true) => ("a second", 1.0),
            (Unit::Plain, false) => ("", 1.0),
            (Unit::Segments, true) => ("packets/s", 1.0),
            (Unit::Segments, false) => ("packets", 1.0),
            (Unit::Bytes | Unit::PacketBytes, true) => (MBPS, 8e-6),
            (Unit::Bytes, false) => ("kB", 1e-3),
            (Unit::PacketBytes, false) => ("B", 1.0),
            (Unit::Microseconds, true) => ("ms/s", 1e-3),
            (Unit::Milliseconds, true) => ("ms/s", 1.0),
            (Unit::Milliseconds, false) if field.kind == Kind::Since => ("s", 1e-3),
            (Unit::Microseconds, false) => ("ms", 1e-3),
            (Unit::Milliseconds, false) => ("ms", 1.0),
            (Unit::BitsPerSecond, _) => (MBPS, 1e-6),
        };
        Self {
            unit,
            factor,
            per_second,
            whole: !per_second && matches!(field.unit, Unit::Plain | Unit::Segments | Unit::PacketBytes),
        }
    }

    /// A value as it is shown; `growth` is the time since the one before, seconds, and what it grew by.
    pub(super) fn shown(&self, raw: f64, growth: Option<(f64, f64)>) -> Option<f64> {
        if !self.per_second {
            return Some(raw * self.factor);
        }
        // What became less began anew.
        let (seconds, grown) = growth.filter(|(seconds, grown)| *seconds > 0.0 && *grown >= 0.0)?;
        Some(grown / seconds * self.factor)
    }

    /// A shown value in words.
    pub(super) fn write(&self, value: f64) -> String {
        if self.unit == MBPS {
            // As every other rate is written.
            return format::lone_rate(value * 1e6);
        }
        let decimals = match value.abs() {
            _ if self.whole => 0,
            less if less < 10.0 => 2,
            less if less < 100.0 => 1,
            _ => 0,
        };
        format!("{value:.decimals$}")
    }
}

/// The unit of a number as the kernel tells it, for programs.
pub(super) fn raw_unit(field: &Field) -> &'static str {
    match field.unit {
        Unit::Plain => "",
        Unit::Bytes | Unit::PacketBytes => "bytes",
        Unit::Segments => "segments",
        Unit::Microseconds => "us",
        Unit::Milliseconds => "ms",
        Unit::BitsPerSecond => "bit/s",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(name: &str) -> Display {
        let metric = all().find(|metric| metric.field.name == name).expect("a metric");
        Display::of(&metric.field)
    }

    #[test]
    fn what_only_grows_is_shown_as_its_growth() {
        let sent = display("bytes_sent");
        assert_eq!(sent.unit, "Mbit/s");
        assert_eq!(sent.shown(5e6, None), None, "nobody knows since when");
        assert_eq!(sent.shown(5e6, Some((0.5, 1e6))), Some(16.0));
        assert_eq!(sent.shown(0.0, Some((0.5, -5e6))), None, "it began anew");
    }

    #[test]
    fn a_number_is_shown_in_the_unit_of_the_window() {
        let rtt = display("rtt_us");
        assert_eq!((rtt.unit, rtt.shown(24_100.0, None)), ("ms", Some(24.1)));
        assert_eq!(rtt.write(24.1), "24.1");
        assert_eq!(display("cwnd").write(92.0), "92");
    }
}
