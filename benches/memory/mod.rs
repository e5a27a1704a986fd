//! How much memory `watch --json` holds while it runs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Resident memory, MiB.
pub(crate) struct Held {
    /// The most there ever was (VmHWM).
    pub(crate) most: f64,
    /// At the end (VmRSS).
    pub(crate) now: f64,
}

/// Runs it in a namespace for so long, with four samples a second and a full one every 20 s.
pub(crate) fn of_watch(netns: &Path, time: Duration) -> Result<Held, String> {
    let mut watch = Command::new(env!("CARGO_BIN_EXE_pathscope"))
        .args(["watch", "--json", "--netns"])
        .arg(netns)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("watch: {error}"))?;
    let end = Instant::now() + time;
    let mut ended = None;
    while ended.is_none() && Instant::now() < end {
        std::thread::park_timeout(Duration::from_millis(100));
        ended = watch.try_wait().map_err(|error| format!("watch: {error}"))?;
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", watch.id())).unwrap_or_default();
    let _ = watch.kill();
    let _ = watch.wait();
    if let Some(status) = ended {
        return Err(format!("watch ended with {status}"));
    }
    let mib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kb / 1024.0)
    };
    let missing = || "the kernel does not say what watch holds".to_owned();
    Ok(Held {
        most: mib("VmHWM").ok_or_else(missing)?,
        now: mib("VmRSS").ok_or_else(missing)?,
    })
}
