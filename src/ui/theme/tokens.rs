//! The colours that are not an interface's, dark and light.

use egui::Color32;

/// One set of colours. A hue among them always means trouble; everything else is grey, white or black.
#[derive(Debug, PartialEq, Eq)]
pub struct Tokens {
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

/// A colour written as in a style sheet: `0xRRGGBB`.
pub(super) const fn rgb(hex: u32) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

/// The dark set.
pub static DARK: Tokens = Tokens {
    dark: true,
    bg: rgb(0x0E_1216),
    panel: rgb(0x15_1A20),
    raised: rgb(0x1C_232B),
    control: rgb(0x26_2F39),
    control_hover: rgb(0x30_3B47),
    control_active: rgb(0x3A_4653),
    badge: rgb(0x2C_3743),
    sel: rgb(0x1D_2935),
    line: rgb(0x27_303A),
    grid: rgb(0x21_2931),
    strong: rgb(0x44_515E),
    ctl: rgb(0x6B_7987),
    text: rgb(0xEE_F2F5),
    text2: rgb(0xB8_C2CC),
    text3: rgb(0x93_A0AC),
    danger: rgb(0xFF_7A66),
    danger_tint: rgb(0x36_272A),
    warn: rgb(0xF2_D04B),
    warn_tint: rgb(0x30_3025),
};

/// The light set.
pub static LIGHT: Tokens = Tokens {
    dark: false,
    bg: rgb(0xEE_F1F4),
    panel: rgb(0xFF_FFFF),
    raised: rgb(0xF4_F6F8),
    control: rgb(0xE3_E8EC),
    control_hover: rgb(0xD8_DFE5),
    control_active: rgb(0xCB_D4DB),
    badge: rgb(0xDD_E4EA),
    sel: rgb(0xE9_F1F8),
    line: rgb(0xD8_DEE4),
    grid: rgb(0xE7_EBEF),
    strong: rgb(0x97_A3AE),
    ctl: rgb(0x7C_8893),
    text: rgb(0x10_161C),
    text2: rgb(0x3D_4954),
    text3: rgb(0x56_626D),
    danger: rgb(0xB9_301C),
    danger_tint: rgb(0xF9_EEED),
    warn: rgb(0x7A_5A00),
    warn_tint: rgb(0xEF_EBE0),
};

impl Tokens {
    /// The set in force where `ui` paints.
    pub fn of(ui: &egui::Ui) -> &'static Self {
        Self::when(ui.visuals().dark_mode)
    }

    /// The dark or the light set.
    pub fn when(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }
}
