//! The history of a live source, kept on a thread.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use pathscope::history::handover::Handover;
use pathscope::history::{Bounds, History};
use pathscope::kernel::Namespace;
use pathscope::model::{Connection, Line, TcpState};
use pathscope::source::{LiveSource, Options, Source as _};

use super::SERVER;

/// A source and what is concluded from it.
pub(crate) struct Watcher {
    pub(crate) found: Receiver<Handover>,
    pub(crate) history: Arc<Mutex<History>>,
    /// Every line, with when it was read, where they are kept.
    pub(crate) lines: Arc<Mutex<Vec<(Instant, Line)>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub(crate) fn start(netns: &Path, keep: bool) -> Self {
        let namespace = Namespace::open(&netns.to_string_lossy()).unwrap();
        let source = LiveSource::open(&namespace, &Options::default()).unwrap();
        let history = Arc::new(Mutex::new(History::new(Bounds::default())));
        let (lines, stop): (Arc<Mutex<Vec<_>>>, Arc<AtomicBool>) = Default::default();
        let (sender, found) = unbounded();
        let (kept, all, ends) = (Arc::clone(&history), Arc::clone(&lines), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let line = match source.lines().recv_timeout(Duration::from_millis(200)) {
                    Ok(line) => line,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                if keep {
                    all.lock().unwrap().push((Instant::now(), line.clone()));
                }
                let mut history = kept.lock().unwrap();
                history.apply(line);
                source.look_closely(&history.suspects());
                for handover in history.take_handovers() {
                    let _ = sender.send(handover);
                }
            }
        });
        Self {
            found,
            history,
            lines,
            stop,
            thread: Some(thread),
        }
    }

    /// Whether nothing seems to happen.
    pub(crate) fn is_calm(&self) -> bool {
        self.history.lock().unwrap().suspects().is_empty()
    }

    /// The devices over which the application's connection has an established subflow.
    pub(crate) fn devices(&self) -> Vec<String> {
        let history = self.history.lock().unwrap();
        let mine = |connection: &&Connection| connection.remote.to_string() == SERVER;
        let connections = history.state().connections.values().filter(mine);
        let mut devices: Vec<String> = connections
            .flat_map(|connection| &connection.subflows)
            .filter(|subflow| subflow.state == TcpState::Established)
            .filter_map(|subflow| subflow.interface.clone())
            .collect();
        devices.sort();
        devices
    }

    /// How much was delivered over each device, either way.
    pub(crate) fn delivered(&self) -> BTreeMap<String, u64> {
        let history = self.history.lock().unwrap();
        let subflows = history.state().connections.values().flat_map(|one| &one.subflows);
        subflows
            .filter_map(|subflow| {
                let bytes = subflow.bytes_acked? + subflow.bytes_received?;
                Some((subflow.interface.clone()?, bytes))
            })
            .collect()
    }

    /// The application's subflow over a device.
    pub(crate) fn subflow(&self, device: &str) -> (SocketAddr, SocketAddr) {
        let history = self.history.lock().unwrap();
        let subflows = history.state().connections.values().flat_map(|one| &one.subflows);
        let mut mine = subflows.filter(|subflow| {
            subflow.interface.as_deref() == Some(device) && subflow.state == TcpState::Established
        });
        mine.next()
            .map(|subflow| (subflow.local, subflow.remote))
            .unwrap()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
