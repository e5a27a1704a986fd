//! The packages: what is in them, what others say about them, and that a real dpkg leaves nothing of them behind. The
//! programs in them are those that this test was built with, stripped, so that no release build is needed.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

mod common;
mod machine;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use common::tools::{printed, project, run, text};
use common::{can_make_namespaces, did_not_run, wait_for};
use machine::Machine;

/// Programs that are meant to be run; nothing else in a package is executable.
const PROGRAMS: [&str; 2] = ["/usr/bin/pathscope", "/usr/libexec/pathscope-helper"];
/// What a desktop, the bus, polkit, systemd and a shell look for.
const FOUND_BY_OTHERS: [&str; 15] = [
    "/usr/lib/systemd/system/pathscope-helper.service",
    "/usr/lib/systemd/user/pathscope-record.service",
    "/usr/lib/sysusers.d/pathscope.conf",
    "/usr/share/applications/org.pathscope.Pathscope.desktop",
    "/usr/share/applications/org.pathscope.Replay.desktop",
    "/usr/share/bash-completion/completions/pathscope",
    "/usr/share/dbus-1/system-services/org.pathscope.Helper.service",
    "/usr/share/dbus-1/system.d/org.pathscope.Helper.conf",
    "/usr/share/icons/hicolor/scalable/apps/org.pathscope.Pathscope.svg",
    "/usr/share/man/man1/pathscope-watch.1.gz",
    "/usr/share/man/man8/pathscope-helper.8.gz",
    "/usr/share/metainfo/org.pathscope.Pathscope.metainfo.xml",
    "/usr/share/mime/packages/org.pathscope.Pathscope.xml",
    "/usr/share/pathscope/recordings/handover.pathscope",
    "/usr/share/polkit-1/actions/org.pathscope.policy",
];
/// What systemd's own review may give the unit at most.
const MOST_EXPOSED: f64 = 1.2;

/// Whether a program is here; where not, says which test did not run.
fn has(test: &str, program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        did_not_run(test, &format!("{program} is not installed"));
    }
    found
}

/// The .deb and the .rpm, made once for all tests.
fn packages() -> &'static [PathBuf; 2] {
    static PACKAGES: OnceLock<[PathBuf; 2]> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let binaries = common::pathscope_helper();
        let binaries = binaries
            .parent()
            .expect("a folder")
            .to_string_lossy()
            .into_owned();
        let build = project("packaging/build").to_string_lossy().into_owned();
        printed(&build, &["--fast", "--binaries", &binaries, "deb", "rpm"]);
        ["deb", "rpm"].map(|kind| {
            let made = fs::read_dir(project("target/packages")).expect("packages");
            made.map(|entry| entry.expect("an entry").path())
                .find(|path| path.extension().is_some_and(|extension| extension == kind))
                .expect("a package")
        })
    })
}

fn deb() -> String {
    packages()[0].to_string_lossy().into_owned()
}

/// Mode, owner and path of each file in the .deb; no directories.
fn in_deb() -> Vec<(String, String, String)> {
    let listing = printed("dpkg-deb", &["--contents", &deb()]);
    let files = listing.lines().filter(|line| !line.starts_with('d'));
    files
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let path = words[5].trim_start_matches('.');
            (words[0].to_owned(), words[1].to_owned(), path.to_owned())
        })
        .collect()
}

#[test]
fn the_deb_holds_two_programs_and_what_others_look_for() {
    if !has("the .deb's contents", "dpkg-deb") {
        return;
    }
    let files = in_deb();
    for (mode, owner, path) in &files {
        let wanted = if PROGRAMS.contains(&path.as_str()) {
            "-rwxr-xr-x"
        } else {
            "-rw-r--r--"
        };
        assert_eq!((mode.as_str(), owner.as_str()), (wanted, "0/0"), "{path}");
        assert!(
            !path.starts_with("/etc"),
            "{path} would be left for an administrator to merge"
        );
    }
    for path in PROGRAMS.iter().chain(&FOUND_BY_OTHERS) {
        assert!(
            files.iter().any(|(_, _, there)| there == path),
            "{path} is missing"
        );
    }
}

