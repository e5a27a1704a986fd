//! Handovers against the truth: what the receiving application itself saw, its longest gap between two arrivals.
//!
//! `cargo test --test truth` tries each cause a few times. `make truth` (PATHSCOPE_TRUTH_ROUNDS=100 and
//! PATHSCOPE_TRUTH_HEALTHY_S=1800) tries each a hundred times, at several rates and delays, and half an hour of healthy
//! traffic with idle pauses. Both print the table.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use pathscope::history::handover::{Cause, Handover};
use pathscope::history::{Bounds, History};
use pathscope::kernel::Namespace;
use pathscope::lab::{self, Lab};
use pathscope::model::TcpState;
use pathscope::source::{LiveSource, Options, Source as _};
use socket2::{Domain, Protocol, Socket, Type};

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_secs(20);
/// How often the application sends.
const BEAT: Duration = Duration::from_millis(5);
const SERVER: &str = "10.77.0.1:7000";
/// From so many rounds on the measurements are judged, not only printed.
const MANY: usize = 20;
/// How far a measurement may be from the truth.
const NEAR_MS: u64 = 40;

fn inside<T: Send + 'static>(netns: &Path, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let namespace = Namespace::open(&netns.to_string_lossy()).unwrap();
    thread::spawn(move || {
        namespace.enter().unwrap();
        work()
    })
}

/// An application that sends a steady rate, and one that notes when something arrives.
struct Traffic {
    arrivals: Arc<Mutex<Vec<Instant>>>,
    /// Bytes a beat; 0 pauses.
    rate: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Traffic {
    fn start(lab: &Lab, from: &str, bytes_a_beat: u64) -> Self {
        let arrivals: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let (rate, stop) = (
            Arc::new(AtomicU64::new(bytes_a_beat)),
            Arc::new(AtomicBool::new(false)),
        );
        let (listening, is_listening) = unbounded();
        let noted = Arc::clone(&arrivals);
        let server = inside(&lab.server_netns(), move || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
            socket.set_reuse_address(true).unwrap();
            socket
                .bind(&SERVER.parse::<SocketAddr>().unwrap().into())
                .unwrap();
            socket.listen(8).unwrap();
            listening.send(()).unwrap();
            let (socket, _) = socket.accept().unwrap();
            let mut stream = TcpStream::from(socket);
            let mut buffer = vec![0; 1 << 16];
            while let Ok(1..) = stream.read(&mut buffer) {
                noted.lock().unwrap().push(Instant::now());
            }
        });
        is_listening.recv_timeout(LIMIT).unwrap();
        let (beat, ends) = (Arc::clone(&rate), Arc::clone(&stop));
        let from: SocketAddr = from.parse().unwrap();
        let client = inside(&lab.netns(), move || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
            socket.bind(&from.into()).unwrap();
            socket
                .connect(&SERVER.parse::<SocketAddr>().unwrap().into())
                .unwrap();
            let mut stream = TcpStream::from(socket);
            let data = vec![0; 1 << 20];
            let mut due = Instant::now();
            while !ends.load(Ordering::Relaxed) {
                let bytes = usize::try_from(beat.load(Ordering::Relaxed)).unwrap();
                if stream.write_all(data.get(..bytes).unwrap()).is_err() {
                    break;
                }
                // What a bad path held up is not made up for.
                due = (due + BEAT).max(Instant::now());
                thread::park_timeout(due.saturating_duration_since(Instant::now()));
            }
        });
        Self {
            arrivals,
            rate,
            stop,
            threads: vec![server, client],
        }
    }

    /// The longest gap between two arrivals that overlaps a stretch of time.
    fn longest_gap(&self, from: Instant, to: Instant) -> Duration {
        let arrivals = self.arrivals.lock().unwrap();
        let gaps = arrivals.iter().zip(arrivals.iter().skip(1));
        gaps.filter(|(a, b)| **b > from && **a < to)
            .map(|(a, b)| *b - *a)
            .max()
            .unwrap_or_default()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..).rev() {
            let _ = thread.join();
        }
    }
}

