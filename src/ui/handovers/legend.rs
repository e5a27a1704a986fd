//! How to read the lanes, where there is room for it.

use egui::{Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::lanes::{Bar, Look};
use super::paint::bar;
use crate::ui::kit::{TimeAxis, paint, paint_within};
use crate::ui::theme::{Slot, Tokens, Type};

/// What each look means; the last is a mark below the gap and no bar.
const MEANINGS: [(Option<(Look, u8)>, &str); 5] = [
    (Some((Look::Solid, 0)), "carrying data, in the interface's colour"),
    (Some((Look::Idle, 0)), "established, idle"),
    (Some((Look::Backup, 2)), "backup"),
    (Some((Look::Stalled, 0)), "stalled: nothing is acknowledged"),
    (None, "uncertainty of the measured end"),
];
const ROW: f32 = 24.0;

/// How high it is.
pub(super) const HEIGHT: f32 = 32.0 + 5.0 * ROW;

/// The legend.
pub(super) fn ui(ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    response.widget_info(|| {
        let words: Vec<&str> = MEANINGS.iter().map(|(_, words)| *words).collect();
        WidgetInfo::labeled(Role::Label, true, format!("How to read it: {}", words.join("; ")))
    });
    let painter = ui.painter();
    let left = rect.left() + 24.0;
    let mut y = rect.top() + 16.0;
    paint(
        painter,
        pos2(left, y),
        "How to read it",
        Type::Strong,
        tokens.text,
    );
    for (look, words) in MEANINGS {
        y += ROW;
        let axis = TimeAxis {
            from: 0.0,
            to: 1.0,
            left,
            right: left + 32.0,
        };
        if let Some((look, slot)) = look {
            let sample = Bar {
                from: 0.0,
                to: 1.0,
                look,
                parts: Vec::new(),
            };
            bar(&sample, Slot::new(slot), &axis, y, tokens, painter);
        } else {
            let mark = Rect::from_center_size(pos2(left + 16.0, y), vec2(12.0, 4.0));
            painter.rect_filled(mark, 0.0, tokens.danger);
        }
        let at = pos2(left + 48.0, y);
        paint_within(
            painter,
            at,
            words,
            Type::Small,
            tokens.text2,
            rect.right() - at.x - 16.0,
        );
    }
}
