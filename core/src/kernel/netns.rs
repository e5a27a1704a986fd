//! Network namespaces: by name or by path, and a thread's way into one.

use std::fs::{self, File};
use std::io;
use std::os::linux::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};

use super::Error;

/// Where `ip netns add` puts names; the second is what older systems call it.
pub(super) const NAMED: [&str; 2] = ["/run/netns", "/var/run/netns"];
const OF_THREAD: &str = "/proc/thread-self/ns/net";
const OF_PROCESS: &str = "/proc/self/ns/net";

/// A network namespace, kept alive while this value is.
#[derive(Clone, Debug)]
pub struct Namespace {
    file: Arc<File>,
    identity: Identity,
    label: Option<String>,
}

/// What tells one namespace from another: device and inode (ioctl_ns(2)).
pub(super) type Identity = (u64, u64);

impl Namespace {
    /// The calling thread's.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn current() -> Result<Self, Error> {
        let doing = "open this thread's network namespace";
        let file = File::open(OF_THREAD).map_err(|source| Error::io(doing, source))?;
        Self::new(file, None).map_err(|source| Error::io(doing, source))
    }

    /// By the name that `ip netns` knows, or by a path, which has a slash in it.
    ///
    /// # Errors
    /// [`Error::NoSuchNamespace`], or [`Error::NotANamespace`] for a file that is none.
    pub fn open(name_or_path: &str) -> Result<Self, Error> {
        let unavailable = |source| Error::NoSuchNamespace {
            name: name_or_path.to_owned(),
            source,
        };
        let file = if name_or_path.contains('/') {
            File::open(name_or_path)
        } else {
            open_named(name_or_path)
        };
        let file = file.map_err(unavailable)?;
        if !is_netns(&file) {
            return Err(Error::NotANamespace {
                name: name_or_path.to_owned(),
            });
        }
        Self::new(file, Some(name_or_path.to_owned())).map_err(unavailable)
    }

    fn new(file: File, label: Option<String>) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            file: Arc::new(file),
            identity: (metadata.st_dev(), metadata.st_ino()),
            label,
        })
    }

    /// What tells it from another, for as long as anybody is in it.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// As it was named; `None` for [`Self::current`].
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Moves the calling thread into it. Sockets that are open already stay where they are.
    ///
    /// # Errors
    /// [`Error::MayNotEnter`] without CAP_SYS_ADMIN, in it and in the thread's user namespace (setns(2)).
    pub fn enter(&self) -> Result<(), Error> {
        if identity(OF_THREAD) == Some(self.identity) {
            return Ok(());
        }
        setns(&*self.file, CloneFlags::CLONE_NEWNET).map_err(|errno| {
            let name = self.label().unwrap_or("of another thread").to_owned();
            match errno {
                Errno::EPERM => Error::MayNotEnter { name },
                _ => Error::io(format!("enter the network namespace '{name}'"), errno),
            }
        })
    }

    /// Whether what it was named by still leads to it. A namespace that is kept alive only by those who look at it
    /// is of no use any more.
    pub fn still_there(&self) -> bool {
        let Some(name) = self.label() else { return true };
        if name.contains('/') {
            return identity(name) == Some(self.identity);
        }
        let paths = NAMED.map(|folder| format!("{folder}/{name}"));
        paths.iter().any(|path| identity(path) == Some(self.identity))
    }

    /// Whether it is the one of the process, that is, of its main thread.
    pub fn is_own(&self) -> bool {
        identity(OF_PROCESS) == Some(self.identity)
    }
}

fn open_named(name: &str) -> io::Result<File> {
    let [first, second] = NAMED.map(|folder| Path::new(folder).join(name));
    File::open(first).or_else(|error| File::open(second).map_err(|_| error))
}

/// What tells the namespace apart to which a path leads; `None` where one may not see it.
pub(super) fn identity(path: &str) -> Option<Identity> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.st_dev(), metadata.st_ino()))
}

/// Whether the calling thread is in the network namespace of its process, so that sysfs shows its interfaces.
pub(super) fn thread_is_in_own() -> bool {
    identity(OF_THREAD).is_some_and(|here| identity(OF_PROCESS) == Some(here))
}

/// Whether setns accepts the file as a network namespace. It says that before it asks for permission. Tried on a
/// thread of its own, which ends right away.
fn is_netns(file: &File) -> bool {
    thread::scope(|scope| {
        scope
            .spawn(|| {
                !matches!(
                    setns(file, CloneFlags::CLONE_NEWNET),
                    Err(Errno::EINVAL | Errno::EBADF)
                )
            })
            .join()
            .unwrap_or(false)
    })
}
