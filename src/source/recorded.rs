//! A recording that can be read from any moment: frames are found by their marks, and unpacked one at a time.
//!
//! What has no marks (lines of `watch --json`, plain or compressed as a whole, or a pipe) is read once, and written
//! compressed with marks into a temporary file without a name; from then on it is as good as a recording.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _};
use std::num::NonZero;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::lines::{FileError, LineReader};
use crate::model::{Header, Line};
use crate::recording::{Index, Mark, Place, Writer};

/// A mark beyond thirty years of a stream is none, seconds.
const LATEST_S: f64 = 1e9;
/// By how much a line may lie beside the time of its frame's mark, seconds.
const BESIDE_S: f64 = 1e-3;
/// The most frames that are unpacked at the same time.
const AT_ONCE: usize = 8;

/// A recording.
#[derive(Clone, Debug)]
pub struct Recording {
    header: Header,
    file: Arc<File>,
    index: Index,
    /// How many of its frames are of the stream with which it begins.
    frames: usize,
    /// How long the file was when its marks were read, bytes.
    length: u64,
    /// How long the file was whose lines this one has, bytes, where that was another.
    size: Option<u64>,
    /// Why it was not read to its end, where it has no marks of its own.
    failure: Option<Arc<FileError>>,
    /// Whether more may be written to it.
    may_grow: bool,
    /// Whether something else follows what has no marks of its own.
    is_followed: bool,
}

