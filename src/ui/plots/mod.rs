//! Four plots on one time axis: throughput, round-trip time, congestion window, retransmissions.

mod any;
mod drawings;
mod layout;
mod markers;
mod paint;
mod readout;
mod series;
mod spec;

use egui::{Rect, Sense, Ui, WidgetInfo, accesskit::Role};

use self::any::AnyMetric;
use self::layout::Places;
use self::markers::Marker;
use self::paint::Scene;
use self::series::{Series, Tracks};
use self::spec::{COUNT, SPECS};
use super::kit::{TimeAxis, TimeWindow, ValueAxis, focus_ring, time_gestures};
use super::view::{Direction, UiCommand, View};
use crate::history::History;
use crate::model::ConnectionId;

/// The heights that the plots give way to, one after the other, so that the path map is seen at all. Below the last they
/// say too little.
pub(super) const GIVE_WAY: [f32; 3] = [290.0, 270.0, 220.0];

/// What the plots remember.
#[derive(Debug)]
pub(super) struct PlotState {
    /// Which stretch of time is shown.
    pub(super) window: TimeWindow,
    axes: [ValueAxis; COUNT],
    tracks: Tracks,
    cached: Option<Cached>,
    any: AnyMetric,
    /// Which of those plots is shown that take turns where there is no room for all.
    turn: usize,
}

impl Default for PlotState {
    fn default() -> Self {
        Self {
            window: TimeWindow::default(),
            axes: Default::default(),
            tracks: Tracks::default(),
            cached: None,
            any: AnyMetric::default(),
            turn: COUNT - 2,
        }
    }
}

/// What the plots draw, until something of the key is another: a frame between two samples costs no more than its
/// paint.
#[derive(Debug)]
struct Cached {
    key: Key,
    series: Series,
    markers: Vec<Marker>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    id: ConnectionId,
    revision: u64,
    range: (f64, f64),
    width: f32,
    direction: Direction,
    interval_ms: u64,
}

impl PlotState {
    /// Forgets what belongs to one connection: the heights of the axes, and what was read of its points.
    pub(super) fn forget(&mut self) {
        self.axes = Default::default();
        self.tracks.clear();
        self.cached = None;
    }

    /// Takes the newest values of what somebody chose to plot.
    pub(super) fn record(&mut self, history: &History) {
        self.any.record(history);
    }

    /// The connection that the shown one is compared with.
    pub(super) fn compared(&self) -> Option<ConnectionId> {
        self.any.compared()
    }

    /// Whether the plot of any metric is shown, which takes the place of the path map.
    pub(super) fn has_any_metric(&self) -> bool {
        self.any.is_open()
    }

    /// What is drawn of a connection within `range`; it is kept until something is another.
    fn drawn(&mut self, id: ConnectionId, range: (f64, f64), width: f32, view: &View<'_>) -> Cached {
        let key = Key {
            id,
            revision: view.shown.revision(),
            range,
            width,
            direction: view.direction_of(id),
            interval_ms: view.interval_ms,
        };
        let before = self.cached.take();
        if before
            .as_ref()
            .is_some_and(|cached| cached.key.direction != key.direction)
        {
            self.tracks.clear();
        }
        before
            .filter(|cached| cached.key == key)
            .unwrap_or_else(|| Cached {
                key,
                series: Series::new(id, view, range, width, &mut self.tracks),
                markers: markers::markers(id, view, range.0, range.1),
            })
    }

    /// Everything that is painted of what is drawn.
    fn scene<'a>(&mut self, drawn: &'a Cached, places: &'a Places, view: &'a View<'_>) -> Scene<'a> {
        let (live, now) = (self.window.is_live(), view.shown.now());
        let mut plot = 0;
        let tops = self.axes.each_mut().map(|axis| {
            let (highest, whole) = (
                drawn.series.highest(plot),
                SPECS.get(plot).is_some_and(|spec| spec.whole),
            );
            plot += 1;
            axis.top(highest, whole, live.then_some(now))
        });
        Scene {
            places,
            series: &drawn.series,
            markers: &drawn.markers,
            tops,
            time: TimeAxis {
                from: drawn.key.range.0,
                to: drawn.key.range.1,
                left: places.plots.left(),
                right: places.plots.right(),
            },
            now,
            live: live && view.replay.is_none(),
            cursor: None,
            started_at: view.shown.header().map(|header| header.started_at.as_str()),
            direction: drawn.key.direction,
        }
    }
}

/// The plots of one connection over all that is left of `ui`, and what is asked for in them.
pub(super) fn ui(state: &mut PlotState, id: ConnectionId, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let (area, now) = (ui.available_rect_before_wrap(), view.shown.now());
    let whole = Places::new(area, state.turn);
    let above = state.any.split(area, whole.plots, whole.readout);
    let places = above.map_or(whole, |(_, below)| Places::new(below, state.turn));
    // All of it is felt before any of it is shown: what moves time in one plot moves it in all of them at once.
    let felt_above = above.map(|(above, _)| (above, AnyMetric::feel(&above, &mut state.window, now, ui)));
    let felt = time_gestures("time", &mut state.window, places.plots, now, ui);
    let drawn = state.drawn(id, state.window.range(now), places.plots.width(), view);
    let mut scene = state.scene(&drawn, &places, view);
    let others = felt_above.iter().map(|(_, felt)| felt);
    let hovered = others.chain([&felt]).find_map(|felt| felt.response.hover_pos());
    let hovered = hovered.filter(|at| places.plots.x_range().contains(at.x));
    scene.cursor = hovered.map(|at| scene.time.time(at.x));
    let mut commands = Vec::new();
    if let Some((places, felt)) = &felt_above {
        let with = any::Shared {
            places,
            felt,
            markers: scene.markers,
            time: scene.time,
            cursor: scene.cursor,
            live: scene.live,
        };
        commands.extend(any::ui(&mut state.any, id, &with, view, ui));
    }
    let spoken = || WidgetInfo::labeled(Role::Image, true, readout::spoken(&scene));
    felt.response.widget_info(spoken);
    paint::ui(&scene, ui);
    readout::ui(&scene, &mut state.turn, ui);
    felt.mark(ui);
    focus_ring(ui, &felt.response, 2.0);
    let chosen = paint::stories(&scene, ui);
    commands.extend(chosen.map(UiCommand::ShowHandover));
    paint::controls(&mut state.window, &places, now, ui);
    // A button that does nothing would be none.
    if !state.any.is_open() && AnyMetric::has_room(area) {
        state.any.button(places.corner(), ui);
    }
    state.cached = Some(drawn);
    commands
}

/// The throughput of one connection alone, everything `scale` times as large.
pub(super) fn throughput(
    state: &mut PlotState,
    id: ConnectionId,
    area: Rect,
    scale: f32,
    view: &View<'_>,
    ui: &mut Ui,
) {
    let places = Places::alone(area, scale);
    let drawn = state.drawn(
        id,
        state.window.range(view.shown.now()),
        places.plots.width(),
        view,
    );
    let scene = state.scene(&drawn, &places, view);
    let response = ui.allocate_rect(places.plots, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, readout::spoken(&scene)));
    paint::ui(&scene, ui);
    state.cached = Some(drawn);
}
