//! Which way data goes.

use serde::{Deserialize, Serialize};

use super::Point;

/// Which way data goes, as this host sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From this host.
    #[default]
    Sent,
    /// To this host.
    Received,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Sent => Self::Received,
            Self::Received => Self::Sent,
        }
    }

    /// Whether data goes from this host.
    pub fn sends(self) -> bool {
        self == Self::Sent
    }

    /// The rate of a point in this direction, bits a second.
    pub fn bps(self, point: &Point) -> f64 {
        match self {
            Self::Sent => f64::from(point.out_bps),
            Self::Received => f64::from(point.in_bps),
        }
    }
}
