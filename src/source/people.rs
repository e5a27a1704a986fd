//! Processes by socket, found on a thread of their own: a walk through /proc must not delay a sample.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::kernel::{Error, Processes};
use crate::model::Process;

/// A new connection's process is known this much later at the most, unless /proc is very large.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);

/// So long the first sample waits for the names of processes.
const PATIENCE: Duration = Duration::from_millis(200);

/// The thread that knows processes. It ends when this is dropped.
pub(super) struct People {
    questions: Sender<HashSet<u32>>,
    answers: Receiver<Vec<(u32, Process)>>,
    asked_at: Option<Instant>,
}

impl People {
    pub(super) fn start() -> Result<Self, Error> {
        let (questions, asked) = bounded::<HashSet<u32>>(1);
        let (answering, answers) = bounded(1);
        let body = move || {
            let mut processes = Processes::new();
            for inodes in asked {
                let held = processes.lookup(inodes.into_iter(), Instant::now());
                let held = held
                    .iter()
                    .map(|(inode, process)| (*inode, process.clone()))
                    .collect();
                if answering.send(held).is_err() {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("processes".to_owned()).spawn(body);
        thread.map_err(|source| Error::io("start the processes thread", source))?;
        Ok(Self {
            questions,
            answers,
            asked_at: None,
        })
    }

    /// Asks who holds the sockets with `inodes`, unless a question is still open or was asked just now.
    pub(super) fn ask(&mut self, now: Instant, inodes: impl FnOnce() -> HashSet<u32>) {
        let recent = self
            .asked_at
            .is_some_and(|at| now.saturating_duration_since(at) < BETWEEN_QUESTIONS);
        if recent || self.questions.is_full() || self.answers.is_full() {
            return;
        }
        self.asked_at = Some(now);
        let _ = self.questions.try_send(inodes());
    }

    /// What was found out, waiting for it a moment.
    pub(super) fn first_answer(&self) -> Vec<(u32, Process)> {
        self.answers.recv_timeout(PATIENCE).unwrap_or_default()
    }

    /// What was found out since.
    pub(super) fn answer(&self) -> Vec<(u32, Process)> {
        self.answers.try_iter().flatten().collect()
    }
}
