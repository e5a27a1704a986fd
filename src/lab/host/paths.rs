//! Addresses, routes and endpoints of the hosts, as batches for `ip` and settings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::LabError;
use super::super::net::{has_ipv6, ip, ip_of, set};
use super::super::scenario::{Family, Joining, Peer};

/// Extra subflows and accepted addresses that both hosts allow: the most that the kernel takes.
const LIMIT: u8 = 8;
/// How many ports are announced in turn.
const PORTS: u16 = 10;

/// The laptop's part of one path to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// Which one, from 1: the number in its subnets, its routing table and its endpoint ids.
    pub(super) number: u8,
    /// The interface.
    pub(super) name: String,
    /// The metric of its default route.
    pub(super) metric: u32,
    /// How connections that began elsewhere come to use it.
    pub(super) joining: Joining,
}

/// The server's address for the one or the other kind of peer. Every path leads to it.
pub(super) fn server_address(peer: Peer, family: Family) -> IpAddr {
    let host = match peer {
        Peer::Multipath => 1,
        Peer::Plain => 2,
    };
    match family {
        Family::V4 => Ipv4Addr::new(10, 77, 0, host).into(),
        Family::V6 => Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, host.into()).into(),
    }
}

/// The families that this kernel speaks.
pub(super) fn families() -> &'static [Family] {
    if has_ipv6() {
        &[Family::V4, Family::V6]
    } else {
        &[Family::V4]
    }
}

impl Path {
    /// The laptop's address on it.
    pub(super) fn address(&self, family: Family) -> IpAddr {
        self.host(family, 2)
    }

    fn host(&self, family: Family, host: u8) -> IpAddr {
        match family {
            Family::V4 => Ipv4Addr::new(10, 77, self.number, host).into(),
            Family::V6 => Ipv6Addr::new(0xfd77, self.number.into(), 0, 0, 0, 0, 0, host.into()).into(),
        }
    }

    fn table(&self) -> u32 {
        100 + u32::from(self.number)
    }

    /// The laptop's rules for this path. They stay while the interface is down, and so does the unreachable route:
    /// packets with this path's address never leave by another.
    pub(super) fn rules(&self, family: Family) -> Vec<String> {
        let (table, address) = (self.table(), self.address(family));
        vec![
            format!("rule add from {address} table {table}"),
            format!("route add unreachable default metric 4000000000 table {table}"),
        ]
    }

    /// The address of one end's interface.
    fn hardware(&self, host: u8) -> String {
        format!("02:77:00:00:{:02x}:{host:02x}", self.number)
    }

    /// One end of the path: the interface is up and has its addresses, and knows the other end. A real host finds its
    /// router in no time; here it sits behind the whole link, and asking for it would look like a longer round trip.
    fn end(&self, host: u8, other: u8) -> Vec<String> {
        let name = &self.name;
        let mut batch = vec![
            format!("link set {name} address {}", self.hardware(host)),
            format!("link set {name} up"),
        ];
        for family in families() {
            let (address, neighbour) = (self.host(*family, host), self.host(*family, other));
            batch.push(match family {
                Family::V4 => format!("addr replace {address}/24 dev {name}"),
                // Nothing may wait for duplicate address detection.
                Family::V6 => format!("addr replace {address}/64 dev {name} nodad"),
            });
            let hardware = self.hardware(other);
            batch.push(format!(
                "neigh replace {neighbour} lladdr {hardware} dev {name} nud permanent"
            ));
        }
        batch
    }

    /// What a network manager does when the network is there: up, addresses, routes.
    pub(super) fn up(&self) -> Vec<String> {
        let (name, table, metric) = (&self.name, self.table(), self.metric);
        let mut batch = self.end(2, 1);
        for family in families() {
            let gateway = self.host(*family, 1);
            batch.push(format!(
                "route replace default via {gateway} dev {name} table {table}"
            ));
            batch.push(format!(
                "route replace default via {gateway} dev {name} metric {metric}"
            ));
        }
        batch
    }

    /// The interface goes down; the kernel takes the routes.
    pub(super) fn down(&self) -> Vec<String> {
        vec![format!("link set {} down", self.name)]
    }

    /// The laptop's endpoints on it, as a network manager makes them.
    pub(super) fn add_endpoints(&self) -> Vec<String> {
        let flags = match self.joining {
            Joining::Subflow => "subflow",
            Joining::Backup => "subflow backup",
            Joining::Announced(_) => return Vec::new(),
        };
        let add = |family: &Family| {
            let (address, id) = (self.address(*family), self.endpoint(*family));
            format!("mptcp endpoint add {address} dev {} id {id} {flags}", self.name)
        };
        families().iter().map(add).collect()
    }

