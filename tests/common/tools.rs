//! Programs of the system that say what they think of the project's files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What a program said.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a program does in the project's folder.
pub fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(project(""))
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// What a program prints; it must succeed.
pub fn printed(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}:\n{out}{err}");
    out
}
