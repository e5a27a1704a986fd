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
fn a_handover_stands_among_the_events_that_made_it() {
    let mut window = played(stage::full_access());
    window.click("Events");
    let what = |window: &Window| -> Vec<String> {
        let rows = window.harness.query_all_by_label_contains("  ");
        rows.filter_map(|row| row.accesskit_node().label())
            .filter(|label| label.contains(':'))
            .collect()
    };
    let rows = what(&window);
    let place = |part: &str| rows.iter().position(|row| row.contains(part)).expect(part);
    let (handover, down) = (place("Handover 1  Wi-Fi"), place("Interface down  Wi-Fi"));
    assert!(handover.abs_diff(down) <= 6, "{handover} {down}: {rows:#?}");
    let row = rows.get(handover).unwrap();
    assert!(
        row.contains("Wi-Fi lost. Data moved to Ethernet after 375 ms ± 135."),
        "{row}"
    );
    window.type_into("Filter events", "handover");
    assert_eq!(what(&window).len(), 1);
    window.harness.get_by_label_contains("Handover 1  Wi-Fi").click();
    window.harness.run();
    assert!(window.says("Handover 1 in the session"), "it opens its story");
}

#[test]
fn times_are_told_with_milliseconds_on_demand() {
    let mut window = played(stage::full_access());
    window.click("Events");
    let clock = |window: &Window| {
        let row = window.harness.get_by_label_contains("Interface down  Wi-Fi");
        let label = row.accesskit_node().label().unwrap();
        label.split("  ").next().unwrap().to_owned()
    };
    let whole = clock(&window);
    window.click("Milliseconds");
    let fine = clock(&window);
    assert!(
        fine.starts_with(&whole) && fine.len() == whole.len() + 4,
        "{whole} {fine}"
    );
    window.node("Copy events").click();
    window.harness.step();
    let copied = window.copied_within(4).unwrap();
    assert!(copied.contains(&fine), "{copied}");
    window.click("Milliseconds");
    assert_eq!(clock(&window), whole);
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
