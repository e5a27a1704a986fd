//! The flight recorder: recordings in a directory, one after another, of which the newest stay.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::EXTENSION;
use super::file::RecordingFile;
use crate::model::{Header, Line};

/// How the names of its files begin; others in the directory are not touched.
const PREFIX: &str = "record-";
/// The loss of one file loses so much at most, seconds on the stream.
const FILE_S: f64 = 600.0;
/// A file holds at most this part of all that is kept, of its time and of its bytes: so little more is removed than has to be.
const PART: u32 = 16;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// For how long.
    pub time: Duration,
    /// How much at most, bytes.
    pub bytes: u64,
}

/// Writes a stream into files of a directory, and removes the oldest.
///
/// Each file begins with the stream's header and a full sample, so it can be read alone.
#[derive(Debug)]
pub struct Ring {
    directory: PathBuf,
    keep: Keep,
    header: Header,
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    file: RecordingFile,
    began_at: f64,
}

impl Ring {
    /// Records into a directory, which is made if it is not there; it is `now`.
    ///
    /// # Errors
    /// When the directory cannot be made or listed.
    pub fn open(directory: &Path, keep: Keep, header: &Header, now: SystemTime) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let ring = Self {
            directory: directory.to_owned(),
            keep,
            header: header.clone(),
            current: None,
        };
        ring.remove_oldest(now)?;
        Ok(ring)
    }

    /// Takes a line; a full sample may begin another file, whose name is made of `now`.
    ///
    /// # Errors
    /// As [`RecordingFile::take_line`], and when a file cannot be made or removed.
    pub fn take_line(&mut self, line: &Line, now: SystemTime) -> io::Result<()> {
        if matches!(line, Line::Sample(sample) if sample.full) && self.is_due(line.t()) {
            self.begin_file(line.t(), now)?;
        }
        // What comes before the first full sample says nothing by itself.
        match &mut self.current {
            Some(current) => current.file.take_line(line),
            None => Ok(()),
        }
    }

    /// Writes the lines that wait.
    ///
    /// # Errors
    /// As [`RecordingFile::take_line`].
    pub fn end_frame(&mut self) -> io::Result<()> {
        self.current
            .as_mut()
            .map_or(Ok(()), |current| current.file.end_frame())
    }

    /// Whether lines wait to be written.
    pub fn has_lines_waiting(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| current.file.has_lines_waiting())
    }

    /// Where the newest file is.
    pub fn path(&self) -> Option<&Path> {
        self.current.as_ref().map(|current| current.file.path())
    }

    fn is_due(&self, t: f64) -> bool {
        let longest = FILE_S.min((self.keep.time / PART).as_secs_f64());
        let most = self.keep.bytes / u64::from(PART);
        let full = |current: &Current| t - current.began_at >= longest || current.file.length() >= most;
        self.current.as_ref().is_none_or(full)
    }

    fn begin_file(&mut self, t: f64, now: SystemTime) -> io::Result<()> {
        self.end_frame()?;
        self.remove_oldest(now)?;
        let at = jiff::Timestamp::try_from(now).map_err(io::Error::other)?;
        let name = format!("{PREFIX}{}.{EXTENSION}", at.strftime("%Y%m%dT%H%M%S.%3fZ"));
        let file = RecordingFile::create(&self.directory.join(name), &self.header)?;
        self.current = Some(Current { file, began_at: t });
        Ok(())
    }

    /// Removes files that are older than what is kept, and the oldest while there is more; it leaves room for one more.
    fn remove_oldest(&self, now: SystemTime) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_ours = name
                .strip_prefix(PREFIX)
                .is_some_and(|rest| rest.ends_with(EXTENSION));
            if let Ok(metadata) = entry.metadata()
                && is_ours
                && metadata.is_file()
            {
                files.push((name.into_owned(), metadata.modified()?, metadata.len()));
            }
        }
        // Their names are times.
        files.sort();
        let room = self.keep.bytes - self.keep.bytes / u64::from(PART);
        let mut all: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
        for (name, modified, bytes) in files {
            let age = now.duration_since(modified).unwrap_or_default();
            if age <= self.keep.time && all <= room {
                continue;
            }
            fs::remove_file(self.directory.join(name))?;
            all -= bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Access, Sample};

    const KEEP: Keep = Keep {
        time: Duration::from_secs(1600),
        bytes: 64 * 1024,
    };

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

    /// A sample whose settings do not compress.
    fn sample(t: f64, full: bool) -> Line {
        let noise = (0..40).map(|at| (format!("{at}"), format!("{}", fastrand::u64(..)).as_str().into()));
        Line::Sample(Box::new(Sample {
            t,
            full,
            settings: noise.collect(),
            ..Sample::default()
        }))
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("listed");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    }

    #[test]
    fn a_file_begins_with_a_full_sample_and_the_newest_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = folder.path().join("notes.txt");
        fs::write(&other, "not ours").expect("written");
        let start = SystemTime::now();
        let mut ring = Ring::open(folder.path(), KEEP, &header(), start).expect("opened");
        for step in 0..300_u32 {
            let now = start + Duration::from_secs(step.into());
            let line = sample(step.into(), step % 30 == 0);
            ring.take_line(&line, now).expect("taken");
        }
        ring.end_frame().expect("written");
        assert!(other.exists(), "what is not ours stays");
        let ours: Vec<PathBuf> = files(folder.path())
            .into_iter()
            .filter(|path| *path != other)
            .collect();
        assert!(ours.len() > 2, "{ours:?}");
        let bytes: u64 = ours
            .iter()
            .map(|path| fs::metadata(path).expect("there").len())
            .sum();
        // What one file may grow by until the next full sample comes on top.
        assert!(bytes <= KEEP.bytes + 30 * 1024, "{bytes}");
        assert_eq!(ring.path(), ours.last().map(PathBuf::as_path));
        for path in ours {
            let text = zstd::decode_all(fs::File::open(path).expect("opened")).expect("read");
            let text = String::from_utf8(text).expect("text");
            let mut lines = text.lines();
            assert!(lines.next().is_some_and(|line| line.contains("\"header\"")));
            assert!(lines.next().is_some_and(|line| line.contains("\"full\":true")));
        }
    }

    #[test]
    fn what_is_too_old_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = folder.path().join("record-20200101T000000.000Z.pathscope");
        fs::write(&old, "old").expect("written");
        let file = fs::File::options().append(true).open(&old).expect("opened");
        file.set_modified(SystemTime::now() - 2 * KEEP.time)
            .expect("aged");
        drop(Ring::open(folder.path(), KEEP, &header(), SystemTime::now()).expect("opened"));
        assert!(!old.exists());
    }
}
