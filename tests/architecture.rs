//! The house rules that a compiler does not check: floors, circles, glob imports, the length of files.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module's floor, in tenths. A module may use modules on lower floors only.
const FLOORS: [(&str, u8); 19] = [
    ("metrics", 0),
    ("wire", 5),
    ("model", 5),
    ("bus", 10),
    ("history", 10),
    ("doctor", 10),
    ("recording", 10),
    ("palette", 10),
    ("log", 15),
    ("words", 15),
    ("filter", 17),
    ("kernel", 20),
    ("lab", 20),
    ("report", 20),
    ("desktop", 20),
    ("source", 30),
    ("helper", 30),
    ("ui", 40),
    ("cli", 40),
];
/// The composition root stands above all.
const ROOT: &str = "run";
const MOST_LINES: usize = 500;
/// Where the packages lie: the program, what it shares with the helper, the helper.
const PACKAGES: [&str; 3] = ["", CORE, HELPER];
const CORE: &str = "core";
const HELPER: &str = "helper";

fn floor(module: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, floor)| *floor)
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The sources of every package.
fn sources() -> Vec<PathBuf> {
    PACKAGES
        .iter()
        .flat_map(|package| rust_files(&root().join(package).join("src")))
        .collect()
}

/// The module that a file belongs to: the first folder or file below its package's src. The helper's package is one.
fn module_of(file: &Path) -> String {
    let below = file.strip_prefix(root()).expect("a file of ours");
    if below.starts_with(HELPER) {
        return HELPER.to_owned();
    }
    let below = below.strip_prefix(CORE).unwrap_or(below);
    let below = below.strip_prefix("src").expect("a file below src");
    let first = below
        .components()
        .next()
        .expect("a name")
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Code without comments.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The modules that code names: each NAME of `crate::NAME` and of `crate::{NAME…, NAME…}`; so in the core's name.
fn modules_named(code: &str) -> BTreeSet<String> {
    paths_named(code)
        .into_iter()
        .filter(|path| ["crate", "pathscope_core"].contains(&path[0].as_str()))
        .filter_map(|path| path.into_iter().nth(1))
        .collect()
}

/// A path of names, as code writes it or as a module has it.
type Names = Vec<String>;

/// Every path into our own packages that code names, in an import or on the spot, braces multiplied out.
fn paths_named(code: &str) -> Vec<Names> {
    let mut paths = Vec::new();
    for start in ["crate", "super", "self", "pathscope_core"] {
        for (at, _) in code.match_indices(&format!("{start}::")) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|letter| letter.is_alphanumeric() || "_:$".contains(letter)) {
                read_path(&code[at..], &[], &mut paths);
            }
        }
    }
    paths
}

/// Reads one path, or a tree of them, and gives back what follows it.
fn read_path<'a>(code: &'a str, before: &[String], found: &mut Vec<Names>) -> &'a str {
    let mut path = before.to_vec();
    let mut rest = code.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = group;
            loop {
                rest = rest.trim_start_matches(|letter: char| letter == ',' || letter.is_whitespace());
                if let Some(after) = rest.strip_prefix('}') {
                    return after;
                }
                let after = read_path(rest, &path, found);
                if after.len() == rest.len() {
                    return after;
                }
                rest = after;
            }
        }
        let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let name = name.into_iter().next().unwrap_or_default();
        if name.is_empty() {
            found.push(path);
            return rest.strip_prefix('*').unwrap_or(rest);
        }
        path.push(name.to_owned());
        rest = &rest[name.len()..];
        if let Some(after) = rest.strip_prefix("::") {
            rest = after;
            continue;
        }
        found.push(path);
        return rest.strip_prefix(" as ").map_or(rest, |after| {
            after.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_')
        });
    }
}

fn imports() -> BTreeMap<String, BTreeSet<(String, PathBuf)>> {
    let mut edges: BTreeMap<String, BTreeSet<(String, PathBuf)>> = BTreeMap::new();
    for file in sources() {
        let from = module_of(&file);
        for to in modules_named(&code(&fs::read_to_string(&file).expect("a file"))) {
            if to != from {
                edges.entry(from.clone()).or_default().insert((to, file.clone()));
            }
        }
    }
    edges
}

