//! Every panel in every state that looks different.

use pathscope::desktop::{MptcpFlags, Profile};
use pathscope::model::{Line, Sample, SettingValue};

use crate::stage::{Scripted, as_root, full_access, may_ask, quiet, read_only};
use crate::{Scene, Shown};

const WIDE: [f32; 2] = [1440.0, 900.0];
const NARROW: [f32; 2] = [1024.0, 640.0];

/// A window of the usual size.
fn scene(name: &'static str, source: fn() -> Scripted, act: fn(&mut Shown)) -> Scene {
    Scene {
        name,
        size: WIDE,
        scale: 1.0,
        source,
        lab: false,
        profiles: Vec::new(),
        act,
    }
}

fn sized(size: [f32; 2], scale: f32, mut scene: Scene) -> Scene {
    scene.size = size;
    scene.scale = scale;
    scene
}

pub fn all() -> Vec<Scene> {
    let nothing: fn(&mut Shown) = |_| {};
    let paths: fn(&mut Shown) = |window| window.click("Paths");
    let handovers: fn(&mut Shown) = |window| window.click("Handovers");
    let events: fn(&mut Shown) = |window| window.click("Events");
    vec![
        scene("connections", played, nothing),
        scene("connections-30-min", played, |window| window.click("30 min")),
        scene("connections-paused", played, |window| {
            window.click("Pause");
            window.point(egui::pos2(900.0, 300.0));
        }),
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
        scene("connection-fallback", played, |window| {
            window.click_what_contains("142.250.181.14:443, plain TCP");
        }),
        scene("connection-closing", played, |window| {
            window.click("Menu of the subflow over Ethernet from 192.168.2.143:40110");
            window.click("Close subflow…");
        }),
        Scene {
            lab: true,
            ..scene("connections-lab", played, nothing)
        },
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
        scene("handovers", played, handovers),
        scene("handovers-none", || only(quiet(60.0)), handovers),
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
        scene("events-none", || only(quiet(780.0)), events),
        sized(NARROW, 1.0, scene("narrow-connections", played, nothing)),
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
    ]
}

fn played() -> Scripted {
    Scripted::played(full_access())
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
