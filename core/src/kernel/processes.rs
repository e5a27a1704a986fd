//! Which process holds a socket: inodes looked for in /proc/PID/fd, seldom and with patience.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use nix::unistd::{Uid, User};
use rustc_hash::{FxHashMap, FxHashSet};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::model::Process;
use crate::wire::proc_text::parse_socket_inode;

/// Looking through all of /proc takes tens of milliseconds on a busy machine.
const BETWEEN_SCANS: Duration = Duration::from_secs(1);
/// The longest that an inode which nobody holds, or which we may not see, is not looked for again.
const LONGEST_PATIENCE: Duration = Duration::from_secs(64);

/// The processes that hold sockets, as far as /proc lets us see.
pub struct Processes {
    held: HashMap<u32, Process>,
    missed: FxHashMap<u32, Missed>,
    scanned_at: Option<Instant>,
}

struct Missed {
    again_at: Instant,
    patience: Duration,
}

impl Default for Processes {
    fn default() -> Self {
        Self::new()
    }
}

impl Processes {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self {
            held: HashMap::new(),
            missed: FxHashMap::default(),
            scanned_at: None,
        }
    }

    /// The processes that hold the sockets with these inodes; one that is not in the answer is not known (yet).
    /// Knows afterwards of these inodes only. /proc is looked through at most once a second, and only for an inode
    /// that is new or has been missing for long enough. Where several processes share a socket it is the one with
    /// the lowest id.
    pub fn lookup(&mut self, inodes: impl Iterator<Item = u32>, now: Instant) -> &HashMap<u32, Process> {
        let inodes: FxHashSet<u32> = inodes.filter(|inode| *inode != 0).collect();
        self.held.retain(|inode, _| inodes.contains(inode));
        self.missed.retain(|inode, _| inodes.contains(inode));
        let may_scan = self
            .scanned_at
            .is_none_or(|then| now.saturating_duration_since(then) >= BETWEEN_SCANS);
        if may_scan && !inodes.is_empty() {
            // A socket outlives a process when another holds it too.
            self.held
                .retain(|_, process| fs::exists(format!("/proc/{}", process.pid)).unwrap_or(true));
            let due = |inode: &&u32| {
                !self.held.contains_key(inode)
                    && self.missed.get(inode).is_none_or(|missed| missed.again_at <= now)
            };
            let wanted: FxHashSet<u32> = inodes.iter().filter(due).copied().collect();
            if !wanted.is_empty() {
                self.scanned_at = Some(now);
                self.scan(wanted, now);
            }
        }
        &self.held
    }

    fn scan(&mut self, wanted: FxHashSet<u32>, now: Instant) {
        let mut found: FxHashMap<u32, u32> = FxHashMap::default();
        for pid in pids() {
            if found.len() == wanted.len() {
                break;
            }
            for inode in socket_inodes(pid).filter(|inode| wanted.contains(inode)) {
                found.entry(inode).or_insert(pid);
            }
        }
        let names = names(found.values().copied().collect());
        for inode in wanted {
            let process = found.get(&inode).and_then(|pid| {
                Some(Process {
                    pid: *pid,
                    name: names.get(pid)?.clone(),
                })
            });
            if let Some(process) = process {
                self.missed.remove(&inode);
                self.held.insert(inode, process);
                continue;
            }
            let before = self.missed.get(&inode).map(|missed| missed.patience);
            let patience = before.map_or(BETWEEN_SCANS, |before| (before * 2).min(LONGEST_PATIENCE));
            let again_at = now + patience;
            self.missed.insert(inode, Missed { again_at, patience });
        }
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

/// Every process that /proc shows, lowest first.
fn pids() -> Vec<u32> {
    let mut pids: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}

/// The sockets that a process holds; none when we may not look, or when it has just ended.
fn socket_inodes(pid: u32) -> impl Iterator<Item = u32> {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .filter_map(|entry| parse_socket_inode(fs::read_link(entry.ok()?.path()).ok()?.to_str()?))
}

/// The name of a user, by whatever the system is set up to ask.
pub fn user_name(uid: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map(|user| user.name)
}
