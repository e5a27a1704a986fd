//! Text as large as somebody wants it, but no larger than the window has room for.

use egui::{Context, Vec2, vec2};

/// The least size in which nothing lies over anything else and plots say something, points.
const LEAST: Vec2 = vec2(720.0, 450.0);
/// Text is never made smaller than this for want of room.
const LEAST_ZOOM: f32 = 0.3;
/// Zooms that differ by less are the same.
const SAME: f32 = 1e-3;

/// By how much everything is enlarged at the moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    shown: f32,
}

impl Fit {
    /// As it was the last time.
    pub(super) fn new(zoom: f32) -> Self {
        Self { shown: zoom }
    }

    /// Enlarges by as much as there is room for, of what is wanted; what is wanted from now on, because somebody may have
    /// changed it.
    pub(super) fn apply(&mut self, wanted: f32, ctx: &Context) -> f32 {
        let zoom = ctx.zoom_factor();
        let wanted = if (zoom - self.shown).abs() > SAME {
            zoom
        } else {
            wanted
        };
        let size = ctx.input(|input| input.content_rect().size()) * zoom;
        self.shown = fitting(wanted, size);
        if (self.shown - zoom).abs() > SAME {
            ctx.set_zoom_factor(self.shown);
        }
        wanted
    }
}

/// The zoom for a window that is so large without any, points. One that is minimised has no size.
fn fitting(wanted: f32, size: Vec2) -> f32 {
    if size.min_elem() < 100.0 {
        return wanted;
    }
    wanted.min((size / LEAST).min_elem().max(LEAST_ZOOM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_large_as_the_window_has_room_for() {
        let near = |zoom: f32, wanted: f32| assert!((zoom - wanted).abs() < 0.01, "{zoom} is not {wanted}");
        near(fitting(1.0, vec2(1440.0, 900.0)), 1.0);
        near(fitting(1.5, vec2(1440.0, 900.0)), 1.5);
        near(fitting(3.0, vec2(1280.0, 800.0)), 1.78);
        // One that is low needs its room, too.
        near(fitting(2.5, vec2(1440.0, 600.0)), 1.33);
        // What the desktop enlarges takes room, too: 1280 pixels at 300 %.
        near(fitting(1.0, vec2(1280.0, 800.0) / 3.0), 0.59);
        near(fitting(1.0, Vec2::ZERO), 1.0);
    }

    #[test]
    fn who_changes_it_is_obeyed_as_soon_as_there_is_room() {
        let ctx = Context::default();
        let mut fit = Fit::new(1.0);
        let mut wanted = 1.0;
        let mut frame = |wide: f32, change: Option<f32>| {
            if let Some(zoom) = change {
                ctx.set_zoom_factor(zoom);
            }
            // Two passes: a zoom holds from the next one on.
            for _ in 0..2 {
                let size = vec2(wide, 900.0) / ctx.zoom_factor();
                let input = egui::RawInput {
                    screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
                    ..egui::RawInput::default()
                };
                let mut output = ctx.run_ui(input, |ui| wanted = fit.apply(wanted, ui.ctx()));
                output.textures_delta.clear();
            }
            (wanted, ctx.zoom_factor())
        };
        let near = |(a, b): (f32, f32), (c, d): (f32, f32)| {
            assert!((a - c).abs() < 0.02 && (b - d).abs() < 0.02, "{a}, {b}");
        };
        near(frame(1440.0, Some(1.5)), (1.5, 1.5));
        near(frame(900.0, None), (1.5, 1.25));
        near(frame(1440.0, None), (1.5, 1.5));
        near(frame(1440.0, Some(1.0)), (1.0, 1.0));
    }
}
