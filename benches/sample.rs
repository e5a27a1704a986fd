//! CPU of one complete sample against `ss -tMniH`, in turn, in one run: prints the table and the ratio.
//!
//! `cargo bench --bench sample` takes 10,000 connections with 20,000 subflows; `-- --short` takes 200. A sample is
//! everything that the sampler thread does: dump, parse, join, difference to the one before, and the surroundings.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::time::{ClockId, clock_gettime};
use pathscope::kernel::Namespace;
use pathscope::lab::{Crowd, CrowdOptions};
use pathscope::source::Reader;

fn main() -> ExitCode {
    let short = std::env::args().any(|argument| argument == "--short");
    // `cargo test --benches` runs this too, without `--bench`: there is nothing to time then.
    if !short && !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match run(if short { 200 } else { 10_000 }, if short { 5 } else { 15 }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("the benchmark could not run: {why}");
            // Where namespaces are forbidden that is news, not a failure, unless everything has to run.
            if std::env::var_os("CI").is_some() || !short {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            }
        }
    }
}

fn run(connections: usize, rounds: usize) -> Result<(), String> {
    pathscope::lab::become_able().map_err(|error| error.to_string())?;
    let options = CrowdOptions {
        connections,
        busy: connections / 10,
        program: Some(Path::new(env!("CARGO_BIN_EXE_pathscope")).to_owned()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).map_err(|error| error.to_string())?;
    let namespace = Namespace::open(&crowd.netns().to_string_lossy()).map_err(|error| error.to_string())?;
    namespace.enter().map_err(|error| error.to_string())?;

    let mut reader = Reader::new().map_err(|error| error.to_string())?;
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut held = (0, 0);
    for round in 0..=rounds {
        let began = own_cpu();
        let sample = reader.read(round == 0).map_err(|error| error.to_string())?;
        let cpu = own_cpu().saturating_sub(began);
        let ss = ss_cpu()?;
        if round == 0 {
            let subflows: usize = sample
                .connections
                .iter()
                .map(|connection| connection.subflows.len())
                .sum();
            held = (sample.connections.len(), subflows);
        } else {
            ours.push(cpu);
            theirs.push(ss);
        }
    }
    println!(
        "{} connections, {} subflows; CPU of one reading, median of {rounds}",
        held.0, held.1
    );
    let mut ratios: Vec<f64> = ours
        .iter()
        .zip(&theirs)
        .map(|(a, b)| a.as_secs_f64() / b.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "  pathscope, one sample   {:>9.2} ms",
        median(&mut ours).as_secs_f64() * 1e3
    );
    println!(
        "  ss -tMniH               {:>9.2} ms",
        median(&mut theirs).as_secs_f64() * 1e3
    );
    println!(
        "  ratio, pair by pair     {:>9.3}",
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    );
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn own_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}

/// User and system time of one run of ss, as its parent is told when it is reaped.
fn ss_cpu() -> Result<Duration, String> {
    let used = || -> Result<Duration, String> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|errno| errno.to_string())?;
        let duration = |time: TimeVal| {
            let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
            Duration::from_secs(seconds)
                + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap_or_default())
        };
        Ok(duration(usage.user_time()) + duration(usage.system_time()))
    };
    let before = used()?;
    let mut ss = Command::new("ss");
    let status = ss
        .arg("-tMniH")
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("ss: {error}"))?;
    if !status.success() {
        return Err(format!("ss ended with {status}"));
    }
    Ok(used()?.saturating_sub(before))
}
