//! `counters`: the kernel's MPTcpExt counters, what each counts, and what moved.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crossbeam_channel::{at, never, select};
use serde::Serialize;

use super::columns::{shown_width, wrapped};
use super::envelope::Envelope;
use super::reading_args::CountersArguments;
use super::{Failure, Output, Styled};
use crate::kernel::Namespace;
use crate::model::{Header, Line, Sample};
use crate::source::{LiveSource, Options, Source};
use crate::words::counter::{is_gauge, meaning};
use crate::words::units::length;

/// A name with its count.
type Counters = BTreeMap<String, u64>;

/// `counters --json`.
#[derive(Serialize)]
struct Listing<'a> {
    counters: &'a Counters,
    /// What moved, by how much: a gauge may go down.
    moved: Option<&'a BTreeMap<String, i64>>,
    /// In how many seconds.
    seconds: Option<f64>,
}

/// A line of `counters --since-start --json`.
#[derive(Serialize)]
struct CountersMoved<'a> {
    kind: &'static str,
    t: f64,
    since_start: &'a BTreeMap<String, i64>,
}

/// The counters at the start of a stream, and as they are.
#[derive(Debug, Default)]
struct CountersSince {
    start: Option<Counters>,
    now: Counters,
    t: f64,
}

impl CountersSince {
    /// Takes a sample; whether a counter moved.
    fn take(&mut self, sample: &Sample) -> bool {
        self.t = sample.t;
        let is_first = self.start.is_none();
        let moved = sample
            .counters
            .iter()
            .any(|(name, value)| self.now.get(name) != Some(value));
        self.now.extend(sample.counters.clone());
        if is_first && sample.full {
            self.start = Some(self.now.clone());
            return false;
        }
        moved
    }

    fn moved(&self) -> BTreeMap<String, i64> {
        self.start
            .as_ref()
            .map(|start| moved(start, &self.now))
            .unwrap_or_default()
    }
}

/// What moved from one reading to another. A counter that began anew counts from 0.
fn moved(before: &Counters, after: &Counters) -> BTreeMap<String, i64> {
    let change = |(name, now): (&String, &u64)| {
        let was = before.get(name).copied().unwrap_or(0);
        let now = i64::try_from(*now).unwrap_or(i64::MAX);
        let was = i64::try_from(was).unwrap_or(i64::MAX);
        let by = if now < was && !is_gauge(name) {
            now
        } else {
            now - was
        };
        (by != 0).then(|| (name.clone(), by))
    };
    after.iter().filter_map(change).collect()
}

/// Reads the kernel's counters, in its namespace.
pub(super) fn run(
    namespace: &Namespace,
    arguments: &CountersArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    if arguments.since_start {
        let source = LiveSource::open(namespace, &Options::default())?;
        return follow(&source, arguments, output);
    }
    let (header, first) = crate::source::equipment(namespace)?;
    let Some(over) = arguments.seconds else {
        return print(&header, &first.counters, None, arguments, output);
    };
    let began = Instant::now();
    std::thread::sleep(over);
    let (_, second) = crate::source::equipment(namespace)?;
    let seconds = began.elapsed().as_secs_f64();
    let moved = moved(&first.counters, &second.counters);
    print(
        &header,
        &second.counters,
        Some((&moved, seconds)),
        arguments,
        output,
    )
}

/// Tells what a stream was kept of, from its start to its end, or for so many seconds of it.
///
/// # Errors
/// Why the source ended early, or why a line could not be written.
pub fn print_counters(
    source: &dyn Source,
    arguments: &CountersArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut since = CountersSince::default();
    let last_s = arguments
        .seconds
        .map_or(f64::INFINITY, |seconds| seconds.as_secs_f64());
    for line in source.lines() {
        if line.t() > last_s {
            break;
        }
        if let Line::Sample(sample) = &line {
            since.take(sample);
        }
    }
    if let Some(why) = source.failure().filter(|_| since.start.is_none()) {
        return Err(Failure::failed(why));
    }
    let moved = since.moved();
    print(
        source.header(),
        &since.now,
        Some((&moved, since.t)),
        arguments,
        output,
    )
}

/// Tells what moves, as it does.
fn follow(source: &dyn Source, arguments: &CountersArguments, output: &mut Output) -> Result<(), Failure> {
    let end = arguments
        .seconds
        .map(|seconds: Duration| Instant::now() + seconds);
    let timeout = end.map_or_else(never, at);
    let mut since = CountersSince::default();
    let mut told: BTreeMap<String, i64> = BTreeMap::new();
    if !arguments.json {
        let line = format!(
            "MPTcpExt counters on {}, as they move: the time, the counter, and by how much since this began.",
            source.header().host
        );
        for line in wrapped(&line, output.width()) {
            output.line(Styled::default().faint(line))?;
        }
    }
    output.flush()?;
    loop {
        let line = select! {
            recv(source.lines()) -> line => line,
            recv(timeout) -> _ => break,
        };
        let Ok(line) = line else { break };
        let Line::Sample(sample) = &line else { continue };
        if !since.take(sample) {
            continue;
        }
        let moved = since.moved();
        if arguments.json {
            output.json(&CountersMoved {
                kind: "counters",
                t: since.t,
                since_start: &moved,
            })?;
        } else {
            for (name, by) in moved.iter().filter(|(name, by)| told.get(*name) != Some(by)) {
                output.line(row(Some(since.t), name, &signed(*by), None))?;
            }
        }
        told = moved;
        output.flush()?;
    }
    output.flush()?;
    source.failure().map_or(Ok(()), |why| Err(Failure::failed(why)))
}

