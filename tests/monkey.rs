//! A person with no idea at the real window, on the scenario with hundreds of connections: random clicks, keys, drags and
//! turns of the wheel, the same for the same seed. The window lives, says nothing of a panic, and closes when it is asked.
//!
//! The short form takes some seconds. PATHSCOPE_MONKEY_S has it go on for so long (`make monkey`: an hour), and
//! PATHSCOPE_MONKEY_SEED says which monkey it is. `tests/one_truth` holds what the panels say against each other meanwhile.

#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;
#[path = "desktop/screen.rs"]
mod screen;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::wait_for;
use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use screen::Screen;

/// How long the short form lasts, once the window is there.
const SHORT_S: u64 = 4;
/// How many connections the laboratory opens in the short form; in the long one as many as the scenario means.
const CONNECTIONS: &str = "60";
/// Longer than a start, or an end, ever takes.
const LIMIT: Duration = Duration::from_secs(90);
/// From one act to the next.
const PACE: Duration = Duration::from_millis(50);
/// The size of the display.
const SIZE: (i16, i16) = (1440, 900);
const CONTROL: u8 = 37;

/// The codes of keys on every PC: 1 to 4, -, =, Backspace, Tab, R, T, Enter, A, /, Z, C, N, Space, F11, Home, the arrows,
/// Page Up and Down, Delete, Escape.
const KEYS: [u8; 26] = [
    10, 11, 12, 13, 20, 21, 22, 23, 27, 28, 36, 38, 61, 52, 54, 57, 65, 95, 110, 111, 113, 114, 116, 112,
    117, 9,
];

/// The demo, which is ended with the test.
struct Demo(Child);

impl Demo {
    fn start(screen: &Screen, home: &Path, log: &Path, all: bool) -> Self {
        let mut command = Command::new(common::pathscope());
        command.args(["demo", "--scenario", "many"]);
        if !all {
            command.args(["--connections", CONNECTIONS]);
        }
        let child = command
            .env("DISPLAY", &screen.name)
            .env_remove("WAYLAND_DISPLAY")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .stderr(File::create(log).unwrap())
            .spawn();
        Self(child.unwrap())
    }

    fn resident_mib(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        kib.unwrap_or(0.0) / 1024.0
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            let _ = kill(
                Pid::from_raw(i32::try_from(self.0.id()).unwrap()),
                Signal::SIGTERM,
            );
            let _ = self.0.wait();
        }
    }
}

/// Does one thing; what it was.
fn act(rng: &mut Rng, screen: &Screen) -> String {
    let place = |rng: &mut Rng| {
        let at = (rng.i16(..SIZE.0), rng.i16(..SIZE.1));
        // What can be pressed stands at the edges.
        match rng.u8(..4) {
            0 => (at.0, at.1 / 18),
            1 => (at.0, SIZE.1 - 1 - at.1 / 10),
            _ => at,
        }
    };
    let at = place(rng);
    match rng.u8(..100) {
        0..40 => {
            let button = if rng.u8(..8) == 0 { 3 } else { 1 };
            screen.point(at);
            screen.button(button, true);
            screen.button(button, false);
            format!("button {button} at {at:?}")
        }
        40..50 => {
            screen.point(at);
            format!("point at {at:?}")
        }
        50..75 => {
            let key = KEYS[rng.usize(..KEYS.len())];
            let control = rng.u8(..8) == 0;
            if control {
                screen.key(CONTROL, true);
            }
            screen.key(key, true);
            screen.key(key, false);
            if control {
                screen.key(CONTROL, false);
            }
            format!("key {key}, control {control}")
        }
        75..88 => {
            let to = place(rng);
            screen.point(at);
            screen.button(1, true);
            screen.point(to);
            screen.button(1, false);
            format!("drag from {at:?} to {to:?}")
        }
        _ => {
            let button = rng.u8(4..=5);
            screen.point(at);
            for _ in 0..rng.u8(1..6) {
                screen.button(button, true);
                screen.button(button, false);
            }
            format!("wheel {button} at {at:?}")
        }
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn a_monkey_at_the_real_window_breaks_nothing() {
    let test = "random clicks and keys at the real window";
    if !common::can_make_namespaces(test) {
        return;
    }
    let Some(screen) = Screen::start() else {
        common::did_not_run(test, "Xvfb is missing");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let long = number("PATHSCOPE_MONKEY_S");
    let seed = number("PATHSCOPE_MONKEY_SEED").unwrap_or(1);
    let mut demo = Demo::start(&screen, home.path(), &log, long.is_some());
    let window = wait_for("a window", LIMIT, || {
        screen.window().filter(|one| screen.shows(*one))
    });
    screen.focus(window);
    let mut rng = Rng::with_seed(seed);
    let ends = Instant::now() + Duration::from_secs(long.unwrap_or(SHORT_S));
    let (mut acts, mut newest, mut said) = (0_usize, Vec::new(), Instant::now());
    while Instant::now() < ends {
        newest.push(act(&mut rng, &screen));
        acts += 1;
        let forgotten = newest.len().saturating_sub(40);
        newest.drain(..forgotten);
        if let Some(status) = demo.0.try_wait().unwrap() {
            let log = fs::read_to_string(&log).unwrap();
            panic!(
                "seed {seed}: it ended by itself after {acts} acts, {status}:\n{log}\nafter\n{}",
                newest.join("\n")
            );
        }
        if said.elapsed() > Duration::from_mins(5) {
            println!("{acts} acts, {:.0} MiB", demo.resident_mib());
            said = Instant::now();
        }
        // Acts have a pace of their own: nothing is waited for.
        std::thread::park_timeout(PACE);
    }
    println!("{acts} acts with seed {seed}, {:.0} MiB", demo.resident_mib());
    screen.button(1, false);
    screen.close(window);
    let status = wait_for("the window's end", LIMIT, || demo.0.try_wait().unwrap());
    let log = fs::read_to_string(&log).unwrap();
    assert!(status.success(), "{status}: {log}");
    assert!(!log.contains("panicked"), "{log}");
    assert!(acts > 10, "it had no time to act: {acts}");
}
