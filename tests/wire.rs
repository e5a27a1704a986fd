//! Messages captured from the real kernel, field by field, and text of /proc.
#![cfg(target_endian = "little")]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod wire_support;

use std::net::SocketAddr;

use pathscope::metrics::mptcp_info::{
    FLAGS, MPTCP_INFO_FLAG_FALLBACK, mptcpi_add_addr_accepted, mptcpi_add_addr_accepted_max,
    mptcpi_add_addr_signal, mptcpi_bytes_acked, mptcpi_bytes_received, mptcpi_bytes_retrans,
    mptcpi_bytes_sent, mptcpi_rcv_nxt, mptcpi_snd_una, mptcpi_subflows, mptcpi_subflows_max,
    mptcpi_write_seq,
};
use pathscope::metrics::tcp_info::{
    TcpInfo, tcpi_backoff, tcpi_bytes_acked, tcpi_bytes_received, tcpi_bytes_retrans, tcpi_bytes_sent,
    tcpi_delivery_rate, tcpi_last_ack_recv, tcpi_last_data_recv, tcpi_last_data_sent, tcpi_lost,
    tcpi_min_rtt, tcpi_pacing_rate, tcpi_rcv_wnd, tcpi_retrans, tcpi_rto, tcpi_rtt, tcpi_rttvar,
    tcpi_snd_cwnd, tcpi_snd_mss, tcpi_snd_ssthresh, tcpi_snd_wnd, tcpi_total_retrans, tcpi_unacked,
};
use pathscope::wire::bytes::{AF_INET, AF_INET6};
use pathscope::wire::generic::{Family, parse_family};
use pathscope::wire::mptcp_pm::{self, PmAddress, PmEvent, PmLimits, parse_event};
use pathscope::wire::netlink::{NLMSG_DONE, NLMSG_ERROR, Outcome, parse_outcome};
use pathscope::wire::proc_text::{parse_netstat, parse_socket_inode};
use pathscope::wire::rtnetlink::{self, Address, DefaultRoute, Link};
use pathscope::wire::sock_diag::{self, MptcpSocket, TcpMessage, TcpSocket, parse_mptcp};
use pathscope::wire::{Malformed, ethtool};
use wire_support::{NAMES, assert_numbers, bytes, hex, instead, message, payload};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn tcp(name: &str) -> TcpSocket {
    TcpMessage::parse(&payload(name)).unwrap().socket().unwrap()
}

fn event(name: &str) -> PmEvent {
    parse_event(&payload(name)).unwrap()
}

#[test]
fn every_golden_file_is_named() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            file.unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .replace(".hex", "")
        })
        .collect();
    files.sort();
    assert_eq!(files, NAMES);
}

#[test]
fn the_header_is_read() {
    let bytes = bytes("mptcp_v4");
    let message = message(&bytes);
    assert_eq!((message.kind, message.flags), (sock_diag::SOCK_DIAG_BY_FAMILY, 2));
    assert_eq!((message.sequence, message.payload.len()), (1, bytes.len() - 16));
}

#[test]
fn mptcp_sockets() {
    let four = MptcpSocket {
        cookie: 50231,
        family: AF_INET,
        state: 1,
        local: address("10.1.0.1:58148"),
        remote: address("10.1.0.2:5000"),
        inode: 176_568,
        token: Some(0xa848_f109),
        ..MptcpSocket::default()
    };
    let numbers = [
        (mptcpi_subflows, 1),
        (mptcpi_add_addr_signal, 0),
        (mptcpi_add_addr_accepted, 0),
        (mptcpi_subflows_max, 2),
        (mptcpi_add_addr_accepted_max, 2),
        (FLAGS, 2),
        (MPTCP_INFO_FLAG_FALLBACK, 0),
        (mptcpi_write_seq, 2_006_376_279_974_628_470),
        (mptcpi_snd_una, 2_006_376_279_974_628_470),
        (mptcpi_rcv_nxt, 9_489_428_374_138_328_627),
        (mptcpi_bytes_retrans, 0),
        (mptcpi_bytes_sent, 8),
        (mptcpi_bytes_received, 8),
        (mptcpi_bytes_acked, 8),
    ];
    let read = parse_mptcp(&payload("mptcp_v4")).unwrap();
    let info = read.info;
    assert_eq!(read, MptcpSocket { info, ..four });
    assert_numbers(&info, &numbers);
    let six = MptcpSocket {
        cookie: 50233,
        family: AF_INET6,
        local: address("[fd00:1::1]:60682"),
        remote: address("[fd00:1::2]:5006"),
        inode: 176_572,
        token: Some(0xcdf1_f0e7),
        ..four
    };
    let read = parse_mptcp(&payload("mptcp_v6")).unwrap();
    let info = read.info;
    assert_eq!(read, MptcpSocket { info, ..six });
    let others = [
        (mptcpi_subflows, 0),
        (mptcpi_write_seq, 3_474_093_033_004_798_082),
        (mptcpi_snd_una, 3_474_093_033_004_798_082),
        (mptcpi_rcv_nxt, 7_253_552_907_782_569_148),
    ];
    assert_numbers(&info, &instead(&numbers, &others));
    let mapped = parse_mptcp(&payload("mptcp_mapped")).unwrap();
    assert_eq!((mapped.family, mapped.inode), (AF_INET6, 176_576));
    assert_eq!(mapped.local, address("10.1.0.1:56470"));
    assert_eq!(mapped.remote, address("10.1.0.2:5004"));
    assert_eq!(mapped.token, Some(0xa680_a111));
}

