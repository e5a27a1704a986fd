//! Which way most data of a connection goes, as a word that does not flip.

use super::Direction;

/// After so many seconds what was moved counts half.
const HALF_S: f64 = 10.0;
/// The other way has to carry so many times as much before it is the main one.
const RELUCTANCE: f64 = 1.5;

/// What a connection sent and received of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Balance {
    /// Bytes, those of long ago counting less.
    out: f64,
    inward: f64,
    /// The counters and their time.
    counted: Option<(u64, u64, f64)>,
    direction: Direction,
}

impl Balance {
    /// Takes the counters of bytes sent and received at a time.
    pub(super) fn take(&mut self, sent: u64, received: u64, t: f64) {
        let (sent_before, received_before, before) = self.counted.unwrap_or((0, 0, t));
        self.counted = Some((sent, received, t));
        let kept = 0.5_f64.powf((t - before).max(0.0) / HALF_S);
        self.out = self.out * kept + sent.saturating_sub(sent_before) as f64;
        self.inward = self.inward * kept + received.saturating_sub(received_before) as f64;
        let (main, other) = match self.direction {
            Direction::Sent => (self.out, self.inward),
            Direction::Received => (self.inward, self.out),
        };
        if other > main * RELUCTANCE {
            self.direction = self.direction.other();
        }
    }

    /// The way of most data.
    pub(super) fn direction(&self) -> Direction {
        self.direction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_most_data_is_held_until_the_other_has_clearly_more() {
        let mut balance = Balance::default();
        let mut receives = |sent, received, t| {
            balance.take(sent, received, t);
            balance.direction() == Direction::Received
        };
        assert!(!receives(200, 0, 0.0), "a question");
        assert!(receives(200, 9000, 0.25), "and its answer");
        assert!(receives(10_000, 9000, 0.5), "about as much");
        assert!(!receives(30_000, 9000, 0.75), "clearly more");
        assert!(!receives(30_000, 9000, 600.0), "nothing moves: nothing changes");
        assert!(receives(30_000, 9100, 600.25), "what was long ago hardly counts");
    }
}
