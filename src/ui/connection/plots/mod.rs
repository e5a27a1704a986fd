//! Four plots on one time axis: throughput, round-trip time, congestion window, retransmissions.

mod axis;
mod layout;
mod markers;
mod meshes;
mod paint;
mod readout;
mod series;

use egui::{Rect, Sense, Ui, WidgetInfo, accesskit::Role};

pub(super) use self::axis::TimeWindow;
use self::axis::YAxis;
use self::layout::Places;
use self::markers::Marker;
use self::series::{Series, Tracks};
use crate::model::ConnectionId;
use crate::ui::view::{Direction, View};
use crate::ui::widgets::focus_ring;

/// The heights that the plots give way to, one after the other, so that the path map is seen at all. Below the last they
/// say too little.
pub(super) const GIVE_WAY: [f32; 3] = [290.0, 270.0, 220.0];

/// What the plots remember.
#[derive(Debug, Default)]
pub(in crate::ui) struct PlotState {
    /// Which stretch of time is shown.
    pub(in crate::ui) window: TimeWindow,
    axes: [YAxis; 4],
    tracks: Tracks,
    cached: Option<Cached>,
    /// Which of congestion window and retransmissions is shown where there is no room for both.
    second: usize,
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
    pub(in crate::ui) fn forget(&mut self) {
        self.axes = Default::default();
        self.tracks.clear();
        self.cached = None;
    }
}

/// The plots of one connection over all that is left of `ui`; the handover that was chosen in them, by when it began.
pub(super) fn ui(state: &mut PlotState, id: ConnectionId, view: &View<'_>, ui: &mut Ui) -> Option<f64> {
    let places = Places::new(ui.available_rect_before_wrap());
    show(state, id, &places, view, ui)
}

/// The throughput of one connection alone, everything `scale` times as large.
pub(in crate::ui) fn throughput(
    state: &mut PlotState,
    id: ConnectionId,
    area: Rect,
    scale: f32,
    view: &View<'_>,
    ui: &mut Ui,
) {
    show(state, id, &Places::alone(area, scale), view, ui);
}

fn show(
    state: &mut PlotState,
    id: ConnectionId,
    places: &Places,
    view: &View<'_>,
    ui: &mut Ui,
) -> Option<f64> {
    let now = view.shown.now();
    let response = if places.alone {
        ui.allocate_rect(places.plots, Sense::hover())
    } else {
        ui.allocate_rect(places.plots, Sense::click_and_drag())
    };
    if !places.alone {
        interact(state, &response, places, now, ui);
    }

    let (from, to) = state.window.range(now);
    let key = Key {
        id,
        revision: view.shown.revision(),
        range: (from, to),
        width: places.plots.width(),
        direction: view.direction_of(id),
        interval_ms: view.interval_ms,
    };
    let tracks = &mut state.tracks;
    let cached = match state.cached.take().filter(|cached| cached.key == key) {
        Some(cached) => cached,
        None => Cached {
            key,
            series: Series::new(id, view, key.range, key.width, tracks),
            markers: markers::markers(id, view, from, to),
        },
    };
    let Cached { series, markers, .. } = &cached;
    let cursor = response
        .hover_pos()
        .filter(|at| !places.alone && places.plots.x_range().contains(at.x))
        .map(|at| places.time_at(at.x, from, to));
    let live = state.window.is_live();
    let tops: [f64; 4] = std::array::from_fn(|plot| {
        let (highest, whole) = series.highest(plot);
        match state.axes.get_mut(plot) {
            Some(axis) => axis.top(highest, whole, live.then_some(now)),
            None => 1.0,
        }
    });
    let scene = paint::Scene {
        places,
        series,
        markers,
        tops,
        from,
        to,
        now,
        live,
        cursor,
        started_at: view.shown.header().map(|header| header.started_at.as_str()),
        second: state.second,
        direction: key.direction,
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, readout::spoken(&scene)));
    paint::ui(&scene, ui);
    if !places.alone {
        readout::ui(&scene, &mut state.second, ui);
    }
    focus_ring(ui, &response, 2.0);
    let chosen = if places.alone {
        None
    } else {
        let chosen = paint::stories(&scene, ui);
        paint::controls(&mut state.window, places, now, ui);
        chosen
    };
    state.cached = Some(cached);
    chosen
}

fn interact(state: &mut PlotState, response: &egui::Response, places: &Places, now: f64, ui: &Ui) {
    let window = &mut state.window;
    if response.double_clicked() {
        window.follow();
        return;
    }
    let (from, to) = window.range(now);
    let per_point = (to - from) / f64::from(places.plots.width().max(1.0));
    if response.dragged() {
        let moved = f64::from(response.drag_delta().x);
        if moved != 0.0 {
            window.pan(-moved * per_point, now);
        }
    }
    let Some(at) = response.hover_pos() else { return };
    let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    if scroll.x != 0.0 {
        window.pan(-f64::from(scroll.x) * per_point, now);
    }
    let factor = f64::from(zoom) * (f64::from(scroll.y) * 0.004).exp();
    if (factor - 1.0).abs() > 1e-6 {
        window.zoom(factor, places.time_at(at.x, from, to), now);
    }
}
