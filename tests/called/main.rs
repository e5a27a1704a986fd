//! The install step names what the scripts and the tests call.
//!
//! A program that is missing is seen only where it is missing, which no developer's machine is. So what is called is
//! gathered from the sources, and held against what `scripts/install` names and what every Debian has. Which package a
//! program is of, dpkg says. `make bare` proves the whole, in hours; this says it in a second.
#![allow(
    clippy::string_slice,
    unreachable_pub,
    reason = "where the sources are read letters are counted in bytes, and modules are parts of this program"
)]

#[path = "../common/mod.rs"]
mod common;
mod rust;
mod shell;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shell::Calls;

/// What comes with Rust, which the README asks for.
const OF_RUST: [&str; 2] = ["cargo", "rustc"];
/// What programs call that do not depend on it.
const CALLED_FURTHER: [(&str, &str); 1] = [("makepkg", "bsdtar")];
/// What may be missing: where it is, less is tested, and the test says so or does it another way.
const MAY_BE_MISSING: [(&str, &str); 5] = [
    // It would look after the networks of whoever runs the tests.
    ("tests/network_manager.rs", "nmcli"),
    // In a guest that has it.
    ("tests/capture.rs", "iw"),
    ("tests/packages.rs", "namcap"),
    ("tests/machine/mod.rs", "namcap"),
    ("scripts/install", "sudo"),
];

/// What the install step is asked for; each brings what the ones before do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Run,
    Packages,
    Test,
}

impl Step {
    /// What is installed when something in that file runs.
    fn before(file: &str) -> Self {
        match file {
            "scripts/demo" | "scripts/install" | "scripts/xvfb" => Self::Run,
            "scripts/tool" => Self::Packages,
            _ if file.starts_with("src/") || file.starts_with("core/") || file.starts_with("helper/") => {
                Self::Run
            }
            _ if file.starts_with("packaging/") => Self::Packages,
            _ => Self::Test,
        }
    }
}

/// What `scripts/install` names: programs and their packages in Debian, and the first step that installs each.
#[derive(Debug, Default)]
struct Named {
    programs: BTreeMap<String, Step>,
    packages: BTreeMap<String, Step>,
}

impl Named {
    fn by(install: &str) -> Self {
        let mut named = Self::default();
        let mut step = Step::Run;
        for line in install.replace("\\\n", " ").lines() {
            // A condition of another kind leaves the step as it is.
            if line.starts_with("if [ \"$what\" != run ]") {
                step = Step::Packages;
            } else if line.starts_with("if [ \"$what\" = test ];") {
                step = Step::Test;
            } else if line.starts_with("fi") {
                step = Step::Run;
            }
            let words: Vec<_> = line.split_whitespace().collect();
            // The last four are the packages', apt's the first of them.
            let [
                kind @ ("program" | "library" | "need"),
                second,
                ..,
                package,
                _,
                _,
                _,
            ] = words[..]
            else {
                continue;
            };
            named.packages.entry(package.to_owned()).or_insert(step);
            if kind == "program" {
                named.programs.entry(second.to_owned()).or_insert(step);
            }
        }
        named
    }
}

/// Which of Debian's packages programs are of, and what every Debian has.
struct Debian {
    packages: BTreeMap<String, String>,
    base: BTreeSet<String>,
}