/// The history of a live source, kept on a thread.
struct Watcher {
    found: Receiver<Handover>,
    history: Arc<Mutex<History>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    fn start(netns: &Path) -> Self {
        let namespace = Namespace::open(&netns.to_string_lossy()).unwrap();
        let source = LiveSource::open(&namespace, &Options::default()).unwrap();
        let history = Arc::new(Mutex::new(History::new(Bounds::default())));
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, found) = unbounded();
        let (kept, ends) = (Arc::clone(&history), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let line = match source.lines().recv_timeout(Duration::from_millis(200)) {
                    Ok(line) => line,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
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
            stop,
            thread: Some(thread),
        }
    }

    /// The devices over which the application's connection has an established subflow.
    fn devices(&self) -> Vec<String> {
        let history = self.history.lock().unwrap();
        let mine = |connection: &&pathscope::model::Connection| connection.remote.to_string() == SERVER;
        let connections = history.state().connections.values().filter(mine);
        let mut devices: Vec<String> = connections
            .flat_map(|connection| &connection.subflows)
            .filter(|subflow| subflow.state == TcpState::Established)
            .filter_map(|subflow| subflow.interface.clone())
            .collect();
        devices.sort();
        devices
    }

    /// The application's subflow over a device.
    fn subflow(&self, device: &str) -> (SocketAddr, SocketAddr) {
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

/// What is done to the path that carries most, which is Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Unplug,
    TakeAddress,
    DropEverything,
    CloseHere,
    CloseThere,
    MakeBackup,
}

impl Act {
    const ALL: [Self; 6] = [
        Self::Unplug,
        Self::TakeAddress,
        Self::DropEverything,
        Self::CloseHere,
        Self::CloseThere,
        Self::MakeBackup,
    ];

    fn causes(self) -> &'static [Cause] {
        match self {
            Self::Unplug => &[Cause::LinkLost],
            // Without an address the kernel drops what it would send: the first news may be either.
            Self::TakeAddress => &[Cause::AddressLost],
            Self::DropEverything => &[Cause::PathDead],
            Self::CloseHere => &[Cause::ClosedLocally],
            Self::CloseThere => &[Cause::ClosedByPeer],
            Self::MakeBackup => &[Cause::PriorityChanged],
        }
    }

    fn perform(self, lab: &Lab, watcher: &Watcher) {
        let program = common::pathscope();
        let program = program.to_string_lossy();
        let close = |netns: &Path, (local, remote): (SocketAddr, SocketAddr)| {
            let (local, remote) = (local.to_string(), remote.to_string());
            common::output(netns, &[&program, "close", &local, &remote]);
        };
        match self {
            Self::Unplug => lab.plug("ethernet", false).unwrap(),
            Self::TakeAddress => {
                common::output(
                    &lab.netns(),
                    &["ip", "addr", "del", "10.77.2.2/24", "dev", "ethernet"],
                );
            }
            Self::DropEverything => lab.shape("ethernet", None, None, Some(100.0)).unwrap(),
            Self::CloseHere => close(&lab.netns(), watcher.subflow("ethernet")),
            Self::CloseThere => {
                let (local, remote) = watcher.subflow("ethernet");
                close(&lab.server_netns(), (remote, local));
            }
            Self::MakeBackup => {
                common::output(
                    &lab.netns(),
                    &["ip", "mptcp", "endpoint", "change", "id", "2", "backup"],
                );
            }
        }
    }
}

/// One act and what was measured of it.
struct Round {
    act: Act,
    truth_ms: u64,
    found: Option<Handover>,
}

/// A laboratory of its own for each round, so that no round inherits anything of another.
fn round(act: Act, number: u32) -> Round {
    let options = lab::Options {
        automatic: false,
        connections: Some(0),
        program: Some(common::pathscope()),
    };
    let lab = Lab::start(lab::scenario("handover").unwrap(), &options).unwrap();
    // Several delays and rates.
    let delay = f64::from(3 + number % 4 * 5);
    lab.shape("ethernet", Some(delay), None, None).unwrap();
    lab.shape("wifi", Some(delay + 20.0), None, None).unwrap();
    let traffic = Traffic::start(&lab, "10.77.1.2:0", u64::from(1 + number % 3) * 6_000);
    let watcher = Watcher::start(&lab.netns());
    common::wait_for("every subflow", LIMIT, || {
        (watcher.devices() == ["ethernet", "phone", "wifi"]).then_some(())
    });
    // The detector must have seen which path carries.
    let steady = traffic.arrivals.lock().unwrap().len();
    common::wait_for("steady traffic", LIMIT, || {
        (traffic.arrivals.lock().unwrap().len() > steady + 300).then_some(())
    });
    // Ethernet, which joined last, has taken over from Wi-Fi.
    common::wait_for("calm", LIMIT, || {
        watcher
            .history
            .lock()
            .unwrap()
            .suspects()
            .is_empty()
            .then_some(())
    });
    while watcher.found.try_recv().is_ok() {}
    let begun = Instant::now();
    act.perform(&lab, &watcher);
    let found = watcher.found.recv_timeout(Duration::from_secs(12)).ok();
    let truth = traffic.longest_gap(begun, Instant::now());
    Round {
        act,
        truth_ms: u64::try_from(truth.as_millis()).unwrap(),
        found,
    }
}

