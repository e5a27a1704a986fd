//! The thread that plays a recording: sends lines when they are due, and goes where it is told to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender};

use super::super::recorded::{Cursor, Recording};
use super::transport::{Control, Shared, lock};
use crate::history::{Bounds, History};
use crate::model::Line;

/// How far back what is shown at a time reaches, seconds.
const FILL_S: f64 = 300.0;
/// That much of a recording is read at once to be somewhere, bytes. What is more is read from the last full sample first.
const AT_ONCE: u64 = 32 * 1024;
/// How long it fills before it looks whether something is due.
const SLICE: Duration = Duration::from_millis(15);
/// How often it is looked whether a file has grown that was played to its end.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Lines that may be played while what was before them is read; then playing waits.
const MEANWHILE: usize = 256;
/// Longer than this nobody waits for a line.
const LONGEST: Duration = Duration::from_hours(1);
/// So much earlier is before, seconds.
const BEFORE_S: f64 = 1e-6;

/// What was before the time at which it stands, while it is read.
struct Fill {
    cursor: Cursor,
    history: History,
    until: f64,
    /// What was played since.
    meanwhile: Vec<Line>,
}

/// The thread's own.
pub(super) struct Player {
    recording: Recording,
    lines: Sender<Line>,
    controls: Receiver<Control>,
    shared: Arc<Shared>,
    cursor: Cursor,
    /// The next line.
    next: Option<Line>,
    position: f64,
    /// At that moment it was at that time of the stream; `None` while it stands still.
    since: Option<(Instant, f64)>,
    speed: f64,
    fill: Option<Fill>,
}

/// Nobody reads any more.
struct Gone;

