//! Present mode: the path map, the throughput and the sentence of what happens in type for the back row, and a strip
//! that names the keys. Nothing else. Where all connections are shown together, what each has and does takes the place
//! of the map.

mod crowd;
mod keys;
mod layout;
mod paint;
mod said;
mod strip;
mod subject;

use egui::{CursorIcon, Rect, Ui, UiBuilder, pos2};

use self::crowd::CrowdAxis;
use self::keys::Act;
use self::layout::Places;
use self::subject::Subject;
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
    /// What is shown.
    shown: Option<Subject>,
    plots: PlotState,
    crowd: CrowdAxis,
    motion: Motion,
}

impl PresentState {
    /// In present mode or not, with nothing remembered.
    pub(super) fn new(on: bool) -> Self {
        Self {
            on,
            ..Self::default()
        }
    }

    /// The connection that is shown, where it is one.
    pub(super) fn watched(&self) -> Option<ConnectionId> {
        self.shown.and_then(Subject::connection)
    }

    /// Goes in or out; what is shown is chosen anew.
    pub(super) fn turn(&mut self, on: bool) {
        (self.on, self.shown) = (on, None);
    }
}

/// The whole window.
pub(super) fn ui(
    state: &mut PresentState,
    selection: Option<(ConnectionId, bool)>,
    lab: Option<&LabNow>,
    view: &View<'_>,
    ui: &mut Ui,
) -> Vec<UiCommand> {
    // The audience does not look for a pointer that rests.
    if ui.input(|input| input.pointer.time_since_last_movement() > POINTER_RESTS_S) {
        ui.ctx().set_cursor_icon(CursorIcon::None);
    }
    let places = Places::new(ui.max_rect(), if lab.is_some() { 2 } else { 1 });
    let shown = subject::choose(selection, state.shown, lab, view);
    if shown != state.shown {
        state.shown = shown;
        state.plots.forget();
    }
    match shown {
        Some(Subject::Crowd) => crowd::ui(&mut state.crowd, &places, view, ui),
        Some(Subject::Connection(id)) => connection(state, id, &places, view, ui),
        None => paint::sentence(&said::nothing(view), &places.in_the_middle(), ui),
    }
    let mut commands = Vec::new();
    for act in strip::ui(lab, shown, &places, view, ui) {
        match act {
            Act::Ask(command) => commands.push(command),
            Act::Show(subject) => {
                state.shown = Some(subject);
                state.plots.forget();
                // The window goes on with the same one.
                commands.extend(subject.connection().map(UiCommand::Select));
            }
        }
    }
    commands
}

/// One connection.
fn connection(state: &mut PresentState, id: ConnectionId, places: &Places, view: &View<'_>, ui: &mut Ui) {
    let Some(connection) = view.shown.latest(id) else {
        return;
    };
    paint::sentence(&said::said(connection, view), places, ui);
    let map = Map::new(connection, view).for_afar(&application(connection));
    let bottom = draw_map(state, &map, places, view, ui);
    let (plot, figures) = places.below(bottom);
    let scale = PLOT_SCALE * places.scale;
    plots::throughput(&mut state.plots, id, plot, scale, view, ui);
    let total = (map.total_bps, map.decimals);
    paint::figures(&paint::rows_of(&map), total, figures, places.scale, ui);
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
