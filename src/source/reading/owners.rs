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

/// Checks take at most this part of the time: one in so many.
const CHECK_SHARE: u32 = 500;

/// How long the first sample waits for the names of processes.
const FIRST_ANSWER_TIMEOUT: Duration = Duration::from_millis(200);

/// Sockets and users to find out about.
#[derive(Default)]
pub(in crate::source) struct OwnerQuery {
    pub(in crate::source) inodes: HashSet<u32>,
    pub(in crate::source) uids: HashSet<u32>,
}

/// What was found out.
#[derive(Default)]
pub(in crate::source) struct Owners {
    /// The sockets that were asked about, by inode.
    pub(in crate::source) asked: HashSet<u32>,
    /// Who holds one of them, by its inode.
    pub(in crate::source) processes: FxHashMap<u32, Holders>,
    /// Names by user id.
    pub(in crate::source) users: Vec<(u32, String)>,
    /// How long it took.
    took: Duration,
}

impl Owners {
    /// Looks in /proc and where the system keeps its users.
    pub(in crate::source) fn of(query: OwnerQuery, processes: &mut Processes) -> Self {
        let began = Instant::now();
        let processes = processes.lookup(query.inodes.iter().copied(), Instant::now);
        let users = query
            .uids
            .into_iter()
            .filter_map(|uid| Some((uid, user_name(uid)?)))
            .collect();
        Self {
            asked: query.inodes,
            processes,
            users,
            took: began.elapsed(),
        }
    }
}

/// The thread that knows processes and users. It ends when this is dropped.
pub(in crate::source) struct OwnerResolver {
    questions: Sender<OwnerQuery>,
    answers: Receiver<Owners>,
    asked_at: Option<Instant>,
    /// How long the newest answer took.
    took: Duration,
}

impl OwnerResolver {
    pub(in crate::source) fn start() -> Result<Self, Error> {
        let (questions, asked) = bounded::<OwnerQuery>(1);
        let (answering, answers) = bounded(1);
        let body = move || {
            let mut processes = Processes::new();
            for query in asked {
                if answering.send(Owners::of(query, &mut processes)).is_err() {
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
            took: Duration::ZERO,
        })
    }

    /// Asks, unless a question is still open or was asked just now.
    pub(in crate::source) fn ask(&mut self, now: Instant, query: impl FnOnce() -> OwnerQuery) {
        let recent = self
            .asked_at
            .is_some_and(|at| now.saturating_duration_since(at) < BETWEEN_QUESTIONS);
        if recent || self.questions.is_full() || self.answers.is_full() {
            return;
        }
        self.asked_at = Some(now);
        let _ = self.questions.try_send(query());
    }

    /// Whether to ask about those, too, that are known: they may be called otherwise, or have given their sockets away.
    pub(in crate::source) fn should_check(&self, now: Instant) -> bool {
        let between = BETWEEN_CHECKS.max(self.took * CHECK_SHARE);
        self.asked_at
            .is_none_or(|at| now.saturating_duration_since(at) >= between)
    }

    /// What was found out, waiting for it a moment.
    pub(in crate::source) fn first_answer(&mut self) -> Owners {
        let answer = self.answers.recv_timeout(FIRST_ANSWER_TIMEOUT);
        self.note(answer.unwrap_or_default())
    }

    /// What was found out since.
    pub(in crate::source) fn answer(&mut self) -> Owners {
        let answer = self.answers.try_recv();
        self.note(answer.unwrap_or_default())
    }

    fn note(&mut self, answer: Owners) -> Owners {
        if !answer.asked.is_empty() {
            self.took = answer.took;
        }
        answer
    }
}
