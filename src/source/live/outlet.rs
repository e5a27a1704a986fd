//! The one way out of a live source: lines are stamped and sent under one lock, so `t` never decreases.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use rustc_hash::FxHashSet;

use super::super::Waker;
use super::attention::{Attention, Telling};
use crate::kernel::Error;
use crate::model::{Event, Line, Origin, Sample, Token};

/// How many connections may wait in samples that nobody has taken, about 15 MB, before no more samples are taken.
const MOST_WAITING: usize = 10_000;

/// The most close looks that are kept back, and how many of them an event brings out.
const KEPT: usize = 8;
const BEFORE_EVENT: usize = 2;

/// After a sample in which nothing happens, the reader is woken for another such this much later, seconds.
const QUIET_WAKES_S: f64 = 1.0;
/// For how long after an event every sample wakes the reader, seconds: it may show what the event told.
const LIVELY_S: f64 = 1.5;

/// The receiver has gone: the thread that sees it ends.
pub(super) struct Closed;

/// Why a thread of the source ends: an error, or `None` because nobody listens any more.
pub(super) type End = Option<Error>;

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        None
    }
}

struct Inner {
    began: Instant,
    sending: Mutex<Sending>,
    /// Connections in the samples that were sent since the channel was last seen empty.
    waiting: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

/// What one line after another goes through.
struct Sending {
    /// `None` once the source has ended, so that its reader sees the end.
    lines: Option<Sender<Line>>,
    /// When the newest line was taken, seconds on the stream.
    t: f64,
    attention: Attention,
    /// Close looks since the newest sample, oldest first, that nobody was told of.
    kept: VecDeque<Sample>,
    /// When the reader was last woken for a sample, and until when every sample wakes it; seconds on the stream.
    woke_at: f64,
    lively_until: f64,
}

impl Sending {
    fn send(&mut self, line: Line) -> Result<(), Closed> {
        self.t = line.t();
        self.lines.as_ref().ok_or(Closed)?.send(line).map_err(|_| Closed)
    }

    /// Tells the looks that were kept back: all of some connections, and the newest of others.
    fn release(&mut self, before: &FxHashSet<Token>, mut last: FxHashSet<Token>) -> Result<(), Closed> {
        if before.is_empty() && last.is_empty() {
            return Ok(());
        }
        // Who was told of something since is not told of what was before it.
        let mut kept = std::mem::take(&mut self.kept);
        kept.retain(|look| look.t >= self.t);
        let newest = kept.pop_back();
        for look in kept.into_iter().filter(|_| !before.is_empty()) {
            self.tell(look, before)?;
        }
        last.extend(before);
        newest.map_or(Ok(()), |look| self.tell(look, &last))
    }

    /// Tells a close look, but only of these connections.
    fn tell(&mut self, mut look: Sample, tokens: &FxHashSet<Token>) -> Result<(), Closed> {
        let told = |token: &Token| tokens.contains(token);
        look.connections
            .retain(|connection| connection.token.as_ref().is_some_and(told));
        if let Some(only) = &mut look.only {
            only.retain(told);
        }
        self.send(Line::Sample(Box::new(look)))
    }
}

/// Stamps lines and sends them. What happens when nobody reads them and the channel, or what is in it, is too large: a
/// sample is not even taken ([`Self::is_full`]), so the next one tells the changes of both intervals; an event waits here, and those
/// behind it in the kernel's buffer, whose overrun shows as `events_lost`.
#[derive(Clone)]
pub(super) struct Outlet(Arc<Inner>);

impl Outlet {
    pub(super) fn new(lines: Sender<Line>) -> Self {
        Self(Arc::new(Inner {
            began: Instant::now(),
            sending: Mutex::new(Sending {
                lines: Some(lines),
                t: 0.0,
                attention: Attention::default(),
                kept: VecDeque::new(),
                woke_at: f64::NEG_INFINITY,
                lively_until: f64::NEG_INFINITY,
            }),
            waiting: AtomicUsize::new(0),
            waker: Mutex::new(None),
        }))
    }

    pub(super) fn set_waker(&self, waker: Waker) {
        *self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker);
    }

    /// Whether no sample is to be taken, because too much waits already.
    pub(super) fn is_full(&self) -> bool {
        let sending = self.sending();
        let Some(lines) = &sending.lines else { return false };
        if lines.is_empty() {
            self.0.waiting.store(0, Ordering::Relaxed);
        }
        lines.is_full() || self.0.waiting.load(Ordering::Relaxed) >= MOST_WAITING
    }

