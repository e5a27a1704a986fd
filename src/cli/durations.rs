//! Lengths of time, as arguments have them.

use std::time::Duration;

use crate::source::SPEEDS;

/// Thirty years.
const MOST_SECONDS: f64 = 1e9;
/// The longest that rates are measured over, and the shortest that they mean anything over, seconds.
const RATED_S: std::ops::RangeInclusive<f64> = 0.1..=3600.0;

/// Seconds, with a fraction or without.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|error| error.to_string())?;
    if seconds < 0.0 {
        return Err("a time is not negative".to_owned());
    }
    if seconds > MOST_SECONDS {
        return Err(format!("at most {MOST_SECONDS} s"));
    }
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// How fast a recording is played.
pub(super) fn replay_speed(text: &str) -> Result<f64, String> {
    let asked: f64 = text
        .trim_end_matches(['x', '×'])
        .parse()
        .map_err(|_| "it is no number".to_owned())?;
    let known = SPEEDS.into_iter().find(|speed| (speed - asked).abs() < 1e-9);
    known.ok_or_else(|| {
        format!(
            "it is one of {}",
            SPEEDS.map(|speed| speed.to_string()).join(", ")
        )
    })
}

/// Seconds over which rates are measured.
pub(super) fn rated_seconds(text: &str) -> Result<Duration, String> {
    let over = seconds(text)?;
    if RATED_S.contains(&over.as_secs_f64()) {
        Ok(over)
    } else {
        Err(format!("{} to {} s", RATED_S.start(), RATED_S.end()))
    }
}