impl Recording {
    /// Opens a file. Of one with marks little more than they is read.
    ///
    /// # Errors
    /// When it cannot be read, or does not begin as a stream. One that is cut off or damaged is opened as far as it goes:
    /// see [`Self::failure`].
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let file = Arc::new(File::open(path).map_err(FileError::Io)?);
        let mut start = [0; Mark::BYTES];
        let is_marked = file.metadata().is_ok_and(|it| it.is_file())
            && file.read_exact_at(&mut start, 0).is_ok()
            && Mark::from_bytes(&start).is_some();
        if !is_marked {
            let size = file
                .metadata()
                .ok()
                .filter(std::fs::Metadata::is_file)
                .map(|it| it.len());
            return Self::read(file).map(|recording| Self { size, ..recording });
        }
        let header = LineReader::new(Slice::of(&file, 0, u64::MAX))?.read_header()?;
        Self::of_marked(file, header, true)
    }

    /// Reads whatever has no marks, to its end: a pipe, or lines.
    ///
    /// # Errors
    /// As [`Self::open`], and when there is no room for a temporary file.
    pub fn read(reader: impl Read + Send + 'static) -> Result<Self, FileError> {
        let mut reader = LineReader::new(reader)?;
        let header = reader.read_header()?;
        let file = tempfile::tempfile().map_err(FileError::Io)?;
        let copy = BufWriter::new(file.try_clone().map_err(FileError::Io)?);
        let mut writer = Writer::new(copy, &header).map_err(FileError::Io)?;
        let (mut last, mut is_followed) = (0.0, false);
        let failure = loop {
            match reader.next() {
                // The same stream goes on where files of the flight recorder were joined.
                Ok(Some(Line::Header(again))) if again == header => {}
                Ok(None) => break None,
                Ok(Some(line)) if matches!(line, Line::Header(_)) || line.t() < last - BESIDE_S => {
                    is_followed = true;
                    break None;
                }
                Ok(Some(line)) if line.t() > LATEST_S => {}
                Ok(Some(line)) => {
                    last = line.t();
                    writer.take_line(&line).map_err(FileError::Io)?;
                }
                Err(error) => break Some(Arc::new(error)),
            }
        };
        writer.end_frame().map_err(FileError::Io)?;
        drop(writer);
        Ok(Self {
            failure,
            is_followed,
            ..Self::of_marked(Arc::new(file), header, false)?
        })
    }

    fn of_marked(file: Arc<File>, header: Header, may_grow: bool) -> Result<Self, FileError> {
        let mut recording = Self {
            header,
            file,
            index: Index::default(),
            frames: 0,
            length: 0,
            size: None,
            failure: None,
            may_grow,
            is_followed: false,
        };
        recording.read_marks().map_err(FileError::Io)?;
        Ok(recording)
    }

    fn read_marks(&mut self) -> io::Result<()> {
        let mut file = &*self.file;
        self.index.read_on(&mut file)?;
        self.length = file.seek(io::SeekFrom::End(0))?;
        let places = self.index.places();
        let mut last = match self.frames.checked_sub(1) {
            Some(last) => places.get(last).map_or(0.0, |place| place.mark.to),
            None => 0.0,
        };
        let more = places.iter().skip(self.frames).take_while(|place| {
            let follows = place.mark.from >= last - BESIDE_S && place.mark.to <= LATEST_S;
            last = place.mark.to;
            follows
        });
        self.frames += more.count();
        Ok(())
    }

    /// Takes up what was written to the file since; whether there is more now.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn read_on(&mut self) -> io::Result<bool> {
        let before = self.frames;
        if self.may_grow && self.file.metadata()?.len() != self.length {
            self.read_marks()?;
        }
        Ok(self.frames > before)
    }

    /// What its stream begins with.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What time it covers, seconds on the stream.
    pub fn covers(&self) -> (f64, f64) {
        let (first, last) = (self.places().first(), self.places().last());
        let of = |place: Option<&Place>, time: fn(&Mark) -> f64| place.map_or(0.0, |place| time(&place.mark));
        (of(first, |mark| mark.from), of(last, |mark| mark.to))
    }

    /// Whether more may be written to it.
    pub fn may_grow(&self) -> bool {
        self.may_grow
    }

    /// How long the file is, bytes.
    pub fn length(&self) -> u64 {
        self.size.unwrap_or(self.length)
    }

    /// How much of the file lies from where somebody reads to a time, bytes.
    pub fn between(&self, cursor: &Cursor, t: f64) -> u64 {
        let places = self.places().iter().skip(cursor.frame);
        let places = places.take_while(|place| place.mark.from <= t);
        places.map(|place| u64::from(place.mark.length)).sum()
    }

    /// Why it is not shown to its end, where it is not.
    pub fn failure(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.to_string());
        }
        let all = self.index.places().len();
        if self.is_followed || self.frames < all {
            return Some("another recording follows in the same file, and is not shown".to_owned());
        }
        let cut = self.length > self.index.end();
        cut.then(|| {
            format!(
                "it is cut off or damaged {} bytes before its end",
                self.length - self.index.end()
            )
        })
    }

    fn places(&self) -> &[Place] {
        self.index.places().get(..self.frames).unwrap_or_default()
    }

    /// Where reading has to begin to know everything at `t`: at the last full sample before it, else at the beginning.
    pub fn from(&self, t: f64) -> Cursor {
        let places = self.places();
        let before = places.partition_point(|place| place.mark.from <= t);
        let before = places.get(..before).unwrap_or_default();
        let full = |place: &Place| place.mark.full_at.is_some_and(|at| at <= t);
        Cursor {
            frame: before.iter().rposition(full).unwrap_or(0),
            ..Cursor::default()
        }
    }

    /// Gives every line from where a cursor stands until `t` to `take`; the cursor then stands behind them. Some frames are
    /// unpacked at once, by as many processors.
    pub fn read_until(&self, cursor: &mut Cursor, t: f64, mut take: impl FnMut(Line)) {
        let mut read = std::mem::take(&mut cursor.ready);
        if let Some((mark, lines)) = cursor.open.take() {
            cursor.damaged += usize::from(!read_frame(mark, lines, &mut read));
        }
        let mut take_all = |read: VecDeque<Line>, ready: &mut VecDeque<Line>| {
            for line in read {
                if line.t() <= t {
                    take(line);
                } else {
                    ready.push_back(line);
                }
            }
        };
        take_all(read, &mut cursor.ready);
        let places = self.places().get(cursor.frame..).unwrap_or_default();
        let count = places.partition_point(|place| place.mark.from <= t);
        cursor.frame += count;
        let at_once = thread::available_parallelism()
            .map_or(1, NonZero::get)
            .min(AT_ONCE);
        for some in places.get(..count).unwrap_or_default().chunks(at_once) {
            let frames = thread::scope(|scope| {
                let threads: Vec<_> = some
                    .iter()
                    .map(|place| scope.spawn(|| self.frame(place)))
                    .collect();
                let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                    thread
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                threads
                    .into_iter()
                    .map(join)
                    .collect::<Vec<(VecDeque<Line>, bool)>>()
            });
            for (lines, is_whole) in frames {
                take_all(lines, &mut cursor.ready);
                cursor.damaged += usize::from(!is_whole);
            }
        }
    }

    /// The lines of a frame, and whether they are all.
    fn frame(&self, place: &Place) -> (VecDeque<Line>, bool) {
        let mut lines = VecDeque::new();
        let is_whole = match self.open_frame(place) {
            Ok(reader) => read_frame(place.mark, reader, &mut lines),
            Err(_) => false,
        };
        (lines, is_whole)
    }

    fn open_frame(&self, place: &Place) -> Result<LineReader, FileError> {
        let start = place.offset + Mark::BYTES as u64;
        LineReader::new(Slice::of(&self.file, start, end(place)))
    }
}

