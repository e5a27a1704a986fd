//! What is so now. Each figure is computed here and nowhere else, for everything that shows it: the path map, the list,
//! the table, the plots, Paths, present mode.
//!
//! A rate is the mean over the second before the newest reading of its connection, since data that comes in bursts would
//! make every other figure a zero and the one between them more than the link can carry. What delivers nothing has no
//! rate, however much it carried a moment ago: state and rate never contradict each other.

use super::{Condition, Direction, Gaps, History, Point, SubflowHistory, condition};
use crate::model::{ConnectionId, Subflow};

/// Over how long what is so now is found, seconds.
const RECENT_S: f64 = 1.0;
/// The least of it, where nothing was read before: in less than that nobody sees how fast a link is.
const LEAST_S: f64 = 0.25;
/// For how long the largest rate decides how a rate is written, seconds.
const HELD_S: f64 = 10.0;
/// The same in means over a second each.
const HELD: usize = 11;

impl History {
    /// The times of which nothing is known.
    pub fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// Notes that samples are so far apart from now on, because somebody wants it so, ms.
    pub fn expect_interval(&mut self, ms: u64) {
        self.gaps.expect(ms as f64 / 1000.0);
    }

    /// The subflows of a connection that are there now, oldest first.
    pub fn living_subflows(&self, connection: ConnectionId) -> impl Iterator<Item = &SubflowHistory> {
        let subflows = self.subflows_of(connection);
        subflows.filter(|subflow| subflow.ended_at.is_none())
    }

    /// What a subflow is doing: data within the last second counts as flowing.
    pub fn condition(&self, subflow: &SubflowHistory) -> Condition {
        if subflow.ended_at.is_some() {
            return Condition::Closed;
        }
        let newest = subflow.out_bps() + subflow.in_bps();
        let recent = self.recent(subflow).any(|(point, ..)| {
            let bps = point.out_bps + point.in_bps;
            bps > 0.0
        });
        condition(
            &subflow.last,
            (newest > 0.0, recent || newest > 0.0),
            self.interface_up(&subflow.last),
        )
    }

    /// Whether the interface of a subflow is up, where that is known. One that is gone is down.
    pub fn interface_up(&self, subflow: &Subflow) -> Option<bool> {
        let name = subflow.interface.as_deref()?;
        match self.state.interface(name) {
            Some(interface) => Some(interface.up),
            None if self.state.interfaces.is_empty() => None,
            None => Some(false),
        }
    }

    /// The rate of a subflow now, bits a second.
    pub fn rate(&self, subflow: &SubflowHistory, direction: Direction) -> f64 {
        if self.condition(subflow) != Condition::Carrying {
            return 0.0;
        }
        let bits: f64 = self
            .recent(subflow)
            .map(|(point, from, to)| direction.bps(point) * (to - from))
            .sum();
        // What a subflow carried before it was there is nothing; what one carried before anything was read is not known.
        bits / self.gaps.read_for_s().clamp(LEAST_S, RECENT_S)
    }

    /// What a subflow sends and receives now, bits a second.
    pub fn rates(&self, subflow: &SubflowHistory) -> (f64, f64) {
        let rate = |direction| self.rate(subflow, direction);
        (rate(Direction::Sent), rate(Direction::Received))
    }

    /// What a connection sends and receives now, bits a second: the sum of its subflows.
    pub fn rate_of(&self, connection: ConnectionId) -> (f64, f64) {
        self.sum(self.living_subflows(connection))
    }

    /// What all connections send and receive over a device now, bits a second.
    pub fn rate_over(&self, device: &str) -> (f64, f64) {
        let connections = self.state.connections.keys();
        let subflows = connections.flat_map(|id| self.living_subflows(*id));
        self.sum(subflows.filter(|subflow| subflow.last.interface.as_deref() == Some(device)))
    }

    fn sum<'a>(&self, subflows: impl Iterator<Item = &'a SubflowHistory>) -> (f64, f64) {
        subflows.fold((0.0, 0.0), |(out, inward), subflow| {
            let more = self.rates(subflow);
            (out + more.0, inward + more.1)
        })
    }

    /// The largest rate that a connection had of late, bits a second: a mean over a second, as every rate is.
    pub fn peak(&self, connection: ConnectionId, direction: Direction) -> f64 {
        let now = self.read_at(connection);
        let mut seconds = [0.0_f64; HELD];
        for subflow in self.subflows_of(connection) {
            for (point, from, to) in stretches(subflow, now - HELD_S, now) {
                let bps = direction.bps(point);
                let ago = seconds.iter_mut().zip(0_i32..).skip(whole(now - to));
                for (second, number) in ago.take_while(|(_, number)| now - f64::from(*number) > from) {
                    let end = now - f64::from(number);
                    *second += bps * (to.min(end) - from.max(end - 1.0)).max(0.0);
                }
            }
        }
        let (out, inward) = self.rate_of(connection);
        let now = if direction.sends() { out } else { inward };
        seconds.into_iter().fold(now, f64::max)
    }

    /// The second over which a subflow's rate now is found.
    fn second(&self, subflow: &SubflowHistory) -> (f64, f64) {
        let now = self.read_at(subflow.connection);
        (now - RECENT_S, now)
    }

    /// What was measured of a subflow in that second, newest first.
    fn recent<'a>(
        &self,
        subflow: &'a SubflowHistory,
    ) -> impl Iterator<Item = (&'a Point, f64, f64)> + use<'a> {
        let (from, to) = self.second(subflow);
        stretches(subflow, from, to)
    }
}

