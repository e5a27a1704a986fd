//! Link-local addresses: sockets with the same addresses and ports on two links are two, wherever they are named.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails says where"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../hosts/mod.rs"]
mod hosts;
mod links;

use std::cell::Cell;
use std::io::Write as _;
use std::process::Command;

use common::lines::Lines;
use hosts::{Host, Pair, until};
use links::{
    CLIENT, CLIENT_PORT, Links, SERVER, SERVER_PORT, at, close, devices, from_client, from_server, index_of,
    list, on_link, pathscope, watch,
};
use pathscope::kernel::{Error, Sockets};
use pathscope::model::{Cookie, SocketAddr};
use serde_json::{Value, json};
use socket2::Protocol;

/// A host's end of the connection over one of its interfaces: its address and the peer's.
type Ends = fn(&str) -> (String, String);

#[test]
fn connections_with_the_same_addresses_on_two_links_are_listed_as_two_at_both_ends() {
    let Some(mut links) = Links::new() else { return };
    links.connect("c1");
    links.connect("c2");
    let ends: [(&Host, [&str; 2], Ends); 2] = [
        (&links.pair.client, ["c1", "c2"], from_client),
        (&links.pair.server, ["s1", "s2"], from_server),
    ];
    for (host, devices, addresses) in ends {
        let listed = list(host);
        let connections = listed["connections"].as_array().unwrap();
        assert_eq!(connections.len(), 2, "{listed}");
        for device in devices {
            let connection = connections.iter().find(|one| one["scope"] == device).unwrap();
            let (local, remote) = addresses(device);
            assert_eq!(
                (&connection["local"], &connection["remote"]),
                (&json!(local), &json!(remote))
            );
            let subflows = connection["subflows"].as_array().unwrap();
            assert_eq!(subflows.len(), 1);
            on_link(&subflows[0], device, &(local.clone(), remote.clone()));
            let text = String::from_utf8(pathscope(host, &["list"]).stdout).unwrap();
            assert_eq!(
                text.matches(&local).count(),
                2,
                "the connection and its subflow: {text}"
            );
            assert_eq!(text.matches(&remote).count(), 2, "{text}");
        }
    }
}

#[test]
fn an_address_that_is_the_same_on_every_link_has_no_scope() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let _four = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let _six = pair.connection(Protocol::MPTCP, "[fd00:1::2]:5001", "[fd00:1::2]:5001");
    let subflows = |listed: &Value| -> Vec<Value> {
        let connections = listed["connections"].as_array().unwrap().iter();
        connections
            .flat_map(|one| one["subflows"].as_array().unwrap().clone())
            .collect()
    };
    // The second path's subflow is bound to its interface.
    let listed = until("the second subflow", || {
        let listed = list(&pair.client);
        subflows(&listed)
            .iter()
            .any(|one| one["interface"] == "c2")
            .then_some(listed)
    });
    for one in subflows(&listed)
        .iter()
        .chain(listed["connections"].as_array().unwrap())
    {
        assert_eq!(one["scope"], Value::Null, "{one}");
        assert!(!one["local"].as_str().unwrap().contains('%'), "{one}");
        assert!(!one["remote"].as_str().unwrap().contains('%'), "{one}");
    }
}

#[test]
fn close_closes_the_subflow_on_the_link_that_is_named_whichever_was_opened_last() {
    for opened in [["c1", "c2"], ["c2", "c1"]] {
        for closed in ["c1", "c2"] {
            let left = if closed == "c1" { "c2" } else { "c1" };
            for by_number in [false, true] {
                let Some(mut links) = Links::new() else { return };
                for device in opened {
                    links.connect(device);
                }
                let client = &links.pair.client;
                let link = if by_number {
                    client.run(move || index_of(closed)).to_string()
                } else {
                    closed.to_owned()
                };
                let (local, remote) = from_client(&link);
                let (code, text) = close(client, &local, &remote);
                assert_eq!(code, Some(0), "{text}");
                until("the end of one subflow", || {
                    (devices(client).len() == 1).then_some(())
                });
                assert_eq!(devices(client), [left], "opened {opened:?}, closed {local}");
            }
        }
    }
}

