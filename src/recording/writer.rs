//! Writes a recording, a frame at a time.

use std::io::{self, Write};

use super::mark::Mark;
use crate::model::{Header, Line};

/// So much of the stream is in a frame at most, seconds: what is lost when the program is killed.
pub const FRAME_S: f64 = 5.0;
/// A frame ends before this, so that a line that comes a little late is still within it; seconds.
const ENDS_S: f64 = 4.5;
/// A frame with so many bytes of lines ends as well: nobody who reads it has to hold more, and one full sample.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How hard zstd tries. Above it a file hardly becomes smaller, at several times the cost.
const LEVEL: i32 = 6;

/// Writes lines into frames, and frames into a file.
///
/// Lines wait in memory until their frame is written; the caller ends a frame with [`Writer::end_frame`] when no line comes
/// that would. What was given to the file is whole frames only.
#[derive(Debug)]
pub struct Writer<W: Write> {
    file: W,
    /// The lines of the frame that has not been written, as JSON.
    lines: Vec<u8>,
    /// The time that they cover, seconds on the stream.
    time: Option<(f64, f64)>,
    full_at: Option<f64>,
    /// How many bytes of whole frames the file has.
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a recording with the stream's header.
    ///
    /// # Errors
    /// When the header cannot be written as JSON.
    pub fn new(file: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self::without_header(file);
        writer.push(&Line::Header(header.clone()))?;
        Ok(writer)
    }

    /// Begins in the middle of a stream.
    pub fn without_header(file: W) -> Self {
        Self {
            file,
            lines: Vec::new(),
            time: None,
            full_at: None,
            written: 0,
        }
    }

    /// Takes a frame that was written elsewhere, with the mark before it.
    ///
    /// # Errors
    /// As [`Self::take_line`].
    pub fn take_frame(&mut self, mark: &Mark, frame: &[u8]) -> io::Result<()> {
        // A header that waits is of the time with which the file begins.
        self.time = self.time.or(Some((mark.from, mark.from)));
        self.end_frame()?;
        self.time = None;
        self.file.write_all(frame)?;
        self.file.flush()?;
        self.written += frame.len() as u64;
        Ok(())
    }

    /// Takes a line, and writes the frame that ends with it, if one does.
    ///
    /// # Errors
    /// When the file does not take the frame: then [`Self::written`] bytes of it are whole.
    pub fn take_line(&mut self, line: &Line) -> io::Result<()> {
        let t = line.t();
        if self.time.is_some_and(|(from, _)| t - from > ENDS_S) {
            self.end_frame()?;
        }
        self.push(line)?;
        let (from, to) = self.time.unwrap_or((t, t));
        self.time = Some((from.min(t), to.max(t)));
        if matches!(line, Line::Sample(sample) if sample.full) {
            self.full_at = self.full_at.or(Some(t));
        }
        if self.lines.len() > MOST_BYTES {
            self.end_frame()?;
        }
        Ok(())
    }

    /// Writes the lines that wait, if any do.
    ///
    /// # Errors
    /// As [`Self::take_line`].
    pub fn end_frame(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let compressed = zstd::bulk::compress(&self.lines, LEVEL)?;
        let (from, to) = self.time.unwrap_or_default();
        let mark = Mark {
            from,
            to,
            length: u32::try_from(compressed.len()).map_err(io::Error::other)?,
            full_at: self.full_at,
        };
        let mut bytes = mark.to_bytes();
        bytes.extend(compressed);
        // At once, so that a frame is whole or not there.
        self.file.write_all(&bytes)?;
        self.file.flush()?;
        self.written += bytes.len() as u64;
        self.lines.clear();
        (self.time, self.full_at) = (None, None);
        Ok(())
    }

    /// How many bytes of whole frames the file has.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Since when lines wait to be written, seconds on the stream.
    pub fn waits_since(&self) -> Option<f64> {
        self.time.map(|(from, _)| from)
    }

    /// The file.
    pub fn file(&self) -> &W {
        &self.file
    }

    /// The file, to be emptied.
    pub(super) fn file_mut(&mut self) -> &mut W {
        &mut self.file
    }

    fn push(&mut self, line: &Line) -> io::Result<()> {
        let before = self.lines.len();
        if let Err(error) = serde_json::to_writer(&mut self.lines, line) {
            self.lines.truncate(before);
            return Err(error.into());
        }
        self.lines.push(b'\n');
        Ok(())
    }
}
