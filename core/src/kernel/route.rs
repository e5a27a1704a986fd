//! Interfaces with their addresses, counters and default routes.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use neli::consts::socket::NlFamily;
use rustc_hash::{FxHashMap, FxHashSet};

use super::interface_kind::{Facts, kind};
use super::netlink::Socket;
use super::netns::thread_is_in_own;
use super::route_events::RouteEvents;
use super::routing::{ReversePathFilters, RoutingTables, neighbours, reverse_path_filters, tables};
use super::wireless::Details;
use super::{Error, Received};
use crate::model::{
    AddressState, Interface, InterfaceAddress, InterfaceKind, MAIN_TABLE, Neighbour, RouteAction,
    SpecialAddress,
};
use crate::wire::bytes::{AF_INET, AF_INET6};
use crate::wire::rtnetlink::{
    IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_SECONDARY, IFA_F_TENTATIVE, Link, RT_TABLE_MAIN, RTM_NEWADDR,
    RTM_NEWLINK, RTM_NEWROUTE, dump_addresses, dump_links, dump_routes, is_set_up, is_up, name_to_bytes,
    parse_address, parse_address_flags, parse_default_route, parse_link,
};

/// When more changes wait than this holds, everything is read anew.
const CHANGES_BYTES: usize = 256 * 1024;

/// Neighbours are listed once in so many calls.
const CALLS_A_LISTING: u8 = 4;

/// An rtnetlink socket of one network namespace. Needs no privilege.
pub struct Route {
    socket: Socket,
    details: Details,
    /// Whether /sys/class/net shows this namespace: it shows the one in which it was mounted.
    sysfs_is_ours: bool,
    known: FxHashMap<u32, Known>,
    changes: RouteEvents,
    /// Another number after each change of links, addresses, routes or rules.
    revision: u64,
    /// As they were when nothing had changed since.
    quiet: Option<Quiet>,
    has_too_many_routes: bool,
    neighbours: Vec<Neighbour>,
    /// The revision at which they were listed.
    neighbours_at: u64,
    /// For how many calls more they are taken as they are.
    neighbours_for: u8,
}

/// What is read anew only when the kernel told of a change.
struct Quiet {
    addresses: FxHashMap<u32, Addresses>,
    with_default_route: FxHashSet<u32>,
    filters: ReversePathFilters,
    tables: Arc<RoutingTables>,
}

/// The addresses of an interface, and which of them are not like others.
#[derive(Clone, Default)]
struct Addresses {
    all: Vec<InterfaceAddress>,
    special: Vec<SpecialAddress>,
}

/// What seldom changes and costs something to find out.
struct Known {
    name: String,
    up: bool,
    kind: InterfaceKind,
    speed_mbps: Option<u32>,
}

impl Route {
    /// Opens it in the calling thread's network namespace.
    ///
    /// # Errors
    /// When no netlink socket can be opened.
    pub fn new() -> Result<Self, Error> {
        let socket = Socket::new(NlFamily::Route)?;
        // Without it the kernel sends every routing table, which only takes longer.
        if let Err(error) = socket.check_strictly() {
            tracing::debug!(%error, "dumps of routes are not limited to what is asked for");
        }
        Ok(Self {
            socket,
            details: Details::new()?,
            sysfs_is_ours: thread_is_in_own(),
            known: FxHashMap::default(),
            changes: RouteEvents::subscribe(Some(CHANGES_BYTES))?,
            revision: 0,
            quiet: None,
            has_too_many_routes: false,
            neighbours: Vec::new(),
            neighbours_at: 0,
            neighbours_for: 0,
        })
    }

