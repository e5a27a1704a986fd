//! Numbers, times and addresses as people read them.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A number and its unit, for who shows one apart from the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The number.
    pub number: String,
    /// Its unit; `None` for what is only counted.
    pub unit: Option<&'static str>,
}

impl Figure {
    /// What was not measured.
    pub fn absent() -> Self {
        Self {
            number: ABSENT.to_owned(),
            unit: None,
        }
    }

    /// Something that is counted.
    pub fn counted(number: usize) -> Self {
        Self {
            number: number.to_string(),
            unit: None,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)?;
        self.unit.map_or(Ok(()), |unit| write!(f, " {unit}"))
    }
}

/// A length of time: `207 ms`; from a second on `1.42 s`.
pub fn length(ms: u64) -> Figure {
    let (number, unit) = if ms < 1000 {
        (ms.to_string(), "ms")
    } else {
        (seconds(ms), "s")
    };
    Figure {
        number,
        unit: Some(unit),
    }
}

fn seconds(ms: u64) -> String {
    format!("{:.2}", ms as f64 / 1000.0)
}

/// A length of time that was measured: `207 ms ± 20`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The length.
    pub length: Figure,
    /// How far the truth may lie to either side, in the same unit.
    pub uncertainty: String,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ± {}", self.length, self.uncertainty)
    }
}

/// A length of time that was measured, with its uncertainty.
pub fn measured(ms: u64, uncertainty_ms: u64) -> Measured {
    Measured {
        length: length(ms),
        uncertainty: if ms < 1000 {
            uncertainty_ms.to_string()
        } else {
            seconds(uncertainty_ms)
        },
    }
}

/// What stands where the kernel gave nothing.
pub const ABSENT: &str = "–";

/// How many decimals a column of rates has, by the largest in it, bits a second.
pub fn rate_decimals(largest_bps: f64) -> usize {
    match largest_bps / 1e6 {
        mbps if mbps < 9.995 => 2,
        mbps if mbps < 999.95 => 1,
        _ => 0,
    }
}

/// A rate in Mbit/s, bits a second given.
pub fn rate(bps: f64, decimals: usize) -> String {
    // The sum of nothing is −0.
    let mbps = bps / 1e6 + 0.0;
    if bps > 0.0 && mbps < 0.005 && decimals >= 2 {
        return "<0.01".to_owned();
    }
    format!("{mbps:.decimals$}")
}

/// A rate on its own.
pub fn lone_rate(bps: f64) -> String {
    rate(bps, rate_decimals(bps))
}

/// Microseconds as ms with one decimal.
pub fn ms(us: u32) -> String {
    format!("{:.1}", f64::from(us) / 1000.0)
}

/// The strength of a radio signal.
pub fn dbm(dbm: i32) -> String {
    let sign = if dbm < 0 { "\u{2212}" } else { "" };
    format!("{sign}{} dBm", dbm.unsigned_abs())
}

/// Bytes in MB with one decimal, for a column.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

