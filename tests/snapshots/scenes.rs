//! Every panel in every state that looks different.

use pathscope::desktop::{MptcpFlags, Profile};
use pathscope::model::{Line, Sample, SettingValue};

use crate::stage::{
    self, Scripted, as_root, connection, full_access, may_ask, quiet, read_only, script, subflow,
};
use crate::{Scene, Shown, recordings};

const WIDE: [f32; 2] = [1440.0, 900.0];
const PROJECTOR: [f32; 2] = [1280.0, 720.0];
pub const NARROW: [f32; 2] = [1024.0, 640.0];

/// A window of the usual size.
pub fn scene(name: &'static str, source: fn() -> Scripted, act: fn(&mut Shown)) -> Scene {
    Scene {
        name,
        size: WIDE,
        scale: 1.0,
        zoom: 1.0,
        dark_only: false,
        source,
        lab: false,
        profiles: Vec::new(),
        act,
    }
}

pub fn sized(size: [f32; 2], scale: f32, mut scene: Scene) -> Scene {
    scene.size = size;
    scene.scale = scale;
    scene
}

fn with_lab(mut scene: Scene) -> Scene {
    scene.lab = true;
    scene
}

pub fn all() -> Vec<Scene> {
    let all = [
        of_connections(),
        of_gaps(),
        of_other_panels(),
        of_sizes(),
        of_zooms(),
        recordings::all(),
    ];
    all.into_iter().flatten().collect()
}

pub fn nothing(_: &mut Shown) {}

fn paths(window: &mut Shown) {
    window.click("Paths");
}

fn handovers(window: &mut Shown) {
    window.click("Handovers");
}

fn events(window: &mut Shown) {
    window.click("Events");
}

fn present(window: &mut Shown) {
    window.click("Present");
}

/// What a time looks like in which nothing was read.
fn of_gaps() -> Vec<Scene> {
    vec![
        scene("connections-gap", with_gap, |window| {
            window.point(egui::pos2(880.0, 420.0));
        }),
        scene("any-metric-gap", half_played, |window| {
            window.plot(&["RTT", "Acknowledged"]);
            window.go_on(
                script()
                    .into_iter()
                    .filter(|line| line.t() >= HALF_S && was_read(line)),
            );
        }),
    ]
}

/// From one of a crowd to all of them.
fn present_crowd(window: &mut Shown) {
    present(window);
    for _ in 0..8 {
        if window.has("Connections by application") {
            break;
        }
        window.key(egui::Key::ArrowUp);
    }
}

