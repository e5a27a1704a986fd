//! Records what somebody looks at, beside looking: a thread keeps the newest minutes compressed, and writes a file from them on.
//!
//! Whoever gives it lines never waits: where it cannot keep up it leaves lines out until the next full sample, and says so.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use super::Waker;
use crate::model::{Header, Line};
use crate::recording::{FRAME_S, RecordingFile, Remembered};

/// Lines that may wait to be recorded.
const LINES: usize = 64;
/// A sample of more connections is not remembered: what nobody has asked to record may not cost a core.
const MOST_REMEMBERED: usize = 1000;

/// What a recorder does.
#[derive(Clone, Debug, Default)]
pub struct RecorderState {
    /// The file that is being written.
    pub path: Option<PathBuf>,
    /// How long it is, bytes.
    pub bytes: u64,
    /// What time it covers, seconds on the stream.
    pub covers: Option<(f64, f64)>,
    /// The file that was written last, once it is complete.
    pub finished: Option<PathBuf>,
    /// Whether lines were left out of it.
    pub is_lossy: bool,
    /// Why nothing more is written.
    failure: Option<(PathBuf, Arc<io::Error>)>,
}

enum Order {
    Take(Box<Line>),
    /// Another stream begins.
    Stream(Box<Header>),
    Begin(PathBuf),
    End,
}

/// A thread that records. It ends, and completes its file, when this is dropped.
pub struct Recorder {
    orders: Option<Sender<Order>>,
    state: Arc<Mutex<RecorderState>>,
    thread: Option<thread::JoinHandle<()>>,
    /// Lines were left out.
    has_lost: bool,
}

