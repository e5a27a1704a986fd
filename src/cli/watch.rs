//! `watch`: the stream, a line at a time.

use std::io::BufRead as _;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, never, select};

use super::args::WatchArguments;
use super::biography::Biographies;
use super::{Failure, Output, Styled};
use crate::kernel::Namespace;
use crate::model::{Command, CommandOutcome, Event, EventKind, Line, Origin, Sample, ignored};
use crate::source::{LiveSource, Options, Request, Source};
use crate::words::units::several;
use crate::words::{access, command, endpoint, event};

/// Requests read from standard input that may wait.
const REQUESTS: usize = 16;

pub(super) fn run(
    namespace: &Namespace,
    arguments: &WatchArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let interval = Duration::from_millis(arguments.interval);
    let source = LiveSource::open(
        namespace,
        &Options {
            interval,
            ..Options::default()
        },
    )?;
    let requests = if arguments.control {
        read_requests()
    } else {
        never()
    };
    let end = arguments.seconds.map(|seconds| Instant::now() + seconds);
    print_stream(&source, &requests, end, arguments.json, output)
}

/// A line of standard input: a request, or why it is none.
pub type Asked = Result<Request, Box<CommandOutcome>>;

/// Prints a source's lines until `end`, until the source ends, or until `requests` does.
///
/// # Errors
/// Why the source ended, or why a line could not be written.
pub fn print_stream(
    source: &dyn Source,
    requests: &Receiver<Asked>,
    end: Option<Instant>,
    json: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut told = (!json).then(Biographies::default);
    print(&Line::Header(source.header().clone()), told.as_mut(), output)?;
    output.flush()?;
    let timeout = end.map_or_else(never, crossbeam_channel::at);
    let nothing = never();
    let mut requests = Some(requests);
    // Requests whose outcome has not been told yet.
    let mut open = 0;
    let mut t = 0.0;
    while requests.is_some() || open > 0 {
        // What the source cannot take yet waits in the pipe.
        let asked = requests.filter(|_| open < REQUESTS).unwrap_or(&nothing);
        select! {
            recv(source.lines()) -> line => match line {
                Ok(line) => {
                    t = line.t();
                    open -= usize::from(is_outcome(&line) && open > 0);
                    print(&line, told.as_mut(), output)?;
                }
                Err(_) => break,
            },
            recv(asked) -> asked => match asked {
                Ok(Ok(request)) => match source.request(request) {
                    Ok(()) => open += 1,
                    Err(request) => print(&refusal(t, busy(request)), told.as_mut(), output)?,
                },
                Ok(Err(outcome)) => print(&refusal(t, *outcome), told.as_mut(), output)?,
                // The end of the input ends the program, once it has told how everything ended.
                Err(_) => requests = None,
            },
            recv(timeout) -> _ => break,
        }
        if source.lines().is_empty() {
            output.flush()?;
        }
    }
    output.flush()?;
    source.failure().map_or(Ok(()), |why| Err(Failure::failed(why)))
}

fn is_outcome(line: &Line) -> bool {
    matches!(line, Line::Event(event) if event.kind == EventKind::Command)
}

fn busy(request: Request) -> CommandOutcome {
    CommandOutcome {
        asked: Some(request.command),
        by: request.by,
        reference: request.reference,
        ok: false,
        message: Some(command::TOO_MANY.to_owned()),
    }
}

fn refusal(t: f64, outcome: CommandOutcome) -> Line {
    let event = Event {
        command: Some(outcome),
        ..Event::new(t, EventKind::Command, Origin::Kernel)
    };
    Line::Event(Box::new(event))
}

