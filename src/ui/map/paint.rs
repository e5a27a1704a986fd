//! Paints the path map, by hand: places and the ways between them are no plot of values.

use egui::epaint::Mesh;
use egui::{Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

use super::layout::Plan;
use super::model::{Edge, Look, Map, Node, Peer};
use super::motion::Motion;
use super::sizes::{Density, Lines};
use crate::ui::format;
use crate::ui::kit::{TextLine, dashed_outline, opaque, paint, paint_within, width};
use crate::ui::theme::{Slot, Tokens, Type};
use crate::ui::view::Direction;

/// How finely curves are drawn.
const STEPS: u8 = 24;
/// From here on widths are shares of the largest, bits a second.
const WIDE_BPS: f64 = 130e6;
/// A dot every so many points of an edge.
const DOTS: f32 = 64.0;
/// How much of its red a dying edge keeps at the peer's end.
const FADED: f32 = 0.28;

/// How wide the label of an edge is.
pub(super) fn label_width(painter: &Painter, edge: &Edge, scale: f32) -> f32 {
    let (first, second) = (&edge.label.0, &edge.label.1);
    let more = if second.is_empty() {
        0.0
    } else {
        width(painter, second, Type::Body.times(scale)) + 10.0 * scale
    };
    width(painter, first, Type::Strong.times(scale)) + more + 20.0 * scale
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

/// The whole map.
pub(super) fn all(map: &Map, plan: &Plan, motion: &Motion, afar: bool, tokens: &Tokens, painter: &Painter) {
    let slot = |edge: &Edge| {
        map.nodes
            .get(edge.ends.0)
            .map_or(Slot::PLAIN, |node| node.path.slot)
    };
    let scale = plan.density.scale;
    let way_of_data = match map.direction {
        Direction::Sent => 1.0,
        Direction::Received => -1.0,
    };
    // What is gone fades with its label.
    let painter_of = |edge: &Edge| {
        let mut painter = painter.clone();
        painter.multiply_opacity(edge.fades.unwrap_or(1.0));
        painter
    };
    for (edge, curve) in map.edges.iter().zip(&plan.curves) {
        let way = Way {
            points: (0..=STEPS)
                .map(|step| curve.at(f32::from(step) / f32::from(STEPS)))
                .collect(),
            wide: ribbon(edge.bps, map.largest_bps) * scale,
            moved: motion.of(edge) * way_of_data * f64::from(scale),
            scale,
        };
        way.paint(edge, slot(edge), tokens, &painter_of(edge));
    }
    for (node, rect) in map.nodes.iter().zip(&plan.nodes) {
        if afar {
            node_from_afar(node, *rect, &plan.density, tokens, painter);
        } else {
            self::node(node, *rect, &plan.density, tokens, painter);
        }
    }
    for (peer, rect) in map.peers.iter().zip(&plan.peers) {
        self::peer(peer, *rect, &plan.density, tokens, painter);
    }
    for (edge, rect) in map.edges.iter().zip(&plan.labels) {
        label(edge, slot(edge), *rect, scale, tokens, &painter_of(edge));
    }
}

/// The way of an edge.
struct Way {
    points: Vec<Pos2>,
    wide: f32,
    /// How far its dots have come.
    moved: f64,
    scale: f32,
}

impl Way {
    fn paint(self, edge: &Edge, slot: Slot, tokens: &Tokens, painter: &Painter) {
        let hues = slot.ink(tokens.dark);
        let scale = self.scale;
        let stroke = Stroke::new(2.0 * scale, hues.ink);
        match edge.look {
            Look::Lost => faded(&self.points, scale, tokens, painter),
            Look::Idle if edge.backup => {
                painter.extend(Shape::dashed_line(&self.points, stroke, 8.0 * scale, 6.0 * scale));
            }
            Look::Idle => {
                painter.add(Shape::line(self.points, stroke));
            }
            Look::Carrying => {
                let dots = dots(&self.points, self.moved, DOTS * scale);
                let pieces = if edge.backup {
                    dashes(&self.points, 16.0 * scale, 6.0 * scale)
                } else {
                    vec![self.points]
                };
                for piece in &pieces {
                    band(
                        piece,
                        self.wide,
                        hues.fill,
                        Stroke::new(1.5 * scale, hues.ink),
                        painter,
                    );
                }
                for dot in dots {
                    painter.circle_filled(dot, 2.5 * scale, tokens.text);
                }
            }
        }
    }
}

/// A line in red that grows faint towards the peer.
fn faded(points: &[Pos2], scale: f32, tokens: &Tokens, painter: &Painter) {
    let count = points.len().saturating_sub(1).max(1) as f32;
    for (number, two) in points.windows(2).enumerate() {
        let [from, to] = two else { continue };
        let share = 1.0 - (1.0 - FADED) * number as f32 / count;
        let color = tokens.panel.lerp_to_gamma(tokens.danger, share);
        painter.line_segment([*from, *to], Stroke::new(3.0 * scale, color));
    }
}

/// A ribbon along points, with an outline on each side.
fn band(points: &[Pos2], wide: f32, fill: Color32, outline: Stroke, painter: &Painter) {
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
        painter.add(Shape::line(side, outline));
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

/// The dots on a way, one every so many points, that have moved so far from its start.
#[expect(clippy::cast_possible_truncation, reason = "a remainder")]
fn dots(points: &[Pos2], moved: f64, every: f32) -> Vec<Pos2> {
    let mut dots = Vec::new();
    let mut next = moved.rem_euclid(f64::from(every)) as f32;
    for two in points.windows(2) {
        let [from, to] = two else { continue };
        let length = from.distance(*to);
        while next <= length && length > 0.0 {
            dots.push(from.lerp(*to, next / length));
            next += every;
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
    ground(rect, 1.0, accent, tokens, painter);
    let roomy = density.node_lines == Lines::Two;
    let first = if roomy { rect.top() + 18.0 } else { rect.center().y };
    let mut line = TextLine::over(painter, (rect.left() + 17.0, rect.right() - 12.0), first);
    line.shape(10.0, node.path.slot, !node.up, tokens);
    line.left += 9.0;
    let (start, end) = (line.left, line.right);
    if !roomy {
        line.text_at_end(&node.address, Type::SmallMono, tokens.text2);
        line.right -= 8.0;
    }
    if let Some(dbm) = node.signal_dbm {
        line.signal_at_end(dbm, 1.0, accent, tokens);
        line.right -= 6.0;
        if roomy {
            line.text_at_end(&format::dbm(dbm), Type::Small, tokens.text2);
            line.right -= 8.0;
        }
    }
    line.text(&node.path.name, Type::Strong, tokens.text);
    // In one line whole or not at all.
    let has_room = line.room() > 40.0;
    line.left += 8.0;
    if has_room && (roomy || line.fits(&node.network, Type::Body)) {
        let color = if node.up { tokens.text2 } else { tokens.danger };
        line.text(&node.network, Type::Body, color);
    }
    if roomy {
        let mut line = TextLine::over(painter, (start, end), rect.top() + 38.0);
        line.text(&node.address, Type::Mono, tokens.text);
        line.left += 12.0;
        if line.fits(&node.path.device, Type::SmallMono) {
            line.text_at_end(&node.path.device, Type::SmallMono, tokens.text3);
        }
    }
}

/// What matters of an interface to those who see it from afar: its name, whether it is there, its address.
fn node_from_afar(node: &Node, rect: Rect, density: &Density, tokens: &Tokens, painter: &Painter) {
    let scale = density.scale;
    let slot = node.path.slot;
    let accent = if node.up {
        slot.ink(tokens.dark).ink
    } else {
        tokens.danger
    };
    ground(rect, scale, accent, tokens, painter);
    let two = density.node_lines == Lines::Two;
    let first = if two {
        rect.top() + rect.height() * 0.29
    } else {
        rect.center().y
    };
    let ends = (rect.left() + 16.5 * scale, rect.right() - 12.0 * scale);
    let mut line = TextLine::over(painter, ends, first);
    line.shape(11.0 * scale, slot, !node.up, tokens);
    line.left += 8.5 * scale;
    let start = line.left;
    if node.up
        && let Some(dbm) = node.signal_dbm
    {
        line.signal_at_end(dbm, scale, accent, tokens);
        line.right -= 8.0 * scale;
    }
    line.text(&node.path.name, Type::Strong.times(scale), tokens.text);
    let (second, font, color) = match (two, node.up) {
        (false, true) => (&node.address, Type::SmallMono, tokens.text2),
        (_, up) => {
            let color = if up { tokens.text2 } else { tokens.danger };
            (&node.network, Type::Small, color)
        }
    };
    let font = font.times(scale);
    // Whole or not at all.
    line.left += 10.0 * scale;
    if line.fits(second, font.clone()) {
        line.text_at_end(second, font, color);
    }
    if two {
        let at = pos2(start, rect.top() + rect.height() * 0.72);
        let font = fitting(&node.address, rect.right() - 8.0 * scale - start, scale, painter);
        paint(painter, at, &node.address, font, tokens.text);
    }
}

/// The ground of a node with its accent at the left.
fn ground(rect: Rect, scale: f32, accent: Color32, tokens: &Tokens, painter: &Painter) {
    painter.rect_filled(rect, 6.0, tokens.raised);
    painter.rect_stroke(rect, 6.0, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    let bar = Rect::from_min_size(rect.min, vec2(4.0 * scale, rect.height()));
    let round = egui::CornerRadius {
        nw: 4,
        sw: 4,
        ..egui::CornerRadius::ZERO
    };
    painter.rect_filled(bar, round, accent);
}

/// The font of an address: smaller where it would be too wide.
fn fitting(address: &str, room: f32, scale: f32, painter: &Painter) -> FontId {
    let font = Type::Mono.times(scale);
    if width(painter, address, font.clone()) > room {
        return Type::SmallMono.times(scale);
    }
    font
}

fn peer(peer: &Peer, rect: Rect, density: &Density, tokens: &Tokens, painter: &Painter) {
    let (color, outline) = if peer.used {
        painter.rect_filled(rect, 6.0, tokens.raised);
        (tokens.text, tokens.line)
    } else {
        (tokens.text2, tokens.strong)
    };
    painter.rect_stroke(rect, 6.0, Stroke::new(1.0, outline), StrokeKind::Inside);
    let scale = density.scale;
    let start = rect.left() + 16.0 * scale;
    let room = rect.right() - 12.0 * scale - start;
    let font = fitting(&peer.title, room, scale, painter);
    let two_lines = density.peer_lines == Lines::Two && !peer.note.is_empty();
    let lift = if two_lines { 9.0 * scale } else { 0.0 };
    let middle = rect.center().y;
    let at = pos2(start, middle - lift);
    paint_within(painter, at, &peer.title, font, color, room);
    if two_lines {
        let at = pos2(start, middle + 10.0 * scale);
        let font = Type::Small.times(scale);
        paint_within(painter, at, &peer.note, font, tokens.text2, room);
    }
}

fn label(edge: &Edge, slot: Slot, rect: Rect, scale: f32, tokens: &Tokens, painter: &Painter) {
    let lost = edge.look == Look::Lost;
    let ink = if lost {
        tokens.danger
    } else {
        slot.ink(tokens.dark).ink
    };
    // What does not fade hides its edge, also where everything is greyed.
    let (solid, _) = opaque(painter, tokens.panel);
    let ground = if edge.fades.is_some() { painter } else { &solid };
    ground.rect_filled(rect, 4.0 * scale, tokens.panel);
    if edge.backup {
        painter.extend(dashed_outline(rect.shrink(0.5 * scale), ink, scale));
    } else {
        let outline = Stroke::new(scale, ink);
        painter.rect_stroke(rect, 4.0 * scale, outline, StrokeKind::Inside);
    }
    let color = if lost { tokens.danger } else { tokens.text };
    let at = rect.left_center() + Vec2::new(10.0 * scale, 0.0);
    let end = paint(painter, at, &edge.label.0, Type::Strong.times(scale), color);
    let at = pos2(end + 10.0 * scale, at.y);
    paint(painter, at, &edge.label.1, Type::Body.times(scale), tokens.text2);
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
            dots(&way, moved, DOTS)
                .iter()
                .map(|dot| dot.x.round())
                .collect::<Vec<_>>()
        };
        assert_eq!(at(0.0), [0.0, 64.0, 128.0, 192.0]);
        assert_eq!(at(10.0), [10.0, 74.0, 138.0]);
        assert_eq!(at(74.0), at(10.0));
    }
}
