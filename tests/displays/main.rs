//! The real window under X11, Weston and Sway, each on a virtual display of the test's own: it fits its screen, draws,
//! takes keys, fills the screen and leaves it again, and closes when it is asked to.

#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod eyes;
#[path = "../desktop/screen.rs"]
mod screen;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::wait_for;
use eyes::{Colour, Eyes, LIMIT, Picture};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use screen::Screen;
use tempfile::TempDir;

/// The dark theme's text.
const TEXT: Colour = [0xee, 0xf2, 0xf5];
/// What a compositor shows where no window is.
const NOWHERE: Colour = [0, 255, 0];
/// The least length of the bar below the name of the panel that is open.
const BAR: usize = 36;

const KEY_2: u32 = 0x32;
const KEY_3: u32 = 0x33;
const KEY_F11: u32 = 0xffc8;
const KEY_F12: u32 = 0xffc9;

/// A program that ends with the test.
struct Program(Child);

impl Program {
    fn ends_well(&mut self) {
        let status = wait_for("the window's program to end", LIMIT, || {
            self.0.try_wait().unwrap()
        });
        assert!(status.success(), "{status}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = kill(
                Pid::from_raw(i32::try_from(self.0.id()).unwrap()),
                Signal::SIGTERM,
            );
            let _ = wait_for("a program to end", LIMIT, || self.0.try_wait().ok().flatten());
        }
    }
}

/// The window's program with a home of its own, in the dark theme.
fn window(home: &Path) -> Command {
    let folder = home.join("pathscope");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("window.json"), r#"{"theme": "dark"}"#).unwrap();
    let mut command = Command::new(common::pathscope());
    command
        .env("XDG_CONFIG_HOME", home)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command
}

/// The bar below the name of the open panel: its row, and where it begins.
fn bar(picture: &Picture) -> Option<(usize, usize)> {
    picture.run(TEXT, BAR).map(|(y, x, _)| (y, x))
}

/// It is drawn, other panels open by their keys, and present mode comes and goes.
fn draws_and_takes_keys(eyes: &Eyes) {
    let first = wait_for("the window to be drawn", LIMIT, || bar(&eyes.picture()));
    // A compositor that has not noticed the keyboard yet drops the first key, so it is pressed until it does something.
    let opened = |key: u32, before: usize| {
        wait_for("a panel by its key", LIMIT, || {
            eyes.key(key);
            std::thread::park_timeout(Duration::from_millis(200));
            bar(&eyes.picture()).map(|(_, x)| x).filter(|x| *x > before + 30)
        })
    };
    let second = opened(KEY_2, first.1);
    opened(KEY_3, second);
    eyes.key(KEY_F11);
    wait_for("present mode", LIMIT, || {
        bar(&eyes.picture()).is_none().then_some(())
    });
    eyes.key(KEY_F11);
    wait_for("the window again", LIMIT, || bar(&eyes.picture()));
}

/// A virtual display, or `None` after it was said that there is none.
fn display(test: &str) -> Option<Screen> {
    let screen = Screen::start();
    if screen.is_none() {
        common::did_not_run(test, "Xvfb is missing (make test installs it)");
    }
    screen
}

#[test]
fn under_x11_the_window_fits_takes_keys_and_closes() {
    let Some(screen) = display("the window under X11") else {
        return;
    };
    for scale in ["1", "3"] {
        let home = tempfile::tempdir().unwrap();
        let mut command = window(home.path());
        command
            .env("DISPLAY", &screen.name)
            .env("WINIT_X11_SCALE_FACTOR", scale);
        let mut program = Program(command.spawn().unwrap());
        let eyes = Eyes::open(&screen.name);
        let (window, place) = eyes.window();
        let [x, y, width, height] = place;
        let fits = x >= 0 && y >= 0 && x + width <= 1440 && y + height <= 900;
        assert!(fits, "at {scale}00 % the window is at {place:?}");
        eyes.focus(window);
        draws_and_takes_keys(&eyes);
        screen.close(screen.window().expect("the window"));
        program.ends_well();
    }
}

/// A compositor of Wayland in a window of a virtual display, and the socket that it listens on.
struct Compositor {
    _program: Program,
    folder: TempDir,
    eyes: Eyes,
}

const SOCKET: &str = "wayland-1";

