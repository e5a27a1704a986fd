//! The one way out of a live source: lines are stamped and sent under one lock, so `t` never decreases.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crossbeam_channel::Sender;

use super::Waker;
use crate::model::{Event, Line, Sample};

/// So many connections may wait in samples that nobody has taken, about 15 MB, before no more samples are taken.
const MOST_WAITING: usize = 10_000;

/// The receiver has gone: the thread that sees it ends.
pub(super) struct Closed;

struct Inner {
    began: Instant,
    /// `None` once the source has ended, so that its reader sees the end.
    lines: Mutex<Option<Sender<Line>>>,
    /// Connections in the samples that were sent since the channel was last seen empty.
    waiting: AtomicUsize,
    waker: Mutex<Option<Waker>>,
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
            lines: Mutex::new(Some(lines)),
            waiting: AtomicUsize::new(0),
            waker: Mutex::new(None),
        }))
    }

    pub(super) fn set_waker(&self, waker: Waker) {
        *self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker);
    }

    /// Whether no sample is to be taken, because too much waits already.
    pub(super) fn is_full(&self) -> bool {
        let lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lines) = &*lines else { return false };
        if lines.is_empty() {
            self.0.waiting.store(0, Ordering::Relaxed);
        }
        lines.is_full() || self.0.waiting.load(Ordering::Relaxed) >= MOST_WAITING
    }

    /// Ends the stream: who reads it sees what was sent, and then its end.
    pub(super) fn close(&self) {
        *self.0.lines.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.wake();
    }

    pub(super) fn sample(&self, mut sample: Sample) -> Result<(), Closed> {
        self.0
            .waiting
            .fetch_add(sample.connections.len(), Ordering::Relaxed);
        // A close look is read along with the next sample: it changes no figure that somebody waits for.
        let wakes = sample.only.is_none();
        self.send(|t| {
            sample.t = t;
            Line::Sample(Box::new(sample))
        })?;
        if wakes {
            self.wake();
        }
        Ok(())
    }

    pub(super) fn event(&self, mut event: Event) -> Result<(), Closed> {
        self.send(|t| {
            event.t = t;
            Line::Event(Box::new(event))
        })?;
        self.wake();
        Ok(())
    }

    fn send(&self, line: impl FnOnce(f64) -> Line) -> Result<(), Closed> {
        let lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Microseconds: finer digits are noise, and make every line longer.
        let t = (self.0.began.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        lines.as_ref().ok_or(Closed)?.send(line(t)).map_err(|_| Closed)
    }

    fn wake(&self) {
        if let Some(waker) = &*self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            waker();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, Origin};
    use crossbeam_channel::bounded;

    fn sample(connections: usize) -> Sample {
        let json = serde_json::json!({
            "cookie": "0x1", "state": "established", "local": "10.0.0.1:1", "remote": "10.0.0.2:2", "subflows": [],
        });
        let connection: crate::model::Connection = serde_json::from_value(json).expect("a connection");
        Sample {
            connections: vec![connection; connections],
            ..Sample::default()
        }
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
