//! The real kernel, in network namespaces that each test makes for itself.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod hosts;

use std::io::Write;
use std::net::SocketAddr;

use hosts::{Host, Pair, is_linux, until};
use pathscope::kernel::{Error, SocketTable, Sockets, connection_id};
use pathscope::metrics::mptcp_info::{
    MPTCP_INFO_FLAG_FALLBACK, mptcpi_add_addr_accepted_max, mptcpi_bytes_received, mptcpi_bytes_sent,
    mptcpi_subflows, mptcpi_subflows_max,
};
use pathscope::metrics::tcp_info::{
    tcpi_bytes_sent, tcpi_rto, tcpi_rtt, tcpi_snd_cwnd, tcpi_snd_mss, tcpi_snd_wnd,
};
use pathscope::wire::sock_diag::{
    MptcpSocket, SUBFLOW_FLAG_JOIN_LOC, SUBFLOW_FLAG_MCAP_LOC, TCP_ESTABLISHED, TcpSocket,
};
use socket2::Protocol;

fn read(host: &Host) -> SocketTable {
    host.run(|| {
        let mut table = SocketTable::default();
        Sockets::new().unwrap().read(&mut table).unwrap();
        table
    })
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The only connection, once it has that many established subflows.
fn connection(host: &Host, subflows: usize) -> (MptcpSocket, Vec<TcpSocket>) {
    until("the connection and its subflows", || {
        let table = read(host);
        let established = table
            .subflows
            .iter()
            .filter(|subflow| subflow.state == TCP_ESTABLISHED);
        // The connection was read before its subflows: one may have joined meanwhile.
        let counted = |socket: &MptcpSocket| socket.info.get(mptcpi_subflows) == Some(subflows as u64 - 1);
        (table.connections.len() == 1 && established.count() == subflows && counted(&table.connections[0]))
            .then(|| (table.connections[0], table.subflows.clone()))
    })
}

#[test]
fn a_connection_and_its_subflows_are_read_whole() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let (client, _server, _listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let (connection, subflows) = connection(&pair.client, 2);
    assert_eq!(connection.family, 2);
    assert_eq!(connection.state, TCP_ESTABLISHED);
    assert_eq!(connection.local, client.local_addr().unwrap());
    assert_eq!(connection.remote, address("10.1.0.2:5000"));
    assert_eq!(connection.uid, 0);
    assert_eq!(connection.info.get(mptcpi_subflows), Some(1));
    assert_eq!(connection.info.get(mptcpi_subflows_max), Some(2));
    assert_eq!(connection.info.get(mptcpi_add_addr_accepted_max), Some(2));
    let counted = is_linux(6, 5).then_some(8);
    assert_eq!(connection.info.get(mptcpi_bytes_sent), counted);
    assert_eq!(connection.info.get(mptcpi_bytes_received), counted);
    assert_eq!(connection.info.get(MPTCP_INFO_FLAG_FALLBACK), Some(0));
    assert!(connection.token.unwrap() != 0 && connection.inode != 0 && connection.cookie != 0);
    for subflow in &subflows {
        assert_eq!(subflow.token_local, connection.token);
        assert_eq!(
            subflow.inode, connection.inode,
            "a subflow shares its connection's inode"
        );
        assert_eq!(subflow.remote, connection.remote);
        let number = |place| subflow.info.get(place).unwrap();
        assert!(number(tcpi_rtt) > 0 && number(tcpi_snd_mss) > 500 && number(tcpi_snd_cwnd) > 0);
        assert!(number(tcpi_snd_wnd) > 0 && number(tcpi_rto) >= 1000);
    }
    let initial = subflows
        .iter()
        .find(|subflow| subflow.local == connection.local)
        .unwrap();
    assert_eq!(
        initial.flags.unwrap() & SUBFLOW_FLAG_MCAP_LOC,
        SUBFLOW_FLAG_MCAP_LOC
    );
    assert_eq!((initial.local_id, initial.interface_index), (Some(0), 0));
    assert_eq!(initial.info.get(tcpi_bytes_sent), Some(8));
    let joined = subflows
        .iter()
        .find(|subflow| subflow.cookie != initial.cookie)
        .unwrap();
    assert_eq!(
        joined.flags.unwrap() & SUBFLOW_FLAG_JOIN_LOC,
        SUBFLOW_FLAG_JOIN_LOC
    );
    assert_eq!(joined.local.ip(), address("10.2.0.1:0").ip());
    assert_eq!(joined.local_id, Some(1));
    assert!(joined.interface_index > 0, "the endpoint's interface");
}

#[test]
fn both_families_and_mapped_addresses_are_read() {
    let Some(pair) = Pair::new() else { return };
    let _six = pair.connection(Protocol::MPTCP, "[fd00:1::2]:5006", "[fd00:1::2]:5006");
    let _mapped = pair.connection(Protocol::MPTCP, "[::]:5004", "[::ffff:10.1.0.2]:5004");
    for host in [&pair.client, &pair.server] {
        let table = read(host);
        let ports = |port| {
            move |address: &(SocketAddr, SocketAddr)| address.0.port() == port || address.1.port() == port
        };
        let connections: Vec<_> = table
            .connections
            .iter()
            .map(|socket| (socket.local, socket.remote))
            .collect();
        let subflows: Vec<_> = table
            .subflows
            .iter()
            .map(|socket| (socket.local, socket.remote))
            .collect();
        for list in [connections, subflows] {
            let six = list.iter().copied().find(ports(5006)).unwrap();
            assert!(six.0.is_ipv6() && six.1.is_ipv6());
            let four = list.iter().copied().find(ports(5004)).unwrap();
            assert!(four.0.is_ipv4() && four.1.is_ipv4(), "{four:?}");
        }
        assert_eq!(
            (table.connections.len(), table.subflows.len(), table.plain_tcp),
            (2, 2, 0)
        );
        assert!(table.connections.is_sorted_by_key(connection_id));
    }
    let listeners = read(&pair.server).listeners;
    assert_eq!(listeners.len(), 2, "{listeners:?}");
}

#[test]
fn a_subflow_that_nobody_answers_is_read_too() {
    const TCP_SYN_SENT: u8 = 2;
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    pair.server.ip("route add blackhole 10.2.0.1/32");
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let waiting = until("a subflow in SYN-SENT", || {
        let table = read(&pair.client);
        table
            .subflows
            .into_iter()
            .find(|subflow| subflow.state == TCP_SYN_SENT)
    });
    let connection = read(&pair.client).connections[0];
    assert_eq!(
        (waiting.token_local, waiting.inode),
        (connection.token, connection.inode)
    );
    assert_eq!(waiting.remote, connection.remote);
}

#[test]
fn plain_tcp_is_counted_and_fallback_is_flagged() {
    let Some(pair) = Pair::new() else { return };
    let _plain = pair.connection(Protocol::TCP, "10.1.0.2:6000", "10.1.0.2:6000");
    let table = read(&pair.client);
    assert_eq!(
        (table.connections.len(), table.subflows.len(), table.plain_tcp),
        (0, 0, 1)
    );

    // The server knows no MPTCP: the client's connection goes on as TCP, and stays an MPTCP socket.
    let listener = pair.server.listen(Protocol::TCP, "10.1.0.2:6001");
    let mut client = pair.client.connect(Protocol::MPTCP, "10.1.0.2:6001");
    let _accepted = listener.accept().unwrap();
    client.write_all(b"x").unwrap();
    let table = read(&pair.client);
    assert_eq!(
        (table.connections.len(), table.subflows.len(), table.plain_tcp),
        (1, 1, 1)
    );
    assert_eq!(table.connections[0].info.get(MPTCP_INFO_FLAG_FALLBACK), Some(1));
    assert_eq!(table.subflows[0].inode, table.connections[0].inode);

    // The client knows no MPTCP: the server's application is given plain TCP.
    let listener = pair.server.listen(Protocol::MPTCP, "10.1.0.2:6002");
    let _client = pair.client.connect(Protocol::TCP, "10.1.0.2:6002");
    let _accepted = listener.accept().unwrap();
    let table = read(&pair.server);
    assert_eq!(
        (table.connections.len(), table.subflows.len(), table.plain_tcp),
        (0, 0, 3)
    );
}

#[test]
fn closing_takes_a_subflow_and_nothing_else() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let _plain = pair.connection(Protocol::TCP, "10.1.0.2:6000", "10.1.0.2:6000");
    let (mut client, _server, _listener) = pair.connection(Protocol::MPTCP, "[::]:5000", "10.1.0.2:5000");
    let (_, subflows) = connection(&pair.client, 2);
    assert_eq!(read(&pair.client).plain_tcp, 1);
    let bound = *subflows
        .iter()
        .find(|subflow| subflow.interface_index != 0)
        .unwrap();
    pair.client
        .run(move || {
            Sockets::new()
                .unwrap()
                .destroy_subflow(bound.local.into(), bound.remote.into())
        })
        .unwrap();
    let (_, rest) = connection(&pair.client, 1);
    assert_ne!(rest[0].cookie, bound.cookie);
    // The kernel counts a moment later.
    until("the count of subflows", || {
        (read(&pair.client).connections[0].info.get(mptcpi_subflows) == Some(0)).then_some(())
    });
    client.write_all(b"still alive").unwrap();

    // On the server the same subflow is an IPv6 socket with mapped addresses.
    let (on_server, _) = connection(&pair.server, 1);
    let (local, remote) = (on_server.local, on_server.remote);
    assert_eq!(read(&pair.server).subflows[0].family, 10);
    let mapped = |address: SocketAddr| match address {
        SocketAddr::V4(four) => SocketAddr::from((four.ip().to_ipv6_mapped(), four.port())),
        SocketAddr::V6(_) => address,
    };
    let gone = pair.client.run(move || {
        Sockets::new()
            .unwrap()
            .destroy_subflow(bound.local.into(), bound.remote.into())
    });
    assert!(matches!(gone, Err(Error::NoSuchSubflow { .. })), "{gone:?}");
    pair.server
        .run(move || {
            Sockets::new()
                .unwrap()
                .destroy_subflow(mapped(local).into(), mapped(remote).into())
        })
        .unwrap();
    until("the last subflow's end", || {
        read(&pair.server).subflows.is_empty().then_some(())
    });
}

#[test]
fn closing_refuses_plain_tcp() {
    let Some(pair) = Pair::new() else { return };
    let (client, _server, _listener) = pair.connection(Protocol::TCP, "10.1.0.2:6000", "10.1.0.2:6000");
    let (local, remote) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
    let refused = pair.client.run(move || {
        Sockets::new()
            .unwrap()
            .destroy_subflow(local.into(), remote.into())
    });
    assert!(matches!(refused, Err(Error::NotASubflow { .. })), "{refused:?}");
    assert_eq!(read(&pair.client).plain_tcp, 1);
}
