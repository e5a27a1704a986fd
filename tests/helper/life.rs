//! How the service lives: what it may, when it ends, and what outlives it.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Ask;
use super::hosts::until;
use super::machine::{ACCOUNT, ALICE, BOB, Machine};

pub fn events_go_on_when_the_service_is_gone() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    alice.ask(&Ask::OpenEvents).value();
    machine.kill_service();
    let listener = machine.pair.server.listen(socket2::Protocol::MPTCP, "10.1.0.2:0");
    alice
        .ask(&Ask::Connect(listener.local_addr().unwrap(), true))
        .value();
    let heard = until("events", || {
        let heard = alice.ask(&Ask::Heard).value();
        (heard != json!([])).then_some(heard)
    });
    assert_eq!(heard[0], "connection_created", "{heard}");
    let before = machine.state();
    assert_eq!(alice.ask(&Ask::ChangeOverEvents).value(), json!(nix::libc::EPERM));
    assert_eq!(machine.state(), before);
    assert!(
        machine.processes("pathscope-helper").is_empty(),
        "nobody needed it"
    );
}

pub fn it_has_one_capability() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    // As the bus starts it, as root.
    alice.ask(&Ask::Hello).value();
    is_the_services(machine.service());
    // As its unit does.
    machine.kill_service();
    let mut unit = machine.run(|| {
        Command::new("setpriv")
            .args([
                "--reuid=61100",
                "--regid=61100",
                "--init-groups",
                "--no-new-privs",
            ])
            .args(["--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin"])
            .args([
                "--bounding-set=-all,+net_admin",
                "--",
                "/usr/libexec/pathscope-helper",
            ])
            .spawn()
            .unwrap()
    });
    until("the service", || machine.is_served().then_some(()));
    alice.ask(&Ask::Hello).value();
    assert_eq!(machine.service(), i32::try_from(unit.id()).unwrap());
    is_the_services(machine.service());
    let _ = unit.kill();
    let _ = unit.wait();
}

fn is_the_services(pid: i32) {
    has_one_capability(pid, ACCOUNT.1, &["CapEff", "CapPrm", "CapBnd"]);
    for status in each_status(pid) {
        assert_eq!(value(&status, "Groups").trim(), "61100");
    }
}

/// Every thread of the process is the user's, has that capability alone in these sets, and can get no other.
pub fn has_one_capability(pid: i32, user: u32, alone_in: &[&str]) {
    for status in each_status(pid) {
        for set in alone_in {
            assert_eq!(value(&status, set), "0000000000001000", "{set}");
        }
        for set in ["CapInh", "CapAmb"] {
            assert_eq!(value(&status, set), "0000000000000000", "{set}");
        }
        assert_eq!(value(&status, "NoNewPrivs"), "1");
        for ids in ["Uid", "Gid"] {
            assert_eq!(value(&status, ids), [user.to_string().as_str(); 4].join("\t"));
        }
    }
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let data = limits.lines().find_map(|line| line.strip_prefix("Max data size"));
    let data: Vec<&str> = data.unwrap().split_whitespace().collect();
    assert_eq!(data, ["67108864", "67108864", "bytes"]);
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    for library in ["libX11", "libGL", "libEGL", "libwayland"] {
        assert!(!maps.contains(library), "{library}");
    }
}

/// What the kernel says of each thread.
fn each_status(pid: i32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks
        .map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap())
        .collect()
}

fn value<'a>(status: &'a str, name: &str) -> &'a str {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
    line.unwrap_or_else(|| panic!("no {name} in {status}"))
}

pub fn it_ends_and_begins_again() {
    let Some(machine) = Machine::start(1) else { return };
    let mut alice = machine.client(ALICE);
    alice.ask(&Ask::Hello).value();
    until("its end", || {
        machine.processes("pathscope-helper").is_empty().then_some(())
    });
    alice.ask(&Ask::Hello).value();
    machine.kill_service();
    alice.ask(&Ask::Hello).value();

    // While somebody holds a socket that it gave it stays, and counts how many a user holds.
    let mut other = machine.client(ALICE);
    let mut bob = machine.client(BOB);
    other.ask(&Ask::OpenEvents).value();
    let first = machine.service();
    let stays_until = Instant::now() + Duration::from_secs(4);
    until("four seconds without a call", || {
        (Instant::now() > stays_until).then_some(())
    });
    assert_eq!(machine.processes("pathscope-helper"), [first]);
    drop(other);
    bob.ask(&Ask::OpenEvents).refusal("AuthenticationNeeded");
    until("its end", || {
        machine.processes("pathscope-helper").is_empty().then_some(())
    });

    let mut holders = Vec::new();
    for number in 0..9 {
        let mut holder = machine.client(ALICE);
        let answer = holder.ask(&Ask::OpenEvents);
        if number < 8 {
            assert_eq!(answer.value(), Value::Null);
        } else {
            assert!(answer.refusal("Busy").contains("too many event sockets"));
        }
        holders.push(holder);
    }
    holders.remove(0);
    until("room for another", || {
        holders[7].ask(&Ask::OpenEvents).refused.is_none().then_some(())
    });
}

pub fn it_refuses_to_run_without_what_it_needs() {
    let Some(machine) = Machine::start(60) else { return };
    let shell = |script: &'static str| {
        machine.run(move || {
            let output = Command::new("sh").args(["-c", script]).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{script}");
            String::from_utf8_lossy(&output.stderr).into_owned()
        })
    };
    let nobody =
        shell("exec setpriv --reuid=61003 --clear-groups --inh-caps=-all /usr/libexec/pathscope-helper");
    assert!(nobody.contains("CAP_NET_ADMIN is missing"), "{nobody}");
    let more = shell(
        "exec setpriv --reuid=61100 --clear-groups --inh-caps=+net_admin,+sys_admin --ambient-caps=+net_admin \
         /usr/libexec/pathscope-helper",
    );
    assert!(more.contains("cannot be given up"), "{more}");
    let no_account = shell(
        "exec unshare --mount sh -c 'grep -v pathscope /etc/passwd > /run/passwd; \
         mount --bind /run/passwd /etc/passwd; exec /usr/libexec/pathscope-helper'",
    );
    assert!(
        no_account.contains("there is no account pathscope-helper"),
        "{no_account}"
    );
    let argument = shell("exec /usr/libexec/pathscope-helper --stay long");
    assert!(
        argument.contains("--stay takes a number of seconds"),
        "{argument}"
    );
}
