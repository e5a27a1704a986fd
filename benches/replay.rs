//! How soon a recording of a day with 100 connections is there, and any moment of it, and what memory that takes.
//!
//! `cargo bench --no-default-features --bench replay`; `-- --short` takes an hour. Most of the time a few of the connections
//! carry data; for some minutes all do, and that is where the hardest moments are sought.

mod table;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use pathscope::model::{Access, Connection, Cookie, Header, Line, Sample, Token};
use pathscope::recording::Writer;
use pathscope::source::{Control, ReplaySource, Source as _, Transport as _};
use table::{Row, in_ms, median, ms};

const CONNECTIONS: u32 = 100;
/// So many of them carry data as a rule.
const FEW: usize = 3;
/// From one sample to the next, seconds.
const STEP_S: f64 = 0.25;
/// A full sample each so many.
const FULL: u32 = 120;
/// How long all carry data at a time, seconds.
const BUSY_S: f64 = 60.0;
/// How often, in the whole.
const BUSY_TIMES: u32 = 4;
/// What opening, and going somewhere, may take, ms; and memory, MiB.
const OPEN_MS: f64 = 1000.0;
const SEEK_MS: f64 = 100.0;
const MEMORY_MIB: f64 = 300.0;
/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);

fn main() -> ExitCode {
    let short = std::env::args().any(|argument| argument == "--short");
    // `cargo test --benches` runs this too, without `--bench`: there is nothing to time then.
    if !short && !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    table::end(short, run(if short { 1.0 } else { 24.0 }))
}

fn run(hours: f64) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("day.pathscope");
    let length_s = hours * 3600.0;
    let began = Instant::now();
    make(&path, length_s)?;
    let size = std::fs::metadata(&path).map_err(|error| error.to_string())?.len();
    println!(
        "{hours} h with {CONNECTIONS} connections: {:.1} MB, made in {:.0} s",
        size as f64 / 1e6,
        began.elapsed().as_secs_f64()
    );
    let before = memory("VmRSS")?;
    let began = Instant::now();
    let source = ReplaySource::open(&path).map_err(|error| error.to_string())?;
    restored(&source)?;
    let open = in_ms(began.elapsed());
    let mut seeks = Vec::new();
    let mut hardest: f64 = 0.0;
    for number in 0..12_u32 {
        let busy = busy_from(number % BUSY_TIMES, length_s);
        // The last moment before a full sample is the furthest from one.
        let t = match number % 3 {
            0 => busy + 29.9,
            1 => busy + 59.9,
            _ => length_s * f64::from(number) / 13.0,
        };
        let began = Instant::now();
        source.control(Control::Seek(t));
        restored(&source)?;
        let took = in_ms(began.elapsed());
        seeks.push(took);
        hardest = hardest.max(took);
    }
    let began = Instant::now();
    while !source.playback().is_settled {
        take(&source);
        if began.elapsed() > LIMIT {
            return Err("what was before is not read".to_owned());
        }
    }
    println!(
        "the five minutes before were there {:.0} ms later",
        in_ms(began.elapsed())
    );
    let row = |what, figure: f64, most| Row {
        what,
        ours: ms(figure),
        peer: "",
        theirs: String::new(),
        figure,
        most,
    };
    row("opening the recording", open, OPEN_MS).print();
    row("going to a moment, median", median(&seeks), SEEK_MS).print();
    row("going to a moment, the slowest of 12", hardest, SEEK_MS).print();
    let held = memory("VmHWM")?;
    Row {
        what: "memory, making the recording included",
        ours: format!("{held:.0} MiB"),
        peer: "before it was opened",
        theirs: format!("{before:.0} MiB"),
        figure: held,
        most: MEMORY_MIB,
    }
    .print_amount();
    Ok(())
}

/// Waits until it is somewhere.
fn restored(source: &ReplaySource) -> Result<(), String> {
    let began = Instant::now();
    while source.restored().is_none() {
        take(source);
        if began.elapsed() > LIMIT {
            return Err("it did not get there".to_owned());
        }
    }
    Ok(())
}

fn take(source: &ReplaySource) {
    let _ = source.lines().recv_timeout(Duration::from_millis(1));
}

/// What the process holds, or held at most, MiB.
fn memory(name: &str) -> Result<f64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kb = line.and_then(|line| {
        line.trim_start_matches(':')
            .split_whitespace()
            .next()?
            .parse::<f64>()
            .ok()
    });
    kb.map(|kb| kb / 1024.0)
        .ok_or_else(|| "the kernel does not say".to_owned())
}

