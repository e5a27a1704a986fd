//! What must be so on every kernel: changes as `ip mptcp` and `ss` read them back, the demo, and what this kernel tells
//! that we do not know. `make kernels` runs this on other kernels than this machine's.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;
mod hosts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use hosts::{Host, Pair};
use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use pathscope::wire::attribute::Attributes;
use pathscope::wire::generic::{get_family, parse, parse_family};
use pathscope::wire::mptcp_pm::{EVENT_GROUP, FAMILY};
use pathscope::wire::netlink::{Messages, NLMSG_DONE, NLMSG_ERROR};
use serde_json::Value;
use socket2::Protocol;

/// Longer than anything here should take, on a kernel under emulation, too.
const LIMIT: Duration = Duration::from_mins(1);

/// The program's namespace on a host.
fn netns(host: &Host) -> PathBuf {
    PathBuf::from(format!("/proc/{}/ns/net", host.thread_id))
}

fn run(host: &Host, program: &Path, as_user: bool, words: &str) -> Output {
    common::inside(&netns(host), program, as_user)
        .args(words.split_whitespace())
        .output()
        .expect("nsenter from util-linux")
}

/// What the program is asked is done.
#[track_caller]
fn done(host: &Host, words: &str) {
    let output = run(host, &common::pathscope(), false, words);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}: {}: {said}", output.status);
}

/// What another program says.
fn says(host: &Host, words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    common::output(&netns(host), &words)
}

/// What `ip mptcp endpoint` says of an endpoint: its words but for the id and what it is bound to.
fn endpoint(host: &Host, id: u8) -> Option<BTreeSet<String>> {
    let told = says(host, "ip mptcp endpoint show");
    let line = told
        .lines()
        .find(|line| format!("{line} ").contains(&format!(" id {id} ")))?;
    let words = line
        .split_whitespace()
        .filter(|word| !matches!(*word, "id" | "dev" | "c2"));
    Some(
        words
            .filter(|word| *word != id.to_string())
            .map(str::to_owned)
            .collect(),
    )
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn an_endpoint_with_each_flag_is_as_ip_mptcp_says() {
    let Some(pair) = Pair::new() else { return };
    let host = &pair.client;
    for flags in [
        "subflow",
        "signal",
        "subflow signal",
        "subflow backup",
        "subflow fullmesh",
        "subflow backup fullmesh",
    ] {
        done(host, &format!("endpoint add 10.2.0.1 dev c2 id 7 {flags}"));
        assert_eq!(endpoint(host, 7), Some(words(&format!("10.2.0.1 {flags}"))));
        done(host, "endpoint remove id 7");
        assert_eq!(endpoint(host, 7), None);
    }
    done(host, "endpoint add fd00:2::1 id 8 port 5001 signal");
    assert_eq!(endpoint(host, 8), Some(words("fd00:2::1 port 5001 signal")));
}

#[test]
fn a_change_of_each_flag_is_as_ip_mptcp_says() {
    let Some(pair) = Pair::new() else { return };
    let host = &pair.client;
    done(host, "endpoint add 10.2.0.1 dev c2 id 7 subflow");
    for (change, flags) in [
        ("backup", "subflow backup"),
        ("fullmesh", "subflow backup fullmesh"),
        ("nobackup", "subflow fullmesh"),
        ("nofullmesh", "subflow"),
        ("signal", "subflow signal"),
        ("nosubflow", "signal"),
        ("subflow nosignal backup", "subflow backup"),
    ] {
        done(host, &format!("endpoint change id 7 {change}"));
        assert_eq!(
            endpoint(host, 7),
            Some(words(&format!("10.2.0.1 {flags}"))),
            "after {change}"
        );
    }
}

#[test]
fn limits_and_settings_are_as_ip_and_proc_say() {
    let Some(pair) = Pair::new() else { return };
    let host = &pair.client;
    let limits = || words(&says(host, "ip mptcp limits show"));
    done(host, "limits set subflows 3 add-addr-accepted 5");
    assert_eq!(limits(), words("add_addr_accepted 5 subflows 3"));
    done(host, "limits set subflows 1");
    assert_eq!(limits(), words("add_addr_accepted 5 subflows 1"));
    let read = |name: &str| {
        says(host, &format!("cat /proc/sys/net/mptcp/{name}"))
            .trim()
            .to_owned()
    };
    // What every kernel has that is made for.
    for (name, value) in [
        ("add_addr_timeout", "17"),
        ("stale_loss_cnt", "9"),
        ("checksum_enabled", "1"),
        ("enabled", "0"),
    ] {
        assert_ne!(read(name), value, "{name}");
        done(host, &format!("set {name} {value}"));
        assert_eq!(read(name), value, "{name}");
    }
}

/// The established subflows that `ss` shows, by local address.
fn subflows(host: &Host) -> BTreeMap<String, (String, String)> {
    let told = says(host, "ss -tniHO state established");
    let lines = told.lines().filter(|line| line.contains("tcp-ulp-mptcp"));
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let flags = words
                .iter()
                .find_map(|word| word.strip_prefix("flags:"))
                .expect("flags");
            let local = words[2].replace("%c2", "");
            (local, (words[3].to_owned(), flags.to_owned()))
        })
        .collect()
}

