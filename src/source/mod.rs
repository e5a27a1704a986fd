//! Where the stream comes from, and where commands go.

mod absent;
mod file;
mod lines;
mod live;
mod privilege;
mod reading;
mod recorded;
mod recorder;
mod replay;

pub use absent::AbsentSource;
pub use file::{FileSource, Pace};
pub use lines::FileError;
pub use live::{
    ChangeError, DEFAULT_INTERVAL_MS, INTERVAL_MS, LiveSource, Options, change, equipment,
    header_of_this_host, snapshot, snapshots,
};
pub use privilege::Service;
pub use reading::{Reader, Way};
pub use recorded::{Cursor, Recording};
pub use recorder::{Recorder, RecorderState};
pub use replay::{Control, Overview, Playback, ReplaySource, SPEEDS, Transport};

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::model::{Before, Command, Header, Line, Token};

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

/// Called from a source's thread when a line is ready.
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

    /// Keeps reading these connections each interval, whatever they do, because somebody looks at them. A source that
    /// reads everything each interval does nothing.
    fn set_focus(&self, _connections: &[Token]) {}

    /// Changes the time from one sample to the next, 50 ms to 5 s.
    fn set_interval(&self, interval: Duration);

    /// Lets the privileged service ask a person for what is missing, without waiting. What comes of it is told by an
    /// `access_changed` event. A source that misses nothing, or has no such service, does nothing.
    fn allow(&self) {}

    /// Calls `waker` when a line is ready; for samples in which nothing happens, at most once a second.
    fn set_waker(&self, waker: Waker);

    /// Why the source ended, once it has.
    fn failure(&self) -> Option<String>;

    /// What plays it, where it is a recording that can be paused and taken to any time.
    fn transport(&self) -> Option<&dyn Transport> {
        None
    }
}