#[test]
fn close_on_the_server_closes_the_subflow_on_the_link_that_is_named() {
    for (closed, left) in [("s1", "s2"), ("s2", "s1")] {
        let Some(mut links) = Links::new() else { return };
        links.connect("c1");
        links.connect("c2");
        let server = &links.pair.server;
        let (local, remote) = from_server(closed);
        // As `ss` writes it, and with the link on one of the two only: both are on the same.
        let as_ss = local.replace(&format!("%{closed}]"), &format!("]%{closed}"));
        let plain = remote.replace(&format!("%{closed}"), "");
        let (code, text) = close(server, &as_ss, &plain);
        assert_eq!(code, Some(0), "{text}");
        until("the end of one subflow", || {
            (devices(server).len() == 1).then_some(())
        });
        assert_eq!(devices(server), [left]);
    }
}

#[test]
fn the_line_of_ss_that_is_offered_closes_the_same_one() {
    for (closed, left) in [("c1", "c2"), ("c2", "c1")] {
        let Some(mut links) = Links::new() else { return };
        links.connect("c1");
        links.connect("c2");
        let (local, remote) = from_client(closed);
        let command = pathscope::model::Command::Close {
            local: local.parse().unwrap(),
            remote: remote.parse().unwrap(),
        };
        let line = pathscope::model::equivalent(&command, &[]).join("\n");
        let client = &links.pair.client;
        let output = client.run(move || Command::new("sh").args(["-c", &line]).output().unwrap());
        assert!(output.status.success(), "{output:?}");
        until("the end of one subflow", || {
            (devices(client).len() == 1).then_some(())
        });
        assert_eq!(devices(client), [left]);
    }
}

#[test]
fn close_without_a_link_refuses_where_two_could_be_meant_and_says_which_there_are() {
    let Some(mut links) = Links::new() else { return };
    links.connect("c1");
    links.connect("c2");
    let client = &links.pair.client;
    let (local, remote) = (
        format!("[{CLIENT}]:{CLIENT_PORT}"),
        format!("[{SERVER}]:{SERVER_PORT}"),
    );
    let (code, text) = close(client, &local, &remote);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("with subflows on c1, c2; say on which, as in"),
        "{text}"
    );
    let (first, second) = from_client("c1");
    assert!(
        text.contains(&format!("'pathscope close {first} {second}'")),
        "{text}"
    );
    assert_eq!(devices(client), ["c1", "c2"]);

    // A link on which there is none, an interface that is not there, and two links at once.
    let (nowhere, peer) = from_client("lo");
    let (code, text) = close(client, &nowhere, &peer);
    assert_eq!(code, Some(1));
    assert!(
        text.contains(&format!("there is no subflow {nowhere} → {peer}")),
        "{text}"
    );
    let (code, text) = close(client, &at(CLIENT, "eth9", CLIENT_PORT), &remote);
    assert_eq!(code, Some(1));
    assert!(text.contains("there is no interface 'eth9'"), "{text}");
    let (code, text) = close(client, &from_client("c1").0, &from_client("c2").1);
    assert_eq!(code, Some(1));
    assert!(text.contains("there is no subflow"), "{text}");
    let (code, text) = close(client, "10.1.0.1%c1:40000", "10.1.0.2:5000");
    assert_eq!(code, Some(2));
    assert!(text.contains("write 10.1.0.1 without it"), "{text}");
    assert_eq!(devices(client), ["c1", "c2"]);

    let (local_c1, remote_c1) = from_client("c1");
    assert_eq!(close(client, &local_c1, &remote_c1).0, Some(0));
    until("the end of one subflow", || {
        (devices(client) == ["c2"]).then_some(())
    });
    let (code, text) = close(client, &local, &remote);
    assert_eq!(code, Some(0), "only one could be meant: {text}");
    until("the end of the other", || {
        devices(client).is_empty().then_some(())
    });
}