/// The panel that the window begins with, and what stands there without connections.
fn of_connections() -> Vec<Scene> {
    vec![
        scene("connections", played, nothing),
        scene("connections-30-min", played, |window| window.click("30 min")),
        scene("connections-paused", played, |window| {
            window.click("Pause");
            window.point(egui::pos2(900.0, 300.0));
        }),
        scene("connections-loss", losing, nothing),
        scene("connections-read-only", || Scripted::played(read_only()), nothing),
        scene("connections-as-root", || Scripted::played(as_root()), nothing),
        scene(
            "allow",
            || Scripted::played(may_ask()),
            |window| window.click("Allow…"),
        ),
        sized(
            NARROW,
            1.0,
            scene("narrow-may-ask", || Scripted::played(may_ask()), nothing),
        ),
        sized(
            [800.0, 500.0],
            1.5,
            scene(
                "scale-150-allow",
                || Scripted::played(may_ask()),
                |window| {
                    window.click("Allow…");
                },
            ),
        ),
        scene(
            "connections-ended",
            || Scripted::ended(full_access(), "The connection to maxi-laptop is lost"),
            nothing,
        ),
        scene("connections-filtered-empty", played, |window| {
            window.filter("Filter", "port:8443");
        }),
        scene("any-metric-none", half_played, |window| {
            window.click("Plot any metric");
        }),
        scene("any-metric", half_played, |window| {
            window.plot(&["cwnd", "ssthresh", "RTT", "Acknowledged"]);
            window.go_on(script().into_iter().filter(|line| line.t() >= HALF_S));
        }),
        scene("any-metric-compared", half_played, |window| {
            window.plot(&["Acknowledged"]);
            window.click("Compare with");
            window.click("Plot curl to 198.51.100.7:443");
            window.go_on(script().into_iter().filter(|line| line.t() >= HALF_S));
            window.point(egui::pos2(900.0, 240.0));
        }),
        scene("any-metric-decades", half_played, |window| {
            window.plot(&["Acknowledged"]);
            window.click("Compare with");
            window.click("Plot ssh to 203.0.113.24:22");
            window.go_on(script().into_iter().filter(|line| line.t() >= HALF_S));
        }),
        scene("any-metric-chooser", half_played, |window| {
            window.plot(&["RTT"]);
            window.click("Metrics");
        }),
        sized(
            NARROW,
            1.0,
            scene("narrow-any-metric", half_played, |window| {
                window.plot(&["cwnd", "RTT"]);
                window.go_on(script().into_iter().filter(|line| line.t() >= HALF_S));
            }),
        ),
        scene("connection-fallback", played, |window| {
            window.click_what_contains("142.250.181.14:443, plain TCP");
        }),
        scene("connection-closing", played, |window| {
            window.click("Menu of the subflow over Ethernet from 192.168.2.143:40110");
            window.click("Close subflow…");
        }),
        with_lab(scene("connections-lab", played, nothing)),
        scene("empty-reading", || Scripted::new(full_access()), nothing),
        scene("empty-none", || only(quiet(60.0)), nothing),
        scene("empty-off", || only(switched_off()), nothing),
        scene("empty-no-mptcp", || only(without_mptcp()), nothing),
        scene(
            "empty-lost",
            || {
                Scripted::lost(
                    full_access(),
                    "ssh: connect to host maxi-laptop port 22: No route to host",
                )
            },
            nothing,
        ),
    ]
}

/// Handovers, paths and events.
fn of_other_panels() -> Vec<Scene> {
    vec![
        scene("handovers", played, handovers),
        scene("handovers-moved", played, |window| {
            window.click("Handovers");
            window.press(egui::pos2(600.0, 172.0));
        }),
        scene("notices", played, |window| window.click("Notices")),
        scene("handovers-none", || only(quiet(60.0)), handovers),
        with_lab(scene("handovers-none-lab", || only(quiet(60.0)), handovers)),
        scene("paths", played, paths),
        scene("paths-pending", played, |window| {
            window.click("Paths");
            window.click("signal, endpoint 4 (10.45.3.7)");
        }),
        Scene {
            profiles: owners(),
            ..scene("paths-owned", played, paths)
        },
        Scene {
            profiles: owners(),
            ..sized(NARROW, 1.0, scene("narrow-paths-owned", played, paths))
        },
        sized(
            [1440.0, 1200.0],
            1.0,
            scene("paths-to-keep", played, |window| {
                window.click("Paths");
                window.click("Extra subflows for a connection: more");
                window.click("backup, endpoint 2 (192.168.2.143)");
                window.click("Checksum");
                window.obey();
            }),
        ),
        scene("paths-read-only", || Scripted::played(read_only()), paths),
        scene("paths-none", || only(without_endpoints()), paths),
        scene("events", played, events),
        scene("events-filtered", played, |window| {
            window.click("Events");
            window.filter("Filter events", "wi-fi");
        }),
        scene("events-of-a-handover", played, |window| {
            window.click("Handovers");
            window.click_lowest("Events");
        }),
        scene("events-none", || only(quiet(780.0)), events),
    ]
}

