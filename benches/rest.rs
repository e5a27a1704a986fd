//! What `watch` costs where nobody looks: on a machine without a connection, and among connections that do nothing.
//!
//! `cargo bench --no-default-features --bench rest` takes 10,000 connections of which 100 carry data; `-- --short` takes far
//! fewer. CPU is that of the kernel and ours together, over all threads of the program, as shares of one core.

mod table;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pathscope::lab::{Crowd, CrowdOptions};
use table::Row;

/// How large everything is.
struct Size {
    connections: usize,
    busy: usize,
    watched: Duration,
    settles: Duration,
}

const WHOLE: Size = Size {
    connections: 10_000,
    busy: 100,
    watched: Duration::from_secs(40),
    settles: Duration::from_secs(15),
};
const SHORT: Size = Size {
    connections: 50,
    busy: 5,
    watched: Duration::from_secs(2),
    settles: Duration::from_secs(1),
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
    let idle = measure(0, 0, size)?;
    Row {
        what: "no connection, wake-ups a second",
        ours: format!("{:.2}", idle.wakes),
        peer: "",
        theirs: String::new(),
        figure: idle.wakes,
        most: 2.0,
    }
    .print();
    Row {
        what: "no connection, CPU",
        ours: percent(idle.cpu),
        peer: "",
        theirs: String::new(),
        figure: idle.cpu * 100.0,
        most: 0.1,
    }
    .print();
    let many = measure(size.connections, size.busy, size)?;
    Row {
        what: "many connections of which few carry, CPU",
        ours: percent(many.cpu),
        peer: "no connection",
        theirs: percent(idle.cpu),
        figure: many.cpu * 100.0,
        most: 6.0,
    }
    .print();
    Row {
        what: "the same, the most memory",
        ours: format!("{:.1} MiB", many.memory_mib),
        peer: "no connection",
        theirs: format!("{:.1} MiB", idle.memory_mib),
        figure: many.memory_mib,
        most: 100.0,
    }
    .print();
    Ok(())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

/// What a program took while it was watched.
struct Taken {
    /// Wake-ups a second.
    wakes: f64,
    /// The share of a core.
    cpu: f64,
    memory_mib: f64,
}

/// Watches `watch` among so many connections, some of which carry.
fn measure(connections: usize, busy: usize, size: &Size) -> Result<Taken, String> {
    let crowd = Crowd::start(&CrowdOptions {
        connections,
        busy,
        program: Some(Path::new(env!("CARGO_BIN_EXE_pathscope")).to_owned()),
        ..CrowdOptions::default()
    })
    .map_err(text)?;
    let watch = Watch::start(&crowd.netns())?;
    thread::sleep(size.settles);
    let (before, began) = (watch.spent()?, Instant::now());
    thread::sleep(size.watched);
    let (after, seconds) = (watch.spent()?, began.elapsed().as_secs_f64());
    Ok(Taken {
        wakes: (after.wakes - before.wakes) as f64 / seconds,
        cpu: (after.cpu_ns - before.cpu_ns) as f64 / 1e9 / seconds,
        memory_mib: watch.most_memory_mib()?,
    })
}

struct Spent {
    wakes: u64,
    cpu_ns: u64,
}

/// The running program. It ends with this value.
struct Watch(Child);

impl Watch {
    fn start(netns: &Path) -> Result<Self, String> {
        Command::new(env!("CARGO_BIN_EXE_pathscope"))
            .args(["watch", "--json", "--netns"])
            .arg(netns)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map(Self)
            .map_err(text)
    }

    /// What its threads took until now (Documentation/filesystems/proc.rst, Documentation/scheduler/sched-stats.rst).
    fn spent(&self) -> Result<Spent, String> {
        let mut spent = Spent { wakes: 0, cpu_ns: 0 };
        for task in fs::read_dir(format!("/proc/{}/task", self.0.id())).map_err(text)? {
            let task = task.map_err(text)?.path();
            let status = fs::read_to_string(task.join("status")).map_err(text)?;
            // Each time that it waited for something it was woken.
            spent.wakes += field(&status, "voluntary_ctxt_switches:")?;
            let stat = fs::read_to_string(task.join("schedstat")).map_err(text)?;
            let ran = stat.split_whitespace().next().unwrap_or_default();
            spent.cpu_ns += ran.parse::<u64>().map_err(text)?;
        }
        Ok(spent)
    }

    fn most_memory_mib(&self) -> Result<f64, String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).map_err(text)?;
        Ok(field(&status, "VmHWM:")? as f64 / 1024.0)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn field(status: &str, name: &str) -> Result<u64, String> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next());
    let value = value.ok_or_else(|| format!("the kernel does not tell {name}"))?;
    value.parse().map_err(text)
}
