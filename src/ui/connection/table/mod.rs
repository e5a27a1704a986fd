//! The table of subflows under the plots.

mod chooser;
mod columns;
mod held;
mod layout;
mod model;
mod number;
mod paint;
mod value;

pub(super) use held::Held;
pub(super) use model::{Row, rows};
pub(super) use paint::{Act, height, ui};
