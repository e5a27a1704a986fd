//! A machine to try the service on: its own network and mounts, the real dbus-daemon and polkitd, and a few users.
//!
//! Nothing of the real machine is touched: every file that differs lies in a temporary folder and is mounted over the
//! real one in namespaces that end with the test. The bus starts polkit and the service when they are first called, as
//! on a machine without systemd.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pathscope::kernel::PathManager;
use pathscope::model::{Endpoint, Limits};

use super::client::Client;
use super::common::pathscope_helper;
use super::hosts::{Pair, cannot_run, until};

/// Who polkit lets do everything.
pub const ALICE: (&str, u32) = ("alice", 61001);
/// Whom polkit lets do nothing.
pub const MALLORY: (&str, u32) = ("mallory", 61002);
/// Who must authenticate as an administrator.
pub const BOB: (&str, u32) = ("bob", 61003);
/// The administrator.
pub const CAROL: (&str, u32) = ("carol", 61004);
/// A member of the group that may start the helper, where there is one, whom polkit lets do nothing.
pub const DAVE: (&str, u32) = ("dave", 61005);
/// That group.
pub const GROUP: (&str, u32) = ("pathscope", 61200);
/// The service's account.
pub const ACCOUNT: (&str, u32) = ("pathscope-helper", 61100);
/// The administrator's password, and what /etc/shadow holds of it (sha512crypt).
pub const PASSWORD: &str = "right horse";
const HASH: &str =
    "$6$pathscope$VdBSlqu9DEKjRXBKFz5srG3ixgnvT9YFl2.daa0zOWrgNkGi88SEPK8DeGoG/9IV71qqGvC8WFUdUreeBECqE0";

const RULES: &str = r#"
polkit.addRule(function(action, subject) {
    if (action.id.indexOf("org.pathscope.") != 0) return polkit.Result.NOT_HANDLED;
    if (subject.user == "alice") return polkit.Result.YES;
    if (subject.user == "mallory" || subject.user == "dave") return polkit.Result.NO;
    return polkit.Result.NOT_HANDLED;
});
"#;

pub struct Machine {
    /// The client's side is the machine; both have two links.
    pub pair: Pair,
    /// What is mounted over the real files, and a place that every user may read.
    pub folder: tempfile::TempDir,
    bus: Option<Child>,
}

impl Machine {
    /// `None`, loudly, where it cannot be made; with CI=true that is a failure. The service ends after so many seconds
    /// without calls.
    pub fn start(stay: u32) -> Option<Self> {
        Self::start_with(&format!("--stay {stay}"))
    }

    /// The same, with these arguments for the service.
    pub fn start_with(arguments: &str) -> Option<Self> {
        let mut machine = Self::made(arguments)?;
        machine.start_bus();
        Some(machine)
    }

    /// The same, before the bus is started, where files can be given a capability.
    pub fn without_a_bus() -> Option<Self> {
        let found = Command::new("sh")
            .args(["-c", "PATH=$PATH:/usr/sbin:/sbin command -v setcap"])
            .output();
        if !found.is_ok_and(|output| output.status.success()) {
            cannot_run("there is no setcap: install libcap2-bin");
            return None;
        }
        Self::made("--stay 60")
    }

    fn made(arguments: &str) -> Option<Self> {
        for (program, package) in [
            ("/usr/bin/dbus-daemon", "dbus"),
            ("/usr/lib/polkit-1/polkitd", "polkitd"),
        ] {
            if !Path::new(program).exists() {
                cannot_run(&format!("there is no {program}: install {package}"));
                return None;
            }
        }
        let pair = Pair::new()?;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
        // A normal user may not read the folder that these were built in.
        for (name, program) in [
            ("client", std::env::current_exe().expect("this program")),
            ("pathscope", PathBuf::from(env!("CARGO_BIN_EXE_pathscope"))),
        ] {
            fs::copy(program, path.join(name)).expect("a copy");
        }
        let arguments = arguments.to_owned();
        pair.client.run(move || set_up(&path, &arguments));
        Some(Self {
            pair,
            folder,
            bus: None,
        })
    }

