//! A server whose listener is read before its clients come: accepted MPTCP sockets then have its cookie.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;
mod hosts;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use common::ss::ss;
use common::stream::{Picture, Stream, shown, text};
use hosts::{Host, Pair};
use serde_json::Value;
use socket2::Protocol;

fn list(host: &Host) -> Value {
    let mut list = common::inside(&host.netns(), &common::pathscope(), false);
    let output = list.args(["list", "--json"]).output().expect("list");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn picture(connections: &Value) -> Picture {
    let connections = connections.as_array().expect("connections");
    let picture: Picture = connections.iter().map(shown).collect();
    assert_eq!(picture.len(), connections.len(), "each token once");
    picture
}

/// What `ss` shows: the token of a subflow's own connection comes second.
fn picture_of_ss(host: &Host) -> Picture {
    let (connections, subflows) = ss(&host.netns());
    let mut picture = Picture::new();
    for socket in connections.values().filter(|socket| socket.state != "LISTEN") {
        picture.insert(format!("0x{:0>8}", socket.words["token"]), BTreeSet::new());
    }
    for (path, socket) in subflows {
        let own = socket.words["token"]
            .split(['(', ')', '/'])
            .nth(3)
            .expect("a token");
        let found = picture.get_mut(&format!("0x{own:0>8}"));
        found.expect("a subflow of a connection").insert(path);
    }
    picture
}

/// A connection of a client that both ends have used, so that it can be joined.
fn client(pair: &Pair, listener: &TcpListener, address: &str) -> (TcpStream, TcpStream) {
    let mut client = pair.client.connect(Protocol::MPTCP, address);
    let (mut server, _) = listener.accept().expect("accept");
    let mut byte = [0];
    client.write_all(b"q").expect("write");
    server.read_exact(&mut byte).expect("read");
    server.write_all(b"a").expect("write");
    client.read_exact(&mut byte).expect("read");
    (client, server)
}

fn sides(host: &Host) -> BTreeSet<Option<bool>> {
    let list = list(host);
    let connections = list["connections"].as_array().expect("connections");
    connections
        .iter()
        .map(|one| one["server_side"].as_bool())
        .collect()
}

#[test]
fn a_server_shows_each_of_its_clients_before_while_and_after_they_come() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let (four, six) = (
        pair.server.listen(Protocol::MPTCP, "0.0.0.0:5000"),
        pair.server.listen(Protocol::MPTCP, "[::]:5001"),
    );
    assert_eq!(
        list(&pair.server)["connections"],
        Value::Array(vec![]),
        "who listens is no connection"
    );
    let (mut at_server, mut at_client) = (
        Stream::watch(&pair.server.netns(), false),
        Stream::watch(&pair.client.netns(), false),
    );
    let mut held: Vec<(TcpStream, TcpStream)> = Vec::new();
    for number in 0..200 {
        let (listener, address) = match number % 2 {
            0 => (&four, "10.1.0.2:5000"),
            _ => (&six, "[fd00:1::2]:5001"),
        };
        held.push(client(&pair, listener, address));
    }
    let agree = |host: &Host, stream: &mut Stream, wanted: &dyn Fn(&Picture) -> bool| {
        stream.until("the stream to show every connection", wanted);
        let listed = list(host);
        let connections = &listed["connections"];
        assert_eq!(picture(connections), picture_of_ss(host));
        assert_eq!(stream.picture, picture_of_ss(host));
        let all = connections.as_array().expect("connections").iter();
        all.map(|one| text(one, "cookie")).collect::<BTreeSet<_>>()
    };
    // The client's endpoint is an IPv4 address: connections over IPv6 have no second path.
    let both = |picture: &Picture| {
        picture.len() == 200 && picture.values().filter(|paths| paths.len() == 2).count() == 100
    };
    let cookies = agree(&pair.server, &mut at_server, &both);
    assert!(cookies.len() <= 2, "those of the two listeners: {cookies:?}");
    agree(&pair.client, &mut at_client, &both);
    assert_eq!(sides(&pair.server), BTreeSet::from([Some(true)]));
    assert_eq!(sides(&pair.client), BTreeSet::from([Some(false)]));

    // Nobody listens any more: then the flags of the subflows tell who asked.
    drop((four, six));
    assert_eq!(sides(&pair.server), BTreeSet::from([Some(true)]));
    held.truncate(100);
    let half = |picture: &Picture| picture.len() == 100;
    agree(&pair.server, &mut at_server, &half);
    agree(&pair.client, &mut at_client, &half);
}

#[test]
fn a_server_tells_the_handovers_of_each_of_its_clients() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let listener = pair.server.listen(Protocol::MPTCP, "0.0.0.0:5000");
    list(&pair.server);
    let streams: Vec<(TcpStream, TcpStream)> = (0..2)
        .map(|_| client(&pair, &listener, "10.1.0.2:5000"))
        .collect();
    let (mut watch, mut handovers) = (
        Stream::watch(&pair.server.netns(), false),
        Stream::start(&pair.server.netns(), false, &["handovers", "--json"]),
    );
    watch.until("both to have two paths", |picture| {
        picture.len() == 2 && picture.values().all(|paths| paths.len() == 2)
    });
    let mut tokens: BTreeSet<String> = watch.picture.keys().cloned().collect();
    for (mut client, mut server) in streams {
        std::thread::spawn(move || {
            let chunk = [0; 4000];
            while server.write_all(&chunk).is_ok() {
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while client.read(&mut buffer).is_ok_and(|read| read > 0) {}
        });
    }
    // Delivery has to be seen before it can be interrupted.
    let mut moving = 0;
    while moving < 30 {
        let line = watch.next();
        moving += usize::from(line["connections"].as_array().is_some_and(|all| all.len() == 2));
    }
    pair.client.ip("link set c1 down");
    while !tokens.is_empty() {
        let handover = handovers.next();
        assert_eq!(handover["kind"], "handover", "{handover}");
        assert_eq!(handover["survived"], true, "{handover}");
        tokens.remove(&text(&handover, "token"));
    }
}
