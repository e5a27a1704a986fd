//! The desktop around the real window: notifications and the tray, on a session bus and a display of the test's own.

#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, unreachable_pub)]

mod bus;
#[path = "../common/mod.rs"]
mod common;
mod screen;

use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use bus::{Bus, Item, LIMIT, Notifications, Watcher};
use common::wait_for;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use screen::Screen;

/// The demo, which is ended with the test.
struct Demo(Child);

impl Demo {
    fn start(screen: &Screen, bus: Option<&Bus>, home: &Path, settings: &str) -> Self {
        Self::of("handover", 3, screen, bus, home, settings)
    }

    /// Of a scenario with so many connections.
    fn of(
        scenario: &str,
        connections: usize,
        screen: &Screen,
        bus: Option<&Bus>,
        home: &Path,
        settings: &str,
    ) -> Self {
        let folder = home.join("pathscope");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("window.json"), settings).unwrap();
        let mut command = Command::new(common::pathscope());
        command
            .args(["demo", "--scenario", scenario])
            .args(["--connections", &connections.to_string()])
            .env("DISPLAY", &screen.name)
            .env("XDG_CONFIG_HOME", home);
        command
            .env_remove("WAYLAND_DISPLAY")
            .env("LIBGL_ALWAYS_SOFTWARE", "1");
        match bus {
            Some(bus) => command.env("DBUS_SESSION_BUS_ADDRESS", &bus.address),
            None => command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
        };
        Self(command.spawn().unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.0.id()).unwrap())
    }

    /// The process that it keeps its laboratory in.
    fn host(&self) -> Option<Pid> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).ok()?;
        let mut children =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
        children.find_map(|pids| pids.split_whitespace().next()?.parse().ok().map(Pid::from_raw))
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = kill(self.pid(), Signal::SIGTERM);
            let _ = self.0.wait();
        }
    }
}

/// What everything here needs.
fn stage(test: &str) -> Option<(Screen, Bus)> {
    if !common::can_make_namespaces(test) {
        return None;
    }
    let both = Screen::start().zip(Bus::start());
    if both.is_none() {
        common::did_not_run(test, "Xvfb or dbus-daemon is missing");
    }
    both
}

#[test]
fn handovers_are_told_from_the_tray_and_the_window_comes_back_with_a_click() {
    let Some((screen, bus)) = stage("notifications and the tray") else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let (notifications, tray) = (Notifications::start(&bus), Watcher::start(&bus));
    let settings = r#"{"notices": {"stay_in_tray": true}}"#;
    let mut demo = Demo::start(&screen, Some(&bus), home.path(), settings);

    let item: Item = wait_for("an item in the tray", LIMIT, || tray.item());
    let window = wait_for("a window", LIMIT, || {
        screen.window().filter(|one| screen.shows(*one))
    });
    let labels = |item: &Item| -> Vec<String> { item.menu().into_iter().map(|(_, label)| label).collect() };
    assert_eq!(labels(&item), ["Hide window", "Freeze", "Quit"]);
    wait_for("the number of connections on several paths", LIMIT, || {
        (item.title() == "Pathscope: 3 connections on more than one path").then_some(())
    });
    let sizes: Vec<(i32, i32, usize)> = item
        .pictures()
        .into_iter()
        .map(|(w, h, bytes)| (w, h, bytes.len()))
        .collect();
    assert_eq!(sizes, [(24, 24, 24 * 24 * 4), (48, 48, 48 * 48 * 4)]);

    // A window that is seen tells nothing; one that was closed lives on in the tray and tells.
    assert!(notifications.so_far().is_empty());
    screen.close(window);
    wait_for("it goes into the tray", LIMIT, || {
        (!screen.shows(window)).then_some(())
    });
    wait_for("the menu offers it", LIMIT, || {
        labels(&item).contains(&"Show window".to_owned()).then_some(())
    });
    // On a machine that keeps the laboratory waiting, a path may stall of itself first.
    let of_wifi = |text: &str| text.starts_with("Wi-Fi lost; ") || text.starts_with("Better path back; ");
    let told = wait_for("two notifications, one of Wi-Fi", LIMIT, || {
        let told = notifications.so_far();
        (told.len() >= 2 && told.iter().any(|one| of_wifi(&one.text))).then_some(told)
    });
    assert_eq!(demo.ended(), None, "it lives on");
    for one in &told {
        assert!(one.title.starts_with("Handover of "), "{one:?}");
        assert!(one.text.contains("lived on."), "{one:?}");
    }
    let gaps = told
        .iter()
        .zip(told.iter().skip(1))
        .map(|(one, next)| next.at - one.at);
    let gap = gaps.min();
    // Five seconds between two, less what the first took to come.
    assert!(gap >= Some(Duration::from_millis(4500)), "{told:?}");

    item.choose("Freeze");
    wait_for("the menu lets it go on", LIMIT, || {
        labels(&item).contains(&"Go on".to_owned()).then_some(())
    });
    item.activate();
    wait_for("a click brings it back", LIMIT, || {
        screen.shows(window).then_some(())
    });
    item.activate();
    wait_for("another hides it", LIMIT, || {
        (!screen.shows(window)).then_some(())
    });
    tray.leave();
    wait_for("without a tray it is not out of reach", LIMIT, || {
        screen.shows(window).then_some(())
    });
    item.choose("Quit");
    let status = wait_for("it ends", LIMIT, || demo.ended());
    assert!(status.success(), "{status}");
}

