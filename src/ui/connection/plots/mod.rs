//! Four plots on one time axis: throughput, round-trip time, congestion window, retransmissions.

mod axis;
mod layout;
mod markers;
mod meshes;
mod paint;
mod readout;
mod series;

use egui::{Sense, Ui, WidgetInfo, accesskit::Role};

pub(super) use self::axis::TimeWindow;
use self::axis::YAxis;
use self::series::{Series, Tracks};
use crate::model::Cookie;
use crate::ui::view::View;
use crate::ui::widgets::focus_ring;

/// Below this height the plots say too little to give room to anything else.
pub(super) const LEAST_HIGH: f32 = 290.0;

/// What the plots remember.
#[derive(Debug, Default)]
pub(in crate::ui) struct PlotState {
    /// Which stretch of time is shown.
    pub(in crate::ui) window: TimeWindow,
    axes: [YAxis; 4],
    tracks: Tracks,
    /// Which of congestion window and retransmissions is shown where there is no room for both.
    second: usize,
}

impl PlotState {
    /// Forgets what belongs to one connection: the heights of the axes, and what was read of its points.
    pub(super) fn forget(&mut self) {
        self.axes = Default::default();
        self.tracks.clear();
    }
}

/// The plots of one connection over all that is left of `ui`; the handover that was chosen in them, by when it began.
pub(super) fn ui(state: &mut PlotState, cookie: Cookie, view: &View<'_>, ui: &mut Ui) -> Option<f64> {
    let now = view.shown.now();
    let area = ui.available_rect_before_wrap();
    let places = layout::Places::new(area);
    let response = ui.allocate_rect(places.plots, Sense::click_and_drag());
    interact(state, &response, &places, now, ui);

    let (from, to) = state.window.range(now);
    let series = Series::new(cookie, view, (from, to), places.plots.width(), &mut state.tracks);
    let markers = markers::markers(cookie, view, from, to);
    let cursor = response
        .hover_pos()
        .filter(|at| places.plots.x_range().contains(at.x))
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
        places: &places,
        series: &series,
        markers: &markers,
        tops,
        from,
        to,
        now,
        live,
        cursor,
        started_at: view.shown.header().map(|header| header.started_at.as_str()),
        second: state.second,
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, readout::spoken(&scene, view)));
    paint::ui(&scene, ui);
    readout::ui(&scene, &mut state.second, view, ui);
    focus_ring(ui, &response, 2.0);
    let chosen = paint::stories(&scene, ui);
    paint::controls(&mut state.window, &places, now, ui);
    chosen
}

fn interact(state: &mut PlotState, response: &egui::Response, places: &layout::Places, now: f64, ui: &Ui) {
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
