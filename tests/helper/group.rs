//! The helper on a machine without a bus and polkit, for the members of a group.

use std::fs;
use std::process::{Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pathscope::bus::{ON_STDIN, PROGRAM};
use serde_json::{Value, json};

use super::client::Ask;
use super::hosts::until;
use super::machine::{ACCOUNT, ALICE, DAVE, GROUP, MALLORY, Machine};
use super::program::{Watch, limits, pathscope, says};
use super::{calls, hostile, life};

const NO_MEMBER: &str =
    "pathscope-helper is for the members of the group pathscope: as root, run usermod -aG pathscope";

fn machine() -> Option<Machine> {
    let machine = Machine::without_a_bus()?;
    machine.let_the_group();
    Some(machine)
}

fn until_no_helper(machine: &Machine) {
    until("the helper's end", || {
        machine.processes("pathscope-helper").is_empty().then_some(())
    });
}

pub fn a_member_does_everything_without_polkit() {
    let Some(machine) = machine() else { return };
    let mut dave = machine.client_with_own(DAVE);
    let helper = machine.service();
    for no_witness in [6, 7] {
        dave.ask(&Ask::Wrong(no_witness)).refusal("OtherNamespace");
    }
    calls::believes_what_is_no_more(&machine, &mut dave);
    hostile::strangers_sockets(&machine, &mut dave);
    assert_eq!(machine.service(), helper);
    machine.pair.client.ip("mptcp endpoint delete id 1");
    drop(dave);
    let mut dave = machine.client_with_own(DAVE);
    calls::changes_everything(&machine, &mut dave);
    let before = machine.state();
    let (busy, other): (u32, u32) = dave.ask(&Ask::Flood(5000, true)).get();
    assert!(
        busy > 2000 && busy + other == 5000,
        "{busy} were refused, {other} not"
    );
    assert_eq!(machine.state(), before);
    drop(dave);
    until_no_helper(&machine);
}

pub fn a_members_helper_has_one_capability_and_ends_with_them() {
    let Some(machine) = machine() else { return };
    let mut dave = machine.client_with_own(DAVE);
    dave.ask(&Ask::OpenEvents).value();
    life::has_one_capability(machine.service(), DAVE.1, &["CapEff", "CapPrm"]);
    // It was started securely, as the linker takes it (AT_SECURE, getauxval(3)).
    let auxiliary = fs::read(format!("/proc/{}/auxv", machine.service())).unwrap();
    let secure = auxiliary.chunks_exact(2 * size_of::<usize>()).any(|entry| {
        let (kind, value) = entry.split_at(size_of::<usize>());
        [kind, value]
            == [23_usize, 1]
                .map(usize::to_ne_bytes)
                .each_ref()
                .map(<[u8; _]>::as_slice)
    });
    assert!(secure);
    // The events are the kernel's, and only they.
    machine.kill_service();
    let listener = machine.pair.server.listen(socket2::Protocol::MPTCP, "10.1.0.2:0");
    dave.ask(&Ask::Connect(listener.local_addr().unwrap(), true))
        .value();
    let heard = until("events", || {
        let heard = dave.ask(&Ask::Heard).value();
        (heard != json!([])).then_some(heard)
    });
    assert_eq!(heard[0], "connection_created", "{heard}");
    let before = machine.state();
    assert_eq!(dave.ask(&Ask::ChangeOverEvents).value(), json!(nix::libc::EPERM));
    assert_eq!(machine.state(), before);
    // Whoever started it, and however that ends: it does not stay behind.
    let killed = machine.client_with_own(DAVE);
    machine.service();
    drop(killed);
    until_no_helper(&machine);
}

pub fn who_is_no_member_is_told_so() {
    let Some(mut machine) = machine() else { return };
    let before = machine.state();
    let denied = helper(&machine, MALLORY, &[], &[ON_STDIN]);
    assert!(said(&denied).contains("Permission denied"), "{denied:?}");
    let change = "limits set subflows 5";
    says(&pathscope(&machine, MALLORY, change), 3, NO_MEMBER);
    let watch = Watch::start(&machine, MALLORY);
    watch.access();
    let access = watch.access();
    assert!(
        access["why_not"].as_str().unwrap().contains(NO_MEMBER),
        "{access}"
    );
    assert_eq!(
        (&access["events"], &access["control"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(machine.state(), before);
    // Where there is a service, too, it is for everybody else; its unit wants its account in the group.
    machine.start_bus();
    says(&pathscope(&machine, ALICE, change), 0, "");
    says(&pathscope(&machine, DAVE, "limits set subflows 6"), 0, "");
    assert_eq!(machine.state().1.extra_subflows_max, 6);
    machine.kill_service();
    let mut unit = machine.run(|| {
        std::process::Command::new("setpriv")
            .args([format!("--reuid={}", ACCOUNT.1), format!("--regid={}", ACCOUNT.1)])
            .args([
                format!("--groups={},{}", ACCOUNT.1, GROUP.1),
                "--no-new-privs".to_owned(),
            ])
            .args(["--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin"])
            .args(["--bounding-set=-all,+net_admin", "--", PROGRAM])
            .spawn()
            .unwrap()
    });
    until("the service", || machine.is_served().then_some(()));
    life::has_one_capability(machine.service(), ACCOUNT.1, &["CapEff", "CapPrm", "CapBnd"]);
    let _ = unit.kill();
    let _ = unit.wait();
    // So it is for those whom a helper refuses.
    machine.shell(&format!(
        "chmod 0755 {PROGRAM}; PATH=$PATH:/usr/sbin:/sbin setcap cap_net_admin=p {PROGRAM}"
    ));
    says(&pathscope(&machine, ALICE, "limits set subflows 7"), 0, "");
    assert_eq!(machine.state().1.extra_subflows_max, 7);
}

/// The helper, started by hand, and not on a socket. What becomes another user may still start everything.
fn helper(machine: &Machine, user: (&str, u32), before: &[&str], arguments: &[&str]) -> Output {
    let before = [&["env"], before].concat();
    let mut command = machine.program(user, PROGRAM, &before);
    command.args(arguments).stdin(Stdio::null());
    command.env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent");
    machine.run(move || command.output().unwrap())
}

fn said(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn what_is_set_up_wrongly_refuses() {
    let Some(machine) = Machine::without_a_bus() else {
        return;
    };
    let before = machine.state();
    let on_stdin = |user, what: &str| {
        let text = said(&helper(&machine, user, &[], &[ON_STDIN]));
        assert!(text.contains(what) && text.lines().count() == 1, "{what}: {text}");
    };
    on_stdin(DAVE, "brings no capability: as root, run setcap cap_net_admin=p");
    on_stdin(("root", 0), "root needs no helper");
    let refusal = |what: &str| {
        says(&pathscope(&machine, DAVE, "limits set subflows 5"), 3, what);
    };
    refusal("run as root, or with CAP_NET_ADMIN");
    machine.let_the_group();
    on_stdin(DAVE, "its standard input is no socket");
    for (owner, mode, what) in [
        ("root", "0755", "may be started by everybody"),
        ("root", "0770", "may be written by others than root"),
        ("dave", "0750", "is not root's"),
    ] {
        machine.shell(&format!(
            "chown {owner} {PROGRAM}; chmod {mode} {PROGRAM}; PATH=$PATH:/usr/sbin:/sbin setcap cap_net_admin=p \
             {PROGRAM}"
        ));
        on_stdin(DAVE, what);
        refusal(what);
    }
    // With a bus of one's own, on which anybody could be polkit.
    machine.let_the_group();
    let text = said(&helper(&machine, DAVE, &[], &[]));
    assert!(
        text.contains("the service runs as root or pathscope-helper only"),
        "{text}"
    );
    let text = said(&helper(
        &machine,
        DAVE,
        &["setpriv", "--no-new-privs", "--"],
        &[ON_STDIN],
    ));
    assert!(text.contains("(no_new_privs)"), "{text}");
    // In a user namespace of one's own root's file is nobody's.
    let text = said(&helper(
        &machine,
        DAVE,
        &["unshare", "--user", "--map-current-user", "--net", "--"],
        &[ON_STDIN],
    ));
    assert!(text.contains("is not root's"), "{text}");
    // What an upgrade leaves.
    machine.shell(&format!(
        "cp {PROGRAM} {PROGRAM}.new; chgrp pathscope {PROGRAM}.new; chmod 0750 {PROGRAM}.new; mv {PROGRAM}.new {PROGRAM}"
    ));
    refusal("has lost its capability, as with an upgrade: as root, run setcap cap_net_admin=p");
    assert_eq!(machine.state(), before);
    warns_of_its_own_capability(&machine);
}

/// The program itself, with the capability, where there is a display: its window says that this is wrong.
fn warns_of_its_own_capability(machine: &Machine) {
    let access = || {
        let mut command = machine.program(MALLORY, "pathscope", &[]);
        command.args(["list", "--json"]).env("DISPLAY", ":99");
        let list = machine.run(move || command.output().unwrap());
        let list: Value = serde_json::from_slice(&list.stdout).unwrap();
        list["access"].clone()
    };
    assert_eq!(access().get("by_file"), None);
    let program = machine.folder.path().join("pathscope");
    machine.shell(&format!(
        "PATH=$PATH:/usr/sbin:/sbin setcap cap_net_admin=ep {}",
        program.display()
    ));
    let access = access();
    assert_eq!(
        (&access["by_file"], &access["control"]),
        (&json!(true), &json!(true)),
        "{access}"
    );
}

pub fn a_members_program_needs_no_polkit() {
    let Some(machine) = machine() else { return };
    for change in [
        "limits set subflows 5",
        "endpoint add 10.2.0.1 dev c2 id 3 subflow",
        "endpoint change id 3 backup",
        "set add_addr_timeout 77",
    ] {
        says(&pathscope(&machine, DAVE, change), 0, "");
    }
    let (endpoints, most, settings) = machine.state();
    assert_eq!((endpoints.len(), most.extra_subflows_max), (1, 5));
    assert!(
        settings.contains(r#""add_addr_timeout": Number(77)"#),
        "{settings}"
    );
    closes_own(&machine);
    says(&pathscope(&machine, DAVE, "endpoint remove id 3"), 0, "");
    assert_eq!(machine.state().0, []);
    says(
        &pathscope(&machine, DAVE, "endpoint remove id 3"),
        1,
        "there is no endpoint 3",
    );
    until_no_helper(&machine);
    watches(&machine);
}

/// The subflow of one's own is closed, and root's is not.
fn closes_own(machine: &Machine) {
    let mut dave = machine.client_with_own(DAVE);
    let (local, remote) = calls::second_subflow(machine, &mut dave).addresses().unwrap();
    says(
        &pathscope(machine, DAVE, &format!("close {local} {remote}")),
        0,
        "",
    );
    let (client, _server, _listener) =
        machine
            .pair
            .connection(socket2::Protocol::MPTCP, "10.1.0.2:5001", "10.1.0.2:5001");
    let (local, remote) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
    says(
        &pathscope(machine, DAVE, &format!("close {local} {remote}")),
        3,
        "belongs to another user (0)",
    );
}

fn watches(machine: &Machine) {
    let mut watch = Watch::start(machine, DAVE);
    watch.access();
    let access = watch.full_access();
    assert_eq!(access["offer"]["by_group"], json!(true), "{access}");
    let (_client, _server, _listener) =
        machine
            .pair
            .connection(socket2::Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    watch.next("the kernel's own event", |line| {
        (line["event"] == "connection_established" && line["source"] == "kernel").then_some(())
    });
    let helper = machine.service();
    // Nothing of the program's is open in it; what this test inherited itself may be.
    let inherited = open_in("self");
    for file in open_in(&helper.to_string()) {
        let own = ["/dev/null", "socket:", "pipe:", "anon_inode:"];
        let is_own = own.iter().any(|kind| file.starts_with(kind));
        assert!(is_own || inherited.contains(&file), "{file}");
    }
    assert_eq!(fs::read(format!("/proc/{helper}/environ")).unwrap(), b"");
    let folder = fs::read_link(format!("/proc/{helper}/cwd")).unwrap();
    assert_eq!(folder, std::path::Path::new("/"));
    // Dead: it is told, another takes its place, which knows nothing of the first, and nothing is left of that.
    kill(Pid::from_raw(helper), Signal::SIGKILL).unwrap();
    assert_eq!(watch.access()["control"], json!(false));
    let access = watch.access();
    assert_eq!(
        (&access["events"], &access["control"]),
        (&json!(true), &json!(true)),
        "{access}"
    );
    assert!(!fs::exists(format!("/proc/{helper}")).unwrap(), "a zombie");
    let sockets = open_in(&watch.child.id().to_string());
    for file in open_in(&machine.service().to_string()) {
        let shared = file.starts_with("socket:") && sockets.contains(&file);
        assert!(!shared || inherited.contains(&file), "{file}");
    }
    watch.ask(&limits(7));
    assert_eq!(watch.outcome()["ok"], json!(true));
    assert_eq!(machine.state().1.extra_subflows_max, 7);
    // The program is killed: the helper is gone.
    machine.service();
    watch.child.kill().unwrap();
    until_no_helper(machine);
    // Stopped: it cannot end by itself when the program does.
    let mut watch = Watch::start(machine, DAVE);
    watch.access();
    watch.access();
    kill(Pid::from_raw(machine.service()), Signal::SIGSTOP).unwrap();
    watch.input = None;
    assert!(watch.child.wait().unwrap().success());
    until_no_helper(machine);
}

/// The names of what is open in a process.
fn open_in(process: &str) -> Vec<String> {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .map(|file| file.to_string_lossy().into_owned())
        .collect()
}
