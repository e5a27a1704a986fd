//! A value against time as a line: with gaps, dense, or dashed.

use egui::epaint::PathStroke;
use egui::{Pos2, Shape, Stroke, pos2};
use egui_plot::PlotTransform;

use super::meshes::{band, corners};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui) struct Trace {
    /// Its colour, and how thick it is.
    pub stroke: Stroke,
    /// Whether it is dashed.
    pub dashed: bool,
    /// Whether there are so many points that nobody sees how they are joined.
    pub dense: bool,
}

/// A dash and the gap after it, points.
const DASH: f32 = 8.0;
const GAP: f32 = 6.0;

impl Trace {
    /// The line of a curve that a plot maps to the window; `None` is a gap.
    pub(in crate::ui) fn curve(
        &self,
        curve: impl IntoIterator<Item = (f64, Option<f64>)>,
        transform: &PlotTransform,
        shapes: &mut Vec<Shape>,
    ) {
        let (mut points, mut began) = (Vec::new(), 0.0);
        for (t, value) in curve {
            if let Some(value) = value {
                if points.is_empty() {
                    began = t;
                }
                points.push(pos2(
                    transform.position_from_point_x(t),
                    transform.position_from_point_y(value),
                ));
            } else {
                self.line(std::mem::take(&mut points), began, transform, shapes);
            }
        }
        self.line(points, began, transform, shapes);
    }

    /// A line through points of the window, the first of them at `began`.
    pub(in crate::ui) fn line(
        &self,
        points: Vec<Pos2>,
        began: f64,
        transform: &PlotTransform,
        shapes: &mut Vec<Shape>,
    ) {
        if points.len() < 2 {
            return;
        }
        if self.dashed {
            let line = corners(&points);
            let into = into_dash(began, transform);
            // A dash that began before the line goes on in it, and does not stick out.
            if into < DASH {
                shapes.push(Shape::line(
                    beginning(&line, DASH - into),
                    PathStroke::from(self.stroke),
                ));
            }
            shapes.extend(Shape::dashed_line_with_offset(
                &line,
                self.stroke,
                &[DASH],
                &[GAP],
                DASH + GAP - into,
            ));
        } else if self.dense {
            shapes.push(band(&points, self.stroke));
        } else {
            shapes.push(Shape::line(points, PathStroke::from(self.stroke)));
        }
    }
}

/// How far into a dash and the gap after it a line is that begins at `t`: dashes stand still on the stream's time.
#[expect(clippy::cast_possible_truncation, reason = "less than the length of a dash")]
fn into_dash(t: f64, transform: &PlotTransform) -> f32 {
    let length = f64::from(DASH + GAP);
    (t * transform.dpos_dvalue_x()).rem_euclid(length) as f32
}

/// The first part of a line, so many points long.
fn beginning(line: &[Pos2], length: f32) -> Vec<Pos2> {
    let mut left = length;
    let mut part: Vec<Pos2> = line.first().copied().into_iter().collect();
    for (from, to) in line.iter().zip(line.iter().skip(1)) {
        let piece = from.distance(*to);
        if piece >= left {
            part.push(from.lerp(*to, left / piece.max(f32::EPSILON)));
            break;
        }
        part.push(*to);
        left -= piece;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_line_follows_its_corners() {
        let line = [pos2(0.0, 0.0), pos2(3.0, 0.0), pos2(3.0, 4.0)];
        assert_eq!(beginning(&line, 2.0), [pos2(0.0, 0.0), pos2(2.0, 0.0)]);
        assert_eq!(
            beginning(&line, 5.0),
            [pos2(0.0, 0.0), pos2(3.0, 0.0), pos2(3.0, 2.0)]
        );
        assert_eq!(beginning(&line, 99.0), line, "no longer than it is");
    }
}