impl Player {
    pub(super) fn new(
        recording: Recording,
        lines: Sender<Line>,
        controls: Receiver<Control>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            position: recording.covers().0,
            recording,
            lines,
            controls,
            shared,
            cursor: Cursor::default(),
            next: None,
            since: None,
            speed: 1.0,
            fill: None,
        }
    }

    /// Plays until nobody reads any more.
    pub(super) fn run(mut self) {
        while self.turn().is_ok() {}
    }

    fn turn(&mut self) -> Result<(), Gone> {
        let wait = if self.fill.is_some() {
            Duration::ZERO
        } else {
            self.rest()
        };
        match self.controls.recv_timeout(wait) {
            Ok(control) => {
                self.obey(control)?;
                self.tell();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Gone),
        }
        self.play()?;
        self.fill()
    }

    /// How long there is nothing to do.
    fn rest(&mut self) -> Duration {
        let Some((moment, from)) = self.since else {
            // What is written meanwhile makes the strip longer.
            self.look();
            return LOOK_EVERY;
        };
        if self.next.is_none() {
            return LOOK_EVERY;
        }
        let due = self.next.as_ref().map_or(0.0, Line::t);
        let after = Duration::try_from_secs_f64((due - from) / self.speed).unwrap_or(LONGEST);
        after.min(LONGEST).saturating_sub(moment.elapsed())
    }

    fn obey(&mut self, control: Control) -> Result<(), Gone> {
        match control {
            Control::Play => {
                let (begins, ends) = self.recording.covers();
                if self.next().is_none() && self.position >= ends - BEFORE_S {
                    self.seek(begins)?;
                }
                self.since = Some((Instant::now(), self.position));
            }
            Control::Pause => self.stop(),
            Control::Step { forward: true } => {
                self.stop();
                while let Some(line) = self.next() {
                    let is_sample = matches!(line, Line::Sample(_));
                    self.send_next()?;
                    if is_sample {
                        break;
                    }
                }
            }
            Control::Step { forward: false } => {
                self.stop();
                if let Some(t) = self.sample_before(self.position) {
                    self.seek(t)?;
                }
            }
            Control::SetSpeed(speed) => {
                self.speed = speed.clamp(1e-3, 1e3);
                self.since = self.since.map(|_| (Instant::now(), self.position));
            }
            Control::Seek(t) => {
                // Of many that came meanwhile only the last is of interest.
                let mut t = t;
                let mut other = None;
                while let Ok(control) = self.controls.try_recv() {
                    match control {
                        Control::Seek(later) => t = later,
                        control => {
                            other = Some(control);
                            break;
                        }
                    }
                }
                self.seek(t)?;
                if let Some(control) = other {
                    self.obey(control)?;
                }
            }
        }
        Ok(())
    }

    fn stop(&mut self) {
        self.since = None;
    }

    /// Makes sure of a next line where there is one.
    fn next(&mut self) -> Option<&Line> {
        if self.next.is_none() {
            self.next = self.cursor.next(&self.recording);
        }
        self.next.as_ref()
    }

    /// The time of the newest sample before `t`.
    fn sample_before(&self, t: f64) -> Option<f64> {
        let mut cursor = self.recording.from(t - BEFORE_S);
        let mut last = None;
        while let Some(line) = cursor.next(&self.recording)
            && line.t() < t - BEFORE_S
        {
            if matches!(line, Line::Sample(_)) {
                last = Some(line.t());
            }
        }
        last
    }

    /// Goes to a time.
    fn seek(&mut self, t: f64) -> Result<(), Gone> {
        let (begins, ends) = self.recording.covers();
        let t = if t.is_nan() { begins } else { t.clamp(begins, ends) };
        let whole = self.recording.from(t - FILL_S);
        let is_short = self.recording.between(&whole, t) <= AT_ONCE;
        let mut history = self.empty();
        self.cursor = if is_short { whole } else { self.recording.from(t) };
        self.next = None;
        self.recording
            .read_until(&mut self.cursor, t, |line| history.apply(line));
        self.fill = (!is_short).then(|| Fill {
            cursor: self.recording.from(t - FILL_S),
            history: self.empty(),
            until: t,
            meanwhile: Vec::new(),
        });
        self.position = t;
        self.since = self.since.map(|_| (Instant::now(), t));
        self.restore(history)
    }

    fn empty(&self) -> History {
        let mut history = History::new(Bounds::default());
        history.apply(Line::Header(self.recording.header().clone()));
        history
    }

    /// Has whoever shows the recording go on with this history.
    fn restore(&mut self, history: History) -> Result<(), Gone> {
        *lock(&self.shared.restored) = Some(Box::new(history));
        let header = Line::Header(self.recording.header().clone());
        self.send(header)
    }

    /// Sends what is due.
    fn play(&mut self) -> Result<(), Gone> {
        let Some((moment, from)) = self.since else {
            return Ok(());
        };
        if self
            .fill
            .as_ref()
            .is_some_and(|fill| fill.meanwhile.len() >= MEANWHILE)
        {
            self.since = Some((Instant::now(), self.position));
            return Ok(());
        }
        let now = from + moment.elapsed().as_secs_f64() * self.speed;
        let mut sent = false;
        while let Some(line) = self.next() {
            if line.t() > now {
                break;
            }
            self.send_next()?;
            sent = true;
            if !self.controls.is_empty() {
                break;
            }
        }
        if self.next().is_none() && !self.look() && !self.recording.may_grow() {
            self.stop();
        } else if self.next.is_none() {
            // What comes later is played from when it comes.
            self.since = Some((Instant::now(), self.position));
        } else if !sent {
            self.position = now
                .min(self.next.as_ref().map_or(now, Line::t))
                .max(self.position);
        }
        self.tell();
        Ok(())
    }

    fn send_next(&mut self) -> Result<(), Gone> {
        let Some(line) = self.next.take() else {
            return Ok(());
        };
        self.position = self.position.max(line.t());
        if let Some(fill) = &mut self.fill {
            fill.meanwhile.push(line.clone());
        }
        self.send(line)
    }

    fn send(&self, line: Line) -> Result<(), Gone> {
        let mut line = line;
        loop {
            match self.lines.send_timeout(line, Duration::from_millis(100)) {
                Ok(()) => break,
                Err(SendTimeoutError::Disconnected(_)) => return Err(Gone),
                Err(SendTimeoutError::Timeout(back)) => {
                    line = back;
                    self.shared.wake();
                }
            }
        }
        self.shared.wake();
        Ok(())
    }

    /// Reads on in what was before, and has it shown once it is complete.
    fn fill(&mut self) -> Result<(), Gone> {
        let Some(fill) = &mut self.fill else {
            return Ok(());
        };
        let began = Instant::now();
        while began.elapsed() < SLICE {
            match fill.cursor.next(&self.recording) {
                Some(line) if line.t() <= fill.until => fill.history.apply(line),
                _ => {
                    let Some(mut fill) = self.fill.take() else {
                        return Ok(());
                    };
                    for line in fill.meanwhile {
                        fill.history.apply(line);
                    }
                    self.restore(fill.history)?;
                    self.tell();
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Looks whether the file has grown.
    fn look(&mut self) -> bool {
        let grew = self.recording.read_on().unwrap_or(false);
        if grew {
            self.tell();
            self.shared.wake();
        }
        grew
    }

    fn tell(&self) {
        let (begins, ends) = self.recording.covers();
        let mut playback = lock(&self.shared.playback);
        (playback.begins, playback.ends) = (begins, ends);
        playback.length = self.recording.length();
        playback.trouble = self.recording.failure();
        // What waits to be done is shown as if it were done.
        if self.controls.is_empty() {
            playback.is_playing = self.since.is_some();
            playback.speed = self.speed;
            playback.position = self.position;
            playback.is_settled = self.fill.is_none();
        }
    }
}
