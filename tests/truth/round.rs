//! One round: what is done in a laboratory of its own, what the receiver saw of it, and what was told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pathscope::model::{Header, Line};

use super::cell::{Cell, Cut, Flow};
use super::cuts::{Cutter, prepare, steps, wait_for_paths, watched};
use super::judge::{Moment, Told, Truth};
use super::network::Hosts;
use super::traffic::{Progress, Traffic, Way};
use super::watcher::{Clock, Watcher};
use super::{LIMIT, common};

/// How long the traffic is watched before anything is done, seconds, and how much of that is kept.
const BEFORE_S: f64 = 3.5;
pub(crate) const KEPT_S: f64 = 3.0;
/// How long which path carries most is measured, seconds.
const MEASURED_S: f64 = 1.2;
/// How long a round goes on after what was done, and after the data flowed again; seconds.
const AFTER_S: f64 = 3.0;
/// How long at most the data may take to flow again, seconds.
const PATIENCE_S: f64 = 12.0;
/// The same where none will.
const NONE_S: f64 = 6.0;
/// A gap that begins later than this after what was done or undone has nothing to do with it, seconds.
const LINGERS_S: f64 = 4.0;
/// How long what was not told yet is waited for, seconds.
const TOLD_S: f64 = 3.0;
/// A pause that is longer than the usual ones by so much is clearly longer, seconds.
const CLEAR_S: f64 = 0.1;

/// Everything of a round.
pub(crate) struct Round {
    pub(crate) truth: Truth,
    pub(crate) told: Vec<Told>,
    pub(crate) header: Header,
    pub(crate) lines: Vec<Line>,
    /// When something arrived, seconds on the stream, and how much had by then.
    pub(crate) arrivals: Vec<(f64, u64)>,
}

/// Plays a round in a laboratory of its own, so that none inherits anything of another.
pub(crate) fn round(cell: &Cell, number: u32) -> Round {
    let hosts = Hosts::new(cell.network);
    prepare(cell, &hosts);
    let traffic = Traffic::start(&hosts, cell.flow, cell.role, cell.cut == Cut::StopsReading);
    let watcher = Watcher::start(hosts.netns(watched(cell)));
    wait_for_paths(cell, &watcher);
    let metronome = Metronome::start();
    let act_t = watcher.now() + BEFORE_S;
    wait_until(&watcher, act_t - MEASURED_S);
    let before = watcher.delivered(cell.role.sends());
    wait_until(&watcher, act_t);
    let last = watcher.delivered(cell.role.sends());
    let carrier = carrier(cell, &before, &last);
    let carried = share(&before, &last, &carrier).0;
    let token = watcher.token();

    let cutter = Cutter {
        cell,
        hosts: &hosts,
        watcher: &watcher,
        traffic: &traffic,
        carrier: &carrier,
    };
    // At any moment between two samples.
    let begun = Instant::now() + Duration::from_millis(fastrand::u64(..250));
    let mut done = Vec::new();
    for (after_ms, on) in steps(cell.cut) {
        wait_for_moment(begun + Duration::from_millis(after_ms.into()));
        let at = Instant::now();
        cutter.perform(on);
        done.push((at, Instant::now(), on));
    }
    let ended = Instant::now();
    let usual_s = usual_s(&traffic.shared.data.arrivals.lock().unwrap(), begun);
    let end = settle(cell, &traffic, ended, usual_s);
    let late_ms = metronome.worst_ms();
    let is_told = cell.flow != Flow::Idle && cell.cut.is_told(&cell.network) && carried > 0.4;
    let known = is_told || has_moved(cell, &watcher, &carrier, carried);
    let clock = watcher.clock();
    let seen = Seen {
        data: Timed::new(&traffic.shared.data, clock),
        questions: Timed::new(&traffic.shared.questions, clock),
        usual_s,
        begun_t: clock.t(begun),
        end_t: clock.t(end),
    };
    let done = done
        .iter()
        .map(|(at, done, on)| (clock.t(*at), clock.t(*done), *on))
        .collect::<Vec<_>>();
    let truth = Truth {
        kind: "truth".to_owned(),
        cell: cell.to_string(),
        network: cell.network.name.to_owned(),
        flow: cell.flow.to_string(),
        role: cell.role.to_string(),
        cut: cell.cut.kind().to_owned(),
        round: number,
        token,
        carrier,
        sparse: cell.flow.is_sparse(),
        usual_ms: ms(usual_s),
        late_ms,
        end_t: seen.end_t,
        moments: moments(cell, &seen, &done, known),
        pauses: seen.pauses(cell, &done),
    };
    wait_for_told(&watcher, &truth);
    watcher.assert_that_the_lines_tell_the_same();
    Round {
        told: told_since(&watcher, &truth),
        truth,
        header: watcher.header.clone(),
        lines: watcher.lines(),
        arrivals: seen.data.arrivals,
    }
}