fn signed(by: i64) -> String {
    format!("{by:+}")
}

fn row(t: Option<f64>, name: &str, amount: &str, moved: Option<&str>) -> Styled {
    let t = t.map(|t| format!("{t:>9.3}  ")).unwrap_or_default();
    let line = Styled::from(format!("{t}{name:<24} {amount:>9}"));
    let line = match moved {
        Some(moved) => line.strong(format!("  {moved:>8}")),
        None => line,
    };
    match meaning(name) {
        Some(meaning) => line.faint(format!("  {meaning}")),
        None => line,
    }
}

fn print(
    header: &Header,
    counters: &Counters,
    moved: Option<(&BTreeMap<String, i64>, f64)>,
    arguments: &CountersArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    if arguments.json {
        let listing = Listing {
            counters,
            moved: moved.map(|(moved, _)| moved),
            seconds: moved.map(|(_, seconds)| seconds),
        };
        output.json(&Envelope::new(header, listing))?;
        return Ok(output.flush()?);
    }
    let width = output.width();
    if let Some((moved, seconds)) = moved {
        let over = length(
            Duration::from_secs_f64(seconds.max(0.0))
                .as_millis()
                .try_into()
                .unwrap_or(u64::MAX),
        );
        let what = if moved.is_empty() {
            "Nothing moved"
        } else {
            "Moved"
        };
        output.line(Styled::default().strong(format!("{what} in {over}")))?;
        for (name, by) in moved {
            let now = counters.get(name).copied().unwrap_or(0);
            for line in fitted(name, &now.to_string(), Some(&signed(*by)), width) {
                output.line(line)?;
            }
        }
        if arguments.since_start {
            return Ok(output.flush()?);
        }
    }
    for line in wrapped("Counted since this network namespace was made", width) {
        output.line(Styled::default().strong(line))?;
    }
    let (zero, counted): (Vec<_>, Vec<_>) = counters.iter().partition(|(_, value)| **value == 0);
    for (name, value) in counted {
        for line in fitted(name, &value.to_string(), None, width) {
            output.line(line)?;
        }
    }
    if !zero.is_empty() {
        let names: Vec<&str> = zero.into_iter().map(|(name, _)| name.as_str()).collect();
        for line in wrapped(&format!("0: {}", names.join(", ")), width) {
            output.line(Styled::default().faint(line))?;
        }
    }
    Ok(output.flush()?)
}

/// A counter in lines that fit: what it counts has lines of its own where there is no room beside it.
fn fitted(name: &str, amount: &str, moved: Option<&str>, width: Option<usize>) -> Vec<Styled> {
    let words = meaning(name).unwrap_or_default();
    let beside = 24 + 1 + 9 + moved.map_or(0, |_| 10) + 2;
    if width.is_none_or(|width| beside + shown_width(words) <= width) {
        return vec![row(None, name, amount, moved)];
    }
    let moved = moved.map(|moved| format!("  {moved}")).unwrap_or_default();
    let first = Styled::from(format!("{name} {amount}")).strong(moved);
    let room = width.map(|width| width.saturating_sub(4));
    let rest = wrapped(words, room).into_iter();
    std::iter::once(first)
        .chain(rest.map(|line| Styled::default().faint(format!("    {line}"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(pairs: &[(&str, u64)]) -> Counters {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }

    #[test]
    fn what_moved_is_told_by_how_much() {
        let before = counters(&[("MPJoinSynTx", 3), ("MPCurrEstab", 5), ("AddAddr", 1)]);
        let after = counters(&[
            ("MPJoinSynTx", 7),
            ("MPCurrEstab", 2),
            ("AddAddr", 1),
            ("RmAddr", 2),
        ]);
        let expected = [("MPCurrEstab", -3), ("MPJoinSynTx", 4), ("RmAddr", 2)];
        let found = moved(&before, &after);
        let found: Vec<(&str, i64)> = found.iter().map(|(name, by)| (name.as_str(), *by)).collect();
        assert_eq!(found, expected);
        // A namespace that was made anew under the same name.
        let found = moved(&after, &counters(&[("MPJoinSynTx", 1)]));
        assert_eq!(found.get("MPJoinSynTx"), Some(&1));
    }

    #[test]
    fn a_stream_starts_with_its_first_full_sample() {
        let sample = |full, pairs: &[(&str, u64)]| Sample {
            full,
            counters: counters(pairs),
            ..Sample::default()
        };
        let mut since = CountersSince::default();
        assert!(!since.take(&sample(true, &[("AddAddr", 4), ("RmAddr", 1)])));
        assert!(!since.take(&sample(false, &[])));
        assert!(since.take(&sample(false, &[("AddAddr", 6)])));
        assert!(!since.take(&sample(true, &[("AddAddr", 6), ("RmAddr", 1)])));
        assert_eq!(since.moved(), BTreeMap::from([("AddAddr".to_owned(), 2)]));
    }

    #[test]
    fn a_narrow_terminal_has_what_it_counts_below() {
        let lines = |width| fitted("MPJoinSynTx", "4", None, width).len();
        assert_eq!((lines(None), lines(Some(80)), lines(Some(40))), (1, 1, 2));
    }
}
