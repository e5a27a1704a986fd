//! Changes that cannot be granted, endpoints that do nothing, and what is said of either: by the program itself, on real
//! connections.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../hosts/mod.rs"]
mod hosts;
mod teardown;

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::process::{Command as Program, Output, Stdio};

use hosts::{Host, Pair, cannot_run, until};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use pathscope::kernel::{Error, Namespace, PathManager, SocketTable, Sockets};
use pathscope::model::{Before, Command, Endpoint, EndpointFlags, Impossible, Limits, SettingValue};
use pathscope::source::{ChangeError, change};
use socket2::Protocol;

/// Runs the program on a host.
fn pathscope(host: &Host, words: &'static str) -> Output {
    host.run(move || {
        let mut program = Program::new(common::pathscope());
        program
            .args(words.split_whitespace())
            .output()
            .expect("the program runs")
    })
}

/// The one line in which it said why it failed, without its name.
fn complaint(host: &Host, words: &'static str, code: i32) -> String {
    let output = pathscope(host, words);
    let said = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{words}: {said}");
    assert_eq!(said.lines().count(), 1, "{words}: {said}");
    let said = said.trim_end().strip_prefix("pathscope: ").map(str::to_owned);
    said.expect("the program's name")
}

fn printed(host: &Host, words: &'static str) -> String {
    let output = pathscope(host, words);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(host: &Host, words: &'static str) -> serde_json::Value {
    serde_json::from_str(&printed(host, words)).expect("JSON")
}

fn endpoints(host: &Host) -> Vec<Endpoint> {
    host.run(|| PathManager::new().unwrap().endpoints().unwrap())
}

/// Cookie and local port of each subflow, once there are so many.
fn subflows(host: &Host, count: usize) -> Vec<(u64, u16)> {
    let read = || {
        let mut table = SocketTable::default();
        Sockets::new().unwrap().read(&mut table).unwrap();
        let mut list: Vec<_> = table
            .subflows
            .iter()
            .map(|subflow| (subflow.cookie, subflow.local.port()))
            .collect();
        list.sort_unstable();
        list
    };
    until("the subflows", || {
        let list = host.run(read);
        (list.len() == count).then_some(list)
    })
}

#[test]
fn nothing_is_torn_down_for_what_cannot_be_granted() {
    let Some(pair) = Pair::new() else { return };
    let client = &pair.client;
    // The server makes nothing of what is announced.
    for host in [client, &pair.server] {
        host.ip("mptcp limits set subflow 2 add_addr_accepted 0");
    }
    client.ip("mptcp endpoint add 10.2.0.1 dev c2 id 1 subflow fullmesh");
    client.ip("mptcp endpoint add 10.1.0.1 dev c1 id 2 port 7001 signal");
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let before = (subflows(client, 2), endpoints(client));
    for (words, sentence) in [
        ("endpoint change id 1 signal", "both signal and fullmesh"),
        ("endpoint change id 1 signal backup", "both signal and fullmesh"),
        (
            "endpoint change id 2 subflow",
            "no subflow from an endpoint with a port",
        ),
        (
            "endpoint change id 2 fullmesh",
            "no subflow from an endpoint with a port",
        ),
        ("endpoint change id 2 nosignal", "needs signal"),
        ("endpoint change id 1 implicit", "nobody can ask for implicit"),
        ("endpoint change id 1 0x40", "nobody can ask for 0x40"),
    ] {
        let said = complaint(client, words, 1);
        assert!(
            said.contains(sentence) && !said.contains("put back"),
            "{words}: {said}"
        );
    }
    assert_eq!((subflows(client, 2), endpoints(client)), before);
    // What can be granted still is, and makes the subflow anew.
    printed(client, "endpoint change id 1 signal nofullmesh");
    until("another subflow", || {
        (subflows(client, 2) != before.0).then_some(())
    });
}

#[test]
fn what_can_be_no_endpoint_is_wrong_usage() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return cannot_run(&why),
    };
    for (words, sentence) in [
        ("endpoint add 224.0.0.1 subflow", "a multicast address"),
        ("endpoint add ff02::1 subflow", "a multicast address"),
        ("endpoint add 127.0.0.1 subflow", "loopback"),
        ("endpoint add ::1 signal", "loopback"),
        ("endpoint add 0.0.0.0 subflow", "no address of a host"),
        ("endpoint add :: subflow", "no address of a host"),
        ("endpoint add 255.255.255.255 subflow", "the broadcast address"),
        ("endpoint add ::ffff:10.0.0.1 subflow", "write it as IPv4"),
        ("endpoint add fe80::1 subflow", "add 'dev'"),
        ("endpoint add 10.0.0.1", "does nothing"),
        ("endpoint add 10.0.0.1 id 0 subflow", "id 0"),
        ("endpoint add 10.0.0.1 port 0 signal", "port 0"),
        ("endpoint add 10.0.0.1 port 443 subflow", "needs signal"),
        ("endpoint add 10.0.0.1 port 443 signal subflow", "with a port"),
        (
            "endpoint add 10.0.0.1 signal fullmesh",
            "both signal and fullmesh",
        ),
        ("endpoint add 10.0.0.1 implicit", "nobody can ask for implicit"),
    ] {
        let said = complaint(&host, words, 2);
        assert!(said.contains(sentence), "{words}: {said}");
    }
    // The same on the way of a program that talks to the stream.
    let nothing = Command::EndpointAdd {
        address: [10, 0, 0, 1].into(),
        interface: None,
        id: None,
        port: None,
        flags: EndpointFlags::NONE,
        insist: false,
    };
    let refused = host.run(move || PathManager::new().unwrap().apply(&nothing).unwrap_err());
    assert!(
        matches!(refused, Error::Impossible(Impossible::NoFlag)),
        "{refused}"
    );
    assert_eq!(endpoints(&host), []);
}