    /// Takes them away, which closes their subflows.
    pub(super) fn remove_endpoints(&self) -> Vec<String> {
        match self.joining {
            Joining::Subflow | Joining::Backup => families()
                .iter()
                .map(|family| self.delete_endpoint(*family))
                .collect(),
            Joining::Announced(_) => Vec::new(),
        }
    }

    /// The server's endpoint on it, which announces its address there; each time with another port, because the kernel
    /// does not listen on one again that has connections in TIME-WAIT.
    pub(super) fn announce(&self, times_before: u16) -> Vec<String> {
        let Joining::Announced(port) = self.joining else {
            return Vec::new();
        };
        let (address, id) = (self.host(Family::V4, 1), self.endpoint(Family::V4));
        let port = port.saturating_add(times_before % PORTS);
        let name = &self.name;
        vec![format!(
            "mptcp endpoint add {address} dev {name} id {id} port {port} signal"
        )]
    }

    /// Takes it away, which withdraws the address.
    pub(super) fn withdraw(&self) -> Vec<String> {
        match self.joining {
            Joining::Subflow | Joining::Backup => Vec::new(),
            Joining::Announced(_) => vec![self.delete_endpoint(Family::V4)],
        }
    }

    fn delete_endpoint(&self, family: Family) -> String {
        format!("mptcp endpoint delete id {}", self.endpoint(family))
    }

    /// The server's end of it.
    pub(super) fn server_end(&self) -> Vec<String> {
        self.end(1, 2)
    }

    fn endpoint(&self, family: Family) -> u8 {
        match family {
            Family::V4 => self.number,
            Family::V6 => self.number + 4,
        }
    }
}

/// What both hosts have, whatever their paths.
pub(super) fn common() -> Vec<String> {
    vec![
        "link set lo up".to_owned(),
        format!("mptcp limits set subflows {LIMIT} add_addr_accepted {LIMIT}"),
    ]
}

/// Sets the laptop up: rules, then addresses and routes.
pub(super) fn set_up_laptop(paths: &[&Path]) -> Result<(), LabError> {
    for family in families() {
        let rules: Vec<_> = paths.iter().flat_map(|path| path.rules(*family)).collect();
        ip_of(*family, &rules)?;
    }
    ip(&paths.iter().flat_map(|path| path.up()).collect::<Vec<_>>())
}

/// The server's own addresses.
pub(super) fn server_addresses() -> Vec<String> {
    let assign = |family: &Family, peer| {
        let address = server_address(peer, *family);
        match family {
            Family::V4 => format!("addr add {address}/32 dev lo"),
            // Even here the kernel takes its time to find that there is no duplicate.
            Family::V6 => format!("addr add {address}/128 dev lo nodad"),
        }
    };
    let own = families().iter().flat_map(|family| {
        let anywhere = match family {
            Family::V4 => "10.77.0.0/24",
            Family::V6 => "fd77::/64",
        };
        // It answers at every address of its network.
        let all = format!("route add local {anywhere} dev lo");
        [assign(family, Peer::Multipath), assign(family, Peer::Plain), all]
    });
    own.collect()
}

/// The settings of a host, before it has interfaces.
pub(super) fn host_settings() -> Result<(), LabError> {
    set("mptcp/enabled", "1")?;
    // Room for what these links hold, and not for seconds of data that would have to be sent again after a cut.
    set("ipv4/tcp_wmem", "4096 16384 1048576")?;
    // The server's ports are those of real services.
    set("ipv4/ip_unprivileged_port_start", "0")?;
    // All connections may begin at once.
    set("ipv4/tcp_max_syn_backlog", "65536")?;
    // A packet may come in by another way than the answer would go.
    set("ipv4/conf/all/rp_filter", "0")?;
    set("ipv4/conf/default/rp_filter", "0")?;
    if has_ipv6() {
        set("ipv6/conf/all/disable_ipv6", "0")?;
        set("ipv6/conf/default/disable_ipv6", "0")?;
        set("ipv6/conf/default/accept_dad", "0")?;
    }
    Ok(())
}

/// The settings between the hosts, where nothing may speak for itself.
pub(super) fn silent_settings() -> Result<(), LabError> {
    if has_ipv6() {
        set("ipv6/conf/default/disable_ipv6", "1")
    } else {
        Ok(())
    }
}