    pub fn start_bus(&mut self) {
        self.bus = Some(self.run(|| {
            let mut bus = Command::new("dbus-daemon");
            bus.args(["--system", "--nofork", "--nopidfile"])
                .stdin(Stdio::null());
            bus.spawn().expect("dbus-daemon")
        }));
        until("the bus", || {
            self.run(|| Path::new("/run/dbus/system_bus_socket").exists())
                .then_some(())
        });
    }

    /// Lets a group start the helper with its capability, as the manual page says.
    pub fn let_the_group(&self) {
        self.shell("chown root:pathscope /usr/libexec/pathscope-helper");
        self.shell("chmod 0750 /usr/libexec/pathscope-helper");
        self.shell("PATH=$PATH:/usr/sbin:/sbin setcap cap_net_admin=p /usr/libexec/pathscope-helper");
    }

    /// Runs a line of shell as root on the machine, which must succeed.
    pub fn shell(&self, script: &str) {
        let script = script.to_owned();
        self.run(move || shell(&script));
    }

    /// Runs something as root on the machine.
    pub fn run<R: Send + 'static>(&self, job: impl FnOnce() -> R + Send + 'static) -> R {
        self.pair.client.run(job)
    }

    /// A program of a user on the machine, from the folder.
    pub fn program(&self, user: (&str, u32), name: &str, before: &[&str]) -> Command {
        let (_, uid) = user;
        let groups = if user == DAVE {
            format!("--groups={uid},{}", GROUP.1)
        } else {
            "--clear-groups".to_owned()
        };
        let mut command = Command::new("setpriv");
        command
            .args([format!("--reuid={uid}"), format!("--regid={uid}"), groups])
            .args(["--inh-caps=-all", "--"])
            .args(before)
            .arg(self.folder.path().join(name))
            .current_dir("/");
        command
    }

    /// A client of the bus that runs as a user.
    pub fn client(&self, user: (&str, u32)) -> Client {
        let command = self.program(user, "client", &[]);
        self.run(move || Client::start(command))
    }

    /// A client of a helper that it starts itself.
    pub fn client_with_own(&self, user: (&str, u32)) -> Client {
        let command = self.program(user, "client", &[]);
        self.run(move || Client::start_with_own(command))
    }

    /// What the kernel holds that calls could change.
    pub fn state(&self) -> (Vec<Endpoint>, Limits, String) {
        self.run(|| {
            let mut path_manager = PathManager::new().expect("the path manager");
            let settings = pathscope::kernel::settings().expect("settings");
            let endpoints = path_manager.endpoints().expect("endpoints");
            (
                endpoints,
                path_manager.limits().expect("limits"),
                format!("{settings:?}"),
            )
        })
    }

    /// The machine's processes of that name.
    pub fn processes(&self, name: &'static str) -> Vec<i32> {
        let mounts = self.run(mount_namespace);
        processes(&mounts)
            .into_iter()
            .filter(|pid| {
                let program = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let program = program.split('\0').next().unwrap_or_default();
                Path::new(program).file_name().is_some_and(|file| file == name)
            })
            .collect()
    }

    /// The helper's process, which must be there.
    pub fn service(&self) -> i32 {
        until("the service's process", || {
            self.processes("pathscope-helper").first().copied()
        })
    }

    pub fn bus_pid(&self) -> u32 {
        self.bus.as_ref().expect("the bus").id()
    }

    /// Has the bus read its files again.
    pub fn reload_bus(&self) {
        self.run(|| {
            shell(
                "dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ReloadConfig \
                 > /dev/null",
            );
        });
    }

    /// Whether the bus knows a running service.
    pub fn is_served(&self) -> bool {
        let ask = "dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
                   org.freedesktop.DBus.NameHasOwner string:org.pathscope.Helper | grep -q 'boolean true'";
        self.run(|| Command::new("sh").args(["-c", ask]).status().unwrap().success())
    }

    /// Ends the service as a crash would.
    pub fn kill_service(&self) {
        for pid in self.processes("pathscope-helper") {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        // The bus notices a little later than the kernel.
        until("the bus to miss it", || {
            (self.bus.is_none() || !self.is_served()).then_some(())
        });
        until("the service's end", || {
            self.processes("pathscope-helper").is_empty().then_some(())
        });
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let mounts = self.run(mount_namespace);
        for pid in processes(&mounts) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        if let Some(bus) = &mut self.bus {
            let _ = bus.wait();
        }
    }
}

