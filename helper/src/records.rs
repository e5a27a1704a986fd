//! What the service has to know after it was killed: which event sockets it gave to whom, and which change it had in
//! hand. A few lines in a folder below /run that only its account may read or write; they go with a restart of the
//! machine, as does what they are about. A member's helper keeps no records, since it ends with who started it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::unistd::User;
use zbus::zvariant::serialized::{Context, Data};
use zbus::zvariant::{LE, to_bytes};

use crate::bus::EndpointArgs;
use crate::model::Endpoint;

/// The service manager makes it, or root before it becomes the service's account.
const FOLDER: &str = "/run/pathscope-helper";
/// The event sockets: a line each, its port and its user.
const EVENT_SOCKETS: &str = "event-sockets";
/// The endpoint that is being changed, as it was; no file where none is.
const UNFINISHED: &str = "unfinished-change";

/// An event socket that was given to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventSocket {
    /// The socket's netlink port, which stays its own while anybody holds it.
    pub(super) port: u32,
    /// Whose it is.
    pub(super) user: u32,
}

/// The folder, if records are kept.
pub(super) struct Records(Option<PathBuf>);

impl Records {
    /// Keeps none.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Keeps them in the service's folder, if it is there.
    pub(super) fn of_service() -> Self {
        Self::in_folder(Path::new(FOLDER))
    }

    fn in_folder(folder: &Path) -> Self {
        Self(folder.is_dir().then(|| folder.to_owned()))
    }

    /// The event sockets that were given. A line that is none is passed over.
    pub(super) fn event_sockets(&self) -> Vec<EventSocket> {
        let text = self
            .path(EVENT_SOCKETS)
            .and_then(|path| fs::read_to_string(path).ok());
        let given = |line: &str| {
            let (port, user) = line.split_once(' ')?;
            Some(EventSocket {
                port: port.parse().ok()?,
                user: user.parse().ok()?,
            })
        };
        text.unwrap_or_default().lines().filter_map(given).collect()
    }

    /// Writes down which event sockets were given.
    pub(super) fn keep_event_sockets(&self, given: &[EventSocket]) -> io::Result<()> {
        let line = |given: &EventSocket| format!("{} {}\n", given.port, given.user);
        let text = given.iter().map(line).collect::<Vec<_>>().concat();
        self.write(EVENT_SOCKETS, text.as_bytes())
    }

    /// The endpoint whose change was not finished, as it was before.
    pub(super) fn unfinished_change(&self) -> Option<Endpoint> {
        let bytes = fs::read(self.path(UNFINISHED)?).ok()?;
        let (endpoint, _) = Data::new(bytes, context()).deserialize::<EndpointArgs>().ok()?;
        endpoint.endpoint()
    }

    /// Writes down, before an endpoint is removed to be added again, how it was.
    pub(super) fn begin_change(&self, endpoint: &Endpoint) -> io::Result<()> {
        let bytes = to_bytes(context(), &EndpointArgs::from(endpoint)).map_err(io::Error::other)?;
        self.write(UNFINISHED, &bytes)
    }

    /// The endpoint is there, as it is to be or as it was.
    pub(super) fn end_change(&self) {
        if let Some(path) = self.path(UNFINISHED)
            && let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the record of a change stays");
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join(name))
    }

    /// A file is there as a whole or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let Some(path) = self.path(name) else {
            return Ok(());
        };
        let new = path.with_extension("new");
        fs::write(&new, bytes)?;
        fs::rename(new, path)
    }
}

fn context() -> Context {
    Context::new_dbus(LE, 0)
}

/// Makes the folder for the service's account, as root, where no service manager does.
pub(super) fn make_folder(account: &User) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(FOLDER) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    // Only root may write in /run: nobody else has put a link there.
    chown(FOLDER, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
    fs::set_permissions(FOLDER, Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EndpointFlags;

    #[test]
    fn what_is_kept_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let records = || Records::in_folder(folder.path());
        assert_eq!(records().event_sockets(), []);
        assert_eq!(records().unfinished_change(), None);
        let given = [
            EventSocket {
                port: u32::MAX,
                user: 0,
            },
            EventSocket {
                port: 812,
                user: 61001,
            },
        ];
        records().keep_event_sockets(&given).expect("a file");
        assert_eq!(records().event_sockets(), given);
        let endpoint = Endpoint {
            id: 3,
            address: [10, 2, 0, 1].into(),
            port: Some(443),
            interface: Some("wlan0".to_owned()),
            interface_index: None,
            flags: EndpointFlags::SIGNAL,
        };
        records().begin_change(&endpoint).expect("a file");
        assert_eq!(records().unfinished_change(), Some(endpoint));
        records().end_change();
        assert_eq!(records().unfinished_change(), None);
    }

    #[test]
    fn what_is_no_record_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(EVENT_SOCKETS), "no line\n7 8\n-1 2\n9\n").expect("a file");
        fs::write(folder.path().join(UNFINISHED), [3; 40]).expect("a file");
        let records = Records::in_folder(folder.path());
        assert_eq!(records.event_sockets(), [EventSocket { port: 7, user: 8 }]);
        assert_eq!(records.unfinished_change(), None);
        let none = Records::in_folder(&folder.path().join("nowhere"));
        none.keep_event_sockets(&[EventSocket { port: 7, user: 8 }])
            .expect("nothing");
        assert_eq!(none.event_sockets(), []);
    }
}
