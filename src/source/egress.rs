//! The links over which the subflows' packets leave: as the kernel routes them now, and kept that way.
//!
//! The kernel is asked once for each way (local address, peer's address, and what its rules ask for besides), and again
//! when it told that a link, an address, a route or a rule changed. A reading in which nothing changed asks nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::devices::Touched;
use super::table::{Row, Table};
use crate::kernel::{Error, RouteLookup};
use crate::metrics::tcp_info::{tcpi_last_ack_recv, tcpi_last_data_recv};
use crate::model::Interface;
use crate::wire::rtnetlink::{RouteQuery, Selectors};
use crate::wire::sock_diag::TcpSocket;

/// All ways are asked for again at most for this share of the time: one in so many parts.
const SHARE: u32 = 20;

/// One way, and the interface that carries what goes there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Way {
    /// The interface in the kernel's newest answer.
    routed: Option<u32>,
    /// The interface that carries, or last did. It differs from `routed` where no route is left, and while it waits.
    carries: Option<u32>,
    /// Since when the kernel's answer is another than the link that died, and nothing was heard of the peer yet.
    waits_since: Option<Instant>,
}

/// A way as events can name it: with ports of 0 where these decide nothing.
pub(super) type WayName = (SocketAddr, SocketAddr);

/// Every way that a subflow goes.
#[derive(Default)]
pub(super) struct Egress {
    ways: FxHashMap<RouteQuery, Way>,
    selectors: Selectors,
    /// What [`crate::kernel::Route::revision`] said when all ways were last asked for.
    revision: Option<u64>,
    refreshed_at: Option<Instant>,
    /// How long that took.
    took: Duration,
    /// Ways that are new or changed since they were last taken.
    news: Vec<(WayName, u32)>,
    /// Subflows of the newest reading that left an interface for another, by cookie: which one.
    pub(super) rerouted: FxHashMap<u64, u32>,
}

/// The ways that another interface carries now, and the one that did.
type Moved = FxHashMap<RouteQuery, Option<u32>>;

/// The links as a reading found them.
pub(super) struct Links<'a> {
    pub(super) interfaces: &'a [Interface],
    /// What [`crate::kernel::Route::revision`] said then.
    pub(super) revision: u64,
    /// What is known otherwise than before.
    pub(super) touched: Touched,
}

impl Links<'_> {
    fn is_up(&self, index: u32) -> bool {
        self.interfaces
            .iter()
            .any(|interface| interface.index == index && interface.up)
    }

    fn addresses(&self) -> FxHashSet<IpAddr> {
        let owned = self.interfaces.iter().flat_map(|interface| &interface.addresses);
        owned.map(|owned| owned.address).collect()
    }
}

impl Egress {
    /// Brings the ways of a reading up to date. `changed` are the positions of connections that are new or changed in it,
    /// in order; those of which another interface is to be told now are added. `everything` asks for all ways again.
    ///
    /// What cannot be asked now stays as it was known, and is asked with the next reading.
    pub(super) fn follow(
        &mut self,
        lookup: &mut RouteLookup,
        table: &Table,
        changed: &mut Vec<usize>,
        links: &Links<'_>,
        everything: bool,
    ) {
        let now = Instant::now();
        let mut moved = Moved::default();
        self.rerouted.clear();
        if self.is_due(links.revision, everything, now) {
            let selectors = lookup.selectors();
            if selectors != self.selectors {
                // They are told apart by something else now.
                self.selectors = selectors;
                self.ways.clear();
                *changed = (0..table.entries().len()).collect();
            }
            if let Ok(others) = self.refresh(lookup, links) {
                moved = others;
                self.revision = Some(links.revision);
            }
            self.took = now.elapsed();
            self.refreshed_at = Some(now);
        }
        self.settle(table, now, &mut moved);
        // They are asked for again when their connection changes.
        let _ = self.find_new(lookup, table, changed);
        if moved.is_empty() && links.touched.is_empty() {
            return;
        }
        let mut others = Vec::new();
        for (position, entry) in table.entries().iter().enumerate() {
            let mut hit = false;
            for row in table.rows(entry) {
                let way = self.query(row.socket);
                let from = moved.get(&way).filter(|_| row.socket.interface_index == 0);
                if let Some(Some(from)) = from {
                    self.rerouted.insert(row.socket.cookie, *from);
                }
                if from.is_some() || links.touched.concerns(row.socket, self.carries(row.socket)) {
                    self.announce(row.socket, &way);
                    hit = true;
                }
            }
            if hit && changed.binary_search(&position).is_err() {
                others.push(position);
            }
        }
        changed.extend(others);
        changed.sort_unstable();
    }

