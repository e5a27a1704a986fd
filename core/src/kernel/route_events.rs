//! Links, addresses and routes that change, as they happen.

use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use neli::consts::socket::NlFamily;

use super::listener::{Listener, Notified};
use super::netlink::Socket;
use super::{Error, Received};
use crate::wire::Malformed;
use crate::wire::netlink::Message;
use crate::wire::rtnetlink::{
    RTM_DELADDR, RTM_DELLINK, RTM_DELNEXTHOP, RTM_DELROUTE, RTM_DELRULE, RTM_NEWADDR, RTM_NEWLINK,
    RTM_NEWNETCONF, RTM_NEWNEXTHOP, RTM_NEWROUTE, RTM_NEWRULE, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_NETCONF,
    RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE,
    RTNLGRP_LINK, RTNLGRP_NEXTHOP, is_up, parse_address, parse_link,
};

const GROUPS: [u32; 9] = [
    RTNLGRP_LINK,
    RTNLGRP_IPV4_IFADDR,
    RTNLGRP_IPV4_ROUTE,
    RTNLGRP_IPV6_IFADDR,
    RTNLGRP_IPV6_ROUTE,
    RTNLGRP_IPV4_RULE,
    RTNLGRP_IPV6_RULE,
    RTNLGRP_NEXTHOP,
    RTNLGRP_IPV4_NETCONF,
];
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;
const DATAGRAMS_A_READ: usize = 4096;
const DOING: &str = "receive changes of links, addresses and routes";
/// `AF_BRIDGE`: the bridge's own news of a port, not the link's.
const AF_BRIDGE: u8 = 7;

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteNotice {
    /// A link appeared, changed or disappeared.
    Link {
        /// The kernel's number for it.
        index: u32,
        /// Its device name.
        name: String,
        /// Whether it can carry packets now.
        up: bool,
        /// Whether it is gone.
        gone: bool,
    },
    /// An interface was given an address, or lost it. An address that only had its lifetime renewed is told too.
    Address {
        /// The interface.
        interface_index: u32,
        /// The address.
        address: IpAddr,
        /// The length of the network's prefix, bits.
        prefix: u8,
        /// Whether it was given, or lost.
        added: bool,
    },
    /// A route, in any table, a routing rule or a shared next hop was added or removed, or an interface was set to do
    /// otherwise with IPv4.
    Route,
}

/// What one read gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteChange {
    /// In the order in which they happened; several changes of routes in a row are one.
    pub notices: Vec<RouteNotice>,
    /// How the read ended.
    pub received: Received,
}

/// A socket that has joined the groups of links, addresses, routes and routing rules. Needs no privilege.
pub struct RouteEvents {
    socket: Listener,
}

impl RouteEvents {
    /// Joins in the calling thread's network namespace, with a receive buffer of that many bytes, else a large one.
    ///
    /// # Errors
    /// When no netlink socket can be opened.
    pub fn subscribe(receive_buffer_bytes: Option<usize>) -> Result<Self, Error> {
        let bytes = receive_buffer_bytes.unwrap_or(RECEIVE_BUFFER_BYTES);
        let socket = Listener::join(&Socket::open(NlFamily::Route)?, &GROUPS, bytes, DOING)?;
        Ok(Self { socket })
    }

    /// To wait on until it is readable.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.fd()
    }

    /// The changes that are waiting, without blocking.
    ///
    /// # Errors
    /// When the socket cannot be read; that it lost changes is no error but [`Received::Overrun`].
    pub fn read(&mut self) -> Result<RouteChange, Error> {
        let mut notices: Vec<RouteNotice> = Vec::new();
        let mut overrun = false;
        for _ in 0..DATAGRAMS_A_READ {
            let notified = self.socket.notifications(DOING, |message| {
                // A notice that makes no sense is as good as a lost one.
                match notice(message) {
                    Ok(Some(RouteNotice::Route)) if notices.last() == Some(&RouteNotice::Route) => {}
                    Ok(notice) => notices.extend(notice),
                    Err(_) => overrun = true,
                }
            })?;
            match notified {
                Notified::Some => {}
                Notified::Overrun => overrun = true,
                Notified::Nothing => {
                    let received = if overrun {
                        Received::Overrun
                    } else {
                        Received::NothingMore
                    };
                    return Ok(RouteChange { notices, received });
                }
            }
        }
        let received = if overrun {
            Received::Overrun
        } else {
            Received::MoreWaiting
        };
        Ok(RouteChange { notices, received })
    }
}

fn notice(message: &Message<'_>) -> Result<Option<RouteNotice>, Malformed> {
    Ok(match message.kind {
        RTM_NEWLINK | RTM_DELLINK if message.payload.first() == Some(&AF_BRIDGE) => None,
        RTM_NEWLINK | RTM_DELLINK => {
            let link = parse_link(message.payload)?;
            let gone = message.kind == RTM_DELLINK;
            Some(RouteNotice::Link {
                index: link.index,
                up: !gone && is_up(&link),
                name: link.name.ok_or(Malformed("the name of a link"))?,
                gone,
            })
        }
        RTM_NEWADDR | RTM_DELADDR => parse_address(message.payload)?.map(|address| RouteNotice::Address {
            interface_index: address.interface_index,
            address: address.address,
            prefix: address.prefix,
            added: message.kind == RTM_NEWADDR,
        }),
        RTM_NEWROUTE | RTM_DELROUTE | RTM_NEWRULE | RTM_DELRULE | RTM_NEWNEXTHOP | RTM_DELNEXTHOP
        | RTM_NEWNETCONF => Some(RouteNotice::Route),
        _ => None,
    })
}
