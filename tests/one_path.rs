//! Live, a recording, and one that is cut and written on differ in their source only: the same stream gives the same state,
//! handovers, events and figures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pathscope::history::{Bounds, History};
use pathscope::model::{Header, Line};
use pathscope::recording::RecordingFile;
use pathscope::source::{Control, FileSource, Pace, ReplaySource, Source, Transport as _};

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(2);
/// Rounds with one handover, many, and none.
const ROUNDS: [&str; 3] = [
    "lan.steady-8m.client-sends.near-down",
    "20-40.steady-8m.client-sends.flap",
    "lan.video.client-receives.healthy",
];

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(format!("{name}.jsonl.zst"))
}

fn begun(header: &Header) -> History {
    let mut history = History::new(Bounds::default());
    history.apply(Line::Header(header.clone()));
    history
}

/// What a source that plays by itself adds up to.
fn read(source: &dyn Source) -> History {
    let mut history = begun(source.header());
    source.lines().iter().for_each(|line| history.apply(line));
    history
}

/// The figures of each subflow, point by point.
fn figures(history: &History) -> Vec<String> {
    let connections = history.state().connections.values();
    let mut all: Vec<String> = connections
        .flat_map(|connection| history.subflows_of(connection.id()))
        .map(|subflow| {
            let points: Vec<String> = subflow.points.iter().map(|point| format!("{point:?}")).collect();
            format!(
                "{:?} {:?} {}",
                subflow.last,
                history.rates(subflow),
                points.join(" ")
            )
        })
        .collect();
    all.sort();
    all
}

fn assert_same(one: &History, other: &History, what: &str) {
    assert_eq!(one.state(), other.state(), "{what}: the state");
    assert_eq!(one.handovers(), other.handovers(), "{what}: the handovers");
    assert_eq!(one.events(), other.events(), "{what}: the events");
    assert_eq!(one.incidents(), other.incidents(), "{what}: the incidents");
    assert_eq!(figures(one), figures(other), "{what}: the figures");
    let carried = |history: &History| {
        let rates = history.session().rates();
        rates
            .map(|(device, rates)| (device.to_owned(), rates.collect::<Vec<f64>>()))
            .collect::<Vec<_>>()
    };
    assert_eq!(carried(one), carried(other), "{what}: the session");
}

/// A recording that is played in a window.
struct Played {
    source: ReplaySource,
    history: History,
}

impl Played {
    fn open(path: &Path) -> Self {
        let source = ReplaySource::open(path).unwrap();
        let history = begun(source.header());
        Self { source, history }
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LIMIT;
        loop {
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
            if is_so(self) {
                return;
            }
            assert!(Instant::now() < end, "waited in vain until {what}");
        }
    }
}

#[test]
fn a_stream_is_the_same_live_recorded_cut_and_written_on() {
    let folder = tempfile::tempdir().unwrap();
    for round in ROUNDS {
        let source = FileSource::open(&corpus(round), Pace::Unpaced).unwrap();
        let header = source.header().clone();
        // Several rounds are in a file.
        let lines = source.lines().iter();
        let lines: Vec<Line> = lines
            .take_while(|line| !matches!(line, Line::Header(_)))
            .collect();
        let last = lines.iter().map(Line::t).fold(0.0, f64::max);
        // As a live source sends them: through a channel, while they are recorded.
        let whole = folder.path().join(format!("{round}.pathscope"));
        let mut recording = RecordingFile::create(&whole, &header).unwrap();
        let mut live = begun(&header);
        for line in lines {
            recording.take_line(&line).unwrap();
            live.apply(line);
        }
        recording.end_frame().unwrap();
        drop(recording);
        assert!(
            !live.events().is_empty() || live.handovers().is_empty(),
            "{round}"
        );

        assert_same(
            &live,
            &read(&FileSource::open(&whole, Pace::Unpaced).unwrap()),
            &format!("{round}, read"),
        );

        let mut sought = Played::open(&whole);
        sought.source.control(Control::Seek(last));
        sought.until("the end is reached", |it| {
            it.source.playback().is_settled && it.history.now() >= last
        });
        assert_same(&live, &sought.history, &format!("{round}, gone to its end"));
        sought.until("it is surveyed", |it| it.source.overview().is_whole);
        let overview = sought.source.overview();
        assert_eq!(
            live.handovers(),
            overview.history.handovers(),
            "{round}: its strip"
        );

        // Cut within a frame, opened so, and written on while it plays.
        let bytes = fs::read(&whole).unwrap();
        let cut = folder.path().join(format!("{round}.cut.pathscope"));
        let (begin, rest) = bytes.split_at(bytes.len() * 2 / 3);
        fs::write(&cut, begin).unwrap();
        let mut resumed = Played::open(&cut);
        resumed.source.control(Control::SetSpeed(16.0));
        resumed.source.control(Control::Play);
        let half = resumed.source.playback().ends;
        resumed.until("what there is is played", |it| it.history.now() >= half);
        let mut file = fs::OpenOptions::new().append(true).open(&cut).unwrap();
        file.write_all(rest).unwrap();
        resumed.until("the rest is played, too", |it| it.history.now() >= last);
        assert_same(&live, &resumed.history, &format!("{round}, cut and written on"));
    }
}
