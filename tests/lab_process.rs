//! The laboratory of a process that is killed, and of a process that is nobody's root. The program is the test, the
//! process that holds the laboratory, and the laboratory's own processes, so that it needs no other.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};
use pathscope::lab::{self, Lab, LabError};

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);
/// The argument that makes this program hold a laboratory.
const HOLD: &str = "hold";
/// What it says when the system does not allow one.
const FORBIDDEN: &str = "forbidden";

const TESTS: [(&str, fn()); 2] = [
    (
        "nothing_survives_a_killed_parent",
        nothing_survives_a_killed_parent,
    ),
    ("a_normal_user_has_a_laboratory", a_normal_user_has_a_laboratory),
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some(lab::HOST_ARGUMENT) => return lab::host_main(),
        Some(lab::APP_ARGUMENT) => return lab::app_main(words),
        Some(HOLD) => return hold(),
        Some("--list") => {
            for (name, _) in TESTS {
                println!("{name}: test");
            }
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let wanted: Vec<_> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, test) in TESTS {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
    ExitCode::SUCCESS
}

/// Builds a laboratory as `pathscope demo` does, says what it sees in it, and keeps it until standard input ends.
fn hold() -> ExitCode {
    let scenario = lab::scenario("handover").expect("a scenario");
    let lab = match lab::become_able().and_then(|()| Lab::start(scenario, &lab::Options::default())) {
        Ok(lab) => lab,
        Err(LabError::Forbidden(why)) => {
            println!("{FORBIDDEN} {why}");
            return ExitCode::FAILURE;
        }
        Err(error) => panic!("{error}"),
    };
    let netns = lab.netns();
    let seen = thread::spawn(move || {
        setns(
            File::open(netns).expect("the namespace"),
            CloneFlags::CLONE_NEWNET,
        )
        .expect("to enter it");
        let output = Command::new("ss").args(["-MnHp"]).output().expect("ss");
        // Changing what is in it is allowed too.
        let changed = Command::new("ip")
            .args(["mptcp", "limits", "set", "subflows", "7"])
            .status()
            .expect("ip");
        assert!(changed.success());
        String::from_utf8_lossy(&output.stdout).lines().count()
    });
    println!("{} {}", lab.pid(), seen.join().expect("a look inside"));
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    ExitCode::SUCCESS
}

/// A process that holds a laboratory.
struct Holder {
    child: Child,
    said: Vec<String>,
}

impl Holder {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut said = String::new();
        let output = child.stdout.as_mut().expect("its output");
        BufReader::new(output).read_line(&mut said).expect("a line");
        let said = said.split_whitespace().map(str::to_owned).collect();
        Self { child, said }
    }

    fn host(&self) -> u32 {
        self.said.first().expect("a word").parse().expect("a process id")
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processes of a laboratory, and the inodes of their network namespaces.
fn inhabitants(host: u32) -> (BTreeSet<PathBuf>, BTreeSet<u64>) {
    let children = fs::read_to_string(format!("/proc/{host}/task/{host}/children")).expect("children");
    let ids = children
        .split_whitespace()
        .map(str::to_owned)
        .chain([host.to_string()]);
    let processes = ids.map(|id| Path::new("/proc").join(id)).collect();
    let namespaces = namespaces_of(&PathBuf::from(format!("/proc/{host}")))
        .into_iter()
        .collect();
    (processes, namespaces)
}

fn namespaces_of(process: &Path) -> Vec<u64> {
    let tasks = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| Some(fs::metadata(task.path().join("ns/net")).ok()?.ino()))
        .collect()
}

fn namespaces_in_use() -> BTreeSet<u64> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let processes = entries.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok());
    processes.flat_map(|entry| namespaces_of(&entry.path())).collect()
}

/// The interfaces of this machine.
fn interfaces() -> BTreeSet<std::ffi::OsString> {
    let names = fs::read_dir("/sys/class/net").expect("interfaces");
    names.map(|entry| entry.expect("an entry").file_name()).collect()
}

fn wait_for(what: &str, mut ask: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !ask() {
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// What cannot run here says so, and fails where it must not be missing.
fn skip(test: &str, why: &str) {
    let notice = format!("DID NOT RUN: {test}: {why}");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{notice}");
    eprintln!("\n*** {notice} ***\n");
}

fn nothing_survives_a_killed_parent() {
    let outside = interfaces();
    let mut holder = Holder::start(Command::new("/proc/self/exe").arg(HOLD));
    if holder.said.first().is_some_and(|word| word == FORBIDDEN) {
        return skip("the laboratory of a killed parent", &holder.said.join(" "));
    }
    let own = fs::metadata("/proc/self/ns/net").expect("a namespace").ino();
    let (processes, mut namespaces) = inhabitants(holder.host());
    // The laptop's, the server's, and the one between them; a thread may still be in ours for a moment.
    namespaces.remove(&own);
    assert_eq!(namespaces.len(), 3, "{namespaces:?}");
    assert_eq!(processes.len(), 4, "{processes:?}");
    assert_eq!(interfaces(), outside, "no link leads out of it");
    holder.child.kill().expect("SIGKILL");
    holder.child.wait().expect("its end");
    wait_for("every process to go", || {
        processes.iter().all(|process| !process.exists())
    });
    assert!(namespaces_in_use().is_disjoint(&namespaces));
}

fn a_normal_user_has_a_laboratory() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    let program = folder.path().join("holder");
    fs::copy("/proc/self/exe", &program).expect("a copy");
    let mut command = if nix::unistd::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--inh-caps=-all",
                "--",
            ])
            .arg(&program);
        command
    } else {
        Command::new(&program)
    };
    let mut holder = Holder::start(command.arg(HOLD));
    if holder.said.first().is_some_and(|word| word == FORBIDDEN) {
        return skip("the laboratory of a normal user", &holder.said.join(" "));
    }
    assert_eq!(
        holder.said.get(1).map(String::as_str),
        Some("3"),
        "{:?}",
        holder.said
    );
    let (processes, namespaces) = inhabitants(holder.host());
    assert_eq!(processes.len(), 4, "{processes:?}");
    // Its user namespace knows the user alone.
    let host = format!("/proc/{}", holder.host());
    let known = fs::read_to_string(format!("{host}/uid_map")).expect("a map");
    let known: Vec<&str> = known.split_whitespace().skip(1).collect();
    let owner = fs::metadata(format!("/proc/{}", holder.child.id()))
        .expect("a process")
        .uid();
    assert_eq!(known, [owner.to_string().as_str(), "1"]);
    // The end of its standard input is the friendly way.
    drop(holder.child.stdin.take());
    assert!(holder.child.wait().expect("its end").success());
    wait_for("every process to go", || {
        processes.iter().all(|process| !process.exists())
    });
    let own = fs::metadata("/proc/self/ns/net").expect("a namespace").ino();
    assert!(
        namespaces_in_use()
            .intersection(&namespaces)
            .all(|inode| *inode == own)
    );
}
