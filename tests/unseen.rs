//! Who was stopped, or got no processor, says nothing of what it did not see.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::lines::Lines;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pathscope::history::handover::Handover;
use pathscope::history::{Bounds, History};
use pathscope::lab::{self, Lab};
use pathscope::model::Line;

/// The longest wait for the stream to go on.
const LIMIT: Duration = Duration::from_mins(1);
/// How long the reader is stopped.
const STOPPED: Duration = Duration::from_secs(5);
/// Shorter than any stretch that the cut and the return could be told as, ms.
const MOMENT_MS: u64 = 500;

struct Reader {
    lines: Lines,
    history: History,
}

impl Reader {
    /// Reads on until the stream's time.
    fn read_until(&mut self, t: f64) {
        let end = Instant::now() + LIMIT;
        while self.history.now() < t {
            let line = self.lines.next();
            let line: Line = serde_json::from_value(line).expect("a line of the stream");
            self.history.apply(line);
            assert!(Instant::now() < end, "the stream stands still before {t} s");
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.lines.child.id().cast_signed());
        kill(pid, signal).expect("a signal");
    }

    /// What was told of the time between two moments.
    fn told(&self, from: f64, to: f64) -> Vec<Handover> {
        let all = self.history.handovers().iter();
        all.filter(|told| (from..to).contains(&told.t)).cloned().collect()
    }
}

/// Time is all that has to pass: nothing happens that could be waited for.
fn let_pass(end: Instant) {
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        thread::park_timeout(left.max(Duration::from_millis(1)));
    }
}

#[test]
fn what_happened_while_it_was_stopped_is_not_told() {
    if !common::can_make_namespaces("a stopped reader") {
        return;
    }
    let options = lab::Options {
        automatic: false,
        program: Some(common::pathscope()),
        ..lab::Options::default()
    };
    let lab = Lab::start(lab::scenario("handover").expect("a scenario"), &options).expect("a laboratory");
    let plug = |plugged| lab.plug("wifi", plugged).expect("a link");
    let mut reader = Reader {
        lines: Lines::watch(&lab.netns(), &common::pathscope(), false, &[]),
        history: History::new(Bounds::default()),
    };
    reader.read_until(4.0);

    let stopped = reader.history.now();
    reader.signal(Signal::SIGSTOP);
    let begun = Instant::now();
    plug(false);
    let_pass(begun + STOPPED / 2);
    plug(true);
    let_pass(begun + STOPPED);
    reader.signal(Signal::SIGCONT);
    let goes_on = stopped + STOPPED.as_secs_f64();
    reader.read_until(goes_on + 4.0);
    // A machine that is busy may hold up the other path for a moment when the reader goes on: that is seen, and true.
    let is_of_the_cut = |told: &Handover| {
        let waited_ms = told.interruption.map_or(0, |interruption| interruption.ms);
        told.from.as_deref() == Some("wifi") || waited_ms > MOMENT_MS
    };
    let mut told = reader.told(stopped, goes_on + 4.0);
    told.retain(is_of_the_cut);
    assert_eq!(told, []);

    // What it sees from then on it tells.
    let cut = reader.history.now();
    plug(false);
    let end = Instant::now() + LIMIT;
    while reader.told(cut - 0.5, f64::INFINITY).is_empty() {
        reader.read_until(reader.history.now() + 1.0);
        assert!(Instant::now() < end, "the cut is not told");
    }
}
