//! Two hosts on two links that have the same link-local addresses, and what the program says there.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "a part of this test program"
)]

use std::io::{Read as _, Write as _};
use std::net::{Ipv6Addr, SocketAddrV6, TcpListener, TcpStream};
use std::process::{Command, Output};

use pathscope::kernel::{Route, SocketTable, Sockets};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket, Type};

use crate::common::{self, lines::Lines};
use crate::hosts::{Host, Pair, listen};

pub const CLIENT: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xaa);
pub const SERVER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xbb);
pub const CLIENT_PORT: u16 = 40_000;
pub const SERVER_PORT: u16 = 5000;

/// Two hosts with two links between them, that have the same link-local address on both.
pub struct Links {
    pub pair: Pair,
    pub listener: TcpListener,
    pub clients: Vec<TcpStream>,
    pub servers: Vec<TcpStream>,
}

impl Links {
    pub fn new() -> Option<Self> {
        let pair = Pair::new()?;
        for number in [1, 2] {
            pair.client
                .ip(&format!("addr add {CLIENT}/64 dev c{number} nodad"));
            pair.server
                .ip(&format!("addr add {SERVER}/64 dev s{number} nodad"));
        }
        let any = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, SERVER_PORT, 0, 0);
        let listener = pair.server.run(move || listen(Protocol::MPTCP, any.into()));
        Some(Self {
            pair,
            listener,
            clients: Vec::new(),
            servers: Vec::new(),
        })
    }

    /// Opens a connection over one of the client's interfaces.
    pub fn connect(&mut self, device: &'static str) {
        let client = self.pair.client.run(move || {
            let index = index_of(device);
            let socket = Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
            let local = SocketAddrV6::new(CLIENT, CLIENT_PORT, 0, index);
            socket.bind(&local.into()).unwrap();
            let remote = SocketAddrV6::new(SERVER, SERVER_PORT, 0, index);
            socket.connect(&remote.into()).unwrap();
            TcpStream::from(socket)
        });
        let (mut client, mut server) = (client, self.listener.accept().unwrap().0);
        // It counts as established, and further subflows join, once data have flowed.
        client.write_all(b"question").unwrap();
        server.read_exact(&mut [0; 8]).unwrap();
        server.write_all(b"answered").unwrap();
        client.read_exact(&mut [0; 8]).unwrap();
        self.clients.push(client);
        self.servers.push(server);
    }
}

/// Of the thread's namespace.
pub fn index_of(device: &str) -> u32 {
    let interfaces = Route::new().unwrap().interfaces().unwrap();
    interfaces.iter().find(|one| one.name == device).unwrap().index
}

/// What the program prints on a host.
pub fn pathscope(host: &Host, words: &[&str]) -> Output {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    host.run(move || Command::new(common::pathscope()).args(words).output().unwrap())
}

pub fn close(host: &Host, local: &str, remote: &str) -> (Option<i32>, String) {
    let output = pathscope(host, &["close", local, remote]);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

pub fn list(host: &Host) -> Value {
    let output = pathscope(host, &["list", "--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The interfaces to which the kernel has the host's subflows bound.
pub fn devices(host: &Host) -> Vec<String> {
    host.run(|| {
        let mut table = SocketTable::default();
        Sockets::new().unwrap().read(&mut table).unwrap();
        let interfaces = Route::new().unwrap().interfaces().unwrap();
        let name = |index| {
            interfaces
                .iter()
                .find(|one| one.index == index)
                .unwrap()
                .name
                .clone()
        };
        let mut names: Vec<String> = table
            .subflows
            .iter()
            .map(|subflow| name(subflow.interface_index))
            .collect();
        names.sort();
        names
    })
}

pub fn at(ip: Ipv6Addr, device: &str, port: u16) -> String {
    format!("[{ip}%{device}]:{port}")
}

/// The addresses of the connection over a link of the client.
pub fn from_client(device: &str) -> (String, String) {
    (at(CLIENT, device, CLIENT_PORT), at(SERVER, device, SERVER_PORT))
}

pub fn from_server(device: &str) -> (String, String) {
    (at(SERVER, device, SERVER_PORT), at(CLIENT, device, CLIENT_PORT))
}

/// A program that prints the stream on a host.
pub fn watch(host: &Host, arguments: &'static [&'static str]) -> Lines {
    host.run(move || {
        let mut command = Command::new(common::pathscope());
        command
            .args(["watch", "--json", "--interval", "50"])
            .args(arguments);
        Lines::start(command)
    })
}

/// Checks that a line names a link, and returns its addresses.
pub fn on_link(line: &Value, device: &str, (local, remote): &(String, String)) {
    assert_eq!(line["scope"], device, "{line}");
    assert_eq!(line["interface"], device, "{line}");
    assert_eq!(
        (&line["local"], &line["remote"]),
        (&json!(local), &json!(remote)),
        "{line}"
    );
}