impl Compositor {
    /// Starts one, whose files lie in a folder of its own. Root's would refuse to run, so it is nobody's where it must.
    fn start(screen: &Screen, as_nobody: bool, command: impl FnOnce(&Path) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(folder.path());
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        if as_nobody && nix::unistd::geteuid().is_root() {
            let nobody = nix::unistd::Uid::from_raw(65534);
            nix::unistd::chown(folder.path(), Some(nobody), None).unwrap();
        }
        command
            .env("DISPLAY", &screen.name)
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("HOME", folder.path())
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap());
        let mut program = Program(command.spawn().unwrap());
        let socket = folder.path().join(SOCKET);
        wait_for("the compositor's socket", LIMIT, || {
            if let Some(status) = program.0.try_wait().unwrap() {
                let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                panic!("the compositor ended: {status}\n{log}");
            }
            socket.exists().then_some(())
        });
        let eyes = Eyes::open(&screen.name);
        let (window, _) = eyes.window();
        eyes.focus(window);
        Self {
            _program: program,
            folder,
            eyes,
        }
    }

    /// The window's program on it.
    fn open(&self, home: &Path) -> Program {
        let socket: PathBuf = self.folder.path().join(SOCKET);
        Program(window(home).env("WAYLAND_DISPLAY", socket).spawn().unwrap())
    }
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

/// How far a window reaches from a place within it, in each direction until there is nothing: left, right, up, down.
fn extent(picture: &Picture, (x, y): (usize, usize)) -> [usize; 4] {
    let inside = |x: usize, y: usize| {
        let colour = picture.at(x, y);
        colour != NOWHERE && colour != [0, 0, 0]
    };
    [
        (0..=x).rev().take_while(|x| inside(*x, y)).last().unwrap(),
        (x..picture.width).take_while(|x| inside(*x, y)).last().unwrap(),
        (0..=y).rev().take_while(|y| inside(x, *y)).last().unwrap(),
        (y..picture.height).take_while(|y| inside(x, *y)).last().unwrap(),
    ]
}

#[test]
fn under_weston_the_window_fits_takes_keys_and_closes() {
    let test = "the window under Weston";
    if !has("weston") {
        return common::did_not_run(test, "Weston is missing (make test installs it)");
    }
    let Some(screen) = display(test) else { return };
    let compositor = Compositor::start(&screen, false, |folder| {
        let settings = "[core]\nidle-time=0\n[shell]\nbackground-type=tile\nbackground-color=0xff00ff00\n\
                        panel-position=none\nanimation=none\nstartup-animation=none\nclose-animation=none\nlocking=false\n";
        let file = folder.join("weston.ini");
        fs::write(&file, settings).unwrap();
        let mut command = Command::new("weston");
        command
            .args([
                "--backend=x11-backend.so",
                "--use-pixman",
                "--width=1280",
                "--height=800",
            ])
            .arg(format!("--socket={SOCKET}"))
            .arg(format!("--config={}", file.display()));
        command
    });
    let home = tempfile::tempdir().unwrap();
    let mut program = compositor.open(home.path());
    let eyes = &compositor.eyes;
    draws_and_takes_keys(eyes);

    let picture = eyes.picture();
    let (y, x) = bar(&picture).expect("the window");
    let [left, right, top, bottom] = extent(&picture, (x, y + 20));
    let (wide, high) = (right - left + 1, bottom - top + 1);
    assert!(
        right < 1279 && bottom < 799,
        "it ends on the screen: {left}..{right}, {top}..{bottom}"
    );
    assert!(wide >= 800 && high >= 500, "{wide}×{high}");
    // Weston has no command that closes a window, so it is asked as a session that ends asks it.
    let process = Pid::from_raw(i32::try_from(program.0.id()).unwrap());
    kill(process, Signal::SIGTERM).unwrap();
    let status = wait_for("the window to close", LIMIT, || program.0.try_wait().unwrap());
    assert!(status.success(), "{status}");
}

#[test]
fn under_sway_the_window_takes_keys_and_closes_at_each_scale() {
    let test = "the window under Sway";
    if !has("sway") {
        return common::did_not_run(test, "Sway is missing (make test installs it)");
    }
    let Some(screen) = display(test) else { return };
    let compositor = Compositor::start(&screen, true, |folder| {
        let settings = "xwayland disable\noutput * resolution 1280x800\nbindsym F12 kill\n\
                        bindsym F10 output * scale 2\n";
        let file = folder.join("config");
        fs::write(&file, settings).unwrap();
        let mut command = common::as_nobody(Path::new("sway"));
        command.arg("-c").arg(file);
        command
            .env("WLR_BACKENDS", "x11")
            .env("WLR_RENDERER", "pixman")
            .env("WLR_LIBINPUT_NO_DEVICES", "1");
        command
    });
    let eyes = &compositor.eyes;
    for scale in [1, 2] {
        let home = tempfile::tempdir().unwrap();
        if scale == 2 {
            eyes.key(0xffc7);
        }
        let mut program = compositor.open(home.path());
        draws_and_takes_keys(eyes);
        eyes.key(KEY_F12);
        program.ends_well();
    }
}