#[test]
fn the_rpm_holds_the_same_as_the_deb() {
    if !has("the .rpm's contents", "rpm") || !has("the .rpm's contents", "dpkg-deb") {
        return;
    }
    let rpm = packages()[1].to_string_lossy().into_owned();
    let listing = printed(
        "rpm",
        &[
            "-qp",
            "--queryformat",
            "[%{FILEMODES:perms} %{FILENAMES}\n]",
            &rpm,
        ],
    );
    // Each family has its own place for these.
    let own = [
        "/usr/share/doc/",
        "/usr/share/licenses/",
        "/usr/share/lintian/",
        "/usr/share/zsh/",
    ];
    let shared = |path: &str| !own.iter().any(|prefix| path.starts_with(prefix));
    let in_rpm: BTreeSet<(String, String)> = listing
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, path)| shared(path))
        .map(|(mode, path)| (mode.to_owned(), path.to_owned()))
        .collect();
    let in_deb: BTreeSet<(String, String)> = in_deb()
        .into_iter()
        .filter(|(_, _, path)| shared(path))
        .map(|(mode, _, path)| (mode, path))
        .collect();
    assert_eq!(in_rpm, in_deb);
    assert!(
        listing.contains("/usr/share/zsh/site-functions/_pathscope"),
        "{listing}"
    );
}

#[test]
fn lintian_has_nothing_to_say() {
    if !has("lintian", "lintian") {
        return;
    }
    // Pathscope has no homepage, which a newer appstreamcli wants named, and a newer lintian tells.
    let tag = "appstream-metadata-validation-failed";
    let is_known = run("lintian-explain-tags", &[tag]).status.success();
    let quiet: &[&str] = if is_known { &["--suppress-tags", tag] } else { &[] };
    let (deb, usual) = (deb(), ["--allow-root", "--fail-on", "error,warning"]);
    let said = printed("lintian", &[&usual, quiet, &[deb.as_str()]].concat());
    assert_eq!(said, "");
    // Each override says why, on the line above it.
    let overrides = fs::read_to_string(project("packaging/debian/lintian-overrides")).expect("overrides");
    let lines: Vec<&str> = overrides.lines().collect();
    for pair in lines.windows(2).filter(|pair| !pair[1].starts_with('#')) {
        assert!(pair[0].starts_with('#'), "{} is not explained", pair[1]);
    }
}

#[test]
fn the_desktop_takes_the_entry_and_the_description() {
    if has("the desktop entry", "desktop-file-validate") {
        for entry in ["Pathscope", "Replay"] {
            let entry = format!("packaging/org.pathscope.{entry}.desktop");
            assert_eq!(printed("desktop-file-validate", &[&entry]), "");
        }
    }
    if has("the AppStream description", "appstreamcli") {
        let description = "packaging/org.pathscope.Pathscope.metainfo.xml";
        // There is no homepage, which newer ones want named, and older ones know no such issue.
        let forgiving = [
            "validate",
            "--no-net",
            "--override=url-homepage-missing=info",
            description,
        ];
        let output = run("appstreamcli", &forgiving);
        let said = text(&output.stdout) + &text(&output.stderr);
        if said.contains("not recognized") {
            printed("appstreamcli", &["validate", "--no-net", description]);
        } else {
            assert!(output.status.success(), "{said}");
        }
    }
}

#[test]
fn the_unit_exposes_little() {
    if !has("systemd's review of the unit", "systemd-analyze") {
        return;
    }
    let unit = "packaging/pathscope-helper.service";
    let review = printed(
        "systemd-analyze",
        &["security", "--offline=1", "--no-pager", unit],
    );
    let exposed: f64 = review
        .split("pathscope-helper.service:")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .expect("a figure");
    assert!(exposed <= MOST_EXPOSED, "{exposed}:\n{review}");
    for kept in [
        "ProtectSystem=",
        "ProtectKernelTunables=",
        "RestrictAddressFamilies=~AF_(INET|INET6)",
        "PrivateDevices=",
        "MemoryDenyWriteExecute=",
        "SystemCallFilter=~@debug",
    ] {
        let fine = |line: &str| line.split_whitespace().take(2).eq(["✓", kept]);
        assert!(review.lines().any(fine), "{kept}:\n{review}");
    }
}

