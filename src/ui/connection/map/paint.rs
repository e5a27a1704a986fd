//! Paints the path map.

use egui::epaint::Mesh;
use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

use super::layout::{Curve, Density, Plan};
use super::model::{Edge, Look, Map, Node, Peer};
use crate::ui::theme::{Slot, Tokens, Type};
use crate::ui::widgets::{dashed_outline, paint, paint_right, paint_within, shape_of, width};

/// How finely curves are drawn.
const STEPS: u8 = 24;
/// From here on widths are shares of the largest, bits a second.
const WIDE_BPS: f64 = 130e6;
/// A dot every so many points of an edge.
const DOTS: f32 = 64.0;
/// How much of its red a dying edge keeps at the peer's end.
const FADED: f32 = 0.28;

/// How wide the label of an edge is.
pub(super) fn label_width(painter: &Painter, edge: &Edge) -> f32 {
    let (first, second) = (&edge.label.0, &edge.label.1);
    let more = if second.is_empty() {
        0.0
    } else {
        width(painter, second, Type::Body) + 10.0
    };
    width(painter, first, Type::Strong) + more + 20.0
}

/// How wide the ribbon of an edge is: 2 and 0.16 a Mbit/s, at most 24.
#[expect(clippy::cast_possible_truncation, reason = "at most 24")]
fn ribbon(bps: f64, largest_bps: f64) -> f32 {
    let share = if largest_bps > WIDE_BPS {
        bps / largest_bps * 22.0
    } else {
        bps / 1e6 * 0.16
    };
    (2.0 + share).clamp(2.0, 24.0) as f32
}

/// How fast dots move, points a second: 40 at 1 Mbit/s, 160 from 100 on.
fn speed(bps: f64) -> f64 {
    40.0 + 60.0 * (bps / 1e6).max(1.0).log10().min(2.0)
}

pub(super) fn all(map: &Map, plan: &Plan, now: f64, tokens: &Tokens, painter: &Painter) {
    let slot = |edge: &Edge| {
        map.nodes
            .get(edge.ends.0)
            .map_or(Slot::PLAIN, |node| node.path.slot)
    };
    for (edge, curve) in map.edges.iter().zip(&plan.curves) {
        way(edge, slot(edge), curve, map.largest_bps, now, tokens, painter);
    }
    for (node, rect) in map.nodes.iter().zip(&plan.nodes) {
        self::node(node, *rect, &plan.density, tokens, painter);
    }
    for (peer, rect) in map.peers.iter().zip(&plan.peers) {
        self::peer(peer, *rect, &plan.density, tokens, painter);
    }
    for (edge, rect) in map.edges.iter().zip(&plan.labels) {
        label(edge, slot(edge), *rect, tokens, painter);
    }
}

fn way(
    edge: &Edge,
    slot: Slot,
    curve: &Curve,
    largest_bps: f64,
    now: f64,
    tokens: &Tokens,
    painter: &Painter,
) {
    let hues = slot.ink(tokens.dark);
    let points: Vec<Pos2> = (0..=STEPS)
        .map(|step| curve.at(f32::from(step) / f32::from(STEPS)))
        .collect();
    match edge.look {
        Look::Lost => faded(&points, tokens, painter),
        Look::Idle if edge.backup => {
            let stroke = Stroke::new(2.0, hues.ink);
            painter.extend(Shape::dashed_line(&points, stroke, 8.0, 6.0));
        }
        Look::Idle => {
            painter.add(Shape::line(points, Stroke::new(2.0, hues.ink)));
        }
        Look::Carrying => {
            let wide = ribbon(edge.bps, largest_bps);
            let pieces = if edge.backup {
                dashes(&points, 16.0, 6.0)
            } else {
                vec![points.clone()]
            };
            for piece in &pieces {
                band(piece, wide, hues.fill, hues.ink, painter);
            }
            for dot in dots(&points, now * speed(edge.bps)) {
                painter.circle_filled(dot, 2.5, tokens.text);
            }
        }
    }
}

/// A line in red that grows faint towards the peer.
fn faded(points: &[Pos2], tokens: &Tokens, painter: &Painter) {
    let count = points.len().saturating_sub(1).max(1) as f32;
    for (number, two) in points.windows(2).enumerate() {
        let [from, to] = two else { continue };
        let share = 1.0 - (1.0 - FADED) * number as f32 / count;
        let color = tokens.panel.lerp_to_gamma(tokens.danger, share);
        painter.line_segment([*from, *to], Stroke::new(3.0, color));
    }
}

