//! The colours of each interface as egui has them.

use egui::Color32;

use super::tokens::colour;
use crate::palette::{self, Slot};

/// The colours of one slot in one theme.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hues {
    /// Lines, shapes, accents.
    pub ink: Color32,
    /// Areas of plots, opaque.
    pub fill: Color32,
    /// Bars that carry text.
    pub lane: Color32,
    /// Ground of chips.
    pub tint: Color32,
    /// Bars without text, sparklines.
    pub mark: Color32,
}

impl Hues {
    const fn from_palette(of: &palette::Hues) -> Self {
        Self {
            ink: colour(of.ink),
            fill: colour(of.fill),
            lane: colour(of.lane),
            tint: colour(of.tint),
            mark: colour(of.mark),
        }
    }
}

const COUNT: usize = Slot::COUNT as usize;

const fn set(dark: bool) -> [Hues; COUNT] {
    let [wifi, ethernet, cellular, vpn, fifth, sixth, seventh, eighth] = Slot::all(dark);
    [
        Hues::from_palette(wifi),
        Hues::from_palette(ethernet),
        Hues::from_palette(cellular),
        Hues::from_palette(vpn),
        Hues::from_palette(fifth),
        Hues::from_palette(sixth),
        Hues::from_palette(seventh),
        Hues::from_palette(eighth),
    ]
}

static DARK: [Hues; COUNT] = set(true);
static LIGHT: [Hues; COUNT] = set(false);

impl Slot {
    /// Its colours.
    pub(crate) fn ink(self, dark: bool) -> &'static Hues {
        let set = if dark { &DARK } else { &LIGHT };
        let [.., last] = set;
        set.get(usize::from(self.number)).unwrap_or(last)
    }
}
