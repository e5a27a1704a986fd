//! The event thread: the path manager's events and rtnetlink's notifications, as they come.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crossbeam_channel::Sender;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::outlet::End;
use super::shared::Shared;
use crate::kernel::{
    Error, Events, Received, Route, RouteEvents, RouteLookup, RouteNotice, SocketTable, Sockets,
};
use crate::model::{Event, EventKind, Origin, Scope, SocketAddr, Token, is_link_local, scope_of};
use crate::wire::rtnetlink::RouteQuery;
use crate::wire::sock_diag::SocketId;

/// How many addresses are remembered with their owners before those that are gone are forgotten.
const MOST_OWNERS: usize = 4096;

/// The links as the notifications left them.
#[derive(Default)]
struct Links {
    up: BTreeMap<u32, (String, bool)>,
    addresses: BTreeSet<(u32, IpAddr)>,
    /// The interface that last had an address: a subflow ends after its address went.
    owners: BTreeMap<IpAddr, String>,
}

impl Links {
    /// An address as the kernel has it.
    fn numbered(&self, address: SocketAddr) -> std::net::SocketAddr {
        let index_of = |name: &str| {
            let mut links = self.up.iter();
            links.find_map(|(index, (other, _))| (other == name).then_some(*index))
        };
        address.to_kernel(index_of)
    }
}

pub(super) fn run(shared: &Arc<Shared>, event_buffer: Option<usize>, ready: &Sender<Result<(), Error>>) {
    let opened = shared.namespace.enter().and_then(|()| open(shared, event_buffer));
    match opened {
        Err(error) => {
            let _ = ready.send(Err(error));
        }
        Ok(Opened {
            events,
            route_events,
            route,
            lookup,
        }) => {
            let _ = ready.send(Ok(()));
            let mut watcher = Watcher {
                shared,
                route,
                lookup,
                links: Links::default(),
            };
            if let Err(Some(error)) = watcher.work(events, route_events) {
                shared.fail(error.to_string());
            }
        }
    }
}

/// The sockets of this thread.
struct Opened {
    events: Option<Events>,
    route_events: RouteEvents,
    route: Route,
    lookup: RouteLookup,
}

fn open(shared: &Shared, buffer: Option<usize>) -> Result<Opened, Error> {
    let events = if shared.ledger.hears() {
        Some(Events::subscribe(buffer)?)
    } else {
        None
    };
    Ok(Opened {
        events,
        route_events: RouteEvents::subscribe(buffer)?,
        route: Route::new()?,
        lookup: RouteLookup::new()?,
    })
}

struct Watcher<'a> {
    shared: &'a Shared,
    route: Route,
    lookup: RouteLookup,
    links: Links,
}

