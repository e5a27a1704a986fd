//! A thousand connections that come and go, for a while: memory, descriptors and threads stay flat, and the stream
//! misses nothing that `ss` sees. `PATHSCOPE_SOAK_SECONDS=600` makes the while longer.

mod common;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pathscope::history::{Bounds, History};
use pathscope::kernel::Namespace;
use pathscope::lab::{self, Lab};
use pathscope::model::{EventKind, Line, SocketAddr, TcpState};
use pathscope::source::{LiveSource, Options, Source};

const CONNECTIONS: usize = 1000;
/// How long the short form lasts.
const SHORT_S: u64 = 28;
/// Wi-Fi is there for the first half of each round, and every connection has two subflows then.
const ROUND_S: u64 = 8;
/// From one comparison with `ss` to the next.
const EVERY: Duration = Duration::from_secs(1);
/// Longer than samples are ever apart.
const LIMIT: Duration = Duration::from_mins(1);
/// So many samples after something came or went, the stream has noticed: it believes a reading that misses a socket
/// the second time.
const SAMPLES: usize = 3;
/// What memory may grow by: a tenth of what it was, this many MiB, and this many more in the first minute, while the
/// allocator still settles.
const GROWTH_MIB: f64 = 4.0;
const SETTLING_MIB: f64 = 4.0;

/// A connection or a subflow, by its addresses.
type Ends = (SocketAddr, SocketAddr);

/// What is established.
#[derive(Default)]
struct Established {
    connections: HashSet<Ends>,
    subflows: HashSet<Ends>,
}

impl Established {
    fn by_ss(netns: &Path) -> Self {
        let mut seen = Self::default();
        for line in common::output(netns, &["ss", "-tMniHO"]).lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let [protocol, "ESTAB", _, _, local, remote, ..] = words.as_slice() else {
                continue;
            };
            let ends = (address(local), address(remote));
            if *protocol == "mptcp" {
                seen.connections.insert(ends);
            } else if line.contains("tcp-ulp-mptcp") {
                seen.subflows.insert(ends);
            }
        }
        seen
    }

    fn by_stream(history: &History) -> Self {
        let mut seen = Self::default();
        for connection in history.state().connections.values() {
            if connection.state == TcpState::Established {
                seen.connections.insert((connection.local, connection.remote));
            }
            let subflows = connection.subflows.iter();
            let established = subflows.filter(|subflow| subflow.state == TcpState::Established);
            seen.subflows
                .extend(established.map(|subflow| (subflow.local, subflow.remote)));
        }
        seen
    }
}

/// An address as `ss` writes it, with the interface that it may be bound to.
fn address(text: &str) -> SocketAddr {
    let plain = match (text.find('%'), text.rfind(':')) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to..]),
        _ => text.to_owned(),
    };
    plain.parse().expect(text)
}

/// What a process holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    memory_mib: f64,
    descriptors: f64,
    threads: f64,
}

impl Held {
    fn by(process: &str) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a status");
        let number = |name: &str| -> f64 {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .expect(name);
            let word = line.split_whitespace().next().expect("a value");
            word.parse().expect("a number")
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("descriptors");
        Self {
            memory_mib: number("VmRSS:") / 1024.0,
            descriptors: descriptors.count() as f64,
            threads: number("Threads:"),
        }
    }
}

/// What a process held over time.
struct Record {
    who: &'static str,
    process: String,
    held: Vec<Held>,
}

impl Record {
    fn new(who: &'static str, process: String) -> Self {
        Self {
            who,
            process,
            held: Vec::new(),
        }
    }

    fn look(&mut self) {
        self.held.push(Held::by(&self.process));
    }

    /// Prints the figures, and fails when something grew from the first quarter to the last.
    fn judge(&self, over: Duration) {
        let quarter = (self.held.len() / 4).max(1);
        let part = |from: usize, what: fn(&Held) -> f64| -> Vec<f64> {
            let mut part: Vec<_> = self.held.iter().skip(from).take(quarter).map(what).collect();
            part.sort_by(f64::total_cmp);
            part
        };
        let from_to = |what, pick: fn(&[f64]) -> Option<&f64>| {
            let pick = |from| *pick(&part(from, what)).expect("readings");
            (pick(0), pick(self.held.len() - quarter))
        };
        let memory = from_to(|held| held.memory_mib, |part| part.get(part.len() / 2));
        // What is open for a moment only is not held.
        let descriptors = from_to(|held| held.descriptors, <[f64]>::first);
        let threads = from_to(|held| held.threads, <[f64]>::first);
        println!(
            "  {:<8} memory {:.1} then {:.1} MiB, descriptors {} then {}, threads {} then {}",
            self.who, memory.0, memory.1, descriptors.0, descriptors.1, threads.0, threads.1
        );
        let settling_mib = if over <= Duration::from_mins(1) {
            SETTLING_MIB
        } else {
            0.0
        };
        let room_mib = memory.0 / 10.0 + GROWTH_MIB + settling_mib;
        assert!(
            memory.1 <= memory.0 + room_mib,
            "the memory of {} grows",
            self.who
        );
        assert!(descriptors.1 <= descriptors.0, "descriptors of {}", self.who);
        assert!(threads.1 <= threads.0, "threads of {}", self.who);
    }
}

/// The stream, and what it adds up to.
struct Stream {
    source: LiveSource,
    history: History,
    /// Samples of everything; a close look tells nothing of the other connections.
    samples: usize,
    opened: usize,
    closed: usize,
    lost: usize,
}

