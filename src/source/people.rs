//! Processes by socket, found on a thread of their own: a walk through /proc must not delay a sample.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::kernel::{Error, Processes, user_name};
use crate::model::Process;

/// A new connection's process is known this much later at the most, unless /proc is very large.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);

/// So long the first sample waits for the names of processes.
const PATIENCE: Duration = Duration::from_millis(200);

/// Sockets and users to find out about.
#[derive(Default)]
pub(super) struct Inquiry {
    pub(super) inodes: HashSet<u32>,
    pub(super) uids: HashSet<u32>,
}

/// What was found out.
#[derive(Default)]
pub(super) struct Findings {
    /// Processes by the inode of a socket that they hold.
    pub(super) processes: Vec<(u32, Process)>,
    /// Names by user id.
    pub(super) users: Vec<(u32, String)>,
}

impl Findings {
    /// Looks in /proc and where the system keeps its users.
    pub(super) fn of(inquiry: Inquiry, processes: &mut Processes) -> Self {
        let held = processes.lookup(inquiry.inodes.into_iter(), Instant::now());
        let processes = held
            .iter()
            .map(|(inode, process)| (*inode, process.clone()))
            .collect();
        let users = inquiry
            .uids
            .into_iter()
            .filter_map(|uid| Some((uid, user_name(uid)?)))
            .collect();
        Self { processes, users }
    }
}

/// The thread that knows processes and users. It ends when this is dropped.
pub(super) struct People {
    questions: Sender<Inquiry>,
    answers: Receiver<Findings>,
    asked_at: Option<Instant>,
}

impl People {
    pub(super) fn start() -> Result<Self, Error> {
        let (questions, asked) = bounded::<Inquiry>(1);
        let (answering, answers) = bounded(1);
        let body = move || {
            let mut processes = Processes::new();
            for inquiry in asked {
                if answering.send(Findings::of(inquiry, &mut processes)).is_err() {
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

    /// Asks, unless a question is still open or was asked just now.
    pub(super) fn ask(&mut self, now: Instant, inquiry: impl FnOnce() -> Inquiry) {
        let recent = self
            .asked_at
            .is_some_and(|at| now.saturating_duration_since(at) < BETWEEN_QUESTIONS);
        if recent || self.questions.is_full() || self.answers.is_full() {
            return;
        }
        self.asked_at = Some(now);
        let _ = self.questions.try_send(inquiry());
    }

    /// What was found out, waiting for it a moment.
    pub(super) fn first_answer(&self) -> Findings {
        self.answers.recv_timeout(PATIENCE).unwrap_or_default()
    }

    /// What was found out since.
    pub(super) fn answer(&self) -> Findings {
        self.answers.try_recv().unwrap_or_default()
    }
}
