//! Settings and counters in /proc, of the calling thread's network namespace.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::Error;
use crate::model::{SettingValue, Settings};
use crate::wire::proc_text::parse_netstat;

/// Where the settings are. The kernel shows each thread those of its own namespace.
pub(super) const SETTINGS: &str = "/proc/sys/net/mptcp";
/// /proc/net is the main thread's; this is the calling one's.
const COUNTERS: &str = "/proc/thread-self/net/netstat";
const COUNTER_GROUP: &str = "MPTcpExt";

pub(super) fn no_mptcp() -> Error {
    Error::NoMptcp {
        why: format!("{SETTINGS} is missing"),
    }
}

/// Every setting below net.mptcp that can be read (Documentation/networking/mptcp-sysctl.rst).
///
/// # Errors
/// [`Error::NoMptcp`], or when /proc cannot be read.
pub fn settings() -> Result<Settings, Error> {
    let mut settings = Settings::new();
    for name in names()? {
        if let Ok(text) = fs::read_to_string(Path::new(SETTINGS).join(&name)) {
            settings.insert(name, SettingValue::from(text.trim_ascii()));
        }
    }
    Ok(settings)
}

/// The names of the settings, in order.
pub(super) fn names() -> Result<Vec<String>, Error> {
    let folder = fs::read_dir(SETTINGS).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => no_mptcp(),
        _ => Error::io(format!("read {SETTINGS}"), source),
    })?;
    let mut names: Vec<String> = folder
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Writes a setting.
///
/// # Errors
/// [`Error::NoSuchSetting`], [`Error::NotPermitted`], or [`Error::Refused`] for a value that the kernel does not take.
pub(super) fn write_setting(name: &str, value: &SettingValue) -> Result<(), Error> {
    let known = names()?;
    // Only what is listed is opened, so that a name cannot lead elsewhere.
    if !known.iter().any(|known| known == name) {
        return Err(Error::NoSuchSetting {
            name: name.to_owned(),
            known,
        });
    }
    let doing = format!("set net.mptcp.{name} to {value}");
    fs::OpenOptions::new()
        .write(true)
        .open(Path::new(SETTINGS).join(name))
        .and_then(|mut file| io::Write::write_all(&mut file, value.to_string().as_bytes()))
        .map_err(|error| match error.raw_os_error() {
            Some(number) => Error::refused(doing, number, None),
            None => Error::io(doing, error),
        })
}

/// The MPTCP counters (net/mptcp/mib.c), by the kernel's names. They count since the namespace was made.
///
/// # Errors
/// [`Error::NoMptcp`], or when /proc cannot be read.
pub fn counters() -> Result<BTreeMap<String, u64>, Error> {
    let doing = "read the MPTCP counters";
    let text = fs::read_to_string(COUNTERS).map_err(|source| Error::io(doing, source))?;
    let counters = parse_netstat(&text, COUNTER_GROUP)
        .map_err(|source| Error::malformed(doing, source))?
        .ok_or_else(|| Error::NoMptcp {
            why: format!("{COUNTERS} has no {COUNTER_GROUP}"),
        })?;
    Ok(counters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}