/// Present mode on a projector, and what is left out or wraps in a small window or at a large scale.
fn of_sizes() -> Vec<Scene> {
    vec![
        sized(PROJECTOR, 1.0, with_lab(scene("present", played, present))),
        sized(PROJECTOR, 1.0, with_lab(scene("present-loss", losing, present))),
        sized(
            PROJECTOR,
            1.0,
            with_lab(scene("present-crowd", crowd, present_crowd)),
        ),
        sized(PROJECTOR, 1.0, scene("present-no-handover", undisturbed, present)),
        sized(PROJECTOR, 1.0, scene("present-many-paths", many_paths, present)),
        sized(
            PROJECTOR,
            1.0,
            scene("present-none", || only(quiet(60.0)), present),
        ),
        sized(NARROW, 1.0, with_lab(scene("narrow-present", played, present))),
        sized(NARROW, 1.0, scene("narrow-connections", played, nothing)),
        sized(
            NARROW,
            1.0,
            with_lab(scene("narrow-connections-lab", played, nothing)),
        ),
        sized(NARROW, 1.0, scene("narrow-handovers", played, handovers)),
        sized(NARROW, 1.0, scene("narrow-paths", played, paths)),
        sized(NARROW, 1.0, scene("narrow-events", played, events)),
        sized(
            [800.0, 500.0],
            1.5,
            scene("scale-150-connections", played, nothing),
        ),
        sized([800.0, 500.0], 1.5, scene("scale-150-paths", played, paths)),
        sized(
            [800.0, 500.0],
            2.5,
            scene("scale-250-connections", played, nothing),
        ),
        sized(
            [800.0, 500.0],
            2.5,
            scene("scale-250-handovers", played, handovers),
        ),
        // As narrow as the text lets a window become.
        sized([720.0, 450.0], 2.0, scene("least-connections", played, nothing)),
        sized([720.0, 450.0], 2.0, scene("least-handovers", played, handovers)),
        sized([720.0, 450.0], 2.0, scene("least-paths", played, paths)),
    ]
}

/// Every panel where text is large for the screen: what somebody chose (250 and 300 %), or the desktop (Wayland's scale).
fn of_zooms() -> Vec<Scene> {
    let sizes: [(&str, [f32; 2], f32, f32); 6] = [
        ("zoom-250-on-1440", [1440.0, 900.0], 1.0, 2.5),
        ("zoom-300-on-1440", [1440.0, 900.0], 1.0, 3.0),
        ("zoom-250-on-1280", [1280.0, 800.0], 1.0, 2.5),
        ("zoom-300-on-1280", [1280.0, 800.0], 1.0, 3.0),
        ("zoom-150-on-1024", [1024.0, 640.0], 1.0, 1.5),
        // The frame of a compositor takes some of it.
        ("desktop-200-on-1280", [636.0, 374.0], 2.0, 1.0),
    ];
    let mut all = Vec::new();
    for (at, size, scale, zoom) in sizes {
        let panels = [
            with_lab(scene("connections", played, nothing)),
            scene("handovers", played, handovers),
            scene("paths", played, |window| {
                window.click("Paths");
                window.click("signal, endpoint 4 (10.45.3.7)");
            }),
            scene("events", played, |window| {
                window.click("Events");
                window.click("Milliseconds");
            }),
            with_lab(scene("present", played, present)),
            with_lab(scene("paused", played, |window| window.click("Pause"))),
        ];
        for mut panel in panels {
            // It looks the same at each.
            if panel.name == "paused" && at != "zoom-300-on-1280" {
                continue;
            }
            panel.name = Box::leak(format!("{at}-{}", panel.name).into_boxed_str());
            panel = sized(size, scale, panel);
            (panel.zoom, panel.dark_only) = (zoom, true);
            all.push(panel);
        }
    }
    all
}

fn played() -> Scripted {
    Scripted::played(full_access())
}

/// So far goes the script before metrics are chosen, seconds.
const HALF_S: f64 = 30.0;

/// Whether a line is one of those that came although the program stood still for nine seconds.
fn was_read(line: &Line) -> bool {
    !(40.0..49.0).contains(&line.t()) || matches!(line, Line::Event(_))
}

fn with_gap() -> Scripted {
    let source = Scripted::new(full_access());
    for line in script().into_iter().filter(was_read) {
        source.sender.send(line).unwrap();
    }
    source
}

fn half_played() -> Scripted {
    let source = Scripted::new(full_access());
    for line in script().into_iter().filter(|line| line.t() < HALF_S) {
        source.sender.send(line).unwrap();
    }
    source
}