#[test]
fn a_live_subflow_becomes_a_backup_and_is_closed_as_ss_says() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let host = &pair.client;
    let joined = || {
        subflows(host)
            .into_iter()
            .find(|(local, _)| local.starts_with("10.2.0.1:"))
    };
    common::wait_for("the second subflow", LIMIT, joined);
    done(host, "endpoint change id 1 backup");
    common::wait_for("the subflow to be a backup", LIMIT, || {
        joined().filter(|(_, (_, flags))| flags.contains('b'))
    });
    let (local, (remote, _)) = joined().expect("the subflow");
    done(host, &format!("close {local} {remote}"));
    let left = common::wait_for("the subflow's end", LIMIT, || {
        let left = subflows(host);
        (!left.contains_key(&local)).then_some(left)
    });
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_normal_user_changes_nothing_and_is_told_so() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    let host = &pair.client;
    let state = || {
        (
            says(host, "ip mptcp endpoint show"),
            says(host, "ip mptcp limits show"),
        )
    };
    let before = state();
    let copy = common::PublicCopy::new();
    for change in [
        "endpoint add 10.1.0.1 subflow",
        "endpoint change id 1 backup",
        "endpoint remove id 1",
        "limits set subflows 1",
        "set enabled 0",
    ] {
        let output = run(host, &copy.path(), true, change);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{change}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
    assert_eq!(state(), before);
    assert_eq!(says(host, "cat /proc/sys/net/mptcp/enabled").trim(), "1");
}

/// A demo's stream is whole, and shows three connections with a subflow on every link.
fn assert_demo(mut command: Command) {
    let output = command
        .args(["demo", "--headless", "--seconds", "8"])
        .output()
        .expect("the demo");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["kind"], "header");
    let sample = lines
        .iter()
        .find(|line| line["full"] == true)
        .expect("a full sample");
    let connections = sample["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 3, "{sample}");
    let interfaces = connections
        .iter()
        .flat_map(|connection| connection["subflows"].as_array().expect("subflows"));
    let interfaces: BTreeSet<_> = interfaces
        .filter_map(|subflow| subflow["interface"].as_str())
        .collect();
    assert_eq!(interfaces, BTreeSet::from(["ethernet", "phone", "wifi"]));
    let changed = lines
        .iter()
        .filter(|line| line["kind"] == "sample" && line["full"] != true);
    let changed: Vec<_> = changed.map(|sample| &sample["connections"]).collect();
    assert!(
        changed
            .iter()
            .any(|list| list.as_array().is_some_and(|list| !list.is_empty())),
        "nothing moved in {} samples",
        changed.len()
    );
}

#[test]
fn the_demo_runs_for_root() {
    if common::can_make_namespaces("the demo of root") {
        assert_demo(Command::new(common::pathscope()));
    }
}

#[test]
fn the_demo_runs_for_a_normal_user() {
    if !common::can_make_namespaces("the demo of a normal user") {
        return;
    }
    let copy = common::PublicCopy::new();
    assert_demo(common::as_nobody(&copy.path()));
}