#[test]
fn the_arch_recipe_packages_the_same() {
    if !has("the Arch recipe", "bash") {
        return;
    }
    for script in ["packaging/arch/PKGBUILD", "packaging/arch/pathscope.install"] {
        printed("bash", &["-n", script]);
    }
    if !has("makepkg", "makepkg") {
        return;
    }
    printed(
        &project("packaging/build").to_string_lossy(),
        &["--binaries", "target", "arch"],
    );
    let place = tempfile::tempdir().expect("a folder");
    let at = |path: &str| place.path().join(path);
    for made in fs::read_dir(project("target/packages/arch")).expect("what makepkg takes") {
        let made = made.expect("an entry");
        fs::copy(made.path(), at(&made.file_name().to_string_lossy())).expect("a copy");
    }
    // What cargo would build is here; there is no pacman to ask.
    fs::create_dir_all(at("built/release")).expect("a folder");
    fs::create_dir(at("bin")).expect("a folder");
    for program in [common::pathscope(), common::pathscope_helper()] {
        let name = program.file_name().expect("a name");
        fs::copy(&program, at("built/release").join(name)).expect("a copy");
    }
    for program in ["cargo", "pacman"] {
        std::os::unix::fs::symlink("/bin/true", at("bin").join(program)).expect("a link");
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", at("bin").display());
    let makepkg = |arguments: &[&str]| {
        // It refuses to be run by root.
        printed("chown", &["-R", "65534:65534", &place.path().to_string_lossy()]);
        let made = common::as_nobody(Path::new("makepkg"))
            .args(["--nodeps", "--noprogressbar"])
            .args(arguments)
            .current_dir(place.path())
            .env("HOME", place.path())
            .env("CARGO_TARGET_DIR", at("built"))
            .env("PKGEXT", ".pkg.tar")
            .env("PATH", &path)
            .output()
            .expect("makepkg runs");
        let said = text(&made.stdout) + &text(&made.stderr);
        (made.status.success(), said)
    };
    // Sources that were changed on the way are refused: here by what gzip would pass over.
    let archive = at(&format!("pathscope-{}.tar.gz", env!("CARGO_PKG_VERSION")));
    let sources = fs::read(&archive).expect("the sources");
    fs::write(&archive, [sources.as_slice(), &[0]].concat()).expect("changed sources");
    let (is_fine, said) = makepkg(&["--verifysource"]);
    assert!(
        !is_fine && said.contains("did not pass the validity check"),
        "{said}"
    );
    fs::write(&archive, sources).expect("the sources again");
    let (is_fine, said) = makepkg(&[]);
    assert!(is_fine, "{said}");
    let package = fs::read_dir(place.path()).expect("what was made");
    let package = package
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.to_string_lossy().ends_with(".pkg.tar"))
        .expect("a package");
    let listed = printed("tar", &["-tf", &package.to_string_lossy()]);
    for path in PROGRAMS.iter().chain(&FOUND_BY_OTHERS) {
        assert!(
            listed.lines().any(|line| line == &path[1..]),
            "{path} is missing:\n{listed}"
        );
    }
    if Command::new("namcap").arg("--version").output().is_ok() {
        let said = printed("namcap", &["packaging/arch/PKGBUILD"]);
        assert!(!said.contains(" E: "), "{said}");
    }
}