#[test]
fn a_cookie_says_which_of_two_subflows_where_the_addresses_do_not() {
    let Some(mut links) = Links::new() else { return };
    links.connect("c1");
    links.connect("c2");
    let (local, remote) = (
        SocketAddr::from((CLIENT, CLIENT_PORT)),
        SocketAddr::from((SERVER, SERVER_PORT)),
    );
    let on_c2 = local.with_scope(pathscope::model::Scope::new("c2"));
    let outcome = links.pair.client.run(move || {
        let mut sockets = Sockets::new().unwrap();
        let refused = sockets.destroy_exactly(local, remote, Some(Cookie(0x1234_5678)), None);
        let cookie = sockets.subflow(on_c2, remote).unwrap();
        (
            refused,
            sockets.destroy_exactly(local, remote, Some(cookie), None),
        )
    });
    assert!(
        matches!(outcome.0, Err(Error::NoSuchSubflow { .. })),
        "{outcome:?}"
    );
    assert!(outcome.1.is_ok(), "{outcome:?}");
    until("the end of one subflow", || {
        (devices(&links.pair.client) == ["c1"]).then_some(())
    });
}

#[test]
fn the_stream_tells_of_each_link_by_itself_at_both_ends() {
    let Some(mut links) = Links::new() else { return };
    let mut streams = [watch(&links.pair.client, &[]), watch(&links.pair.server, &[])];
    for stream in &streams {
        stream.find(|line| line["kind"] == "sample");
    }
    let told = |stream: &Lines, kind: &str, device: &str, addresses: &(String, String)| {
        let line = stream.find(|line| line["event"] == kind);
        assert_eq!(line["source"], "kernel", "{line}");
        on_link(&line, device, addresses);
    };
    for (at_client, at_server) in [("c1", "s1"), ("c2", "s2")] {
        links.connect(at_client);
        for kind in ["connection_created", "connection_established"] {
            told(&streams[0], kind, at_client, &from_client(at_client));
            told(&streams[1], kind, at_server, &from_server(at_server));
        }
    }
    let (local, remote) = from_client("c1");
    assert_eq!(close(&links.pair.client, &local, &remote).0, Some(0));
    told(&streams[0], "subflow_closed", "c1", &from_client("c1"));
    told(&streams[1], "subflow_closed", "s1", &from_server("s1"));
    drop(links.clients);
    drop(links.servers);
    for (stream, devices) in streams.iter_mut().zip([["c1", "c2"], ["s1", "s2"]]) {
        let mut ended: Vec<String> = (0..2)
            .map(|_| {
                let line = stream.find(|line| line["event"] == "connection_closed");
                line["scope"].as_str().unwrap_or_default().to_owned()
            })
            .collect();
        ended.sort();
        assert_eq!(ended, devices);
    }
}

#[test]
fn what_is_inferred_for_who_hears_nothing_names_the_link_too() {
    let Some(mut links) = Links::new() else { return };
    let program = common::PublicCopy::new();
    let path = program.path();
    let stream = links.pair.client.run(move || {
        let mut command = common::as_nobody(&path);
        command.args(["watch", "--json", "--interval", "50"]);
        Lines::start(command)
    });
    stream.find(|line| line["kind"] == "sample");
    for device in ["c1", "c2"] {
        links.connect(device);
        let line = stream.find(|line| line["event"] == "connection_established");
        assert_eq!(line["source"], "inferred", "{line}");
        on_link(&line, device, &from_client(device));
    }
    let (local, remote) = from_client("c2");
    assert_eq!(close(&links.pair.client, &local, &remote).0, Some(0));
    let line = stream.find(|line| line["event"] == "subflow_closed");
    on_link(&line, "c2", &from_client("c2"));
}

