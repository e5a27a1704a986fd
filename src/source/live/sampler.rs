//! The sampler thread: a sample each interval, a full one at least every 30 s.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use nix::time::{ClockId, clock_gettime};

use super::super::reading::{OwnerResolver, Read, Reader, Want, cpu_time};
use super::cadence::Cadence;
use super::outlet::End;
use super::shared::Shared;
use crate::kernel::Error;
use crate::model::{Event, EventKind, Origin, Sample, Token};

/// How long the kernel may refuse before the source gives up.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);
/// The least difference between the clocks that is a suspend, seconds.
const CLOCK_JUMP_S: f64 = 1.0;

pub(super) fn run(shared: &Arc<Shared>, poked: &Receiver<()>) {
    let sampler = shared
        .namespace
        .enter()
        .and_then(|()| Reader::new())
        .and_then(|reader| Sampler::start(shared, reader));
    if let Err(why) = sampler.and_then(|mut sampler| sampler.work(poked)) {
        shared.fail(why.to_string());
    }
}

struct Sampler<'a> {
    shared: &'a Shared,
    reader: Reader,
    owners: OwnerResolver,
    cadence: Cadence,
    full_at: Option<Instant>,
    failing_since: Option<Instant>,
    asleep_s: f64,
    /// When the newest sample was due.
    sampled_at: Instant,
    looked_at: Instant,
    /// A sample that was asked for and could not be taken yet.
    is_asked: bool,
}

impl<'a> Sampler<'a> {
    /// Who holds the connections that are there is found out first, so that the first sample can say it.
    fn start(shared: &'a Shared, mut reader: Reader) -> Result<Self, Error> {
        reader.read(true)?;
        let mut owners = OwnerResolver::start()?;
        owners.ask(Instant::now(), || reader.owner_query());
        reader.apply_owners(owners.first_answer());
        let now = Instant::now();
        shared.want_sample();
        Ok(Self {
            shared,
            reader,
            owners,
            cadence: Cadence::default(),
            full_at: None,
            failing_since: None,
            asleep_s: asleep(),
            sampled_at: now,
            looked_at: now,
            is_asked: false,
        })
    }

    fn work(&mut self, poked: &Receiver<()>) -> Result<(), Error> {
        match self.sample_until_the_end(poked) {
            Ok(()) | Err(None) => Ok(()),
            Err(Some(error)) => Err(error),
        }
    }

