//! The list, the connection, the top bar and empty states.

use super::*;
use pathscope::model::{Event, EventKind, ListeningSocket, Origin};

#[test]
fn the_list_names_applications_peers_paths_and_badges() {
    let window = played(stage::full_access());
    assert!(window.has("nextcloud, pid 2214"));
    assert!(window.says("nextcloud, 104.28.152.1:443, Wi-Fi"));
    assert!(window.says("142.250.181.14:443, plain TCP"));
    assert!(window.says("Fell back to TCP"));
    assert!(window.has("31 connections on plain TCP"));
    assert!(window.has("nextcloud to 104.28.152.1:443"));
}

#[test]
fn the_filter_narrows_the_list_and_can_be_cleared() {
    let mut window = played(stage::full_access());
    let before = window.rows();
    window.node("Filter").focus();
    window.harness.run();
    window.node("Filter").type_text("app:firefox if:wwan0");
    window.harness.run();
    assert_eq!((before, window.rows()), (6, 2));
    window.click("Clear filter");
    assert_eq!(window.rows(), before);
}

#[test]
fn a_filter_that_matches_nothing_says_so() {
    let mut window = played(stage::full_access());
    window.node("Filter").focus();
    window.harness.run();
    window.node("Filter").type_text("port:8443");
    window.harness.run();
    assert!(window.says("No connection matches port:8443"));
    assert!(window.says("8 are hidden."));
    window
        .harness
        .get_all_by_label("Show all")
        .next()
        .unwrap()
        .click();
    window.harness.run();
    assert_eq!(window.rows(), 6);
}

#[test]
fn a_click_on_a_row_shows_its_connection() {
    let mut window = played(stage::full_access());
    let row = window.harness.get_by_label_contains("ssh, 203.0.113.24:22");
    row.click();
    window.harness.run();
    assert!(window.has("ssh to 203.0.113.24:22"));
    assert!(window.says("192.168.2.143:40610 to 203.0.113.24:22"), "its table");
}

#[test]
fn a_subflow_is_made_backup_through_its_endpoint_and_closed_after_a_question() {
    let mut window = played(stage::full_access());
    let menu = "Menu of the subflow over Ethernet from 192.168.2.143:40110";
    window.click(menu);
    window.click("Make backup");
    window.click(menu);
    window.click("Close subflow…");
    assert!(window.has("Close the subflow over Ethernet?"));
    window.click("Close subflow");
    let close = Command::Close {
        local: "192.168.2.143:40110".parse().unwrap(),
        remote: "104.28.152.1:443".parse().unwrap(),
    };
    assert_eq!(
        window.asked.commands(),
        [change(2, EndpointFlags::BACKUP, true), close]
    );
}

#[test]
fn pause_holds_the_picture_and_loses_nothing() {
    let mut window = played(stage::full_access());
    window.click("Pause");
    window.send(Line::Sample(Box::new(stage::quiet(80.0))));
    assert_eq!(window.rows(), 6, "as it was");
    window.click("Go on");
    assert_eq!(window.rows(), 0, "as it is");
    assert!(!window.says("Paused at"));
}

#[test]
fn what_the_kernel_counts_and_what_listens_has_a_page() {
    let mut sample = stage::quiet(1.0);
    sample.counters.insert("MPJoinSynTx".to_owned(), 3);
    sample.listeners = vec![ListeningSocket {
        cookie: Cookie(9),
        local: "192.0.2.1:873".parse().unwrap(),
        accept_queue: Some(5),
        backlog: Some(4),
        ..ListeningSocket::default()
    }];
    let mut window = with_sample(sample, stage::full_access());
    let mut sample = Sample {
        t: 2.0,
        ..Sample::default()
    };
    sample.counters.insert("MPJoinSynTx".to_owned(), 7);
    window.send(Line::Sample(Box::new(sample)));
    window.click("Counters");
    for part in [
        "192.0.2.1:873",
        "5 of 4 wait, full",
        "+4",
        "MPJoinSynTx",
        "joins that were tried",
    ] {
        assert!(window.says(part), "{part}");
    }
    window.click("Close");
    assert!(!window.says("5 of 4 wait"));
}