    /// The number of the interface that carries a subflow, where a route is or was known.
    pub(super) fn carries(&self, socket: &TcpSocket) -> Option<u32> {
        self.ways.get(&self.query(socket))?.carries
    }

    /// The interfaces that carry something.
    pub(super) fn in_use(&self) -> impl Iterator<Item = u32> {
        self.ways.values().filter_map(|way| way.carries)
    }

    /// What is new since this was last asked: the interface's number for each way.
    pub(super) fn take_news(&mut self) -> Vec<(WayName, u32)> {
        std::mem::take(&mut self.news)
    }

    /// Every way that a table's subflows go.
    pub(super) fn all(&self, table: &Table) -> FxHashMap<WayName, u32> {
        let rows = table.entries().iter().flat_map(|entry| table.rows(entry));
        let known = rows.filter_map(|row| {
            let way = self.query(row.socket);
            Some((name(row.socket, &way), self.ways.get(&way)?.carries?))
        });
        known.collect()
    }

    /// Keeps the ways that are in use only.
    pub(super) fn forget(&mut self, table: &Table) {
        let rows = table.entries().iter().flat_map(|entry| table.rows(entry));
        let used: FxHashSet<RouteQuery> = rows.map(|row| self.query(row.socket)).collect();
        self.ways.retain(|way, _| used.contains(way));
    }

    /// Whether to ask for all ways again. Where routes change without end it is done for a small share of the time only.
    fn is_due(&self, revision: u64, everything: bool, now: Instant) -> bool {
        let rested = self
            .refreshed_at
            .is_none_or(|at| now.saturating_duration_since(at) >= self.took * SHARE);
        everything || (self.revision != Some(revision) && rested)
    }

    /// Asks for all ways again; those whose interface is another now.
    fn refresh(&mut self, lookup: &mut RouteLookup, links: &Links<'_>) -> Result<Moved, Error> {
        let queries: Vec<RouteQuery> = self.ways.keys().copied().collect();
        let mut answers = Vec::new();
        lookup.interfaces(&queries, &mut answers)?;
        let addresses = links.addresses();
        let mut moved = Moved::default();
        let now = Instant::now();
        for (query, routed) in queries.into_iter().zip(answers) {
            let Some(way) = self.ways.get_mut(&query) else {
                continue;
            };
            let lives = |index| links.is_up(index) && addresses.contains(&query.local);
            let carried = way.carries;
            way.take(routed, lives, now);
            if way.carries != carried {
                moved.insert(query, carried);
            }
        }
        Ok(moved)
    }

    /// Ends the waiting of ways over which the peer was heard: then the packets do go where the kernel says.
    fn settle(&mut self, table: &Table, now: Instant, moved: &mut Moved) {
        if !self.ways.values().any(|way| way.waits_since.is_some()) {
            return;
        }
        let rows = table.entries().iter().flat_map(|entry| table.rows(entry));
        for row in rows.filter(|row| !row.missed) {
            let query = self.query(row.socket);
            let Some(way) = self.ways.get_mut(&query) else {
                continue;
            };
            if way.waits_since.is_some_and(|since| was_heard(row, now - since)) {
                moved.insert(query, way.carries);
                way.carries = way.routed;
                way.waits_since = None;
            }
        }
    }

