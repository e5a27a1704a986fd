//! The list of events: filter, copy, and holding still.

use super::*;
use pathscope::model::{Event, EventKind, Origin};

fn event(t: f64, device: &str) -> Line {
    let mut event = Event::new(t, EventKind::InterfaceUp, Origin::Kernel);
    event.interface = Some(device.to_owned());
    Line::Event(Box::new(event))
}

#[test]
fn events_are_listed_and_filtered() {
    let mut window = played(stage::full_access());
    window.click("Events");
    assert!(window.says("Interface down  Wi-Fi"));
    window.type_into("Filter events", "ethernet");
    assert!(!window.says("Interface down  Wi-Fi"));
    assert!(window.says("Subflow established  Ethernet"));
    window.click("Clear filter");
    window.type_into("Filter events", "nowhere");
    assert!(window.has("No event matches nowhere."));
    window.click("Show all events");
    assert!(window.says("Interface down  Wi-Fi"));
}

#[test]
fn one_line_or_all_that_are_shown_are_copied() {
    let mut window = played(stage::full_access());
    window.click("Events");
    window.type_into("Filter events", "interface");
    let line = window.harness.get_by_label_contains("Interface down  Wi-Fi");
    line.click();
    window.harness.step();
    let copied = window.copied_within(4).unwrap();
    assert!(
        copied.contains("Interface down  Wi-Fi") && !copied.contains('\n'),
        "{copied}"
    );
    window.node("Copy events").click();
    window.harness.step();
    let copied = window.copied_within(4).unwrap();
    let lines: Vec<&str> = copied.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("Interface")));
}

#[test]
fn the_list_follows_the_newest_but_holds_still_when_scrolled() {
    let source = Scripted::new(stage::full_access());
    source
        .sender
        .send(Line::Sample(Box::new(stage::quiet(1.0))))
        .unwrap();
    for number in 0..200_u32 {
        source
            .sender
            .send(event(2.0 + f64::from(number), &format!("tap{number}")))
            .unwrap();
    }
    let mut window = open(source, None);
    window.click("Events");
    assert!(window.says("Interface up  tap199"), "the newest");
    window.send(event(300.0, "tap200"));
    assert!(window.says("tap200"), "follows");

    window.harness.hover_at(egui::pos2(700.0, 500.0));
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, -900.0),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    });
    window.harness.run_steps(20);
    let place = |window: &Window| window.harness.get_by_label_contains("tap150").rect().top();
    let before = place(&window);
    for number in 201..206_u32 {
        window.send(event(300.0 + f64::from(number), &format!("tap{number}")));
    }
    window.harness.run_steps(2);
    assert!(
        (place(&window) - before).abs() < 0.5,
        "{before} {}",
        place(&window)
    );
    assert!(!window.says("tap205"));
    window.click("Back to the newest");
    window.harness.run_steps(2);
    assert!(window.says("tap205"));
    assert!(!window.has("Back to the newest"));
}
