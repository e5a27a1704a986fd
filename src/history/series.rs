//! The series of one subflow, and what is known of a connection over time.

use std::num::NonZeroU32;

use super::balance::Balance;
use super::points::Points;
use super::rates::bits_per_second;
use super::thinning::{Spacing, thin};
use super::{Bounds, Direction};
use crate::model::{Connection, ConnectionId, Cookie, Shared, Subflow};

/// What was measured of a subflow between two samples. Small, because there are many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When, seconds on the stream: the end of the stretch that the rates speak of, which begins at the point before.
    pub t: f64,
    /// Data that reached the peer, bits a second: acknowledged, or known to lie beyond a hole (SACK).
    pub out_bps: f32,
    /// Data received, bits a second.
    pub in_bps: f32,
    /// Smoothed round-trip time, µs.
    pub rtt_us: Option<NonZeroU32>,
    /// Congestion window, segments.
    pub cwnd: Option<NonZeroU32>,
    /// Segments sent again since the point before.
    pub retrans: u32,
}

/// What is known of a connection over time.
#[derive(Clone, Debug)]
pub struct ConnectionHistory {
    /// When it was first seen, seconds on the stream.
    pub began_at: f64,
    /// When it was found gone.
    pub ended_at: Option<f64>,
    /// Its subflows, those that ended included, oldest first.
    pub subflows: Vec<Cookie>,
    /// As it was when it ended.
    pub(super) last: Option<Box<Connection>>,
    pub(super) balance: Balance,
}

impl ConnectionHistory {
    pub(super) fn new(t: f64) -> Self {
        Self {
            began_at: t,
            ended_at: None,
            subflows: Vec::new(),
            last: None,
            balance: Balance::default(),
        }
    }

    /// Which way most of its data goes, of late.
    pub fn direction(&self) -> Direction {
        self.balance.direction()
    }
}

/// What is known of a subflow over time.
#[derive(Clone, Debug)]
pub struct SubflowHistory {
    /// The connection it belongs to.
    pub connection: ConnectionId,
    /// When it was first seen, seconds on the stream.
    pub began_at: f64,
    /// When it was found gone.
    pub ended_at: Option<f64>,
    /// As it was last seen: while it is there, what the state has of it.
    pub last: Shared<Subflow>,
    /// What the peer has of what was sent, bytes.
    delivered: u64,
    /// Its points, oldest first. A stretch without change has a point at each end; what lies back may have been
    /// merged into longer stretches.
    pub points: Points,
}

impl SubflowHistory {
    pub(super) fn new(connection: ConnectionId, subflow: &Shared<Subflow>, t: f64) -> Self {
        Self {
            connection,
            began_at: t,
            ended_at: None,
            last: subflow.clone(),
            delivered: delivered(subflow),
            points: Points::default(),
        }
    }

    /// What it sent between its two newest readings, bits a second. What it sends now is [`super::History::rate`].
    pub(super) fn out_bps(&self) -> f64 {
        self.points.back().map_or(0.0, |point| f64::from(point.out_bps))
    }

    /// What it received between them.
    pub(super) fn in_bps(&self) -> f64 {
        self.points.back().map_or(0.0, |point| f64::from(point.in_bps))
    }

    /// Adds the point between `before` and `t`; whether its rates are not zero.
    /// A subflow that is ending carries nothing more: its line ends.
    pub(super) fn take(&mut self, subflow: &Shared<Subflow>, before: f64, t: f64, bounds: &Bounds) -> bool {
        if subflow.state.is_ending() {
            self.last = subflow.clone();
            return false;
        }
        // One that was thought gone may return: a reading under churn can miss a socket.
        self.ended_at = None;
        let seconds = t - before;
        let segments = |subflow: &Subflow| subflow.retrans_total.unwrap_or(0);
        let mut delivered = delivered(subflow);
        // The segments beyond a hole may have been smaller than they were thought to be. Another socket begins anew.
        if subflow.bytes_acked >= self.last.bytes_acked {
            delivered = delivered.max(self.delivered);
        }
        let point = Point {
            t,
            out_bps: bits_per_second(Some(self.delivered), Some(delivered), seconds),
            in_bps: bits_per_second(self.last.bytes_received, subflow.bytes_received, seconds),
            rtt_us: subflow.rtt_us.and_then(NonZeroU32::new),
            cwnd: subflow.cwnd.and_then(NonZeroU32::new),
            retrans: segments(subflow).saturating_sub(segments(&self.last)),
        };
        self.hold_until(before);
        self.points.push_back(point);
        self.last = subflow.clone();
        self.delivered = delivered;
        while self
            .points
            .front()
            .is_some_and(|point| point.t < t - bounds.span_s)
        {
            self.points.pop_front();
        }
        if self.points.len() > bounds.points {
            self.thin(t, bounds, Spacing::FINEST);
        }
        point.out_bps > 0.0 || point.in_bps > 0.0 || point.retrans > 0
    }

    /// Adds the zero that ends a stretch of movement.
    pub(super) fn rest(&mut self, before: f64, t: f64) {
        self.hold_until(before);
        if let Some(last) = self.points.back().copied() {
            self.points.push_back(Point {
                t,
                out_bps: 0.0,
                in_bps: 0.0,
                retrans: 0,
                ..last
            });
        }
    }

    /// Forgets what lies too far back and merges points that are closer than `spacing`.
    pub(super) fn thin(&mut self, now: f64, bounds: &Bounds, spacing: Spacing) {
        let mut points = self.points.iter().copied().collect();
        thin(&mut points, now, bounds.span_s, spacing);
        self.points = points.into_iter().collect();
    }

    /// Where nothing changed for a while, the newest point holds until `before`.
    fn hold_until(&mut self, before: f64) {
        if let Some(last) = self.points.back().copied()
            && last.t < before
        {
            // What was sent again was so at the point itself, not all along.
            self.points.push_back(Point {
                t: before,
                retrans: 0,
                ..last
            });
        }
    }
}

/// What the peer has of what was sent, bytes. The bytes that are acknowledged alone would stand still while a segment is
/// missing, and then jump by everything that came after it: more than any link carries in that time.
fn delivered(subflow: &Subflow) -> u64 {
    let beyond = u64::from(subflow.sacked.unwrap_or(0)) * u64::from(subflow.mss.unwrap_or(0));
    subflow.bytes_acked.map_or(0, |acked| acked + beyond)
}
