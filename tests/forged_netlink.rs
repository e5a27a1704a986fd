//! Netlink messages that another process sends, as who owns a network namespace may: none is taken for the kernel's.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod hosts;

use std::os::fd::AsRawFd as _;

use hosts::{Host, until};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, NetlinkAddr, sendto};
use pathscope::kernel::{Events, PathManager, Received, Route, RouteEvents, RouteNotice};
use pathscope::wire::mptcp_pm::{EVENT_GROUP, FAMILY};
use pathscope::wire::netlink::{Messages, Request};
use pathscope::wire::{generic, rtnetlink};
use socket2::{Domain, Protocol, Socket, Type};

fn socket(protocol: i32) -> Socket {
    let netlink = Domain::from(nix::libc::AF_NETLINK);
    Socket::new(netlink, Type::RAW, Some(Protocol::from(protocol))).unwrap()
}

/// The ports of the namespace's sockets of a protocol, but for the kernel's own.
fn ports(protocol: i32) -> Vec<u32> {
    let list = std::fs::read_to_string("/proc/thread-self/net/netlink").unwrap();
    let of_protocol = list.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        (words.next()? == protocol.to_string()).then(|| words.next()?.parse().ok())?
    });
    of_protocol.filter(|port| *port != 0).collect()
}

/// Sends a message to every other socket of the protocol, each by its port. How many took it.
fn send_to_each(forger: &Socket, protocol: i32, message: &[u8]) -> usize {
    let own: NetlinkAddr = nix::sys::socket::getsockname(forger.as_raw_fd()).unwrap();
    let others = ports(protocol).into_iter().filter(|port| *port != own.pid());
    let sent = others.filter(|port| {
        let to = NetlinkAddr::new(*port, 0);
        match sendto(forger.as_raw_fd(), message, &to, MsgFlags::MSG_DONTWAIT) {
            Ok(_) => true,
            Err(Errno::ECONNREFUSED) => false,
            Err(errno) => panic!("{errno}"),
        }
    });
    sent.count()
}

/// News of a link of that name.
fn forged_link(name: &str) -> Vec<u8> {
    const IFLA_IFNAME: u16 = 3;
    let mut link = [0; 16];
    link[4..8].copy_from_slice(&77_i32.to_ne_bytes());
    Request::new(rtnetlink::RTM_NEWLINK, 0, 0)
        .put(&link)
        .attribute(IFLA_IFNAME, format!("{name}\0").as_bytes())
        .finish()
}

#[test]
fn forged_news_of_links_is_no_news() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return hosts::cannot_run(&why),
    };
    host.run(|| {
        let mut events = RouteEvents::subscribe(None).unwrap();
        let forger = socket(nix::libc::NETLINK_ROUTE);
        let forged = forged_link("evil0");
        // To the group: the kernel delivers it, as it does to `ip monitor`.
        let group = NetlinkAddr::new(0, 1 << (rtnetlink::RTNLGRP_LINK - 1));
        sendto(forger.as_raw_fd(), &forged, &group, MsgFlags::empty()).unwrap();
        let bystander = socket(nix::libc::NETLINK_ROUTE);
        nix::sys::socket::bind(bystander.as_raw_fd(), &NetlinkAddr::new(0, 0)).unwrap();
        assert_eq!(
            send_to_each(&forger, nix::libc::NETLINK_ROUTE, &forged),
            1,
            "to a port, only the bystander gets it"
        );
        let added = std::process::Command::new("ip")
            .args(["link", "add", "real0", "type", "veth"])
            .status();
        assert!(added.unwrap().success());
        let mut names = Vec::new();
        until("the real link", || {
            let change = events.read().unwrap();
            assert_eq!(change.received, Received::NothingMore);
            names.extend(change.notices.into_iter().filter_map(|notice| match notice {
                RouteNotice::Link { name, .. } => Some(name),
                _ => None,
            }));
            names.iter().any(|name| name == "real0").then_some(())
        });
        assert!(!names.iter().any(|name| name == "evil0"), "{names:?}");
    });
}

#[test]
fn forged_events_and_answers_are_passed_over() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return hosts::cannot_run(&why),
    };
    host.run(|| {
        let generic = nix::libc::NETLINK_GENERIC;
        let mut events = Events::subscribe(None).unwrap();
        let mut path_manager = PathManager::new().unwrap();
        let mut route = Route::new().unwrap();
        let forger = socket(generic);
        let ask = generic::get_family(FAMILY, 1);
        nix::sys::socket::send(forger.as_raw_fd(), &ask, MsgFlags::empty()).unwrap();
        let mut buffer = [0; 4096];
        let length = nix::sys::socket::recv(forger.as_raw_fd(), &mut buffer, MsgFlags::empty()).unwrap();
        let answer = Messages(&buffer[..length]).next().unwrap().unwrap();
        let family = generic::parse_family(answer.payload).unwrap();
        // MPTCP_EVENT_CLOSED of a token, as the kernel writes it.
        let forged = Request::new(family.id, 0, 0)
            .put(&[3, 1, 0, 0])
            .attribute(1, &7_u32.to_ne_bytes())
            .finish();
        let group = family.group(EVENT_GROUP).unwrap();
        assert!(group <= 32, "an address has room for 32 groups");
        let to = NetlinkAddr::new(0, 1 << (group - 1));
        sendto(forger.as_raw_fd(), &forged, &to, MsgFlags::empty()).unwrap();
        // An end of whatever is being asked, with each sequence number that there could be at the beginning.
        for sequence in 0..50 {
            let mut done = Request::new(3, 0, sequence).put(&0_i32.to_ne_bytes()).finish();
            done.truncate(20);
            assert_eq!(send_to_each(&forger, generic, &done), 0);
        }
        let mut seen = Vec::new();
        assert_eq!(events.read(&mut seen).unwrap(), Received::NothingMore);
        assert_eq!(seen, []);
        assert_eq!(path_manager.endpoints().unwrap(), []);
        assert_eq!(route.interfaces().unwrap()[0].name, "lo");
    });
}
