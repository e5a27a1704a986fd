//! `handovers`: each handover as it ends, those of one incident together.

use std::time::{Duration, Instant};

use crossbeam_channel::{at, never, select};
use serde::Serialize;

use super::args::HandoversArguments;
use super::{Failure, Output, Styled};
use crate::history::handover::{Cause, Handover, Incident, incidents};
use crate::history::{Bounds, History};
use crate::model::{ConnectionId, Header, Line, Token};
use crate::source::Source;
use crate::words::access;
use crate::words::connection::named_end;
use crate::words::handover::{headline, sentence};
use crate::words::listed;
use crate::words::path::device_name;
use crate::words::units::{ABSENT, clock_ms, several};

/// How long a handover is held back, so that those of other connections that belong to it stand below one line.
const HELD_BACK: Duration = Duration::from_secs(1);
/// How long it is known what a connection was called that has ended, seconds.
const REMEMBERED_S: f64 = 60.0;

/// A handover in the public schema.
#[derive(Serialize)]
struct HandoverLine<'a> {
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
        ended_s: REMEMBERED_S,
        ..Bounds::default()
    });
    let mut teller = Teller::new(source.header().clone(), is_played);
    let mut has_ended = false;
    loop {
        let due = teller.due().map_or_else(never, at);
        let line = select! {
            recv(source.lines()) -> line => line,
            recv(due) -> _ => {
                teller.tell_due(false, &history, output)?;
                continue;
            }
            recv(timeout) -> _ => break,
        };
        let Ok(line) = line else {
            has_ended = true;
            break;
        };
        if is_after(line.t()) {
            break;
        }
        if let Line::Header(header) = &line {
            teller.tell_due(true, &history, output)?;
            teller = Teller::new(header.clone(), is_played);
        }
        history.apply(line);
        if !arguments.json {
            teller.begin(&history, output)?;
        }
        for handover in history.take_handovers() {
            if arguments.json {
                print_json(&handover, &history, output)?;
            } else {
                teller.hold(handover, &history);
            }
        }
    }
    teller.tell_due(true, &history, output)?;
    output.flush()?;
    match (source.failure(), &arguments.from) {
        (Some(why), Some(file)) => Err(Failure::failed(format!("{}: {why}", file.display()))),
        (Some(why), None) => Err(Failure::failed(why)),
        (None, None) if has_ended => Err(Failure::failed("the source has ended")),
        (None, _) => Ok(()),
    }
}

/// A handover that was not told yet.
struct HeldHandover {
    handover: Handover,
    /// Whose it is, in words: the connection may be forgotten before it is told.
    whose: String,
    since: Instant,
}

/// Tells incidents in order of time: of a stream that is played once all are known, else a moment after the first
/// connection's part in it is.
struct Teller {
    header: Header,
    is_played: bool,
    has_begun: bool,
    held: Vec<HeldHandover>,
}

impl Teller {
    fn new(header: Header, is_played: bool) -> Self {
        Self {
            header,
            is_played,
            has_begun: false,
            held: Vec::new(),
        }
    }

    /// Says once what is watched, as soon as it is known.
    fn begin(&mut self, history: &History, output: &mut Output) -> Result<(), Failure> {
        let state = history.state();
        if self.has_begun || state.interfaces.is_empty() {
            return Ok(());
        }
        self.has_begun = true;
        for line in watched(&self.header, self.is_played, history) {
            output.line(Styled::default().faint(line))?;
        }
        Ok(output.flush()?)
    }

    fn hold(&mut self, handover: Handover, history: &History) {
        // What was told while it lasted is told again at its end.
        self.held.retain(|held| {
            let is_same = held.handover.connection == handover.connection
                && held.handover.cause == handover.cause
                && held.handover.ongoing;
            !is_same
        });
        self.held.push(HeldHandover {
            whose: whose(handover.connection, handover.token, history),
            handover,
            since: Instant::now(),
        });
    }

    /// When the oldest is to be told.
    fn due(&self) -> Option<Instant> {
        let since = self.held.iter().map(|held| held.since).min();
        since.filter(|_| !self.is_played).map(|since| since + HELD_BACK)
    }

    /// Tells what is due, with all that was before it; or everything.
    fn tell_due(&mut self, all: bool, history: &History, output: &mut Output) -> Result<(), Failure> {
        let now = Instant::now();
        let found = incidents(self.held.iter().map(|held| &held.handover));
        let is_due = |incident: &Incident| {
            let mut own = self
                .held
                .iter()
                .filter(|held| incident.members.contains(&held.handover));
            all || own.any(|held| held.since + HELD_BACK <= now)
        };
        let Some(last) = found.iter().rposition(is_due) else {
            return Ok(());
        };
        for incident in found.iter().take(last + 1) {
            self.print(incident, history, output)?;
            self.held
                .retain(|held| !incident.members.contains(&held.handover));
        }
        Ok(output.flush()?)
    }

    fn print(&self, incident: &Incident, history: &History, output: &mut Output) -> Result<(), Failure> {
        let name = |device: &str| device_name(history.state(), device);
        let clock = clock_ms(&self.header.started_at, incident.t);
        let mut line = Styled::from(format!("{clock}  ")).strong(headline(incident, name));
        if incident.connections() > 1 {
            line = line.faint(format!("  {}", several(incident.connections(), "connection")));
        }
        output.line(line)?;
        for handover in &incident.members {
            let held = self.held.iter().find(|held| held.handover == *handover);
            let whose = held.map_or(ABSENT, |held| held.whose.as_str());
            output.line(format!("    {whose}  {}", sentence(handover, name)))?;
        }
        Ok(())
    }
}

/// What is watched, in two lines.
fn watched(header: &Header, is_played: bool, history: &History) -> Vec<String> {
    let state = history.state();
    let subflows = || {
        let connections = state.connections.values();
        connections.flat_map(|connection| &connection.subflows)
    };
    let mut devices: Vec<&str> = subflows()
        .filter_map(|subflow| subflow.interface.as_deref())
        .collect();
    devices.sort_unstable();
    devices.dedup();
    let events = access::origin_of_events(&header.access);
    let place = header
        .netns
        .as_ref()
        .map(|name| format!(", network namespace {name}"));
    let kept = is_played.then(|| format!(" · kept from {}", header.started_at));
    let begins = format!(
        "{}{} · Linux {} · {events}{}",
        header.host,
        place.unwrap_or_default(),
        header.kernel,
        kept.unwrap_or_default()
    );
    let watches = if state.connections.is_empty() {
        "Watching: there is no MPTCP connection yet. A handover is told when it is over, or when it lasts."
            .to_owned()
    } else {
        format!(
            "Watching {} with {} over {}. A handover is told when it is over, or when it lasts.",
            several(state.connections.len(), "connection"),
            several(subflows().count(), "subflow"),
            if devices.is_empty() {
                "unknown paths".to_owned()
            } else {
                listed(&devices)
            },
        )
    };
    vec![begins, watches]
}

/// Whose handover it is: `0x91c787ca  ssh (812) → 10.0.0.2:22`.
fn whose(connection: ConnectionId, token: Option<Token>, history: &History) -> String {
    let token = token.map_or_else(|| ABSENT.to_owned(), |token| token.to_string());
    match history.latest(connection) {
        Some(connection) => format!("{token}  {}", named_end(connection)),
        None => token,
    }
}

fn print_json(handover: &Handover, history: &History, output: &mut Output) -> Result<(), Failure> {
    let interruption = handover.interruption;
    output.json(&HandoverLine {
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
        sentence: sentence(handover, |device| device_name(history.state(), device)),
    })?;
    Ok(output.flush()?)
}