    /// Where it is the same as at an earlier time, [`Self::interfaces`] was told of no change of links, addresses,
    /// routes or routing rules since.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The interfaces, by index.
    ///
    /// # Errors
    /// When the kernel's answers cannot be read.
    pub fn interfaces(&mut self) -> Result<Vec<Interface>, Error> {
        let links = self
            .socket
            .list("list links", dump_links, |message| match message.kind {
                RTM_NEWLINK => parse_link(message.payload).map(Some),
                _ => Ok(None),
            })?;
        let quiet = self.addresses_and_default_routes()?;
        let wireless = self.details.wireless();
        let indices: FxHashSet<u32> = links.iter().map(|link| link.index).collect();
        self.known.retain(|index, _| indices.contains(index));
        let mut interfaces: Vec<Interface> = links
            .into_iter()
            .filter_map(|link| {
                let radio = wireless.iter().find(|radio| radio.index == link.index);
                let (kind, speed_mbps) = self.know(&link, radio.is_some());
                let up = is_up(&link);
                let radio = radio
                    .map(|radio| self.details.radio(radio, up))
                    .unwrap_or_default();
                let addresses = quiet.addresses.get(&link.index).cloned().unwrap_or_default();
                Some(Interface {
                    index: link.index,
                    kind,
                    up,
                    set_up: Some(is_set_up(&link)),
                    addresses: addresses.all,
                    special_addresses: addresses.special,
                    reverse_path_filter: quiet.filters.of(link.index),
                    default_route: quiet.with_default_route.contains(&link.index),
                    mtu: link.mtu,
                    speed_mbps,
                    ssid: radio.ssid,
                    bssid: radio.bssid,
                    frequency_mhz: radio.frequency_mhz,
                    signal_dbm: radio.signal_dbm,
                    tx_bitrate_bps: radio.tx_bitrate_bps,
                    rx_bitrate_bps: radio.rx_bitrate_bps,
                    tx_bytes: link.tx_bytes,
                    rx_bytes: link.rx_bytes,
                    name: link.name?,
                })
            })
            .collect();
        interfaces.sort_by_key(|interface| interface.index);
        interfaces.dedup_by_key(|interface| interface.index);
        self.quiet = Some(quiet);
        Ok(interfaces)
    }

    /// Lists them when something changed, or may have. The kernel takes IPv4 routes away without a word when their link
    /// or address goes, and tells of these.
    fn addresses_and_default_routes(&mut self) -> Result<Quiet, Error> {
        let change = self.changes.read()?;
        let quiet = self
            .quiet
            .take()
            .filter(|_| change.notices.is_empty() && change.received == Received::NothingMore);
        if let Some(quiet) = quiet {
            return Ok(quiet);
        }
        self.revision += 1;
        let tables = self.tables()?;
        let with_default_route = match &tables.routes {
            Some(_) => default_routes_of(&tables),
            None => self.default_routes()?,
        };
        Ok(Quiet {
            addresses: self.addresses()?,
            with_default_route,
            filters: reverse_path_filters(&mut self.socket)?,
            tables: Arc::new(tables),
        })
    }

    /// The routing tables, as [`Self::interfaces`] last found them.
    pub fn routing_tables(&self) -> Arc<RoutingTables> {
        let quiet = self.quiet.as_ref();
        quiet.map(|quiet| Arc::clone(&quiet.tables)).unwrap_or_default()
    }

    /// Neighbours that are routers or do not answer. They are listed at every fourth call, and at once when links,
    /// addresses or routes changed: the kernel takes a second at least to give one up.
    ///
    /// # Errors
    /// When the kernel's answers cannot be read.
    pub fn neighbours(&mut self) -> Result<Vec<Neighbour>, Error> {
        if self.neighbours_for == 0 || self.neighbours_at != self.revision {
            let tables = self.routing_tables();
            self.neighbours = neighbours(&mut self.socket, &tables)?;
            self.neighbours_at = self.revision;
            self.neighbours_for = CALLS_A_LISTING;
        }
        self.neighbours_for -= 1;
        Ok(self.neighbours.clone())
    }

    /// Lists the routing tables. Where there were too many routes to tell, they are not listed again.
    fn tables(&mut self) -> Result<RoutingTables, Error> {
        if self.has_too_many_routes {
            return Ok(RoutingTables::default());
        }
        let tables = tables(&mut self.socket)?;
        self.has_too_many_routes = tables.routes.is_none();
        Ok(tables)
    }

    fn addresses(&mut self) -> Result<FxHashMap<u32, Addresses>, Error> {
        let list = self
            .socket
            .list("list addresses", dump_addresses, |message| match message.kind {
                RTM_NEWADDR => {
                    let flags = parse_address_flags(message.payload)?;
                    Ok(parse_address(message.payload)?.map(|address| (address, flags)))
                }
                _ => Ok(None),
            })?;
        let mut addresses: FxHashMap<u32, Addresses> = FxHashMap::default();
        for (found, flags) in list {
            let of = addresses.entry(found.interface_index).or_default();
            of.all.push(InterfaceAddress {
                address: found.address,
                prefix: found.prefix,
            });
            let state = address_state(flags, found.address.is_ipv6());
            of.special.extend(state.map(|state| SpecialAddress {
                address: found.address,
                state,
            }));
        }
        for of in addresses.values_mut() {
            of.all.sort_unstable();
            of.all.dedup();
            of.special.sort_unstable();
            of.special.dedup();
        }
        Ok(addresses)
    }

