//! The colours that are not an interface's, dark and light.

use egui::Color32;

use crate::palette::{self, Rgb};

/// One set of colours. A hue among them always means trouble; everything else is grey, white or black.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Whether this is the dark set.
    pub dark: bool,
    /// Window ground, text fields, command boxes.
    pub bg: Color32,
    /// Panels, cards, plot ground.
    pub panel: Color32,
    /// What stands out from a panel: nodes, the pending change.
    pub raised: Color32,
    /// Buttons, steppers, segmented controls.
    pub control: Color32,
    /// The same, pointed at.
    pub control_hover: Color32,
    /// The same, pressed.
    pub control_active: Color32,
    /// Neutral badges.
    pub badge: Color32,
    /// The selected row.
    pub sel: Color32,
    /// Hairlines, card borders.
    pub line: Color32,
    /// Plot grid.
    pub grid: Color32,
    /// Zero line and other lines that never carry meaning alone.
    pub strong: Color32,
    /// Outline of fields and of switches that are off.
    pub ctl: Color32,
    /// Text, primary button, selection bar.
    pub text: Color32,
    /// Secondary text, icons.
    pub text2: Color32,
    /// Captions, units, axis labels.
    pub text3: Color32,
    /// Not delivering.
    pub danger: Color32,
    /// Ground of what does not deliver.
    pub danger_tint: Color32,
    /// Look before you act.
    pub warn: Color32,
    /// Ground of warning badges.
    pub warn_tint: Color32,
}

/// A colour of the palette as egui has it.
pub(super) const fn colour(Rgb(hex): Rgb) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

/// The dark set.
pub(crate) static DARK: Tokens = Tokens::from_palette(&palette::DARK);

/// The light set.
pub(crate) static LIGHT: Tokens = Tokens::from_palette(&palette::LIGHT);

impl Tokens {
    const fn from_palette(of: &palette::Tokens) -> Self {
        Self {
            dark: of.dark,
            bg: colour(of.bg),
            panel: colour(of.panel),
            raised: colour(of.raised),
            control: colour(of.control),
            control_hover: colour(of.control_hover),
            control_active: colour(of.control_active),
            badge: colour(of.badge),
            sel: colour(of.sel),
            line: colour(of.line),
            grid: colour(of.grid),
            strong: colour(of.strong),
            ctl: colour(of.ctl),
            text: colour(of.text),
            text2: colour(of.text2),
            text3: colour(of.text3),
            danger: colour(of.danger),
            danger_tint: colour(of.danger_tint),
            warn: colour(of.warn),
            warn_tint: colour(of.warn_tint),
        }
    }

    /// The set in force where `ui` paints.
    pub(crate) fn of(ui: &egui::Ui) -> &'static Self {
        Self::when(ui.visuals().dark_mode)
    }

    /// The dark or the light set.
    pub(crate) fn when(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }
}
