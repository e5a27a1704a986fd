//! Nothing moves under the pointer.

use super::*;
use pathscope::model::{Connection, Endpoint};

/// The script's first connection after its end, with what is left of it.
fn left(t: f64, cookies: &[u64]) -> Line {
    let mut connection = stage::connection(1, "nextcloud", 2214, "104.28.152.1:443");
    for (cookie, device, local) in [
        (101, "wlp0s20f3", "192.168.1.149:40101"),
        (110, "enx2800af081bee", "192.168.2.143:40110"),
        (120, "wwan0", "10.45.3.7:40120"),
    ] {
        if cookies.contains(&cookie) {
            let subflow = stage::subflow(cookie, device, local, "104.28.152.1:443");
            connection.subflows.push(subflow.into());
        }
    }
    Line::Sample(Box::new(Sample {
        t,
        connections: vec![connection],
        ..Sample::default()
    }))
}

fn top(window: &Window, part: &str) -> f32 {
    let mut found = window.harness.query_all_by_label_contains(part);
    found.next().unwrap_or_else(|| panic!("no {part}")).rect().top()
}

#[test]
fn a_subflow_that_is_lost_keeps_its_row_for_some_seconds() {
    let mut window = played(stage::full_access());
    let row = "192.168.2.143:40110 to 104.28.152.1:443";
    let (before, last) = (top(&window, row), top(&window, "10.45.3.7:40120 to"));
    window.send(left(76.0, &[101, 120]));
    assert!(window.says("192.168.2.143:40110 to 104.28.152.1:443, closed"));
    assert_eq!(top(&window, row).to_bits(), before.to_bits());
    window.send(left(79.0, &[101, 120]));
    assert!(window.says("40110 to 104.28.152.1:443, closed 3 s ago"));
    assert_eq!(top(&window, "10.45.3.7:40120 to").to_bits(), last.to_bits());
    window.harness.get_by_label_contains(row).hover();
    window.harness.run();
    window.send(left(95.0, &[101, 120]));
    assert!(window.says(row), "somebody points at it");
    window.harness.remove_cursor();
    window.harness.run();
    window.send(left(96.0, &[101, 120]));
    assert!(!window.says(row));
}

/// Three applications that have sent so much, those of them that are there. The first is shown in the centre.
fn applications(t: f64, sent: [u64; 3], there: [bool; 3]) -> Sample {
    let mut sample = stage::quiet(t);
    let all = ["alpha", "beta", "gamma"].into_iter().zip(sent).zip(there);
    for (cookie, ((app, sent), _)) in (1..).zip(all).filter(|(_, (_, there))| *there) {
        let peer = format!("192.0.2.{cookie}:443");
        let mut subflow = stage::subflow(cookie + 100, "wwan0", "10.45.3.7:4000", &peer);
        subflow.bytes_acked = Some(sent);
        subflow.bytes_sent = Some(sent);
        let mut connection: Connection = stage::connection(cookie, app, 7, &peer);
        connection.bytes_sent = Some(sent);
        connection.subflows.push(subflow.into());
        sample.connections.push(connection);
    }
    sample
}

fn order(window: &Window) -> String {
    let mut tops = ["alpha", "beta", "gamma"].map(|app| (top(window, &format!("{app}, 192.0.2.")), app));
    tops.sort_by(|a, b| a.0.total_cmp(&b.0));
    tops.map(|(_, app)| app).join(" ")
}

