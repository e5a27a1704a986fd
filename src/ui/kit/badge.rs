//! Badges: a word about a connection or an endpoint, 20 high.

use egui::{Painter, Pos2, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::text;
use crate::ui::theme::{Tokens, Type};

/// How grave a badge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Tone {
    /// Worth knowing.
    Neutral,
    /// Worth a look before one acts.
    Warning,
}

/// A word on a ground of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ui) struct Badge {
    /// What it says.
    pub text: String,
    /// An icon before it.
    pub icon: Option<&'static str>,
    /// How grave it is.
    pub tone: Tone,
}

const PADDING: f32 = 6.0;
const ICON: f32 = 14.0;

impl Badge {
    /// A neutral badge.
    pub(in crate::ui) fn neutral(text: impl Into<String>, icon: Option<&'static str>) -> Self {
        Self {
            text: text.into(),
            icon,
            tone: Tone::Neutral,
        }
    }

    /// A badge that warns.
    pub(in crate::ui) fn warning(text: impl Into<String>, icon: &'static str) -> Self {
        Self {
            text: text.into(),
            icon: Some(icon),
            tone: Tone::Warning,
        }
    }

    /// How wide it is.
    pub(in crate::ui) fn width(&self, painter: &Painter) -> f32 {
        let lead = if self.icon.is_some() { ICON + 4.0 } else { 0.0 };
        text::width(painter, &self.text, Type::Small) + lead + 2.0 * PADDING
    }

    /// Paints it with its right top at `at`.
    pub(in crate::ui) fn paint(&self, painter: &Painter, at: Pos2, tokens: &Tokens) -> Rect {
        let width = self.width(painter);
        let rect = Rect::from_min_size(pos2(at.x - width, at.y), vec2(width, 20.0));
        self.fill(painter, rect, tokens);
        rect
    }

    /// A badge as a widget of its own.
    pub(in crate::ui) fn ui(&self, ui: &mut Ui) -> Response {
        let size = vec2(self.width(ui.painter()), 20.0);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), &self.text));
        self.fill(ui.painter(), rect, Tokens::of(ui));
        response
    }

    fn fill(&self, painter: &Painter, rect: Rect, tokens: &Tokens) {
        let (ground, front) = match self.tone {
            Tone::Neutral => (tokens.badge, tokens.text2),
            Tone::Warning => (tokens.warn_tint, tokens.warn),
        };
        painter.rect_filled(rect, 4.0, ground);
        let mut x = rect.left() + PADDING;
        if let Some(icon) = self.icon {
            text::icon(painter, pos2(x + ICON / 2.0, rect.center().y), icon, ICON, front);
            x += ICON + 4.0;
        }
        text::paint(
            painter,
            pos2(x, rect.center().y),
            &self.text,
            Type::Small,
            tokens.text,
        );
    }
}