/// Reads requests on a thread of its own; the channel ends with standard input.
fn read_requests() -> Receiver<Asked> {
    let (sender, receiver) = bounded(REQUESTS);
    thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n').map_while(Result::ok) {
            // What is no text is answered as not understood.
            let line = String::from_utf8_lossy(&line);
            if !line.trim().is_empty() && sender.send(request(&line)).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A request from a line of JSON: a command's fields, and optionally `ref`, which comes back with the outcome.
///
/// # Errors
/// Why it is none, as the outcome of what was asked.
pub fn request(line: &str) -> Asked {
    let by = "stdin".to_owned();
    let mut reference = None;
    let command = serde_json::from_str::<serde_json::Value>(line).and_then(|mut value| {
        let named = value.as_object_mut().and_then(|object| object.remove("ref"));
        reference = named.map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
        serde_json::from_value::<Command>(value)
    });
    match command {
        Ok(command) => Ok(Request {
            command,
            by,
            reference,
            believed: None,
        }),
        Err(error) => {
            let message = Some(command::not_understood(error));
            Err(Box::new(CommandOutcome {
                asked: None,
                by,
                reference,
                ok: false,
                message,
            }))
        }
    }
}

/// Prints a line: as JSON, or for people, who are told what became of each connection.
fn print(line: &Line, told: Option<&mut Biographies>, output: &mut Output) -> Result<(), Failure> {
    let Some(told) = told else {
        return Ok(output.json(line)?);
    };
    told.take(line);
    match line {
        Line::Header(header) => {
            let events = access::origin_of_events(&header.access);
            output.line(format!("{} · Linux {} · {events}", header.host, header.kernel))?;
        }
        // What changes between samples is for the JSON form; people see what happens.
        Line::Sample(sample) => first_sample(sample, output)?,
        Line::Event(event) => {
            let text = event_text(event, told.beyond(event));
            output.line(text)?;
        }
    }
    Ok(())
}

fn first_sample(sample: &Sample, output: &mut Output) -> Result<(), Failure> {
    if sample.full {
        let subflows: usize = sample
            .connections
            .iter()
            .map(|connection| connection.living_subflows().count())
            .sum();
        output.line(format!(
            "{:>9.3}  {}, {}",
            sample.t,
            several(sample.connections.len(), "connection"),
            several(subflows, "subflow")
        ))?;
        for why in ignored(&sample.settings) {
            output.line(Styled::from(format!("{:>9.3}  ", sample.t)).alarming(endpoint::ignored(&why)))?;
        }
    }
    Ok(())
}

fn event_text(event: &Event, beyond: Vec<String>) -> String {
    let mut parts = vec![format!("{:>9.3}", event.t), event::what(event.kind)];
    parts.extend(event::details(event));
    parts.extend(beyond);
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EndpointFlags, FlagChange};

    #[test]
    fn a_line_is_a_command_and_keeps_its_reference() {
        let asked =
            request(r#"{"command":"endpoint_change","id":2,"flags":["backup","nofullmesh"],"ref":7}"#);
        let request = asked.expect("a request");
        let flags = FlagChange {
            set: EndpointFlags::BACKUP,
            clear: EndpointFlags::FULLMESH,
        };
        assert_eq!(request.command, Command::EndpointChange { id: 2, flags });
        assert_eq!(request.reference.as_deref(), Some("7"));
    }

    #[test]
    fn an_end_says_why_in_words() {
        let mut event = Event::new(1.5, EventKind::SubflowClosed, Origin::Kernel);
        event.error = Some(111);
        let text = event_text(&event, Vec::new());
        assert!(
            text.ends_with("subflow closed  connection refused (111)"),
            "{text}"
        );
        event.error = Some(104);
        event.reset_reason = Some(6);
        let text = event_text(&event, Vec::new());
        assert!(
            text.ends_with("connection reset (104)  reset: middlebox interference (6)"),
            "{text}"
        );
        event.error = Some(0);
        assert!(!event_text(&event, Vec::new()).contains("(0)"));
    }

    #[test]
    fn what_is_not_understood_is_answered_with_its_reference() {
        for line in [
            r#"{"command":"reboot","ref":"a"}"#,
            r#"{"command":"endpoint_remove","ref":"a"}"#,
        ] {
            let outcome = request(line).expect_err(line);
            assert!(!outcome.ok && outcome.asked.is_none(), "{outcome:?}");
            assert_eq!(outcome.reference.as_deref(), Some("a"));
        }
        assert!(request("not JSON").is_err());
    }
}
