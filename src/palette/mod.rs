//! The colours of Pathscope and the shapes that go with them, for the window and for what is read without it.
//!
//! A hue always means an interface or trouble; everything else is grey, white or black.

mod slots;
mod tokens;

pub use slots::{Hues, Mark, Slot, Slots};
pub use tokens::{DARK, LIGHT, Tokens};

use std::fmt;

/// A colour as in a style sheet: `0xRRGGBB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u32);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06x}", self.0)
    }
}