#[test]
fn a_command_on_the_stream_closes_the_one_and_is_answered_with_its_name() {
    let Some(mut links) = Links::new() else { return };
    links.connect("c1");
    links.connect("c2");
    let mut stream = watch(&links.pair.client, &["--control"]);
    let mut input = stream.stdin();
    let mut ask = |local: &str, remote: &str| {
        let request = json!({"command": "close", "local": local, "remote": remote});
        writeln!(input, "{request}").unwrap();
        stream.find(|line| line["event"] == "command")["command"].clone()
    };
    let (local, remote) = (
        format!("[{CLIENT}]:{CLIENT_PORT}"),
        format!("[{SERVER}]:{SERVER_PORT}"),
    );
    let refused = ask(&local, &remote);
    assert_eq!(refused["ok"], false, "{refused}");
    assert_eq!(refused["asked"]["local"], json!(local));
    assert_eq!(devices(&links.pair.client), ["c1", "c2"]);

    let index = links.pair.client.run(|| index_of("c1")).to_string();
    let done = ask(&at(CLIENT, &index, CLIENT_PORT), &remote);
    assert_eq!(done["ok"], true, "{done}");
    let (named, named_remote) = from_client("c1");
    assert_eq!(
        (&done["asked"]["local"], &done["asked"]["remote"]),
        (&json!(named), &json!(named_remote))
    );
    until("the end of one subflow", || {
        (devices(&links.pair.client) == ["c2"]).then_some(())
    });
}

#[test]
fn a_second_subflow_over_a_link_local_endpoint_is_on_its_link() {
    let Some(mut links) = Links::new() else { return };
    for host in [&links.pair.client, &links.pair.server] {
        host.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    }
    // The kernel makes no subflow from an address that the connection has already, on whichever link.
    links.pair.client.ip("addr add fe80::ab/64 dev c2 nodad");
    let output = pathscope(&links.pair.client, &["endpoint", "add", "fe80::ab%c2", "subflow"]);
    assert!(output.status.success(), "{output:?}");
    let streams = [watch(&links.pair.client, &[]), watch(&links.pair.server, &[])];
    for stream in &streams {
        stream.find(|line| line["kind"] == "sample");
    }
    links.connect("c1");
    let has_begun = Cell::new(false);
    let begun = |line: &Value| {
        has_begun.set(has_begun.get() || line["connections"][0]["scope"] == "c1");
        has_begun.get()
    };
    let joined = streams[0].find(|line| {
        begun(line);
        line["event"] == "subflow_established"
    });
    assert_eq!(
        (&joined["scope"], &joined["interface"]),
        (&json!("c2"), &json!("c2")),
        "{joined}"
    );
    let (local, remote) = (
        joined["local"].as_str().unwrap(),
        joined["remote"].as_str().unwrap(),
    );
    assert!(local.starts_with("[fe80::ab%c2]:"), "{joined}");
    assert_eq!(remote, at(SERVER, "c2", SERVER_PORT));
    let accepted = streams[1].find(|line| line["event"] == "subflow_established");
    assert_eq!(
        (&accepted["scope"], &accepted["interface"]),
        (&json!("s2"), &json!("s2")),
        "{accepted}"
    );
    assert_eq!(accepted["local"], json!(at(SERVER, "s2", SERVER_PORT)));

    // The connection stays on the link that it began on.
    let connection = &list(&links.pair.client)["connections"][0];
    assert_eq!(connection["scope"], "c1");
    assert_eq!(
        connection["subflows"].as_array().unwrap().len(),
        2,
        "{connection}"
    );
    // Who never saw it there cannot know.
    if !has_begun.get() {
        streams[0].find(begun);
    }
    let (first, second) = from_client("c1");
    assert_eq!(close(&links.pair.client, &first, &second).0, Some(0));
    let ended = streams[0].find(|line| line["event"] == "subflow_closed");
    on_link(&ended, "c1", &from_client("c1"));
    let sample = streams[0].find(|line| {
        line["connections"][0]["subflows"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
    });
    assert_eq!(
        sample["connections"][0]["scope"], "c1",
        "its first subflow is gone: {sample}"
    );
    assert_eq!(sample["connections"][0]["subflows"][0]["scope"], "c2");
}