/// The points of a subflow between two times, newest first, each with the stretch of time that it speaks of: a rate holds
/// from the point before.
fn stretches(
    subflow: &SubflowHistory,
    from: f64,
    to: f64,
) -> impl Iterator<Item = (&Point, f64, f64)> + use<'_> {
    let mut points = subflow.points.iter().rev().peekable();
    std::iter::from_fn(move || {
        let point = points.next().filter(|point| point.t > from)?;
        let began = points.peek().map_or(from, |before| before.t.max(from));
        Some((point, began, point.t.min(to)))
    })
}

/// How many whole seconds that is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ten seconds"
)]
fn whole(seconds: f64) -> usize {
    seconds.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::super::tests::{connection, sample, subflow};
    use super::*;
    use crate::model::{Cookie, Interface, Line, Sample, Subflow, Token};

    /// A connection whose first subflow had so many bytes acknowledged at these times.
    fn acknowledged(times: &[(f64, u64)]) -> History {
        let mut history = History::default();
        for (t, bytes) in times {
            history.apply(sample(*t, true, vec![connection(1, vec![subflow(11, *bytes)])]));
        }
        history
    }

    fn rate(history: &History) -> f64 {
        let subflow = history.subflow(Cookie(11)).expect("known");
        history.rate(subflow, Direction::Sent)
    }

    #[test]
    fn a_rate_is_the_mean_of_the_last_second() {
        // A quarter of a second each of 0, 9, 0 and 4 Mbit/s.
        let quarters = [
            (8.75, 0),
            (9.0, 0),
            (9.25, 0),
            (9.5, 281_250),
            (9.75, 281_250),
            (10.0, 406_250),
        ];
        let history = acknowledged(&quarters);
        assert!((rate(&history) - 3.25e6).abs() < 1.0, "{}", rate(&history));
        assert!((history.rate_of(Token(1).into()).0 - 3.25e6).abs() < 1.0);
        assert!((history.rate_over("wlan0").0 - 3.25e6).abs() < 1.0);
        let found = history.rate(history.subflow(Cookie(11)).expect("known"), Direction::Received);
        assert!(found.abs() < 1e-9);
    }

    #[test]
    fn a_line_about_something_else_makes_no_rate_less() {
        let mut history = acknowledged(&[(0.0, 0), (0.5, 500_000), (1.0, 1_000_000)]);
        let other = Sample {
            t: 1.4,
            only: Some(vec![Token(2)]),
            connections: vec![connection(2, vec![])],
            ..Sample::default()
        };
        history.apply(Line::Sample(Box::new(other)));
        assert!((rate(&history) - 8e6).abs() < 1.0, "{}", rate(&history));
    }

    #[test]
    fn what_delivers_nothing_has_no_rate() {
        let mut history = acknowledged(&[(0.0, 0), (0.5, 500_000), (1.0, 1_000_000)]);
        assert!(rate(&history) > 7e6);
        let down = Interface {
            index: 2,
            name: "wlan0".to_owned(),
            up: false,
            ..Interface::default()
        };
        history.apply(Line::Sample(Box::new(Sample {
            t: 1.25,
            interfaces: vec![down],
            ..Sample::default()
        })));
        let subflow = history.subflow(Cookie(11)).expect("known");
        assert_eq!(history.condition(subflow), Condition::Stalled);
        assert!(rate(&history).abs() < 1e-9);
        assert!(history.rate_of(Token(1).into()).0.abs() < 1e-9);
    }

    #[test]
    fn what_a_hole_held_back_counts_when_it_arrives_and_not_at_once() {
        let with_hole = |acked: u64, sacked: u32| Subflow {
            mss: Some(1000),
            sacked: Some(sacked),
            ..subflow(11, acked)
        };
        let mut history = History::default();
        // A megabyte a second arrives all the time; a segment that is missing keeps it from being acknowledged.
        for (t, acked, sacked) in [
            (0.0, 0, 0),
            (1.0, 1_000_000, 0),
            (2.0, 1_000_000, 1000),
            (3.0, 1_000_000, 2000),
            (3.5, 3_500_000, 0),
            (4.0, 4_000_000, 0),
        ] {
            history.apply(sample(
                t,
                true,
                vec![connection(1, vec![with_hole(acked, sacked)])],
            ));
            if t > 0.0 {
                assert!((rate(&history) - 8e6).abs() < 1.0, "{} at {t}", rate(&history));
            }
        }
    }

    #[test]
    fn the_peak_is_a_mean_over_a_second_and_is_forgotten() {
        let id = Token(1).into();
        let mut history = acknowledged(&[(0.0, 0), (1.0, 0), (1.02, 125_000), (2.0, 125_000)]);
        let peak = history.peak(id, Direction::Sent);
        assert!((peak - 1e6).abs() < 1.0, "{peak}");
        for second in 3..14 {
            history.apply(sample(
                f64::from(second),
                true,
                vec![connection(1, vec![subflow(11, 125_000)])],
            ));
        }
        assert!(history.peak(id, Direction::Sent).abs() < 1e-9);
    }
}
