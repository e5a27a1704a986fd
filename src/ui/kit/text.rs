//! Text in the window's styles: as labels, and painted at a place.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, FontId, Galley, Label, Painter, Pos2, Rect, Response, RichText, Stroke, TextFormat, Ui,
};

use crate::ui::format::elide_middle;
use crate::ui::theme::{Tokens, Type, icon_font};

/// A label.
pub(in crate::ui) fn label(ui: &mut Ui, text: impl Into<String>, style: Type, color: Color32) -> Response {
    let text = RichText::new(text)
        .text_style(style.style())
        .line_height(Some(style.line()))
        .color(color);
    ui.add(Label::new(text))
}

/// One line of text that ends in `…` where it would be wider than `most`.
pub(in crate::ui) fn galley(
    painter: &Painter,
    text: &str,
    style: impl Into<FontId>,
    color: Color32,
    most: f32,
) -> Arc<Galley> {
    let format = TextFormat {
        font_id: style.into(),
        color,
        ..TextFormat::default()
    };
    let mut job = LayoutJob::single_section(text.to_owned(), format);
    job.wrap = TextWrapping {
        max_width: most.max(0.0),
        max_rows: 1,
        break_anywhere: true,
        ..TextWrapping::default()
    };
    painter.layout_job(job)
}

/// How wide a text is.
pub(in crate::ui) fn width(painter: &Painter, text: &str, style: impl Into<FontId>) -> f32 {
    galley(painter, text, style, Color32::WHITE, f32::INFINITY)
        .size()
        .x
}

/// Paints text with its left middle at `at`; where it ends.
pub(in crate::ui) fn paint(
    painter: &Painter,
    at: Pos2,
    text: &str,
    style: impl Into<FontId>,
    color: Color32,
) -> f32 {
    paint_within(painter, at, text, style, color, f32::INFINITY)
}

/// Paints text with its left middle at `at`, at most so wide; where it ends.
pub(in crate::ui) fn paint_within(
    painter: &Painter,
    at: Pos2,
    text: &str,
    style: impl Into<FontId>,
    color: Color32,
    most: f32,
) -> f32 {
    let galley = galley(painter, text, style, color, most);
    let place = Align2::LEFT_CENTER.anchor_size(at, galley.size());
    let end = place.right();
    painter.galley(place.min, galley, color);
    end
}

/// Paints an address with its left middle at `at`, its middle left out where it would be wider than `most`.
pub(in crate::ui) fn paint_address(
    painter: &Painter,
    at: Pos2,
    address: &str,
    style: Type,
    color: Color32,
    most: f32,
) -> f32 {
    let (whole, letters) = (width(painter, address, style), address.chars().count());
    if whole <= most {
        return paint(painter, at, address, style, color);
    }
    // Every letter is as wide as the others.
    let letter = whole / letters.max(1) as f32;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few letters, never less than none"
    )]
    let fit = (most.max(0.0) / letter) as usize;
    paint_within(painter, at, &elide_middle(address, fit), style, color, most)
}

/// Paints text with its right middle at `at`; where it begins.
pub(in crate::ui) fn paint_right(
    painter: &Painter,
    at: Pos2,
    text: &str,
    style: impl Into<FontId>,
    color: Color32,
) -> f32 {
    let galley = galley(painter, text, style, color, f32::INFINITY);
    let place = Align2::RIGHT_CENTER.anchor_size(at, galley.size());
    let start = place.left();
    painter.galley(place.min, galley, color);
    start
}

/// Paints an icon around its middle.
pub(in crate::ui) fn icon(painter: &Painter, middle: Pos2, icon: &str, size: f32, color: Color32) -> Rect {
    painter.text(middle, Align2::CENTER_CENTER, icon, icon_font(size), color)
}

/// A line over the full width of `ui`, which takes one point of height.
pub(in crate::ui) fn hairline(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 1.0), egui::Sense::hover());
    let color = Tokens::of(ui).line;
    ui.painter()
        .hline(rect.x_range(), rect.center().y, Stroke::new(1.0, color));
}