fn mount_namespace() -> PathBuf {
    fs::read_link("/proc/thread-self/ns/mnt").expect("a mount namespace")
}

/// The processes in a mount namespace, all of which were started by this test.
fn processes(mounts: &Path) -> BTreeSet<i32> {
    let all = fs::read_dir("/proc").expect("/proc");
    all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| fs::read_link(format!("/proc/{pid}/ns/mnt")).is_ok_and(|there| there == mounts))
        .collect()
}

fn set_up(folder: &Path, arguments: &str) {
    unshare(CloneFlags::CLONE_NEWNS).expect("mounts of its own");
    shell("mount --make-rprivate / && mount -t tmpfs -o mode=755 run /run && mkdir -m 755 /run/dbus");
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let activation = fs::read_to_string(packaging.join("org.pathscope.Helper.service"))
        .expect("the service's file")
        .replace(
            "/usr/libexec/pathscope-helper",
            &format!("/usr/libexec/pathscope-helper {arguments}"),
        );
    fs::write(folder.join("activation"), activation).expect("a file");
    let bus = over(folder, "/usr/share/dbus-1");
    copy(
        &folder.join("activation"),
        &bus.join("system-services/org.pathscope.Helper.service"),
    );
    copy(
        &packaging.join("org.pathscope.Helper.conf"),
        &bus.join("system.d/org.pathscope.Helper.conf"),
    );
    let polkit = over(folder, "/usr/share/polkit-1");
    copy(
        &packaging.join("org.pathscope.policy"),
        &polkit.join("actions/org.pathscope.policy"),
    );
    let rules = over(folder, "/etc/polkit-1");
    fs::write(rules.join("rules.d/10-test.rules"), RULES).expect("rules");
    let programs = folder.join("libexec");
    fs::create_dir(&programs).expect("a folder");
    copy(&pathscope_helper(), &programs.join("pathscope-helper"));
    shell(&format!("mount --bind {} /usr/libexec", programs.display()));
    accounts(folder);
}

/// A copy of a folder of the machine, mounted over it.
fn over(folder: &Path, real: &str) -> PathBuf {
    let copy = folder.join(real.trim_start_matches('/').replace('/', "-"));
    shell(&format!(
        "cp -a {real} {0} && mount --bind {0} {real}",
        copy.display()
    ));
    copy
}

fn accounts(folder: &Path) {
    let users = [ALICE, MALLORY, BOB, CAROL, DAVE, ACCOUNT];
    let with = |file: &str, lines: String| {
        let kept = fs::read_to_string(file).expect(file);
        let ours = ["sudo:", "pathscope:"];
        let kept = kept
            .lines()
            .filter(|line| !ours.iter().any(|group| line.starts_with(group)));
        let kept = kept.fold(String::new(), |text, line| text + line + "\n");
        let copy = folder.join(file.replace('/', "-"));
        fs::write(&copy, kept + &lines).expect("a file");
        let real = fs::metadata(file).expect(file);
        std::os::unix::fs::chown(&copy, Some(real.uid()), Some(real.gid())).expect("an owner");
        fs::set_permissions(&copy, real.permissions()).expect("permissions");
        shell(&format!("mount --bind {} {file}", copy.display()));
    };
    let each = |line: fn(&str, u32) -> String| users.map(|(name, uid)| line(name, uid)).concat();
    with(
        "/etc/passwd",
        each(|name, uid| format!("{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n")),
    );
    with(
        "/etc/group",
        each(|name, gid| format!("{name}:x:{gid}:\n"))
            + &format!("{}:x:{}:dave\nsudo:x:27:carol\n", GROUP.0, GROUP.1),
    );
    with(
        "/etc/shadow",
        each(|name, _| {
            let hash = if name == CAROL.0 { HASH } else { "*" };
            format!("{name}:{hash}:20000:0:99999:7:::\n")
        }),
    );
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap_or_else(|why| panic!("{} to {}: {why}", from.display(), to.display()));
}

fn shell(script: &str) {
    let status = Command::new("sh").args(["-ec", script]).status().expect("sh");
    assert!(status.success(), "{script}");
}
