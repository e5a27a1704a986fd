//! Where in a recording a moment lies, found by its marks alone.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use super::mark::Mark;

/// One frame of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// What it holds.
    pub mark: Mark,
    /// Where its mark begins, bytes from the beginning of the file.
    pub offset: u64,
}

/// Every whole frame of a recording, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Index {
    places: Vec<Place>,
    /// Where the last whole frame ends, bytes.
    end: u64,
}

impl Index {
    /// Reads the marks of a file. It may be read again when the file has grown.
    ///
    /// # Errors
    /// When the file cannot be read. One that holds something else, or is cut off, has an index of what comes before.
    pub fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let mut index = Self::default();
        index.read_on(file)?;
        Ok(index)
    }

    /// Takes up what was added to the file since.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_on(&mut self, file: &mut (impl Read + Seek)) -> io::Result<()> {
        let size = file.seek(SeekFrom::End(0))?;
        loop {
            file.seek(SeekFrom::Start(self.end))?;
            let mut bytes = [0; Mark::BYTES];
            match file.read_exact(&mut bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
            let Some(mark) = Mark::from_bytes(&bytes) else {
                return Ok(());
            };
            let end = self.end + Mark::BYTES as u64 + u64::from(mark.length);
            if end > size {
                return Ok(());
            }
            self.places.push(Place {
                mark,
                offset: self.end,
            });
            self.end = end;
        }
    }

    /// Its frames.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Where the last whole frame ends, bytes from the beginning of the file.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// What time the recording covers, seconds on the stream.
    pub fn covers(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.places.first()?, self.places.last()?);
        Some((first.mark.from, last.mark.to))
    }

    /// The frame with which reading has to begin to know everything at `t`: the last with a full sample before it, else the
    /// first.
    pub fn begin_for(&self, t: f64) -> Option<Place> {
        let before = self.places.iter().take_while(|place| place.mark.from <= t);
        let full = before.filter(|place| place.mark.full_at.is_some_and(|at| at <= t));
        full.last().or(self.places.first()).copied()
    }
}
