//! A recording that is played, taken to other times, written on and damaged.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::model::{Access, Connection, Cookie, Sample, Subflow, TcpState, Token};
use crate::recording::Writer;

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);

fn header() -> Header {
    let text = str::to_owned;
    Header::new(
        text("2026-01-01T00:00:00.000Z"),
        text("host"),
        text("6.18"),
        Access::default(),
        500,
    )
}

/// A sample each half second, a full one each 30 s. What a subflow has sent tells the time.
fn samples(from: u32, to: u32) -> impl Iterator<Item = Line> {
    (from * 2..to * 2).map(|number| {
        let t = f64::from(number) / 2.0;
        let subflow = Subflow {
            cookie: Cookie(2),
            bytes_acked: Some(u64::from(number) * 1000),
            state: TcpState::Established,
            ..Subflow::default()
        };
        let connection = Connection {
            cookie: Cookie(1),
            token: Some(Token(1)),
            subflows: vec![subflow.into()],
            ..Connection::default()
        };
        Line::Sample(Box::new(Sample {
            t,
            full: number % 60 == 0,
            connections: vec![connection],
            ..Sample::default()
        }))
    })
}

fn write(path: &Path, lines: impl Iterator<Item = Line>) {
    let mut writer = Writer::new(File::create(path).expect("made"), &header()).expect("a header");
    for line in lines {
        writer.take_line(&line).expect("taken");
    }
    writer.end_frame().expect("written");
}

/// What a window has of a source.
struct Seen {
    source: ReplaySource,
    history: History,
}

impl Seen {
    fn open(path: &Path) -> Self {
        let mut seen = Self {
            source: ReplaySource::open(path).expect("a recording"),
            history: History::default(),
        };
        seen.settle();
        seen
    }

    fn take(&mut self) {
        while let Ok(line) = self.source.lines().recv_timeout(Duration::from_millis(5)) {
            match line {
                Line::Header(_) => {
                    if let Some(restored) = self.source.restored() {
                        self.history = *restored;
                    }
                }
                line => self.history.apply(line),
            }
        }
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LIMIT;
        while !is_so(self) {
            assert!(Instant::now() < end, "waited in vain until {what}");
            self.take();
        }
    }

    fn settle(&mut self) {
        self.until("it is settled", |seen| seen.source.playback().is_settled);
        self.take();
    }

    fn control(&mut self, control: Control) {
        self.source.control(control);
        self.settle();
    }

    /// What the subflow has sent, in thousands of bytes: twice the time of the newest sample.
    fn sent(&self) -> Option<u64> {
        let connection = self.history.state().connections.values().next()?;
        connection.subflows.first()?.bytes_acked.map(|bytes| bytes / 1000)
    }
}

#[test]
fn it_stands_at_its_beginning_and_goes_where_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.pathscope");
    write(&path, samples(0, 1000));
    let mut seen = Seen::open(&path);
    assert_eq!((seen.sent(), seen.source.playback().is_playing), (Some(0), false));
    for (t, sent) in [
        (100.25, 200),
        (29.9, 59),
        (30.0, 60),
        (950.0, 1900),
        (0.0, 0),
        (5000.0, 1999),
    ] {
        seen.control(Control::Seek(t));
        assert_eq!(seen.sent(), Some(sent), "at {t}");
    }
    // The minutes before are there, so that plots are filled.
    let points = seen.history.subflow(Cookie(2)).expect("known").points.len();
    assert!(points > 400, "{points}");
    seen.control(Control::Seek(f64::NAN));
    assert_eq!(seen.sent(), Some(0));
}

#[test]
fn frames_that_are_read_at_once_have_the_same_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.pathscope");
    write(&path, samples(0, 300));
    let recording = Recording::open(&path).expect("a recording");
    let mut one_by_one = recording.from(0.0);
    let expected: Vec<Line> = std::iter::from_fn(|| one_by_one.next(&recording)).collect();
    assert_eq!(expected.len(), 600);
    let mut cursor = recording.from(0.0);
    let mut read = Vec::new();
    recording.read_until(&mut cursor, 71.3, |line| read.push(line));
    assert_eq!(read.last().map(Line::t), Some(71.0));
    read.extend(cursor.next(&recording));
    recording.read_until(&mut cursor, 72.1, |line| read.push(line));
    recording.read_until(&mut cursor, 200.0, |line| read.push(line));
    read.extend(std::iter::from_fn(|| cursor.next(&recording)));
    assert!(read == expected && cursor.damaged() == 0);
}

