//! Texts and signs beside each other on one line, from the left and from the right, each as wide as it is.

use egui::{Color32, FontId, Painter, Pos2, Rect, pos2};

use super::shape::shape_of;
use super::signal::signal_bars;
use super::text::{icon, paint_right, paint_within, width};
use crate::ui::theme::{Slot, Tokens};

/// A line, and what of it is still free.
pub(in crate::ui) struct TextLine<'a> {
    painter: &'a Painter,
    /// Where the next thing from the left begins.
    pub left: f32,
    /// Where the next thing from the right ends.
    pub right: f32,
    /// The middle of its height.
    pub y: f32,
}

impl<'a> TextLine<'a> {
    /// A line in the middle of a place.
    pub(in crate::ui) fn new(painter: &'a Painter, place: Rect) -> Self {
        Self {
            painter,
            left: place.left(),
            right: place.right(),
            y: place.center().y,
        }
    }

    /// A line from one place to another, around a height.
    pub(in crate::ui) fn over(painter: &'a Painter, (left, right): (f32, f32), y: f32) -> Self {
        Self {
            painter,
            left,
            right,
            y,
        }
    }

    /// How much is free.
    pub(in crate::ui) fn room(&self) -> f32 {
        self.right - self.left
    }

    /// Where the next thing from the left stands.
    pub(in crate::ui) fn at(&self) -> Pos2 {
        pos2(self.left, self.y)
    }

    /// Whether a text has room as it is.
    pub(in crate::ui) fn fits(&self, text: &str, style: impl Into<FontId>) -> bool {
        width(self.painter, text, style) <= self.room()
    }

    /// A text from the left; `…` where it has no room.
    pub(in crate::ui) fn text(&mut self, text: &str, style: impl Into<FontId>, color: Color32) {
        self.left = paint_within(self.painter, self.at(), text, style, color, self.room());
    }

    /// A text from the right.
    pub(in crate::ui) fn text_at_end(&mut self, text: &str, style: impl Into<FontId>, color: Color32) {
        self.right = paint_right(self.painter, pos2(self.right, self.y), text, style, color);
    }

    /// An icon from the left.
    pub(in crate::ui) fn icon(&mut self, name: &str, size: f32, color: Color32) {
        icon(
            self.painter,
            pos2(self.left + size / 2.0, self.y),
            name,
            size,
            color,
        );
        self.left += size;
    }

    /// The bars of a signal from the right, the lit ones in `ink`.
    pub(in crate::ui) fn signal_at_end(&mut self, dbm: i32, scale: f32, ink: Color32, tokens: &Tokens) {
        let right = pos2(self.right, self.y);
        self.right = signal_bars(self.painter, right, dbm, scale, ink, tokens);
    }

    /// The shape of an interface from the left; hollow where the path does not deliver.
    pub(in crate::ui) fn shape(&mut self, size: f32, slot: Slot, lost: bool, tokens: &Tokens) {
        let middle = pos2(self.left + size / 2.0, self.y);
        shape_of(self.painter, middle, size, slot, tokens, lost);
        self.left += size;
    }
}