fn ms(seconds: f64) -> u64 {
    Duration::from_secs_f64(seconds.max(0.0))
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX)
}

/// What went one way, in seconds on the stream.
struct Timed {
    written: Vec<(f64, u64)>,
    arrivals: Vec<(f64, u64)>,
}

impl Timed {
    fn new(way: &Way, clock: Clock) -> Self {
        let timed = |progress: &Mutex<Progress>| {
            let progress = progress.lock().unwrap();
            progress
                .iter()
                .map(|(at, total)| (clock.t(*at), *total))
                .collect()
        };
        Self {
            written: timed(&way.written),
            arrivals: timed(&way.arrivals),
        }
    }

    /// How long what arrived in a stretch of time had been under way at most, seconds.
    fn waits(&self, from: f64, to: f64) -> impl Iterator<Item = f64> {
        self.arrivals.windows(2).filter_map(move |pair| match pair {
            [(_, had), (at, _)] if (from..=to).contains(at) => {
                let place = self.written.partition_point(|(_, total)| total <= had);
                self.written.get(place).map(|(t, _)| at - t)
            }
            _ => None,
        })
    }

    /// The longest of these beyond what was usual before.
    fn waited_s(&self, from: f64, to: f64, begun_t: f64) -> f64 {
        let mut earlier: Vec<f64> = self.waits(f64::MIN, begun_t).collect();
        earlier.sort_by(f64::total_cmp);
        let usual = earlier.get(earlier.len() / 2).copied().unwrap_or(0.0);
        self.waits(from, to).fold(0.0, f64::max) - usual
    }
}

pub(crate) fn wait_for_moment(due: Instant) {
    while Instant::now() < due {
        thread::park_timeout(due.saturating_duration_since(Instant::now()));
    }
}

fn wait_until(watcher: &Watcher, t: f64) {
    common::wait_for("the stream to go on", LIMIT, || {
        (watcher.now() >= t).then_some(())
    });
}

/// The device's share of what was delivered between two moments, and how much that was in all.
fn share(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>, device: &str) -> (f64, u64) {
    let more = |device: &String, bytes: &u64| bytes.saturating_sub(before.get(device).copied().unwrap_or(0));
    let total: u64 = after.iter().map(|(device, bytes)| more(device, bytes)).sum();
    let its = after
        .get_key_value(device)
        .map_or(0, |(device, bytes)| more(device, bytes));
    (its as f64 / total.max(1) as f64, total)
}

