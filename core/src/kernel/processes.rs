//! Which processes hold a socket: inodes looked for in /proc/PID/fd, seldom, and after ever longer pauses.
//!
//! A walk through all of /proc takes tens of milliseconds on a busy machine. So what is known is checked by itself: a
//! holder still has the socket where it had it, and what it is called now. New sockets are looked for at those who have
//! sockets already, new processes are looked at as they come, and only what is left, and from time to time everything,
//! takes a walk.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use nix::unistd::{Uid, User};
use rustc_hash::{FxHashMap, FxHashSet};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::model::Process;
use crate::wire::proc_text::parse_socket_inode;

/// How far apart two looks are at least.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How far apart two walks through all of /proc are at least when nothing is missing. A socket that was passed to a
/// process which was there before, and that its first holder kept, is known this much later at the most.
const BETWEEN_WALKS: Duration = Duration::from_secs(8);
/// Such walks take at most one part in so many of the time.
const WALK_SHARE: u32 = 200;
/// The longest that an inode which nobody holds, or which we may not see, is not looked for again.
const RETRY_AFTER_AT_MOST: Duration = Duration::from_secs(64);
/// How many sockets are checked in one look; the others have their turn in the next ones.
const CHECKED_A_LOOK: usize = 2000;
/// Descriptors from here on are no standard input or output.
const STANDARD: u32 = 2;

/// The processes that hold a socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// By process id.
    all: Vec<Process>,
    /// The place of the first that has it as its standard input or output.
    standard: Option<usize>,
}

impl Holders {
    /// The one that is likely to use the socket. Who has it as standard input or output was started to (inetd(8), socket
    /// activation). Else, of a connection that was accepted here, it is the youngest: the child that was forked to serve
    /// it. Of any other it is the oldest: who connected, not a child that got it without being asked.
    pub fn likely(&self, server_side: Option<bool>) -> Option<&Process> {
        match (self.standard, server_side) {
            (Some(place), _) => self.all.get(place),
            (None, Some(true)) => self.all.last(),
            (None, _) => self.all.first(),
        }
    }

    /// All of them, where there are more than one.
    pub fn several(&self) -> Vec<Process> {
        if self.all.len() > 1 {
            self.all.clone()
        } else {
            Vec::new()
        }
    }
}

/// The processes that hold sockets, as far as /proc lets us see.
#[derive(Default)]
pub struct Processes {
    /// By inode and process: the descriptor.
    held: FxHashMap<u32, BTreeMap<u32, u32>>,
    missed: FxHashMap<u32, Missed>,
    /// The processes that were there.
    seen: FxHashSet<u32>,
    looked_at: Option<Instant>,
    walked_at: Option<Instant>,
    /// How long the last walk took.
    walk: Duration,
    /// The inode that was checked last; the next look goes on behind it.
    checked: u32,
    names: FxHashMap<u32, String>,
}

struct Missed {
    again_at: Instant,
    retry_after: Duration,
}

impl Processes {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The processes that hold the sockets with these inodes; one that is not in the answer is not known (yet). Knows
    /// afterwards of these inodes only. Looks at most once a second; in between it says what it knows. `clock` reads the
    /// time now.
    pub fn lookup(
        &mut self,
        inodes: impl Iterator<Item = u32>,
        clock: impl Fn() -> Instant,
    ) -> FxHashMap<u32, Holders> {
        let inodes: FxHashSet<u32> = inodes.filter(|inode| *inode != 0).collect();
        self.held.retain(|inode, _| inodes.contains(inode));
        self.missed.retain(|inode, _| inodes.contains(inode));
        let now = clock();
        let rested = |since: Option<Instant>, for_s: Duration| {
            since.is_none_or(|then| now.saturating_duration_since(then) >= for_s)
        };
        if !inodes.is_empty() && rested(self.looked_at, BETWEEN_LOOKS) {
            self.looked_at = Some(now);
            let pids = pids();
            let new: Vec<u32> = pids
                .iter()
                .filter(|pid| !self.seen.contains(pid))
                .copied()
                .collect();
            self.check();
            let wanted = self.wanted(&inodes, now);
            let walk = rested(self.walked_at, BETWEEN_WALKS.max(self.walk * WALK_SHARE));
            let mut left = !wanted.is_empty() || walk;
            if left && !walk {
                let holders: FxHashSet<u32> = self.held.values().flat_map(BTreeMap::keys).copied().collect();
                self.look_at(holders.into_iter().chain(new.iter().copied()), &inodes);
                left = wanted.iter().any(|inode| !self.held.contains_key(inode));
            } else if !walk {
                self.look_at(new.into_iter(), &inodes);
            }
            if left {
                self.look_at(pids.iter().copied(), &inodes);
                let ended = clock();
                self.walk = ended.saturating_duration_since(now);
                self.walked_at = Some(ended);
            }
            self.note_missed(wanted, now);
            self.seen = pids.into_iter().collect();
            let holders = self.held.values().flat_map(BTreeMap::keys);
            self.names = names(holders.copied().collect());
        }
        self.answer()
    }