#[test]
fn a_real_dpkg_installs_upgrades_removes_and_leaves_nothing() {
    let test = "dpkg -i, upgrade, -r and -P";
    if !has(test, "dpkg") || !has(test, "systemd-sysusers") || !can_make_namespaces(test) {
        return;
    }
    let machine = Machine::start();
    machine.purge_quietly();
    let package = machine.put(&packages()[0], "pathscope.deb");
    machine.run(&["dpkg", "-i", &package]);
    for path in PROGRAMS.iter().chain(&FOUND_BY_OTHERS) {
        machine.run(&["test", "-f", path]);
    }
    let account = machine.run(&["getent", "passwd", "pathscope-helper"]);
    assert!(account.trim_end().ends_with("/nologin"), "{account}");
    let version = machine.run(&["/usr/bin/pathscope", "--version"]);
    assert_eq!(version, format!("pathscope {}\n", env!("CARGO_PKG_VERSION")));
    // Neither program brings privilege with it.
    let capable = machine.run(&[
        "sh",
        "-c",
        "find /usr/bin/pathscope /usr/libexec/pathscope-helper -perm /7000; getcap /usr/bin/pathscope /usr/libexec/pathscope-helper",
    ]);
    assert_eq!(capable, "");

    if has("the installed service", "dbus-daemon") && has("the installed service", "dbus-send") {
        serves(&machine);
    }
    // What looks for remains finds what is there now.
    let there = machine.left_behind();
    for sign in ["usr/bin/pathscope is new", "etc/passwd has other contents"] {
        assert!(there.iter().any(|line| line == sign), "{there:?}");
    }

    opts_in(&machine);
    let newer = machine.newer(&package);
    machine.run(&["dpkg", "-i", &newer]);
    opted_in_and_upgraded(&machine);
    let there = machine.run(&[
        "dpkg-query",
        "--showformat=${Version} ${db:Status-Status}",
        "--show",
        "pathscope",
    ]);
    assert_eq!(there, "9.9-1 installed");
    assert_eq!(machine.run(&["getent", "passwd", "pathscope-helper"]), account);

    machine.run(&["dpkg", "-r", "pathscope"]);
    for path in PROGRAMS.iter().chain(&FOUND_BY_OTHERS) {
        machine.run(&["test", "!", "-e", path]);
    }
    wait_for("the service's end", Duration::from_mins(1), || {
        let runs = machine.command(&["pgrep", "-u", "pathscope-helper"]).output();
        runs.is_ok_and(|output| !output.status.success()).then_some(())
    });
    assert_eq!(machine.run(&["getent", "passwd", "pathscope-helper"]), account);
    machine.run(&["dpkg", "-P", "pathscope"]);
    machine.run(&["test", "!", "-e", "/run/pathscope-helper"]);
    let left = machine.left_behind();
    assert!(left.is_empty(), "left behind:\n{}", left.join("\n"));
}

#[test]
fn a_real_rpm_installs_removes_and_leaves_nothing() {
    let test = "rpm -i and -e";
    if !has(test, "rpm") || !has(test, "systemd-sysusers") || !can_make_namespaces(test) {
        return;
    }
    let machine = Machine::start();
    machine.purge_quietly();
    let package = machine.put(&packages()[1], "pathscope.rpm");
    // Beside dpkg, with books of its own; what it needs is here under Debian's names. Until Debian 12 its rpm has to be
    // told that this is meant, and from 13 on it does not know the option.
    let asks = printed("rpm", &["--help"]).contains("--force-debian");
    let meant: &[&str] = if asks { &["--force-debian"] } else { &[] };
    let rpm = |words: &[&str]| {
        let all = [&["rpm", "--nodeps", "--dbpath", "/tmp/rpmdb"], meant, words].concat();
        machine.run(&all)
    };
    rpm(&["-i", &package]);
    for path in PROGRAMS.iter().chain(&FOUND_BY_OTHERS) {
        machine.run(&["test", "-f", path]);
    }
    machine.run(&["getent", "passwd", "pathscope-helper"]);
    rpm(&["-e", "pathscope"]);
    // Where packages are RPMs these folders are the distribution's own, and always there.
    let theirs = [
        "usr/share/fish",
        "usr/share/icons is",
        "usr/share/icons/hicolor is",
        "usr/share/icons/hicolor/scalable is",
        "usr/share/icons/hicolor/scalable/apps is",
        "usr/share/licenses is",
        "usr/share/mime is",
        "usr/share/mime/packages is",
        "usr/share/zsh/site-functions is",
    ];
    let mut left = machine.left_behind();
    left.retain(|line| !theirs.iter().any(|theirs| line.starts_with(theirs)));
    assert!(left.is_empty(), "left behind:\n{}", left.join("\n"));
}

