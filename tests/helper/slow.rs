//! A helper and a polkit that take long to start, as on a busy machine.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use pathscope::bus::PROGRAM;

use super::machine::{ALICE, DAVE, Machine};
use super::program::{Watch, limits, pathscope, says};

/// Longer than an answer may take.
const STARTS_AFTER: Duration = Duration::from_secs(6);
/// The helper itself, whose place this program takes.
const HELPER: &str = "/usr/libexec/pathscope-helper.real";

/// This program in the helper's place: it becomes the helper after a while. `None` elsewhere.
pub fn main() -> Option<std::io::Error> {
    let mut arguments = std::env::args();
    if arguments.next()? != PROGRAM {
        return None;
    }
    std::thread::sleep(STARTS_AFTER);
    Some(Command::new(HELPER).arg0(PROGRAM).args(arguments).exec())
}

pub fn a_slow_start_is_no_silence() {
    let Some(mut machine) = Machine::without_a_bus() else {
        return;
    };
    machine.let_the_group();
    machine.shell(&format!("mv {PROGRAM} {HELPER}"));
    let client = machine.folder.path().join("client");
    machine.shell(&format!("cp {} {PROGRAM}", client.display()));
    machine.let_the_group();
    // What moves keeps its capability; what is given an owner does not.
    machine.shell(&format!(
        "PATH=$PATH:/usr/sbin:/sbin getcap {HELPER} | grep -q cap_net_admin=p"
    ));
    says(&pathscope(&machine, DAVE, "limits set subflows 5"), 0, "");
    let polkit = "/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service";
    let slowly = format!("sleep {}; exec", STARTS_AFTER.as_secs());
    machine.shell(&format!(
        "sed -i 's|^Exec=\\(.*\\)|Exec=/bin/sh -c \"{slowly} \\1\"|' {polkit} && grep -q '{slowly}' {polkit}"
    ));
    machine.start_bus();
    says(&pathscope(&machine, ALICE, "limits set subflows 6"), 0, "");
    assert_eq!(machine.state().1.extra_subflows_max, 6);
    // Who listens to the stream is told nothing else meanwhile.
    machine.kill_service();
    let mut watch = Watch::start(&machine, ALICE);
    watch.access();
    watch.full_access();
    watch.ask(&limits(7));
    assert_eq!(watch.outcome()["ok"], serde_json::json!(true));
}
