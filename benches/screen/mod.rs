//! A virtual display, and a window as its X server sees it.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageFormat, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::{Result, text};

/// How long anything may take before something is wrong.
const LIMIT: Duration = Duration::from_secs(30);

/// A virtual display.
pub(crate) struct Display {
    server: Child,
    name: String,
}

impl Display {
    pub(crate) fn start() -> Result<Self> {
        let mut xvfb = Command::new("Xvfb");
        xvfb.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1440x900x24",
            "-noreset",
            "-nolisten",
            "tcp",
        ]);
        let mut server = xvfb
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("Xvfb: {error}"))?;
        let mut name = String::new();
        let output = server.stdout.take().ok_or("Xvfb has no output")?;
        BufReader::new(output).read_line(&mut name).map_err(text)?;
        Ok(Self {
            server,
            name: format!(":{}", name.trim()),
        })
    }

    /// Starts a program and waits for the first frame of its window.
    pub(crate) fn open(&self, mut command: Command) -> Result<Shown> {
        let (x, screen) = x11rb::connect(Some(&self.name)).map_err(text)?;
        let root = x.setup().roots.get(screen).ok_or("no screen")?.root;
        let notify = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        x.change_window_attributes(root, &notify).map_err(text)?;
        x.damage_query_version(1, 1)
            .map_err(text)?
            .reply()
            .map_err(text)?;
        let x = Arc::new(x);
        let seen = watch(Arc::clone(&x));
        let home = tempfile::tempdir().map_err(text)?;
        command
            .env("DISPLAY", &self.name)
            .env("WAYLAND_DISPLAY", "")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("HOME", home.path())
            .env("XDG_DATA_HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .stdin(Stdio::null());
        let began = Instant::now();
        let mut shown = Shown {
            child: command.spawn().map_err(text)?,
            x,
            seen,
            window: 0,
            damage: 0,
            first_frame: Duration::ZERO,
            _home: home,
        };
        let mut mapped = false;
        loop {
            let (at, event) = shown.seen.recv_timeout(LIMIT).map_err(|_| "no window came")?;
            match event {
                Event::CreateNotify(event) if event.parent == root && event.width >= 800 => {
                    shown.window = event.window;
                    shown.damage = shown.x.generate_id().map_err(text)?;
                    let level = ReportLevel::NON_EMPTY;
                    shown
                        .x
                        .damage_create(shown.damage, event.window, level)
                        .map_err(text)?;
                    shown.x.flush().map_err(text)?;
                }
                Event::MapNotify(event) if event.window == shown.window => mapped = true,
                Event::DamageNotify(_) => {
                    shown.mend()?;
                    if mapped {
                        shown.first_frame = at.saturating_duration_since(began);
                        return Ok(shown);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Every event of a connection with the time it came.
fn watch(x: Arc<RustConnection>) -> Receiver<(Instant, Event)> {
    let (sender, seen) = unbounded();
    std::thread::spawn(move || {
        while let Ok(event) = x.wait_for_event() {
            if sender.send((Instant::now(), event)).is_err() {
                return;
            }
        }
    });
    seen
}

/// A program with its window.
pub(crate) struct Shown {
    child: Child,
    x: Arc<RustConnection>,
    seen: Receiver<(Instant, Event)>,
    window: Window,
    damage: u32,
    /// How long after the start of the program its first frame was there.
    pub(crate) first_frame: Duration,
    _home: tempfile::TempDir,
}

impl Shown {
    /// Asks to be told of the next painting too.
    fn mend(&self) -> Result<()> {
        let (x, damage) = (&self.x, self.damage);
        x.damage_subtract(damage, x11rb::NONE, x11rb::NONE)
            .map_err(text)?;
        x.flush().map_err(text)
    }

    /// When the window is painted next, if it is before a moment.
    fn painted(&self, until: Instant) -> Option<Instant> {
        loop {
            match self.seen.recv_deadline(until) {
                Ok((at, Event::DamageNotify(_))) => {
                    self.mend().ok()?;
                    return Some(at);
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// How often the window is painted for so long.
    pub(crate) fn frames_within(&self, time: Duration) -> usize {
        let until = Instant::now() + time;
        std::iter::from_fn(|| self.painted(until)).count()
    }

    /// When the window was first painted so that it looks different.
    pub(crate) fn changed(&self, before: u64) -> Result<Instant> {
        let until = Instant::now() + LIMIT;
        loop {
            let at = self.painted(until).ok_or("the window did not show the event")?;
            if self.picture()? != before {
                return Ok(at);
            }
        }
    }

    /// What the window looks like, as a number. Its status line, where figures change by themselves, is left out.
    pub(crate) fn picture(&self) -> Result<u64> {
        let size = self
            .x
            .get_geometry(self.window)
            .map_err(text)?
            .reply()
            .map_err(text)?;
        let high = size.height.saturating_sub(28);
        let picture = self
            .x
            .get_image(
                ImageFormat::Z_PIXMAP,
                self.window,
                0,
                0,
                size.width,
                high,
                u32::MAX,
            )
            .map_err(text)?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&picture.reply().map_err(text)?.data);
        Ok(hasher.finish())
    }

    pub(crate) fn press(&self, key: u8) -> Result<()> {
        let x = &self.x;
        x.set_input_focus(InputFocus::PARENT, self.window, x11rb::CURRENT_TIME)
            .map_err(text)?;
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            x.xtest_fake_input(kind, key, 0, x11rb::NONE, 0, 0, 0)
                .map_err(text)?;
        }
        x.flush().map_err(text)
    }

    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).map_err(text)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib: f64 = kib.and_then(|kib| kib.parse().ok()).ok_or("no VmRSS")?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        // As its user would: it closes its window and takes down what it built.
        let told = i32::try_from(self.child.id()).map(|pid| kill(Pid::from_raw(pid), Signal::SIGTERM));
        if told.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