#[test]
fn every_module_uses_lower_floors_only() {
    let mut wrong = Vec::new();
    for (from, uses) in imports() {
        if [ROOT, "main", "lib", "bin"].contains(&from.as_str()) {
            continue;
        }
        let Some(here) = floor(&from) else {
            panic!("src/{from} stands on no floor: give it one in tests/architecture.rs");
        };
        for (to, file) in uses {
            match floor(&to) {
                Some(there) if there < here => {}
                _ => wrong.push(format!("{}: {from} (floor {here}) uses {to}", file.display())),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "edges that break the floors:\n{}",
        wrong.join("\n")
    );
}

/// The code of every module without its tests, by its path: the package, then the names down to it.
fn modules() -> BTreeMap<Names, String> {
    let mut modules = BTreeMap::new();
    for package in PACKAGES {
        let folder = root().join(package).join("src");
        for file in rust_files(&folder) {
            let below = file.strip_prefix(&folder).expect("a file below src");
            let mut path = vec![package.to_owned()];
            path.extend(
                below
                    .with_extension("")
                    .iter()
                    .map(|name| name.to_string_lossy().into_owned()),
            );
            if path.contains(&"tests".to_owned()) {
                continue;
            }
            path.pop_if(|name| ["mod", "lib", "main"].contains(&name.as_str()));
            let text = code(&fs::read_to_string(&file).expect("a file"));
            let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            modules.insert(path, product.to_owned());
        }
    }
    modules
}

/// The module that a path in another module leads to: as far down as there are modules of these names.
fn module_meant(modules: &BTreeMap<Names, String>, from: &[String], path: &[String]) -> Names {
    let mut module = from.to_vec();
    for (number, name) in path.iter().enumerate() {
        match name.as_str() {
            "crate" => module.truncate(1),
            "pathscope_core" => module = vec![CORE.to_owned()],
            "super" => {
                module.pop();
            }
            "self" if number == 0 => {}
            name => {
                module.push(name.to_owned());
                if !modules.contains_key(&module) {
                    module.pop();
                    break;
                }
            }
        }
    }
    module
}

/// Files and folders that use each other, in whatever folder they lie side by side. What two modules name of each other
/// counts for the folders in which they part, so a file deep in one folder can close a circle with a file beside it. A
/// folder's own `mod.rs` is its front door, not one of the things that lie side by side.
fn circles(modules: &BTreeMap<Names, String>) -> Vec<String> {
    // From one thing to another, both in the same folder: and which module says so.
    let mut uses: BTreeMap<Names, BTreeMap<Names, String>> = BTreeMap::new();
    for (from, code) in modules {
        for path in paths_named(code) {
            let to = module_meant(modules, from, &path);
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if shared < from.len().min(to.len()) {
                let side = |module: &Names| module[..=shared].to_vec();
                let says = format!("{} names {}", from[1..].join("/"), path.join("::"));
                uses.entry(side(from))
                    .or_default()
                    .entry(side(&to))
                    .or_insert(says);
            }
        }
    }
    let mut circles = Vec::new();
    for (one, others) in &uses {
        for (other, says) in others {
            let mut reached = BTreeSet::new();
            let mut next = vec![other];
            while let Some(module) = next.pop() {
                if reached.insert(module) {
                    next.extend(uses.get(module).into_iter().flat_map(BTreeMap::keys));
                }
            }
            if reached.contains(one) {
                circles.push(format!(
                    "{} uses {}: {says}",
                    one[1..].join("/"),
                    other[1..].join("/")
                ));
            }
        }
    }
    circles
}

#[test]
fn no_circle_between_files_and_folders_that_lie_side_by_side() {
    // Floors forbid circles between the modules at the top; this is about what lies within each.
    let circles = circles(&modules());
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_wherever_in_a_folder_it_is_closed() {
    let module = |path: &str, code: &str| {
        let path: Names = std::iter::once("")
            .chain(path.split('/'))
            .map(str::to_owned)
            .collect();
        (path, code.to_owned())
    };
    let house = |app: &str, play: &str| {
        BTreeMap::from([
            module("lab", "mod app; mod host; use self::host::play;"),
            module("lab/app", app),
            module("lab/host", "pub(super) use play::run;"),
            module("lab/host/cast", "use super::play::Play;"),
            module("lab/host/play", play),
        ])
    };
    let sound = house(
        "use super::{host::{self, play as p}, Error};",
        "use super::super::Error;",
    );
    assert_eq!(circles(&sound), Vec::<String>::new());
    for back in [
        "use super::super::app::Task;",
        "use crate::lab::{app::*, Error};",
        "crate::lab::app::run()",
    ] {
        let found = circles(&house("super::host::run()", back));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[1].starts_with("lab/host uses lab/app: lab/host/play names "),
            "{found:?}"
        );
    }
    let beside = circles(&house("", "use super::cast;"));
    assert_eq!(beside.len(), 2, "{beside:?}");
}

#[test]
fn no_glob_import_of_our_own_modules() {
    let mut wrong = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).expect("a file");
        let mut in_tests = false;
        for (number, line) in (1..).zip(text.lines()) {
            in_tests |= line.contains("mod tests") || file.ends_with("tests.rs");
            let line = line.split("//").next().unwrap_or_default();
            let own = line.contains("crate::") || line.contains("super::") || line.contains("self::");
            if own && line.contains("::*") && !in_tests {
                wrong.push(format!("{}:{number}: {}", file.display(), line.trim()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "glob imports of our own modules:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn files_stay_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for folder in ["src", "core", "helper", "tests", "benches", "examples"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("a file");
            let lines = text.lines().count();
            if lines > MOST_LINES {
                wrong.push(format!("{}: {lines} lines", file.display()));
            }
            if !text.starts_with("//!") {
                wrong.push(format!(
                    "{}: does not say at its top what it is for",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn netlink_sockets_are_opened_in_the_kernel_module_only() {
    for file in sources() {
        let text = code(&fs::read_to_string(&file).expect("a file"));
        for (library, home) in [
            ("neli", "kernel"),
            ("sysinfo", "kernel"),
            ("egui", "ui"),
            ("eframe", "ui"),
            ("notify_rust", "desktop"),
            ("ksni", "desktop"),
        ] {
            let named = text.contains(&format!("{library}::"));
            assert!(
                !named || module_of(&file) == home,
                "{} names {library}: only {home} may",
                file.display()
            );
        }
    }
}

#[test]
fn the_guide_to_the_tests_names_every_suite() {
    let folder = root().join("tests");
    let guide = fs::read_to_string(folder.join("README.md")).expect("a guide");
    for entry in fs::read_dir(&folder).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_suite =
            path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").exists();
        assert!(
            !is_suite || guide.contains(&format!("`{name}`")),
            "tests/README.md does not say what {name} is for, and what it needs"
        );
    }
}
