//! A plot for the curious, above the others and on their time: any number that the kernel tells of the subflows of one
//! connection or of two, recorded from the moment it is chosen.

mod chooser;
mod metrics;
mod paint;
mod picture;
mod record;
mod rows;

use crossbeam_channel::{Receiver, TryRecvError};
use egui::{Align, Id, Layout, Popup, Rect, Ui, UiBuilder, WidgetInfo, accesskit::Role};
use egui_material_icons::icons::{ICON_CLOSE, ICON_CONTENT_COPY, ICON_IMAGE, ICON_SHOW_CHART};

use self::paint::MetricPlaces;
use self::picture::Saved;
use self::record::{KEPT_S, Recorder};
use self::rows::Row;
use super::layout::AXIS;
use super::markers::Marker;
use super::paint::time_ticks;
use crate::history::History;
use crate::model::ConnectionId;
use crate::model::text::for_terminal;
use crate::ui::format;
use crate::ui::kit::{
    Button, Gestures, Look, TextLine, TimeAxis, TimeWindow, ValueScale, focus_ring, label, time_gestures,
};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View, application};

/// The height that it leaves to the plots below it, and what it takes of theirs at least and at most.
const LEAVES: f32 = 360.0;
const LEAST: f32 = 150.0;
const MOST: f32 = 440.0;
/// What the plots below it take at least.
const LEAST_BELOW: f32 = 140.0;
const HEAD: f32 = 40.0;
/// From this width of its head on, buttons have words.
const WIDE: f32 = 700.0;

/// What it remembers.
#[derive(Debug, Default)]
pub(super) struct AnyMetric {
    open: bool,
    recorder: Recorder,
    /// The connection beside the one that is shown.
    other: Option<ConnectionId>,
    filter: String,
    filter_others: String,
    scales: Vec<(&'static str, ValueScale)>,
    cached: Option<(Key, Vec<Row>)>,
    /// A picture that is being saved, and what became of the last one.
    saving: Option<Receiver<Saved>>,
    saved: Option<Saved>,
}

/// What its rows depend on.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    revision: u64,
    taken: u64,
    range: (f64, f64),
    width: f32,
    chosen: Vec<&'static str>,
    connections: Vec<ConnectionId>,
}

impl AnyMetric {
    /// Whether it is shown.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Takes the newest values of what is chosen.
    pub(super) fn record(&mut self, history: &History) {
        if self.open {
            self.recorder.record(history);
        }
    }

    /// The connection that it compares with.
    pub(super) fn compared(&self) -> Option<ConnectionId> {
        self.other.filter(|_| self.open)
    }

    /// The button that opens it, at a place.
    pub(super) fn button(&mut self, place: Rect, ui: &mut Ui) {
        let press = Button::icon(ICON_SHOW_CHART.codepoint, "Plot any metric")
            .small()
            .look(Look::Quiet);
        if press.put(ui, place).clicked() {
            self.open = true;
        }
    }

    /// Whether there is room for it and for what is left of the plots below.
    pub(super) fn has_room(area: Rect) -> bool {
        area.height() >= LEAST + LEAST_BELOW
    }

    /// Takes its share of the height of `area` while it is open: its places, and what is left. Where both have no room it
    /// closes.
    pub(super) fn split(&mut self, area: Rect, plots: Rect, readout: Rect) -> Option<(MetricPlaces, Rect)> {
        if self.open && !Self::has_room(area) {
            self.close();
        }
        if !self.open {
            return None;
        }
        let most = if self.recorder.chosen.is_empty() {
            LEAST
        } else {
            MOST
        };
        let high = (area.height() - LEAVES).clamp(LEAST, most);
        let bottom = area.top() + high;
        let rows = area.top() + HEAD..=bottom - AXIS;
        let places = MetricPlaces {
            head: Rect::from_x_y_ranges(
                area.left() + 16.0..=readout.right(),
                area.top()..=area.top() + HEAD,
            ),
            rows: Rect::from_x_y_ranges(plots.x_range(), rows),
            readout: Rect::from_x_y_ranges(readout.x_range(), area.top() + HEAD..=bottom),
        };
        Some((places, area.with_min_y(bottom)))
    }

