//! The real window under Xvfb against an empty eframe window, in turn, in one run: first frame, memory, frames that
//! nobody needs, and from a kernel event to the frame that shows it.
//!
//! `cargo bench --bench window` takes some minutes; `-- --short` takes fewer rounds. What the window shows is watched
//! from outside, as the X server sees it: the program itself does nothing for it. The peer is this program again.

mod screen;
#[path = "../tests/stage/mod.rs"]
mod stage;
mod table;

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use pathscope::kernel::Namespace;
use pathscope::lab::{Crowd, CrowdOptions};
use screen::{Display, Shown};
use table::{Difference, Row, in_ms, median, ms, percentile};

type Result<T> = std::result::Result<T, String>;

/// The key of the digit 4, which opens the Events panel.
const KEY_4: u8 = 13;

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
    table::end(short, done)
}

fn run(short: bool) -> Result<()> {
    pathscope::lab::become_able().map_err(text)?;
    let display = Display::start()?;
    let pick = |long: u64, brief: u64| if short { brief } else { long };
    first_frames(&display, pick(15, 3))?;
    memory(
        &display,
        Duration::from_secs(pick(25, 6)),
        if short { (1, 1) } else { (2, 5) },
    )?;
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
        settings: None,
        demo: None,
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
    let what = "first frame since the process was started";
    Row::of_pairs(what, &ours, "empty eframe window", &theirs, 1.5).print();
    Ok(())
}

fn memory(display: &Display, open: Duration, (least, most): (usize, usize)) -> Result<()> {
    let more = Difference::measure(least, most, || {
        let demo = display.open(pathscope(&["demo"]))?;
        let empty = display.open(itself("--empty")?)?;
        std::thread::sleep(open);
        Ok((demo.resident_mib()?, empty.resident_mib()?))
    })?;
    more.print_amount(
        "resident memory in the demo, MiB more",
        "empty eframe window",
        "MiB",
        40.0,
    );
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
        .print_amount();
    };
    let what = format!("frames in {} s on a frozen source", watched.as_secs());
    row(&what, count(&display.open(itself("--frozen")?)?), 0.0);
    let moving = count(&display.open(pathscope(&["demo"]))?) as f64 / watched.as_secs_f64();
    Row {
        what: "frames a second while dots move and samples come",
        ours: format!("{moving:.1}"),
        peer: "30 for the dots, 4 for the samples",
        theirs: String::new(),
        figure: moving,
        most: 36.0,
    }
    .print_amount();
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
    shown.press(KEY_4)?;
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
