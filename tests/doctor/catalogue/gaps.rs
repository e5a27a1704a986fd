//! What the doctor does not do yet, by case and verdict, and why. One that comes right fails the suite until it is taken off.

/// The case, the verdict that is missed, and why.
pub const GAPS: &[(&str, &str, &str)] = &[];
