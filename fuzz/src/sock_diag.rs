//! MPTCP sockets and subflows.

use pathscope::wire::attribute::{Attributes, find};
use pathscope::wire::sock_diag::{SocketId, TcpMessage, destroy_tcp, parse_mptcp};

use super::fields::{self, Fields, assert_no_more};
use super::{beginning, cut_short_reads_as_less, distinct, made, payload};

/// The length of `struct inet_diag_msg`, and the number of the attribute that holds the info.
const HEADER: usize = 72;
const INFO: u16 = 2;

/// Reads the bytes as a socket of either kind.
pub fn exercise(data: &[u8]) {
    let Some((header, attributes)) = data.split_first_chunk::<HEADER>() else {
        assert!(parse_mptcp(data).is_err() && TcpMessage::parse(data).is_err());
        return;
    };
    cut_short_reads_as_less(data, fields::mptcp);
    if distinct(Attributes(attributes).map(|attribute| attribute.kind)) {
        cut_short_reads_as_less(data, fields::tcp);
    }
    let message = TcpMessage::parse(data).expect("a header is enough");
    assert_eq!(
        message.socket().is_ok(),
        parse_mptcp(data).is_ok(),
        "they share a header"
    );
    if let Ok(socket) = message.socket() {
        assert_eq!((message.state(), message.inode()), (socket.state, socket.inode));
        assert!(message.is_mptcp() || socket.token_local.is_none());
        // A struct of any length, as kernels old and new have it.
        let info = find(attributes, INFO).map_or(attributes, |attribute| attribute.payload);
        let info = &info[..info.len().min(4096)];
        structs(header, info, fields::mptcp);
        structs(header, info, fields::tcp);
        named(data);
    }
}

/// Asserts that what is read depends on the bytes of a struct, and that it is there depends on its length alone.
fn structs(header: &[u8], info: &[u8], read: impl Fn(&[u8]) -> Option<Fields>) {
    let read = |info: &[u8]| {
        let message = made(|request| request.put(header).attribute(INFO, info));
        read(&message).expect("a socket")
    };
    let always = read(&[]);
    let whole = read(info);
    assert_no_more(&read(beginning(info)), &whole, "of an older kernel");
    let other = read(&info.iter().map(|byte| !byte).collect::<Vec<_>>());
    let nonzero = read(&vec![u8::MAX; info.len()]);
    for (place, (field, value)) in whole.iter().enumerate() {
        let [always, other, nonzero] = [&always, &other, &nonzero].map(|fields| fields[place].1.as_deref());
        if always.is_some() {
            assert_eq!(value.as_deref(), always, "{field} is not in the struct");
        } else {
            assert_eq!(
                value.is_some(),
                other.is_some(),
                "{field} is absent because of a value"
            );
            assert!(
                value.is_none() || value.as_deref() != other,
                "{field} is in the struct"
            );
            assert_ne!(nonzero, Some("0"), "{field} is absent, not zero");
        }
    }
}

/// Asserts that a socket is asked for by what names it.
fn named(data: &[u8]) {
    let socket = parse_mptcp(data).expect("a socket");
    let id = SocketId {
        local: socket.local,
        remote: socket.remote,
        interface_index: socket.interface_index,
        cookie: Some(socket.cookie),
    };
    let request = destroy_tcp(socket.family, &id, 1);
    // The header of the request is 8 bytes, that of an answer 4; then the id is the same.
    let mut answer = vec![socket.family, 0, 0, 0];
    answer.extend_from_slice(&payload(&request)[8..]);
    answer.resize(HEADER, 0);
    let again = parse_mptcp(&answer).expect("a socket");
    assert_eq!((again.local, again.remote), (id.local, id.remote));
    assert_eq!(
        (again.interface_index, Some(again.cookie)),
        (id.interface_index, id.cookie)
    );
}