impl Watcher<'_> {
    fn work(&mut self, mut events: Option<Events>, mut route_events: RouteEvents) -> Result<(), End> {
        self.links = self.read_links().map_err(Some)?;
        let mut arrived = Vec::new();
        while !self.shared.stopping() {
            self.wait(events.as_ref(), &route_events)?;
            if let Some(passed) = self.shared.passed_events() {
                events = Some(passed);
                self.shared.ledger.begin_hearing();
                self.shared.stir();
            }
            self.shared.ledger.set_draining(true);
            let mut more = false;
            if let Some(events) = &mut events {
                let received = events.read(&mut arrived).map_err(Some)?;
                for mut event in arrived.drain(..) {
                    self.complete(&mut event);
                    let numbered = |address| self.links.numbered(address);
                    if self.shared.ledger.kernel_told(&event, numbered) {
                        self.shared.outlet.event(event)?;
                    }
                    self.shared.stir();
                }
                if received == Received::Overrun {
                    self.lost()?;
                }
                // An overrun was told; whether there is another, the next read says.
                more = received != Received::NothingMore;
            }
            let change = route_events.read().map_err(Some)?;
            for notice in change.notices {
                self.notice(notice)?;
            }
            if change.received == Received::Overrun {
                self.lost()?;
                let now = self.read_links().map_err(Some)?;
                self.compare(now)?;
            }
            self.shared.ledger.set_draining(more);
        }
        Ok(())
    }

    /// Waits until one of the sockets has something, or another thread rings.
    fn wait(&self, events: Option<&Events>, route_events: &RouteEvents) -> Result<(), End> {
        let mut sockets = vec![
            PollFd::new(self.shared.bell(), PollFlags::POLLIN),
            PollFd::new(route_events.fd(), PollFlags::POLLIN),
        ];
        sockets.extend(events.map(|events| PollFd::new(events.fd(), PollFlags::POLLIN)));
        match poll(&mut sockets, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {
                self.shared.silence_bell();
                Ok(())
            }
            Err(errno) => Err(Some(Error::io("wait for events", std::io::Error::from(errno)))),
        }
    }

    /// Adds what the kernel left out and we know: the addresses of a connection that ends, the interface of a subflow.
    fn complete(&mut self, event: &mut Event) {
        self.add_link(event);
        let token = event.token.map(|token| token.0);
        if let (Some(token), None, None) = (token, event.local, event.remote)
            && event.kind == EventKind::ConnectionClosed
            && let Some((local, remote)) = self.shared.ledger.forget_ends(token)
        {
            (event.local, event.remote) = (Some(local), Some(remote));
            event.scope = scope_of(event.local, event.remote);
        } else if let (Some(token), Some(local), Some(remote)) = (token, event.local, event.remote)
            && event.kind == EventKind::ConnectionCreated
        {
            self.shared.ledger.note_ends(token, (local, remote));
        }
        if event.interface.is_none()
            && let Some(local) = event.local
        {
            event.interface = match event.scope {
                Some(scope) => Some(scope.to_string()),
                None if local.lacks_scope() => None,
                None => {
                    let carries = event.remote.and_then(|remote| self.carries(local, remote));
                    carries.or_else(|| self.links.owners.get(&local.ip()).cloned())
                }
            };
        }
    }

    /// The interface that carries, or last did, what goes from one address to another: as the newest sample knew it, else
    /// as the kernel routes it now.
    fn carries(&mut self, local: SocketAddr, remote: SocketAddr) -> Option<String> {
        let kernels = |end: SocketAddr| std::net::SocketAddr::new(end.ip(), end.port());
        let (local, remote) = (kernels(local), kernels(remote));
        if let Some(name) = self.shared.ledger.carrier_of(local, remote) {
            return Some(name);
        }
        let query = RouteQuery {
            local: local.ip(),
            remote: remote.ip(),
            mark: 0,
            uid: None,
            ports: Some((local.port(), remote.port())),
        };
        let mut answer = Vec::new();
        self.lookup.interfaces(&[query], &mut answer).ok()?;
        let index = answer.first().copied().flatten()?;
        self.links.up.get(&index).map(|(name, _)| name.clone())
    }

    /// Adds the link of link-local addresses, which the kernel tells of a subflow that comes or goes and not of a
    /// connection (net/mptcp/pm_netlink.c, `mptcp_event_put_token_and_ssk` and `mptcp_event_created`).
    fn add_link(&self, event: &mut Event) {
        let Some(local) = event.local else { return };
        if event.scope.is_some()
            || !(local.lacks_scope() || event.remote.is_some_and(|end| end.lacks_scope()))
        {
            return;
        }
        let told = event.token.and_then(|token| self.shared.ledger.ends_of(token.0));
        let told = told.and_then(|(local, remote)| scope_of(Some(local), Some(remote)));
        let Some(scope) = told.or_else(|| self.link_of(local, event.remote.zip(event.token))) else {
            return;
        };
        event.local = Some(local.with_scope(Some(scope)));
        event.remote = event.remote.map(|remote| remote.with_scope(Some(scope)));
        event.scope = scope_of(event.local, event.remote);
    }

    /// The link of a connection that just came: the only one that has its local address, else the one on which its
    /// first subflow is found.
    fn link_of(&self, local: SocketAddr, connection: Option<(SocketAddr, Token)>) -> Option<Scope> {
        let may_be = |index: &&u32| {
            !is_link_local(local.ip()) || self.links.addresses.contains(&(**index, local.ip()))
        };
        let on: Vec<u32> = self.links.up.keys().filter(may_be).copied().collect();
        let index = match (on.as_slice(), connection) {
            ([only], _) => *only,
            (several, Some((remote, token))) => find_subflow(several, local, remote, token)?,
            _ => return None,
        };
        self.links.up.get(&index).and_then(|(name, _)| Scope::new(name))
    }

    /// Says that events were lost, and has the sampler's next reading conclude them.
    fn lost(&self) -> Result<(), End> {
        self.shared.ledger.kernel_lost_events();
        self.shared.stir();
        tracing::warn!("events were lost: the next sample is a full one");
        let lost = Event {
            overruns: Some(1),
            ..Event::new(0.0, EventKind::EventsLost, Origin::Kernel)
        };
        Ok(self.shared.outlet.event(lost)?)
    }

    fn read_links(&mut self) -> Result<Links, Error> {
        let mut links = Links::default();
        for interface in self.route.interfaces()? {
            let owned = interface.addresses.iter();
            links
                .owners
                .extend(owned.map(|owned| (owned.address, interface.name.clone())));
            links.addresses.extend(
                interface
                    .addresses
                    .iter()
                    .map(|owned| (interface.index, owned.address)),
            );
            links.up.insert(interface.index, (interface.name, interface.up));
        }
        Ok(links)
    }

    fn notice(&mut self, notice: RouteNotice) -> Result<(), End> {
        match notice {
            RouteNotice::Link {
                index,
                name,
                up,
                gone,
            } => {
                let up = up && !gone;
                let known = self.links.up.get(&index).cloned();
                let was = known.as_ref().is_some_and(|(_, up)| *up);
                if let Some((old, _)) = known.filter(|(old, _)| *old != name) {
                    self.renamed(old, &name, Origin::Kernel)?;
                }
                if gone {
                    self.links.up.remove(&index);
                    self.links.addresses.retain(|(owner, _)| *owner != index);
                } else {
                    self.links.up.insert(index, (name.clone(), up));
                }
                self.link_changed(name, was, up, Origin::Kernel)
            }
            RouteNotice::Address {
                interface_index,
                address,
                added,
                ..
            } => {
                let key = (interface_index, address);
                let new = if added {
                    self.links.addresses.insert(key)
                } else {
                    self.links.addresses.remove(&key)
                };
                // The kernel repeats itself when a lifetime is renewed.
                if new {
                    self.address_changed(key, added, Origin::Kernel)
                } else {
                    Ok(())
                }
            }
            RouteNotice::Route => Ok(()),
        }
    }

    /// Tells what differs from `now`, after notifications were lost.
    fn compare(&mut self, now: Links) -> Result<(), End> {
        let before = std::mem::replace(&mut self.links, now);
        let indices: BTreeSet<u32> = before.up.keys().chain(self.links.up.keys()).copied().collect();
        for index in indices {
            let (was, is) = (before.up.get(&index), self.links.up.get(&index).cloned());
            let up = |link: Option<&(String, bool)>| link.is_some_and(|(_, up)| *up);
            let name = is
                .as_ref()
                .or(was)
                .map(|(name, _)| name.clone())
                .unwrap_or_default();
            if let Some((old, _)) = was.filter(|(old, _)| *old != name) {
                self.renamed(old.clone(), &name, Origin::Inferred)?;
            }
            self.link_changed(name, up(was), up(is.as_ref()), Origin::Inferred)?;
        }
        let lost: Vec<_> = before
            .addresses
            .difference(&self.links.addresses)
            .copied()
            .collect();
        let added: Vec<_> = self
            .links
            .addresses
            .difference(&before.addresses)
            .copied()
            .collect();
        for key in lost {
            self.address_changed(key, false, Origin::Inferred)?;
        }
        for key in added {
            self.address_changed(key, true, Origin::Inferred)?;
        }
        Ok(())
    }

    /// One interface has another name now.
    fn renamed(&mut self, old: String, new: &str, origin: Origin) -> Result<(), End> {
        self.shared.ledger.rename_interface(&old, new);
        for name in self.links.owners.values_mut().filter(|name| **name == old) {
            new.clone_into(name);
        }
        self.shared.stir();
        Ok(self.shared.outlet.event(Event {
            interface: Some(new.to_owned()),
            interface_was: Some(old),
            ..Event::new(0.0, EventKind::InterfaceRenamed, origin)
        })?)
    }

    fn link_changed(&self, name: String, was: bool, is: bool, origin: Origin) -> Result<(), End> {
        if was == is {
            return Ok(());
        }
        let kind = if is {
            EventKind::InterfaceUp
        } else {
            EventKind::InterfaceDown
        };
        self.shared.stir();
        Ok(self.shared.outlet.event(Event {
            interface: Some(name),
            ..Event::new(0.0, kind, origin)
        })?)
    }

    fn address_changed(
        &mut self,
        (index, address): (u32, IpAddr),
        added: bool,
        origin: Origin,
    ) -> Result<(), End> {
        let kind = if added {
            EventKind::AddressAdded
        } else {
            EventKind::AddressLost
        };
        let interface = self.links.up.get(&index).map(|(name, _)| name.clone());
        if let Some(name) = interface.clone().filter(|_| added) {
            if self.links.owners.len() > MOST_OWNERS {
                let here: BTreeSet<IpAddr> =
                    self.links.addresses.iter().map(|(_, address)| *address).collect();
                self.links.owners.retain(|address, _| here.contains(address));
            }
            self.links.owners.insert(address, name);
        }
        let event = Event {
            interface,
            address: Some(address),
            ..Event::new(0.0, kind, origin)
        };
        self.shared.stir();
        Ok(self.shared.outlet.event(event)?)
    }
}

/// On which of these links a subflow of a connection is. Each may have one with the same addresses.
fn find_subflow(links: &[u32], local: SocketAddr, remote: SocketAddr, token: Token) -> Option<u32> {
    let on = |index: &u32| SocketId {
        local: local.to_kernel(|_| None),
        remote: remote.to_kernel(|_| None),
        interface_index: *index,
        cookie: None,
    };
    let wanted: Vec<SocketId> = links.iter().map(on).collect();
    let mut table = SocketTable::default();
    // What cannot be found stays without a link, which is still true.
    let mut sockets = Sockets::new().ok()?;
    sockets.look_up_subflows(&wanted, &mut table).ok()?;
    let found = table
        .subflows
        .iter()
        .find(|socket| socket.token_local == Some(token.0))?;
    Some(found.interface_index)
}
