//! What `ss` says of MPTCP sockets and subflows.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::path::Path;

/// What `ss` says of one socket: its words after the addresses, by name.
#[derive(Debug, Default)]
pub struct Socket {
    pub state: String,
    pub words: BTreeMap<String, String>,
    /// Words without a value.
    pub marks: Vec<String>,
}

impl Socket {
    pub fn number(&self, name: &str) -> u64 {
        self.words
            .get(name)
            .map_or(0, |value| value.parse().expect("a number"))
    }
}

pub type Sockets = BTreeMap<(String, String), Socket>;

/// MPTCP sockets and subflows, as `ss -tMniHO` prints them, by local and remote address.
pub fn ss(netns: &Path) -> (Sockets, Sockets) {
    let (mut connections, mut subflows) = (Sockets::new(), Sockets::new());
    for line in super::output(netns, &["ss", "-tMniHO"]).lines() {
        let mut words = line.split_whitespace();
        let kind = words.next().expect("a protocol");
        let state = words.next().expect("a state").to_owned();
        let (local, remote) = (words.nth(2).expect("local"), words.next().expect("remote"));
        let mut socket = Socket {
            state,
            ..Socket::default()
        };
        for word in words {
            match word.split_once(':') {
                Some((name, value)) => socket
                    .words
                    .insert(name.to_owned(), value.to_owned())
                    .map_or((), drop),
                None => socket.marks.push(word.to_owned()),
            }
        }
        let key = (unmapped(local), unmapped(remote));
        if kind == "mptcp" {
            connections.insert(key, socket);
        } else if socket.marks.iter().any(|mark| mark == "tcp-ulp-mptcp") {
            subflows.insert(key, socket);
        }
    }
    (connections, subflows)
}

/// `[::ffff:10.0.0.1]:5000` and `10.0.0.1%eth0:5000` as `10.0.0.1:5000`.
fn unmapped(address: &str) -> String {
    let (host, port) = address.rsplit_once(':').expect("a port");
    let host = host
        .split_once('%')
        .map_or(host, |(host, _)| host)
        .trim_start_matches('[')
        .trim_end_matches(']');
    let host = host.strip_prefix("::ffff:").unwrap_or(host);
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
