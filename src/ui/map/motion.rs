//! How the dots of a map move: as far as their speed takes them in the time that went by, whatever the frames.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::model::{Edge, Look, Map};
use crate::model::Cookie;
use crate::ui::view::View;

/// From one frame to the next while something moves: at most 30 a second.
pub(super) const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 30);
/// The most that dots move on in one frame, seconds: after a pause they go on from where they were.
const STRIDE_S: f64 = 0.1;

/// How fast dots move, points a second: 40 at 1 Mbit/s, 160 from 100 on.
fn speed(bps: f64) -> f64 {
    40.0 + 60.0 * (bps / 1e6).max(1.0).log10().min(2.0)
}

fn carries(edge: &Edge) -> bool {
    edge.look == Look::Carrying && edge.bps > 0.0
}

/// How far the dots of each edge have come.
#[derive(Debug, Default)]
pub(in crate::ui) struct Motion {
    /// In points of the window.
    moved: FxHashMap<Cookie, f64>,
    at: Option<f64>,
}

impl Motion {
    /// Moves the dots on to a time of the window. Whether the map will look different after [`FRAME`].
    pub(super) fn step(&mut self, map: &Map, view: &View<'_>, time: f64) -> bool {
        let flows = view.flows();
        let since = self.at.replace(time).map_or(0.0, |at| time - at);
        let by_s = if flows { since.clamp(0.0, STRIDE_S) } else { 0.0 };
        self.moved
            .retain(|cookie, _| map.edges.iter().any(|edge| edge.cookie == *cookie));
        for edge in map.edges.iter().filter(|edge| carries(edge)) {
            let speed = speed(edge.bps);
            // They begin as if they had always moved, so that no two edges keep step.
            let moved = self.moved.entry(edge.cookie).or_insert(view.shown.now() * speed);
            *moved += by_s * speed;
        }
        let fading = map.edges.iter().any(|edge| edge.fades.is_some());
        flows && (fading || map.edges.iter().any(carries))
    }

    /// How far the dots of an edge have come, points.
    pub(super) fn of(&self, edge: &Edge) -> f64 {
        self.moved.get(&edge.cookie).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use crate::ui::test_data::Stage;

    /// How far the dots of the first edge are after frames at these times, and whether another frame is asked for.
    fn moved(times: &[f64], change: fn(&mut View<'_>)) -> (f64, bool) {
        let stage = Stage::usual();
        let mut view = stage.view();
        change(&mut view);
        let map = Map::new(view.shown.latest(Token(1).into()).expect("known"), &view);
        let mut motion = Motion::default();
        motion.step(&map, &view, times.first().copied().unwrap_or_default());
        let edge = map.edges.first().expect("an edge");
        let began = motion.of(edge);
        let mut asks = false;
        for time in times {
            asks = motion.step(&map, &view, *time);
        }
        (motion.of(edge) - began, asks)
    }

    #[test]
    fn dots_move_with_time_not_with_frames() {
        let (few, _) = moved(&[5.0, 5.1], |_| {});
        let (many, asks) = moved(&[5.0, 5.01, 5.04, 5.05, 5.1], |_| {});
        assert!((few - many).abs() < 1e-6 && few > 4.0, "{few} {many}");
        assert!(asks);
    }

    #[test]
    fn nothing_moves_while_frozen_still_ended_or_silent() {
        let changes: [fn(&mut View<'_>); 4] = [
            |view| view.paused = true,
            |view| view.still = true,
            |view| view.ended = Some("lost"),
            |view| view.waited_s = 10.0,
        ];
        for change in changes {
            let (by, asks) = moved(&[5.0, 5.1], change);
            assert!(by.abs() < 1e-9 && !asks, "{by} {asks}");
        }
    }

    #[test]
    fn a_faster_edge_has_faster_dots() {
        assert!((speed(0.0) - 40.0).abs() < 1e-9);
        assert!((speed(10e6) - 100.0).abs() < 1e-9);
        assert!((speed(5e9) - 160.0).abs() < 1e-9);
    }
}
