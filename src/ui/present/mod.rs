//! Present mode: the path map, the throughput and the sentence of the latest handover in type for the back row, and a
//! strip that names the keys. Nothing else.

mod layout;
mod model;
mod paint;

use egui::{CursorIcon, Rect, Ui, UiBuilder, pos2};

use self::layout::Places;
use super::laboratory::LabNow;
use super::map::{self, Map, Motion};
use super::plots::{self, PlotState};
use super::view::{UiCommand, View, application};
use crate::model::ConnectionId;

/// By how much text and strokes of the plot are larger than in the window.
const PLOT_SCALE: f32 = 1.75;
/// Air beside the map, which it leaves itself.
const BESIDE: f32 = 16.0;

/// How long a pointer rests before it is hidden, seconds.
const POINTER_RESTS_S: f32 = 2.0;

/// What present mode remembers.
#[derive(Debug, Default)]
pub(super) struct PresentState {
    /// Whether the window is in it.
    pub on: bool,
    /// The connection that is shown.
    pub shown: Option<ConnectionId>,
    plots: PlotState,
    motion: Motion,
    /// The links that were cut here, the last one last.
    cut: Vec<String>,
    /// The link that is named to be cut.
    named: Option<String>,
}

impl PresentState {
    /// In present mode or not, with nothing remembered.
    pub(super) fn new(on: bool) -> Self {
        Self {
            on,
            ..Self::default()
        }
    }
}

/// The whole window.
pub(super) fn ui(
    state: &mut PresentState,
    selected: Option<ConnectionId>,
    lab: Option<&LabNow>,
    view: &View<'_>,
    ui: &mut Ui,
) -> Vec<UiCommand> {
    // The audience does not look for a pointer that rests.
    if ui.input(|input| input.pointer.time_since_last_movement() > POINTER_RESTS_S) {
        ui.ctx().set_cursor_icon(CursorIcon::None);
    }
    let places = Places::new(ui.max_rect());
    let shown = model::choose(selected, state.shown, view);
    if shown != state.shown {
        state.shown = shown;
        state.plots.forget();
    }
    let connection = shown.and_then(|id| view.shown.latest(id));
    match connection {
        Some(connection) => {
            paint::sentence(&model::said(connection, view), &places, ui);
            let map = Map::new(connection, view).for_afar(&application(connection));
            let bottom = draw_map(state, &map, &places, view, ui);
            let (plot, figures) = places.below(bottom);
            let scale = PLOT_SCALE * places.scale;
            plots::throughput(&mut state.plots, connection.id(), plot, scale, view, ui);
            paint::figures(&map, figures, places.scale, ui);
        }
        None => paint::sentence(&model::nothing(view), &places.in_the_middle(), ui),
    }
    let links = lab.map_or(&[][..], |lab| &lab.links);
    let cut = model::to_cut(links, state.named.as_deref(), shown, view);
    let back = model::to_bring_back(links, &state.cut);
    state.named = cut.map(|link| link.name.clone());
    let caps = model::keys(lab, (cut, back), view);
    let note = model::note(lab, view);
    let commands = paint::keys(&caps, (&note.0, note.1), &places, ui);
    for command in &commands {
        match command {
            UiCommand::Plug(link, false) => state.cut.push(link.clone()),
            UiCommand::Plug(link, true) => state.cut.retain(|cut| cut != link),
            _ => {}
        }
    }
    commands
}

/// The map; where it ends.
fn draw_map(state: &mut PresentState, map: &Map, places: &Places, view: &View<'_>, ui: &mut Ui) -> f32 {
    let place = Rect::from_min_max(
        pos2(places.map.left() - BESIDE, places.map.top()),
        pos2(places.map.right() + BESIDE, places.map.bottom()),
    );
    let mut child = ui.new_child(UiBuilder::new().max_rect(place).id_salt("map"));
    let most = place.height();
    map::ui(map, &places.sizes(), &mut state.motion, view, most, &mut child);
    child.min_rect().bottom()
}