impl Recorder {
    /// Begins to remember a stream; `waker` is called when something is to be told.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(header: Header, waker: Waker) -> io::Result<Self> {
        let (orders, received) = bounded(LINES);
        let state: Arc<Mutex<RecorderState>> = Arc::default();
        let own = Arc::clone(&state);
        let thread = thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                Work {
                    header,
                    remembered: Remembered::default(),
                    file: None,
                    state: own,
                    waker,
                }
                .run(&received);
            })?;
        Ok(Self {
            orders: Some(orders),
            state,
            thread: Some(thread),
            has_lost: false,
        })
    }

    /// Takes the next line of the stream, without waiting.
    pub fn take(&mut self, line: &Line) {
        let is_full = matches!(line, Line::Sample(sample) if sample.full);
        if self.has_lost && !is_full {
            return;
        }
        let is_much = matches!(line, Line::Sample(sample) if sample.connections.len() > MOST_REMEMBERED);
        if is_much && lock(&self.state).path.is_none() {
            self.has_lost = true;
            return;
        }
        let order = Order::Take(Box::new(line.clone()));
        match self.orders.as_ref().map(|orders| orders.try_send(order)) {
            Some(Err(TrySendError::Full(_))) => {
                self.has_lost = true;
                lock(&self.state).is_lossy = true;
            }
            _ => self.has_lost = false,
        }
    }

    /// Goes over to another stream; a file that is being written ends.
    pub fn begin_stream(&mut self, header: Header) {
        self.ask(Order::Stream(Box::new(header)));
    }

    /// Begins a file with what is remembered.
    pub fn begin(&self, path: PathBuf) {
        self.ask(Order::Begin(path));
    }

    /// Ends it.
    pub fn end(&self) {
        self.ask(Order::End);
    }

    fn ask(&self, order: Order) {
        // A person's wish comes seldom, and what waits is written soon.
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }

    /// What it does now.
    pub fn state(&self) -> RecorderState {
        lock(&self.state).clone()
    }

    /// Why nothing more is written, and where; once.
    pub fn take_failure(&self) -> Option<(PathBuf, Arc<io::Error>)> {
        lock(&self.state).failure.take()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread has.
struct Work {
    header: Header,
    remembered: Remembered,
    file: Option<RecordingFile>,
    state: Arc<Mutex<RecorderState>>,
    waker: Waker,
}

impl Work {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            match orders.recv_timeout(Duration::from_secs_f64(FRAME_S - 1.0)) {
                Ok(Order::Take(line)) => {
                    // What cannot be compressed is forgotten.
                    let _ = self.remembered.take_line(&line);
                    self.write(|file| file.take_line(&line));
                    if let Some((_, to)) = &mut lock(&self.state).covers {
                        *to = to.max(line.t());
                    }
                }
                Ok(Order::Stream(header)) => {
                    self.end();
                    self.header = *header;
                    self.remembered = Remembered::default();
                }
                Ok(Order::Begin(path)) => self.begin(path),
                Ok(Order::End) => self.end(),
                // Where nothing comes that would end a frame.
                Err(RecvTimeoutError::Timeout) => self.write(RecordingFile::end_frame),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
    }

    fn begin(&mut self, path: PathBuf) {
        self.end();
        let begun = (|| {
            let mut covers = None;
            let mut file = RecordingFile::create(&path, &self.header)?;
            for (mark, frame) in self.remembered.frames()? {
                file.take_frame(mark, frame)?;
                let (from, _) = covers.unwrap_or((mark.from, mark.to));
                covers = Some((from, mark.to));
            }
            Ok((file, covers))
        })();
        match begun {
            Ok((file, covers)) => {
                *lock(&self.state) = RecorderState {
                    path: Some(path),
                    bytes: file.length(),
                    covers: covers.or(Some((0.0, 0.0))),
                    ..RecorderState::default()
                };
                self.file = Some(file);
                (self.waker)();
            }
            Err(error) => self.fail(path, error),
        }
    }

    fn write(&mut self, write: impl FnOnce(&mut RecordingFile) -> io::Result<()>) {
        let Some(file) = &mut self.file else { return };
        let before = file.length();
        match write(file) {
            Ok(()) if file.length() == before => {}
            Ok(()) => {
                lock(&self.state).bytes = file.length();
                (self.waker)();
            }
            Err(error) => {
                let path = file.path().to_owned();
                self.file = None;
                self.fail(path, error);
            }
        }
    }

    fn fail(&mut self, path: PathBuf, error: io::Error) {
        *lock(&self.state) = RecorderState {
            failure: Some((path, Arc::new(error))),
            ..RecorderState::default()
        };
        (self.waker)();
    }

    fn end(&mut self) {
        self.write(RecordingFile::end_frame);
        if let Some(file) = self.file.take() {
            let mut state = lock(&self.state);
            state.path = None;
            state.finished = Some(file.path().to_owned());
            drop(state);
            (self.waker)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::recorded::Recording;
    use super::*;
    use crate::model::{Access, Connection, Sample};

    fn header() -> Header {
        let text = str::to_owned;
        let access = Access::default();
        Header::new(
            text("2026-01-01T00:00:00.000Z"),
            text("host"),
            text("6.18"),
            access,
            250,
        )
    }

    fn sample(number: u32) -> Line {
        Line::Sample(Box::new(Sample {
            t: f64::from(number),
            full: number.is_multiple_of(30),
            ..Sample::default()
        }))
    }

    fn until(recorder: &Recorder, what: &str, is_so: impl Fn(&RecorderState) -> bool) {
        let end = Instant::now() + Duration::from_mins(1);
        while !is_so(&recorder.state()) {
            assert!(Instant::now() < end, "waited in vain until {what}");
            thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Gives it lines no faster than it takes them.
    fn give(recorder: &mut Recorder, numbers: std::ops::Range<u32>) {
        for number in numbers {
            while recorder.orders.as_ref().is_some_and(Sender::is_full) {
                thread::park_timeout(Duration::from_millis(1));
            }
            recorder.take(&sample(number));
        }
    }

    #[test]
    fn a_file_begins_before_it_was_asked_for_and_ends_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one.pathscope");
        let mut recorder = Recorder::start(header(), Arc::new(|| {})).expect("a thread");
        give(&mut recorder, 0..100);
        recorder.begin(path.clone());
        give(&mut recorder, 100..120);
        recorder.end();
        until(&recorder, "it is complete", |state| {
            state.finished.as_ref() == Some(&path)
        });
        assert!(recorder.take_failure().is_none() && !recorder.state().is_lossy);
        let recording = Recording::open(&path).expect("a recording");
        assert_eq!((recording.covers(), recording.failure()), ((0.0, 119.0), None));
    }

    #[test]
    fn thousands_of_connections_are_recorded_once_somebody_asks() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one.pathscope");
        let mut recorder = Recorder::start(header(), Arc::new(|| {})).expect("a thread");
        let crowd = |t| {
            Line::Sample(Box::new(Sample {
                t,
                full: true,
                connections: vec![Connection::default(); MOST_REMEMBERED + 1],
                ..Sample::default()
            }))
        };
        recorder.take(&crowd(1.0));
        recorder.take(&sample(2));
        recorder.begin(path.clone());
        until(&recorder, "it is begun", |state| state.path.is_some());
        recorder.take(&sample(3));
        recorder.take(&crowd(4.0));
        drop(recorder);
        assert_eq!(Recording::open(&path).expect("a recording").covers(), (4.0, 4.0));
    }

    #[test]
    fn what_cannot_be_written_is_told_and_remembering_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut recorder = Recorder::start(header(), Arc::new(|| {})).expect("a thread");
        give(&mut recorder, 0..10);
        recorder.begin(folder.path().join("no/such/folder.pathscope"));
        until(&recorder, "it fails", |state| state.failure.is_some());
        let (_, error) = recorder.take_failure().expect("why");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(recorder.take_failure().is_none(), "it is told once");
        let path = folder.path().join("one.pathscope");
        recorder.begin(path.clone());
        drop(recorder);
        assert_eq!(Recording::open(&path).expect("a recording").covers(), (0.0, 9.0));
    }
}
