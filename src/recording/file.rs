//! A recording on a disk: whatever happens to the disk, what was written stays readable.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::mark::Mark;
use super::writer::Writer;
use crate::model::{Header, Line};

/// Only who records may read it: it says with whom this host speaks.
const MODE: u32 = 0o600;

/// A recording that is being written.
#[derive(Debug)]
pub struct RecordingFile {
    path: PathBuf,
    writer: Writer<File>,
    identity: (u64, u64),
}

impl RecordingFile {
    /// Begins a new recording.
    ///
    /// # Errors
    /// When there is something by that name, or the file cannot be made.
    pub fn create(path: &Path, header: &Header) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(MODE).open(path)?;
        let identity = identity(&file.metadata()?);
        Ok(Self {
            path: path.to_owned(),
            writer: Writer::new(file, header)?,
            identity,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long it is, bytes.
    pub fn length(&self) -> u64 {
        self.writer.written()
    }

    /// Whether lines wait to be written.
    pub fn has_lines_waiting(&self) -> bool {
        self.writer.waits_since().is_some()
    }

    /// Takes a line, and writes the frame that ends with it, if one does.
    ///
    /// # Errors
    /// When the disk does not take it, or when the file is no longer where it was made. What was written before is
    /// readable.
    pub fn take_line(&mut self, line: &Line) -> io::Result<()> {
        let before = self.writer.written();
        let taken = self.writer.take_line(line);
        self.check(before, taken)
    }

    /// Takes a frame that was written elsewhere, with the mark before it.
    ///
    /// # Errors
    /// As [`Self::take_line`].
    pub fn take_frame(&mut self, mark: &Mark, frame: &[u8]) -> io::Result<()> {
        let before = self.writer.written();
        let taken = self.writer.take_frame(mark, frame);
        self.check(before, taken)
    }

    /// Writes the lines that wait.
    ///
    /// # Errors
    /// As [`Self::take_line`].
    pub fn end_frame(&mut self) -> io::Result<()> {
        let before = self.writer.written();
        let ended = self.writer.end_frame();
        self.check(before, ended)
    }

    /// Takes a frame off of which the disk took a part only, and looks whether the file is still in its place.
    fn check(&self, before: u64, written: io::Result<()>) -> io::Result<()> {
        if let Err(error) = written {
            // Where even that fails, readers pass over what is not whole.
            let _ = self.writer.file().set_len(self.writer.written());
            return Err(error);
        }
        if self.writer.written() == before {
            return Ok(());
        }
        let here = std::fs::symlink_metadata(&self.path).map(|there| identity(&there));
        if here.is_ok_and(|here| here == self.identity) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            "somebody removed or replaced the file",
        ))
    }
}

/// The device and the number by which a file is known there.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Access, Sample};

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

    fn sample(t: f64) -> Line {
        Line::Sample(Box::new(Sample {
            t,
            ..Sample::default()
        }))
    }

    #[test]
    fn a_file_that_is_there_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one.pathscope");
        std::fs::write(&path, "kept").expect("written");
        let error = RecordingFile::create(&path, &header()).expect_err("there already");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).expect("read"), b"kept");
    }

    #[test]
    fn a_file_that_was_removed_or_replaced_is_missed_with_the_next_frame() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one.pathscope");
        let mut recording = RecordingFile::create(&path, &header()).expect("made");
        recording.take_line(&sample(0.0)).expect("taken");
        recording.end_frame().expect("written");
        std::fs::remove_file(&path).expect("removed");
        std::fs::write(&path, "another").expect("written");
        recording.take_line(&sample(1.0)).expect("waits");
        assert!(recording.end_frame().is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"another");
    }
}
