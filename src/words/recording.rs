//! What is said of a recording while it is made.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::units::{age, bytes, compact_clock, day, day_and_clock, position, several};

use crate::model::Header;
use crate::recording::EXTENSION;

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

/// What a recording that is read is called; a dash is standard input.
pub fn named(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Which moment of a recording something is of: `maxi-laptop as recorded at 21 Nov 2026, 08:17:32, 41:20 of 1:12:05`.
pub fn moment(header: &Header, t: f64, (begins, ends): (f64, f64)) -> String {
    let clock = day_and_clock(&header.started_at, t);
    // Of a file of many the clock alone tells where it is.
    let begins = if begins < 10.0 { 0.0 } else { begins };
    let (at, length) = (position(t - begins), position(ends - begins));
    let host = &header.host;
    format!("{host} as recorded at {clock}, {at} of {length}")
}

/// That somebody asks for a moment that was not recorded.
pub fn ends_before(path: &Path, ends: f64, at: f64) -> String {
    let path = named(path);
    format!("--at {at}: {path} ends after {ends:.1} s: name a time before that, or leave --at out")
}

/// The same of a moment before it.
pub fn begins_after(path: &Path, begins: f64, at: f64) -> String {
    let path = named(path);
    format!(
        "--at {at}: {path} begins after {begins:.1} s of its stream: name a time after that, or leave --at out"
    )
}

/// How many parts of it cannot be read.
pub fn damaged(frames: usize) -> String {
    format!("{} of it cannot be read", several(frames, "part"))
}

/// That a recording is shown as far as it could be read.
pub fn as_far(path: &Path, why: &str) -> String {
    format!("{}: {why}; shown is what could be read", named(path))
}

/// What is asked for where a recording is to be opened.
pub const CHOOSE: &str = "Open a recording";
/// Why nothing can be changed.
pub const NO_CHANGES: &str = "This is a recording: nothing in it can be changed.";
/// What the badge says of it.
pub const BADGE: &str = "Recording, controls off";

/// Where it stands: `41:20 of 1:12:05`; while it is still read in the background, how far that is (from 0 to 1).
pub fn place(at: f64, length: f64, read: Option<f64>) -> String {
    let place = format!("{} of {}", position(at), position(length));
    read.map_or_else(
        || place.clone(),
        |share| format!("{place} · read: {:.0} %", share * 100.0),
    )
}

/// What its strip is called.
pub fn strip(at: f64, length: f64) -> String {
    format!("Whole recording, {}", place(at, length, None))
}

/// How fast it is played: `0.25×`.
pub fn speed(speed: f64) -> String {
    format!("{speed}×")
}

/// Why there is no next handover to go to.
pub fn no_next(is_whole: bool) -> &'static str {
    if is_whole {
        "No handover follows in this recording."
    } else {
        "None was found yet: the recording is still being read."
    }
}

/// Where and when it was recorded: `Recorded 21 Nov 2026 on lena-t14`.
pub fn recorded(header: &Header) -> String {
    format!("Recorded {} on {}", day(&header.started_at), header.host)
}

/// What the keys do.
pub const KEYS: &str = "Space play, ← → step, Shift ← → handover, [ ] speed";

/// The file: `roaming-stall.pathscope, 4.1 MB`.
pub fn file(name: &str, length: u64) -> String {
    format!("{name}, {}", bytes(length))
}

/// What a recording is called: its file's name without its ending.
pub fn title(path: &Path) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// What a recording is called that the window makes: `maxi-laptop-20261121-081732.pathscope`, by the clock at `t`.
pub fn file_name(header: &Header, t: f64) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let host: String = header.host.chars().filter(is_plain).collect();
    let (host, clock) = (
        if host.is_empty() { "host" } else { &host },
        compact_clock(&header.started_at, t),
    );
    format!("{host}-{clock}.{EXTENSION}")
}

/// What the button says while it records: how much of the stream it has, and how large it is.
pub fn under_way(length: f64, size: u64) -> String {
    format!("{} · {}", position(length), bytes(size))
}

/// What *Record* does.
pub const RECORD: &str =
    "Records to a file, with what the window still remembers from before, at most 15 min: R";

/// Where a recording goes, and what is missing in it.
pub fn goes_to(path: &Path, is_lossy: bool) -> String {
    let lossy = if is_lossy {
        ". It could not keep up: lines are missing"
    } else {
        ""
    };
    format!("Recording to {}{lossy}. R ends it.", path.display())
}

/// That one is complete.
pub fn complete(path: &Path) -> String {
    format!("Recorded to {}", path.display())
}
