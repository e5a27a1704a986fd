//! How the window looks: colours, the interfaces' shapes, type, and egui's style made from them.

mod fonts;
mod slots;
mod tokens;

#[cfg(test)]
mod contrast;

pub(super) use fonts::{Type, icon_font};
pub(super) use slots::Hues;
pub(super) use tokens::{DARK, LIGHT, Tokens};

pub(super) use crate::palette::{Mark, Slot, Slots};

use egui::epaint::FontColorTransferFunction;
use egui::style::{ScrollStyle, Selection, WidgetVisuals};
use egui::{Context, CornerRadius, Margin, Shadow, Stroke, Style, Visuals, vec2};

/// Gives a window its fonts and both styles.
pub(super) fn install(ctx: &Context) {
    fonts::install(ctx);
    ctx.style_mut_of(egui::Theme::Dark, |style| apply(style, &DARK));
    ctx.style_mut_of(egui::Theme::Light, |style| apply(style, &LIGHT));
}

fn apply(style: &mut Style, tokens: &Tokens) {
    style.text_styles = fonts::styles();
    style.animation_time = 0.0;
    style.visuals = visuals(tokens);
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 4.0);
    spacing.button_padding = vec2(12.0, 6.0);
    spacing.interact_size = vec2(32.0, 32.0);
    spacing.menu_margin = Margin::symmetric(10, 6);
    spacing.window_margin = Margin::same(24);
    spacing.tooltip_width = 420.0;
    spacing.scroll = ScrollStyle {
        bar_width: 8.0,
        ..ScrollStyle::floating()
    };
    style.interaction.tooltip_delay = 0.3;
    style.interaction.selectable_labels = false;
}

fn visuals(tokens: &Tokens) -> Visuals {
    let base = if tokens.dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let widget = |fill, text| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::NONE,
        corner_radius: CornerRadius::same(6),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let mut text_options = base.text_options;
    // Light text on a dark ground looks bolder than it is: less than egui's own correction is enough.
    text_options.color_transfer_function =
        FontColorTransferFunction::Gamma(if tokens.dark { 0.85 } else { 1.0 });
    let mut visuals = Visuals {
        dark_mode: tokens.dark,
        text_options,
        panel_fill: tokens.panel,
        window_fill: tokens.raised,
        extreme_bg_color: tokens.bg,
        code_bg_color: tokens.bg,
        text_edit_bg_color: Some(tokens.bg),
        faint_bg_color: tokens.raised,
        hyperlink_color: tokens.text,
        weak_text_color: Some(tokens.text3),
        selection: Selection {
            bg_fill: tokens.control_active,
            stroke: Stroke::new(1.0, tokens.text),
        },
        warn_fg_color: tokens.warn,
        error_fg_color: tokens.danger,
        window_corner_radius: CornerRadius::same(8),
        menu_corner_radius: CornerRadius::same(8),
        window_shadow: Shadow::NONE,
        popup_shadow: Shadow::NONE,
        window_stroke: Stroke::new(1.0, tokens.strong),
        disabled_alpha: 0.45,
        ..base
    };
    visuals.widgets.noninteractive = widget(tokens.panel, tokens.text);
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, tokens.line);
    visuals.widgets.inactive = widget(tokens.control, tokens.text);
    visuals.widgets.hovered = widget(tokens.control_hover, tokens.text);
    visuals.widgets.active = widget(tokens.control_active, tokens.text);
    visuals.widgets.open = widget(tokens.control_hover, tokens.text);
    visuals
}
