//! A recording as a source that can be paused, stepped, played faster or slower, and taken to any time.
//!
//! A thread reads and sends lines at their pace. Taken to another time it restores what was so then: at once from the last
//! full sample, and a moment later with the minutes before, so that plots are filled. A header among the lines says that
//! this has happened, and [`Transport::restored`] has the outcome: nobody has to hurry through lines to be there. A second
//! thread reads the whole recording for its strip. A file that is still written is followed.

mod player;
mod survey;
mod transport;

pub use transport::{Control, Overview, Playback, SPEEDS, Transport};

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, never, unbounded};

use self::player::Player;
use self::transport::{Shared, lock};
use super::lines::FileError;
use super::recorded::Recording;
use super::{Request, Source, Waker};
use crate::history::History;
use crate::model::{Header, Line};

/// Lines that may wait for their reader.
const LINES: usize = 16;

/// A recording that is played.
pub struct ReplaySource {
    header: Header,
    path: Option<PathBuf>,
    lines: Receiver<Line>,
    controls: Sender<Control>,
    shared: Arc<Shared>,
    /// Ends the thread that surveys, when this is dropped.
    _stop: Sender<()>,
}

impl ReplaySource {
    /// Opens a file. It stands at its beginning, and does not play.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let mut source = Self::of(Recording::open(path)?)?;
        source.path = Some(path.to_owned());
        Ok(source)
    }

    /// The same of a recording that was opened.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn of(recording: Recording) -> Result<Self, FileError> {
        let (begins, ends) = recording.covers();
        let shared = Arc::new(Shared {
            playback: Mutex::new(Playback {
                is_playing: false,
                speed: 1.0,
                position: begins,
                begins,
                ends,
                length: recording.length(),
                is_settled: false,
                trouble: recording.failure(),
            }),
            restored: Mutex::default(),
            overview: Mutex::default(),
            waker: Mutex::default(),
        });
        let header = recording.header().clone();
        let (lines_in, lines) = bounded(LINES);
        let (controls, controls_out) = unbounded();
        let (stop, stopped) = bounded(0);
        let (survey, surveyed) = (recording.clone(), Arc::clone(&shared));
        let player = Player::new(recording, lines_in, controls_out, Arc::clone(&shared));
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let builder = thread::Builder::new().name(name.to_owned());
            builder.spawn(work).map(drop).map_err(FileError::Io)
        };
        spawn("replay", Box::new(move || player.run()))?;
        spawn(
            "survey",
            Box::new(move || survey::run(survey, &surveyed, &stopped)),
        )?;
        // So that there is something to see.
        let _ = controls.send(Control::Seek(begins));
        Ok(Self {
            header,
            path: None,
            lines,
            controls,
            shared,
            _stop: stop,
        })
    }
}

impl Source for ReplaySource {
    fn header(&self) -> &Header {
        &self.header
    }

    fn lines(&self) -> &Receiver<Line> {
        &self.lines
    }

    fn request(&self, request: Request) -> Result<(), Request> {
        Err(request)
    }

    fn set_interval(&self, _: Duration) {}

    fn set_waker(&self, waker: Waker) {
        *lock(&self.shared.waker) = Some(Arc::clone(&waker));
        waker();
    }

    fn failure(&self) -> Option<String> {
        None
    }

    fn transport(&self) -> Option<&dyn Transport> {
        Some(self)
    }
}

impl Transport for ReplaySource {
    fn path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    fn control(&self, control: Control) {
        let mut playback = lock(&self.shared.playback);
        // At once, so that a second press means the opposite of the first.
        match control {
            Control::Play => playback.is_playing = true,
            Control::Pause | Control::Step { .. } => playback.is_playing = false,
            Control::SetSpeed(speed) => playback.speed = speed,
            Control::Seek(t) => playback.position = t.clamp(playback.begins, playback.ends),
        }
        playback.is_settled = false;
        let _ = self.controls.send(control);
    }

    fn playback(&self) -> Playback {
        lock(&self.shared.playback).clone()
    }

    fn overview(&self) -> Arc<Overview> {
        Arc::clone(&lock(&self.shared.overview))
    }

    fn restored(&self) -> Option<Box<History>> {
        lock(&self.shared.restored).take()
    }
}

impl Drop for ReplaySource {
    fn drop(&mut self) {
        // A thread that waits to send wakes when the receiver goes.
        self.lines = never();
    }
}

#[cfg(test)]
mod tests;