    /// Forgets who no longer holds what it held.
    fn check(&mut self) {
        let mut inodes: Vec<u32> = self.held.keys().copied().collect();
        if inodes.len() > CHECKED_A_LOOK {
            inodes.sort_unstable();
            let start = inodes.partition_point(|inode| *inode <= self.checked);
            inodes.rotate_left(start);
            inodes.truncate(CHECKED_A_LOOK);
            self.checked = inodes.last().copied().unwrap_or_default();
        }
        for inode in inodes {
            if let Some(holders) = self.held.get_mut(&inode) {
                holders.retain(|pid, fd| socket_inode(&format!("/proc/{pid}/fd/{fd}")) == Some(inode));
                if holders.is_empty() {
                    self.held.remove(&inode);
                }
            }
        }
    }

    /// The inodes that nobody is known to hold and that are to be looked for.
    fn wanted(&self, inodes: &FxHashSet<u32>, now: Instant) -> FxHashSet<u32> {
        let due = |inode: &&u32| {
            !self.held.contains_key(inode)
                && self.missed.get(inode).is_none_or(|missed| missed.again_at <= now)
        };
        inodes.iter().filter(due).copied().collect()
    }

    /// Looks which of the sockets these processes hold.
    fn look_at(&mut self, pids: impl Iterator<Item = u32>, inodes: &FxHashSet<u32>) {
        for pid in pids {
            for (fd, inode) in sockets(pid).filter(|(_, inode)| inodes.contains(inode)) {
                let known = self.held.entry(inode).or_default().entry(pid).or_insert(fd);
                *known = fd.min(*known);
            }
        }
    }

    /// Is more patient with those that were not found.
    fn note_missed(&mut self, wanted: FxHashSet<u32>, now: Instant) {
        for inode in wanted {
            if self.held.contains_key(&inode) {
                self.missed.remove(&inode);
                continue;
            }
            let before = self.missed.get(&inode).map(|missed| missed.retry_after);
            let retry_after = before.map_or(BETWEEN_LOOKS, |before| (before * 2).min(RETRY_AFTER_AT_MOST));
            let again_at = now + retry_after;
            self.missed.insert(
                inode,
                Missed {
                    again_at,
                    retry_after,
                },
            );
        }
    }

    fn answer(&self) -> FxHashMap<u32, Holders> {
        let mut answer = FxHashMap::default();
        for (inode, held) in &self.held {
            let mut holders = Holders::default();
            for (pid, fd) in held {
                // One that has just ended has no name.
                let Some(name) = self.names.get(pid) else { continue };
                if *fd < STANDARD {
                    holders.standard.get_or_insert(holders.all.len());
                }
                holders.all.push(Process {
                    pid: *pid,
                    name: name.clone(),
                });
            }
            if !holders.all.is_empty() {
                answer.insert(*inode, holders);
            }
        }
        answer
    }
}

/// The names of processes as they are now; sysinfo would keep those that it knows already.
fn names(pids: FxHashSet<u32>) -> FxHashMap<u32, String> {
    let pids: Vec<Pid> = pids.into_iter().map(Pid::from_u32).collect();
    let Ok(mut system) = System::new() else {
        return FxHashMap::default();
    };
    let what = ProcessRefreshKind::nothing().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, what);
    let named = |pid: Pid| {
        let name = system.process(pid)?.name().to_string_lossy().into_owned();
        Some((pid.as_u32(), name))
    };
    pids.into_iter().filter_map(named).collect()
}

/// Every process that /proc shows.
fn pids() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The sockets that a process holds, by descriptor; none when we may not look, or when it has just ended.
fn sockets(pid: u32) -> impl Iterator<Item = (u32, u32)> {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let fd = entry.file_name().to_str()?.parse().ok()?;
            Some((
                fd,
                parse_socket_inode(fs::read_link(entry.path()).ok()?.to_str()?)?,
            ))
        })
}

fn socket_inode(link: &str) -> Option<u32> {
    parse_socket_inode(fs::read_link(link).ok()?.to_str()?)
}

/// The name of a user, by whatever the system is set up to ask.
pub fn user_name(uid: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map(|user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holders(standard: Option<usize>) -> Holders {
        let process = |pid: u32| Process {
            pid,
            name: format!("p{pid}"),
        };
        Holders {
            all: vec![process(10), process(20), process(30)],
            standard,
        }
    }

    #[test]
    fn the_one_that_is_likely_to_use_a_socket() {
        let likely = |standard, server_side| holders(standard).likely(server_side).map(|process| process.pid);
        assert_eq!(likely(None, None), Some(10));
        assert_eq!(likely(None, Some(false)), Some(10), "who connected");
        assert_eq!(likely(None, Some(true)), Some(30), "the child that serves it");
        assert_eq!(likely(Some(1), Some(true)), Some(20), "what it was started for");
        assert_eq!(Holders::default().likely(Some(true)), None);
        assert_eq!(holders(None).several().len(), 3);
    }
}
