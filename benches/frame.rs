//! CPU of one frame without rasterising (layout and tessellation, with the accessibility tree), on a made-up stream:
//! 1,000 connections in the list, one of them selected, with 8 subflows, in four plots.
//!
//! `cargo bench --bench frame` prints 30 minutes at 4 Hz against one minute; `-- --short` takes fewer frames of a
//! shorter history. Before each frame a new sample arrives: nothing is painted otherwise.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "small, made-up numbers"
)]

#[path = "../tests/stage/mod.rs"]
mod stage;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use crossbeam_channel::Sender;
use egui::{Context, Event, Pos2, RawInput, Rect, Vec2, pos2, vec2};
use nix::time::{ClockId, clock_gettime};
use pathscope::model::{Connection, Line, Sample, SocketAddr};
use pathscope::ui::{App, Setup, Theme};
use stage::Scripted;
use table::{Row, in_ms, median, ms, percentile};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 1000;
/// How many of them change in a sample.
const BUSY: usize = 100;
const SUBFLOWS: u64 = 8;
const STEP_S: f64 = 0.25;
const SIZE: Vec2 = vec2(1440.0, 900.0);
const DEVICES: [&str; 3] = ["wlp0s20f3", "enx2800af081bee", "wwan0"];

fn main() -> ExitCode {
    let has = |word: &str| std::env::args().any(|argument| argument == word);
    let short = has("--short");
    // `cargo test --benches` runs this too, without `--bench`: there is nothing to time then.
    if !short && !has("--bench") {
        return ExitCode::SUCCESS;
    }
    let (steps, frames) = if short { (1200, 40) } else { (7200, 400) };
    table::end(short, run(steps, frames))
}

fn run(steps: usize, frames: usize) -> Result<(), String> {
    println!("first frame of a window: {}", ms(in_ms(first_frame())));
    let mut long = Window::open(steps)?;
    let mut short = Window::open(240)?;
    println!(
        "{CONNECTIONS} connections, {BUSY} change in a sample; one selected with {SUBFLOWS} subflows; {frames} frames of \
         {:.0} minutes and of one",
        steps as f64 * STEP_S / 60.0
    );
    let mut of_long = Vec::with_capacity(frames);
    let mut of_short = Vec::with_capacity(frames);
    let mut of_pointer = Vec::with_capacity(frames);
    let mut parts: [Vec<f64>; 3] = Default::default();
    for frame in 0..frames {
        of_long.push(in_ms(long.sample()?));
        for (times, part) in parts.iter_mut().zip(long.parts) {
            times.push(in_ms(part));
        }
        of_short.push(in_ms(short.sample()?));
        of_pointer.push(in_ms(long.pointer(frame)));
    }
    let [nineteen, peer, pointer] =
        [&of_long, &of_short, &of_pointer].map(|times: &Vec<f64>| percentile(times, 95));
    let row = |what, figure, peer, theirs: Option<f64>, ours: f64, most| {
        let theirs = theirs.map_or_else(String::new, ms);
        Row {
            what,
            ours: ms(ours),
            peer,
            theirs,
            figure,
            most,
        }
        .print();
    };
    row(
        "frame after a sample, 95th percentile",
        nineteen,
        "4 ms",
        None,
        nineteen,
        4.0,
    );
    row(
        "the same against one minute of history",
        nineteen / peer,
        "one minute, 95th percentile",
        Some(peer),
        nineteen,
        1.3,
    );
    row(
        "frame by the pointer alone, 95th percentile",
        pointer,
        "4 ms",
        None,
        pointer,
        4.0,
    );
    println!(
        "medians: {} after a sample, {} with one minute, {} by the pointer",
        ms(median(&of_long)),
        ms(median(&of_short)),
        ms(median(&of_pointer))
    );
    let [read, laid_out, tessellated] = parts.map(|times| ms(median(&times)));
    println!("of it {read} to read the sample, {laid_out} to lay out, {tessellated} to tessellate");
    Ok(())
}

/// CPU of a window's first frame, its fonts included.
fn first_frame() -> Duration {
    let began = own_cpu();
    let source = Scripted::new(stage::full_access());
    let lines = source.sender.clone();
    Window::new(source, lines).frame(Vec::new());
    own_cpu().saturating_sub(began)
}

/// The window without a display.
struct Window {
    ctx: Context,
    app: App,
    lines: Sender<Line>,
    crowd: Crowd,
    time_s: f64,
    /// What the newest frame took: to read the sample, to lay out, to tessellate.
    parts: [Duration; 3],
}

impl Window {
    fn new(source: Scripted, lines: Sender<Line>) -> Self {
        let ctx = Context::default();
        ctx.enable_accesskit();
        let setup = Setup {
            source: Box::new(source),
            lab: None,
            title: "This machine".to_owned(),
            screenshot: None,
            seconds: None,
            theme: Some(Theme::Dark),
            settings: None,
            demo: None,
        };
        Self {
            app: App::new(&ctx, setup),
            ctx,
            lines,
            crowd: Crowd::new(),
            time_s: 0.0,
            parts: [Duration::ZERO; 3],
        }
    }

