//! The real window under Xvfb against an empty eframe window, in turn, in one run: first frame, memory, frames that
//! nobody needs, and from a kernel event to the frame that shows it.
//!
//! `cargo bench --bench window` takes some minutes; `-- --short` takes fewer rounds. What the window shows is watched
//! from outside, as the X server sees it: the program itself does nothing for it. The peer is this program again.

#[path = "../tests/stage/mod.rs"]
mod stage;
mod table;

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pathscope::kernel::Namespace;
use pathscope::lab::{Crowd, CrowdOptions};
use table::{Row, in_ms, median, ms, paired, percentile};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageFormat, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

type Result<T> = std::result::Result<T, String>;

/// How long anything may take before something is wrong.
const LIMIT: Duration = Duration::from_secs(30);
/// The key of the digit 3, which opens the Events panel.
const KEY_3: u8 = 12;

fn main() -> ExitCode {
    let has = |word: &str| std::env::args().any(|argument| argument == word);
    let short = has("--short");
    let done = if has("--empty") {
        empty()
    } else if has("--frozen") {
        frozen()
    } else if short || has("--bench") {
        run(short)
    } else {
        // `cargo test --benches` runs this too, without `--bench`: there is nothing to time then.
        Ok(())
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("the benchmark could not run: {why}");
            // Where there are no namespaces or no display that is news, not a failure, unless everything has to run.
            if std::env::var_os("CI").is_some() || !short {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            }
        }
    }
}

fn run(short: bool) -> Result<()> {
    pathscope::lab::become_able().map_err(text)?;
    let display = Display::start()?;
    let pick = |long: u64, brief: u64| if short { brief } else { long };
    first_frames(&display, pick(15, 3))?;
    memory(&display, Duration::from_secs(pick(25, 6)))?;
    frames_for_nothing(&display, Duration::from_secs(pick(10, 3)))?;
    events(&display, pick(100, 10))
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn text(error: impl ToString) -> String {
    error.to_string()
}

// What is started.

/// The peer: a window with nothing in it.
fn empty() -> Result<()> {
    struct Empty;

    impl eframe::App for Empty {
        fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
            egui::CentralPanel::default().show(ui, |_| {});
        }
    }

    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_app_id("empty")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([800.0, 500.0]),
        ..eframe::NativeOptions::default()
    };
    eframe::run_native("Empty", options, Box::new(|_| Ok(Box::new(Empty)))).map_err(text)
}

/// Our window on a stream that says nothing more.
fn frozen() -> Result<()> {
    pathscope::ui::run(pathscope::ui::Setup {
        source: Box::new(stage::Scripted::played(stage::full_access())),
        lab: None,
        title: "Frozen".to_owned(),
        screenshot: None,
        seconds: None,
        theme: None,
    })
}

fn itself(mode: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().map_err(text)?);
    command.arg(mode);
    Ok(command)
}

fn pathscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pathscope"));
    command.args(arguments);
    command
}

// What is measured.

fn first_frames(display: &Display, rounds: u64) -> Result<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let our = display.open(pathscope(&[]))?.first_frame;
        let their = display.open(itself("--empty")?)?.first_frame;
        // The first of each reads its files from the disk.
        if round > 0 {
            ours.push(in_ms(our));
            theirs.push(in_ms(their));
        }
    }
    Row {
        what: "first frame since the process was started",
        ours: ms(median(&ours)),
        peer: "empty eframe window",
        theirs: ms(median(&theirs)),
        figure: paired(&ours, &theirs),
        most: 1.5,
    }
    .print();
    Ok(())
}

fn memory(display: &Display, open: Duration) -> Result<()> {
    let demo = display.open(pathscope(&["demo"]))?;
    let empty = display.open(itself("--empty")?)?;
    std::thread::sleep(open);
    let (ours, theirs) = (demo.resident_mib()?, empty.resident_mib()?);
    Row {
        what: "resident memory in the demo, MiB more",
        ours: format!("{ours:.1} MiB"),
        peer: "empty eframe window",
        theirs: format!("{theirs:.1} MiB"),
        figure: ours - theirs,
        most: 40.0,
    }
    .print();
    Ok(())
}