    fn sample_until_the_end(&mut self, poked: &Receiver<()>) -> Result<(), End> {
        let shared = self.shared;
        while !shared.stopping() {
            let due = self.due(Instant::now());
            let wanted = shared.outlet.wanted();
            let look_due = wanted.as_ref().map(|(_, after)| self.looked_at + *after);
            let next = look_due.map_or(due, |look| look.min(due));
            match poked.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Disconnected) => break,
                // The interval is another, or something happened.
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            }
            let now = Instant::now();
            // What happens while nothing was read for a while is read at once.
            let mut is_asked = std::mem::take(&mut self.is_asked) | shared.takes_wish();
            let rests = self.rest(now).is_some();
            if shared.takes_stir() {
                is_asked |= rests;
                self.cadence.note_stir(now);
            }
            let due = if is_asked { now } else { self.due(now) };
            if let (Some((tokens, _)), Some(look_due)) = (&wanted, look_due)
                && now < due
            {
                if now >= look_due && !shared.outlet.is_full() {
                    self.look(tokens)?;
                }
                self.looked_at = now.max(self.looked_at);
                continue;
            }
            if now < due {
                continue;
            }
            self.looked_at = now;
            // One that comes too late is not made up for.
            let interval = shared.interval();
            self.sampled_at = if due + interval > now { due } else { now };
            if shared.stopping() || shared.outlet.is_full() {
                self.is_asked = is_asked;
                continue;
            }
            shared.wait_until_drained();
            if shared.outlet.is_full() {
                self.is_asked = is_asked;
                continue;
            }
            self.sample(now, is_asked)?;
        }
        Ok(())
    }

    /// When the next sample is due.
    fn due(&self, now: Instant) -> Instant {
        let rest = self.rest(now);
        match (rest, self.shared.may_rest(rest.is_some())) {
            (Some(rest), true) => self.sampled_at + rest,
            // Something happened just now.
            (Some(_), false) => now,
            (None, _) => self.sampled_at + self.shared.interval(),
        }
    }

    /// How long to rest, where that is longer than the interval: while there is no connection, and the kernel tells of
    /// the first.
    fn rest(&self, now: Instant) -> Option<Duration> {
        let interval = self.shared.interval();
        let idle = self.cadence.idle(now).filter(|idle| *idle > interval);
        idle.filter(|_| self.reader.is_empty() && self.shared.ledger.hears())
    }

    /// Looks closely at some connections. What cannot be read now is left to the next sample.
    fn look(&mut self, tokens: &[Token]) -> Result<(), End> {
        if let Ok(Some(look)) = self.reader.look_closely(tokens) {
            let told = self.shared.outlet.look(look)?;
            self.reader.was_told(&told);
        }
        Ok(())
    }

    /// Takes a sample: of everything, or of what carries where everything would cost too much.
    fn sample(&mut self, now: Instant, is_asked: bool) -> Result<(), End> {
        let shared = self.shared;
        if !shared.namespace.still_there() {
            let label = shared.namespace.label().unwrap_or("of this process").to_owned();
            shared.fail(format!(
                "the network namespace {label} is gone; open another with --netns"
            ));
            return Err(None);
        }
        self.tell_suspend()?;
        // Where the kernel tells nobody, only reading shows what is new.
        let has_news = !shared.ledger.hears()
            || shared.ledger.has_news()
            || shared.outlet.is_disturbed()
            || self.reader.is_in_doubt();
        let started = cpu_time();
        if !is_asked && !self.cadence.is_due(now, shared.interval(), has_news) {
            let mut tokens = shared.focus();
            tokens.extend(shared.outlet.carrying());
            if Cadence::is_worth_it(tokens.len(), self.reader.count())
                && let Ok(Some(sample)) = self.reader.read_some(&tokens)
            {
                return self.tell(sample, started);
            }
        }
        self.sample_everything(now, started)
    }

    fn sample_everything(&mut self, now: Instant, started: Duration) -> Result<(), End> {
        let want = self.want(now);
        let full = want.full;
        match self.reader.read_as(&want) {
            Ok(read) => {
                self.failing_since = None;
                if full {
                    self.full_at = Some(now);
                    self.reader.forget();
                }
                let is_asking = self.owners.should_check(now) && !self.reader.is_empty();
                if self.reader.has_unresolved() || is_asking {
                    self.owners.ask(now, || self.reader.owner_query());
                }
                self.conclude(read, started)?;
                // A full one costs more, and is seldom.
                let cost = (!full).then(|| cpu_time().saturating_sub(started));
                self.cadence.note_reading(now, cost);
                Ok(())
            }
            // The kernel may be short of memory for a moment, or an interface go while it is read.
            Err(error) => {
                self.shared.ledger.reading_failed(want);
                let since = *self.failing_since.get_or_insert(now);
                if now.duration_since(since) > REFUSAL_TIMEOUT {
                    return Err(Some(error));
                }
                Ok(())
            }
        }
    }

    /// What the next reading of everything needs, from what the other threads told.
    fn want(&mut self, now: Instant) -> Want {
        if let Some(tokens) = self.shared.passed_tokens() {
            self.reader.take_tokens(tokens);
        }
        let since_full = self.full_at.map(|at| now.duration_since(at));
        let noted = self.shared.ledger.begin_reading(since_full);
        let mut want = noted.want;
        for (token, server_side) in noted.server_side {
            self.reader.set_server_side(token, server_side);
            want.changes.tokens.insert(token);
        }
        let resolved = self.reader.apply_owners(self.owners.answer());
        want.changes.inodes.extend(resolved);
        want.changes.tokens.extend(self.reader.untold.drain());
        want
    }

    /// Tells what a reading of everything gave.
    fn conclude(&self, mut read: Read, started: Duration) -> Result<(), End> {
        self.shared.ledger.sample_concluded(&mut read);
        for event in read.inferred.into_iter().chain(read.events) {
            self.shared.outlet.event(event)?;
        }
        self.tell(read.sample, started)
    }

    fn tell(&self, mut sample: Sample, started: Duration) -> Result<(), End> {
        let pause = self.rest(self.sampled_at).unwrap_or(self.cadence.pause(false));
        if pause > self.shared.interval() {
            sample.everything_within_ms = u32::try_from(pause.as_millis()).ok();
        }
        let cost = cpu_time().saturating_sub(started);
        sample.cost_us = Some(u64::try_from(cost.as_micros()).unwrap_or(u64::MAX));
        Ok(self.shared.outlet.sample(sample)?)
    }

    /// Tells that the machine was suspended since this was last asked, if it was.
    fn tell_suspend(&mut self) -> Result<(), End> {
        let suspended_s = asleep() - self.asleep_s;
        if suspended_s > CLOCK_JUMP_S {
            self.asleep_s += suspended_s;
            self.shared.outlet.event(Event {
                suspended_s: Some(suspended_s),
                ..Event::new(0.0, EventKind::ClockJump, Origin::Inferred)
            })?;
        }
        Ok(())
    }
}

/// How long the machine was ever suspended, seconds: the boot clock goes on, the monotonic one does not.
fn asleep() -> f64 {
    let seconds = |clock| clock_gettime(clock).map_or(0.0, |time| Duration::from(time).as_secs_f64());
    seconds(ClockId::CLOCK_BOOTTIME) - seconds(ClockId::CLOCK_MONOTONIC)
}