/// What the manual page says for machines without polkit.
const OPT_IN: &str = "groupadd --system pathscope
    dpkg-statoverride --update --add root pathscope 0750 /usr/libexec/pathscope-helper
    setcap cap_net_admin=p /usr/libexec/pathscope-helper";
/// And to undo it.
const OPT_OUT: &str = "dpkg-statoverride --remove /usr/libexec/pathscope-helper
    chown root:root /usr/libexec/pathscope-helper
    chmod 0755 /usr/libexec/pathscope-helper
    groupdel pathscope";
/// Who may start the helper, and with what.
const LOOK: &str = "stat -c '%U:%G %a' /usr/libexec/pathscope-helper; getcap /usr/libexec/pathscope-helper";

fn opts_in(machine: &Machine) {
    let page = fs::read_to_string(project("packaging/pathscope-helper.8")).expect("the page");
    let page = page.replace('\\', "");
    for line in OPT_IN.lines().chain(OPT_OUT.lines()).map(str::trim) {
        assert!(
            page.lines().any(|there| there == line),
            "the page does not say: {line}"
        );
    }
    machine.run(&["sh", "-ec", OPT_IN]);
    assert_eq!(
        machine.run(&["sh", "-c", LOOK]),
        "root:pathscope 750\n/usr/libexec/pathscope-helper cap_net_admin=p\n"
    );
}

/// An upgrade keeps the group and takes the capability, until an administrator gives it again. Then it is undone.
fn opted_in_and_upgraded(machine: &Machine) {
    assert_eq!(machine.run(&["sh", "-c", LOOK]), "root:pathscope 750\n");
    machine.run(&["sh", "-ec", OPT_OUT]);
    assert_eq!(machine.run(&["sh", "-c", LOOK]), "root:root 755\n");
}

/// The service as it is installed: the bus starts it, only its interface can be called, and nobody else has its name.
fn serves(machine: &Machine) {
    machine.run(&[
        "sh",
        "-c",
        "mkdir -p /run/dbus && dbus-daemon --system --nopidfile --fork",
    ]);
    let refusal = |user: &str, words: &str| {
        let call = format!(
            "setpriv --reuid={user} --regid={user} --clear-groups dbus-send --system --print-reply --dest={words}"
        );
        let output = machine.command(&["sh", "-c", &call]).output().expect("a shell");
        assert!(!output.status.success(), "{call}");
        text(&output.stderr)
    };
    let denied = "org.freedesktop.DBus.Error.AccessDenied";
    let own = "org.freedesktop.DBus / org.freedesktop.DBus.RequestName string:org.pathscope.Helper uint32:4";
    for user in ["0", "65534"] {
        assert!(refusal(user, own).contains(denied), "user {user} owns the name");
    }
    let other = "org.pathscope.Helper /org/pathscope/Helper org.freedesktop.DBus.Introspectable.Introspect";
    assert!(
        refusal("65534", other).contains(denied),
        "another interface can be called"
    );
    let ours = "org.pathscope.Helper /org/pathscope/Helper org.pathscope.Helper1.Nothing";
    let answer = refusal("65534", ours);
    assert!(answer.contains("UnknownMethod"), "{answer}");
    let status = "cat /proc/$(pgrep -u pathscope-helper)/status";
    let status = machine.run(&["sh", "-c", status]);
    for line in [
        "CapPrm:\t0000000000001000",
        "CapEff:\t0000000000001000",
        "CapBnd:\t0000000000001000",
        "NoNewPrivs:\t1",
    ] {
        assert!(status.lines().any(|there| there == line), "{line}:\n{status}");
    }
}
