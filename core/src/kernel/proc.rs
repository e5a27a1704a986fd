//! Settings and counters in /proc, of the calling thread's network namespace.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;

use super::Error;
use crate::model::{SettingValue, Settings};
use crate::wire::proc_text::{find_counter, parse_netstat};

/// Where the settings are. The kernel shows each thread those of its own namespace.
pub(super) const SETTINGS: &str = "/proc/sys/net/mptcp";
/// /proc/net is the main thread's; this is the calling one's.
const COUNTERS: &str = "/proc/thread-self/net/netstat";
const COUNTER_GROUP: &str = "MPTcpExt";
/// Where the counters of TCP and IP are that /proc/net/netstat does not have.
const HOST_COUNTERS: &str = "/proc/thread-self/net/snmp";
/// The counters that tell why a subflow failed: in which group, and by which name (Documentation/networking/snmp_counter.rst).
const TELLING: [(&str, &str); 7] = [
    ("Icmp", "InDestUnreachs"),
    ("TcpExt", "IPReversePathFilter"),
    ("TcpExt", "TCPSynRetrans"),
    ("Ip", "OutNoRoutes"),
    ("Tcp", "AttemptFails"),
    ("Tcp", "EstabResets"),
    ("Tcp", "OutRsts"),
];
const COUNTING: &str = "read the MPTCP counters";
/// More than /proc/net/netstat has today.
const TEXT_BYTES: usize = 16 * 1024;

pub(super) fn no_mptcp() -> Error {
    Error::NoMptcp {
        why: format!("{SETTINGS} is missing"),
    }
}

/// The files with the settings and the counters, kept open: to find and open them costs more than to read them.
pub struct ProcFiles {
    settings: Vec<(String, File)>,
    counters: File,
    host_counters: Option<File>,
    text: Vec<u8>,
}

impl ProcFiles {
    /// Opens those that can be read. They stay with the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::NoMptcp`], or when /proc cannot be read.
    pub fn new() -> Result<Self, Error> {
        let open = |name: String| Some((File::open(Path::new(SETTINGS).join(&name)).ok()?, name));
        let settings = names()?.into_iter().filter_map(open);
        Ok(Self {
            settings: settings.map(|(file, name)| (name, file)).collect(),
            counters: File::open(COUNTERS).map_err(|source| Error::io(COUNTING, source))?,
            host_counters: File::open(HOST_COUNTERS).ok(),
            text: Vec::new(),
        })
    }

    /// Every setting below net.mptcp (Documentation/networking/mptcp-sysctl.rst). One that cannot be read is left out.
    pub fn settings(&mut self) -> Settings {
        let mut settings = Settings::new();
        for (name, file) in &self.settings {
            match read_again(file, &mut self.text) {
                Ok(text) => {
                    settings.insert(name.clone(), SettingValue::from(text.trim_ascii()));
                }
                Err(error) => tracing::trace!(name, %error, "a setting cannot be read"),
            }
        }
        settings
    }

    /// The MPTCP counters (net/mptcp/mib.c), by the kernel's names. They count since the namespace was made.
    ///
    /// # Errors
    /// [`Error::NoMptcp`], or when they cannot be read.
    pub fn counters(&mut self) -> Result<BTreeMap<String, u64>, Error> {
        let text =
            read_again(&self.counters, &mut self.text).map_err(|source| Error::io(COUNTING, source))?;
        let counters = parse_netstat(text, COUNTER_GROUP)
            .map_err(|source| Error::malformed(COUNTING, source))?
            .ok_or_else(|| Error::NoMptcp {
                why: format!("{COUNTERS} has no {COUNTER_GROUP}"),
            })?;
        Ok(counters
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect())
    }

    /// Counters of IP and TCP that tell why a subflow failed, by the names that nstat(8) gives them; those that can be read.
    pub fn host_counters(&mut self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        let Self {
            counters,
            host_counters,
            text,
            ..
        } = self;
        for file in host_counters.iter().chain([&*counters]) {
            let Ok(text) = read_again(file, text) else {
                continue;
            };
            for (group, name) in TELLING {
                let value = find_counter(text, group, name);
                found.extend(value.map(|value| (format!("{group}{name}"), value)));
            }
        }
        found
    }
}

/// All of a file from its beginning. The kernel writes it anew for each read at its beginning.
fn read_again<'a>(file: &File, into: &'a mut Vec<u8>) -> io::Result<&'a str> {
    if into.len() < TEXT_BYTES {
        into.resize(TEXT_BYTES, 0);
    }
    let mut length = 0;
    loop {
        let rest = into.get_mut(length..).unwrap_or_default();
        match file.read_at(rest, length as u64) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if length == into.len() {
            into.resize(length * 2, 0);
        }
    }
    std::str::from_utf8(into.get(..length).unwrap_or_default()).map_err(io::Error::other)
}

/// As [`ProcFiles::settings`], read once.
///
/// # Errors
/// [`Error::NoMptcp`], or when /proc cannot be read.
pub fn settings() -> Result<Settings, Error> {
    Ok(ProcFiles::new()?.settings())
}

/// As [`ProcFiles::counters`], read once.
///
/// # Errors
/// [`Error::NoMptcp`], or when /proc cannot be read.
pub fn counters() -> Result<BTreeMap<String, u64>, Error> {
    ProcFiles::new()?.counters()
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

/// Whether a setting has no permission to write for anybody: root is told EACCES, too.
fn may_nobody_write(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o222 == 0)
}

/// Writes a setting.
///
/// # Errors
/// [`Error::NoSuchSetting`], [`Error::ReadOnlySetting`], [`Error::NotPermitted`], or [`Error::Refused`] for a value that the kernel does not take.
pub(super) fn write_setting(name: &str, value: &SettingValue) -> Result<(), Error> {
    let known = names()?;
    // Only what is listed is opened, so that a name cannot lead elsewhere.
    if !known.iter().any(|known| known == name) {
        return Err(Error::NoSuchSetting {
            name: name.to_owned(),
            known,
        });
    }
    let path = Path::new(SETTINGS).join(name);
    if may_nobody_write(&path) {
        let name = name.to_owned();
        return Err(Error::ReadOnlySetting { name });
    }
    let doing = format!("set net.mptcp.{name} to {value}");
    fs::OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|mut file| io::Write::write_all(&mut file, value.to_string().as_bytes()))
        .map_err(|error| match error.raw_os_error() {
            Some(number) => Error::refused(doing, number, None),
            None => Error::io(doing, error),
        })
}
