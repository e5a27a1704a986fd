//! One handover: what is done to the path that carries most, which is Ethernet, and what was measured of it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pathscope::history::handover::{Cause, Handover, sentence};
use pathscope::lab::{self, Lab};

use super::traffic::{Traffic, Way};
use super::watcher::Watcher;
use super::{LIMIT, common};

/// How far a measurement may be from the truth.
const NEAR_MS: u64 = 40;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Unplug,
    TakeAddress,
    DropEverything,
    Degrade,
    Return,
    MakeBackup,
    CloseHere,
    CloseThere,
}

impl Act {
    pub(crate) const ALL: [Self; 8] = [
        Self::Unplug,
        Self::TakeAddress,
        Self::DropEverything,
        Self::Degrade,
        Self::Return,
        Self::MakeBackup,
        Self::CloseHere,
        Self::CloseThere,
    ];

    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::Unplug => Cause::LinkLost,
            Self::TakeAddress => Cause::AddressLost,
            Self::DropEverything => Cause::PathDead,
            Self::Degrade => Cause::PathDegraded,
            Self::Return => Cause::PathReturned,
            Self::MakeBackup => Cause::PriorityChanged,
            Self::CloseHere => Cause::ClosedLocally,
            Self::CloseThere => Cause::ClosedByPeer,
        }
    }

    /// Which way the data goes: either, where it is to wait whichever way it goes. A path that only became worse is seen by
    /// who sends over it.
    fn way(self, number: u32) -> Way {
        match self {
            Self::Degrade | Self::Return | Self::MakeBackup => Way::Up,
            _ if number.is_multiple_of(2) => Way::Up,
            _ => Way::Down,
        }
    }

    fn perform(self, number: u32, lab: &Lab, watcher: &Watcher) {
        let program = common::pathscope();
        let program = program.to_string_lossy();
        let close = |netns: &Path, (local, remote): (SocketAddr, SocketAddr)| {
            let (local, remote) = (local.to_string(), remote.to_string());
            common::output(netns, &[&program, "close", &local, &remote]);
        };
        let ip = |words: &str| {
            let words: Vec<&str> = words.split_whitespace().collect();
            common::output(&lab.netns(), &words);
        };
        match self {
            Self::Unplug => lab.plug("ethernet", false).unwrap(),
            Self::Return => lab.plug("ethernet", true).unwrap(),
            Self::TakeAddress => ip("ip addr del 10.77.2.2/24 dev ethernet"),
            Self::MakeBackup => ip("ip mptcp endpoint change id 2 backup"),
            Self::DropEverything => lab.shape("ethernet", None, None, Some(100.0)).unwrap(),
            // Slow, lossy or narrow.
            Self::Degrade => match number % 3 {
                0 => lab.shape("ethernet", Some(150.0), None, None).unwrap(),
                1 => lab.shape("ethernet", None, None, Some(30.0)).unwrap(),
                _ => lab.shape("ethernet", None, Some(3.0), None).unwrap(),
            },
            Self::CloseHere => close(&lab.netns(), watcher.subflow("ethernet")),
            Self::CloseThere => {
                let (local, remote) = watcher.subflow("ethernet");
                close(&lab.server_netns(), (remote, local));
            }
        }
    }
}

/// What was measured of one act.
pub(crate) struct Round {
    pub(crate) act: Act,
    pub(crate) number: u32,
    pub(crate) truth_ms: u64,
    /// What was found first.
    pub(crate) found: Option<Handover>,
    /// What else was found before the first one ended.
    pub(crate) more: Vec<Handover>,
    /// How late the machine was meanwhile, at most: the truth is as much in doubt.
    pub(crate) late_ms: u64,
}

impl Round {
    /// Whether it was found with its cause, and where the data went from and to.
    pub(crate) fn is_right(&self) -> bool {
        let (from, to) = match self.act {
            Act::Return => ("wifi", "ethernet"),
            _ => ("ethernet", "wifi"),
        };
        self.found.as_ref().is_some_and(|found| {
            let way = (found.from.as_deref(), found.to.as_deref());
            found.cause == self.act.cause() && way == (Some(from), Some(to))
        })
    }

    /// How far the measurement is from the truth, ms: more is positive.
    pub(crate) fn error_ms(&self) -> Option<i64> {
        let measured = self.found.as_ref()?.interruption?.ms;
        Some(i64::try_from(measured).ok()? - i64::try_from(self.truth_ms).ok()?)
    }

    /// Whether the measurement is near the truth.
    pub(crate) fn is_near(&self) -> bool {
        self.error_ms()
            .is_some_and(|error| error.unsigned_abs() <= NEAR_MS)
    }

    /// Whether there is nothing to be said about it.
    pub(crate) fn is_good(&self) -> bool {
        self.is_right() && self.is_near() && self.is_honest() && self.more.is_empty()
    }

    /// Whether the truth lies within the uncertainty that is told.
    pub(crate) fn is_honest(&self) -> bool {
        let told = self.found.as_ref().and_then(|found| found.interruption);
        self.error_ms()
            .zip(told)
            .is_some_and(|(error, told)| error.unsigned_abs() <= told.uncertainty_ms)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, truth, late) = (self.number, self.truth_ms, self.late_ms);
        write!(
            f,
            "{number:>3}: truth {truth:>4} ms, machine late by {late:>2} ms, "
        )?;
        match &self.found {
            None => write!(f, "nothing found"),
            Some(found) => write!(f, "found {}", sentence(found, str::to_owned)),
        }?;
        for more in &self.more {
            write!(f, " Then {}", sentence(more, str::to_owned))?;
        }
        Ok(())
    }
}

