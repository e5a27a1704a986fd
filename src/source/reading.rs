//! One complete reading after another: sockets, joined and compared, and everything beside them.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use rustc_hash::FxHashMap;

use super::difference::{News, difference};
use super::follow::{Follower, Told as ToldSubflow};
use super::infer::{Told, ends, infer, is_over, own_priorities};
use super::inventory::Inventory;
use super::materialise::Surroundings;
use super::people::{Findings, Inquiry};
use super::silence::Silence;
use super::strategy::{Strategy, Way};
use super::table::{Joiner, Layout, Table};
use crate::kernel::{Error, PathManager, ProcFiles, Route, SocketTable, Sockets};
use crate::model::{Connection, Cookie, Event, Sample};
use crate::wire::sock_diag::SUBFLOW_FLAG_BKUP_LOC;

/// Reads samples in the namespace of the thread that made it.
pub struct Reader {
    pub(super) sockets: Sockets,
    route: Route,
    path_manager: PathManager,
    files: ProcFiles,
    dump: SocketTable,
    /// What a close look read.
    pub(super) close: SocketTable,
    joiner: Joiner,
    pub(super) table: Table,
    /// The reading before the last; between readings, room for the next.
    before: Table,
    scratch: Layout,
    strategy: Strategy,
    follower: Follower,
    silence: Silence,
    way: Way,
    pub(super) surroundings: Surroundings,
    inventory: Option<Inventory>,
    plain_tcp: Option<u32>,
}

/// How a sample is to be taken.
#[derive(Default)]
pub(super) struct Want {
    /// Everything, not only what changed.
    pub(super) full: bool,
    /// Dump every socket, whatever that costs.
    pub(super) dump: bool,
    /// Conclude the kernel's own events from the comparison, except these.
    pub(super) infer: Option<Told>,
    pub(super) news: News,
}

/// What a reading gave.
pub(super) struct Read {
    pub(super) sample: Sample,
    /// What the kernel tells nobody.
    pub(super) events: Vec<Event>,
    /// What the kernel tells too, where it may be heard.
    pub(super) inferred: Vec<Event>,
    /// Token and addresses of connections that are new.
    pub(super) new: Vec<(u32, (SocketAddr, SocketAddr))>,
}