fn frames_for_nothing(display: &Display, watched: Duration) -> Result<()> {
    let settle = Duration::from_secs(3);
    let count = |shown: &Shown| {
        shown.frames_within(settle);
        shown.frames_within(watched)
    };
    let row = |what, frames: usize, most| {
        Row {
            what,
            ours: format!("{frames}"),
            peer: "",
            theirs: String::new(),
            figure: frames as f64,
            most,
        }
        .print();
    };
    let what = format!("frames in {} s on a frozen source", watched.as_secs());
    row(&what, count(&display.open(itself("--frozen")?)?), 0.0);
    let crowd = crowd()?;
    let netns = crowd.netns();
    let shown = display.open(pathscope(&["--netns", &netns.to_string_lossy()]))?;
    println!(
        "frames in {} s on a live source with idle connections: {}",
        watched.as_secs(),
        count(&shown)
    );
    Ok(())
}

fn crowd() -> Result<Crowd> {
    let options = CrowdOptions {
        connections: 20,
        program: Some(Path::new(env!("CARGO_BIN_EXE_pathscope")).to_owned()),
        ..CrowdOptions::default()
    };
    Crowd::start(&options).map_err(text)
}

fn events(display: &Display, rounds: u64) -> Result<()> {
    let crowd = crowd()?;
    let netns = crowd.netns().to_string_lossy().into_owned();
    let shown = display.open(pathscope(&["--netns", &netns]))?;
    let mut ip = Ip::start(&netns)?;
    shown.frames_within(Duration::from_secs(2));
    shown.press(KEY_3)?;
    shown.frames_within(Duration::from_secs(1));
    let mut times = Vec::new();
    for round in 0..rounds {
        // Not in step with the sampler.
        shown.frames_within(Duration::from_millis(150 + round * 53 % 250));
        let before = shown.picture()?;
        let began = Instant::now();
        ip.run(&format!("address add 10.77.0.{}/32 dev lo", round + 1))?;
        times.push(in_ms(shown.changed(before)?.saturating_duration_since(began)));
    }
    let slowest = percentile(&times, 99);
    Row {
        what: "from a kernel event to its frame, 99 of 100",
        ours: ms(slowest),
        peer: "50 ms",
        theirs: String::new(),
        figure: slowest,
        most: 50.0,
    }
    .print();
    println!(
        "median {}, slowest {}",
        ms(median(&times)),
        ms(percentile(&times, 100))
    );
    Ok(())
}

/// `ip`, waiting in a namespace for what it is told.
struct Ip {
    child: Child,
    orders: ChildStdin,
}

impl Ip {
    fn start(netns: &str) -> Result<Self> {
        let namespace = Namespace::open(netns).map_err(text)?;
        let start = move || {
            namespace.enter().map_err(text)?;
            let mut ip = Command::new("ip");
            ip.args(["-batch", "-"])
                .stdin(Stdio::piped())
                .spawn()
                .map_err(text)
        };
        // The thread that enters the namespace does not come out of it.
        let mut child = std::thread::spawn(start).join().map_err(|_| "a thread died")??;
        let orders = child.stdin.take().ok_or("ip has no input")?;
        Ok(Self { child, orders })
    }

    fn run(&mut self, order: &str) -> Result<()> {
        self.orders
            .write_all(format!("{order}\n").as_bytes())
            .map_err(text)
    }
}

impl Drop for Ip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// What the X server sees.

/// A virtual display.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Result<Self> {
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
    fn open(&self, mut command: Command) -> Result<Shown> {
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
struct Shown {
    child: Child,
    x: Arc<RustConnection>,
    seen: Receiver<(Instant, Event)>,
    window: Window,
    damage: u32,
    first_frame: Duration,
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
    fn frames_within(&self, time: Duration) -> usize {
        let until = Instant::now() + time;
        std::iter::from_fn(|| self.painted(until)).count()
    }

    /// When the window was first painted so that it looks different.
    fn changed(&self, before: u64) -> Result<Instant> {
        let until = Instant::now() + LIMIT;
        loop {
            let at = self.painted(until).ok_or("the window did not show the event")?;
            if self.picture()? != before {
                return Ok(at);
            }
        }
    }

    /// What the window looks like, as a number. Its status line, where figures change by themselves, is left out.
    fn picture(&self) -> Result<u64> {
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

    fn press(&self, key: u8) -> Result<()> {
        let x = &self.x;
        x.set_input_focus(InputFocus::PARENT, self.window, x11rb::CURRENT_TIME)
            .map_err(text)?;
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            x.xtest_fake_input(kind, key, 0, x11rb::NONE, 0, 0, 0)
                .map_err(text)?;
        }
        x.flush().map_err(text)
    }

    fn resident_mib(&self) -> Result<f64> {
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