/// When all carry data, seconds; a whole number of full samples from the beginning.
fn busy_from(number: u32, length_s: f64) -> f64 {
    let at = length_s * f64::from(number + 1) / f64::from(BUSY_TIMES + 1);
    (at / 30.0).floor() * 30.0
}

fn make(path: &Path, length_s: f64) -> Result<(), String> {
    let text = str::to_owned;
    let header = Header::new(
        text("2026-01-01T00:00:00.000Z"),
        text("host"),
        text("6.18"),
        Access::default(),
        250,
    );
    let failed = |error: std::io::Error| error.to_string();
    let file = BufWriter::new(File::create(path).map_err(failed)?);
    let mut writer = Writer::new(file, &header).map_err(failed)?;
    let mut crowd = (0..CONNECTIONS).map(connection).collect::<Result<Vec<_>, _>>()?;
    let mut number = 0;
    loop {
        let t = f64::from(number) * STEP_S;
        if t >= length_s {
            break;
        }
        let full = number % FULL == 0;
        let is_busy = (0..BUSY_TIMES).any(|one| {
            let from = busy_from(one, length_s);
            (from..from + BUSY_S).contains(&t)
        });
        let moving = if is_busy { crowd.len() } else { FEW };
        advance(crowd.iter_mut().take(moving));
        let shown = if full { crowd.len() } else { moving };
        let sample = Sample {
            t,
            full,
            connections: crowd.iter().take(shown).cloned().collect(),
            ..Sample::default()
        };
        // Where little happens a sample each second is enough to make a day of it in a minute.
        if full || is_busy || number % 4 == 0 {
            writer
                .take_line(&Line::Sample(Box::new(sample)))
                .map_err(failed)?;
        }
        number += 1;
    }
    writer.end_frame().map_err(failed)
}

fn connection(number: u32) -> Result<Connection, String> {
    let subflow = |which: u32| {
        serde_json::json!({
            "cookie": Cookie(u64::from(1_000_000 + number * 2 + which)), "local": format!("10.0.{which}.1:{}", 4000 + number),
            "remote": "198.51.100.7:443", "interface": if which == 0 { "wlan0" } else { "eth0" },
            "joined_by": "token", "state": "established", "initial": which == 0, "local_id": which, "remote_id": 0,
            "backup_local": false, "backup_remote": false, "rtt_us": 20_000 + number, "rtt_var_us": 9, "min_rtt_us": 3,
            "cwnd": 168, "ssthresh": 138, "mss": 1448, "bytes_sent": 0, "bytes_acked": 0, "bytes_received": 0,
            "bytes_retrans": 0, "retrans": 0, "retrans_total": 0, "lost": 0, "unacked": 0, "delivery_rate_bps": 27_801_600_u64,
            "pacing_rate_bps": 43_005_600_u64, "snd_wnd": 204_800, "rto_us": 204_000, "backoff": 0, "last_data_sent_ms": 4,
            "last_data_received_ms": 2928, "last_ack_received_ms": 4,
        })
    };
    let json = serde_json::json!({
        "cookie": Cookie(u64::from(number)), "token": Token(number), "inode": number, "uid": 1000,
        "process": {"pid": number, "name": "ssh"}, "state": "established", "local": format!("10.0.0.1:{}", 4000 + number),
        "remote": "198.51.100.7:443", "server_side": false, "fallback": false, "extra_subflows": 1,
        "bytes_sent": 0, "bytes_acked": 0, "bytes_received": 0, "subflows": [subflow(0), subflow(1)],
    });
    serde_json::from_value(json).map_err(|error| error.to_string())
}

/// Each subflow delivers something.
fn advance<'a>(crowd: impl Iterator<Item = &'a mut Connection>) {
    for connection in crowd {
        for subflow in &mut connection.subflows {
            let more = 100_000 + fastrand::u64(..50_000);
            subflow.bytes_acked = subflow.bytes_acked.map(|bytes| bytes + more);
            subflow.bytes_sent = subflow.bytes_acked;
            subflow.rtt_us = Some(20_000 + fastrand::u32(..5000));
            subflow.cwnd = Some(100 + fastrand::u32(..100));
        }
        connection.bytes_sent = connection.bytes_sent.map(|bytes| bytes + 250_000);
        connection.bytes_acked = connection.bytes_sent;
    }
}