    /// Asks for the ways of changed connections that are not known yet.
    fn find_new(&mut self, lookup: &mut RouteLookup, table: &Table, changed: &[usize]) -> Result<(), Error> {
        let entries = changed
            .iter()
            .filter_map(|position| table.entries().get(*position));
        let rows = entries.flat_map(|entry| table.rows(entry));
        let mut new: FxHashMap<RouteQuery, Vec<WayName>> = FxHashMap::default();
        for row in rows.filter(|row| row.socket.interface_index == 0) {
            let query = self.query(row.socket);
            if !self.ways.contains_key(&query) {
                let names = new.entry(query).or_default();
                let name = name(row.socket, &query);
                if names.last() != Some(&name) {
                    names.push(name);
                }
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let queries: Vec<RouteQuery> = new.keys().copied().collect();
        let mut answers = Vec::new();
        lookup.interfaces(&queries, &mut answers)?;
        for (query, routed) in queries.into_iter().zip(answers) {
            let names = new.remove(&query).unwrap_or_default();
            if let Some(index) = routed {
                self.news.extend(names.into_iter().map(|name| (name, index)));
            }
            let way = Way {
                routed,
                carries: routed,
                waits_since: None,
            };
            self.ways.insert(query, way);
        }
        Ok(())
    }

    fn announce(&mut self, socket: &TcpSocket, query: &RouteQuery) {
        if let Some(index) = self.ways.get(query).and_then(|way| way.carries) {
            self.news.push((name(socket, query), index));
        }
    }

    fn query(&self, socket: &TcpSocket) -> RouteQuery {
        let ports = || (socket.local.port(), socket.remote.port());
        RouteQuery {
            local: socket.local.ip(),
            remote: socket.remote.ip(),
            mark: socket.mark.unwrap_or(0),
            uid: self.selectors.uid.then_some(socket.uid),
            ports: self.selectors.ports.then(ports),
        }
    }
}

impl Way {
    /// Takes the kernel's newest answer. A link that works gives way at once. One that is dead, or whose address is gone,
    /// keeps its name until something is heard over the other: before that nothing says that packets get through there.
    fn take(&mut self, routed: Option<u32>, lives: impl Fn(u32) -> bool, now: Instant) {
        self.routed = routed;
        match (routed, self.carries) {
            (None, _) => self.waits_since = None,
            (Some(index), Some(carries)) if index != carries && !lives(carries) => {
                self.waits_since.get_or_insert(now);
            }
            (Some(index), _) => {
                self.carries = Some(index);
                self.waits_since = None;
            }
        }
    }
}

/// How events name a way: with ports only where something else than the addresses decides it.
fn name(socket: &TcpSocket, query: &RouteQuery) -> WayName {
    if query.mark == 0 && query.uid.is_none() && query.ports.is_none() {
        plain(socket.local, socket.remote)
    } else {
        (socket.local, socket.remote)
    }
}

/// The way between two addresses, whichever the ports.
pub(super) fn plain(local: SocketAddr, remote: SocketAddr) -> WayName {
    (SocketAddr::new(local.ip(), 0), SocketAddr::new(remote.ip(), 0))
}

/// Whether something came in from the peer within a time.
fn was_heard(row: Row<'_>, within: Duration) -> bool {
    let since = [tcpi_last_ack_recv, tcpi_last_data_recv].map(|since| row.socket.info.get(since));
    // The clock of these counts in ticks of up to 10 ms.
    let within = within.saturating_sub(Duration::from_millis(10)).as_millis();
    since.into_iter().flatten().any(|ms| u128::from(ms) < within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::tcp_info::TcpInfo;

    const WLAN: u32 = 2;
    const ETH: u32 = 3;

    fn way(carries: u32) -> Way {
        Way {
            routed: Some(carries),
            carries: Some(carries),
            waits_since: None,
        }
    }

    fn after(way: Way, routed: Option<u32>, lives: bool) -> Way {
        let mut way = way;
        way.take(routed, |_| lives, Instant::now());
        way
    }

    #[test]
    fn a_link_that_works_gives_way_at_once() {
        assert_eq!(after(way(WLAN), Some(ETH), true), way(ETH));
        assert_eq!(after(Way::default(), Some(ETH), false), way(ETH));
    }

    #[test]
    fn a_dead_link_keeps_its_name_until_the_other_is_heard() {
        let waiting = after(way(WLAN), Some(ETH), false);
        assert_eq!((waiting.routed, waiting.carries), (Some(ETH), Some(WLAN)));
        assert!(waiting.waits_since.is_some());
        // It says the same again, and the waiting began when it first did.
        assert_eq!(after(waiting, Some(ETH), false), waiting);
        // The link is back, and has its route again or not.
        assert_eq!(after(waiting, Some(WLAN), true), way(WLAN));
        assert_eq!(after(waiting, Some(ETH), true), way(ETH));
    }

    #[test]
    fn without_any_route_the_last_one_is_named() {
        let lost = after(way(WLAN), None, false);
        assert_eq!(
            (lost.routed, lost.carries, lost.waits_since),
            (None, Some(WLAN), None)
        );
    }

    #[test]
    fn what_came_in_before_says_nothing_about_the_new_way() {
        let heard = |ms: Option<u64>, within: u64| {
            let info = ms.map(|ms| {
                let info = TcpInfo::default().with(tcpi_last_data_recv, 60_000);
                info.with(tcpi_last_ack_recv, ms)
            });
            let socket = TcpSocket {
                info: info.unwrap_or_default(),
                ..TcpSocket::default()
            };
            let row = Row {
                socket: &socket,
                joined_by: crate::model::JoinedBy::Token,
                missed: false,
            };
            was_heard(row, Duration::from_millis(within))
        };
        assert!(heard(Some(20), 250));
        assert!(!heard(Some(260), 250));
        assert!(!heard(Some(245), 250), "within a tick of the clock nobody knows");
        assert!(!heard(None, 250));
        assert!(!heard(Some(0), 0));
    }
}
