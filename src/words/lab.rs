//! The laboratory: who drives it.

/// Links come and go by themselves, as the scenario says.
pub const BY_ITSELF: &str = "by itself";
/// A person cuts links and brings them back.
pub const BY_HAND: &str = "by hand";
/// What the two mean.
pub const WHO_DRIVES: &str = "Links come and go by themselves, as the scenario says, or by hand (H)";
