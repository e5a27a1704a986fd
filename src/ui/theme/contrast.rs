//! Every pair of colours in use can be told apart by those who see less: WCAG 2 contrast.

use egui::Color32;

use super::{DARK, LIGHT, Slot, Tokens};

fn luminance(colour: Color32) -> f64 {
    let channel = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
}

fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn demand(what: &str, tokens: &Tokens, a: Color32, b: Color32, least: f64) {
    let found = contrast(a, b);
    let theme = if tokens.dark { "dark" } else { "light" };
    assert!(found >= least, "{theme}, {what}: {found:.2} < {least}");
}

#[test]
fn the_formula_gives_21_for_black_on_white() {
    assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 1e-9);
}

#[test]
fn text_can_be_read_on_every_ground() {
    for tokens in [&DARK, &LIGHT] {
        let grounds = [
            ("bg", tokens.bg),
            ("panel", tokens.panel),
            ("raised", tokens.raised),
            ("control", tokens.control),
            ("sel", tokens.sel),
        ];
        let inks = [
            ("text", tokens.text),
            ("text2", tokens.text2),
            ("text3", tokens.text3),
            ("danger", tokens.danger),
            ("warn", tokens.warn),
        ];
        for (ground, behind) in grounds {
            for (ink, front) in inks {
                demand(&format!("{ink} on {ground}"), tokens, front, behind, 4.5);
            }
            for number in 0..Slot::COUNT {
                let ink = Slot::new(number).ink(tokens.dark).ink;
                demand(&format!("slot {number} on {ground}"), tokens, ink, behind, 4.5);
            }
        }
        // What stands in the gap, on a lane that stalls, and on an entry that is pointed at.
        demand(
            "danger on danger_tint",
            tokens,
            tokens.danger,
            tokens.danger_tint,
            4.5,
        );
        for (ink, front) in [("text", tokens.text), ("text2", tokens.text2)] {
            demand(
                &format!("{ink} on control_hover"),
                tokens,
                front,
                tokens.control_hover,
                4.5,
            );
        }
        demand("text2 on badge", tokens, tokens.text2, tokens.badge, 4.5);
        demand("text on badge", tokens, tokens.text, tokens.badge, 4.5);
        demand("text on warn_tint", tokens, tokens.text, tokens.warn_tint, 4.5);
        demand("warn on warn_tint", tokens, tokens.warn, tokens.warn_tint, 4.5);
        demand("panel on text", tokens, tokens.panel, tokens.text, 4.5);
        demand("panel on danger", tokens, tokens.panel, tokens.danger, 4.5);
    }
}

#[test]
fn text_can_be_read_on_every_interface() {
    for tokens in [&DARK, &LIGHT] {
        for number in 0..Slot::COUNT {
            let ink = Slot::new(number).ink(tokens.dark);
            demand(
                &format!("text on lane {number}"),
                tokens,
                tokens.text,
                ink.lane,
                4.5,
            );
            demand(
                &format!("text on tint {number}"),
                tokens,
                tokens.text,
                ink.tint,
                4.5,
            );
            demand(
                &format!("text2 on tint {number}"),
                tokens,
                tokens.text2,
                ink.tint,
                4.5,
            );
        }
    }
}

#[test]
fn outlines_of_controls_can_be_seen() {
    for tokens in [&DARK, &LIGHT] {
        for (ground, behind) in [
            ("bg", tokens.bg),
            ("panel", tokens.panel),
            ("raised", tokens.raised),
        ] {
            demand(&format!("ctl on {ground}"), tokens, tokens.ctl, behind, 3.0);
            demand(
                &format!("warn ring on {ground}"),
                tokens,
                tokens.warn,
                behind,
                3.0,
            );
        }
    }
}
