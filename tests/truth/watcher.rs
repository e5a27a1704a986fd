//! The history of a live source, kept on a thread.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use pathscope::history::{Bounds, History};
use pathscope::kernel::Namespace;
use pathscope::model::{Connection, Header, Line, SocketAddr, Subflow, TcpState, Token};
use pathscope::source::{LiveSource, Options, Source as _};

use super::judge::Told;
use super::network::SERVER;

/// What was seen and told.
#[derive(Default)]
struct Seen {
    /// Every line, with when it was read.
    lines: Vec<(Instant, Line)>,
    told: Vec<Told>,
}

/// A source and what is concluded from it.
pub(crate) struct Watcher {
    pub(crate) header: Header,
    history: Arc<Mutex<History>>,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub(crate) fn start(netns: &Path) -> Self {
        let namespace = Namespace::open(&netns.to_string_lossy()).unwrap();
        let source = LiveSource::open(&namespace, &Options::default()).unwrap();
        let header = source.header().clone();
        let mut history = History::new(Bounds::default());
        history.apply(Line::Header(header.clone()));
        let history = Arc::new(Mutex::new(history));
        let (seen, stop): (Arc<Mutex<Seen>>, Arc<AtomicBool>) = Default::default();
        let (kept, all, ends) = (Arc::clone(&history), Arc::clone(&seen), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let line = match source.lines().recv_timeout(Duration::from_millis(200)) {
                    Ok(line) => line,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                let read = Instant::now();
                let mut history = kept.lock().unwrap();
                history.apply(line.clone());
                let found = history.take_handovers();
                let mut seen = all.lock().unwrap();
                seen.lines.push((read, line));
                seen.told.extend(found.iter().map(Told::from));
            }
        });
        Self {
            header,
            history,
            seen,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.seen.lock().unwrap().told.clone()
    }

    /// When the newest line was taken, seconds on the stream.
    pub(crate) fn now(&self) -> f64 {
        self.history.lock().unwrap().now()
    }

    /// Every line until now.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let seen = self.seen.lock().unwrap();
        seen.lines.iter().map(|(_, line)| line.clone()).collect()
    }

    /// The lines alone, as `watch --json` prints them, tell figure by figure what was told live.
    pub(crate) fn assert_that_the_lines_tell_the_same(&self) {
        let seen = self.seen.lock().unwrap();
        let mut history = History::new(Bounds::default());
        let mut told = Vec::new();
        let header = Line::Header(self.header.clone());
        let lines = seen.lines.iter().map(|(_, line)| line);
        for line in std::iter::once(&header).chain(lines) {
            let text = serde_json::to_string(line).unwrap();
            history.apply(serde_json::from_str(&text).unwrap());
            told.extend(history.take_handovers().iter().map(Told::from));
        }
        assert_eq!(told, seen.told);
    }

    /// The clock of the stream.
    pub(crate) fn clock(&self) -> Clock {
        let seen = self.seen.lock().unwrap();
        let (first, _) = *seen.lines.first().unwrap();
        // A line is read a little after its time, never before it.
        let late = seen
            .lines
            .iter()
            .map(|(read, line)| (*read - first).as_secs_f64() - line.t());
        Clock {
            first,
            late_s: late.fold(f64::MAX, f64::min),
        }
    }

    /// Asks about the application's connection.
    fn ask<T>(&self, question: impl FnOnce(&Connection) -> T) -> Option<T> {
        let history = self.history.lock().unwrap();
        let mut all = history.state().connections.values();
        let mine = |connection: &&Connection| {
            [connection.local, connection.remote]
                .iter()
                .any(|end| end.to_string() == SERVER)
        };
        all.find(mine).map(question)
    }

    pub(crate) fn token(&self) -> Option<Token> {
        self.ask(|connection| connection.token).flatten()
    }

    /// The devices over which the application's connection has an established subflow.
    pub(crate) fn devices(&self) -> Vec<String> {
        let devices = self.ask(|connection| {
            let mut devices: Vec<String> = established(connection).filter_map(device).collect();
            devices.sort();
            devices
        });
        devices.unwrap_or_default()
    }

    /// How much was delivered over each device, the one way or the other.
    pub(crate) fn delivered(&self, sends: bool) -> BTreeMap<String, u64> {
        let delivered = self.ask(|connection| {
            let by_device = connection.subflows.iter().filter_map(|subflow| {
                let bytes = if sends {
                    subflow.bytes_acked
                } else {
                    subflow.bytes_received
                };
                Some((device(subflow)?, bytes?))
            });
            by_device.collect()
        });
        delivered.unwrap_or_default()
    }

    /// The application's subflow over a device.
    pub(crate) fn subflow(&self, name: &str) -> (SocketAddr, SocketAddr) {
        let found = self.ask(|connection| {
            let mut all = established(connection);
            let found = all.find(|subflow| subflow.interface.as_deref() == Some(name));
            found.map(|subflow| (subflow.local, subflow.remote))
        });
        found.flatten().unwrap()
    }
}

fn established(connection: &Connection) -> impl Iterator<Item = &Subflow> {
    let subflows = connection.subflows.iter().map(|subflow| &**subflow);
    subflows.filter(|subflow| subflow.state == TcpState::Established)
}

fn device(subflow: &Subflow) -> Option<String> {
    subflow.interface.clone()
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the stream's time is to this machine's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    first: Instant,
    late_s: f64,
}

impl Clock {
    /// A moment in seconds on the stream; negative before it began.
    pub(crate) fn t(&self, at: Instant) -> f64 {
        let since = match at.checked_duration_since(self.first) {
            Some(after) => after.as_secs_f64(),
            None => -(self.first - at).as_secs_f64(),
        };
        since - self.late_s
    }
}