#[test]
fn a_held_picture_says_so_and_what_goes_on_behind_it() {
    let mut window = played(stage::full_access());
    assert!(!window.says("Paused at"));
    window.click("Pause");
    assert!(window.says("Nothing happened since; reading goes on."));
    let mut event = Event::new(81.0, EventKind::InterfaceDown, Origin::Kernel);
    event.interface = Some("wwan0".to_owned());
    window.send(Line::Event(Box::new(event)));
    window.send(Line::Sample(Box::new(stage::quiet(95.0))));
    assert!(window.says("Paused at"));
    assert!(window.says("20 s ago. Since then 1 event and 8 connections ended; reading goes on."));
    for tab in ["Handovers", "Paths", "Events"] {
        window.click(tab);
        assert!(window.says("reading goes on."), "{tab}");
    }
    window.click("Show what is now");
    assert!(!window.says("Paused at"));
}

#[test]
fn the_theme_is_chosen_from_a_list_and_goes_round_by_key() {
    let mut window = played(stage::full_access());
    window.click("Theme: dark");
    window.click("Light");
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Light);
    for name in ["Theme: light", "Theme: as the system", "Theme: dark"] {
        assert!(window.has(name), "{name}");
        window.harness.key_press(egui::Key::T);
        window.harness.run();
    }
}

#[test]
fn each_connection_shows_its_main_way_until_one_is_chosen_for_all() {
    let mut sample = stage::quiet(1.0);
    for (cookie, sent, received) in [(1, 9_000_000, 1000), (2, 1000, 400_000)] {
        let mut connection = stage::connection(cookie, "app", 7, "192.0.2.1:443");
        connection.bytes_sent = Some(sent);
        connection.bytes_received = Some(received);
        sample.connections.push(connection);
    }
    let mut window = with_sample(sample, stage::full_access());
    let receiving = |window: &Window| {
        window
            .harness
            .query_all_by_label_contains(":443, receiving")
            .count()
    };
    assert!(window.has("sending, Mbit/s"));
    assert_eq!(receiving(&window), 1, "one row says that it is another");
    window.click("sending, Mbit/s");
    assert_eq!(receiving(&window), 0);
    window.click("only receiving, Mbit/s");
    window.click("only sending, Mbit/s");
    assert!(window.has("sending, Mbit/s"));
}

#[test]
fn the_interval_is_chosen_from_a_list() {
    let mut window = played(stage::full_access());
    window.click("Sampling interval: 250 ms");
    window.click("50 ms");
    assert_eq!(
        *window.asked.intervals.lock().unwrap(),
        [Duration::from_millis(50)]
    );
    assert!(window.has("Sampling interval: 50 ms"));
}

#[test]
fn without_connections_it_says_what_to_do() {
    let window = with_sample(stage::quiet(1.0), stage::full_access());
    assert!(window.has("No MPTCP connections yet"));
    assert!(window.says("31 connections are open, and all of them are plain TCP."));
    assert!(window.has("Copy the demo's command"));
}

#[test]
fn every_command_of_the_empty_window_is_copied_and_the_demo_opened() {
    let mut window = with_sample(stage::quiet(1.0), stage::full_access());
    for (name, part) in [
        ("Copy the demo's command", "pathscope demo"),
        ("Copy: Any application", "mptcpize run"),
        ("Copy: One transfer", "curl --mptcp"),
        ("Copy: Your own code", "socket.IPPROTO_MPTCP"),
    ] {
        window.node(name).click();
        window.harness.step();
        let copied = window.copied_within(4).unwrap_or_default();
        assert!(copied.contains(part), "{name}: {copied}");
    }
    window.click("Open the demo");
    assert!(window.has("the demo is not here"), "it says why not");
}

#[test]
fn mptcp_that_is_off_is_switched_on_by_a_button() {
    let mut sample = stage::quiet(1.0);
    sample
        .settings
        .insert("enabled".to_owned(), SettingValue::Number(0));
    let mut window = with_sample(sample, stage::full_access());
    assert!(window.has("MPTCP is switched off on this machine"));
    window.click("Switch on");
    let on = Command::Set {
        name: "enabled".to_owned(),
        value: SettingValue::Number(1),
    };
    assert_eq!(window.asked.commands(), [on]);
}

#[test]
fn a_kernel_without_mptcp_is_named() {
    let mut sample = stage::quiet(1.0);
    sample.settings.clear();
    let window = with_sample(sample, stage::full_access());
    assert!(window.has("This kernel was built without MPTCP"));
}