#[test]
fn without_a_bus_closing_ends_it_and_a_hidden_window_ends_on_a_signal() {
    let Some((screen, bus)) = stage("a window without a session bus") else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let settings = r#"{"notices": {"stay_in_tray": true, "when": "always"}}"#;
    let seen = || screen.window().filter(|one| screen.shows(*one));
    let mut demo = Demo::start(&screen, None, home.path(), settings);
    let window = wait_for("a window", LIMIT, seen);
    screen.close(window);
    let status = wait_for("there is no tray to stay in", LIMIT, || demo.ended());
    assert!(status.success(), "{status}");

    let tray = Watcher::start(&bus);
    let mut demo = Demo::start(&screen, Some(&bus), home.path(), settings);
    let item = wait_for("an item in the tray", LIMIT, || tray.item());
    let window = wait_for("a window", LIMIT, seen);
    item.activate();
    wait_for("it goes into the tray", LIMIT, || {
        (!screen.shows(window)).then_some(())
    });
    kill(demo.pid(), Signal::SIGTERM).unwrap();
    let status = wait_for("it ends", LIMIT, || demo.ended());
    assert!(status.success(), "{status}");
}

#[test]
fn a_window_opens_while_its_laboratory_comes_up_and_ends_with_it() {
    let Some((screen, _bus)) = stage("a window that opens") else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let opening = || {
        let demo = Demo::of("many", 10_000, &screen, None, home.path(), "{}");
        wait_for("a window", LIMIT, || {
            screen.window().filter(|one| screen.shows(*one))
        });
        demo
    };
    // Long before ten thousand connections are up.
    let mut demo = opening();
    kill(demo.host().unwrap(), Signal::SIGKILL).unwrap();
    let status = wait_for("it ends", LIMIT, || demo.ended());
    assert_eq!(status.code(), Some(1), "what it shows could not be made");

    let mut demo = opening();
    let host = demo.host().unwrap();
    kill(demo.pid(), Signal::SIGTERM).unwrap();
    let status = wait_for("it ends", LIMIT, || demo.ended());
    assert!(status.success(), "{status}");
    wait_for("the laboratory goes with it", LIMIT, || {
        let stat = std::fs::read_to_string(format!("/proc/{host}/stat")).unwrap_or_default();
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    });
}