/// A laboratory of its own for each round, so that no round inherits anything of another.
pub(crate) fn round(act: Act, number: u32) -> Round {
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
    let mut devices = vec!["ethernet", "phone", "wifi"];
    if act == Act::Return {
        lab.plug("ethernet", false).unwrap();
        common::wait_for("the endpoint to go", LIMIT, || {
            let endpoints = common::output(&lab.netns(), &["ip", "mptcp", "endpoint", "show"]);
            (!endpoints.contains("dev ethernet")).then_some(())
        });
        devices.remove(0);
    }
    let (way, rate) = (act.way(number), u64::from(1 + number % 3) * 6_000);
    let traffic = Traffic::start(&lab, "10.77.1.2:0", rate, way);
    let keep = std::env::var_os("PATHSCOPE_TRUTH_DUMP");
    let watcher = Watcher::start(&lab.netns(), keep.is_some());
    common::wait_for("every subflow", LIMIT, || {
        (watcher.devices() == devices).then_some(())
    });
    // The detector must have seen which path carries.
    let steady = traffic.count();
    common::wait_for("steady traffic", LIMIT, || {
        (traffic.count() > steady + 300).then_some(())
    });
    // Ethernet, which joined last, has taken over from Wi-Fi.
    common::wait_for("calm", LIMIT, || {
        let leads = act == Act::Return || leads(&watcher, "ethernet");
        (leads && watcher.is_calm()).then_some(())
    });
    while watcher.found.try_recv().is_ok() {}
    let metronome = Metronome::start();
    let begun = Instant::now();
    act.perform(number, &lab, &watcher);
    let found = watcher.found.recv_timeout(Duration::from_secs(15)).ok();
    let truth = traffic.longest_gap(begun, Instant::now());
    let round = Round {
        act,
        number,
        truth_ms: u64::try_from(truth.as_millis()).unwrap(),
        found,
        more: watcher.found.try_iter().collect(),
        late_ms: metronome.worst_ms(),
    };
    if let Some(folder) = keep {
        // A detector that needs a little longer is to find enough in it.
        let enough = Instant::now() + Duration::from_millis(700);
        common::wait_for("the stream after a handover", LIMIT, || {
            let lines = watcher.lines.lock().unwrap();
            lines.last().filter(|(read, _)| *read >= enough).map(drop)
        });
        let file = Path::new(&folder).join(format!("{act:?}-{number}.jsonl"));
        std::fs::write(file, dump(&round, begun, &traffic, &watcher)).unwrap();
    }
    round
}

/// A thread that wants to wake regularly, and notes how late it does at worst.
pub(crate) struct Metronome {
    worst_ms: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Metronome {
    pub(crate) fn start() -> Self {
        let (worst_ms, stop): (Arc<AtomicU64>, Arc<AtomicBool>) = Default::default();
        let (noted, ends) = (Arc::clone(&worst_ms), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let due = Instant::now() + Duration::from_millis(2);
                thread::park_timeout(Duration::from_millis(2));
                let late = due.elapsed().as_millis();
                noted.fetch_max(u64::try_from(late).unwrap(), Ordering::Relaxed);
            }
        });
        Self {
            worst_ms,
            stop,
            thread,
        }
    }

    pub(crate) fn worst_ms(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.worst_ms.load(Ordering::Relaxed)
    }
}

/// Whether a device carries most of the next megabyte.
fn leads(watcher: &Watcher, device: &str) -> bool {
    let before = watcher.delivered();
    let more = |after: &BTreeMap<String, u64>| {
        let more = after.iter().map(|(device, bytes)| {
            let moved = bytes - before.get(device).copied().unwrap_or(0).min(*bytes);
            (device.clone(), moved)
        });
        more.collect::<BTreeMap<_, _>>()
    };
    let moved = common::wait_for("data", LIMIT, || {
        let moved = more(&watcher.delivered());
        (moved.values().sum::<u64>() > 1_000_000).then_some(moved)
    });
    let total: u64 = moved.values().sum();
    moved.get(device).copied().unwrap_or(0) * 10 > total * 7
}

/// The stream and the arrivals on one clock, a line each, for a closer look at a round.
fn dump(round: &Round, begun: Instant, traffic: &Traffic, watcher: &Watcher) -> String {
    let lines = watcher.lines.lock().unwrap();
    let (first, _) = lines.first().unwrap();
    let since = |at: Instant| {
        at.checked_duration_since(*first)
            .map_or(-1.0, |age| age.as_secs_f64())
    };
    // A line is read a little after its time, never before it.
    let late = lines.iter().map(|(read, line)| since(*read) - line.t());
    let late = late.fold(f64::MAX, f64::min);
    let mut text = String::new();
    for (_, line) in lines.iter() {
        writeln!(text, "{}", serde_json::to_string(line).unwrap()).unwrap();
    }
    for (at, total) in traffic.arrivals.lock().unwrap().iter() {
        let t = since(*at) - late;
        writeln!(text, r#"{{"kind":"arrival","t":{t:.6},"total":{total}}}"#).unwrap();
    }
    let (t, truth) = (since(begun) - late, round.truth_ms);
    let found = format!("{:?}", round.found);
    writeln!(
        text,
        r#"{{"kind":"truth","act":"{:?}","t":{t:.6},"truth_ms":{truth},"found":{found:?}}}"#,
        round.act
    )
    .unwrap();
    text
}
