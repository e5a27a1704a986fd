//! Buttons: text, icon or both, in the window's three looks.

use egui::{
    Color32, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetText, accesskit::Role, pos2,
    vec2,
};
use egui_material_icons::icons::ICON_EXPAND_MORE;

use super::text;
use crate::ui::theme::{Tokens, Type};

/// How a button stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ui) enum Look {
    /// On a ground of its own.
    #[default]
    Plain,
    /// The one act that a place is for.
    Primary,
    /// Without a ground until pointed at.
    Quiet,
}

/// A button.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ui) struct Button<'a> {
    /// What stands on it; may be empty where an icon is.
    pub text: &'a str,
    /// Its accessible name, where the text is not enough.
    pub name: Option<&'a str>,
    /// An icon before the text.
    pub icon: Option<&'static str>,
    /// How it stands out.
    pub look: Look,
    /// 24 high instead of 32.
    pub small: bool,
    /// Whether it opens a choice.
    pub chevron: bool,
}

impl<'a> Button<'a> {
    /// A button with text.
    pub(in crate::ui) fn text(text: &'a str) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// A button that is an icon, with the name that it would have.
    pub(in crate::ui) fn icon(icon: &'static str, name: &'a str) -> Self {
        Self {
            icon: Some(icon),
            name: Some(name),
            ..Self::default()
        }
    }

    /// With an icon before the text.
    pub(in crate::ui) fn with_icon(mut self, icon: &'static str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// With an accessible name of its own.
    pub(in crate::ui) fn named(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// 24 high.
    pub(in crate::ui) fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// In another look.
    pub(in crate::ui) fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// With the sign of a choice.
    pub(in crate::ui) fn chevron(mut self) -> Self {
        self.chevron = true;
        self
    }

    fn style(&self) -> Type {
        match (self.small, self.look) {
            (true, _) => Type::Small,
            (false, Look::Primary) => Type::Strong,
            _ => Type::Body,
        }
    }

    /// How wide it is.
    pub(in crate::ui) fn width(&self, ui: &Ui) -> f32 {
        let high = self.height();
        if self.text.is_empty() {
            return high;
        }
        let padding = if self.small { 8.0 } else { 12.0 };
        let icon = if self.icon.is_some() {
            self.icon_size() + 6.0
        } else {
            0.0
        };
        let chevron = if self.chevron { 18.0 } else { 0.0 };
        text::width(ui.painter(), self.text, self.style()) + icon + chevron + 2.0 * padding
    }

    fn height(&self) -> f32 {
        if self.small { 24.0 } else { 32.0 }
    }

    fn icon_size(&self) -> f32 {
        if self.small { 14.0 } else { 18.0 }
    }

    /// Adds it.
    pub(in crate::ui) fn ui(self, ui: &mut Ui) -> Response {
        let size = vec2(self.width(ui), self.height());
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        self.finish(ui, rect, response)
    }

    /// Adds it at a place, with a stable id.
    pub(in crate::ui) fn put(self, ui: &mut Ui, rect: Rect) -> Response {
        let response = ui.allocate_rect(rect, Sense::click());
        self.finish(ui, rect, response)
    }

    /// Adds it, disabled with a reason where there is one.
    pub(in crate::ui) fn unless(self, ui: &mut Ui, refusal: Option<&str>) -> Response {
        let response = ui.add_enabled_ui(refusal.is_none(), |ui| self.ui(ui)).inner;
        match refusal {
            Some(why) => response.on_disabled_hover_text(why),
            None => response,
        }
    }

    fn finish(self, ui: &Ui, rect: Rect, response: Response) -> Response {
        let name = self.name.unwrap_or(self.text);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
        self.paint(ui, rect, &response);
        focus_ring(ui, &response, 6.0);
        if self.text.is_empty() && ui.is_enabled() {
            return response.on_hover_text(name);
        }
        response
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: &Response) {
        let tokens = Tokens::of(ui);
        let pressed = response.is_pointer_button_down_on();
        let ground = match (self.look, pressed, response.hovered()) {
            (Look::Primary, _, false) => tokens.text,
            (Look::Primary, ..) => tokens.text2,
            (_, true, _) => tokens.control_active,
            (_, _, true) => tokens.control_hover,
            (Look::Plain, ..) => tokens.control,
            (Look::Quiet, ..) => Color32::TRANSPARENT,
        };
        let (front, icon_color) = match self.look {
            Look::Primary => (tokens.panel, tokens.panel),
            _ => (tokens.text, tokens.text2),
        };
        let painter = ui.painter();
        painter.rect_filled(rect, 6.0, ground);
        let y = rect.center().y;
        let size = self.icon_size();
        if self.text.is_empty() {
            if let Some(icon) = self.icon {
                text::icon(painter, rect.center(), icon, size, icon_color);
            }
            return;
        }
        let padding = if self.small { 8.0 } else { 12.0 };
        let mut x = rect.center().x - self.width(ui) / 2.0 + padding;
        if let Some(icon) = self.icon {
            text::icon(painter, pos2(x + size / 2.0, y), icon, size, icon_color);
            x += size + 6.0;
        }
        let end = text::paint(painter, pos2(x, y), self.text, self.style(), front);
        if self.chevron {
            text::icon(
                painter,
                pos2(end + 12.0, y),
                ICON_EXPAND_MORE.codepoint,
                16.0,
                icon_color,
            );
        }
    }
}

/// The ring around what has the keyboard's focus.
pub(in crate::ui) fn focus_ring(ui: &Ui, response: &Response, radius: f32) {
    if response.has_focus() {
        let ring = response.rect.expand(2.0);
        let stroke = Stroke::new(2.0, Tokens::of(ui).text);
        ui.painter()
            .rect_stroke(ring, radius + 2.0, stroke, StrokeKind::Outside);
    }
}

/// A segmented control; the number of the segment that was clicked.
pub(in crate::ui) fn segmented(ui: &mut Ui, names: &[&str], chosen: Option<usize>) -> Option<usize> {
    let tokens = Tokens::of(ui);
    let widths: Vec<f32> = names
        .iter()
        .map(|name| text::width(ui.painter(), name, Type::SmallStrong) + 20.0)
        .collect();
    let size = vec2(widths.iter().sum::<f32>() + 4.0, 24.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, 6.0, tokens.control);
    let mut left = rect.left() + 2.0;
    let mut clicked = None;
    for (number, (name, width)) in names.iter().zip(widths).enumerate() {
        let cell = Rect::from_min_size(pos2(left, rect.top() + 2.0), vec2(width, 20.0));
        left += width;
        let response = ui.interact(cell, ui.scope_id().with(("segment", name)), Sense::click());
        let on = chosen == Some(number);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), on, name));
        let (style, front) = if on {
            ui.painter().rect_filled(cell, 4.0, tokens.text);
            (Type::SmallStrong, tokens.panel)
        } else {
            if response.hovered() {
                ui.painter().rect_filled(cell, 4.0, tokens.control_hover);
            }
            (Type::Small, tokens.text2)
        };
        let start = cell.center().x - text::width(ui.painter(), name, style) / 2.0;
        text::paint(ui.painter(), pos2(start, cell.center().y), name, style, front);
        focus_ring(ui, &response, 4.0);
        if response.clicked() {
            clicked = Some(number);
        }
    }
    clicked
}

/// An entry of a menu; whether it was chosen. Disabled with the reason on hover where there is one.
pub(in crate::ui) fn menu_item(
    ui: &mut Ui,
    icon: &'static str,
    name: &str,
    hint: impl Into<WidgetText>,
    refusal: Option<&str>,
) -> bool {
    let width = (text::width(ui.painter(), name, Type::Body) + 52.0).max(180.0);
    let add = |ui: &mut Ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(width, 32.0), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
        let tokens = Tokens::of(ui);
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, 6.0, tokens.control_hover);
        }
        let y = rect.center().y;
        text::icon(
            ui.painter(),
            pos2(rect.left() + 18.0, y),
            icon,
            18.0,
            tokens.text2,
        );
        text::paint(
            ui.painter(),
            pos2(rect.left() + 36.0, y),
            name,
            Type::Body,
            tokens.text,
        );
        response
    };
    let response = ui.add_enabled_ui(refusal.is_none(), add).inner;
    let chosen = response.clicked();
    if let Some(why) = refusal {
        response.on_disabled_hover_text(why);
    } else {
        let hint: WidgetText = hint.into();
        if !hint.is_empty() {
            response.on_hover_text(hint);
        }
    }
    if chosen {
        ui.close();
    }
    chosen
}
