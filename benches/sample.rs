//! What one complete sample costs, against `ss -tMniH` and against the same dumps thrown away, and what `watch` holds.
//!
//! `cargo bench --no-default-features --bench sample` takes 10,000 connections with 20,000 subflows, and 100 among
//! 18,000 plain TCP sockets; `-- --short` takes far fewer. A sample is everything that the sampler thread does: read,
//! parse, join, difference to the one before, and the surroundings. CPU is that of the kernel and ours together.

mod memory;
mod peers;
mod table;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use pathscope::kernel::Namespace;
use pathscope::lab::{Crowd, CrowdOptions};
use pathscope::source::{Reader, Way};
use peers::{ThrowAway, own_cpu, ss_cpu};
use table::{Row, in_ms};

/// How large everything is.
struct Size {
    connections: usize,
    few: usize,
    plain_tcp: usize,
    rounds: usize,
    watched: Duration,
}

const WHOLE: Size = Size {
    connections: 10_000,
    few: 100,
    plain_tcp: 18_000,
    rounds: 21,
    watched: Duration::from_secs(45),
};
const SHORT: Size = Size {
    connections: 200,
    few: 10,
    plain_tcp: 1000,
    rounds: 5,
    watched: Duration::from_secs(2),
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
    dumps(size)?;
    look_ups(size)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A crowd, whose namespace the calling thread enters.
fn crowd(connections: usize, plain_tcp: usize) -> Result<Crowd, String> {
    let options = CrowdOptions {
        connections,
        plain_tcp,
        busy: connections / 10,
        program: Some(Path::new(env!("CARGO_BIN_EXE_pathscope")).to_owned()),
        ..CrowdOptions::default()
    };
    let crowd = Crowd::start(&options).map_err(text)?;
    let namespace = Namespace::open(&crowd.netns().to_string_lossy()).map_err(text)?;
    namespace.enter().map_err(text)?;
    Ok(crowd)
}

/// Nearly every socket is a subflow.
fn dumps(size: &Size) -> Result<(), String> {
    let crowd = crowd(size.connections, 0)?;
    let mut reader = Reader::new().map_err(text)?;
    let mut throw_away = ThrowAway::new().map_err(text)?;
    let first = reader.read(true).map_err(text)?;
    let subflows: usize = first.connections.iter().map(|one| one.subflows.len()).sum();
    println!(
        "{} connections, {subflows} subflows, no plain TCP",
        first.connections.len()
    );
    drop(first);
    let (mut ours, mut bare, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        bare.push(in_ms(throw_away.cpu().map_err(text)?));
        ours.push(in_ms(cpu_of(&mut reader)?));
        theirs.push(in_ms(ss_cpu()?));
    }
    let what = "a complete sample, CPU";
    Row::of_pairs(what, &ours, "ss -tMniH", &theirs, 0.25).print();
    Row::of_pairs(what, &ours, "the same dumps, thrown away", &bare, 1.35).print();
    let held = memory::of_watch(&crowd.netns(), size.watched)?;
    Row {
        what: "memory of watch --json, most ever",
        ours: format!("{:.1} MiB", held.most),
        peer: "at the end",
        theirs: format!("{:.1} MiB", held.now),
        figure: held.most,
        most: 100.0,
    }
    .print_amount();
    Ok(())
}

/// Few sockets are subflows.
fn look_ups(size: &Size) -> Result<(), String> {
    let _crowd = crowd(size.few, size.plain_tcp)?;
    let mut reader = Reader::new().map_err(text)?;
    let first = reader.read(true).map_err(text)?;
    let subflows: usize = first.connections.iter().map(|one| one.subflows.len()).sum();
    println!(
        "{} connections, {subflows} subflows, {} plain TCP",
        first.connections.len(),
        first.plain_tcp.unwrap_or_default()
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut dumps = Vec::new();
    while ours.len() < size.rounds && dumps.len() <= size.rounds {
        let cpu = in_ms(cpu_of(&mut reader)?);
        if reader.way() == Way::LookUp {
            ours.push(cpu);
            theirs.push(in_ms(ss_cpu()?));
        } else {
            dumps.push(cpu);
        }
    }
    Row::of_pairs("a steady sample, CPU", &ours, "ss -tMniH", &theirs, 0.02).print();
    Ok(())
}

/// What the next sample takes.
fn cpu_of(reader: &mut Reader) -> Result<Duration, String> {
    let began = own_cpu();
    let sample = reader.read(false).map_err(text)?;
    let cpu = own_cpu().saturating_sub(began);
    drop(sample);
    Ok(cpu)
}