#[test]
fn subflows() {
    let joined = TcpSocket {
        cookie: 50230,
        family: AF_INET,
        state: 1,
        mark: Some(0),
        local: address("10.2.0.1:38617"),
        remote: address("10.1.0.2:5000"),
        inode: 176_568,
        uid: 0,
        interface_index: 3,
        token_local: Some(0xa848_f109),
        token_remote: Some(0xb1af_13ef),
        local_id: Some(1),
        remote_id: Some(0),
        flags: Some(0xec),
        info: TcpInfo::default(),
    };
    let numbers = [
        (tcpi_backoff, 0),
        (tcpi_rto, 204_000),
        (tcpi_snd_mss, 1448),
        (tcpi_unacked, 0),
        (tcpi_lost, 0),
        (tcpi_retrans, 0),
        (tcpi_last_data_sent, 12),
        (tcpi_last_data_recv, 12),
        (tcpi_last_ack_recv, 12),
        (tcpi_rtt, 18),
        (tcpi_rttvar, 9),
        (tcpi_snd_ssthresh, 0x7fff_ffff),
        (tcpi_snd_cwnd, 10),
        (tcpi_total_retrans, 0),
        (tcpi_pacing_rate, 2_298_982_675),
        (tcpi_bytes_acked, 1),
        (tcpi_bytes_received, 0),
        (tcpi_min_rtt, 18),
        (tcpi_delivery_rate, 0),
        (tcpi_bytes_sent, 0),
        (tcpi_bytes_retrans, 0),
        (tcpi_snd_wnd, 64512),
        (tcpi_rcv_wnd, 64512),
    ];
    let info = tcp("tcp_v4_joined").info;
    assert_eq!(tcp("tcp_v4_joined"), TcpSocket { info, ..joined });
    assert_numbers(&info, &numbers);
    let initial = TcpSocket {
        cookie: 50227,
        local: address("10.1.0.1:58148"),
        interface_index: 0,
        token_remote: Some(0),
        local_id: Some(0),
        flags: Some(195),
        ..joined
    };
    let info = tcp("tcp_v4").info;
    assert_eq!(tcp("tcp_v4"), TcpSocket { info, ..initial });
    let others = [
        (tcpi_rtt, 29),
        (tcpi_rttvar, 14),
        (tcpi_snd_cwnd, 11),
        (tcpi_pacing_rate, 1_334_893_206),
        (tcpi_bytes_acked, 9),
        (tcpi_bytes_received, 8),
        (tcpi_min_rtt, 20),
        (tcpi_delivery_rate, 72_400_000),
        (tcpi_bytes_sent, 8),
    ];
    assert_numbers(&info, &instead(&numbers, &others));
    let six = tcp("tcp_v6");
    assert_eq!((six.family, six.inode), (AF_INET6, 176_572));
    assert_eq!(six.info.get(tcpi_snd_mss), Some(1428));
    assert_eq!(
        (six.local, six.remote),
        (address("[fd00:1::1]:60682"), address("[fd00:1::2]:5006"))
    );
    assert_eq!(
        (six.token_local, six.info.get(tcpi_rtt)),
        (Some(0xcdf1_f0e7), Some(40))
    );
    let mapped = tcp("tcp_mapped");
    assert_eq!((mapped.family, mapped.inode), (AF_INET6, 176_576));
    assert_eq!(
        (mapped.local, mapped.remote),
        (address("10.1.0.1:56470"), address("10.1.0.2:5004"))
    );
    for name in ["tcp_v4", "tcp_v4_joined", "tcp_v6", "tcp_mapped"] {
        let payload = payload(name);
        let message = TcpMessage::parse(&payload).unwrap();
        assert!(message.is_mptcp());
        assert_eq!((message.state(), message.inode()), (1, tcp(name).inode));
    }
}

