//! Through which interface the kernel sends what goes from one address to another.

use std::fs;

use neli::consts::socket::NlFamily;

use super::Error;
use super::netlink::{Dump, Socket};
use crate::wire::bytes::{AF_INET, AF_INET6};
use crate::wire::rtnetlink::{
    RTM_NEWROUTE, RTM_NEWRULE, RouteQuery, Selectors, dump_rules, get_route, parse_route_interface,
    parse_rule,
};

const DOING: &str = "look routes up";
/// How the kernel chooses between next hops: 0 by addresses, else by ports too
/// (Documentation/networking/ip-sysctl.rst). The kernel shows each thread the setting of its own namespace.
const HASH_POLICIES: [&str; 2] = [
    "/proc/sys/net/ipv4/fib_multipath_hash_policy",
    "/proc/sys/net/ipv6/fib_multipath_hash_policy",
];

/// An rtnetlink socket of one network namespace that asks for routes. Needs no privilege.
pub struct RouteLookup {
    socket: Socket,
    asked: u64,
}

impl RouteLookup {
    /// Opens it in the calling thread's network namespace.
    ///
    /// # Errors
    /// When no netlink socket can be opened.
    pub fn new() -> Result<Self, Error> {
        let socket = Socket::new(NlFamily::Route)?;
        Ok(Self { socket, asked: 0 })
    }

    /// How many routes it has asked for.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// What the rules, and the choice between next hops, depend on besides addresses and marks, now and in the calling
    /// thread's network namespace. A rule that asks for anything else (the type of service) is not followed.
    pub fn selectors(&mut self) -> Selectors {
        let mut all = Selectors {
            uid: false,
            ports: HASH_POLICIES.iter().any(|path| {
                let policy = fs::read_to_string(path).unwrap_or_default();
                !matches!(policy.trim_ascii(), "" | "0")
            }),
        };
        for family in [AF_INET, AF_INET6] {
            let rules = self.socket.list(
                "list routing rules",
                |sequence| dump_rules(family, sequence),
                |message| match message.kind {
                    RTM_NEWRULE => parse_rule(message.payload).map(Some),
                    _ => Ok(None),
                },
            );
            if let Err(error) = &rules {
                tracing::debug!(family, %error, "there are no routing rules");
            }
            // A kernel without policy routing, or without IPv6, has none.
            for rule in rules.unwrap_or_default() {
                all.uid |= rule.uid;
                all.ports |= rule.ports;
            }
        }
        all
    }

    /// Appends the interface for each of `queries`: as `ip route get TO from FROM` says it. `None` where no route leads
    /// there, and for IPv4 where this host no longer has the local address.
    ///
    /// # Errors
    /// When the kernel's answers cannot be read.
    pub fn interfaces(&mut self, queries: &[RouteQuery], into: &mut Vec<Option<u32>>) -> Result<(), Error> {
        self.asked += queries.len() as u64;
        let start = into.len();
        into.resize(start + queries.len(), None);
        let answers = into.get_mut(start..).unwrap_or_default();
        let how = self
            .socket
            .look_up_each(DOING, queries, get_route, |place, answer| {
                if let (Ok(message), Some(slot)) = (answer, answers.get_mut(place))
                    && message.kind == RTM_NEWROUTE
                {
                    *slot = parse_route_interface(message.payload)?;
                }
                Ok(())
            })?;
        match how {
            Dump::Overrun => Err(Error::refused(DOING, nix::libc::ENOBUFS, None)),
            Dump::Whole | Dump::Inconsistent => Ok(()),
        }
    }
}
