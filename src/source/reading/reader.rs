//! One complete reading after another: sockets, joined and compared, and everything beside them.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use rustc_hash::{FxHashMap, FxHashSet};

use super::changes::Changes;
use super::devices::Touched;
use super::difference::difference;
use super::egress::{Links, WayName};
use super::follow::{AnnouncedSubflow, Follower};
use super::infer::{EventKeys, ends, fallback, infer, is_over, own_priorities, rerouted};
use super::inventory::Inventory;
use super::listening;
use super::materialise::Surroundings;
use super::strategy::{Strategy, Way};
use super::table::{Entry, Joiner, Layout, Table};
use super::unconfirmed::UnconfirmedCloses;
use crate::kernel::{Error, PathManager, ProcFiles, Route, RouteLookup, SocketTable, Sockets, managers};
use crate::model::{Connection, ConnectionId, Cookie, Event, EventKind, ListeningSocket, Sample, SocketAddr};
use crate::wire::sock_diag::SUBFLOW_FLAG_BKUP_LOC;

/// Reads samples in the namespace of the thread that made it.
pub struct Reader {
    pub(super) sockets: Sockets,
    pub(super) route: Route,
    route_lookup: RouteLookup,
    pub(super) path_manager: PathManager,
    pub(super) files: ProcFiles,
    pub(super) dump: SocketTable,
    /// What a close look read.
    pub(super) close: SocketTable,
    /// Tokens of connections that changed since somebody was told of them.
    pub(in crate::source) untold: FxHashSet<u32>,
    joiner: Joiner,
    pub(super) table: Table,
    /// The reading before the last; between readings, room for the next.
    before: Table,
    scratch: Layout,
    strategy: Strategy,
    follower: Follower,
    unconfirmed: UnconfirmedCloses,
    way: Way,
    pub(super) surroundings: Surroundings,
    pub(super) inventory: Option<Inventory>,
    plain_tcp: Option<u32>,
    /// Who listened at the last reading.
    listeners: Vec<ListeningSocket>,
}

/// How a sample is to be taken.
#[derive(Default)]
pub(in crate::source) struct Want {
    /// Everything, not only what changed.
    pub(in crate::source) full: bool,
    /// Dump every socket, whatever that costs.
    pub(in crate::source) dump: bool,
    /// Conclude the kernel's own events from the comparison, except these.
    pub(in crate::source) infer: Option<EventKeys>,
    pub(in crate::source) changes: Changes,
}

/// What a reading gave.
pub(in crate::source) struct Read {
    pub(in crate::source) sample: Sample,
    /// What the kernel tells nobody.
    pub(in crate::source) events: Vec<Event>,
    /// What the kernel tells too, where it may be heard.
    pub(in crate::source) inferred: Vec<Event>,
    /// Token and addresses of connections that are new.
    pub(in crate::source) new: Vec<(u32, (SocketAddr, SocketAddr))>,
    /// The interfaces that carry what goes somewhere: of a full sample all, else those that are new or others.
    pub(in crate::source) ways: Vec<(WayName, String)>,
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
            route_lookup: RouteLookup::new()?,
            path_manager: PathManager::new()?,
            files: ProcFiles::new()?,
            dump: SocketTable::default(),
            close: SocketTable::default(),
            untold: FxHashSet::default(),
            joiner: Joiner::default(),
            table: Table::default(),
            before: Table::default(),
            scratch: Layout::default(),
            strategy: Strategy::default(),
            follower: Follower::default(),
            unconfirmed: UnconfirmedCloses::default(),
            way: Way::Dump,
            surroundings: Surroundings::default(),
            inventory: None,
            plain_tcp: None,
            listeners: Vec::new(),
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

