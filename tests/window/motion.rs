//! What moves between two samples, and that nothing else asks for frames.

use egui::{Pos2, Shape};
use pathscope::model::{Event, EventKind, Origin};

use super::*;

impl Window {
    /// The middles of the dots on the path map.
    fn dots(&self) -> Vec<Pos2> {
        let shapes = self.harness.output().shapes.iter();
        let circles = shapes.filter_map(|shape| match &shape.shape {
            Shape::Circle(circle) if (circle.radius - 2.5).abs() < 1e-3 => Some(circle.center),
            _ => None,
        });
        circles.collect()
    }

    /// How long until the next frame that the window asks for; `None` where it asks for none.
    fn next_frame(&self) -> Option<Duration> {
        Some(self.viewport().repaint_delay).filter(|delay| *delay < Duration::MAX)
    }
}

#[test]
fn dots_move_while_data_flows_at_most_thirty_times_a_second() {
    let mut window = played(stage::full_access());
    let news = Event::new(75.0, EventKind::EndpointChanged, Origin::Kernel);
    window.lines.send(Line::Event(Box::new(news))).unwrap();
    window.harness.step();
    let before = window.dots();
    assert!(before.len() > 4, "{before:?}");
    let asked = window.next_frame().expect("a frame for the dots");
    assert!(asked >= Duration::from_nanos(33_333_333), "{asked:?}");
    assert!(asked < Duration::from_millis(40), "{asked:?}");
    window.harness.step();
    assert_ne!(window.dots(), before);
}

#[test]
fn a_source_that_says_nothing_leaves_everything_still() {
    let mut window = played(stage::full_access());
    window.fall_silent();
    assert_eq!(window.next_frame(), None);
    let before = window.dots();
    window.harness.step();
    assert_eq!(window.dots(), before);
}

#[test]
fn what_is_frozen_or_has_nothing_to_move_asks_for_no_frame() {
    let mut window = played(stage::full_access());
    window.click("Pause");
    assert_eq!(window.next_frame(), None, "frozen");
    let mut window = played(stage::full_access());
    window.click("Handovers");
    assert_eq!(window.next_frame(), None, "the map is not visible");
    let mut sample = stage::quiet(1.0);
    let mut idle = stage::connection(1, "ssh", 7, "192.0.2.1:22");
    idle.subflows
        .push(stage::subflow(11, "wwan0", "10.45.3.7:4000", "192.0.2.1:22").into());
    sample.connections.push(idle);
    let window = with_sample(sample, stage::full_access());
    assert_eq!(window.next_frame(), None, "idle");
}

#[test]
fn reduced_motion_stops_the_dots() {
    let mut window = played(stage::full_access());
    window.click("Theme: dark");
    window.click("Reduce motion");
    assert!(window.dots().len() > 4, "they stay");
    assert_eq!(window.next_frame(), None);
}
