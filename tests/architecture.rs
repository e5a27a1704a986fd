//! The house rules that a compiler does not check: floors, cycles, glob imports, the length of files.
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module's floor. A module may use modules on lower floors only.
const FLOORS: [(&str, u8); 14] = [
    ("metrics", 0),
    ("wire", 1),
    ("model", 1),
    ("bus", 2),
    ("history", 2),
    ("doctor", 2),
    ("recording", 2),
    ("kernel", 3),
    ("lab", 3),
    ("desktop", 3),
    ("source", 4),
    ("helper", 4),
    ("ui", 5),
    ("cli", 5),
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

/// The modules that code names: `crate::NAME`, and each NAME of `crate::{NAME…, NAME…}`; so in the core's name.
fn modules_named(code: &str) -> BTreeSet<String> {
    let mut names = names_after(code, "crate::");
    names.extend(names_after(code, "pathscope_core::"));
    names
}

/// What code names after a prefix, singly or in a group.
fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(std::mem::take(&mut name));
                    }
                    _ if depth == 0 => name.push(letter),
                    _ => {}
                }
            }
            names.insert(name);
        } else {
            names.insert(rest.to_owned());
        }
    }
    let first_word = |name: &String| {
        name.trim()
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect::<String>()
    };
    names
        .iter()
        .map(first_word)
        .filter(|name| !name.is_empty())
        .collect()
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

#[test]
fn no_cycle_between_a_modules_own_files() {
    // Floors forbid cycles between modules; within one, `super::name` edges between sibling files must form none.
    let mut edges: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for file in sources() {
        let folder = file.parent().expect("a folder").to_path_buf();
        if file
            .file_name()
            .is_some_and(|name| name == "mod.rs" || name == "tests.rs")
        {
            continue;
        }
        let text = code(&fs::read_to_string(&file).expect("a file"));
        for name in names_after(&text.replace("super::super::", ""), "super::") {
            let sibling = folder.join(format!("{name}.rs"));
            if sibling.is_file() && sibling != file {
                edges.entry(file.clone()).or_default().insert(sibling);
            }
        }
    }
    for start in edges.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&PathBuf> = edges[start].iter().collect();
        while let Some(file) = next.pop() {
            assert!(
                file != start,
                "{} uses itself through its siblings {seen:?}",
                start.display()
            );
            if seen.insert(file) {
                next.extend(edges.get(file).into_iter().flatten());
            }
        }
    }
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
