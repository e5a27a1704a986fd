//! Bounded series of one subflow.

use std::collections::VecDeque;

use super::Bounds;
use super::rates::bits_per_second;
use crate::model::{Connection, Cookie, Subflow};

/// What was measured of a subflow between two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When, seconds on the stream: the end of the stretch that the rates speak of.
    pub t: f64,
    /// Data that the peer acknowledged, bits a second.
    pub out_bps: f64,
    /// Data received, bits a second.
    pub in_bps: f64,
    /// Smoothed round-trip time, µs.
    pub rtt_us: Option<u32>,
    /// Congestion window, segments.
    pub cwnd: Option<u32>,
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
    /// As it was last seen.
    pub last: Option<Connection>,
}

impl ConnectionHistory {
    pub(super) fn new(t: f64) -> Self {
        Self {
            began_at: t,
            ended_at: None,
            subflows: Vec::new(),
            last: None,
        }
    }
}

/// What is known of a subflow over time.
#[derive(Clone, Debug)]
pub struct SubflowHistory {
    /// The connection it belongs to.
    pub connection: Cookie,
    /// When it was first seen, seconds on the stream.
    pub began_at: f64,
    /// When it was found gone.
    pub ended_at: Option<f64>,
    /// As it was last seen.
    pub last: Subflow,
    /// Its points, oldest first. A stretch without change has a point at each end.
    pub points: VecDeque<Point>,
}

impl SubflowHistory {
    pub(super) fn new(connection: Cookie, subflow: &Subflow, t: f64) -> Self {
        Self {
            connection,
            began_at: t,
            ended_at: None,
            last: subflow.clone(),
            points: VecDeque::new(),
        }
    }

    /// What it sends now, bits a second.
    pub fn out_bps(&self) -> f64 {
        self.points.back().map_or(0.0, |point| point.out_bps)
    }

    /// What it receives now, bits a second.
    pub fn in_bps(&self) -> f64 {
        self.points.back().map_or(0.0, |point| point.in_bps)
    }

    /// Adds the point between `before` and `t`; whether its rates are not zero.
    /// A subflow that is ending carries nothing more: its line ends.
    pub(super) fn take(&mut self, subflow: &Subflow, before: f64, t: f64, bounds: &Bounds) -> bool {
        if subflow.state.is_ending() {
            self.last = subflow.clone();
            return false;
        }
        // One that was thought gone may return: a reading under churn can miss a socket.
        self.ended_at = None;
        let seconds = t - before;
        let segments = |subflow: &Subflow| subflow.retrans_total.unwrap_or(0);
        let point = Point {
            t,
            out_bps: bits_per_second(self.last.bytes_acked, subflow.bytes_acked, seconds),
            in_bps: bits_per_second(self.last.bytes_received, subflow.bytes_received, seconds),
            rtt_us: subflow.rtt_us.filter(|rtt| *rtt > 0),
            cwnd: subflow.cwnd,
            retrans: segments(subflow).saturating_sub(segments(&self.last)),
        };
        self.hold_until(before);
        self.points.push_back(point);
        self.last = subflow.clone();
        let oldest = t - bounds.span_s;
        while self.points.len() > bounds.points || self.points.front().is_some_and(|point| point.t < oldest) {
            self.points.pop_front();
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

    /// Where nothing changed for a while, the newest point holds until `before`.
    fn hold_until(&mut self, before: f64) {
        if let Some(last) = self.points.back().copied()
            && last.t < before
        {
            self.points.push_back(Point { t: before, ..last });
        }
    }
}