impl Reader {
    /// Opens what is needed to read.
    ///
    /// # Errors
    /// When the kernel has no MPTCP, or refuses a socket.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            sockets: Sockets::new()?,
            route: Route::new()?,
            path_manager: PathManager::new()?,
            files: ProcFiles::new()?,
            dump: SocketTable::default(),
            close: SocketTable::default(),
            joiner: Joiner::default(),
            table: Table::default(),
            before: Table::default(),
            scratch: Layout::default(),
            strategy: Strategy::default(),
            follower: Follower::default(),
            silence: Silence::default(),
            way: Way::Dump,
            surroundings: Surroundings::default(),
            inventory: None,
            plain_tcp: None,
        })
    }

    /// Takes the next sample, with what changed since the one before; its time is left 0.
    ///
    /// # Errors
    /// What the kernel refused. The reading before stays, so a later one can be compared with it.
    pub fn read(&mut self, full: bool) -> Result<Sample, Error> {
        self.read_as(&Want {
            full,
            ..Want::default()
        })
        .map(|read| read.sample)
    }

    pub(super) fn read_as(&mut self, want: &Want) -> Result<Read, Error> {
        let first = self.inventory.is_none();
        let inventory = Inventory::read(&mut self.route, &mut self.path_manager, &mut self.files)?;
        self.read_sockets(want, &inventory)?;

        if self
            .inventory
            .as_ref()
            .is_none_or(|before| addresses_differ(before, &inventory))
        {
            self.surroundings.take_interfaces(&inventory.interfaces);
        }
        std::mem::swap(&mut self.table, &mut self.before);
        let found = difference(&self.before, &mut self.table, &mut self.scratch, &want.news);

        let mut sample = Sample {
            full: want.full || first,
            gone: found.gone,
            ..Sample::default()
        };
        let mut events = match (&self.inventory, first) {
            (Some(before), false) => inventory.events_since(before),
            _ => Vec::new(),
        };
        let materialise = |at: usize| {
            let entry = self.table.entries().get(at)?;
            Some(self.surroundings.connection(entry, self.table.rows(entry)))
        };
        let connections: Vec<Connection> = if sample.full {
            (0..self.table.entries().len()).filter_map(materialise).collect()
        } else {
            found.changed.iter().copied().filter_map(materialise).collect()
        };
        let changed: Vec<&Connection> = if sample.full {
            found
                .changed
                .iter()
                .filter_map(|at| connections.get(*at))
                .collect()
        } else {
            connections.iter().collect()
        };
        if !first {
            events.extend(self.own_priorities(&changed));
        }
        let lost = match &want.infer {
            Some(told) if !first => {
                let mut lost = self.inferred(&changed, &sample, told);
                lost.extend(self.silence.break_over(told, &want.news.connections_closed));
                lost
            }
            Some(_) => Vec::new(),
            None => {
                let ends = self.ends(&changed, &sample);
                self.silence.keep(ends, &want.news.connections_closed);
                Vec::new()
            }
        };
        sample.connections = connections;
        let inventory_before = self.inventory.as_ref().filter(|_| !sample.full);
        inventory.write(inventory_before, &mut sample);
        let plain_tcp = Some(self.dump.plain_tcp);
        if sample.full || plain_tcp != self.plain_tcp {
            sample.plain_tcp = plain_tcp;
        }
        self.plain_tcp = plain_tcp;
        self.inventory = Some(inventory);
        let new = found.new.iter().filter_map(|at| {
            let socket = &self.table.entries().get(*at)?.socket;
            Some((socket.token?, (socket.local, socket.remote)))
        });
        Ok(Read {
            sample,
            events,
            inferred: lost,
            new: new.collect(),
        })
    }

    /// Takes the tokens of subflows, by cookie, that the privileged service told.
    pub(super) fn take_tokens(&mut self, tokens: FxHashMap<u64, u32>) {
        self.joiner.told = tokens;
    }

    /// How the last reading found the subflows.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Reads all sockets into `before`, which the last reading needs no longer.
    fn read_sockets(&mut self, want: &Want, inventory: &Inventory) -> Result<(), Error> {
        self.sockets.read_connections(&mut self.dump)?;
        let now = Instant::now();
        let must_dump = want.full || want.dump || self.inventory.is_none();
        if !must_dump && self.strategy.choose(now) == Way::LookUp {
            let told = told(&want.news, inventory);
            let wanted = self.follower.wanted(&self.table, &self.dump.connections, &told);
            let started = cpu_time();
            let all_answered = self.sockets.look_up_subflows(wanted, &mut self.dump);
            self.strategy
                .looked_up(cpu_time().saturating_sub(started), wanted.len());
            // What is wrong, the dump that follows says.
            if matches!(all_answered, Ok(true)) {
                self.joiner.join(&mut self.dump, &mut self.before);
                self.way = Way::LookUp;
                if !self.follower.is_in_doubt(&self.before) || !self.strategy.may_settle(now) {
                    return Ok(());
                }
            }
        }
        let started = cpu_time();
        self.sockets.read_subflows(&mut self.dump)?;
        let cost = cpu_time().saturating_sub(started);
        self.strategy.dumped(now, cost, self.dump.subflows.len());
        self.joiner.join(&mut self.dump, &mut self.before);
        self.way = Way::Dump;
        if self.strategy.choose(now) == Way::LookUp {
            self.follower.settle(&self.before);
        }
        Ok(())
    }

    /// Whether a connection's process is not known.
    pub(super) fn has_strangers(&self) -> bool {
        let known = |inode: u32| inode == 0 || self.surroundings.processes.contains_key(&inode);
        self.table
            .entries()
            .iter()
            .any(|entry| !known(entry.socket.inode))
    }

    /// Everything that is asked about the connections: their processes, and users whose name is not known.
    pub(super) fn inquiry(&self) -> Inquiry {
        let sockets = || {
            self.table
                .entries()
                .iter()
                .map(|entry| &entry.socket)
                .filter(|socket| socket.inode != 0)
        };
        let users = &self.surroundings.users;
        Inquiry {
            inodes: sockets().map(|socket| socket.inode).collect(),
            uids: sockets()
                .map(|socket| socket.uid)
                .filter(|uid| !users.contains_key(uid))
                .collect(),
        }
    }

    /// Takes what was found out; the inodes of connections of which something became known.
    pub(super) fn introduce(&mut self, findings: Findings) -> Vec<u32> {
        let mut inodes = Vec::new();
        for (inode, process) in findings.processes {
            if self.surroundings.processes.get(&inode) != Some(&process) {
                self.surroundings.processes.insert(inode, process);
                inodes.push(inode);
            }
        }
        if !findings.users.is_empty() {
            let named: HashSet<u32> = findings.users.iter().map(|(uid, _)| *uid).collect();
            self.surroundings.users.extend(findings.users);
            let sockets = self.table.entries().iter().map(|entry| &entry.socket);
            inodes.extend(
                sockets
                    .filter(|socket| named.contains(&socket.uid))
                    .map(|socket| socket.inode),
            );
        }
        inodes
    }

    /// Forgets what is known of sockets, interfaces and addresses that are no more.
    pub(super) fn forget(&mut self) {
        let inodes = self.inquiry().inodes;
        self.surroundings
            .processes
            .retain(|inode, _| inodes.contains(inode));
        let sockets = self.table.entries().iter().map(|entry| &entry.socket);
        let tokens: HashSet<u32> = sockets.filter_map(|socket| socket.token).collect();
        self.surroundings
            .server_side
            .retain(|token, _| tokens.contains(token));
        let rows = self
            .table
            .entries()
            .iter()
            .flat_map(|entry| self.table.rows(entry));
        let used: HashSet<IpAddr> = rows.map(|row| row.socket.local.ip()).collect();
        let interfaces = self
            .inventory
            .as_ref()
            .map_or(&[][..], |inventory| &inventory.interfaces);
        self.surroundings.forget_addresses(&used, interfaces);
    }

    pub(super) fn set_server_side(&mut self, token: u32, server_side: bool) {
        self.surroundings.server_side.insert(token, server_side);
    }

    /// A connection as it was in the reading before.
    fn was(&self, cookie: Cookie) -> Option<Connection> {
        let entry = self.before.find(cookie.0)?;
        Some(self.surroundings.connection(entry, self.before.rows(entry)))
    }

    fn inferred(&self, changed: &[&Connection], sample: &Sample, told: &Told) -> Vec<Event> {
        let pairs: Vec<_> = changed
            .iter()
            .map(|after| (self.was(after.cookie), (*after).clone()))
            .collect();
        let gone: Vec<Connection> = sample
            .gone
            .iter()
            .filter_map(|cookie| self.was(*cookie))
            .collect();
        infer(&pairs, &gone, told)
    }

    /// The ends that this reading shows and that the kernel may be about to tell.
    fn ends(&self, changed: &[&Connection], sample: &Sample) -> Vec<Event> {
        let over = changed.iter().filter(|after| is_over(after));
        let over: Vec<_> = over.map(|after| (self.was(after.cookie), *after)).collect();
        let gone: Vec<Connection> = sample
            .gone
            .iter()
            .filter_map(|cookie| self.was(*cookie))
            .collect();
        ends(&over, &gone)
    }

    /// Events about what this host asked of its own subflows. Few connections have any, so the sockets are compared
    /// first, and connections made of those only in which something differs.
    fn own_priorities(&self, changed: &[&Connection]) -> Vec<Event> {
        let asked = |table: &Table, cookie: Cookie| -> Vec<(u64, u32)> {
            let rows = table
                .find(cookie.0)
                .into_iter()
                .flat_map(|entry| table.rows(entry));
            let backup = |flags: Option<u32>| flags.unwrap_or(0) & SUBFLOW_FLAG_BKUP_LOC;
            rows.map(|row| (row.socket.cookie, backup(row.socket.flags)))
                .collect()
        };
        let differs =
            |after: &&&Connection| asked(&self.before, after.cookie) != asked(&self.table, after.cookie);
        let pairs = changed
            .iter()
            .filter(differs)
            .filter_map(|after| Some((self.was(after.cookie)?, *after)));
        pairs
            .flat_map(|(before, after)| own_priorities(&before, after))
            .collect()
    }
}

/// CPU time of this thread.
pub(super) fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// The subflows that events told of, with the numbers of their interfaces.
fn told(news: &News, inventory: &Inventory) -> Vec<ToldSubflow> {
    let index = |name: &String| {
        let found = inventory
            .interfaces
            .iter()
            .find(|interface| interface.name == *name);
        found.map(|interface| interface.index)
    };
    let subflows = news.subflows_established.iter();
    subflows
        .map(|(local, remote, interface)| (*local, *remote, interface.as_ref().and_then(index).unwrap_or(0)))
        .collect()
}

fn addresses_differ(before: &Inventory, after: &Inventory) -> bool {
    let owned = |inventory: &Inventory| -> Vec<_> {
        let interfaces = inventory.interfaces.iter();
        interfaces
            .map(|interface| {
                (
                    interface.index,
                    interface.name.clone(),
                    interface.addresses.clone(),
                )
            })
            .collect()
    };
    owned(before) != owned(after)
}
