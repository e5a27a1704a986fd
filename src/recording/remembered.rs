//! The newest of a stream, compressed in memory: what a recording that is begun later begins with.

use std::collections::VecDeque;
use std::io;

use super::mark::Mark;
use super::writer::Writer;
use crate::model::Line;

/// How far back it reaches, seconds.
const LONGEST_S: f64 = 900.0;
/// The most that it takes, bytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Frames as they stand in a file, the oldest first.
#[derive(Debug)]
pub struct Remembered {
    writer: Writer<Vec<u8>>,
    frames: VecDeque<(Mark, Vec<u8>)>,
    bytes: usize,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            writer: Writer::without_header(Vec::new()),
            frames: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl Remembered {
    /// Takes the next line of the stream.
    ///
    /// # Errors
    /// When it cannot be compressed.
    pub fn take_line(&mut self, line: &Line) -> io::Result<()> {
        self.writer.take_line(line)?;
        self.keep();
        Ok(())
    }

    /// Its frames, from the first with which reading can begin, and what waits to be one.
    ///
    /// # Errors
    /// When that cannot be compressed.
    pub fn frames(&mut self) -> io::Result<impl Iterator<Item = &(Mark, Vec<u8>)>> {
        self.writer.end_frame()?;
        self.keep();
        Ok(self.frames.iter().skip_while(|(mark, _)| mark.full_at.is_none()))
    }

    /// How much memory its frames take, bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes up the frame that was written, and lets go of what is too old or too much.
    fn keep(&mut self) {
        if self.writer.file().is_empty() {
            return;
        }
        let frame = std::mem::take(self.writer.file_mut());
        let Some(mark) = Mark::from_bytes(&frame) else {
            return;
        };
        self.bytes += frame.len();
        self.frames.push_back((mark, frame));
        let is_old = |first: &Mark| mark.to - first.from > LONGEST_S;
        while let Some((first, _)) = self.frames.front()
            && (is_old(first) || self.bytes > MOST_BYTES)
        {
            let gone = self.frames.pop_front().map_or(0, |(_, frame)| frame.len());
            self.bytes -= gone;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::RecordingFile;
    use super::super::index::Index;
    use super::*;
    use crate::model::{Access, Header, Sample};

    fn sample(number: u32) -> Line {
        Line::Sample(Box::new(Sample {
            t: f64::from(number),
            full: number.is_multiple_of(30),
            ..Sample::default()
        }))
    }

    #[test]
    fn a_recording_begins_with_what_was_remembered() {
        let mut remembered = Remembered::default();
        for number in 0..2000 {
            remembered.take_line(&sample(number)).expect("taken");
        }
        let text = str::to_owned;
        let access = Access::default();
        let header = Header::new(
            text("2026-01-01T00:00:00.000Z"),
            text("host"),
            text("6.18"),
            access,
            1000,
        );
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one.pathscope");
        let mut file = RecordingFile::create(&path, &header).expect("made");
        for (mark, frame) in remembered.frames().expect("frames") {
            file.take_frame(mark, frame).expect("taken");
        }
        for number in 2000..2010 {
            file.take_line(&sample(number)).expect("taken");
        }
        file.end_frame().expect("written");
        let lines = zstd::decode_all(std::fs::File::open(&path).expect("opened")).expect("read");
        let lines: Vec<Line> = lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("a line"))
            .collect();
        assert_eq!(lines.first(), Some(&Line::Header(header)));
        let times: Vec<f64> = lines.iter().skip(1).map(Line::t).collect();
        let first = times.first().copied().expect("samples");
        assert!((1100.0..1130.0).contains(&first), "15 min before: {first}");
        assert_eq!(times.last(), Some(&2009.0));
        assert!(times.windows(2).all(|pair| {
            pair.first()
                .zip(pair.last())
                .is_some_and(|(a, b)| (b - a - 1.0).abs() < 1e-9)
        }));
        let index = Index::read(&mut std::fs::File::open(&path).expect("opened")).expect("read");
        assert_eq!(
            index.covers().map(|(from, to)| (from > 1095.0, to)),
            Some((true, 2009.0))
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut remembered = Remembered::default();
        for number in 0..400_u32 {
            let noise =
                (0..2000).map(|at| (format!("{at}"), format!("{}", fastrand::u64(..)).as_str().into()));
            let line = Line::Sample(Box::new(Sample {
                t: f64::from(number),
                full: true,
                settings: noise.collect(),
                ..Sample::default()
            }));
            remembered.take_line(&line).expect("taken");
        }
        assert!(remembered.bytes() <= MOST_BYTES && remembered.bytes() > 0);
    }
}
