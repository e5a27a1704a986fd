//! The plots and the table below them, by pointer, wheel and keys.

use super::*;

impl Window {
    /// What the plots say of themselves.
    fn plots(&self) -> String {
        let node = self.harness.get_by_label_contains("Plots");
        node.accesskit_node().label().unwrap_or_default()
    }

    fn place(&self) -> egui::Rect {
        self.harness.get_by_label_contains("Plots").rect()
    }

    /// A place so many points in from the left of the plots, in the first of them.
    fn within(&self, share: f32) -> egui::Pos2 {
        let place = self.place();
        egui::pos2(place.left() + share * place.width(), place.top() + 40.0)
    }

    /// How many seconds before now the pointer is, as the plots say.
    fn ago(&self) -> f64 {
        let said = self.plots();
        let number = said
            .strip_prefix("Plots ")
            .and_then(|rest| rest.split_once(" s ago"));
        number.and_then(|(number, _)| number.parse().ok()).unwrap()
    }

    fn wheel(&mut self, at: egui::Pos2, points: f32) {
        self.harness.hover_at(at);
        self.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, points),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
            source: egui::MouseWheelSource::Wheel,
        });
        self.harness.run_steps(12);
    }
}

#[test]
fn the_readout_and_the_name_follow_the_pointer() {
    let mut window = played(stage::full_access());
    let now = window.plots();
    assert!(now.starts_with("Plots: throughput sent 117.3"), "{now}");
    // 30 s ago Wi-Fi and Ethernet carried, 15 s ago only Ethernet did.
    window.harness.hover_at(window.within(0.5));
    window.harness.run();
    assert!((window.ago() - 30.0).abs() < 0.5, "{}", window.ago());
    assert!(window.plots().contains("Wi-Fi"));
    window.harness.hover_at(window.within(0.75));
    window.harness.run();
    assert!(!window.plots().contains("Wi-Fi"), "{}", window.plots());
    window.harness.remove_cursor();
    window.harness.run();
    assert_eq!(window.plots(), now);
}

#[test]
fn a_drag_pans_and_a_button_leads_back_to_live() {
    let mut window = played(stage::full_access());
    assert!(!window.has("Back to live"));
    let (from, to) = (window.within(0.3), window.within(0.6));
    window.harness.drag_at(from);
    window.harness.run();
    for step in 1..=4_u8 {
        window
            .harness
            .hover_at(from + (to - from) * f32::from(step) / 4.0);
        window.harness.run();
    }
    window.harness.drop_at(to);
    window.harness.run();
    window.harness.hover_at(to);
    window.harness.run();
    // What was 42 s ago is where 24 s ago was.
    assert!((window.ago() - 42.0).abs() < 1.5, "{}", window.ago());
    window.click("Back to live");
    assert!(!window.has("Back to live"));
    window.harness.hover_at(to);
    window.harness.run();
    assert!((window.ago() - 24.0).abs() < 0.5, "{}", window.ago());
}

#[test]
fn the_wheel_zooms_around_the_pointer_and_home_leads_back() {
    let mut window = played(stage::full_access());
    let at = window.within(0.5);
    window.wheel(at, 200.0);
    assert!(window.has("Back to live"));
    assert!(
        (window.ago() - 30.0).abs() < 0.5,
        "stands still: {}",
        window.ago()
    );
    window.harness.hover_at(window.within(0.99));
    window.harness.run();
    let nearer = window.ago();
    assert!(nearer > 10.0, "the end of the plots is further back: {nearer}");
    window.harness.key_press(egui::Key::Home);
    window.harness.run();
    assert!(!window.has("Back to live"));
    window.harness.run();
    assert!(window.ago() < 1.0, "{}", window.ago());
}

