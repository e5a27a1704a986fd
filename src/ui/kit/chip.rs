//! Path chips: the shape of an interface and what its subflow does, 20 high.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::shape::shape_of;
use super::text;
use crate::ui::theme::{Slot, Tokens, Type};

/// What a chip says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum ChipState {
    /// Data flows.
    Carrying,
    /// Nothing flows.
    Idle,
    /// A backup through which data flows.
    BackupInUse,
    /// A backup at rest.
    BackupIdle,
    /// Not delivering.
    Lost,
    /// No MPTCP here.
    Plain,
}

/// One path of a connection.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui) struct Chip {
    /// The interface's colour and shape.
    pub slot: Slot,
    /// What it does.
    pub state: ChipState,
    /// The rate, or a word.
    pub text: String,
    /// What the interface is called.
    pub path: String,
}

const HEIGHT: f32 = 20.0;
const PADDING: f32 = 6.0;
const GAP: f32 = 6.0;
const SHAPE: f32 = 8.0;

impl Chip {
    /// How wide it is.
    pub(in crate::ui) fn width(&self, painter: &Painter) -> f32 {
        let lead = if self.state == ChipState::Plain {
            0.0
        } else {
            SHAPE + GAP
        };
        text::width(painter, &self.text, Type::Small) + lead + 2.0 * PADDING
    }

    /// Paints it with its left top at `at`; where it ends.
    pub(in crate::ui) fn paint(&self, painter: &Painter, at: Pos2, tokens: &Tokens) -> f32 {
        let rect = Rect::from_min_size(at, vec2(self.width(painter), HEIGHT));
        let ink = self.slot.ink(tokens.dark);
        let color = match self.state {
            ChipState::Carrying => {
                painter.rect_filled(rect, 4.0, ink.tint);
                tokens.text
            }
            ChipState::Idle => {
                painter.rect_filled(rect, 4.0, ink.tint);
                tokens.text2
            }
            ChipState::BackupInUse | ChipState::BackupIdle => {
                painter.extend(dashed_outline(rect.shrink(0.5), ink.ink, 1.0));
                if self.state == ChipState::BackupInUse {
                    tokens.text
                } else {
                    tokens.text2
                }
            }
            ChipState::Lost => {
                painter.rect_stroke(rect, 4.0, Stroke::new(1.0, tokens.danger), StrokeKind::Inside);
                tokens.danger
            }
            ChipState::Plain => {
                painter.rect_filled(rect, 4.0, tokens.control);
                tokens.text
            }
        };
        let mut x = rect.left() + PADDING;
        if self.state != ChipState::Plain {
            let middle = pos2(x + SHAPE / 2.0, rect.center().y);
            shape_of(
                painter,
                middle,
                SHAPE,
                self.slot,
                tokens,
                self.state == ChipState::Lost,
            );
            x += SHAPE + GAP;
        }
        text::paint(painter, pos2(x, rect.center().y), &self.text, Type::Small, color);
        rect.right()
    }
}

/// A rectangle with round corners, dashed: 4 and 3 points, or `scale` times as much.
pub(in crate::ui) fn dashed_outline(rect: Rect, color: Color32, scale: f32) -> Vec<Shape> {
    let radius = 4.0 * scale;
    let inner = rect.shrink(radius);
    let centres = [
        (inner.right_top(), -0.25_f32),
        (inner.right_bottom(), 0.0),
        (inner.left_bottom(), 0.25),
        (inner.left_top(), 0.5),
    ];
    let mut points = vec![pos2(inner.left(), rect.top())];
    for (centre, start) in centres {
        for step in 0..=3_u8 {
            let angle = std::f32::consts::TAU * (start + f32::from(step) / 12.0);
            points.push(centre + radius * vec2(angle.cos(), angle.sin()));
        }
    }
    points.push(pos2(inner.left(), rect.top()));
    Shape::dashed_line(&points, Stroke::new(scale, color), 4.0 * scale, 3.0 * scale)
}
