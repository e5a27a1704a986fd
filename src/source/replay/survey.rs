//! Reads a whole recording in the background: what its strip shows, and where its handovers are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::super::recorded::{Cursor, Recording};
use super::transport::{Overview, Shared, lock};
use crate::history::{Bounds, History};
use crate::model::Line;

/// How often it is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// How often it is looked whether a file has grown.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So much is kept beside what was told, bytes: there are no points.
const BYTES: usize = 8 * 1024 * 1024;

/// Reads until somebody lets go of `stopped`.
pub(super) fn run(mut recording: Recording, shared: &Shared, stopped: &Receiver<()>) {
    let mut history = History::new(Bounds {
        span_s: 1.0,
        ended_s: 0.0,
        bytes: BYTES,
        ..Bounds::default()
    });
    history.apply(Line::Header(recording.header().clone()));
    let mut cursor = Cursor::default();
    let mut told_at = Instant::now();
    loop {
        while let Some(line) = cursor.next(&recording) {
            history.apply(line);
            if told_at.elapsed() >= TELL_EVERY {
                told_at = Instant::now();
                tell(&mut history, false, shared);
            }
            if stopped.try_recv() != Err(crossbeam_channel::TryRecvError::Empty) {
                return;
            }
        }
        tell(&mut history, true, shared);
        loop {
            if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            match recording.read_on() {
                Ok(true) => break,
                Ok(false) => {}
                Err(_) => return,
            }
        }
    }
}

fn tell(history: &mut History, is_whole: bool, shared: &Shared) {
    let overview = Overview {
        read_to: history.now(),
        history: history.picture(BYTES),
        is_whole,
    };
    *lock(&shared.overview) = Arc::new(overview);
    shared.wake();
}