impl Stream {
    fn take(&mut self, line: Line) {
        match &line {
            Line::Sample(sample) if sample.only.is_none() => self.samples += 1,
            Line::Event(event) => match event.kind {
                EventKind::ConnectionCreated => self.opened += 1,
                EventKind::ConnectionClosed => self.closed += 1,
                EventKind::EventsLost => self.lost += 1,
                _ => {}
            },
            Line::Sample(_) | Line::Header(_) => {}
        }
        self.history.apply(line);
    }

    /// Reads on for so long.
    fn read_until(&mut self, end: Instant) {
        while let Ok(line) = self.source.lines().recv_deadline(end) {
            self.take(line);
        }
    }

    /// Reads what waits, and then so many samples.
    fn read_samples(&mut self, count: usize) {
        while let Ok(line) = self.source.lines().try_recv() {
            self.take(line);
        }
        let enough = self.samples + count;
        while self.samples < enough {
            let line = self.source.lines().recv_timeout(LIMIT).expect("a sample");
            self.take(line);
        }
    }
}

/// A reader of the same connections, as people leave it running; killed when dropped.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Compares the stream with `ss` before and after: what both readings show must be in the stream, and what is in the
/// stream since before them must be in one of them. What came or went meanwhile may be in either.
fn compare(stream: &mut Stream, netns: &Path) -> (usize, usize) {
    let at_first = Established::by_stream(&stream.history);
    let before = Established::by_ss(netns);
    stream.read_samples(SAMPLES);
    let told = Established::by_stream(&stream.history);
    let after = Established::by_ss(netns);
    for (what, before, at_first, told, after) in [
        (
            "connections",
            &before.connections,
            &at_first.connections,
            &told.connections,
            &after.connections,
        ),
        (
            "subflows",
            &before.subflows,
            &at_first.subflows,
            &told.subflows,
            &after.subflows,
        ),
    ] {
        let missed: Vec<_> = before
            .intersection(after)
            .filter(|ends| !told.contains(*ends))
            .collect();
        assert!(missed.is_empty(), "the stream misses {what}: {missed:?}");
        let stale: Vec<_> = at_first
            .intersection(told)
            .filter(|ends| !before.contains(*ends) && !after.contains(*ends))
            .collect();
        assert!(stale.is_empty(), "the stream keeps {what}: {stale:?}");
    }
    (told.connections.len(), told.subflows.len())
}

#[test]
fn nothing_grows_and_nothing_is_missed() {
    if !common::can_make_namespaces("the soak") {
        return;
    }
    let seconds = std::env::var("PATHSCOPE_SOAK_SECONDS")
        .ok()
        .map_or(SHORT_S, |text| {
            text.parse().expect("PATHSCOPE_SOAK_SECONDS is a number")
        });
    let (whole, warm_up) = (Duration::from_secs(seconds), Duration::from_secs(seconds * 2 / 5));
    let options = lab::Options {
        connections: Some(CONNECTIONS),
        automatic: false,
        program: Some(common::pathscope()),
    };
    let lab = Lab::start(lab::scenario("many").expect("a scenario"), &options).expect("a laboratory");
    let netns = lab.netns();
    let watch = common::inside(&netns, &common::pathscope(), false)
        .args(["watch", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map(Watch)
        .expect("watch starts");
    let namespace = Namespace::open(&netns.to_string_lossy()).expect("a namespace");
    let mut stream = Stream {
        source: LiveSource::open(&namespace, &Options::default()).expect("a source"),
        // Full before the warm-up ends, as a window's is after half an hour.
        history: History::new(Bounds {
            span_s: (seconds / 6) as f64,
            ended_s: 2.0,
            events: 500,
            ..Bounds::default()
        }),
        samples: 0,
        opened: 0,
        closed: 0,
        lost: 0,
    };
    let begun = Instant::now();
    let mut records = [
        Record::new("window", "self".to_owned()),
        Record::new("watch", watch.0.id().to_string()),
    ];
    let (mut comparisons, mut least, mut most) = (0, (usize::MAX, usize::MAX), (0, 0));
    while begun.elapsed() < whole {
        let next = Instant::now() + EVERY;
        let (connections, subflows) = compare(&mut stream, &netns);
        comparisons += 1;
        least = (least.0.min(connections), least.1.min(subflows));
        most = (most.0.max(connections), most.1.max(subflows));
        if begun.elapsed() >= warm_up {
            records.iter_mut().for_each(Record::look);
        }
        assert_eq!(lab.failure(), None);
        let plugged = begun.elapsed().as_secs() % ROUND_S < ROUND_S / 2;
        lab.plug("wifi", plugged).expect("an order");
        stream.read_until(next);
    }
    println!(
        "soak of {} s: {} samples, {} connections opened and {} closed, events lost {} times; \
         {comparisons} comparisons with ss, each of {} to {} connections and {} to {} subflows, nothing missed",
        whole.as_secs(),
        stream.samples,
        stream.opened,
        stream.closed,
        stream.lost,
        least.0,
        most.0,
        least.1,
        most.1
    );
    for record in &records {
        record.judge(whole);
    }
    // It really was a crowd that comes and goes.
    assert!(least.0 >= CONNECTIONS * 9 / 10, "{least:?}");
    assert!(stream.opened > 0 && stream.closed > 0);
}