/// A ribbon along points, with an outline on each side.
fn band(points: &[Pos2], wide: f32, fill: Color32, ink: Color32, painter: &Painter) {
    let sides: Vec<(Pos2, Pos2)> = points
        .iter()
        .enumerate()
        .map(|(at, point)| {
            let before = points.get(at.saturating_sub(1)).unwrap_or(point);
            let after = points.get(at + 1).unwrap_or(point);
            let normal = (*after - *before).normalized().rot90() * (wide / 2.0);
            (*point + normal, *point - normal)
        })
        .collect();
    let mut mesh = Mesh::default();
    for ((one, other), number) in sides.iter().zip(0_u32..) {
        mesh.colored_vertex(*one, fill);
        mesh.colored_vertex(*other, fill);
        if number > 0 {
            let corner = number * 2;
            mesh.add_triangle(corner - 2, corner - 1, corner);
            mesh.add_triangle(corner - 1, corner + 1, corner);
        }
    }
    painter.add(Shape::mesh(mesh));
    let (one, other): (Vec<Pos2>, Vec<Pos2>) = sides.into_iter().unzip();
    for side in [one, other] {
        painter.add(Shape::line(side, Stroke::new(1.5, ink)));
    }
}

/// The pieces of a way that lie in dashes.
fn dashes(points: &[Pos2], dash: f32, gap: f32) -> Vec<Vec<Pos2>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    // What is left of the dash, or of the gap.
    let (mut on, mut left) = (true, dash);
    for two in points.windows(2) {
        let [from, to] = two else { continue };
        let mut at = *from;
        if on && piece.is_empty() {
            piece.push(at);
        }
        while at.distance(*to) > left {
            at += (*to - at).normalized() * left;
            if on {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece.push(at);
            }
            on = !on;
            left = if on { dash } else { gap };
        }
        left -= at.distance(*to);
        if on {
            piece.push(*to);
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// The dots on a way that have moved so far from its start.
#[expect(clippy::cast_possible_truncation, reason = "a remainder")]
fn dots(points: &[Pos2], moved: f64) -> Vec<Pos2> {
    let mut dots = Vec::new();
    let mut next = moved.rem_euclid(f64::from(DOTS)) as f32;
    for two in points.windows(2) {
        let [from, to] = two else { continue };
        let length = from.distance(*to);
        while next <= length && length > 0.0 {
            dots.push(from.lerp(*to, next / length));
            next += DOTS;
        }
        next -= length;
    }
    dots
}

fn node(node: &Node, rect: Rect, density: &Density, tokens: &Tokens, painter: &Painter) {
    let accent = if node.up {
        node.path.slot.ink(tokens.dark).ink
    } else {
        tokens.danger
    };
    painter.rect_filled(rect, 6.0, tokens.raised);
    painter.rect_stroke(rect, 6.0, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    let bar = Rect::from_min_size(rect.min, vec2(4.0, rect.height()));
    painter.rect_filled(
        bar,
        egui::CornerRadius {
            nw: 4,
            sw: 4,
            ..egui::CornerRadius::ZERO
        },
        accent,
    );
    let roomy = density.node > 40.0;
    let first = if roomy { rect.top() + 18.0 } else { rect.center().y };
    let slot = node.path.slot;
    shape_of(
        painter,
        pos2(rect.left() + 22.0, first),
        10.0,
        slot,
        tokens,
        !node.up,
    );
    let start = rect.left() + 36.0;
    let mut right = rect.right() - 12.0;
    if let Some(dbm) = node.signal_dbm {
        right = signal(painter, pos2(right, first), dbm, accent, tokens) - 6.0;
        let text = format!("\u{2212}{} dBm", dbm.unsigned_abs());
        right = paint_right(painter, pos2(right, first), &text, Type::Small, tokens.text2) - 8.0;
    } else if !roomy {
        right = paint_right(
            painter,
            pos2(right, first),
            &node.address,
            Type::SmallMono,
            tokens.text2,
        ) - 8.0;
    }
    let end = paint_within(
        painter,
        pos2(start, first),
        &node.path.name,
        Type::Strong,
        tokens.text,
        right - start,
    );
    if right - end > 40.0 {
        let at = pos2(end + 8.0, first);
        paint_within(
            painter,
            at,
            &node.network,
            Type::Body,
            tokens.text2,
            right - end - 8.0,
        );
    }
    if roomy {
        let second = rect.top() + 38.0;
        let right = rect.right() - 12.0;
        let address_end = start + width(painter, &node.address, Type::Mono);
        let device_wide = width(painter, &node.path.device, Type::SmallMono);
        let room = right - start;
        paint_within(
            painter,
            pos2(start, second),
            &node.address,
            Type::Mono,
            tokens.text,
            room,
        );
        if address_end + 12.0 + device_wide <= right {
            let at = pos2(right, second);
            paint_right(painter, at, &node.path.device, Type::SmallMono, tokens.text3);
        }
    }
}

/// Four bars that grow; where they begin.
fn signal(painter: &Painter, right: Pos2, dbm: i32, ink: Color32, tokens: &Tokens) -> f32 {
    let strong = match dbm {
        -55.. => 4,
        -67..=-56 => 3,
        -78..=-68 => 2,
        _ => 1,
    };
    let start = right.x - 18.0;
    for bar in 0..4_u8 {
        let high = 4.0 + 3.0 * f32::from(bar);
        let left = start + 5.0 * f32::from(bar);
        let rect = Rect::from_min_max(pos2(left, right.y + 7.0 - high), pos2(left + 3.0, right.y + 7.0));
        painter.rect_filled(rect, 0.0, if bar < strong { ink } else { tokens.strong });
    }
    start
}

fn peer(peer: &Peer, rect: Rect, density: &Density, tokens: &Tokens, painter: &Painter) {
    let (color, outline) = if peer.used {
        painter.rect_filled(rect, 6.0, tokens.raised);
        (tokens.text, tokens.line)
    } else {
        (tokens.text2, tokens.strong)
    };
    painter.rect_stroke(rect, 6.0, Stroke::new(1.0, outline), StrokeKind::Inside);
    let start = rect.left() + 16.0;
    let room = rect.right() - 12.0 - start;
    let address = peer.address.to_string();
    let style = if width(painter, &address, Type::Mono) > room {
        Type::SmallMono
    } else {
        Type::Mono
    };
    let two_lines = density.node > 24.0 && !peer.note.is_empty();
    let lift = if two_lines { 9.0 } else { 0.0 };
    let middle = rect.center().y;
    paint_within(painter, pos2(start, middle - lift), &address, style, color, room);
    if two_lines {
        let at = pos2(start, middle + 10.0);
        paint_within(painter, at, &peer.note, Type::Small, tokens.text2, room);
    }
}

fn label(edge: &Edge, slot: Slot, rect: Rect, tokens: &Tokens, painter: &Painter) {
    let lost = edge.look == Look::Lost;
    let ink = if lost {
        tokens.danger
    } else {
        slot.ink(tokens.dark).ink
    };
    painter.rect_filled(rect, 4.0, tokens.panel);
    if edge.backup {
        painter.extend(dashed_outline(rect.shrink(0.5), ink));
    } else {
        painter.rect_stroke(rect, 4.0, Stroke::new(1.0, ink), StrokeKind::Inside);
    }
    let color = if lost { tokens.danger } else { tokens.text };
    let at = rect.left_center() + Vec2::new(10.0, 0.0);
    let end = paint(painter, at, &edge.label.0, Type::Strong, color);
    let at = pos2(end + 10.0, at.y);
    paint(painter, at, &edge.label.1, Type::Body, tokens.text2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ribbon_grows_with_the_rate_and_is_never_wider_than_24() {
        assert!((ribbon(0.0, 0.0) - 2.0).abs() < 1e-3);
        assert!((ribbon(50e6, 100e6) - 10.0).abs() < 1e-3);
        assert!((ribbon(900e6, 900e6) - 24.0).abs() < 1e-3);
        assert!((ribbon(450e6, 900e6) - 13.0).abs() < 1e-3);
    }

    #[test]
    fn dashes_cover_their_share_of_the_way() {
        let way: Vec<Pos2> = (0..=11_u8)
            .map(|step| pos2(f32::from(step) * 20.0, 0.0))
            .collect();
        let pieces = dashes(&way, 16.0, 6.0);
        assert_eq!(pieces.len(), 10);
        let long = |piece: &Vec<Pos2>| match (piece.first(), piece.last()) {
            (Some(first), Some(last)) => first.distance(*last),
            _ => 0.0,
        };
        assert!(pieces.iter().all(|piece| (long(piece) - 16.0).abs() < 0.01));
    }

    #[test]
    fn dots_keep_their_distance_and_move_on() {
        let way = [pos2(0.0, 0.0), pos2(100.0, 0.0), pos2(200.0, 0.0)];
        let at = |moved| {
            dots(&way, moved)
                .iter()
                .map(|dot| dot.x.round())
                .collect::<Vec<_>>()
        };
        assert_eq!(at(0.0), [0.0, 64.0, 128.0, 192.0]);
        assert_eq!(at(10.0), [10.0, 74.0, 138.0]);
        assert_eq!(at(74.0), at(10.0));
    }
}
