//! Shapes with many points as meshes of our own: a fifth of what egui would make of them.

use egui::{Color32, Mesh, Pos2, Shape, Stroke, pos2};

/// Half of the soft edge, in points of the window.
const SOFT: f32 = 0.5;

/// What a line covers at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Column {
    x: f32,
    top: f32,
    bottom: f32,
}

/// The columns of a line from the left to the right, at least a point apart. Each reaches to the value before it, so
/// that a steep line has no holes.
fn columns(points: &[Pos2]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::with_capacity(points.len());
    let mut before: Option<Pos2> = None;
    for point in points {
        match columns.last_mut() {
            Some(last) if point.x - last.x < 1.0 => {
                last.top = last.top.min(point.y);
                last.bottom = last.bottom.max(point.y);
            }
            _ => {
                let from = before.map_or(point.y, |before| before.y);
                columns.push(Column {
                    x: point.x,
                    top: point.y.min(from),
                    bottom: point.y.max(from),
                });
            }
        }
        before = Some(*point);
    }
    columns
}

/// A dense line: what it covers, as thick as the stroke and with soft edges.
pub(in crate::ui) fn band(points: &[Pos2], stroke: Stroke) -> Shape {
    let half = stroke.width / 2.0;
    let color = stroke.color;
    let mut mesh = Mesh::default();
    let columns = columns(points);
    mesh.reserve_vertices(4 * columns.len());
    mesh.reserve_triangles(6 * columns.len());
    let mut base = 0;
    for (number, column) in columns.iter().enumerate() {
        let (top, bottom) = (column.top - half, column.bottom + half);
        let rows = [
            (top - SOFT, Color32::TRANSPARENT),
            (top + SOFT, color),
            (bottom - SOFT, color),
            (bottom + SOFT, Color32::TRANSPARENT),
        ];
        for (y, color) in rows {
            mesh.colored_vertex(pos2(column.x, y), color);
        }
        if number > 0 {
            for row in base - 4..base - 1 {
                mesh.add_triangle(row, row + 1, row + 4);
                mesh.add_triangle(row + 1, row + 5, row + 4);
            }
        }
        base += 4;
    }
    Shape::mesh(mesh)
}

/// A line without the points in the middle of its level parts, where a dash would be broken in two.
pub(in crate::ui) fn corners(points: &[Pos2]) -> Vec<Pos2> {
    let level = |a: Option<&Pos2>, b: &Pos2| a.is_some_and(|a| (a.y - b.y).abs() < 1e-3);
    let mut corners = Vec::new();
    for (number, point) in points.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| points.get(before));
        if !(level(before, point) && level(points.get(number + 1), point)) {
            corners.push(*point);
        }
    }
    corners
}

/// The area between two lines that have the same places: from each `x` and the two heights there.
pub(in crate::ui) fn between(edges: impl ExactSizeIterator<Item = (f32, f32, f32)>, color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(2 * edges.len());
    mesh.reserve_triangles(2 * edges.len());
    let mut base = 0;
    for (x, low, high) in edges {
        mesh.colored_vertex(pos2(x, low), color);
        mesh.colored_vertex(pos2(x, high), color);
        if base > 0 {
            mesh.add_triangle(base - 2, base - 1, base + 1);
            mesh.add_triangle(base - 2, base + 1, base);
        }
        base += 2;
    }
    Shape::mesh(mesh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_reach_to_the_value_before() {
        let points = [pos2(0.0, 5.0), pos2(0.4, 9.0), pos2(2.0, 1.0), pos2(4.0, 1.0)];
        let covered: Vec<(f32, f32, f32)> = columns(&points)
            .iter()
            .map(|column| (column.x, column.top, column.bottom))
            .collect();
        assert_eq!(covered, [(0.0, 5.0, 9.0), (2.0, 1.0, 9.0), (4.0, 1.0, 1.0)]);
    }

    #[test]
    fn level_parts_have_no_points_in_the_middle() {
        let line = |points: &[(f32, f32)]| points.iter().map(|(x, y)| pos2(*x, *y)).collect::<Vec<_>>();
        let all = line(&[(0.0, 5.0), (1.0, 5.0), (2.0, 5.0), (3.0, 9.0), (4.0, 9.0)]);
        let kept = line(&[(0.0, 5.0), (2.0, 5.0), (3.0, 9.0), (4.0, 9.0)]);
        assert_eq!(corners(&all), kept);
    }

    #[test]
    fn meshes_are_whole() {
        let points: Vec<Pos2> = (0..50_u8)
            .map(|n| pos2(f32::from(n) * 2.0, f32::from(n % 7)))
            .collect();
        for shape in [
            band(&points, Stroke::new(2.0, Color32::WHITE)),
            between(
                points.iter().map(|point| (point.x, 10.0, point.y)),
                Color32::WHITE,
            ),
        ] {
            let Shape::Mesh(mesh) = shape else {
                panic!("not a mesh")
            };
            assert!(mesh.is_valid());
            assert!(!mesh.indices.is_empty());
        }
    }
}
