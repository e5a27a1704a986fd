//! The shapes that tell interfaces apart.

use std::f32::consts::TAU;

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use super::text;
use crate::ui::theme::{Mark, Slot, Tokens, Type};

/// Paints the shape of a slot around `middle`, `size` high; hollow in `danger` when the path does not deliver.
pub(in crate::ui) fn shape_of(
    painter: &Painter,
    middle: Pos2,
    size: f32,
    slot: Slot,
    tokens: &Tokens,
    lost: bool,
) {
    let ink = slot.ink(tokens.dark).ink;
    if lost {
        painter.add(outline(slot.mark(), middle, size - 1.0, tokens.danger));
        return;
    }
    painter.add(shape(slot.mark(), middle, size, ink));
    if slot.digit > 0 {
        let at = middle + vec2(size * 0.5 + 1.0, 0.0);
        let font = Type::Small.times((size / 10.0).max(1.0));
        text::paint(painter, at, &slot.digit.to_string(), font, ink);
    }
}

/// A filled shape.
pub(in crate::ui) fn shape(mark: Mark, middle: Pos2, size: f32, color: Color32) -> Shape {
    let half = size / 2.0;
    match mark {
        Mark::Circle => Shape::circle_filled(middle, half, color),
        Mark::Square => Shape::rect_filled(
            Rect::from_center_size(middle, Vec2::splat(size * 0.9)),
            0.0,
            color,
        ),
        Mark::Bar => Shape::rect_filled(Rect::from_center_size(middle, vec2(size, size * 0.4)), 0.0, color),
        Mark::Cross => {
            let bar = |size| Shape::rect_filled(Rect::from_center_size(middle, size), 0.0, color);
            let thick = size * 0.34;
            Shape::Vec(vec![bar(vec2(size, thick)), bar(vec2(thick, size))])
        }
        _ => Shape::convex_polygon(corners(mark, middle, half), color, Stroke::NONE),
    }
}

/// A hollow shape.
fn outline(mark: Mark, middle: Pos2, size: f32, color: Color32) -> Shape {
    let half = size / 2.0;
    let stroke = Stroke::new((size / 8.0).max(1.5), color);
    match mark {
        Mark::Circle => Shape::circle_stroke(middle, half, stroke),
        Mark::Square | Mark::Bar | Mark::Cross => {
            let high = if mark == Mark::Bar { size * 0.5 } else { size * 0.9 };
            let rect = Rect::from_center_size(middle, vec2(size * 0.9, high));
            Shape::rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Middle)
        }
        _ => Shape::closed_line(corners(mark, middle, half), stroke),
    }
}

fn corners(mark: Mark, middle: Pos2, half: f32) -> Vec<Pos2> {
    let at = |x: f32, y: f32| middle + vec2(x * half, y * half);
    match mark {
        Mark::Triangle => vec![at(0.0, -0.95), at(1.0, 0.85), at(-1.0, 0.85)],
        Mark::TriangleDown => vec![at(-1.0, -0.85), at(1.0, -0.85), at(0.0, 0.95)],
        Mark::Diamond => vec![at(0.0, -1.1), at(1.1, 0.0), at(0.0, 1.1), at(-1.1, 0.0)],
        _ => (0..5_u8)
            .map(|corner| {
                let angle = TAU * (f32::from(corner) / 5.0 - 0.25);
                pos2(
                    middle.x + half * 1.05 * angle.cos(),
                    middle.y + half * 1.05 * angle.sin(),
                )
            })
            .collect(),
    }
}