    /// What somebody does to its time with the pointer.
    pub(super) fn feel(places: &MetricPlaces, window: &mut TimeWindow, now: f64, ui: &mut Ui) -> Gestures {
        time_gestures("time of any metric", window, places.rows, now, ui)
    }

    fn close(&mut self) {
        self.open = false;
        self.recorder.forget();
    }

    fn rows(&mut self, time: &TimeAxis, view: &View<'_>) -> (Key, Vec<Row>) {
        let key = Key {
            revision: view.shown.revision(),
            taken: self.recorder.taken,
            range: (time.from, time.to),
            width: time.right - time.left,
            chosen: self
                .recorder
                .chosen
                .iter()
                .map(|metric| metric.field.name)
                .collect(),
            connections: self.recorder.connections.clone(),
        };
        let cached = self.cached.take().filter(|(before, _)| *before == key);
        let (key, rows) = cached.unwrap_or_else(|| {
            let rows = rows::rows(&self.recorder, view, key.range, key.width, &self.scales);
            (key, rows)
        });
        self.scales = rows.iter().map(|row| (row.unit, row.scale)).collect();
        (key, rows)
    }
}

/// What it is shown with.
pub(super) struct Shared<'a> {
    pub places: &'a MetricPlaces,
    pub felt: &'a Gestures,
    pub markers: &'a [Marker],
    pub time: TimeAxis,
    pub cursor: Option<f64>,
    pub live: bool,
}

/// The whole plot of a connection.
pub(super) fn ui(
    state: &mut AnyMetric,
    shown: ConnectionId,
    with: &Shared<'_>,
    view: &View<'_>,
    ui: &mut Ui,
) -> Vec<UiCommand> {
    let others = state.other.filter(|other| *other != shown);
    let connections: Vec<ConnectionId> = [Some(shown), others].into_iter().flatten().collect();
    state.recorder.follow(&connections);
    let saved = match state.saving.as_ref().map(Receiver::try_recv) {
        Some(Ok(saved)) => Some(saved),
        Some(Err(TryRecvError::Disconnected)) => Some(Err("The picture could not be taken.".to_owned())),
        Some(Err(TryRecvError::Empty)) | None => None,
    };
    if saved.is_some() {
        (state.saving, state.saved) = (None, saved);
    }
    let (commands, menu) = head(state, shown, with, view, ui);
    let response = &with.felt.response;
    if state.recorder.chosen.is_empty() {
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "No metric is chosen"));
        nothing(menu, with.places, ui);
        focus_ring(ui, response, 2.0);
        return commands;
    }
    let (key, rows) = state.rows(&with.time, view);
    let started_at = view.shown.header().map(|header| header.started_at.as_str());
    let now = view.shown.now();
    let scene = paint::Scene {
        places: with.places,
        rows: &rows,
        markers: with.markers,
        time: with.time,
        time_ticks: time_ticks(&with.time, now, with.live, started_at, 1.0),
        cursor: with.cursor,
        now,
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, paint::spoken(&scene)));
    paint::ui(&scene, ui);
    with.felt.mark(ui);
    focus_ring(ui, response, 2.0);
    state.cached = Some((key, rows));
    commands
}

/// What to do, where nothing is chosen.
fn nothing(menu: Id, places: &MetricPlaces, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let place = UiBuilder::new().max_rect(places.rows).id_salt("nothing chosen");
    let mut child = ui.new_child(place);
    label(&mut child, "Choose what to plot", Type::Strong, tokens.text);
    let text =
        "Any number that the kernel tells of a subflow. It is recorded from then on, for 10 minutes at most.";
    label(&mut child, text, Type::Body, tokens.text2);
    child.add_space(8.0);
    if Button::text("Choose metrics").ui(&mut child).clicked() {
        Popup::open_id(ui.ctx(), menu);
    }
}

