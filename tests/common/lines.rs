//! A program that is read line by line.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use serde_json::Value;

/// The longest wait for a line.
const LIMIT: Duration = Duration::from_mins(1);

/// A program whose lines arrive on a channel; killed when dropped.
pub struct Lines {
    pub child: Child,
    pub lines: Receiver<String>,
}

impl Lines {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = unbounded();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    pub fn watch(netns: &Path, program: &Path, as_user: bool, arguments: &[&str]) -> Self {
        let mut command = super::inside(netns, program, as_user);
        command.args(["watch", "--json"]).args(arguments);
        Self::start(command)
    }

    pub fn next(&self) -> Value {
        serde_json::from_str(&self.lines.recv_timeout(LIMIT).expect("a line")).expect("JSON")
    }

    /// The next line for which `wanted` holds.
    #[track_caller]
    pub fn find(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + LIMIT;
        loop {
            let line = self.next();
            if wanted(&line) {
                return line;
            }
            assert!(
                Instant::now() < end,
                "no such line within {LIMIT:?}; the last was {line}"
            );
        }
    }

    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("its input")
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