/// The number of an environment variable, else another.
fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn every_handover_is_found_and_measured_near_the_truth() {
    if !common::can_make_namespaces("handovers against the truth") {
        return;
    }
    let rounds = number("PATHSCOPE_TRUTH_ROUNDS", 1);
    let mut wrong = Vec::new();
    println!(
        "{:<16} {:>6} {:>6} {:>8} {:>12} {:>10}",
        "act", "rounds", "found", "within", "median error", "worst"
    );
    for act in Act::ALL {
        let right = |round: &&Round| {
            let found = round.found.as_ref();
            found.is_some_and(|found| round.act.causes().contains(&found.cause))
        };
        let mut rounds: Vec<Round> = (0..rounds).map(|number| round(act, number)).collect();
        let few = rounds.len() < MANY;
        if few && !rounds.iter().any(|round| right(&round)) {
            // On a busy machine a single one may have passed before anything waited.
            rounds.push(round(act, 0));
        }
        let found = rounds.iter().filter(right).count();
        let error = |round: &Round| {
            let measured = round.found.as_ref()?.interruption?.ms;
            Some(measured.abs_diff(round.truth_ms))
        };
        let mut errors: Vec<u64> = rounds
            .iter()
            .map(|round| error(round).unwrap_or(u64::MAX))
            .collect();
        errors.sort_unstable();
        let near = errors.iter().filter(|error| **error <= NEAR_MS).count();
        println!(
            "{:<16} {:>6} {found:>6} {near:>8} {:>9} ms {:>7} ms",
            format!("{act:?}"),
            rounds.len(),
            errors.get(errors.len() / 2).unwrap(),
            errors.last().unwrap()
        );
        for round in &rounds {
            println!("    truth {:>5} ms: {:?}", round.truth_ms, round.found);
        }
        // A few rounds on a busy machine say nothing about how near; many do.
        let all = if few { 1 } else { rounds.len() };
        if found < all || (!few && near * 100 < rounds.len() * 95) {
            wrong.push(act);
        }
    }
    assert_eq!(wrong, [], "see the table");
}

#[test]
fn healthy_traffic_with_idle_pauses_has_no_handover() {
    if !common::can_make_namespaces("no handover without a cause") {
        return;
    }
    let seconds = number("PATHSCOPE_TRUTH_HEALTHY_S", 15);
    let options = lab::Options {
        automatic: false,
        program: Some(common::pathscope()),
        ..lab::Options::default()
    };
    let lab = Lab::start(lab::scenario("handover").unwrap(), &options).unwrap();
    let traffic = Traffic::start(&lab, "10.77.1.2:0", 6_000);
    let watcher = Watcher::start(&lab.netns());
    let end = Instant::now() + Duration::from_secs(seconds.into());
    let mut found = Vec::new();
    let mut turn = 0_u64;
    while Instant::now() < end {
        // Busy for one to three seconds, idle for as long as comes.
        turn += 1;
        traffic.rate.store(
            if turn % 2 == 1 { 6_000 * (turn % 5) } else { 0 },
            Ordering::Relaxed,
        );
        let until = Instant::now() + Duration::from_millis(400 + turn % 7 * 300);
        while let Ok(handover) = watcher.found.recv_deadline(until) {
            found.push(handover);
        }
    }
    println!("{seconds} s of healthy traffic: {} handovers", found.len());
    assert_eq!(found, []);
}