/// The name, what is so, and the buttons; and the menu of metrics.
fn head(
    state: &mut AnyMetric,
    shown: ConnectionId,
    with: &Shared<'_>,
    view: &View<'_>,
    ui: &mut Ui,
) -> (Vec<UiCommand>, Id) {
    let mut commands = Vec::new();
    let (tokens, places) = (Tokens::of(ui), with.places);
    let right_to_left = Layout::right_to_left(Align::Center);
    let place = UiBuilder::new()
        .max_rect(places.head)
        .layout(right_to_left)
        .id_salt("any metric");
    let mut buttons = ui.new_child(place);
    let close = Button::icon(ICON_CLOSE.codepoint, "Close the plot of any metric");
    if close.small().look(Look::Quiet).ui(&mut buttons).clicked() {
        state.close();
    }
    let is_wide = places.head.width() > WIDE;
    let press = |icon: &'static str, name| {
        let text = if is_wide { name } else { "" };
        Button::text(text).with_icon(icon).named(name).small()
    };
    let empty = state.recorder.chosen.is_empty().then_some("No metric is chosen.");
    let save = press(ICON_IMAGE.codepoint, "Save picture");
    if save.unless(&mut buttons, empty).clicked() {
        let app = view
            .shown
            .latest(shown)
            .map_or_else(|| "plot".into(), application);
        let started_at = view.shown.header().map(|header| header.started_at.as_str());
        let clock = started_at.map(|start| format::clock(start, view.shown.now()));
        let name = format!("pathscope {app} {}", clock.unwrap_or_default());
        state.saving = Some(picture::take(places.picture(), name.trim_end(), ui.ctx()));
        state.saved = None;
    }
    let copy = press(ICON_CONTENT_COPY.codepoint, "Copy as CSV");
    if copy.unless(&mut buttons, empty).clicked() {
        let range = (with.time.from, with.time.to);
        commands.push(UiCommand::Copy(rows::csv(&state.recorder, view, range)));
    }
    let other = state.other.filter(|other| *other != shown);
    let other = other.and_then(|other| view.shown.latest(other));
    let with_whom = other.map(|other| format!("With {}", application(other)));
    let press = Button::text(with_whom.as_deref().unwrap_or("Compare with"));
    let button = press.small().chevron().named("Compare with").ui(&mut buttons);
    state.other = chooser::connections(&button, shown, state.other, &mut state.filter_others, view);
    let button = Button::text("Metrics").small().chevron().ui(&mut buttons);
    chooser::metrics(&button, &mut state.recorder, &mut state.filter);
    let end = buttons.min_rect().left() - 16.0;
    let mut line = TextLine::over(ui.painter(), (places.head.left(), end), places.head.center().y);
    line.text("Any metric", Type::Strong, tokens.text);
    line.left += 12.0;
    let (note, color) = note(state, view, tokens);
    line.text(&note, Type::Small, color);
    (commands, Popup::default_response_id(&button))
}

/// What stands beside the name.
fn note(state: &AnyMetric, view: &View<'_>, tokens: &Tokens) -> (String, egui::Color32) {
    match &state.saved {
        Some(Ok(path)) => {
            let path = path.display().to_string();
            return (format!("Saved as {}", for_terminal(&path)), tokens.text2);
        }
        Some(Err(why)) => return (format!("Not saved: {}", for_terminal(why)), tokens.danger),
        None => {}
    }
    let Some(since) = state.recorder.since else {
        return (String::new(), tokens.text3);
    };
    let ago = format::age((view.shown.now() - since).clamp(0.0, KEPT_S));
    let most = if view.shown.now() - since > KEPT_S {
        ""
    } else {
        ", at most 10 min"
    };
    (format!("recorded for the last {ago}{most}"), tokens.text3)
}
