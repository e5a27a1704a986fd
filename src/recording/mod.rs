//! A recording: the stream's own lines, compressed with zstd in frames that stand alone.
//!
//! A file is a sequence of frames of at most [`FRAME_S`] seconds of the stream. Before each stands a [`Mark`], which says what
//! time the frame covers, how long it is, and whether reading can begin there; so a place is found without unpacking what
//! comes before it. A mark is a skippable frame of zstd (RFC 8878, section 3.1.2): `zstdcat` passes over it, and prints the
//! lines. A file that was cut off gives back every frame that is whole. Nothing derived is ever recorded.
//!
//! [`Anonymiser`] puts stand-ins in the place of names and addresses before a line is written.

mod anonymise;
mod file;
mod index;
mod mark;
mod remembered;
mod ring;
mod writer;

pub use anonymise::Anonymiser;
pub use file::RecordingFile;
pub use index::{Index, Place};
pub use mark::Mark;
pub use remembered::Remembered;
pub use ring::{Keep, Ring};
pub use writer::{FRAME_S, Writer};

/// How a recording's name ends.
pub const EXTENSION: &str = "pathscope";
