//! The colours that are not an interface's, dark and light.

use super::Rgb;

/// One set of colours. A hue among them always means trouble; everything else is grey, white or black.
#[derive(Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Whether this is the dark set.
    pub dark: bool,
    /// Window ground, text fields, command boxes.
    pub bg: Rgb,
    /// Panels, cards, plot ground.
    pub panel: Rgb,
    /// What stands out from a panel: nodes, the pending change.
    pub raised: Rgb,
    /// Buttons, steppers, segmented controls.
    pub control: Rgb,
    /// The same, pointed at.
    pub control_hover: Rgb,
    /// The same, pressed.
    pub control_active: Rgb,
    /// Neutral badges.
    pub badge: Rgb,
    /// The selected row.
    pub sel: Rgb,
    /// Hairlines, card borders.
    pub line: Rgb,
    /// Plot grid.
    pub grid: Rgb,
    /// Zero line and other lines that never carry meaning alone.
    pub strong: Rgb,
    /// Outline of fields and of switches that are off.
    pub ctl: Rgb,
    /// Text, primary button, selection bar.
    pub text: Rgb,
    /// Secondary text, icons.
    pub text2: Rgb,
    /// Captions, units, axis labels.
    pub text3: Rgb,
    /// Not delivering.
    pub danger: Rgb,
    /// Ground of what does not deliver.
    pub danger_tint: Rgb,
    /// Look before you act.
    pub warn: Rgb,
    /// Ground of warning badges.
    pub warn_tint: Rgb,
}

/// The dark set.
pub static DARK: Tokens = Tokens {
    dark: true,
    bg: Rgb(0x0E_1216),
    panel: Rgb(0x15_1A20),
    raised: Rgb(0x1C_232B),
    control: Rgb(0x26_2F39),
    control_hover: Rgb(0x30_3B47),
    control_active: Rgb(0x3A_4653),
    badge: Rgb(0x2C_3743),
    sel: Rgb(0x1D_2935),
    line: Rgb(0x27_303A),
    grid: Rgb(0x21_2931),
    strong: Rgb(0x44_515E),
    ctl: Rgb(0x6B_7987),
    text: Rgb(0xEE_F2F5),
    text2: Rgb(0xB8_C2CC),
    text3: Rgb(0x93_A0AC),
    danger: Rgb(0xFF_7A66),
    danger_tint: Rgb(0x36_272A),
    warn: Rgb(0xF2_D04B),
    warn_tint: Rgb(0x30_3025),
};

/// The light set.
pub static LIGHT: Tokens = Tokens {
    dark: false,
    bg: Rgb(0xEE_F1F4),
    panel: Rgb(0xFF_FFFF),
    raised: Rgb(0xF4_F6F8),
    control: Rgb(0xE3_E8EC),
    control_hover: Rgb(0xD8_DFE5),
    control_active: Rgb(0xCB_D4DB),
    badge: Rgb(0xDD_E4EA),
    sel: Rgb(0xE9_F1F8),
    line: Rgb(0xD8_DEE4),
    grid: Rgb(0xE7_EBEF),
    strong: Rgb(0x97_A3AE),
    ctl: Rgb(0x7C_8893),
    text: Rgb(0x10_161C),
    text2: Rgb(0x3D_4954),
    text3: Rgb(0x56_626D),
    danger: Rgb(0xB9_301C),
    danger_tint: Rgb(0xF9_EEED),
    warn: Rgb(0x7A_5A00),
    warn_tint: Rgb(0xEF_EBE0),
};
