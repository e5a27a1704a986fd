//! Endpoints that NetworkManager owns, against the real one: on a machine of its own, with its own system bus. The test
//! runs itself there once more, since NetworkManager talks only to processes that it can see.
#![cfg(feature = "gui")]
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;
mod machine;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use common::{can_make_namespaces, did_not_run, wait_for};
use machine::Machine;
use pathscope::desktop::{MptcpFlags, NetworkManager, Profile, Settings};
use pathscope::model::{Endpoint, EndpointFlags};

const LIMIT: Duration = Duration::from_mins(1);
const DEVICE: &str = "wired0";
const NAME: &str = "HomeNet";
const FILE: &str = "/etc/NetworkManager/system-connections/HomeNet.nmconnection";
/// Where the program is on the machine; only there.
const PROGRAM: &str = "PATHSCOPE_ON_THE_MACHINE";

#[test]
fn what_is_written_to_the_owner_lasts_and_nothing_else_does() {
    let test = "endpoints of the real NetworkManager";
    if !can_make_namespaces(test) {
        return;
    }
    for program in ["NetworkManager", "nmcli", "dbus-daemon"] {
        let found = Command::new("sh")
            .args(["-c", &format!("PATH=$PATH:/usr/sbin command -v {program}")])
            .output();
        if !found.is_ok_and(|output| output.status.success()) {
            did_not_run(test, &format!("{program} is not installed"));
            return;
        }
    }
    let machine = Machine::start();
    let program = machine.put(&common::pathscope(), "pathscope");
    let itself = machine.put(&std::env::current_exe().expect("itself"), "test");
    let output = machine
        .command(&[&itself, "--ignored", "--exact", "on_the_machine", "--nocapture"])
        .env(PROGRAM, program)
        .output()
        .expect("nsenter from util-linux");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success() && out.contains("1 passed"),
        "on the machine:\n{out}{err}"
    );
}

#[test]
#[ignore = "the other test runs it on a machine of its own"]
fn on_the_machine() {
    let program = PathBuf::from(std::env::var_os(PROGRAM).expect("only on a machine that is made for it"));
    let managed = Managed::start(program);
    let settings = Settings::system().expect("the machine's bus");

    // The default: an endpoint for subflows, bound to the device, that is seen to be its own.
    let made = managed.endpoints("its endpoint", has_flags(EndpointFlags::SUBFLOW));
    let profile = profile_in_force(&settings);
    assert_eq!((profile.device.as_str(), profile.flags), (DEVICE, MptcpFlags(0)));
    assert!(profile.owns(&made[0]), "{:?}", made[0]);

    // What is changed in the kernel alone is gone with the next reconnection.
    let backup = EndpointFlags::SUBFLOW.with(EndpointFlags::BACKUP);
    shell(&format!("ip mptcp endpoint change id {} backup", made[0].id));
    managed.endpoints("a change in the kernel", has_flags(backup));
    reconnect();
    managed.endpoints("its own flags again", has_flags(EndpointFlags::SUBFLOW));

    // What is written to the connection, as the window does, is there afterwards, and in its file; the rest of it stays.
    let wanted = profile.flags.with_endpoints(backup).expect("flags that it knows");
    let (wake, woken) = mpsc::channel();
    let window = NetworkManager::open(move || {
        let _ = wake.send(());
    });
    window.write(profile.clone(), wanted);
    woken.recv_timeout(LIMIT).expect("an answer");
    assert_eq!(window.failure(), None);
    assert!(
        window
            .profiles()
            .iter()
            .any(|now| now.name == NAME && now.flags == wanted)
    );
    let file = shell(&format!("cat {FILE}"));
    assert!(file.contains("mptcp-flags=98\n"), "{file}");
    // Newer ones write the gateway on a line of its own.
    assert!(
        file.contains("address1=10.77.0.2/24,10.77.0.1\n")
            || file.contains("address1=10.77.0.2/24\ngateway=10.77.0.1\n"),
        "{file}"
    );
    reconnect();
    managed.endpoints("the flags that were written", has_flags(backup));

    // Without an endpoint: disabled.
    settings.write(&profile, MptcpFlags::DISABLED).expect("written");
    reconnect();
    managed.endpoints("no endpoint", <[Endpoint]>::is_empty);
    assert!(!profile_in_force(&settings).owns(&made[0]));

    // A secret stays, though the program never sees it.
    shell(&format!(
        "nmcli connection modify {NAME} 802-1x.eap md5 802-1x.identity me 802-1x.password hidden"
    ));
    settings.write(&profile, wanted).expect("written");
    let file = shell(&format!("cat {FILE}"));
    assert!(
        file.contains("password=hidden\n") && file.contains("mptcp-flags=98\n"),
        "{file}"
    );

    // A connection that is gone: the window is told why.
    shell(&format!("nmcli connection delete {NAME}"));
    window.write(profile, wanted);
    woken.recv_timeout(LIMIT).expect("an answer");
    let failure = window.failure().expect("a reason");
    assert!(
        failure.starts_with("HomeNet: NetworkManager did not take it: "),
        "{failure}"
    );
}

