//! What can be asked of a recording that is played, and what it tells of itself.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::Waker;
use crate::history::History;

/// How fast a recording may be played, as a multiple of its own pace.
pub const SPEEDS: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// What somebody asks of a recording that is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control {
    /// Play on from where it stands; at its end from the beginning.
    Play,
    /// Stand still.
    Pause,
    /// Stand still at the next sample, or at the one before.
    Step {
        /// To the next one.
        forward: bool,
    },
    /// Play so much faster than at its own pace; one of [`SPEEDS`].
    SetSpeed(f64),
    /// Go to a time, seconds on the stream.
    Seek(f64),
}

/// How a recording is being played.
#[derive(Clone, Debug, PartialEq)]
pub struct Playback {
    /// Whether it goes on by itself.
    pub is_playing: bool,
    /// How fast, as a multiple of its own pace.
    pub speed: f64,
    /// Where it stands, seconds on the stream.
    pub position: f64,
    /// Where it begins, seconds on the stream.
    pub begins: f64,
    /// Where it ends so far, seconds on the stream.
    pub ends: f64,
    /// How long the file is, bytes.
    pub length: u64,
    /// Whether the newest that was asked for was done.
    pub is_settled: bool,
    /// What cannot be shown of it, in words.
    pub trouble: Option<String>,
}

/// What is in the whole recording, as far as it was read in the background.
#[derive(Default)]
pub struct Overview {
    /// What its lines add up to: the session, the handovers, the events; without points.
    pub history: History,
    /// Until when, seconds on the stream.
    pub read_to: f64,
    /// Whether that is all.
    pub is_whole: bool,
}

/// A recording that is played, as somebody sees it who plays it.
pub trait Transport {
    /// The file; `None` where it came from elsewhere.
    fn path(&self) -> Option<&PathBuf>;

    /// Asks for something, without waiting.
    fn control(&self, control: Control);

    /// How it is being played.
    fn playback(&self) -> Playback;

    /// What is in the whole recording.
    fn overview(&self) -> Arc<Overview>;

    /// What the lines until the newest header in [`lines`](super::super::Source::lines) add up to: each header there says
    /// that the recording was taken to another time. Given away once.
    fn restored(&self) -> Option<Box<History>>;
}

/// What the threads behind a source share with it.
pub(super) struct Shared {
    pub(super) playback: Mutex<Playback>,
    pub(super) restored: Mutex<Option<Box<History>>>,
    pub(super) overview: Mutex<Arc<Overview>>,
    pub(super) waker: Mutex<Option<Waker>>,
}

impl Shared {
    pub(super) fn wake(&self) {
        if let Some(waker) = &*lock(&self.waker) {
            waker();
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