/// An amount of data in a unit of its own size: `412 B`, `9.4 kB`, `1.2 MB`.
pub fn bytes(bytes: u64) -> String {
    in_its_unit(bytes as f64, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// A rate in a unit of its own size: `412 bit/s`, `33.6 Mbit/s`.
pub fn bit_rate(bps: f64) -> String {
    in_its_unit(bps.round(), &["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"])
}

/// A length of time in a unit of its own size: `26 µs`, `4.3 ms`, `1.2 s`; from a minute on as an age.
pub fn time(us: u64) -> String {
    if us >= 60_000_000 {
        return age(us as f64 / 1e6);
    }
    in_its_unit(us as f64, &["µs", "ms", "s"])
}

/// A number below 1000 with one decimal where it is below 10 or so, in the unit that makes it so; each unit is a thousand
/// of the one before.
fn in_its_unit(number: f64, units: &[&str]) -> String {
    let mut number = number;
    let mut units = units.iter().copied().peekable();
    let mut unit = units.next().unwrap_or_default();
    let mut is_first = true;
    // What rounds to 1000 has the next unit.
    while number >= 999.5
        && let Some(next) = units.next()
    {
        (number, unit, is_first) = (number / 1000.0, next, false);
    }
    if is_first || number >= 99.95 {
        format!("{number:.0} {unit}")
    } else {
        format!("{number:.1} {unit}")
    }
}

/// A count: in full up to 9999, then in thousands or millions.
pub fn count(count: u64) -> String {
    match count {
        0..=9999 => count.to_string(),
        10_000..=999_949 => format!("{:.1} k", count as f64 / 1e3),
        _ => format!("{:.1} M", count as f64 / 1e6),
    }
}

/// A count within a sentence: a comma between thousands.
pub fn in_sentence(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 subflow`, `3 subflows`.
pub fn several(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", in_sentence(number))
}

/// How long something has lasted.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped first"
)]
pub fn age(seconds: f64) -> String {
    let whole = seconds.clamp(0.0, 1e12) as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        (1..=47, _) => format!("{hours} h {minutes:02} min"),
        _ => format!("{} days", hours / 24),
    }
}

/// The clock at `t` seconds of a stream that began at `started_at`, in the local time zone.
pub fn clock(started_at: &str, t: f64) -> String {
    clock_in(&TimeZone::system(), started_at, t)
}

/// The same with milliseconds.
pub fn clock_ms(started_at: &str, t: f64) -> String {
    clock_as("%H:%M:%S%.3f", &TimeZone::system(), started_at, t)
}

/// The same as finely as a step between two such times needs, seconds, so that no two read alike.
pub fn clock_by(started_at: &str, t: f64, step: f64) -> String {
    let clock = clock_ms(started_at, t);
    let decimals = decimals_of(step).min(3);
    // What follows the seconds is a point and three digits.
    let most = if decimals == 0 { 8 } else { 9 + decimals };
    clock.get(..most).unwrap_or(&clock).to_owned()
}

/// How many decimals tell two multiples of a step apart.
pub fn decimals_of(step: f64) -> usize {
    let is_whole = |decimals: &i32| {
        let parts = step * 10_f64.powi(*decimals);
        (parts - parts.round()).abs() < 1e-6 && parts >= 0.5
    };
    (0..=6_i32)
        .find(is_whole)
        .map_or(6, |decimals| decimals.unsigned_abs() as usize)
}

/// How far the clock is past a whole multiple of `step` seconds when a stream begins.
pub fn past_round(started_at: &str, step: f64) -> f64 {
    let start = started_at.parse::<Timestamp>().ok();
    start.map_or(0.0, |start| start.as_duration().as_secs_f64().rem_euclid(step))
}

fn clock_in(zone: &TimeZone, started_at: &str, t: f64) -> String {
    clock_as("%H:%M:%S", zone, started_at, t)
}

/// The wall clock at a time of a stream as its header has it, in UTC (RFC 3339); `None` where the header's is none.
pub fn utc(started_at: &str, t: f64) -> Option<String> {
    let moment = moment(started_at, t)?;
    Some(moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// The same with its day, for people here: `21 Nov 2026, 08:17:32`.
pub fn day_and_clock(started_at: &str, t: f64) -> String {
    clock_as("%-d %b %Y, %H:%M:%S", &TimeZone::system(), started_at, t)
}

/// The same for a file's name: `20261121-081732`.
pub fn compact_clock(started_at: &str, t: f64) -> String {
    clock_as("%Y%m%d-%H%M%S", &TimeZone::system(), started_at, t)
}

/// The day on which a stream began, here: `21 Nov 2026`.
pub fn day(started_at: &str) -> String {
    clock_as("%-d %b %Y", &TimeZone::system(), started_at, 0.0)
}

fn moment(started_at: &str, t: f64) -> Option<Timestamp> {
    let (start, since) = (
        started_at.parse::<Timestamp>().ok()?,
        jiff::SignedDuration::try_from_secs_f64(t).ok()?,
    );
    start.checked_add(since).ok()
}

/// The moment at `t` seconds of a stream that began at `started_at`, in a zone and as strftime(3) formats it.
pub fn clock_as(format: &str, zone: &TimeZone, started_at: &str, t: f64) -> String {
    moment(started_at, t).map_or_else(
        || ABSENT.to_owned(),
        |moment| moment.to_zoned(zone.clone()).strftime(format).to_string(),
    )
}

/// A place in a recording: `41:20`, from an hour on `1:12:05`.
pub fn position(t: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and saturating beyond any recording"
    )]
    let seconds = t.max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// Text of at most `most` characters, its middle left out when it is longer.
pub fn elide_middle(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let keep = most.saturating_sub(1);
    let tail = keep / 2;
    let head: String = text.chars().take(keep - tail).collect();
    let tail: String = text.chars().skip(length - tail).collect();
    format!("{head}…{tail}")
}

/// An interval between samples.
pub fn interval(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{} s", ms as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_three_digits() {
        let shown = [20e3, 3.41e6, 27.94e6, 116e6, 1240.4e6].map(lone_rate);
        assert_eq!(shown, ["0.02", "3.41", "27.9", "116.0", "1240"]);
    }

    #[test]
    fn a_trickle_is_not_nothing() {
        assert_eq!(lone_rate(400.0), "<0.01");
        assert_eq!(lone_rate(0.0), "0.00");
        assert_eq!(rate(400.0, 1), "0.0");
        assert_eq!(lone_rate(-0.0), "0.00");
    }

    #[test]
    fn rounding_does_not_add_a_digit() {
        assert_eq!(lone_rate(9.996e6), "10.0");
        assert_eq!(lone_rate(999.96e6), "1000");
    }

    #[test]
    fn small_amounts_have_their_own_unit() {
        assert_eq!(
            [0, 412, 9_371, 999_499, 999_500, 123_456_789].map(bytes),
            ["0 B", "412 B", "9.4 kB", "999 kB", "1.0 MB", "123 MB"]
        );
        assert_eq!(
            [26, 999, 4_300, 407_000, 1_250_000, 848_000_000].map(time),
            ["26 µs", "999 µs", "4.3 ms", "407 ms", "1.2 s", "14 min 08 s"]
        );
        assert_eq!(
            [0.0, 412.4, 33.6e6, 1.24e9].map(bit_rate),
            ["0 bit/s", "412 bit/s", "33.6 Mbit/s", "1.2 Gbit/s"]
        );
    }

    #[test]
    fn counts_shrink_and_sentences_have_commas() {
        assert_eq!(
            [0, 9999, 12_400, 2_000_000].map(count),
            ["0", "9999", "12.4 k", "2.0 M"]
        );
        assert_eq!([7, 1000, 1_234_567].map(in_sentence), ["7", "1,000", "1,234,567"]);
        assert_eq!(several(1, "subflow"), "1 subflow");
        assert_eq!(several(0, "subflow"), "0 subflows");
    }

    #[test]
    fn ages_grow_their_unit() {
        let shown = [22.9, 848.0, 11_100.0, 864_000.0].map(age);
        assert_eq!(shown, ["22 s", "14 min 08 s", "3 h 05 min", "10 days"]);
        assert_eq!(age(-1.0), "0 s");
    }

    #[test]
    fn the_clock_counts_from_the_start() {
        let shown = clock_in(&TimeZone::UTC, "2026-03-01T14:31:00Z", 67.9);
        assert_eq!(shown, "14:32:07");
        assert_eq!(clock_in(&TimeZone::UTC, "yesterday", 1.0), ABSENT);
        assert!((past_round("2026-03-01T14:31:07Z", 60.0) - 7.0).abs() < 1e-6);
    }

    #[test]
    fn the_middle_is_left_out() {
        assert_eq!(elide_middle("[2606:4700::6816:1]:443", 13), "[2606:…1]:443");
        assert_eq!(elide_middle("short", 13), "short");
    }

    #[test]
    fn intervals_have_their_unit() {
        assert_eq!([50, 1000, 2500].map(interval), ["50 ms", "1 s", "2.5 s"]);
    }
}
