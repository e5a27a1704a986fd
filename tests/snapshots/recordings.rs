//! The window on a recording.

use crate::scenes::{NARROW, nothing, scene, sized};
use crate::stage::{LOST, Scripted};
use crate::{Scene, Shown};

/// A while after Wi-Fi was lost, with more to come.
fn stalled() -> Scripted {
    Scripted::recorded(LOST + 5.0)
}

fn handovers(window: &mut Shown) {
    window.click("Handovers");
}

pub fn all() -> Vec<Scene> {
    vec![
        scene("replay", stalled, nothing),
        scene("replay-handovers", stalled, handovers),
        sized(NARROW, 1.0, scene("narrow-replay", stalled, nothing)),
        scene("replay-paths", stalled, |window| window.click("Paths")),
    ]
}