/// An event as the kernel sent it: its number, and its attributes in hexadecimal.
type Raw = (u8, BTreeMap<u16, String>);

/// A socket of our own on the path manager's events.
fn listen(host: &Host) -> NlSocket {
    host.run(|| {
        let asked = NlSocket::connect(NlFamily::Generic, None, Groups::empty()).expect("a socket");
        asked
            .send(get_family(FAMILY, 1), Msg::empty())
            .expect("a question");
        let answer = receive(&asked).into_iter().next().expect("an answer");
        let group = parse_family(&answer)
            .expect("the family")
            .group(EVENT_GROUP)
            .expect("its group");
        let socket =
            NlSocket::connect(NlFamily::Generic, None, Groups::new_groups(&[group])).expect("a socket");
        socket.nonblock().expect("not to wait");
        socket
    })
}

/// The payloads that wait.
fn receive(socket: &NlSocket) -> Vec<Vec<u8>> {
    let mut buffer = vec![0; 1 << 16];
    let mut payloads = Vec::new();
    while let Ok((length, _)) = socket.recv(&mut buffer[..], Msg::empty()) {
        let messages = Messages(&buffer[..length]).map(|message| message.expect("a message"));
        payloads.extend(
            messages
                .filter(|message| !matches!(message.kind, NLMSG_DONE | NLMSG_ERROR))
                .map(|message| message.payload.to_vec()),
        );
        if !payloads.is_empty() {
            break;
        }
    }
    payloads
}

fn raw(payload: &[u8]) -> Raw {
    let (number, attributes) = parse(payload).expect("an event");
    let hexadecimal = |bytes: &[u8]| {
        let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.concat()
    };
    let attributes = Attributes(attributes).map(|attribute| (attribute.kind, hexadecimal(attribute.payload)));
    (number, attributes.collect())
}

/// The life of a connection with a second subflow and an announced address.
fn live(pair: &Pair) {
    let open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    common::wait_for("the second subflow", LIMIT, || {
        (subflows(&pair.client).len() > 1).then_some(())
    });
    pair.server.ip("mptcp endpoint delete id 1");
    pair.client.ip("mptcp endpoint delete id 1");
    common::wait_for("its end", LIMIT, || {
        (subflows(&pair.client).len() == 1).then_some(())
    });
    drop(open);
}

#[test]
fn what_this_kernel_tells_beyond_what_we_know_is_kept() {
    let Some(pair) = Pair::new() else { return };
    pair.with_two_paths();
    pair.server.ip("mptcp endpoint add 10.2.0.2 signal");
    let raw_socket = listen(&pair.client);
    let mut events = pair
        .client
        .run(|| pathscope::kernel::Events::subscribe(None).expect("the events"));
    live(&pair);
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    common::wait_for("the connection's end", LIMIT, || {
        theirs.extend(receive(&raw_socket).iter().map(|payload| raw(payload)));
        theirs.iter().any(|(number, _)| *number == 3).then_some(())
    });
    common::wait_for("the same in the model", LIMIT, || {
        events.read(&mut ours).expect("events");
        (ours.len() == theirs.len()).then_some(())
    });
    let mut unknown = BTreeSet::new();
    for ((number, attributes), event) in theirs.iter().zip(&ours) {
        // The highest of enum mptcp_event_type and enum mptcp_event_attr in Linux 7.3.
        if *number > 16 {
            assert_eq!(event.kind.to_string(), format!("unknown_{number}"));
            unknown.insert(format!("event {number}"));
        }
        for (attribute, value) in attributes.iter().filter(|(attribute, _)| **attribute > 18) {
            assert_eq!(event.unknown_attributes.get(attribute), Some(value), "{event:?}");
            unknown.insert(format!("attribute {attribute} of event {number}"));
        }
    }
    let kinds: BTreeSet<u8> = theirs.iter().map(|(number, _)| *number).collect();
    for number in [1, 2, 3, 6, 7, 10, 11] {
        assert!(kinds.contains(&number), "event {number} was not tried: {kinds:?}");
    }
    println!("{} events; told and not known: {unknown:?}", theirs.len());
}