    /// With so many samples behind it, and as long a stretch of them in the plots.
    fn open(steps: usize) -> Result<Self, String> {
        let source = Scripted::new(stage::full_access());
        let lines = source.sender.clone();
        let mut window = Self::new(source, lines);
        for _ in 0..steps {
            window.send()?;
            if window.crowd.step.is_multiple_of(256) {
                window.frame(Vec::new());
            }
        }
        // As many frames as it takes to read the rest and to settle.
        for _ in 0..8 {
            window.frame(Vec::new());
        }
        window.choose_span(steps);
        for _ in 0..8 {
            window.sample()?;
        }
        Ok(window)
    }

    /// Zooms out until as much is shown as there is.
    fn choose_span(&mut self, steps: usize) {
        let minutes = steps as f64 * STEP_S / 60.0;
        let presses = if minutes > 1.0 {
            (minutes.ln() / 1.5_f64.ln()).ceil() as usize
        } else {
            0
        };
        for _ in 0..presses {
            self.frame(vec![key(true)]);
            self.frame(vec![key(false)]);
        }
    }

    fn send(&mut self) -> Result<(), String> {
        let line = Line::Sample(Box::new(self.crowd.next()));
        self.lines.send(line).map_err(|error| error.to_string())
    }

    /// A frame with a new sample in it.
    fn sample(&mut self) -> Result<Duration, String> {
        self.send()?;
        Ok(self.frame(Vec::new()))
    }

    /// A frame because the pointer moved over the plots.
    fn pointer(&mut self, frame: usize) -> Duration {
        let along = (frame % 400) as f32;
        self.frame(vec![Event::PointerMoved(pos2(
            500.0 + along,
            300.0 + along / 8.0,
        ))])
    }

    fn frame(&mut self, events: Vec<Event>) -> Duration {
        self.time_s += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(self.time_s),
            focused: true,
            events,
            ..RawInput::default()
        };
        let app = &mut self.app;
        let began = own_cpu();
        app.logic(&self.ctx);
        let read = own_cpu();
        let mut output = self.ctx.run_ui(input, |ui| app.ui(ui));
        let laid_out = own_cpu();
        let shapes = std::mem::take(&mut output.shapes);
        let primitives = self.ctx.tessellate(shapes, output.pixels_per_point);
        let ended = own_cpu();
        std::hint::black_box(primitives);
        output.textures_delta.clear();
        self.parts = [
            read.saturating_sub(began),
            laid_out.saturating_sub(read),
            ended.saturating_sub(laid_out),
        ];
        ended.saturating_sub(began)
    }
}

fn key(pressed: bool) -> Event {
    Event::Key {
        key: egui::Key::Minus,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: egui::Modifiers::NONE,
    }
}

fn own_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}

/// The connections, and what is counted on them.
struct Crowd {
    connections: Vec<Connection>,
    step: u32,
}

impl Crowd {
    fn new() -> Self {
        let connections = (1..=CONNECTIONS as u64).map(|cookie| {
            let app = format!("app-{:02}", cookie % 40);
            let mut connection = stage::connection(cookie, &app, 1000 + cookie as u32 % 40, "192.0.2.1:443");
            let first = cookie == 1;
            connection.remote =
                SocketAddr::from(([198, 51, (cookie / 250) as u8, (cookie % 250) as u8], 443));
            let subflows = if first { SUBFLOWS } else { 2 };
            connection.subflows = (0..subflows)
                .map(|number| {
                    let device = DEVICES[number as usize % DEVICES.len()];
                    let mut subflow =
                        stage::subflow(cookie * 10 + number, device, "0.0.0.0:0", "192.0.2.1:443");
                    subflow.local = SocketAddr::from(([192, 168, number as u8, 2], 10_000 + cookie as u16));
                    subflow.remote = connection.remote;
                    subflow.into()
                })
                .collect();
            connection
        });
        Self {
            connections: connections.collect(),
            step: 0,
        }
    }

    /// The next sample: the first connection and a tenth of the others moved.
    fn next(&mut self) -> Sample {
        let t = f64::from(self.step) * STEP_S;
        let full = self.step == 0;
        let mut random = fastrand::Rng::with_seed(u64::from(self.step));
        let busy = CONNECTIONS / BUSY;
        for (number, connection) in self.connections.iter_mut().enumerate() {
            if number % busy != 0 {
                continue;
            }
            for subflow in &mut connection.subflows {
                // The first is the busiest, and so the one that is selected.
                let bytes = random.u64(10_000..400_000) * if number == 0 { 100 } else { 1 };
                subflow.bytes_acked = subflow.bytes_acked.map(|acked| acked + bytes);
                subflow.rtt_us = Some(random.u32(10_000..60_000));
                subflow.cwnd = Some(random.u32(10..200));
                subflow.retrans_total = subflow.retrans_total.map(|total| total + random.u32(0..40) / 39);
            }
            connection.bytes_sent = Some(u64::from(self.step) * 1_000_000);
        }
        let changed = self.connections.iter().enumerate();
        let changed = changed.filter(|(number, _)| full || number % busy == 0);
        let connections = changed.map(|(_, connection)| connection.clone()).collect();
        self.step += 1;
        if full {
            Sample {
                connections,
                ..stage::quiet(t)
            }
        } else {
            Sample {
                t,
                connections,
                cost_us: Some(900),
                ..Sample::default()
            }
        }
    }
}
