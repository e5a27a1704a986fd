//! Processes by socket, found on a thread of their own: a walk through /proc must not delay a sample.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustc_hash::FxHashMap;

use crate::kernel::{Error, Holders, Processes, user_name};

/// A new connection's process is known this much later at the most, unless /proc is very large.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);

/// A process that has another name, or that gave its socket away, is known as what it is this much later.
const BETWEEN_CHECKS: Duration = Duration::from_secs(2);

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
    /// The sockets that were asked about, by inode.
    pub(super) asked: HashSet<u32>,
    /// Who holds one of them, by its inode.
    pub(super) processes: FxHashMap<u32, Holders>,
    /// Names by user id.
    pub(super) users: Vec<(u32, String)>,
}

impl Findings {
    /// Looks in /proc and where the system keeps its users.
    pub(super) fn of(inquiry: Inquiry, processes: &mut Processes) -> Self {
        let processes = processes.lookup(inquiry.inodes.iter().copied(), Instant::now);
        let users = inquiry
            .uids
            .into_iter()
            .filter_map(|uid| Some((uid, user_name(uid)?)))
            .collect();
        Self {
            asked: inquiry.inodes,
            processes,
            users,
        }
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

    /// Whether to ask about those, too, that are known: they may be called otherwise, or have given their sockets away.
    pub(super) fn should_check(&self, now: Instant) -> bool {
        self.asked_at
            .is_none_or(|at| now.saturating_duration_since(at) >= BETWEEN_CHECKS)
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
