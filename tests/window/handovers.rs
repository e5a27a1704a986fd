//! The path map and the handovers.

use super::*;
use pathscope::model::{Event, EventKind, Origin};

#[test]
fn every_edge_of_the_map_has_a_name_with_its_rate() {
    let window = played(stage::full_access());
    assert!(window.says("Path over Wi-Fi, "));
    assert!(window.says("Path over Ethernet, "));
    assert!(window.says("Path over Phone, backup, idle, 54 ms, 10.45.3.7 to 104.28.152.1:443"));
}

#[test]
fn the_loss_of_wifi_is_told_with_its_interruption_and_leads_to_the_plots() {
    let mut window = played(stage::full_access());
    window.click("Handovers");
    assert!(window.says("Wi-Fi lost. Data moved to Ethernet after "));
    assert!(window.says("Handover 1: Wi-Fi lost, "));
    assert!(window.says("1 handover, "));
    assert!(window.says("nextcloud to 104.28.152.1:443: "), "its delivery");
    assert!(window.says("Wi-Fi, up, −58 dBm, 192.168.1.149"), "its interface");
    window.click("Plots");
    assert!(window.has("firefox to 104.28.152.1:443"));
}

#[test]
fn without_a_handover_it_says_how_to_see_one() {
    let mut window = with_sample(stage::quiet(1.0), stage::full_access());
    window.click("Handovers");
    assert!(window.has("No handover yet"));
    assert!(window.has("Try it in the demo"));
}

#[test]
fn one_that_comes_while_the_panel_is_open_is_shown_at_once() {
    let source = Scripted::new(stage::full_access());
    let (before, after): (Vec<Line>, Vec<Line>) =
        stage::script().into_iter().partition(|line| line.t() < 52.0);
    for line in before {
        source.sender.send(line).unwrap();
    }
    let mut window = open(source, None);
    window.click("Handovers");
    assert!(window.has("No handover yet"));
    for line in after {
        window.lines.send(line).unwrap();
    }
    window.harness.run();
    assert!(window.says("1 handover, ") && window.says("Handover 1: Wi-Fi lost, "));
}

/// What the lanes show, from the axis below the strip of the session.
fn centre(window: &Window, part: &str) -> egui::Pos2 {
    window.harness.get_by_label_contains(part).rect().center()
}

#[test]
fn a_handover_is_told_in_the_list_the_header_and_the_plots_and_each_leads_to_its_story() {
    for part in ["Handover 22 s ago: ", "Handover: Wi-Fi lost, "] {
        let mut window = played(stage::full_access());
        assert!(window.says("nextcloud, 104.28.152.1:443"));
        let row = window
            .harness
            .get_by_label_contains("nextcloud, 104.28.152.1:443");
        let said = row.accesskit_node().label().unwrap_or_default();
        assert!(said.ends_with("Handover 22 s ago"), "{said}");
        window.harness.get_by_label_contains(part).click();
        window.harness.run();
        assert!(window.says("Wi-Fi lost. Data moved to Ethernet after "), "{part}");
    }
}

#[test]
fn a_click_in_the_session_moves_the_lanes_and_its_number_brings_them_back() {
    let mut window = played(stage::full_access());
    window.click("Handovers");
    assert!(
        window.says("Wi-Fi, up, −58 dBm, 192.168.1.149, down"),
        "it goes down in view"
    );
    let session = window.harness.get_by_label_contains("Whole session").rect();
    let early = egui::pos2(session.left() + 60.0, session.center().y);
    window.harness.drag_at(early);
    window.harness.drop_at(early);
    window.harness.run();
    assert!(!window.says("192.168.1.149, down"), "at the beginning it was up");
    let number = centre(&window, "Handover 1 in the session");
    window.harness.drag_at(number);
    window.harness.drop_at(number);
    window.harness.run();
    assert!(window.says("Wi-Fi, up, −58 dBm, 192.168.1.149, down"));
}