#[test]
fn a_step_is_a_sample_forth_or_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.pathscope");
    write(&path, samples(0, 100));
    let mut seen = Seen::open(&path);
    seen.control(Control::Seek(60.2));
    let steps = [
        (true, 121),
        (true, 122),
        (false, 121),
        (false, 120),
        (false, 119),
        (true, 120),
    ];
    for (forward, sent) in steps {
        seen.control(Control::Step { forward });
        assert_eq!(seen.sent(), Some(sent));
    }
    seen.control(Control::Seek(0.0));
    seen.control(Control::Step { forward: false });
    assert_eq!(seen.sent(), Some(0), "nothing is before the beginning");
    seen.control(Control::Seek(1000.0));
    seen.control(Control::Step { forward: true });
    assert_eq!(seen.sent(), Some(199), "nor after the end");
}

#[test]
fn it_plays_to_its_end_and_goes_on_where_more_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.pathscope");
    write(&path, samples(0, 20));
    let mut seen = Seen::open(&path);
    seen.source.control(Control::SetSpeed(16.0));
    seen.source.control(Control::Play);
    seen.until("all is played", |seen| seen.sent() == Some(39));
    let length = std::fs::metadata(&path).expect("there").len();
    // The header of the second part is the same, and passed over.
    let more = folder.path().join("more.pathscope");
    write(&more, samples(20, 40));
    let mut file = File::options().append(true).open(&path).expect("opened");
    file.write_all(&std::fs::read(&more).expect("read"))
        .expect("written");
    seen.until("what was written meanwhile is played", |seen| {
        seen.sent() == Some(79)
    });
    let playback = seen.source.playback();
    assert!(playback.ends > 39.0 && playback.length > length, "{playback:?}");
    seen.until("it is surveyed", |seen| seen.source.overview().read_to > 39.0);
    assert!(seen.source.overview().is_whole);
}

#[test]
fn what_has_no_marks_is_as_good_and_what_is_damaged_is_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.pathscope");
    write(&path, samples(0, 200));
    let lines = zstd::decode_all(File::open(&path).expect("opened")).expect("read");
    let plain = folder.path().join("plain.jsonl");
    std::fs::write(&plain, &lines).expect("written");
    let packed = folder.path().join("packed.jsonl.zst");
    std::fs::write(&packed, zstd::encode_all(&lines[..], 1).expect("packed")).expect("written");
    for other in [&plain, &packed] {
        let mut seen = Seen::open(other);
        seen.control(Control::Seek(123.4));
        assert_eq!(seen.sent(), Some(246), "{}", other.display());
    }
    // A frame in the middle is spoilt, and the end is cut off.
    let mut bytes = std::fs::read(&path).expect("read");
    let middle = bytes.len() / 2;
    bytes
        .iter_mut()
        .skip(middle)
        .take(40)
        .for_each(|byte| *byte ^= 0x5a);
    bytes.truncate(bytes.len() - 10);
    std::fs::write(&path, &bytes).expect("written");
    let mut seen = Seen::open(&path);
    assert!(seen.source.playback().trouble.is_some());
    let ends = seen.source.playback().ends;
    seen.control(Control::Seek(ends));
    let last = seen.sent().expect("something can be read");
    assert!(last > 0, "{last} up to {ends}");
}

#[test]
fn its_threads_end_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.pathscope");
    write(&path, samples(0, 100));
    let seen = Seen::open(&path);
    let shared = Arc::clone(&seen.source.shared);
    drop(seen);
    let end = Instant::now() + LIMIT;
    while Arc::strong_count(&shared) > 1 {
        assert!(Instant::now() < end, "a thread goes on");
        thread::park_timeout(Duration::from_millis(5));
    }
}
