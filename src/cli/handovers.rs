//! `handovers`: each handover as it ends.

use std::time::Instant;

use crossbeam_channel::{at, never, select};
use serde::Serialize;

use super::args::HandoversArguments;
use super::{Failure, Output};
use crate::history::handover::{Cause, Handover};
use crate::history::{Bounds, History};
use crate::model::Token;
use crate::source::Source;
use crate::words::handover::sentence;
use crate::words::path::device_name;

/// A handover in the public schema.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    t: f64,
    token: Option<Token>,
    cause: Cause,
    from: Option<&'a str>,
    to: Option<&'a str>,
    interruption_ms: Option<u64>,
    uncertainty_ms: Option<u64>,
    recovery_ms: Option<u64>,
    survived: Option<bool>,
    ongoing: bool,
    sentence: String,
}

/// Prints the handovers of a source until it ends, or until `arguments` say: by the clock where it is live, by the
/// stream's own time where it is played.
///
/// # Errors
/// Why the source ended, or why a line could not be written.
pub fn print_handovers(
    source: &dyn Source,
    arguments: &HandoversArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_played = arguments.from.is_some();
    let end = arguments.seconds.map(|seconds| Instant::now() + seconds);
    let timeout = end.filter(|_| !is_played).map_or_else(never, at);
    let last_s = arguments.seconds.filter(|_| is_played);
    let is_after = |t: f64| last_s.is_some_and(|last| t > last.as_secs_f64());
    // Only the state and the handovers are needed.
    let mut history = History::new(Bounds {
        span_s: 1.0,
        events: 1,
        ended_s: 1.0,
        ..Bounds::default()
    });
    loop {
        let line = select! {
            recv(source.lines()) -> line => line,
            recv(timeout) -> _ => return Ok(output.flush()?),
        };
        let Ok(line) = line else { break };
        if is_after(line.t()) {
            return Ok(output.flush()?);
        }
        history.apply(line);
        let found = history.take_handovers();
        for handover in &found {
            print(handover, &history, arguments.json, output)?;
        }
        if !found.is_empty() {
            output.flush()?;
        }
    }
    output.flush()?;
    match (source.failure(), &arguments.from) {
        (Some(why), Some(file)) => Err(Failure::failed(format!("{}: {why}", file.display()))),
        (None, Some(_)) => Ok(()),
        (why, None) => Err(Failure::failed(
            why.unwrap_or_else(|| "the source has ended".to_owned()),
        )),
    }
}

fn print(handover: &Handover, history: &History, json: bool, output: &mut Output) -> Result<(), Failure> {
    let sentence = sentence(handover, |device| device_name(history.state(), device));
    if !json {
        let text = format!("{:>9.3}  {sentence}", handover.t);
        return Ok(output.line(text)?);
    }
    let interruption = handover.interruption;
    Ok(output.json(&Line {
        kind: "handover",
        t: handover.t,
        token: handover.token,
        cause: handover.cause,
        from: handover.from.as_deref(),
        to: handover.to.as_deref(),
        interruption_ms: interruption.map(|interruption| interruption.ms),
        uncertainty_ms: interruption.map(|interruption| interruption.uncertainty_ms),
        recovery_ms: interruption.and_then(|interruption| interruption.recovery_ms),
        // While it goes on nobody knows.
        survived: (!handover.ongoing).then_some(handover.survived),
        ongoing: handover.ongoing,
        sentence,
    })?)
}
