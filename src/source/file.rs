//! Kept lines as a source: a file or any reader, plain or compressed with zstd, at its own pace or as fast as it is read.
//!
//! The lines are those of the public schema, so what `pathscope watch --json` printed can be played. Lines of a kind
//! that this version does not know are passed over. A further header begins another stream, as where files were joined.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, never};

use super::lines::{FileError, LineReader};
use super::{Request, Source, Waker};
use crate::model::{Header, Line};

/// Lines that may wait for their reader. They are few because a full sample of 10,000 connections takes about 15 MB.
const LINES: usize = 16;

/// How fast lines are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As they came: a line follows another after the time that lies between them on the stream.
    Recorded,
    /// As fast as somebody reads them.
    Unpaced,
}

/// A stream that was kept. It takes no commands, and ends with its last line.
pub struct FileSource {
    header: Header,
    lines: Receiver<Line>,
    told: Arc<Told>,
    /// Wakes the thread that plays, when this is dropped.
    _stop: Sender<()>,
}

/// What the thread that plays tells besides lines.
#[derive(Default)]
struct Told {
    waker: Mutex<Option<Waker>>,
    failure: Mutex<Option<String>>,
}

impl FileSource {
    /// Plays a file.
    ///
    /// # Errors
    /// When it cannot be read, or does not begin as a stream.
    pub fn open(path: &Path, pace: Pace) -> Result<Self, FileError> {
        Self::play(File::open(path).map_err(FileError::Io)?, pace)
    }

    /// Plays what a reader gives. The thread that reads is not waited for when the source is dropped: it ends when it
    /// has read the line that it waits for.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn play(reader: impl Read + Send + 'static, pace: Pace) -> Result<Self, FileError> {
        let mut reader = LineReader::new(reader)?;
        let header = reader.read_header()?;
        let (lines_in, lines) = bounded(LINES);
        let (stop, stopped) = bounded(0);
        let told = Arc::new(Told::default());
        let tells = Arc::clone(&told);
        thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || {
                let failure = play(&mut reader, &lines_in, pace, &stopped, &tells).err();
                *lock(&tells.failure) = failure.map(|error| error.to_string());
                drop(lines_in);
                tells.wake();
            })
            .map_err(FileError::Io)?;
        Ok(Self {
            header,
            lines,
            told,
            _stop: stop,
        })
    }
}

impl Source for FileSource {
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
        *lock(&self.told.waker) = Some(Arc::clone(&waker));
        waker();
    }

    fn failure(&self) -> Option<String> {
        lock(&self.told.failure).clone()
    }
}

impl Drop for FileSource {
    fn drop(&mut self) {
        // A thread that waits to send wakes when the receiver goes.
        self.lines = never();
    }
}

