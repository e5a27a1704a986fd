//! The last minute of a connection in 64 by 20, stacked by interface.

use egui::{Mesh, Painter, Rect, Shape, Stroke, pos2};

use crate::ui::theme::{Slot, Tokens};

/// Paints layers of equally many bins, the first at the bottom.
pub(in crate::ui) fn sparkline(painter: &Painter, rect: Rect, layers: &[(Slot, Vec<f64>)], tokens: &Tokens) {
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.strong));
    let bins = layers.first().map_or(0, |(_, layer)| layer.len());
    let total = |bin: usize| -> f64 { layers.iter().filter_map(|(_, layer)| layer.get(bin)).sum() };
    let highest = (0..bins).map(total).fold(0.0, f64::max);
    if highest <= 0.0 {
        return;
    }
    let step = rect.width() / bins as f32;
    let mut mesh = Mesh::default();
    for bin in 0..bins {
        let left = rect.left() + bin as f32 * step;
        let mut floor = rect.bottom();
        for (slot, layer) in layers {
            let value = layer.get(bin).copied().unwrap_or(0.0);
            if value <= 0.0 {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "a fraction of 20 points")]
            let high = (value / highest) as f32 * rect.height();
            let bar = Rect::from_min_max(pos2(left, floor - high), pos2(left + step, floor));
            mesh.add_colored_rect(bar, slot.ink(tokens.dark).mark);
            floor -= high;
        }
    }
    painter.add(Shape::mesh(mesh));
}
