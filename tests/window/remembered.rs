//! What the window remembers over a restart, and how it is used in every size and by keyboard.

use super::*;

fn reopen(path: &std::path::Path) -> Window {
    open_with(
        Scripted::played(stage::full_access()),
        None,
        None,
        Some(path.to_owned()),
    )
}

#[test]
fn theme_interval_direction_columns_order_and_size_are_kept_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pathscope/window.json");
    let mut window = reopen(&path);
    assert_eq!(*window.asked.intervals.lock().unwrap(), [], "the source's own");
    window.click("Theme: as the system");
    window.click("Light");
    window.click("Theme: light");
    window.click("Reduce motion");
    window.click("Sampling interval: 250 ms");
    window.click("1 s");
    window.click("sending, Mbit/s");
    window.click("Columns");
    window.click_in_list("Column Min. RTT, ms");
    window.click_in_list("Column cwnd");
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    window.click("Sort by RTT, ms");
    window.harness.set_size(egui::vec2(1250.0, 700.0));
    window.harness.run();
    drop(window);
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    let colour = kept.pointer("/interfaces/by_device/wlp0s20f3/number");
    assert_eq!(
        colour,
        Some(&serde_json::json!(0)),
        "the interfaces' colours are kept"
    );
    let side = |name: &str| kept.pointer(&format!("/window/{name}")).cloned();
    assert_eq!(
        (side("width"), side("height")),
        (Some(serde_json::json!(1250.0)), Some(serde_json::json!(700.0)))
    );

    assert_eq!(kept.pointer("/reduced_motion"), Some(&serde_json::json!(true)));

    let mut window = reopen(&path);
    assert!(window.has("Theme: light"));
    assert!(window.has("Sampling interval: 1 s"));
    assert_eq!(
        *window.asked.intervals.lock().unwrap(),
        [Duration::from_secs(1)],
        "the source is told"
    );
    assert!(window.has("only receiving, Mbit/s"));
    assert!(window.has("Sort by Min. RTT, ms"));
    assert!(!window.has("Sort by cwnd"));
    assert_eq!(
        window.paths(),
        ["Phone", "Wi-Fi", "Ethernet"],
        "largest RTT first"
    );
    window.click("Columns");
    window.click("Usual columns");
    assert!(window.has("Sort by cwnd"));
    assert!(!window.has("Sort by Min. RTT, ms"));
}

#[test]
fn a_change_is_written_while_the_window_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window.json");
    let mut window = reopen(&path);
    window.click("Theme: as the system");
    window.click("Dark");
    // A second of rest, in the window's own time; then a thread writes.
    let is_written = || std::fs::read_to_string(&path).is_ok_and(|text| text.contains("\"dark\""));
    let began = std::time::Instant::now();
    while !is_written() {
        assert!(began.elapsed() < Duration::from_mins(1), "not written");
        window.harness.step();
    }
}

#[test]
fn broken_settings_are_set_aside_and_the_window_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window.json");
    std::fs::write(&path, "{\"theme\": \"da").unwrap();
    let mut window = reopen(&path);
    assert!(window.says("window.json.broken"));
    window.click("Dismiss");
    assert!(!window.says("window.json.broken"));
    assert!(folder.path().join("window.json.broken").exists());
}

#[test]
fn nothing_reaches_over_the_edge_from_the_largest_to_the_smallest_size() {
    let lab = || Some(Box::new(lab::Lab::default()) as Box<dyn LabControls>);
    let mut window = open(Scripted::played(stage::full_access()), lab());
    for (width, height) in [(1440.0, 900.0), (1200.0, 760.0), (1024.0, 640.0)] {
        window.harness.set_size(egui::vec2(width, height));
        for tab in ["Connections", "Paths", "Events"] {
            window.harness.run();
            window.click(tab);
            let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(width, height)).expand(0.5);
            for name in window.buttons() {
                let place = window.harness.get_by_label(&name).rect();
                let sideways =
                    screen.x_range().contains(place.left()) && screen.x_range().contains(place.right());
                // What scrolls sideways does so on purpose, as what scrolls down.
                let scrolls = name.starts_with("Sort by");
                assert!(sideways || scrolls, "{name} at {width}×{height}: {place:?}");
            }
        }
    }
}

#[test]
fn the_keyboard_goes_from_the_top_over_the_list_to_the_table_and_the_lab() {
    let lab = Box::new(lab::Lab::default());
    let mut window = open(Scripted::played(stage::full_access()), Some(lab));
    let mut reached: Vec<String> = Vec::new();
    for _ in 0..60 {
        window.harness.key_press(egui::Key::Tab);
        window.harness.run();
        if let Some(name) = window.focused() {
            reached.push(name);
        }
    }
    let at = |part: &str| {
        let place = reached.iter().position(|name| name.contains(part));
        place.unwrap_or_else(|| panic!("{part} is not reached: {reached:?}"))
    };
    let order = [
        at("Connections"),
        at("Sampling interval"),
        at("Pause"),
        at("Theme"),
        at("Filter"),
        at("nextcloud, 104.28"),
        at("Plots"),
        at("Sort by Path"),
        at("Menu of the subflow over Wi-Fi"),
        at("Unplug Wi-Fi"),
    ];
    assert!(order.is_sorted(), "{order:?} {reached:?}");
}

#[test]
fn keys_work_while_a_button_has_the_focus() {
    let mut window = played(stage::full_access());
    window.node("Paths").focus();
    window.harness.run();
    window.harness.key_press(egui::Key::Num4);
    window.harness.run();
    assert!(window.has("Filter events"));
    window.harness.key_press(egui::Key::T);
    window.harness.run();
    assert!(window.has("Theme: light"));
    window.harness.key_press(egui::Key::Slash);
    window.harness.run();
    assert_eq!(window.focused().as_deref(), Some("Filter"));
}