#[test]
fn a_flag_is_kept_by_a_kernel_that_knows_it() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return cannot_run(&why),
    };
    let laminar = |words| {
        let output = pathscope(&host, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    host.ip("addr add 10.9.0.1/24 dev lo");
    let (code, said) = laminar("endpoint add 10.9.0.1 id 3 subflow laminar");
    let there = endpoints(&host);
    if code == Some(0) {
        let flags = EndpointFlags::SUBFLOW.with(EndpointFlags::LAMINAR);
        assert_eq!(
            there.first().map(|endpoint| endpoint.flags),
            Some(flags),
            "{said}"
        );
    } else {
        assert!(said.contains("does not know laminar"), "{said}");
        assert_eq!((code, there), (Some(1), Vec::new()));
    }
}

#[test]
fn what_was_believed_counts_on_the_direct_way() {
    let Some(pair) = Pair::new() else { return };
    let client = &pair.client;
    client.ip("mptcp endpoint add 10.2.0.1 dev c2 id 1 subflow");
    let real = endpoints(client).remove(0);
    let seen = Endpoint {
        flags: EndpointFlags::SUBFLOW.with(EndpointFlags::BACKUP),
        ..real.clone()
    };
    let (two, five) = (
        Limits {
            extra_subflows_max: 2,
            add_addr_accepted_max: 0,
        },
        Limits {
            extra_subflows_max: 5,
            add_addr_accepted_max: 0,
        },
    );
    let more = Command::LimitsSet {
        extra_subflows_max: Some(6),
        add_addr_accepted_max: None,
    };
    let set = Command::Set {
        name: "add_addr_timeout".to_owned(),
        value: SettingValue::Number(77),
    };
    let remove = Command::EndpointRemove { id: 1 };
    let stale = [
        (remove.clone(), Before::Endpoint(seen)),
        (more.clone(), Before::Limits(five)),
        (set.clone(), Before::Setting(SettingValue::Number(1))),
    ];
    let ask = |command: Command, believed: Before| {
        client.run(move || {
            let namespace = Namespace::current().unwrap();
            change(
                &mut PathManager::new().unwrap(),
                &namespace,
                &command,
                Some(believed),
            )
        })
    };
    for (command, believed) in stale {
        let refused = ask(command.clone(), believed);
        assert!(
            matches!(refused, Err(ChangeError::Kernel(Error::Stale { .. }))),
            "{command:?}: {refused:?}"
        );
    }
    assert_eq!(endpoints(client), std::slice::from_ref(&real));
    // The number of an interface does not travel over the bus.
    let travelled = Endpoint {
        interface_index: None,
        ..real
    };
    ask(more, Before::Limits(two)).unwrap();
    ask(set, Before::Setting(SettingValue::Number(120))).unwrap();
    ask(remove, Before::Endpoint(travelled)).unwrap();
    assert_eq!(endpoints(client), []);
}

#[test]
fn an_endpoint_that_does_nothing_says_why() {
    let Some(pair) = Pair::new() else { return };
    let client = &pair.client;
    client.ip("link add tun7 type veth peer name tun8");
    client.ip("mptcp endpoint add 10.1.0.1 dev c1 id 1 subflow");
    client.ip("mptcp endpoint add 10.2.0.1 dev tun7 id 2 subflow");
    client.ip("mptcp endpoint add 10.66.6.6 id 3 subflow");
    client.ip("mptcp endpoint add 10.2.0.1 id 4 port 7000 signal");
    let line = |text: &str, id: u8| {
        let mut lines = text.lines();
        let start = format!("  id {id} ");
        lines
            .find(|line| line.starts_with(&start))
            .map_or_else(|| panic!("no {id}: {text}"), str::to_owned)
    };
    let text = printed(client, "endpoints");
    assert!(line(&text, 1).ends_with(" dev c1  subflow"), "{text}");
    assert!(
        line(&text, 2).ends_with("address not on its device, link down"),
        "{text}"
    );
    assert!(line(&text, 3).ends_with("address not on this machine"), "{text}");
    assert!(line(&text, 4).ends_with("signal"), "{text}");
    assert!(
        !text.contains("at most") && !text.contains("path manager"),
        "{text}"
    );
    assert!(
        text.contains("  available_schedulers default  read-only\n"),
        "{text}"
    );

    client.ip("link del tun7");
    pair.server.ip("link set s1 down");
    client.command("sysctl", "-qw net.mptcp.pm_type=1");
    let text = until("the carrier to be lost", || {
        let text = printed(client, "endpoints");
        line(&text, 1).ends_with("link down").then_some(text)
    });
    assert!(
        line(&text, 2).ends_with("  subflow  its device is gone"),
        "{text}"
    );
    assert!(!line(&text, 2).contains("dev "), "{text}");
    assert!(text.contains("the path manager is 'userspace'"), "{text}");

    let listed = json(client, "endpoints --json");
    let gone = &listed["endpoints"][1];
    assert_eq!(gone["id"], 2);
    assert!(
        gone["interface"].is_null() && gone["interface_index"].is_u64(),
        "{gone}"
    );
    assert_eq!(gone["problems"], serde_json::json!(["device_gone"]));
    assert_eq!(
        listed["endpoints"][0]["problems"],
        serde_json::json!(["link_down"])
    );
    assert_eq!(
        listed["endpoints"][2]["problems"],
        serde_json::json!(["address_missing"])
    );
    assert_eq!(listed["endpoints"][3]["problems"], serde_json::json!([]));
    assert_eq!(
        listed["ignored"],
        serde_json::json!([{"path_manager": "userspace"}])
    );
    // It can be changed and removed all the same.
    printed(client, "endpoint change id 2 signal");
    let changed = endpoints(client).into_iter().find(|endpoint| endpoint.id == 2);
    let flags = EndpointFlags::SUBFLOW.with(EndpointFlags::SIGNAL);
    assert_eq!(changed.map(|endpoint| endpoint.flags), Some(flags));
    printed(client, "endpoint remove id 2");
}

#[test]
fn that_mptcp_is_off_is_said() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return cannot_run(&why),
    };
    for words in ["list", "watch --seconds 0.5", "endpoints"] {
        assert!(!printed(&host, words).contains("MPTCP is off"), "{words}");
    }
    host.command("sysctl", "-qw net.mptcp.enabled=0");
    for words in ["list", "watch --seconds 0.5", "endpoints"] {
        let text = printed(&host, words);
        let off = "MPTCP is off (net.mptcp.enabled is 0)";
        assert_eq!(text.matches(off).count(), 1, "{words}: {text}");
    }
    assert_eq!(
        complaint(&host, "set available_schedulers burst", 1),
        "net.mptcp.available_schedulers is read-only: it tells what the kernel has, and nobody can set it"
    );
}

