//! Requests to the kernel, byte by byte.
#![cfg(target_endian = "little")]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod wire_support;

use std::net::SocketAddr;

use pathscope::wire::bytes::{AF_INET, AF_INET6};
use pathscope::wire::generic::get_family;
use pathscope::wire::mptcp_pm::{self, PmAddress, PmLimits, PmTarget};
use pathscope::wire::nl80211;
use pathscope::wire::sock_diag::{
    SUBFLOW_STATES, SocketId, destroy_tcp, dump_every_mptcp, dump_every_tcp, dump_mptcp, dump_tcp,
    look_up_tcp,
};
use wire_support::{hex, message};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn requests_for_sockets() {
    let expected = hex(
        "50 00 00 00 14 00 01 03 09 00 00 00 00 00 00 00 # nlmsghdr: request, dump
        0a ff 02 00                                     # AF_INET6, protocol in an attribute, INET_DIAG_INFO
        fe 3f 00 00                                     # every state
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # any socket
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        08 00 03 00 06 01 00 00                         # INET_DIAG_REQ_PROTOCOL: IPPROTO_MPTCP",
    );
    assert_eq!(dump_mptcp(AF_INET6, 9), expected);
    let expected = hex(
        "48 00 00 00 14 00 01 03 09 00 00 00 00 00 00 00 # nlmsghdr: request, dump
        02 06 02 00                                     # AF_INET, IPPROTO_TCP, INET_DIAG_INFO
        3e 0b 00 00                                     # not LISTEN, TIME_WAIT, CLOSE
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
    );
    assert_eq!(dump_tcp(AF_INET, SUBFLOW_STATES, 9), expected);
    let id = SocketId {
        local: address("10.1.0.1:5000"),
        remote: address("10.1.0.2:80"),
        interface_index: 3,
        cookie: Some(0x1_0000_0002),
    };
    let expected = hex(
        "48 00 00 00 15 00 05 00 09 00 00 00 00 00 00 00 # nlmsghdr: SOCK_DESTROY, request, ack
        0a 06 02 00 ff ff ff ff                         # AF_INET6, IPPROTO_TCP, any state
        13 88 00 50                                     # ports
        00 00 00 00 00 00 00 00 00 00 ff ff 0a 01 00 01 # IPv4-mapped
        00 00 00 00 00 00 00 00 00 00 ff ff 0a 01 00 02
        03 00 00 00                                     # interface
        02 00 00 00 01 00 00 00                         # cookie",
    );
    assert_eq!(destroy_tcp(AF_INET6, &id, 9), expected);
}

#[test]
fn requests_for_the_sockets_of_every_family() {
    let expected = hex(
        "54 00 00 00 12 00 01 03 09 00 00 00 00 00 00 00 # nlmsghdr: TCPDIAG_GETSOCK, request, dump
        00 00 00 02                                     # any family, INET_DIAG_INFO
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 # any socket
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        fe 3f 00 00 00 00 00 00                         # every state, any table
        08 00 03 00 06 01 00 00                         # INET_DIAG_REQ_PROTOCOL: IPPROTO_MPTCP",
    );
    assert_eq!(dump_every_mptcp(9), expected);
    let expected = hex(
        "4c 00 00 00 12 00 01 03 09 00 00 00 00 00 00 00 # nlmsghdr: TCPDIAG_GETSOCK, request, dump
        00 00 00 02                                     # any family, INET_DIAG_INFO
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        3e 0b 00 00 00 00 00 00                         # not LISTEN, TIME_WAIT, CLOSE",
    );
    assert_eq!(dump_every_tcp(SUBFLOW_STATES, 9), expected);
}

#[test]
fn requests_for_one_socket() {
    let mut request = Vec::new();
    let four = SocketId {
        local: address("10.1.0.1:5000"),
        remote: address("10.1.0.2:80"),
        interface_index: 3,
        cookie: Some(0x1_0000_0002),
    };
    look_up_tcp(&four, 9, &mut request);
    let six = SocketId {
        local: address("[fd00::1]:5000"),
        remote: address("[fd00::2]:80"),
        interface_index: 0,
        cookie: None,
    };
    look_up_tcp(&six, 10, &mut request);
    let expected = hex(
        "48 00 00 00 14 00 01 00 09 00 00 00 00 00 00 00 # nlmsghdr: SOCK_DIAG_BY_FAMILY, request, no ack
        02 06 02 00 ff ff ff ff                         # AF_INET, IPPROTO_TCP, INET_DIAG_INFO, any state
        13 88 00 50                                     # ports
        0a 01 00 01 00 00 00 00 00 00 00 00 00 00 00 00
        0a 01 00 02 00 00 00 00 00 00 00 00 00 00 00 00
        03 00 00 00                                     # interface
        02 00 00 00 01 00 00 00                         # cookie
        48 00 00 00 14 00 01 00 0a 00 00 00 00 00 00 00 # the second in the same send
        0a 06 02 00 ff ff ff ff                         # AF_INET6
        13 88 00 50
        fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
        fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02
        00 00 00 00                                     # no interface
        ff ff ff ff ff ff ff ff                         # any cookie",
    );
    assert_eq!(request, expected);
}

