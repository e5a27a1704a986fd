//! Quantities as people type them: a number and its unit.

use std::time::Duration;

/// A number and what follows it.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = text.strip_suffix(unit)?.parse().ok()?;
    Some((number, unit.trim()))
}

/// A time for which recordings are kept.
pub(super) fn time_kept(text: &str) -> Result<Duration, String> {
    let seconds = number_and_unit(text).and_then(|(number, unit)| {
        let each = match unit {
            "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        number.checked_mul(each).filter(|seconds| *seconds > 0)
    });
    let seconds = seconds.ok_or("write a number with min, h or d, such as 24h")?;
    Ok(Duration::from_secs(seconds))
}

/// So many bytes of recordings are kept. Less than a megabyte would hold no minute of a busy host.
pub(super) fn bytes_kept(text: &str) -> Result<u64, String> {
    let bytes = number_and_unit(text).and_then(|(number, unit)| {
        let each: u64 = match unit {
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(each).filter(|bytes| *bytes > 0)
    });
    bytes.ok_or_else(|| "write a number with MB, GB, MiB or GiB, such as 200MB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_number_and_its_unit() {
        assert_eq!(time_kept("24h"), Ok(Duration::from_hours(24)));
        assert_eq!(time_kept("30 min"), Ok(Duration::from_mins(30)));
        assert_eq!(bytes_kept("200MB"), Ok(200_000_000));
        assert_eq!(bytes_kept("1MiB"), Ok(1_048_576));
        for text in [
            "",
            "24",
            "h",
            "0h",
            "-1h",
            "1.5h",
            "24 hours",
            "99999999999999999999d",
            "9999999999999999d",
        ] {
            assert!(time_kept(text).is_err(), "{text}");
        }
        for text in ["", "200", "MB", "0MB", "200mb", "99999999999999999GB"] {
            assert!(bytes_kept(text).is_err(), "{text}");
        }
    }
}
