//! Small parts that every panel uses.

mod badge;
mod button;
mod chip;
mod code;
mod dialog;
mod field;
mod filter;
mod row;
mod shape;
mod sparkline;
mod switch;
mod text;

pub(super) use badge::Badge;
pub(super) use button::{Look, Press, focus_ring, menu_item, segmented};
pub(super) use chip::{Chip, ChipState, dashed_outline};
pub(super) use code::command_box;
pub(super) use dialog::dialog;
pub(super) use field::field;
pub(super) use filter::filter_field;
pub(super) use row::row_ground;
pub(super) use shape::shape_of;
pub(super) use sparkline::{opaque, sparkline};
pub(super) use switch::{Switch, switch};
pub(super) use text::{hairline, icon, label, paint, paint_address, paint_right, paint_within, width};