    /// The interfaces through which a default route of the main table leaves.
    fn default_routes(&mut self) -> Result<FxHashSet<u32>, Error> {
        let mut interfaces = FxHashSet::default();
        for family in [AF_INET, AF_INET6] {
            let routes = self.socket.list(
                "list routes",
                |sequence| dump_routes(family, sequence),
                |message| match message.kind {
                    RTM_NEWROUTE => parse_default_route(message.payload),
                    _ => Ok(None),
                },
            );
            let routes = match routes {
                // Asked for one table only, the kernel says so when that has not been made yet; and so it does when
                // IPv6 is switched off.
                Err(Error::Refused { .. }) => Vec::new(),
                routes => routes?,
            };
            let main = routes.into_iter().filter(|route| route.table == RT_TABLE_MAIN);
            interfaces.extend(main.flat_map(|route| route.interfaces));
        }
        Ok(interfaces)
    }

    fn know(&mut self, link: &Link, is_wireless: bool) -> (InterfaceKind, Option<u32>) {
        let name = link.name.as_deref().unwrap_or_default();
        let up = is_up(link);
        let fresh = |known: &&Known| known.name == name && known.up == up;
        if let Some(known) = self.known.get(&link.index).filter(fresh) {
            return (known.kind, known.speed_mbps);
        }
        let device = if self.sysfs_is_ours {
            Device::read(name)
        } else {
            Device::default()
        };
        let kind = kind(&Facts {
            name,
            hardware: link.hardware,
            info_kind: link.info_kind.as_deref(),
            is_wireless,
            device_type: device.device_type.as_deref(),
            driver: device.driver.as_deref(),
        });
        // A virtual device names a speed that nothing has to do with what it carries: a veth pair says 10 Gbit/s.
        let physical = link.info_kind.is_none();
        let speed_mbps = physical.then(|| self.details.speed_mbps(link.index)).flatten();
        self.known.insert(
            link.index,
            Known {
                name: name.to_owned(),
                up,
                kind,
                speed_mbps,
            },
        );
        (kind, speed_mbps)
    }
}

/// Why an address is not like others, from its bits IFA_F_…. An IPv4 address is secondary where the interface has another
/// of the same network, which is nothing special.
fn address_state(flags: u32, is_ipv6: bool) -> Option<AddressState> {
    let has = |bit: u32| flags & bit != 0;
    match () {
        () if has(IFA_F_DADFAILED) => Some(AddressState::Duplicate),
        () if has(IFA_F_TENTATIVE) => Some(AddressState::Tentative),
        () if has(IFA_F_DEPRECATED) => Some(AddressState::Deprecated),
        () if has(IFA_F_SECONDARY) && is_ipv6 => Some(AddressState::Temporary),
        () => None,
    }
}

/// The interfaces through which a default route of the main table leaves.
fn default_routes_of(tables: &RoutingTables) -> FxHashSet<u32> {
    let routes = tables.routes.iter().flatten();
    let default = routes.filter(|route| {
        route.prefix == 0 && route.table == MAIN_TABLE && route.action == RouteAction::Forward
    });
    let hops = default.flat_map(|route| &route.next_hops);
    hops.filter_map(|hop| hop.interface).collect()
}

/// What sysfs says about the device behind an interface.
#[derive(Default)]
struct Device {
    device_type: Option<String>,
    driver: Option<String>,
}

impl Device {
    fn read(name: &str) -> Self {
        let folder = Path::new("/sys/class/net").join(OsStr::from_bytes(&name_to_bytes(name)));
        let uevent = fs::read_to_string(folder.join("uevent")).unwrap_or_default();
        let device_type = uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE="));
        let driver = fs::read_link(folder.join("device/driver")).ok();
        Self {
            device_type: device_type.map(str::to_owned),
            driver: driver
                .as_deref()
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned()),
        }
    }
}
