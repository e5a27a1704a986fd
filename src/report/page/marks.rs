//! The shapes that tell interfaces apart without colour.

use maud::{Markup, html};

use crate::palette::{Mark, Slot};

/// The shape of a slot, in its colour; who reads it aloud passes it over, because the name stands beside it.
pub(super) fn mark(slot: Slot) -> Markup {
    html! {
        svg.mark.(class(slot)) viewBox="0 0 10 10" aria-hidden="true" { path d=(path(slot.mark())) {} }
    }
}

/// The class that has the colours of a slot.
pub(super) fn class(slot: Slot) -> String {
    format!("s{}", slot.number)
}

/// A shape within 10 by 10.
fn path(mark: Mark) -> &'static str {
    match mark {
        Mark::Circle => "M5 0A5 5 0 1 1 5 10A5 5 0 1 1 5 0Z",
        Mark::Square => "M.5 .5H9.5V9.5H.5Z",
        Mark::Triangle => "M5 .3L10 9.5H0Z",
        Mark::Diamond => "M5 -.4L10.4 5L5 10.4L-.4 5Z",
        Mark::TriangleDown => "M0 .5H10L5 9.7Z",
        Mark::Pentagon => "M5 0L10 3.8L8.1 9.7H1.9L0 3.8Z",
        Mark::Cross => "M3.3 0H6.7V3.3H10V6.7H6.7V10H3.3V6.7H0V3.3H3.3Z",
        Mark::Bar => "M0 3H10V7H0Z",
    }
}
