//! The last minute of a connection in 64 by 20, stacked by interface.

use egui::{Color32, Mesh, Painter, Rect, Shape, Stroke, pos2};

use crate::ui::theme::{Slot, Tokens};

/// Paints layers of equally many bins, the first at the bottom. There is a gap where a bin is not known.
pub(in crate::ui) fn sparkline(
    painter: &Painter,
    rect: Rect,
    layers: &[(Slot, Vec<f64>)],
    known: &[bool],
    tokens: &Tokens,
) {
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.strong));
    let bins = layers.first().map_or(0, |(_, layer)| layer.len());
    let total = |bin: usize| -> f64 { layers.iter().filter_map(|(_, layer)| layer.get(bin)).sum() };
    let highest = (0..bins).map(total).fold(0.0, f64::max);
    if highest <= 0.0 || bins < 2 {
        return;
    }
    let bins = bins - 1;
    let step = rect.width() / bins as f32;
    let (painter, greyed) = opaque(painter, tokens.panel);
    let mut mesh = Mesh::default();
    // From the top layer down, each filled to the ground.
    for (number, (slot, _)) in layers.iter().enumerate().rev() {
        let upto = layers.get(..=number).unwrap_or_default();
        let sum = |bin: usize| -> f64 { upto.iter().filter_map(|(_, layer)| layer.get(bin)).sum() };
        #[expect(clippy::cast_possible_truncation, reason = "a fraction of 20 points")]
        let top = |bin: usize| rect.bottom() - (sum(bin) / highest) as f32 * rect.height();
        let color = greyed(slot.ink(tokens.dark).mark);
        for bin in 0..bins {
            let (a, b) = (top(bin), top(bin + 1));
            let is_gap = known.iter().skip(bin).take(2).any(|known| !known);
            if is_gap || (a >= rect.bottom() && b >= rect.bottom()) {
                continue;
            }
            let Ok(base) = u32::try_from(mesh.vertices.len()) else {
                return;
            };
            let (left, right) = (
                rect.left() + bin as f32 * step,
                rect.left() + (bin + 1) as f32 * step,
            );
            for corner in [
                pos2(left, rect.bottom()),
                pos2(left, a),
                pos2(right, b),
                pos2(right, rect.bottom()),
            ] {
                mesh.colored_vertex(corner, color);
            }
            mesh.add_triangle(base, base + 1, base + 2);
            mesh.add_triangle(base, base + 2, base + 3);
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// A painter without its opacity, and what mixes colours with the ground instead: for shapes that lie over another.
pub(in crate::ui) fn opaque(painter: &Painter, ground: Color32) -> (Painter, impl Fn(Color32) -> Color32) {
    let opacity = painter.opacity();
    let mut painter = painter.clone();
    painter.set_opacity(1.0);
    (painter, move |color| ground.lerp_to_gamma(color, opacity))
}
