//! Rates from two counters.

/// Bits a second between two readings of a byte counter. A counter that went back (another socket, a bug)
/// gives 0: no rate is better than a wrong one.
#[expect(
    clippy::cast_possible_truncation,
    reason = "seven digits are enough of a rate"
)]
pub(super) fn bits_per_second(before: Option<u64>, after: Option<u64>, seconds: f64) -> f32 {
    match (before, after) {
        (Some(before), Some(after)) if seconds > 0.0 => {
            (after.saturating_sub(before) as f64 * 8.0 / seconds) as f32
        }
        _ => 0.0,
    }
}
