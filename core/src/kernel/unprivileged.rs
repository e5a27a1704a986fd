//! Opening what is passed to other processes.

use caps::{CapSet, CapsHashSet};

use super::Error;

/// Opens something while the calling thread has no capability in effect: what the kernel later asks of who opened it
/// is then nothing. Everything else goes on as before.
///
/// # Errors
/// What opening it says, or when the capabilities cannot be laid down or taken up again; they are then laid down for
/// good, and so is whatever was opened.
pub(super) fn open<T>(open: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let failed =
        |error: caps::errors::CapsError| Error::io("lay capabilities down", std::io::Error::other(error));
    let in_effect = caps::read(None, CapSet::Effective).map_err(failed)?;
    caps::set(None, CapSet::Effective, &CapsHashSet::new()).map_err(failed)?;
    let opened = open();
    caps::set(None, CapSet::Effective, &in_effect).map_err(failed)?;
    opened
}