#[test]
fn a_plain_tcp_socket_is_no_subflow() {
    let payload = payload("tcp_plain");
    let message = TcpMessage::parse(&payload).unwrap();
    assert!(!message.is_mptcp());
    let socket = message.socket().unwrap();
    assert_eq!(socket.remote, address("10.1.0.2:6000"));
    assert_eq!((socket.token_local, socket.flags), (None, None));
    assert!(socket.info.get(tcpi_rtt).is_some());
}

#[test]
fn endpoints_and_limits() {
    let four = PmAddress {
        id: Some(7),
        address: [10, 2, 0, 1].into(),
        port: None,
        flags: Some(0xe),
        interface_index: Some(3),
    };
    assert_eq!(mptcp_pm::parse_address(&payload("endpoint_v4")), Ok(four));
    let six = PmAddress {
        id: Some(9),
        address: "fd00:1::1".parse().unwrap(),
        port: Some(5001),
        flags: Some(1),
        interface_index: None,
    };
    assert_eq!(mptcp_pm::parse_address(&payload("endpoint_v6")), Ok(six));
    let limits = PmLimits {
        extra_subflows_max: Some(2),
        add_addr_accepted_max: Some(2),
    };
    assert_eq!(mptcp_pm::parse_limits(&payload("limits")), Ok(limits));
    let family = Family {
        id: 28,
        groups: vec![("mptcp_pm_cmds".to_owned(), 8), ("mptcp_pm_events".to_owned(), 9)],
    };
    assert_eq!(family.group(mptcp_pm::EVENT_GROUP), Some(9));
    assert_eq!(parse_family(&payload("family")), Ok(family));
}

#[test]
fn events() {
    let created = PmEvent {
        cmd: 1,
        token: Some(0x3116_f2aa),
        family: Some(2),
        local_id: Some(0),
        remote_id: Some(0),
        saddr: Some([10, 1, 0, 1].into()),
        daddr: Some([10, 1, 0, 2].into()),
        sport: Some(58146),
        dport: Some(5000),
        ..PmEvent::default()
    };
    assert_eq!(event("event_created_client"), created);
    assert_eq!(
        event("event_established"),
        PmEvent {
            cmd: 2,
            ..created.clone()
        }
    );
    let accepted = PmEvent {
        token: Some(0x1f47_041b),
        saddr: created.daddr,
        daddr: created.saddr,
        sport: created.dport,
        dport: created.sport,
        flags: Some(mptcp_pm::EVENT_FLAG_SERVER_SIDE),
        server_side: Some(true),
        ..created.clone()
    };
    assert_eq!(event("event_created_server"), accepted);
    let bare = PmEvent {
        token: created.token,
        ..PmEvent::default()
    };
    assert_eq!(
        event("event_closed"),
        PmEvent {
            cmd: 3,
            ..bare.clone()
        }
    );
    assert_eq!(
        event("event_removed"),
        PmEvent {
            cmd: 7,
            remote_id: Some(1),
            ..bare.clone()
        }
    );
    let announced = PmEvent {
        cmd: 6,
        remote_id: Some(1),
        daddr: Some([10, 2, 0, 2].into()),
        dport: Some(5000),
        ..bare
    };
    assert_eq!(event("event_announced"), announced);
    let joined = PmEvent {
        cmd: 10,
        local_id: Some(1),
        saddr: Some([10, 2, 0, 1].into()),
        sport: Some(56143),
        backup: Some(false),
        if_idx: Some(3),
        ..created.clone()
    };
    assert_eq!(event("event_sub_established"), joined);
    let closed = PmEvent {
        cmd: 11,
        remote_id: Some(1),
        daddr: Some([10, 2, 0, 2].into()),
        sport: Some(49289),
        error: Some(111),
        if_idx: None,
        ..joined
    };
    assert_eq!(event("event_sub_closed"), closed);
    let priority = PmEvent {
        cmd: 13,
        remote_id: Some(1),
        daddr: Some([10, 2, 0, 1].into()),
        dport: Some(56143),
        backup: Some(true),
        flags: None,
        server_side: None,
        ..accepted
    };
    assert_eq!(event("event_sub_priority"), priority);
    let listener = PmEvent {
        cmd: 15,
        family: Some(2),
        saddr: Some([10, 1, 0, 2].into()),
        sport: Some(5000),
        ..PmEvent::default()
    };
    assert_eq!(event("event_listener_created"), listener);
    assert_eq!(event("event_listener_closed"), PmEvent { cmd: 16, ..listener });
}