impl Told {
    fn wake(&self) {
        if let Some(waker) = &*lock(&self.waker) {
            waker();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends one line after another until the last, or until nobody reads them any more.
fn play(
    reader: &mut LineReader,
    lines: &Sender<Line>,
    pace: Pace,
    stopped: &Receiver<()>,
    told: &Told,
) -> Result<(), FileError> {
    let mut began = Instant::now();
    while let Some(line) = reader.next()? {
        if matches!(line, Line::Header(_)) {
            began = Instant::now();
        }
        if pace == Pace::Recorded {
            let after = Duration::try_from_secs_f64(line.t()).unwrap_or_default();
            // A time beyond any clock comes at once.
            let due = began.checked_add(after).unwrap_or(began);
            let stop = stopped.recv_timeout(due.saturating_duration_since(Instant::now()));
            if stop != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        if lines.send(line).is_err() {
            break;
        }
        told.wake();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::model::Access;

    fn stream(times: &[f64]) -> String {
        let text = |line: &Line| serde_json::to_string(line).expect("JSON") + "\n";
        let header = Header::new(
            "2026-01-01T00:00:00.000Z".to_owned(),
            "host".to_owned(),
            "6.18".to_owned(),
            Access::default(),
            250,
        );
        let sample = |t: &f64| {
            Line::Sample(Box::new(crate::model::Sample {
                t: *t,
                ..crate::model::Sample::default()
            }))
        };
        let samples = times.iter().map(|t| text(&sample(t)));
        text(&Line::Header(header)) + &samples.collect::<String>()
    }

    /// The times of what is played, and how it ends.
    fn played(bytes: impl Into<Vec<u8>>, pace: Pace) -> (Vec<f64>, Option<String>) {
        let source = FileSource::play(Cursor::new(bytes.into()), pace).expect("a stream");
        let times = source.lines().iter().map(|line| line.t()).collect();
        (times, source.failure())
    }

    #[test]
    fn lines_are_played_plain_or_compressed() {
        let text = stream(&[0.25, 0.5]);
        let compressed = zstd::encode_all(text.as_bytes(), 0).expect("zstd");
        let expected = (vec![0.25, 0.5], None);
        assert_eq!(played(text.clone(), Pace::Unpaced), expected);
        assert_eq!(played(compressed.clone(), Pace::Unpaced), expected);
        // Frames may follow one another, and a header begins another stream.
        let both = [compressed.clone(), compressed].concat();
        assert_eq!(played(both, Pace::Unpaced).0, [0.25, 0.5, 0.0, 0.25, 0.5]);
        assert_eq!(played(text.trim_end(), Pace::Unpaced), expected, "no newline");
    }

    #[test]
    fn what_is_cut_off_is_played_as_far_as_it_goes() {
        let text = stream(&[0.25, 0.5]);
        let (times, why) = played(text.get(..text.len() - 9).expect("ASCII"), Pace::Unpaced);
        assert_eq!(
            (times, why.as_deref()),
            (vec![0.25], Some("it is cut off in line 3"))
        );
        let mut frames = zstd::encode_all(text.as_bytes(), 0).expect("zstd");
        let more = zstd::encode_all(text.as_bytes(), 0).expect("zstd");
        frames.extend(more.iter().take(more.len() / 2));
        let (times, why) = played(frames, Pace::Unpaced);
        assert_eq!(times.get(..2), Some(&[0.25, 0.5][..]));
        assert_eq!(why.as_deref(), Some("it is cut off in line 4"));
    }

    #[test]
    fn what_is_no_stream_is_refused_with_the_reason() {
        let refused = |bytes: &str| {
            let played = FileSource::play(Cursor::new(bytes.to_owned()), Pace::Unpaced);
            played.err().map(|error| error.to_string())
        };
        assert_eq!(refused("").as_deref(), Some("it is empty"));
        assert!(refused("hello\n").is_some_and(|why| why.contains("header")));
        assert!(refused(r#"{"kind":"sample","t":1}"#).is_some());
        let newer = r#"{"kind":"header","schema":7,"began":{}}"#.to_owned() + "\n";
        let why = refused(&newer).expect("another schema");
        assert!(why.contains("version 7") && why.contains("version 1"), "{why}");
        let text = stream(&[0.25]) + "{\"kind\":\"sample\"}\n";
        let (times, why) = played(text, Pace::Unpaced);
        assert_eq!(times, [0.25]);
        assert!(why.is_some_and(|why| why.starts_with("line 3 is not understood")));
    }

    #[test]
    fn lines_of_other_kinds_are_passed_over() {
        let text = stream(&[0.25]) + "{\"kind\":\"note\",\"text\":\"x\"}\n\n";
        assert_eq!(played(text, Pace::Unpaced), (vec![0.25], None));
    }

    #[test]
    fn its_own_pace_is_that_of_the_stream_and_ends_with_the_source() {
        let began = Instant::now();
        assert_eq!(played(stream(&[0.0, 0.2]), Pace::Recorded).0.len(), 2);
        assert!(began.elapsed() >= Duration::from_millis(190));
        let source = FileSource::play(Cursor::new(stream(&[3600.0])), Pace::Recorded).expect("a stream");
        let told = Arc::clone(&source.told);
        drop(source);
        let ended = || Arc::strong_count(&told) == 1;
        let end = Instant::now() + Duration::from_secs(5);
        while !ended() && Instant::now() < end {
            thread::park_timeout(Duration::from_millis(5));
        }
        assert!(ended(), "the thread that plays has ended");
    }
}
