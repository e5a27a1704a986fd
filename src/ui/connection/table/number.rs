//! How the table writes a number that the kernel tells.

use super::value::{NO_ROUND_TRIP, NOT_TOLD, Value};
use crate::metrics::{Field, Kind, Known, Unit};
use crate::model::{Metric, Subflow};
use crate::ui::format;

/// The unit in which a number is written; empty for none.
pub(super) fn unit(field: &Field) -> &'static str {
    match (field.unit, field.kind) {
        (Unit::Plain | Unit::Segments, _) => "",
        (Unit::Bytes, Kind::Counter) => "MB",
        (Unit::Bytes, _) => "kB",
        (Unit::PacketBytes, _) => "B",
        (Unit::Microseconds | Unit::Milliseconds, Kind::Since | Kind::Spent) => "s",
        (Unit::Microseconds | Unit::Milliseconds, _) => "ms",
        (Unit::BitsPerSecond, _) => "Mbit/s",
    }
}

/// A number of a subflow, or why there is none.
pub(super) fn value(metric: &Metric<Subflow>, of: &Subflow) -> Value {
    let field = &metric.field;
    let Some(number) = (metric.value)(of) else {
        return Value::Absent(why_absent(field.known));
    };
    let float = number as f64;
    let text = match (field.unit, unit(field)) {
        (Unit::BitsPerSecond, _) => return Value::Rate(float, float),
        (Unit::Bytes, "MB") => format::megabytes(number),
        (Unit::Microseconds, "s") => format!("{:.1}", float / 1e6),
        (Unit::Microseconds | Unit::Bytes, _) | (Unit::Milliseconds, "s") => format!("{:.1}", float / 1e3),
        _ if field.kind == Kind::Flag => if number == 0 { "no" } else { "yes" }.to_owned(),
        _ => format::count(number),
    };
    Value::Number(float, text)
}

fn why_absent(known: Known) -> &'static str {
    match known {
        Known::Always | Known::Answered | Known::BeforeLinux7 => NOT_TOLD,
        Known::Measured => NO_ROUND_TRIP,
        Known::NotZero => "Nothing to tell yet, or this kernel does not tell it.",
        Known::Limited => "Unlimited, or this kernel does not tell it.",
        Known::Finite => "Not set: no loss has ended slow start yet.",
    }
}

/// Whether there are kernels with MPTCP that are older than this release.
pub(super) fn is_newer_than_mptcp(release: &str) -> bool {
    let numbers = |release: &str| -> Option<(u32, u32)> {
        let (major, minor) = release.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    numbers(release) > numbers(crate::model::OLDEST_KERNEL)
}