#[test]
fn rare_and_unknown_attributes_of_events_are_kept() {
    let payload = hex("63 01 00 00             # cmd: 99
        08 00 0e 00 07 00 00 00             # MPTCP_ATTR_TIMEOUT: 7
        08 00 10 00 05 00 00 00             # MPTCP_ATTR_RESET_REASON: 5
        08 00 11 00 01 00 00 00             # MPTCP_ATTR_RESET_FLAGS: 1
        14 00 08 00 fd 00 00 01 00 00 00 00 00 00 00 00 00 00 00 02 # MPTCP_ATTR_DADDR6
        06 00 4d 00 de ad 00 00             # attribute 77, padded
        06 00 01 00 de ad 00 00             # MPTCP_ATTR_TOKEN, too short");
    let expected = PmEvent {
        cmd: 99,
        timeout: Some(7),
        reset_reason: Some(5),
        reset_flags: Some(1),
        daddr: Some("fd00:1::2".parse().unwrap()),
        unknown: vec![(77, vec![0xde, 0xad])],
        ..PmEvent::default()
    };
    assert_eq!(parse_event(&payload), Ok(expected));
}

#[test]
fn links_addresses_and_routes() {
    let link = Link {
        index: 2,
        name: Some("c1".to_owned()),
        hardware: 1,
        flags: 0x11043,
        operstate: Some(6),
        mtu: Some(1500),
        info_kind: Some("veth".to_owned()),
        rx_bytes: Some(2866),
        tx_bytes: Some(3556),
    };
    assert!(rtnetlink::is_up(&link));
    assert!(
        !rtnetlink::is_up(&Link {
            flags: 0x11042,
            ..link.clone()
        }),
        "not set up"
    );
    assert!(
        !rtnetlink::is_up(&Link {
            operstate: Some(2),
            ..link.clone()
        }),
        "no carrier"
    );
    assert!(
        rtnetlink::is_up(&Link {
            operstate: Some(0),
            ..link.clone()
        }),
        "unknown, with a carrier"
    );
    assert!(
        !rtnetlink::is_up(&Link {
            operstate: None,
            flags: 1,
            ..link.clone()
        }),
        "without one"
    );
    assert_eq!(rtnetlink::parse_link(&payload("link")), Ok(link));
    let four = Address {
        interface_index: 2,
        address: [10, 1, 0, 1].into(),
        prefix: 24,
    };
    assert_eq!(rtnetlink::parse_address(&payload("address_v4")), Ok(Some(four)));
    let six = Address {
        interface_index: 2,
        address: "fd00:1::1".parse().unwrap(),
        prefix: 64,
    };
    assert_eq!(rtnetlink::parse_address(&payload("address_v6")), Ok(Some(six)));
    let route = |interfaces| {
        Ok(Some(DefaultRoute {
            table: 254,
            interfaces,
        }))
    };
    assert_eq!(rtnetlink::parse_default_route(&payload("route")), route(vec![2]));
    assert_eq!(
        rtnetlink::parse_default_route(&payload("route_multipath")),
        route(vec![2, 3])
    );
    assert_eq!(rtnetlink::parse_default_route(&payload("route_other")), Ok(None));
}

#[test]
fn details_of_interfaces() {
    assert_eq!(ethtool::parse_speed_mbps(&payload("speed")), Ok(Some(10_000)));
}

/// What iw said of the same stands in the files.
#[test]
fn outcomes() {
    let bytes_of = bytes("refused");
    let refused = message(&bytes_of);
    assert_eq!(refused.kind, NLMSG_ERROR);
    let expected = Outcome {
        errno: 22,
        text: Some("address not found".to_owned()),
    };
    assert_eq!(parse_outcome(&refused), Ok(expected));
    let bytes_of = bytes("done");
    let done = message(&bytes_of);
    assert_eq!(done.kind, NLMSG_DONE);
    assert_eq!(parse_outcome(&done), Ok(Outcome { errno: 0, text: None }));
}

#[test]
fn text_of_proc() {
    let text = "TcpExt: A B\nTcpExt: 1 2\nMPTcpExt: MPCapableSYNRX MPFailTx\nMPTcpExt: 17 0\n";
    let expected = vec![("MPCapableSYNRX", 17), ("MPFailTx", 0)];
    assert_eq!(parse_netstat(text, "MPTcpExt"), Ok(Some(expected)));
    assert_eq!(parse_netstat(text, "IpExt"), Ok(None));
    for broken in [
        "MPTcpExt: A\n",
        "MPTcpExt: A B\nMPTcpExt: 1\n",
        "MPTcpExt: A\nMPTcpExt: x\n",
    ] {
        assert_eq!(
            parse_netstat(broken, "MPTcpExt"),
            Err(Malformed("/proc/net/netstat"))
        );
    }
    assert_eq!(parse_socket_inode("socket:[1234]"), Some(1234));
    for other in ["pipe:[1234]", "socket:[x]", "socket:[1", "/dev/null"] {
        assert_eq!(parse_socket_inode(other), None);
    }
}