/// NetworkManager on this machine, with one connection in force.
struct Managed {
    program: PathBuf,
    manager: Child,
}

impl Managed {
    fn start(program: PathBuf) -> Self {
        shell("mkdir -p /run/dbus && dbus-daemon --system --nopidfile --fork");
        // It leaves the far end alone, and makes no connection by itself.
        shell(
            "printf '[main]\\nno-auto-default=*\\n[keyfile]\\nunmanaged-devices=interface-name:far0\\n' \
             >/etc/NetworkManager/conf.d/pathscope.conf",
        );
        shell(&format!(
            "ip link add {DEVICE} type veth peer far0 && ip link set {DEVICE} up && ip link set far0 up"
        ));
        let manager = Command::new("/usr/sbin/NetworkManager")
            .arg("--no-daemon")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("NetworkManager");
        let managed = Self { program, manager };
        wait_for("NetworkManager", LIMIT, || {
            let there = Command::new("nmcli").args(["general", "status"]).output();
            there.is_ok_and(|output| output.status.success()).then_some(())
        });
        shell(&format!(
            "nmcli connection add type ethernet ifname {DEVICE} con-name {NAME} autoconnect no \
             ip4 10.77.0.2/24 gw4 10.77.0.1 ipv6.method disabled"
        ));
        reconnect();
        managed
    }

    /// What the program shows of the kernel, once it is so.
    fn endpoints(&self, what: &str, is_so: impl Fn(&[Endpoint]) -> bool) -> Vec<Endpoint> {
        wait_for(what, LIMIT, || {
            let shown = Command::new(&self.program).args(["endpoints", "--json"]).output();
            let json: serde_json::Value =
                serde_json::from_slice(&shown.expect("pathscope").stdout).expect("JSON");
            let endpoints: Vec<Endpoint> =
                serde_json::from_value(json["endpoints"].clone()).expect("endpoints");
            is_so(&endpoints).then_some(endpoints)
        })
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        let _ = self.manager.kill();
        let _ = self.manager.wait();
    }
}

fn reconnect() {
    shell(&format!("nmcli connection up {NAME}"));
}

fn profile_in_force(settings: &Settings) -> Profile {
    let profiles = settings.profiles().expect("profiles");
    let ours = profiles.iter().find(|profile| profile.name == NAME);
    ours.unwrap_or_else(|| panic!("not in force: {profiles:?}"))
        .clone()
}

/// What a shell's line prints; it must succeed.
fn shell(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().expect("a shell");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn has_flags(flags: EndpointFlags) -> impl Fn(&[Endpoint]) -> bool {
    move |endpoints| endpoints.len() == 1 && endpoints[0].flags == flags
}