#[test]
fn a_source_that_ends_leaves_the_last_picture_and_says_so() {
    let window = open(Scripted::ended(stage::full_access(), "the cable was cut"), None);
    assert!(window.has("nextcloud to 104.28.152.1:443"));
    assert!(window.has("the cable was cut"));
    assert!(window.has("Source ended"));
}

#[test]
fn a_thousand_connections_cost_only_the_rows_that_are_seen() {
    let mut sample = stage::quiet(1.0);
    for number in 1..=1000_u64 {
        let mut connection = stage::connection(number, &format!("app{}", number % 7), 100, "192.0.2.1:443");
        let subflow = stage::subflow(
            number + 10_000,
            "wlp0s20f3",
            "192.168.1.149:4000",
            "192.0.2.1:443",
        );
        let cookie = Cookie(number + 10_000);
        let subflow = Subflow { cookie, ..subflow };
        connection.subflows.push(subflow.into());
        sample.connections.push(connection);
    }
    let window = with_sample(sample, stage::full_access());
    assert!(window.has("Connections"));
    let rows = window.rows();
    assert!((8..=20).contains(&rows), "{rows}");
}

#[test]
fn what_is_in_view_is_read_each_interval_and_nothing_else() {
    let mut sample = Sample {
        t: 0.1,
        full: true,
        ..Sample::default()
    };
    let connection = |number| stage::connection(number, "crowd", 100, "192.0.2.1:443");
    sample.connections = (1..=300).map(connection).collect();
    let mut window = with_sample(sample, stage::full_access());
    window.harness.run();
    let focus = window.asked.focus.lock().unwrap().clone();
    let shown: std::collections::BTreeSet<_> = focus.iter().copied().collect();
    assert!((8..=20).contains(&shown.len()), "of 300: {focus:?}");
}

#[test]
fn a_line_from_the_source_wakes_the_window() {
    let mut window = played(stage::full_access());
    window.fall_silent();
    let waker = window.waker.lock().unwrap().clone().unwrap();
    assert!(!window.harness.ctx.has_requested_repaint());
    waker();
    assert!(window.harness.ctx.has_requested_repaint());
}

#[test]
fn a_line_asks_for_one_frame() {
    let with = |t: f64, cookies: &[u64]| {
        let connections = cookies.iter();
        let connections = connections.map(|cookie| pathscope::model::Connection {
            fallback: Some(true),
            ..stage::connection(*cookie, "app", 7, "192.0.2.1:443")
        });
        Sample {
            connections: connections.collect(),
            ..stage::quiet(t)
        }
    };
    let mut window = with_sample(with(1.0, &[1]), stage::full_access());
    let waker = window.waker.lock().unwrap().clone().unwrap();
    let sample = with(2.0, &[1, 2]);
    window.lines.send(Line::Sample(Box::new(sample))).unwrap();
    waker();
    window.harness.step();
    assert!(!window.harness.ctx.has_requested_repaint());
    assert_eq!(window.rows(), 2, "and shows it in that frame");
}

#[test]
fn nothing_moves_while_nothing_changes() {
    let mut window = played(stage::full_access());
    for panel in ["Connections", "Paths", "Events"] {
        window.click(panel);
        window.harness.remove_cursor();
        window.harness.run();
        assert!(!window.harness.ctx.has_requested_repaint(), "{panel}");
    }
}

#[test]
fn a_connection_that_nobody_chose_gives_its_place_up_some_time_after_its_end() {
    for chosen in [false, true] {
        let mut window = played(stage::full_access());
        if chosen {
            window
                .harness
                .get_by_label_contains("nextcloud, 104.28.152.1:443")
                .click();
            window.harness.run();
        }
        let gone = Sample {
            t: 76.0,
            connections_gone: vec![stage::connection(1, "nextcloud", 7, "192.0.2.1:443").key()],
            ..Sample::default()
        };
        window.send(Line::Sample(Box::new(gone)));
        assert!(window.has("nextcloud to 104.28.152.1:443"), "its end is seen");
        let later = Sample {
            t: 90.0,
            ..Sample::default()
        };
        window.send(Line::Sample(Box::new(later)));
        assert_eq!(window.has("nextcloud to 104.28.152.1:443"), chosen);
    }
}