impl Debian {
    /// `None` where there is no dpkg.
    fn here(programs: &BTreeSet<String>) -> Option<Self> {
        let query = |arguments: &[String]| {
            let output = Command::new("dpkg-query").args(arguments).output().ok()?;
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let format = "--showformat=${Package} ${Essential} ${Priority}\\n";
        let installed = query(&["--show".to_owned(), format.to_owned()])?;
        let base = installed.lines().filter_map(|line| {
            let (package, kind) = line.split_once(' ')?;
            (kind.ends_with(" required") || kind.starts_with("yes ")).then(|| package.to_owned())
        });
        let mut arguments = vec!["--search".to_owned()];
        let mut called = BTreeMap::new();
        for program in programs {
            for folder in ["/bin", "/sbin", "/usr/bin", "/usr/sbin"] {
                let place = format!("{folder}/{program}");
                // An alternative is a link to what a package has.
                if let Ok(real) = fs::canonicalize(&place) {
                    called.insert(real.to_string_lossy().into_owned(), program.clone());
                }
                called.insert(place, program.clone());
            }
        }
        arguments.extend(called.keys().cloned());
        let packages = query(&arguments)?;
        let packages = packages.lines().filter_map(|line| {
            let (package, place) = line.split_once(": ")?;
            let program = called.get(place)?;
            let package = package.split(',').next()?.split(':').next()?;
            (!package.starts_with("diversion ")).then(|| (program.clone(), package.to_owned()))
        });
        Some(Self {
            packages: packages.collect(),
            base: base.collect(),
        })
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder of the project, by their names in it.
fn files(folder: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(folder)).expect(folder) {
        let path = entry.expect("an entry").path();
        let name = path
            .strip_prefix(root())
            .expect("a file of the project")
            .to_owned();
        if path.is_dir() {
            files(&name.to_string_lossy(), into);
        } else {
            into.push(name);
        }
    }
}

/// Each program that is called, and the files that call it.
fn called() -> BTreeMap<String, BTreeSet<String>> {
    let mut all = Vec::new();
    for folder in [
        "scripts",
        "packaging",
        "src",
        "core/src",
        "helper/src",
        "tests",
        "benches",
    ] {
        files(folder, &mut all);
    }
    let mut called: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in all {
        let text = fs::read(root().join(&file)).expect("a file");
        let text = String::from_utf8_lossy(&text);
        let name = file.to_string_lossy().into_owned();
        let mut programs = BTreeSet::new();
        let mut looked_for = BTreeSet::new();
        let mut shell = |script: &str| {
            let calls = Calls::of(script);
            programs.extend(calls.programs);
            looked_for.extend(calls.looked_for);
        };
        if name.starts_with("packaging/debian/") || name.starts_with("packaging/rpm/") {
            // What runs where the package is installed.
        } else if text.starts_with("#!/bin/sh") {
            shell(&text);
        } else if file.extension().is_some_and(|kind| kind == "rs") && !name.starts_with("tests/called/") {
            let found = rust::called(&text);
            found.shell.iter().for_each(|line| shell(line));
            programs.extend(found.programs);
        }
        programs.retain(|program| {
            program
                .chars()
                .all(|letter| letter.is_alphanumeric() || "-_.+".contains(letter))
        });
        for program in programs {
            called.entry(program).or_default().insert(name.clone());
        }
    }
    for (program, further) in CALLED_FURTHER {
        let by = called.get(program).cloned().unwrap_or_default();
        called.entry(further.to_owned()).or_default().extend(by);
    }
    called
}

/// What is called and named nowhere, a sentence each.
fn missing(called: &BTreeMap<String, BTreeSet<String>>, named: &Named, debian: &Debian) -> Vec<String> {
    let mut missing = Vec::new();
    for (program, by) in called {
        if OF_RUST.contains(&program.as_str()) {
            continue;
        }
        let package = debian.packages.get(program);
        if package.is_some_and(|package| debian.base.contains(package)) {
            continue;
        }
        let step = named
            .programs
            .get(program)
            .or_else(|| named.packages.get(package?))
            .copied();
        for file in by {
            let is_there = step.is_some_and(|step| step <= Step::before(file));
            if is_there || MAY_BE_MISSING.contains(&(file, program)) {
                continue;
            }
            let package = package.map_or("PACKAGE", String::as_str);
            missing.push(format!(
                "{file} calls {program}, which the install step does not bring: add to scripts/install, for {:?}, \
                 \"program {program} {package}\" and the package's names in Fedora, Arch and openSUSE",
                Step::before(file)
            ));
        }
    }
    missing
}

fn install() -> String {
    fs::read_to_string(root().join("scripts/install")).expect("the install step")
}

#[test]
fn the_install_step_names_what_is_called() {
    let called = called();
    let Some(debian) = Debian::here(&called.keys().cloned().collect()) else {
        common::did_not_run(
            "the install step",
            "which package a program is of, only dpkg says",
        );
        return;
    };
    for known in ["Xvfb", "dbus-daemon", "ip", "setpriv", "ss", "strip"] {
        assert!(called.contains_key(known), "{known} is called, and was not found");
    }
    let missing = missing(&called, &Named::by(&install()), &debian);
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    // Whatever is taken out of it is missed, unless what brings it stands there for another program, too.
    for taken in ["bsdtar", "Xvfb", "dbus-daemon", "strip", "pgrep"] {
        let without = install().replace(&format!("program {taken} "), "true ");
        let missing = self::missing(&called, &Named::by(&without), &debian);
        assert!(
            missing
                .iter()
                .any(|sentence| sentence.contains(&format!("calls {taken},"))),
            "without {taken}: {missing:?}"
        );
    }
}

#[test]
fn what_is_named_is_read_with_its_step() {
    let named = Named::by(
        "program cc gcc gcc gcc gcc\nneed 'test -e /a b' \\\n    libx a b c\nif [ \"$what\" = test ] || [ -z x ]; then\n    \
         program Xvfb xvfb a b c\nfi\nif [ \"$what\" = test ]; then\n    program ss iproute2 a b c\nfi\n",
    );
    let steps = |name: &str| named.packages.get(name).copied();
    assert_eq!(named.programs.get("Xvfb"), Some(&Step::Run));
    assert_eq!(
        [steps("gcc"), steps("libx"), steps("iproute2"), steps("b")],
        [Some(Step::Run), Some(Step::Run), Some(Step::Test), None]
    );
}
