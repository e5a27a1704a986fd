//! `handovers`: each handover as it ends.

use std::time::Instant;

use crossbeam_channel::{at, never, select};
use serde::Serialize;

use super::args::HandoversArguments;
use super::{Failure, Output};
use crate::history::handover::{Cause, Handover};
use crate::history::{Bounds, History};
use crate::kernel::Namespace;
use crate::model::Token;
use crate::source::{LiveSource, Options, Source};
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

pub(super) fn run(
    namespace: &Namespace,
    arguments: &HandoversArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let source = LiveSource::open(namespace, &Options::default())?;
    let end = arguments.seconds.map(|seconds| Instant::now() + seconds);
    let timeout = end.map_or_else(never, at);
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
        history.apply(line);
        let found = history.take_handovers();
        for handover in &found {
            print(handover, &history, arguments.json, output)?;
        }
        if !found.is_empty() {
            output.flush()?;
        }
    }
    Err(Failure::failed(
        source
            .failure()
            .unwrap_or_else(|| "the source has ended".to_owned()),
    ))
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
