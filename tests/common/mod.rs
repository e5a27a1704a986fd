//! What the tests on real connections share: whether they can run, and programs inside a laboratory.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

pub mod lines;
pub mod ss;
pub mod stream;
pub mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program under test.
pub fn pathscope() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_pathscope"))
}

/// The privileged helper, beside the program. It is a package of its own, so a test of this one does not have it built;
/// an old one would be tested instead of what its sources say.
pub fn pathscope_helper() -> PathBuf {
    const BUILD: &str = "run cargo build --bins first, as scripts/test does";
    let program = pathscope().with_file_name("pathscope-helper");
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified());
    let Ok(built) = changed(&program) else {
        panic!("there is no {}: {BUILD}", program.display());
    };
    // Beside it cargo writes what it was made of: its path, a colon, and the sources' paths with spaces escaped.
    let list = program.with_extension("d");
    let list =
        std::fs::read_to_string(&list).unwrap_or_else(|why| panic!("{}: {why}: {BUILD}", list.display()));
    let (_, sources) = list.split_once(": ").unwrap_or_default();
    for source in sources.trim_end().replace("\\ ", "\0").split(' ') {
        let source = source.replace('\0', " ");
        let is_newer = changed(Path::new(&source)).map_or(true, |changed| changed > built);
        assert!(!is_newer, "{} is older than {source}: {BUILD}", program.display());
    }
    program
}

/// Whether namespaces can be made here, as root. Where not, says loudly which test did not run; with CI=true that
/// is a failure.
pub fn can_make_namespaces(test: &str) -> bool {
    let made = Command::new("unshare")
        .args(["--net", "true"])
        .stderr(Stdio::null())
        .status();
    let able = nix::unistd::geteuid().is_root() && made.is_ok_and(|status| status.success());
    if !able {
        did_not_run(
            test,
            "it makes network namespaces as root, which is forbidden here",
        );
    }
    able
}

/// Says loudly that a test did not run; with CI=true that is a failure.
pub fn did_not_run(test: &str, why: &str) {
    let text = format!("DID NOT RUN: {test}: {why}");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{text}");
    eprintln!("\n*** {text} ***\n");
}

/// A command inside a namespace: as root, or as a user without any privilege.
pub fn inside(netns: &Path, program: &Path, as_user: bool) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", netns.display())).arg("--");
    if as_user {
        command.args(NOBODY);
    }
    command.arg(program);
    command
}

/// What makes root's command that of a user without any privilege.
const NOBODY: [&str; 6] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=-all",
    "--",
];

/// A command of a user without any privilege, also where the tests run as root.
pub fn as_nobody(program: &Path) -> Command {
    if !nix::unistd::geteuid().is_root() {
        return Command::new(program);
    }
    let (setpriv, arguments) = NOBODY.split_first().expect("a command");
    let mut command = Command::new(setpriv);
    command.args(arguments).arg(program);
    command
}

/// What a command inside a namespace prints.
pub fn output(netns: &Path, words: &[&str]) -> String {
    let (program, arguments) = words.split_first().expect("a command");
    let mut command = inside(netns, Path::new(program), false);
    let output = command.args(arguments).output().expect("nsenter from util-linux");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Asks until the answer is there, or panics after `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {limit:?}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A copy of the program where a user without privileges can run it.
pub struct PublicCopy(tempfile::TempDir);

impl PublicCopy {
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("permissions");
        let copy = folder.path().join("pathscope");
        std::fs::copy(pathscope(), &copy).expect("a copy");
        // A test that starts a program meanwhile may hold the file open for writing for a moment (ETXTBSY).
        wait_for("the copy to run", Duration::from_mins(1), || {
            Command::new(&copy).arg("--version").output().ok()
        });
        Self(folder)
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("pathscope")
    }
}