/// Draws a box from one place to another.
fn draw_box(window: &mut Window, from: egui::Pos2, to: egui::Pos2) {
    let button = |at, pressed| egui::Event::PointerButton {
        pos: at,
        button: egui::PointerButton::Secondary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    window.harness.hover_at(from);
    window.harness.event(button(from, true));
    window.harness.run();
    for share in [0.01, 0.02, 0.5, 1.0] {
        window.harness.hover_at(from + (to - from) * share);
        window.harness.run();
    }
    window.harness.event(button(to, false));
    window.harness.run();
}

#[test]
fn a_box_drawn_with_the_other_button_is_what_the_plots_show() {
    let mut window = played(stage::full_access());
    let (from, to) = (window.within(0.25), window.within(0.75) + egui::vec2(0.0, 30.0));
    draw_box(&mut window, from, to);
    window.harness.hover_at(window.within(0.01));
    window.harness.run();
    assert!((window.ago() - 45.0).abs() < 1.5, "{}", window.ago());
    window.harness.hover_at(window.within(0.99));
    window.harness.run();
    assert!((window.ago() - 15.0).abs() < 1.5, "{}", window.ago());
    assert!(window.has("Back to live"));
}

#[test]
fn a_box_that_is_let_go_beside_the_plots_ends_there() {
    let mut window = played(stage::full_access());
    let (from, to) = (window.within(0.75), window.within(0.0) - egui::vec2(120.0, 0.0));
    draw_box(&mut window, from, to);
    window.harness.hover_at(window.within(0.99));
    window.harness.run();
    assert!((window.ago() - 15.0).abs() < 1.5, "{}", window.ago());
    window.harness.hover_at(window.within(0.01));
    window.harness.run();
    assert!((window.ago() - 60.0).abs() < 1.5, "{}", window.ago());
}

#[test]
fn plus_and_minus_zoom_and_a_span_is_chosen() {
    let mut window = played(stage::full_access());
    let at = window.within(0.0) + egui::vec2(1.0, 0.0);
    window.harness.hover_at(at);
    window.harness.key_press(egui::Key::Plus);
    window.harness.run();
    window.harness.run();
    assert!((window.ago() - 40.0).abs() < 0.5, "60 s / 1.5: {}", window.ago());
    window.harness.key_press(egui::Key::Minus);
    window.harness.run();
    window.harness.run();
    assert!((window.ago() - 60.0).abs() < 0.5, "{}", window.ago());
    assert!(!window.has("Back to live"), "as it was, it follows again");
    window.click("5 min");
    window.harness.hover_at(at);
    window.harness.run();
    assert!(window.ago() > 290.0, "{}", window.ago());
}

#[test]
fn a_new_sample_moves_live_plots_and_leaves_those_that_were_moved() {
    let mut window = played(stage::full_access());
    let at = window.within(0.5);
    window.wheel(at, 100.0);
    let before = window.ago();
    window.send(Line::Sample(Box::new(stage::quiet(78.0))));
    let after = window.ago();
    assert!(
        (after - before - 3.0).abs() < 0.6,
        "the same moment, 3 s older: {before} {after}"
    );
}

#[test]
fn columns_are_chosen_from_a_menu_and_put_in_their_place() {
    let mut window = played(stage::full_access());
    assert!(!window.has("Sort by ssthresh"));
    window.click("Columns");
    for name in ["ssthresh", "Delivery rate, Mbit/s", "TCP state"] {
        window.click_in_list(&format!("Column {name}"));
    }
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    assert!(window.has("Sort by ssthresh"));
    assert!(window.says("TCP state established"));
    assert!(window.says("ssthresh not known"));
    let row = window
        .harness
        .get_by_label_contains("Wi-Fi, 192.168.1.149:40101 to")
        .rect();
    let head = window.harness.get_by_label("Sort by ssthresh").rect();
    window
        .harness
        .hover_at(egui::pos2(head.center().x, row.center().y));
    window.harness.run_steps(6);
    assert!(window.says("ssthresh: –. Not set: no loss has ended slow start yet."));
}

#[test]
fn a_click_on_a_head_sorts_and_the_third_brings_the_order_of_paths_back() {
    let mut window = played(stage::full_access());
    let mut orders = vec![window.paths()];
    for _ in 0..3 {
        window.click("Sort by RTT, ms");
        orders.push(window.paths());
    }
    let wanted = [
        ["Wi-Fi", "Ethernet", "Phone"],
        ["Phone", "Wi-Fi", "Ethernet"],
        ["Ethernet", "Wi-Fi", "Phone"],
        ["Wi-Fi", "Ethernet", "Phone"],
    ];
    assert_eq!(orders, wanted);
}
