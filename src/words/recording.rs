//! What is said of a recording while it is made.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::units::{age, several};

/// That it has begun, and how it ends.
pub fn begins(path: &Path, newest_only: bool) -> String {
    let path = path.display();
    if newest_only {
        format!("Keeping the newest in {path}. Ctrl+C ends it.")
    } else {
        format!("Recording to {path}. Ctrl+C ends it.")
    }
}

/// What it came to; `t` is its length in seconds.
pub fn ended(path: &Path, t: f64, samples: u64) -> String {
    let samples = several(usize::try_from(samples).unwrap_or(usize::MAX), "sample");
    format!("{}: {} recorded, {samples}.", path.display(), age(t))
}

/// Why nothing more is recorded, and what to do.
pub fn failed(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{path} is there already, and is not overwritten: choose another name")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => format!(
            "{path}: the disk took no more ({error}); what was recorded until then can be read. Make room and record to another file"
        ),
        ErrorKind::NotFound => format!("{path}: {error}; record to a file in a directory that stays"),
        ErrorKind::PermissionDenied => format!("{path}: {error}; choose a place where you may write"),
        _ => format!("{path}: {error}"),
    }
}