    /// Ends the stream: who reads it sees what was sent, and then its end.
    pub(super) fn close(&self) {
        self.sending().lines = None;
        self.wake();
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        self.0.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time on the stream, seconds. Microseconds: finer digits are noise, and make every line longer.
    fn now(&self) -> f64 {
        (self.0.began.elapsed().as_secs_f64() * 1e6).round() / 1e6
    }

    /// The connections to look at between two samples, and how long after the last look.
    pub(super) fn wanted(&self) -> Option<(Vec<Token>, Duration)> {
        let sending = self.sending();
        let (tokens, after_s) = sending.attention.wanted(self.now())?;
        Some((tokens.to_vec(), Duration::from_secs_f64(after_s)))
    }

    /// The connections that carry data, or have some that waits.
    pub(super) fn carrying(&self) -> Vec<Token> {
        self.sending().attention.carrying().collect()
    }

    /// Whether something happened just now that may have stopped data.
    pub(super) fn is_disturbed(&self) -> bool {
        self.sending().attention.is_disturbed(self.now())
    }

    /// Takes a close look at some connections: tells of those in which something happens, and keeps the rest back. Those
    /// that were told of. Who reads it is not woken: it is read along with the next line.
    pub(super) fn look(&self, mut look: Sample) -> Result<FxHashSet<Token>, Closed> {
        let mut sending = self.sending();
        look.t = self.now();
        let Telling { now, before, last } = sending.attention.sift(&look);
        sending.release(&before, last)?;
        if now.is_empty() {
            sending.kept.push_back(look);
            if sending.kept.len() > KEPT {
                sending.kept.pop_front();
            }
        } else {
            sending.kept.clear();
            sending.tell(look, &now)?;
        }
        Ok(now)
    }

    pub(super) fn sample(&self, mut sample: Sample) -> Result<(), Closed> {
        self.0
            .waiting
            .fetch_add(sample.connections.len(), Ordering::Relaxed);
        let mut sending = self.sending();
        sample.t = self.now();
        let Telling { before, last, .. } = sending.attention.take(&sample);
        sending.release(&before, last)?;
        sending.kept.clear();
        let t = sample.t;
        let is_quiet = is_quiet(&sample) && t >= sending.lively_until && t - sending.woke_at < QUIET_WAKES_S;
        sending.send(Line::Sample(Box::new(sample)))?;
        if !is_quiet {
            sending.woke_at = t;
            drop(sending);
            self.wake();
        }
        Ok(())
    }

    pub(super) fn event(&self, mut event: Event) -> Result<(), Closed> {
        let mut sending = self.sending();
        event.t = self.now();
        if sending.attention.hear(&event) {
            let mut kept = std::mem::take(&mut sending.kept);
            // Of what was before another event nobody is told after it.
            kept.retain(|look| look.t >= sending.t);
            // Found by comparing two samples, it happened at any time between them.
            let found = event.origin == Origin::Inferred;
            let old = if found {
                0
            } else {
                kept.len().saturating_sub(BEFORE_EVENT)
            };
            for look in kept.into_iter().skip(old) {
                sending.send(Line::Sample(Box::new(look)))?;
            }
        }
        sending.lively_until = event.t + LIVELY_S;
        sending.send(Line::Event(Box::new(event)))?;
        drop(sending);
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        if let Some(waker) = &*self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            waker();
        }
    }
}

/// Whether nothing happens in a sample but that counters of interfaces and of the kernel grow.
fn is_quiet(sample: &Sample) -> bool {
    !sample.full
        && sample.connections.is_empty()
        && sample.connections_gone.is_empty()
        && sample.listeners.is_empty()
        && sample.listeners_gone.is_empty()
        && sample.interfaces_gone.is_empty()
        && sample.endpoints.is_empty()
        && sample.endpoints_gone.is_empty()
        && sample.limits.is_none()
        && sample.settings.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Connection, EventKind};
    use crossbeam_channel::bounded;

    fn sample(connections: usize) -> Sample {
        Sample {
            connections: vec![Connection::default(); connections],
            ..Sample::default()
        }
    }

    #[test]
    fn samples_in_which_nothing_happens_seldom_wake_the_reader() {
        let (sender, _lines) = bounded(100);
        let outlet = Outlet::new(sender);
        let woken = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&woken);
        outlet.set_waker(Arc::new(move || {
            counts.fetch_add(1, Ordering::Relaxed);
        }));
        let wakes = |what: &dyn Fn() -> Result<(), Closed>| {
            let before = woken.load(Ordering::Relaxed);
            assert!(what().is_ok());
            woken.load(Ordering::Relaxed) - before
        };
        let quiet = || outlet.sample(Sample::default());
        assert_eq!(wakes(&quiet), 1, "the first");
        assert_eq!(wakes(&quiet), 0);
        assert_eq!(wakes(&|| outlet.sample(sample(1))), 1);
        assert_eq!(wakes(&quiet), 0);
        let event = || outlet.event(Event::new(0.0, EventKind::EventsLost, Origin::Kernel));
        assert_eq!(wakes(&event), 1);
        assert_eq!(wakes(&quiet), 1, "it may show what the event told");
    }

    #[test]
    fn what_was_kept_back_is_not_told_after_what_happened_later() {
        let (sender, lines) = bounded(100);
        let outlet = Outlet::new(sender);
        let token = Token(7);
        let look = Sample {
            only: Some(vec![token]),
            connections: vec![Connection {
                token: Some(token),
                ..Connection::default()
            }],
            ..Sample::default()
        };
        assert!(outlet.look(look).is_ok());
        for kind in [EventKind::ConnectionCreated, EventKind::SubflowClosed] {
            let event = Event {
                token: Some(token),
                ..Event::new(0.0, kind, Origin::Inferred)
            };
            assert!(outlet.event(event).is_ok());
        }
        let times: Vec<f64> = lines.try_iter().map(|line| line.t()).collect();
        assert!(times.len() >= 2, "{times:?}");
        assert!(times.is_sorted(), "{times:?}");
    }

    #[test]
    fn large_samples_wait_in_small_number_and_small_ones_in_large() {
        let (sender, lines) = bounded(100);
        let outlet = Outlet::new(sender);
        for _ in 0..4 {
            assert!(!outlet.is_full());
            assert!(outlet.sample(sample(MOST_WAITING / 4)).is_ok());
        }
        assert!(outlet.is_full());
        lines.recv().expect("a line");
        assert!(outlet.is_full(), "until all was read");
        while lines.try_recv().is_ok() {}
        assert!(!outlet.is_full());
        for _ in 0..100 {
            assert!(!outlet.is_full());
            let event = Event::new(0.0, EventKind::EventsLost, Origin::Kernel);
            assert!(outlet.event(event).is_ok());
        }
        assert!(outlet.is_full());
    }
}
