//! The one way out of a live source: lines are stamped and sent under one lock, so `t` never decreases.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crossbeam_channel::Sender;

use super::Waker;
use crate::model::{Event, Line, Sample};

/// The receiver has gone: the thread that sees it ends.
pub(super) struct Closed;

struct Inner {
    began: Instant,
    /// `None` once the source has ended, so that its reader sees the end.
    lines: Mutex<Option<Sender<Line>>>,
    waker: Mutex<Option<Waker>>,
}

/// Stamps lines and sends them. What happens when nobody reads them and the channel is full: a sample is not even
/// taken ([`Self::is_full`]), so the next one tells the changes of both intervals; an event waits here, and those
/// behind it in the kernel's buffer, whose overrun shows as `events_lost`.
#[derive(Clone)]
pub(super) struct Outlet(Arc<Inner>);

impl Outlet {
    pub(super) fn new(lines: Sender<Line>) -> Self {
        Self(Arc::new(Inner {
            began: Instant::now(),
            lines: Mutex::new(Some(lines)),
            waker: Mutex::new(None),
        }))
    }

    pub(super) fn set_waker(&self, waker: Waker) {
        *self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker);
    }

    pub(super) fn is_full(&self) -> bool {
        let lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.as_ref().is_some_and(Sender::is_full)
    }

    /// Ends the stream: who reads it sees what was sent, and then its end.
    pub(super) fn close(&self) {
        *self.0.lines.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.wake();
    }

    pub(super) fn sample(&self, mut sample: Sample) -> Result<(), Closed> {
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
