//! How large the window opens: as wanted, but with its frame and whatever the desktop keeps for itself it fits the screen.

use egui::{Vec2, ViewportBuilder, vec2};

/// What title bar, borders and the desktop's own bars take of a screen, points.
const AROUND: Vec2 = vec2(16.0, 96.0);
/// More than any screen has: eframe clamps what is asked for to the screen, and so tells how large that is.
pub(super) const MORE_THAN_ANY_SCREEN: Vec2 = Vec2::splat(100_000.0);

/// The size and the least size of a window that is to be `wanted` large on such a `screen`.
fn fitting(wanted: Vec2, least: Vec2, screen: Vec2) -> (Vec2, Vec2) {
    let room = (screen - AROUND).max(screen * 0.5);
    let size = wanted.min(room);
    (size, least.min(size))
}

/// What is to be opened, after eframe has clamped it to the screen. A picture is as large as it is to be.
pub(super) fn fit(asked: ViewportBuilder, wanted: Vec2, least: Vec2, is_picture: bool) -> ViewportBuilder {
    let screen = asked.inner_size.unwrap_or(MORE_THAN_ANY_SCREEN);
    let (size, least) = if is_picture {
        (wanted.min(screen), least.min(screen))
    } else {
        fitting(wanted, least, screen)
    };
    asked.with_inner_size(size).with_min_inner_size(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_window_fits_the_screen() {
        let (wanted, least) = (vec2(1440.0, 900.0), vec2(800.0, 500.0));
        for screen in [
            vec2(1280.0, 800.0),
            vec2(1024.0, 640.0),
            // 1440×900 and 1280×800 pixels at 250 and 300 %.
            vec2(576.0, 360.0),
            vec2(480.0, 300.0),
            vec2(427.0, 267.0),
        ] {
            let (size, least) = fitting(wanted, least, screen);
            assert!(size.x < screen.x && size.y < screen.y, "{size:?} on {screen:?}");
            assert!(least.x <= size.x && least.y <= size.y, "{least:?} of {size:?}");
            assert!(
                size.x >= screen.x * 0.5 && size.y >= screen.y * 0.5,
                "{size:?} on {screen:?}"
            );
        }
        let large = fitting(wanted, least, vec2(2560.0, 1440.0));
        assert_eq!(large, (wanted, least), "where there is room it is as wanted");
    }

    #[test]
    fn a_picture_is_as_large_as_it_is_to_be() {
        let asked = ViewportBuilder::default().with_inner_size([1440.0, 900.0]);
        let size = |is_picture| {
            let wanted = vec2(1440.0, 900.0);
            fit(asked.clone(), wanted, vec2(800.0, 500.0), is_picture).inner_size
        };
        assert_eq!(size(true), Some(vec2(1440.0, 900.0)));
        assert_eq!(size(false), Some(vec2(1424.0, 804.0)));
    }
}