/// The device that carried most, which is the one that something is done to.
fn carrier(cell: &Cell, before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> String {
    let (wifi, total) = share(before, after, "wifi");
    // The address that is taken back is that on Ethernet; the server is not asked for its own.
    let fixed = cell.cut == Cut::RemoveAddr && cell.role.is_client();
    let wifi = !fixed && total > 0 && wifi > 0.5;
    if wifi { "wifi" } else { "ethernet" }.to_owned()
}

/// The longest pause between two arrivals before something was done, seconds; the start is left out.
fn usual_s(arrivals: &Progress, begun: Instant) -> f64 {
    let from = begun.checked_sub(Duration::from_secs_f64(BEFORE_S));
    let pauses = arrivals.windows(2).filter_map(|pair| match pair {
        [(a, _), (b, _)] if Some(*a) >= from && *b <= begun => Some((*b - *a).as_secs_f64()),
        _ => None,
    });
    pauses.fold(0.0, f64::max)
}

/// Waits until the data flows as before for long enough, or it is clear that they do not; until when that was watched.
fn settle(cell: &Cell, traffic: &Traffic, ended: Instant, usual_s: f64) -> Instant {
    let patience_s = if cell.cut.is_the_end() { NONE_S } else { PATIENCE_S };
    let clear = Duration::from_secs_f64(usual_s + CLEAR_S);
    common::wait_for(
        "the end of a round",
        Duration::from_secs_f64(patience_s + 5.0),
        || {
            let now = Instant::now();
            let flows =
                cell.flow == Flow::Idle || flows(&traffic.shared.data.arrivals.lock().unwrap(), now, clear);
            let elapsed_s = (now - ended).as_secs_f64();
            let enough = elapsed_s > AFTER_S && flows || elapsed_s > patience_s;
            enough.then_some(now)
        },
    )
}

/// Whether data came for long enough without a pause that is clearly longer than usual.
fn flows(arrivals: &Progress, now: Instant, clear: Duration) -> bool {
    let mut last = now;
    for (at, _) in arrivals.iter().rev() {
        if last.saturating_duration_since(*at) > clear {
            return false;
        }
        last = *at;
        if (now - last).as_secs_f64() > AFTER_S {
            return true;
        }
    }
    false
}

/// Whether the data went over to another path, as the host that sends them sees.
fn has_moved(cell: &Cell, watcher: &Watcher, carrier: &str, carried: f64) -> bool {
    if !cell.cut.moves() || !cell.role.sends() {
        return false;
    }
    let before = watcher.delivered(true);
    wait_until(watcher, watcher.now() + 0.8);
    let (carries, total) = share(&before, &watcher.delivered(true), carrier);
    total > 0 && carried > 0.6 && carries < 0.4
}

/// What was seen of the applications.
struct Seen {
    data: Timed,
    questions: Timed,
    usual_s: f64,
    begun_t: f64,
    end_t: f64,
}

/// The moments at which something was done.
fn moments(cell: &Cell, seen: &Seen, done: &[(f64, f64, bool)], known: bool) -> Vec<Moment> {
    let causes = cell.cut.causes(&cell.network);
    let begins: Vec<(f64, f64)> = done
        .iter()
        .filter(|(_, _, on)| *on)
        .map(|(t, done, _)| (*t, *done))
        .collect();
    let ends = begins.iter().skip(1).map(|(t, _)| *t).chain([seen.end_t]);
    let last = done.last().map_or(seen.end_t, |(t, _, _)| t + LINGERS_S);
    let moment = |((t, done_t), end): ((f64, f64), f64)| {
        let mut moment = Moment {
            t,
            done_t,
            what: cell.cut.to_string(),
            causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
            // What carries later nobody measured.
            known: known && begins.first() == Some(&(t, done_t)),
            until_t: end.min(last),
            gap_t: t,
            first_t: t,
            ..Moment::default()
        };
        // Who sends nothing misses nothing.
        if cell.flow != Flow::Idle {
            seen.measure(&mut moment);
        }
        moment
    };
    begins.iter().copied().zip(ends).map(moment).collect()
}

impl Seen {
    /// The gaps of a moment.
    fn measure(&self, moment: &mut Moment) {
        let mut first = None;
        let mut before = None;
        let last = (self.end_t, u64::MAX);
        for (at, total) in self.data.arrivals.iter().copied().chain([last]) {
            let goes_on = total == u64::MAX;
            if let Some(since) = before
                && at > moment.t
                && since < moment.until_t
                && at <= self.end_t
            {
                let gap_s = at - since;
                if gap_s > self.usual_s + CLEAR_S / 2.0 {
                    first.get_or_insert(since);
                }
                if ms(gap_s) > moment.gap_ms {
                    (moment.gap_ms, moment.gap_t, moment.goes_on) = (ms(gap_s), since, goes_on);
                    moment.wait_ms = self.waited_ms(since, at);
                }
            }
            before = Some(at);
        }
        moment.goes_on &= moment.gap_ms > ms(self.usual_s + CLEAR_S);
        moment.first_t = first.unwrap_or(moment.gap_t);
    }

    /// The long gaps of which the application is not why.
    fn pauses(&self, cell: &Cell, done: &[(f64, f64, bool)]) -> Vec<(f64, u64)> {
        if cell.flow.is_sparse() || cell.flow == Flow::Idle {
            return Vec::new();
        }
        // Where an application pauses, what comes after that is not its doing.
        let pauses = matches!(cell.cut, Cut::StopsReading | Cut::Rests(_));
        let since = match done.last() {
            Some((_, until, _)) if pauses => *until,
            _ => self.begun_t - BEFORE_S,
        };
        let arrivals = self.data.arrivals.iter().map(|(t, _)| *t);
        let ends = arrivals.clone().skip(1).chain([self.end_t]);
        let gaps = arrivals.zip(ends).map(|(from, to)| (from, to - from));
        gaps.filter(|(from, gap_s)| *gap_s > CLEAR_S && *from > since)
            .map(|(from, gap_s)| (from, ms(gap_s)))
            .collect()
    }

    /// How long something that arrived in a gap, or at its end, had waited at most, either way.
    fn waited_ms(&self, from: f64, to: f64) -> u64 {
        let ways = [&self.data, &self.questions].map(|way| way.waited_s(from, to, self.begun_t));
        ms(ways.into_iter().fold(0.0, f64::max))
    }
}

/// What was told of the part of the round that is kept.
fn told_since(watcher: &Watcher, truth: &Truth) -> Vec<Told> {
    let from = truth.moments.first().map_or(0.0, |moment| moment.t) - KEPT_S;
    let mut told = watcher.told();
    told.retain(|told| told.t >= from);
    told
}

/// Waits a little for what is to be told, and was not yet.
fn wait_for_told(watcher: &Watcher, truth: &Truth) {
    let due = truth
        .moments
        .iter()
        .filter(|moment| truth.is_real(moment))
        .count();
    let end = watcher.now() + TOLD_S;
    common::wait_for("the stream after a round", LIMIT, || {
        let told = told_since(watcher, truth).len();
        (told >= due || watcher.now() >= end).then_some(())
    });
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
