//! What looking closely costs: at one connection, and where a link is cut that a thousand use.
//!
//! `cargo bench --no-default-features --bench burst`; `-- --short` takes far fewer. CPU is that of the kernel and ours
//! together, as shares of one core.

mod table;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::{SysconfVar, sysconf};
use pathscope::history::{Bounds, History};
use pathscope::kernel::Namespace;
use pathscope::lab::{Crowd, CrowdOptions};
use pathscope::source::{LiveSource, Options, Source as _};
use table::{Difference, Row};

/// How large everything is.
struct Size {
    connections: usize,
    watched: Duration,
    /// At least and at most so many pairs of what is busy and what is not.
    pairs: (usize, usize),
}

const WHOLE: Size = Size {
    connections: 1000,
    watched: Duration::from_secs(10),
    pairs: (3, 8),
};
const SHORT: Size = Size {
    connections: 50,
    watched: Duration::from_secs(1),
    pairs: (1, 1),
};

fn main() -> ExitCode {
    let short = std::env::args().any(|argument| argument == "--short");
    // `cargo test --benches` runs this too, without `--bench`: there is nothing to time then.
    if !short && !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    table::end(short, run(if short { &SHORT } else { &WHOLE }))
}

fn run(size: &Size) -> Result<(), String> {
    pathscope::lab::become_able().map_err(text)?;
    one(size)?;
    cut(size)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Connections of which some send ten times a second.
fn crowd(connections: usize, busy: usize) -> Result<Crowd, String> {
    Crowd::start(&CrowdOptions {
        connections,
        busy,
        program: Some(Path::new(env!("CARGO_BIN_EXE_pathscope")).to_owned()),
        ..CrowdOptions::default()
    })
    .map_err(text)
}

/// A busy connection, which is looked at closely, against one that does nothing, which is not.
fn one(size: &Size) -> Result<(), String> {
    let share = |busy: usize| -> Result<f64, String> {
        let crowd = crowd(1, busy)?;
        let namespace = Namespace::open(&crowd.netns().to_string_lossy()).map_err(text)?;
        let source = LiveSource::open(&namespace, &Options::default()).map_err(text)?;
        let mut history = History::new(Bounds::default());
        let mut spent = |time: Duration| -> Result<f64, String> {
            let (began, end) = (own_cpu()?, Instant::now() + time);
            while let Ok(line) = source.lines().recv_deadline(end) {
                history.apply(line);
            }
            Ok(own_cpu()?.saturating_sub(began).as_secs_f64() / time.as_secs_f64())
        };
        spent(Duration::from_millis(500))?;
        spent(size.watched)
    };
    let (least, most) = size.pairs;
    let looked_at = Difference::measure(least, most, || Ok((share(1)? * 100.0, share(0)? * 100.0)))?;
    let what = "looking at one connection every 40 ms, CPU";
    looked_at.print(what, "one that does nothing", "%", 2.0);
    Ok(())
}

/// `pathscope handovers` while one of the two links is cut that every connection uses.
fn cut(size: &Size) -> Result<(), String> {
    let crowd = crowd(size.connections, size.connections)?;
    let mut handovers = Handovers::start(&crowd.netns())?;
    thread::sleep(size.watched / 4);
    let before = handovers.shares(size.watched / 4)?;
    let status = Command::new("nsenter")
        .arg(format!("--net={}", crowd.netns().display()))
        .args(["ip", "link", "set", "left", "down"])
        .status()
        .map_err(text)?;
    if !status.success() {
        return Err(format!("the link could not be cut: {status}"));
    }
    let after = handovers.shares(size.watched)?;
    let mean = |shares: &[f64]| shares.iter().sum::<f64>() / shares.len().max(1) as f64;
    let worst = after.iter().copied().fold(0.0, f64::max);
    let told = handovers.told();
    println!(
        "{} connections, each of which sends ten times a second; {told} handovers told",
        size.connections
    );
    Row {
        what: "handovers, the worst second after a cut, CPU",
        ours: percent(worst),
        peer: "before the cut",
        theirs: percent(mean(&before)),
        figure: worst * 100.0,
        most: 30.0,
    }
    .print();
    Ok(())
}

/// The running program, and how many lines it has printed.
struct Handovers(Child, Arc<AtomicUsize>);

impl Handovers {
    fn start(netns: &Path) -> Result<Self, String> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pathscope"))
            .args(["handovers", "--json", "--netns"])
            .arg(netns)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(text)?;
        let lines: Arc<AtomicUsize> = Arc::default();
        if let Some(output) = child.stdout.take() {
            let lines = Arc::clone(&lines);
            thread::spawn(move || {
                for _ in BufReader::new(output).lines().map_while(Result::ok) {
                    lines.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Ok(Self(child, lines))
    }

    /// How many handovers it has told.
    fn told(&self) -> usize {
        self.1.load(Ordering::Relaxed)
    }

    /// Of each second, or what there is of one, the share that it took of a core.
    fn shares(&mut self, time: Duration) -> Result<Vec<f64>, String> {
        let end = Instant::now() + time;
        let mut shares = Vec::new();
        let (mut at, mut used) = (Instant::now(), self.cpu()?);
        while at < end {
            thread::sleep(end.saturating_duration_since(at).min(Duration::from_secs(1)));
            let (now, more) = (Instant::now(), self.cpu()?);
            shares.push((more - used) / now.duration_since(at).as_secs_f64());
            (at, used) = (now, more);
        }
        Ok(shares)
    }

    /// User and system time so far, seconds.
    fn cpu(&mut self) -> Result<f64, String> {
        if let Some(status) = self.0.try_wait().map_err(text)? {
            return Err(format!("handovers ended with {status}"));
        }
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).map_err(text)?;
        // utime and stime, counted from the end of the name, which may hold anything.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: f64 = fields
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        let per_second = sysconf(SysconfVar::CLK_TCK).map_err(text)?.unwrap_or(100);
        Ok(ticks / per_second as f64)
    }
}

impl Drop for Handovers {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn own_cpu() -> Result<Duration, String> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(text)?;
    let duration = |time: TimeVal| {
        Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or_default())
    };
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
