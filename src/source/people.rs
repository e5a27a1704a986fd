//! Processes by socket, found on a thread of their own: a walk through /proc must not delay a sample.

use std::collections::HashSet;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::kernel::{Error, Processes};
use crate::model::Process;

/// The thread that knows processes. It ends when this is dropped.
pub(super) struct People {
    questions: Sender<HashSet<u32>>,
    answers: Receiver<Vec<(u32, Process)>>,
}

impl People {
    pub(super) fn start() -> Result<Self, Error> {
        let (questions, asked) = bounded::<HashSet<u32>>(1);
        let (answering, answers) = bounded(1);
        let body = move || {
            let mut processes = Processes::new();
            for inodes in asked {
                let found = processes.lookup(&inodes, Instant::now());
                if answering.send(found).is_err() {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("processes".to_owned()).spawn(body);
        thread.map_err(|source| Error::Io {
            doing: "starting the processes thread".to_owned(),
            source,
        })?;
        Ok(Self { questions, answers })
    }

    /// Asks who holds the sockets that `strangers` lists, unless a question is still open.
    pub(super) fn ask(&self, strangers: impl FnOnce() -> HashSet<u32>) {
        if self.questions.is_full() || self.answers.is_full() {
            return;
        }
        let strangers = strangers();
        if !strangers.is_empty() {
            let _ = self.questions.try_send(strangers);
        }
    }

    /// What was found out since.
    pub(super) fn answer(&self) -> Vec<(u32, Process)> {
        self.answers.try_iter().flatten().collect()
    }
}