    pub(in crate::source) fn read_as(&mut self, want: &Want) -> Result<Read, Error> {
        let first = self.inventory.is_none();
        let before = self.inventory.as_ref();
        let inventory = Inventory::read(&mut self.route, &mut self.path_manager, &mut self.files, before)?;
        self.read_sockets(want, &inventory)?;

        let known = self.inventory.as_ref();
        let touched = if known.is_none_or(|before| inventory.owns_otherwise(before)) {
            self.surroundings.devices.take(&inventory.interfaces)
        } else {
            Touched::default()
        };
        std::mem::swap(&mut self.table, &mut self.before);
        let mut found = difference(&self.before, &mut self.table, &mut self.scratch, &want.changes);
        let endpoints_before =
            std::mem::replace(&mut self.surroundings.endpoints, inventory.endpoints.clone());
        let (concerned, priorities) = self.backups_since(&endpoints_before, &inventory.endpoints);
        if !concerned.is_empty() {
            found.changed.extend(concerned);
            found.changed.sort_unstable();
            found.changed.dedup();
        }
        for at in &found.new {
            if let Some(entry) = self.table.entries().get(*at) {
                self.surroundings.take_side(&entry.socket, &self.dump.listeners);
            }
        }
        let links = Links {
            interfaces: &inventory.interfaces,
            revision: self.route.revision(),
            touched,
        };
        let (lookup, everything) = (&mut self.route_lookup, want.full || first);
        self.surroundings
            .egress
            .follow(lookup, &self.table, &mut found.changed, &links, everything);
        let entries = self.table.entries();
        for entry in found.changed.iter().filter_map(|at| entries.get(*at)) {
            self.surroundings
                .remember_link(&entry.socket, self.table.rows(entry));
        }

        let mut sample = Sample {
            full: want.full || first,
            gone: found.gone.iter().map(|socket| Cookie(socket.cookie)).collect(),
            connections_gone: found
                .gone
                .iter()
                .map(|socket| self.surroundings.key(socket))
                .collect(),
            ..Sample::default()
        };
        let mut events = match (&self.inventory, first) {
            (Some(before), false) => inventory.events_since(before),
            _ => Vec::new(),
        };
        let connections = self.materialised(&found.changed, sample.full);
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
            events.extend(priorities);
            events.extend(self.own_priorities(&changed));
            events.extend(self.rerouted(&changed));
        }
        let lost = self.concluded(&changed, &sample, want);
        sample.connections = connections;
        let inventory_before = self.inventory.as_ref().filter(|_| !sample.full);
        inventory.write(inventory_before, &mut sample);
        let plain_tcp = Some(self.dump.plain_tcp);
        if sample.full || plain_tcp != self.plain_tcp {
            sample.plain_tcp = plain_tcp;
        }
        self.plain_tcp = plain_tcp;
        let listeners = self.surroundings.listeners(&self.dump.listeners);
        let listeners_before = std::mem::replace(&mut self.listeners, listeners);
        listening::write(&listeners_before, &self.listeners, &mut sample);
        self.inventory = Some(inventory);
        if sample.full {
            sample.managers = Some(managers());
        }
        let new = found.new.iter().filter_map(|at| {
            let entry = self.table.entries().get(*at)?;
            let addresses = self.surroundings.addresses(&entry.socket, self.table.rows(entry));
            Some((entry.socket.token?, addresses))
        });
        let new = new.collect();
        let ways = self.surroundings.told_ways(&self.table, sample.full);
        Ok(Read {
            sample,
            events,
            inferred: lost,
            new,
            ways,
        })
    }

    /// The connections that changed, or all of them.
    fn materialised(&self, changed: &[usize], everything: bool) -> Vec<Connection> {
        let entries = self.table.entries();
        let connection = |entry: &Entry| self.surroundings.connection(entry, self.table.rows(entry));
        if everything {
            return entries.iter().map(connection).collect();
        }
        let changed = changed.iter().filter_map(|at| entries.get(*at));
        changed.map(connection).collect()
    }

    /// What the comparison shows, where the kernel did not tell it.
    fn concluded(&mut self, changed: &[&Connection], sample: &Sample, want: &Want) -> Vec<Event> {
        let first = self.inventory.is_none();
        let mut lost = match &want.infer {
            Some(told) if !first => {
                let mut lost = self.inferred(changed, sample, told);
                lost.extend(self.unconfirmed.flush(told, &want.changes.connections_closed));
                lost
            }
            Some(_) => Vec::new(),
            None => {
                let ends = self.ends(changed, sample);
                self.unconfirmed.keep(ends, &want.changes.connections_closed);
                Vec::new()
            }
        };
        if !first {
            lost.extend(self.fallbacks(changed, want));
        }
        lost
    }

    /// Takes the tokens of subflows, by cookie, that the privileged service told.
    pub(in crate::source) fn take_tokens(&mut self, tokens: FxHashMap<u64, u32>) {
        self.joiner.told = tokens;
    }

    /// How many routes the readings have asked the kernel for.
    pub fn routes_asked(&self) -> u64 {
        self.route_lookup.asked()
    }

    /// How the last reading found the subflows.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Reads all sockets into `before`, which the last reading needs no longer.
    fn read_sockets(&mut self, want: &Want, inventory: &Inventory) -> Result<(), Error> {
        self.sockets.read_connections(&mut self.dump)?;
        self.lend_room();
        let now = Instant::now();
        let must_dump = want.full || want.dump || self.inventory.is_none();
        if !must_dump && self.dump.connections.is_empty() {
            // Without a connection there is no subflow: a dump would count plain TCP, which can wait.
            self.dump.subflows.clear();
            self.joiner.join(&mut self.dump, &mut self.before);
            return Ok(());
        }
        if !must_dump && self.strategy.choose(now) == Way::LookUp {
            let told = told(&want.changes, inventory);
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
        self.lend_room();
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

    /// Reads the subflows where those of `before` are, which are not needed: there is room for two readings, not three.
    fn lend_room(&mut self) {
        if self.dump.subflows.capacity() < self.before.subflows.capacity() {
            std::mem::swap(&mut self.dump.subflows, &mut self.before.subflows);
        }
    }

    /// Forgets what is known of sockets, interfaces and addresses that are no more.
    pub(in crate::source) fn forget(&mut self) {
        let inodes = self.owner_query().inodes;
        self.surroundings
            .processes
            .retain(|inode, _| inodes.contains(inode));
        let sockets = self.table.entries().iter().map(|entry| &entry.socket);
        let tokens: HashSet<u32> = sockets.filter_map(|socket| socket.token).collect();
        self.surroundings
            .server_side
            .retain(|token, _| tokens.contains(token));
        self.surroundings.links.retain(|token, _| tokens.contains(token));
        let rows = self
            .table
            .entries()
            .iter()
            .flat_map(|entry| self.table.rows(entry));
        let sockets = rows.map(|row| row.socket);
        let used: FxHashSet<IpAddr> = sockets.clone().map(|socket| socket.local.ip()).collect();
        self.surroundings.egress.forget(&self.table);
        let carry = self.surroundings.egress.in_use();
        let in_use = carry
            .chain(sockets.map(|socket| socket.interface_index))
            .collect();
        let interfaces = self
            .inventory
            .as_ref()
            .map_or(&[][..], |inventory| &inventory.interfaces);
        self.surroundings.devices.forget(&used, &in_use, interfaces);
    }

    pub(in crate::source) fn set_server_side(&mut self, token: u32, server_side: bool) {
        self.surroundings.server_side.insert(token, server_side);
    }

    /// A connection as it was in the reading before.
    fn was(&self, id: ConnectionId) -> Option<Connection> {
        let entry = self.before.find(id)?;
        Some(self.surroundings.connection(entry, self.before.rows(entry)))
    }

    fn inferred(&self, changed: &[&Connection], sample: &Sample, told: &EventKeys) -> Vec<Event> {
        let pairs: Vec<_> = changed
            .iter()
            .map(|after| (self.was(after.id()), (*after).clone()))
            .collect();
        let gone: Vec<Connection> = sample
            .connections_gone
            .iter()
            .filter_map(|key| self.was(key.id()))
            .collect();
        infer(&pairs, &gone, told)
    }

    /// What happened to connections that fell back, as far as nothing else tells it.
    fn fallbacks(&self, changed: &[&Connection], want: &Want) -> Vec<Event> {
        let fell_back = changed.iter().filter(|after| after.fallback == Some(true));
        let mut events: Vec<Event> = fell_back
            .flat_map(|after| fallback(self.was(after.id()).as_ref(), after))
            .collect();
        let told = |event: &Event| {
            event
                .token
                .is_some_and(|token| want.changes.connections_created.contains(&token.0))
        };
        // Without the kernel's events every beginning is concluded.
        events.retain(|event| {
            event.kind == EventKind::ConnectionFallback || (want.infer.is_none() && !told(event))
        });
        events
    }

    /// The ends that this reading shows and that the kernel may be about to tell.
    fn ends(&self, changed: &[&Connection], sample: &Sample) -> Vec<Event> {
        let over = changed.iter().filter(|after| is_over(after));
        let over: Vec<_> = over.map(|after| (self.was(after.id()), *after)).collect();
        let gone: Vec<Connection> = sample
            .connections_gone
            .iter()
            .filter_map(|key| self.was(key.id()))
            .collect();
        ends(&over, &gone)
    }

    /// Events about subflows whose packets leave by another interface now.
    fn rerouted(&self, changed: &[&Connection]) -> Vec<Event> {
        let Surroundings { egress, devices, .. } = &self.surroundings;
        let from = |cookie: Cookie| Some(devices.name(*egress.rerouted.get(&cookie.0)?)?.to_owned());
        let changed = changed.iter().filter(|_| !egress.rerouted.is_empty());
        changed.flat_map(|after| rerouted(after, &from)).collect()
    }

    /// Events about what this host asked of its own subflows. Few connections have any, so the sockets are compared
    /// first, and connections made of those only in which something differs.
    fn own_priorities(&self, changed: &[&Connection]) -> Vec<Event> {
        let asked = |table: &Table, id: ConnectionId| -> Vec<(u64, u32)> {
            let rows = table.find(id).into_iter().flat_map(|entry| table.rows(entry));
            let backup = |flags: Option<u32>| flags.unwrap_or(0) & SUBFLOW_FLAG_BKUP_LOC;
            rows.map(|row| (row.socket.cookie, backup(row.socket.flags)))
                .collect()
        };
        let differs =
            |after: &&&Connection| asked(&self.before, after.id()) != asked(&self.table, after.id());
        let pairs = changed
            .iter()
            .filter(differs)
            .filter_map(|after| Some((self.was(after.id())?, *after)));
        pairs
            .flat_map(|(before, after)| own_priorities(&before, after))
            .collect()
    }
}

/// CPU time of this thread.
pub(in crate::source) fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// The subflows that events told of, with the numbers of their interfaces.
fn told(changes: &Changes, inventory: &Inventory) -> Vec<AnnouncedSubflow> {
    let index = |name: &String| {
        let found = inventory
            .interfaces
            .iter()
            .find(|interface| interface.name == *name);
        found.map(|interface| interface.index)
    };
    let subflows = changes.subflows_established.iter();
    subflows
        .map(|(local, remote, interface)| (*local, *remote, interface.as_ref().and_then(index).unwrap_or(0)))
        .collect()
}