#[test]
fn requests_to_the_path_manager() {
    let endpoint = PmAddress {
        id: Some(7),
        address: [10, 2, 0, 1].into(),
        port: Some(5001),
        flags: Some(3),
        interface_index: Some(4),
    };
    let expected = hex(
        "48 00 00 00 1c 00 05 00 09 00 00 00 00 00 00 00 01 01 00 00 # ADD_ADDR
        34 00 01 80                # MPTCP_PM_ATTR_ADDR
        06 00 01 00 02 00 00 00    # family
        08 00 03 00 0a 02 00 01    # address
        05 00 02 00 07 00 00 00    # id
        06 00 05 00 89 13 00 00    # port
        08 00 06 00 03 00 00 00    # flags
        08 00 07 00 04 00 00 00    # interface",
    );
    assert_eq!(mptcp_pm::add_address(28, &endpoint, 9), expected);
    let expected = hex(
        "20 00 00 00 1c 00 05 00 09 00 00 00 00 00 00 00 02 01 00 00 # DEL_ADDR
        0c 00 01 80 05 00 02 00 07 00 00 00",
    );
    assert_eq!(
        mptcp_pm::delete_address(28, PmTarget { id: 7, address: None }, 9),
        expected
    );
    let zero = PmTarget {
        id: 0,
        address: Some("fd00::1".parse().unwrap()),
    };
    let expected = hex(
        "3c 00 00 00 1c 00 05 00 09 00 00 00 00 00 00 00 02 01 00 00 # DEL_ADDR
        28 00 01 80 05 00 02 00 00 00 00 00 # id 0 with its address
        06 00 01 00 0a 00 00 00 14 00 04 00 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01",
    );
    assert_eq!(mptcp_pm::delete_address(28, zero, 9), expected);
    let expected = hex(
        "28 00 00 00 1c 00 05 00 09 00 00 00 00 00 00 00 07 01 00 00 # SET_FLAGS
        14 00 01 80 05 00 02 00 07 00 00 00 08 00 06 00 04 00 00 00",
    );
    assert_eq!(mptcp_pm::set_flags(28, 7, 4, 9), expected);
    let limits = PmLimits {
        extra_subflows_max: Some(5),
        add_addr_accepted_max: None,
    };
    let expected = hex(
        "1c 00 00 00 1c 00 05 00 09 00 00 00 00 00 00 00 05 01 00 00 # SET_LIMITS
        08 00 03 00 05 00 00 00",
    );
    assert_eq!(mptcp_pm::set_limits(28, limits, 9), expected);
    let expected = hex(
        "20 00 00 00 10 00 05 00 09 00 00 00 00 00 00 00 03 01 00 00 # GETFAMILY
        0c 00 02 00 6e 6c 38 30 32 31 31 00",
    );
    assert_eq!(get_family("nl80211", 9), expected);
}

#[test]
fn requests_for_radios() {
    let expected = hex(
        "1c 00 00 00 1c 00 01 03 09 00 00 00 00 00 00 00 # nlmsghdr: request, dump
        20 00 00 00                                     # GET_SCAN
        08 00 03 00 03 00 00 00",
    );
    assert_eq!(nl80211::dump_scan(28, 3, 9), expected);
    let expected = hex(
        "28 00 00 00 1c 00 05 00 09 00 00 00 00 00 00 00 # nlmsghdr: request, acknowledge
        11 00 00 00                                     # GET_STATION
        08 00 03 00 03 00 00 00
        0a 00 06 00 02 00 00 00 00 01 00 00",
    );
    assert_eq!(nl80211::get_station(28, 3, [2, 0, 0, 0, 0, 1], 9), expected);
}

#[test]
fn what_was_asked_for_can_be_read_back() {
    let endpoint = PmAddress {
        id: Some(200),
        address: "2001:db8::7".parse().unwrap(),
        port: Some(443),
        flags: Some(u32::MAX),
        interface_index: Some(i32::MAX),
    };
    let request = mptcp_pm::add_address(28, &endpoint, 1);
    assert_eq!(mptcp_pm::parse_address(message(&request).payload), Ok(endpoint));
    let limits = PmLimits {
        extra_subflows_max: Some(8),
        add_addr_accepted_max: Some(0),
    };
    let request = mptcp_pm::set_limits(28, limits, 1);
    assert_eq!(mptcp_pm::parse_limits(message(&request).payload), Ok(limits));
}