/// Reads what is left of a frame; whether that could be read to its end.
fn read_frame(mark: Mark, mut reader: LineReader, lines: &mut VecDeque<Line>) -> bool {
    loop {
        match reader.next() {
            Ok(Some(Line::Header(_))) => {}
            Ok(Some(line)) if is_within(&mark, &line) => lines.push_back(line),
            Ok(None) => return true,
            Ok(Some(_)) | Err(_) => return false,
        }
    }
}

/// Whether a line is of the time that its frame's mark tells.
fn is_within(mark: &Mark, line: &Line) -> bool {
    (mark.from - BESIDE_S..=mark.to + BESIDE_S).contains(&line.t())
}

fn end(place: &Place) -> u64 {
    place.offset + Mark::BYTES as u64 + u64::from(place.mark.length)
}

/// Where somebody reads in a recording.
#[derive(Default)]
pub struct Cursor {
    /// The frame to be opened next.
    frame: usize,
    /// Lines that were read before.
    ready: VecDeque<Line>,
    /// What is left of the one before.
    open: Option<(Mark, LineReader)>,
    /// How many frames could not be read to their end.
    damaged: usize,
}

impl Cursor {
    /// The next line after the header; `None` at the end, where reading goes on once the recording has grown. What cannot
    /// be read of a frame is passed over, see [`Self::damaged`].
    pub fn next(&mut self, recording: &Recording) -> Option<Line> {
        if let Some(line) = self.ready.pop_front() {
            return Some(line);
        }
        loop {
            let Some((mark, lines)) = &mut self.open else {
                let place = recording.places().get(self.frame)?;
                self.frame += 1;
                match recording.open_frame(place) {
                    Ok(lines) => self.open = Some((place.mark, lines)),
                    Err(_) => self.damaged += 1,
                }
                continue;
            };
            match lines.next() {
                Ok(Some(Line::Header(_))) => {}
                Ok(Some(line)) if is_within(mark, &line) => return Some(line),
                Ok(Some(_)) | Err(_) => {
                    self.damaged += 1;
                    self.open = None;
                }
                Ok(None) => self.open = None,
            }
        }
    }

    /// How many frames could not be read to their end.
    pub fn damaged(&self) -> usize {
        self.damaged
    }
}

/// A part of a file, read without moving anybody's place in it.
struct Slice {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Slice {
    fn of(file: &Arc<File>, at: u64, end: u64) -> Self {
        let file = Arc::clone(file);
        Self { file, at, end }
    }
}

impl Read for Slice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        let read = self
            .file
            .read_at(buffer.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
