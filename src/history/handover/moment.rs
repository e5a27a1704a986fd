//! A moment, as exactly as it is known.

/// A moment, as exactly as it is known; seconds on the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) earliest: f64,
    pub(super) latest: f64,
}

impl Moment {
    /// A moment that is known.
    pub(super) fn at(t: f64) -> Self {
        Self {
            earliest: t,
            latest: t,
        }
    }

    /// The same, so many seconds later.
    pub(super) fn later(self, by: f64) -> Self {
        Self {
            earliest: self.earliest + by,
            latest: self.latest + by,
        }
    }

    pub(super) fn middle(self) -> f64 {
        f64::midpoint(self.earliest, self.latest)
    }

    /// How far it may be from the middle, seconds.
    pub(super) fn spread(self) -> f64 {
        (self.latest - self.earliest).max(0.0) / 2.0
    }
}
