//! Where the stream comes from, and where commands go.

mod absent;
mod attention;
mod backups;
mod closely;
mod control;
mod devices;
mod difference;
mod egress;
mod file;
mod follow;
mod infer;
mod inventory;
mod live;
mod mark;
mod materialise;
mod outlet;
mod own_helper;
mod people;
mod permission;
mod reading;
mod sampler;
mod service;
mod shared;
mod silence;
mod strategy;
mod table;
mod watcher;

pub use absent::AbsentSource;
pub use control::{ChangeError, change};
pub use file::{FileError, FileSource, Pace};
pub use live::{DEFAULT_INTERVAL_MS, INTERVAL_MS, LiveSource, Options, equipment, snapshot};
pub use reading::Reader;
pub use service::Service;
pub use strategy::Way;

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::model::{Before, Command, Header, Line};

/// A change that somebody asks of a source. Its outcome comes back as a `command` event.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to change.
    pub command: Command,
    /// Who asks: `window`, `stdin`.
    pub by: String,
    /// What the asker calls the request; comes back with its outcome.
    pub reference: Option<String>,
    /// The value that the asker saw and means to replace; `None` to replace whichever there is.
    pub believed: Option<Box<Before>>,
}

/// Called from a source's thread whenever a line is ready.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// A stream, and the controller behind it.
pub trait Source: Send {
    /// What the stream began with.
    fn header(&self) -> &Header;

    /// The lines after the header. The channel is bounded, and disconnected when the source has ended. No one may keep
    /// a clone of it beyond the source: that it goes with the source is what wakes a thread waiting to send.
    fn lines(&self) -> &Receiver<Line>;

    /// Asks for a change, without waiting. `Err` gives the request back when too many wait already or when the
    /// source takes none.
    ///
    /// # Errors
    /// The request itself.
    fn request(&self, request: Request) -> Result<(), Request>;

    /// Changes the time from one sample to the next, 50 ms to 5 s.
    fn set_interval(&self, interval: Duration);

    /// Lets the privileged service ask a person for what is missing, without waiting. What comes of it is told by an
    /// `access_changed` event. A source that misses nothing, or has no such service, does nothing.
    fn allow(&self) {}

    /// Calls `waker` whenever a line is ready.
    fn set_waker(&self, waker: Waker);

    /// Why the source ended, once it has.
    fn failure(&self) -> Option<String>;
}
