//! Where the columns stand: as wide as what is in them, spread over the room there is, wider than that when they must.

use egui::Painter;

use super::columns::{CellStyle, Column};
use super::model::Row;
use crate::ui::kit::width;
use crate::ui::theme::Type;

/// From the left edge of the table to its first column, and from the last one to the right edge.
pub(super) const PADDING: f32 = 16.0;
/// What the button at the right end of a row takes.
pub(super) const MENU: f32 = 36.0;
/// Between two columns, at least.
const GAP: f32 = 8.0;
/// Addresses give way first, down to this.
const LEAST_ADDRESS: f32 = 110.0;
const MOST_ADDRESS: f32 = 240.0;
const MOST_PATH: f32 = 170.0;
/// What the shape before the name of a path takes.
pub(super) const SHAPE: f32 = 20.0;

/// One column in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnPlace {
    pub column: &'static Column,
    pub left: f32,
    pub right: f32,
}

/// The places of all columns from 0 on, and the width that they need.
pub(super) fn lay_out(
    columns: &[&'static Column],
    rows: &[Row],
    available: f32,
    painter: &Painter,
) -> (Vec<ColumnPlace>, f32) {
    let measure = |text: &str, style| width(painter, text, style);
    let mut widths: Vec<f32> = columns
        .iter()
        .enumerate()
        .map(|(number, column)| {
            let cells = rows.iter().filter_map(|row| row.cells.get(number));
            let widest = |style| {
                cells
                    .map(|cell| {
                        let aside = if cell.aside.is_empty() {
                            0.0
                        } else {
                            measure(&cell.aside, Type::Body) + 4.0
                        };
                        measure(&cell.text, style) + aside
                    })
                    .fold(0.0, f32::max)
            };
            let inside = match column.style {
                CellStyle::Path => (widest(Type::Strong) + SHAPE + 4.0).min(MOST_PATH),
                CellStyle::Address => widest(Type::Mono).min(MOST_ADDRESS),
                CellStyle::Words | CellStyle::State | CellStyle::Number => widest(Type::Body),
            };
            // Steps of eight, so that a digit more or less moves nothing.
            let inside = (inside.max(column.width) / 8.0).ceil() * 8.0;
            inside.max(measure(&column.title(), Type::Small).ceil())
        })
        .collect();
    let gaps = GAP * columns.len() as f32;
    let sum = widths.iter().sum::<f32>() + gaps;
    let short = sum - (available - MENU);
    if short > 0.0 {
        squeeze(columns, &mut widths, short);
    }
    let spare = (-short / columns.len().max(1) as f32).clamp(0.0, 24.0);
    let mut at = 0.0;
    let places = columns
        .iter()
        .zip(widths)
        .map(|(column, width)| {
            let left = at;
            at += width + GAP + spare;
            ColumnPlace {
                column,
                left,
                right: left + width,
            }
        })
        .collect();
    (places, (at + MENU).max(available))
}

/// Takes what does not fit from the addresses, if that is enough; else nothing is changed and the table scrolls.
fn squeeze(columns: &[&'static Column], widths: &mut [f32], short: f32) {
    let addresses = |column: &&'static Column| column.style == CellStyle::Address;
    let number = columns.iter().filter(|column| addresses(column)).count();
    let each = short / number.max(1) as f32;
    let fits = columns
        .iter()
        .zip(widths.iter())
        .all(|(column, width)| !addresses(column) || width - each >= LEAST_ADDRESS);
    if number == 0 || !fits {
        return;
    }
    for (column, width) in columns.iter().zip(widths) {
        if addresses(column) {
            *width -= each;
        }
    }
}