#[test]
fn the_list_is_reordered_only_while_nobody_points_at_it() {
    let line = |t, sent, there| Line::Sample(Box::new(applications(t, sent, there)));
    let all = [true; 3];
    let mut window = with_sample(applications(1.0, [0, 0, 0], all), stage::full_access());
    window.send(line(2.0, [9_000_000, 90_000, 1000], all));
    assert_eq!(order(&window), "alpha beta gamma");
    // The order is held for five seconds, and as long as somebody points at it.
    window.harness.get_by_label_contains("gamma, 192.0.2.3").hover();
    window.harness.run();
    window.send(line(9.0, [9_001_000, 91_000, 90_000_000], all));
    window.send(line(20.0, [9_002_000, 92_000, 290_000_000], all));
    assert_eq!(order(&window), "alpha beta gamma");
    // What ends keeps its place meanwhile, and says so.
    let (before, without) = (top(&window, "gamma, 192.0.2."), [true, false, true]);
    window.send(line(21.0, [9_003_000, 0, 300_000_000], without));
    assert_eq!(top(&window, "gamma, 192.0.2.").to_bits(), before.to_bits());
    window.send(line(23.0, [9_004_000, 0, 310_000_000], without));
    assert!(window.says("beta, 192.0.2.2:443, closed 2 s ago"));
    window.harness.remove_cursor();
    window.harness.run();
    window.send(line(30.0, [9_005_000, 93_000, 320_000_000], all));
    window.send(line(31.0, [9_006_000, 94_000, 330_000_000], all));
    assert_eq!(order(&window), "alpha gamma beta");
}

#[test]
fn the_list_is_sorted_as_somebody_chooses_and_remembers_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("window.json");
    let source = |window_file: &std::path::Path| {
        let source = Scripted::new(stage::full_access());
        for (t, sent) in [(1.0, [0, 0, 0]), (2.0, [1000, 90_000, 9_000_000])] {
            let sample = applications(t, sent, [true; 3]);
            source.sender.send(Line::Sample(Box::new(sample))).unwrap();
        }
        open_with(source, None, Some(Theme::Dark), Some(window_file.to_owned()))
    };
    let mut window = source(&file);
    assert_eq!(order(&window), "gamma beta alpha", "by rate");
    window.click("Sort: Rate, highest first");
    window.click("Name, from A to Z");
    assert_eq!(order(&window), "alpha beta gamma");
    window.click("Sort: Name, from A to Z");
    window.click("Name, from A to Z");
    assert_eq!(order(&window), "gamma beta alpha", "turned round");
    window.click("Sort: Name, from Z to A");
    window.click("Age, oldest first");
    assert_eq!(order(&window), "alpha beta gamma");
    window.harness.run_steps(24);
    drop(window);
    let window = source(&file);
    assert!(window.has("Sort: Age, oldest first"));
    assert_eq!(order(&window), "alpha beta gamma");
}

/// The laptop without Wi-Fi's interface, or with other endpoints.
fn without_wifi(t: f64, endpoints: Vec<Endpoint>) -> Line {
    let mut sample = Sample {
        endpoints,
        ..stage::quiet(t)
    };
    sample
        .interfaces
        .retain(|interface| interface.kind != InterfaceKind::Wifi);
    Line::Sample(Box::new(sample))
}

#[test]
fn a_card_keeps_its_place_when_its_interface_goes() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    let rows = ["Endpoint 1, ", "Endpoint 3, ", "Endpoint 2, ", "Endpoint 4, "];
    let places = |window: &Window| rows.map(|row| top(window, row).to_bits());
    let before = places(&window);
    // Down, its addresses go; then it goes itself, and what is bound to it is bound to nothing.
    let down = Sample {
        interfaces: stage::interfaces(false),
        ..stage::quiet(76.0)
    };
    window.send(Line::Sample(Box::new(down)));
    assert_eq!(places(&window), before, "down");
    let unbound = stage::endpoints(None).into_iter().map(|endpoint| Endpoint {
        interface: endpoint.interface.filter(|name| name != "wlp0s20f3"),
        interface_index: Some(2),
        ..endpoint
    });
    let unbound: Vec<Endpoint> = unbound.collect();
    window.send(without_wifi(77.0, unbound.clone()));
    assert_eq!(places(&window), before, "gone");
    assert!(window.says("Wi-Fi  wlp0s20f3, gone"));
    window.send(without_wifi(177.0, unbound));
    assert_eq!(places(&window), before, "it still has its endpoints");
    let others: Vec<Endpoint> = stage::endpoints(None).into_iter().skip(1).collect();
    let others = others.into_iter().filter(|endpoint| endpoint.id != 3).collect();
    window.send(without_wifi(178.0, others));
    assert!(!window.says("Wi-Fi  wlp0s20f3"), "nothing is left of it");
    window.send(Line::Sample(Box::new(stage::quiet(179.0))));
    assert_eq!(places(&window), before, "it is back");
}