#[test]
fn a_refused_subflow_is_told_in_words() {
    let Some(pair) = Pair::new() else { return };
    for host in [&pair.client, &pair.server] {
        host.ip("mptcp limits set subflow 2 add_addr_accepted 2");
    }
    // Announced, and nobody listens there.
    pair.server.ip("mptcp endpoint add 10.2.0.2 dev s2 signal");
    let mut watch = pair.client.run(|| {
        Program::new(common::pathscope())
            .args(["watch", "--control"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs")
    });
    let mut lines = BufReader::new(watch.stdout.take().expect("its output")).lines();
    let mut line_with = |what: &str| {
        let found = lines.find_map(|line| line.ok().filter(|line| line.contains(what)));
        found.unwrap_or_else(|| panic!("watch ended before it told of {what}"))
    };
    line_with("0 connections, 0 subflows");
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let closed = line_with("subflow closed");
    assert!(
        closed.contains("connection refused (111)") && !closed.contains("error"),
        "{closed}"
    );
    drop(watch.stdin.take());
    assert!(watch.wait().expect("it ends").success());
}

#[test]
fn who_may_not_enter_a_namespace_is_told_which_capability_is_missing() {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return cannot_run(&why),
    };
    let program = common::PublicCopy::new();
    let namespace = format!("/proc/self/task/{}/ns/net", host.thread_id);
    let file = std::fs::File::open(namespace).expect("the namespace");
    // The program gets it open: to open it, too, is something that others may not.
    fcntl(file.as_fd(), FcntlArg::F_SETFD(FdFlag::empty())).expect("no FD_CLOEXEC");
    let number = std::os::fd::AsRawFd::as_raw_fd(&file);
    let output = common::as_nobody(&program.path())
        .args([
            OsStr::new("--netns"),
            OsStr::new(&format!("/proc/self/fd/{number}")),
        ])
        .arg("list")
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("CAP_SYS_ADMIN") && !said.contains("CAP_NET_ADMIN"),
        "{said}"
    );
}

#[cfg(feature = "gui")]
#[test]
fn a_display_that_is_not_there_is_named() {
    let output = Program::new(common::pathscope())
        .env("DISPLAY", ":99999")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    if said.contains("the window needs libraries") {
        return cannot_run(&said);
    }
    assert!(said.contains("the display ':99999' (DISPLAY)"), "{said}");
    for what in ["OpenGL", ".rs", "/registry/", "os error at"] {
        assert!(!said.contains(what), "{what}: {said}");
    }
    assert_eq!(said.lines().count(), 1, "{said}");
}