/// A download over eight subflows that join three interfaces and three addresses.
fn many_paths() -> Scripted {
    let source = Scripted::new(full_access());
    for step in 0..40_u32 {
        let mut sample = quiet(f64::from(step) * 0.25);
        let mut connection = connection(1, "rsync", 7, "[2001:db8:77::1]:873");
        for number in 0..8_u32 {
            let device = ["wlp0s20f3", "enx2800af081bee", "wwan0"][number as usize % 3];
            let local = format!("[2001:db8:{}::7a3]:{}", number % 3 + 1, 40_000 + number);
            let remote = format!("[2001:db8:77::{}]:873", number / 3 + 1);
            let mut subflow = subflow(100 + u64::from(number), device, &local, &remote);
            subflow.bytes_received = Some(u64::from(step * (number + 1)) * 200_000);
            connection.subflows.push(subflow.into());
        }
        let sum = connection
            .subflows
            .iter()
            .filter_map(|one| one.bytes_received)
            .sum();
        connection.bytes_received = Some(sum);
        sample.connections.push(connection);
        source.sender.send(Line::Sample(Box::new(sample))).unwrap();
    }
    source
}

/// The script until Wi-Fi has been lost for a moment.
fn losing() -> Scripted {
    let source = Scripted::new(full_access());
    for line in stage::losing(0.75) {
        source.sender.send(line).unwrap();
    }
    source
}

/// A hundred and fifty connections over two links, some of them busy.
fn crowd() -> Scripted {
    const APPS: [(&str, u64, u64); 5] = [
        ("firefox", 80, 3),
        ("nextcloud", 25, 2),
        ("ssh", 3, 1),
        ("syncthing", 12, 30),
        ("thunderbird", 30, 30),
    ];
    let source = Scripted::new(full_access());
    for step in 0..80_u64 {
        let mut sample = quiet(step as f64 * 0.25);
        let mut number = 0;
        for (app, count, rests) in APPS {
            for _ in 0..count {
                number += 1;
                let mut connection = connection(number, app, 7, "203.0.113.7:443");
                let busy = (number + step / 8) % rests == 0;
                let before = u64::from(busy) * (step % 8);
                for (place, device) in [stage::WIFI, stage::ETHERNET].into_iter().enumerate() {
                    let local = format!("192.168.{}.7:{}", place + 1, 40_000 + number);
                    let cookie = number * 10 + place as u64;
                    let mut subflow = subflow(cookie, device, &local, "203.0.113.7:443");
                    let moved = before * (place as u64 * 2 + 1) * 9_000;
                    subflow.bytes_acked = Some(step / 8 * 100_000 + moved);
                    connection.subflows.push(subflow.into());
                }
                sample.connections.push(connection);
            }
        }
        source.sender.send(Line::Sample(Box::new(sample))).unwrap();
    }
    source
}

/// The script as far as the minute before the loss.
fn undisturbed() -> Scripted {
    let source = Scripted::new(full_access());
    for line in script().into_iter().filter(|line| line.t() < 52.0) {
        source.sender.send(line).unwrap();
    }
    source
}

/// Wi-Fi's connection has the default, the phone's stores its endpoints without backup.
fn owners() -> Vec<Profile> {
    let profile = |device: &str, name: &str, flags| Profile {
        device: device.to_owned(),
        name: name.to_owned(),
        flags: MptcpFlags(flags),
        path: "/".to_owned(),
    };
    vec![
        profile("wlp0s20f3", "HomeNet", 0),
        profile("wwan0", "Lena's phone", 0x22),
    ]
}

/// A source with a single sample.
fn only(sample: Sample) -> Scripted {
    let source = Scripted::new(full_access());
    source.sender.send(Line::Sample(Box::new(sample))).unwrap();
    source
}

fn switched_off() -> Sample {
    let mut sample = quiet(1.0);
    sample
        .settings
        .insert("enabled".to_owned(), SettingValue::Number(0));
    sample
}

fn without_mptcp() -> Sample {
    let mut sample = quiet(1.0);
    sample.settings.clear();
    sample
}

fn without_endpoints() -> Sample {
    Sample {
        endpoints: Vec::new(),
        ..quiet(1.0)
    }
}
