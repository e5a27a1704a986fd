//! A machine to install on: this one's file system under an overlay in memory, in namespaces of its own. It goes with
//! the test, and this machine never sees it.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// What differs after a package was there, whichever package it was.
const EXPLAINED: [(&str, &str); 10] = [
    (
        "var/lib/dpkg",
        "dpkg's own books; whether the package is in them is asked",
    ),
    ("var/log", "logs say what was done"),
    (
        "var/cache",
        "the caches of manual pages, icons and the like are made anew",
    ),
    (
        "etc/passwd-",
        "the tools keep the accounts from before their last change",
    ),
    ("etc/group-", "the same"),
    ("etc/shadow-", "the same"),
    ("etc/gshadow-", "the same"),
    ("etc/.pwd.lock", "the lock of the files with accounts"),
    (
        "usr/share/applications/mimeinfo.cache",
        "made anew whenever a desktop entry comes or goes",
    ),
    (
        "usr/share/mime",
        "the desktop's list of types is made anew whenever one comes or goes",
    ),
];

const SET_UP: &str = r#"
set -eu
cd "$1"
mount -t tmpfs tmpfs .
cd "$1"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root
mount -t proc proc root/proc
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/tmp
mount -t sysfs -o ro sysfs root/sys
ip link set lo up
echo ready
# What ends without a parent is gone then, and no zombie.
exec env --ignore-signal=CHLD cat
"#;

/// The machine; it ends with its value.
pub struct Machine {
    folder: TempDir,
    holder: Child,
}

impl Machine {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut holder = Command::new("unshare")
            .args([
                "--mount",
                "--pid",
                "--net",
                "--ipc",
                "--uts",
                "--fork",
                "--kill-child",
            ])
            .args(["--propagation", "private", "sh", "-c", SET_UP, "sh"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare from util-linux");
        let mut line = String::new();
        let said = holder.stdout.as_mut().expect("a pipe");
        BufReader::new(said).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n", "the overlay could not be made");
        Self { folder, holder }
    }

    /// A command on the machine, as its root.
    pub fn command(&self, words: &[&str]) -> Command {
        let of = |name: &str| format!("/proc/{}/ns/{name}", self.holder.id());
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--mount={}", of("mnt")))
            .arg(format!("--net={}", of("net")))
            .arg(format!("--ipc={}", of("ipc")))
            .arg(format!("--uts={}", of("uts")))
            .arg(format!("--pid={}", of("pid_for_children")))
            .arg("chroot")
            .arg(self.folder.path().join("root"))
            .args(words)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .current_dir("/");
        command
    }

    /// What a command on the machine prints; it must succeed.
    pub fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().expect("nsenter from util-linux");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(
            output.status.success(),
            "{words:?}: {}\n{out}{err}",
            output.status
        );
        out
    }

    /// Where the machine's files are, seen from outside.
    fn seen(&self, path: &str) -> PathBuf {
        let inside = self.folder.path().strip_prefix("/").expect("an absolute path");
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(inside).join(path)
    }

    /// A copy of a file, in the machine's memory; its path there.
    pub fn put(&self, file: &Path, name: &str) -> String {
        fs::copy(file, self.seen("root/tmp").join(name)).expect("a copy");
        format!("/tmp/{name}")
    }

    /// A package from before the test would stand in the way.
    pub fn purge_quietly(&self) {
        let purged = self.command(&["dpkg", "-P", "pathscope"]).output();
        assert!(
            purged.is_ok_and(|output| output.status.success()),
            "dpkg -P pathscope"
        );
    }

    /// The same package under a later version.
    pub fn newer(&self, package: &str) -> String {
        let make = "cd /tmp && dpkg-deb -R \"$1\" newer && sed -i 's/^Version: .*/Version: 9.9-1/' newer/DEBIAN/control \
                    && dpkg-deb --root-owner-group -Znone -b newer newer.deb";
        self.run(&["sh", "-c", make, "sh", package]);
        "/tmp/newer.deb".to_owned()
    }

    /// How the machine's files differ from this one's, a line each; none when nothing but what is explained does.
    pub fn left_behind(&self) -> Vec<String> {
        let mut left = Vec::new();
        compare(&self.seen("upper"), Path::new(""), &mut left);
        let known = self.command(&["dpkg-query", "--status", "pathscope"]).output();
        if known.is_ok_and(|output| output.status.success()) {
            left.push("dpkg still knows the package".to_owned());
        }
        left
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn compare(upper: &Path, path: &Path, left: &mut Vec<String>) {
    if EXPLAINED.iter().any(|(prefix, _)| path.starts_with(prefix)) {
        let name = path.to_string_lossy();
        if name.contains("pathscope") {
            left.push(format!("{name} names the package"));
        }
        if !upper.join(path).is_dir() {
            return;
        }
    }
    let explained = EXPLAINED.iter().any(|(prefix, _)| path.starts_with(prefix));
    let here = upper.join(path);
    let (new, old) = (
        fs::symlink_metadata(&here).expect("a file"),
        fs::symlink_metadata(Path::new("/").join(path)),
    );
    let name = path.display();
    match old {
        _ if explained && !new.is_dir() => {}
        Err(_) if new.file_type().is_char_device() => {}
        Err(_) if !explained => left.push(format!("{name} is new")),
        Ok(_) if new.file_type().is_char_device() && new.rdev() == 0 => left.push(format!("{name} is gone")),
        Ok(old) if (old.mode(), old.uid(), old.gid()) != (new.mode(), new.uid(), new.gid()) => {
            left.push(format!("{name} has another mode or owner"));
        }
        Ok(_) if new.is_file() => {
            let same = fs::read(&here).ok() == fs::read(Path::new("/").join(path)).ok();
            if !same {
                left.push(format!("{name} has other contents"));
            }
        }
        _ => {}
    }
    if new.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(&here)
            .expect("a folder")
            .map(|entry| path.join(entry.expect("an entry").file_name()))
            .collect();
        entries.sort();
        for entry in entries {
            compare(upper, &entry, left);
        }
    }
}