#[test]
fn a_handover_leads_to_its_events_and_enter_to_its_plots() {
    let mut window = played(stage::full_access());
    window.click("Handovers");
    let events = window.harness.query_all_by_label("Events");
    let lowest = events
        .max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()))
        .unwrap();
    lowest.click();
    window.harness.run();
    assert!(window.has("Filter events"));
    assert!(window.says("Interface down  Wi-Fi"));
    window.click("Handovers");
    window.harness.get_by_label_contains("Handover 1: ").focus();
    window.harness.run();
    window.harness.key_press(egui::Key::Enter);
    window.harness.run();
    assert!(
        window.says("Handover 1: "),
        "where a row has the focus, it chooses the row"
    );
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    window.harness.key_press(egui::Key::Enter);
    window.harness.run();
    assert!(window.has("firefox to 104.28.152.1:443"));
}

fn of_wifi(kind: EventKind, t: f64) -> Line {
    let mut event = Event::new(t, kind, Origin::Kernel);
    event.interface = Some("wlp0s20f3".to_owned());
    Line::Event(Box::new(event))
}

/// A transfer that loses Wi-Fi again and again, sampled ten times a second.
fn losses(count: u32) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut steps, mut acked) = (0_u32, [0_u64; 2]);
    let mut sample = |over: Option<u64>, lines: &mut Vec<Line>| {
        steps += 1;
        let mut connection = stage::connection(1, "rsync", 7, "104.28.152.1:873");
        let paths = [
            ("wlp0s20f3", "192.168.1.149:40000"),
            ("enx2800af081bee", "192.168.2.143:40001"),
        ];
        for ((number, (device, local)), acked) in (0..).zip(paths).zip(&mut acked) {
            *acked += if over == Some(number) { 125_000 } else { 0 };
            let mut subflow = stage::subflow(11 + number, device, local, "104.28.152.1:873");
            subflow.bytes_acked = Some(*acked);
            connection.subflows.push(subflow.into());
        }
        let sum = acked.iter().sum();
        (connection.bytes_acked, connection.bytes_sent) = (Some(sum), Some(sum + 1_000_000));
        let mut sample = stage::quiet(f64::from(steps) * 0.1);
        sample.connections.push(connection);
        lines.push(Line::Sample(Box::new(sample)));
        f64::from(steps) * 0.1
    };
    for _ in 0..count {
        let mut flow =
            |over, steps, lines: &mut Vec<Line>| (0..steps).map(|_| sample(over, lines)).last().unwrap();
        let t = flow(Some(0), 30, &mut lines);
        lines.push(of_wifi(EventKind::InterfaceDown, t));
        flow(None, 4, &mut lines);
        let t = flow(Some(1), 30, &mut lines);
        lines.push(of_wifi(EventKind::InterfaceUp, t));
    }
    lines
}

#[test]
fn of_many_handovers_those_in_view_are_rows_and_the_arrows_bring_the_others_there() {
    let source = Scripted::new(stage::full_access());
    for line in losses(20) {
        source.sender.send(line).unwrap();
    }
    let mut window = open(source, None);
    window.harness.run_steps(8);
    window.click("Handovers");
    let rows = |window: &Window| -> Vec<String> {
        let rows = window.harness.query_all_by_label_contains("Handover ");
        let names = rows.filter_map(|row| row.accesskit_node().label());
        names
            .filter(|name| name.contains(": ") && !name.contains("in the session"))
            .collect()
    };
    let shown = rows(&window);
    assert!((3..12).contains(&shown.len()), "{shown:?}");
    let oldest = |window: &Window| rows(window).iter().any(|name| name.starts_with("Handover 1: "));
    assert!(!oldest(&window), "{shown:?}");
    for _ in 0..60 {
        window.key(egui::Key::ArrowLeft);
    }
    assert!(oldest(&window), "{:?}", rows(&window));
}
