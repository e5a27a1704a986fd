//! The strength of a radio signal as bars.

use egui::{Color32, Painter, Pos2, Rect, pos2};

use crate::ui::theme::Tokens;

/// How many of four bars a signal lights: the only rule that turns dBm into bars.
fn lit(dbm: i32) -> u8 {
    match dbm {
        -55.. => 4,
        -67..=-56 => 3,
        -78..=-68 => 2,
        _ => 1,
    }
}

/// Four bars that grow, their right end around `right`, the lit ones in `ink`; where they begin.
pub(in crate::ui) fn signal_bars(
    painter: &Painter,
    right: Pos2,
    dbm: i32,
    scale: f32,
    ink: Color32,
    tokens: &Tokens,
) -> f32 {
    let start = right.x - 18.0 * scale;
    let bottom = right.y + 7.0 * scale;
    for bar in 0..4_u8 {
        let high = (4.0 + 3.0 * f32::from(bar)) * scale;
        let left = start + 5.0 * f32::from(bar) * scale;
        let rect = Rect::from_min_max(pos2(left, bottom - high), pos2(left + 3.0 * scale, bottom));
        painter.rect_filled(rect, 0.0, if bar < lit(dbm) { ink } else { tokens.strong });
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stronger_signal_never_has_fewer_bars() {
        assert_eq!(
            [-30, -55, -56, -67, -68, -78, -79, -100].map(lit),
            [4, 4, 3, 3, 2, 2, 1, 1]
        );
    }
}
