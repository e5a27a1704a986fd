//! What pausing costs on the window's thread: holding a picture of 80 MiB of history, and the samples after it.
//!
//! `cargo bench --no-default-features --bench pause`; `-- --short` takes far less history. At most one frame of 60 a second
//! may be late.

mod table;

use std::process::ExitCode;
use std::time::Instant;

use pathscope::history::{Bounds, History};
use pathscope::model::{Connection, Cookie, Line, Sample, Token};
use table::{Row, in_ms, ms};

const MIB: usize = 1024 * 1024;
const STEP_S: f64 = 0.25;
/// A frame, ms.
const FRAME: f64 = 1000.0 / 60.0;

/// How large everything is.
struct Size {
    /// Connections that carry, with two subflows each.
    busy: u64,
    /// Connections that do nothing.
    idle: u64,
    steps: u32,
}

const WHOLE: Size = Size {
    busy: 180,
    idle: 5000,
    steps: 5000,
};
const SHORT: Size = Size {
    busy: 10,
    idle: 50,
    steps: 300,
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
    let mut crowd = (0..size.busy + size.idle)
        .map(connection)
        .collect::<Result<Vec<_>, _>>()?;
    let busy = usize::try_from(size.busy).map_err(|error| error.to_string())?;
    let mut history = History::new(Bounds::default());
    let mut step = 0;
    let mut next = |history: &mut History| {
        let full = step == 0;
        advance(crowd.iter_mut().take(busy));
        let changed = if full { crowd.len() } else { busy };
        let sample = Line::Sample(Box::new(Sample {
            t: f64::from(step) * STEP_S,
            full,
            connections: crowd.iter().take(changed).cloned().collect(),
            ..Sample::default()
        }));
        step += 1;
        let began = Instant::now();
        history.apply(sample);
        in_ms(began.elapsed())
    };
    for _ in 0..size.steps {
        next(&mut history);
    }
    let before = (0..8).map(|_| next(&mut history)).fold(0.0, f64::max);
    println!(
        "{} MiB of history: {} connections with two subflows each, of which {} carry",
        history.bytes() / MIB,
        size.busy + size.idle,
        size.busy
    );
    let began = Instant::now();
    let copy = history.clone();
    let copying = in_ms(began.elapsed());
    drop(copy);
    let began = Instant::now();
    let picture = history.picture(48 * MIB);
    let pausing = in_ms(began.elapsed());
    let after = (0..8).map(|_| next(&mut history)).fold(0.0, f64::max);
    if picture.now() >= history.now() {
        return Err("the picture did not stand still".to_owned());
    }
    Row {
        what: "holding a picture",
        ours: ms(pausing),
        peer: "copying the history",
        theirs: ms(copying),
        figure: pausing,
        most: FRAME,
    }
    .print();
    Row {
        what: "the slowest sample after it",
        ours: ms(after),
        peer: "the slowest before",
        theirs: ms(before),
        figure: after,
        most: FRAME,
    }
    .print();
    Ok(())
}

fn connection(number: u64) -> Result<Connection, String> {
    let subflow = |which: u64| {
        serde_json::json!({
            "cookie": Cookie(1_000_000 + number * 2 + which), "local": format!("10.0.{which}.1:4000"),
            "remote": "198.51.100.7:443", "interface": if which == 0 { "wlan0" } else { "eth0" },
            "joined_by": "token", "state": "established", "bytes_acked": 0, "bytes_received": 0,
        })
    };
    let token = u32::try_from(number).map_err(|error| error.to_string())?;
    let json = serde_json::json!({
        "cookie": Cookie(number), "token": Token(token), "state": "established", "local": "10.0.0.1:4000",
        "remote": "198.51.100.7:443", "bytes_sent": 0, "bytes_acked": 0, "bytes_received": 0,
        "subflows": [subflow(0), subflow(1)],
    });
    serde_json::from_value(json).map_err(|error| error.to_string())
}

/// Each subflow delivers something.
fn advance<'a>(crowd: impl Iterator<Item = &'a mut Connection>) {
    for connection in crowd {
        for subflow in &mut connection.subflows {
            subflow.bytes_acked = subflow.bytes_acked.map(|bytes| bytes + 100_000);
        }
    }
}
