//! A connection that goes on as plain TCP, of which the kernel sends no event, is told from its birth to its end.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;
mod hosts;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use common::stream::Stream;
use hosts::Pair;
use socket2::Protocol;

fn told(stream: &mut Stream, kind: &str, local: &str) {
    let event = stream.event(kind);
    assert_eq!(
        (&event["local"], &event["source"]),
        (&local.into(), &"inferred".into()),
        "{event}"
    );
}

/// The server knows no MPTCP, so the connection never speaks it.
#[test]
fn a_connection_that_never_spoke_mptcp_is_told_from_birth_to_end() {
    let Some(pair) = Pair::new() else { return };
    let listener = pair.server.listen(Protocol::TCP, "0.0.0.0:5000");
    let copy = common::PublicCopy::new();
    for as_user in [false, true] {
        let command = common::inside(&pair.client.netns(), &copy.path(), as_user);
        let mut stream = Stream::of(command, &["watch", "--json", "--interval", "100"]);
        while stream.next()["kind"] != "sample" {}
        let mut client = pair.client.connect(Protocol::MPTCP, "10.1.0.2:5000");
        let (mut server, _) = listener.accept().expect("accept");
        client.write_all(b"q").expect("write");
        server.read_exact(&mut [0]).expect("read");
        let local = client.local_addr().expect("an address").to_string();
        told(&mut stream, "connection_created", &local);
        told(&mut stream, "connection_established", &local);
        told(&mut stream, "connection_fallback", &local);
        drop((client, server));
        let closed = stream.event("connection_closed");
        assert_eq!(closed["local"], local.as_str(), "{closed}");
        stream.until("it to be gone", BTreeMap::is_empty);
    }
}
