//! What happened, handovers among it, newest first: filterable, copyable.

mod model;
mod paint;

use egui::{CentralPanel, Frame, Margin, ScrollArea, Ui, WidgetInfo, accesskit::Role};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_EXPAND_LESS};

use self::model::{Key, Row};
use super::format;
use super::kit::{Button, Look, filter_field, hairline, label};
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};

/// What the button is called that tells times more finely.
const MILLISECONDS: &str = "Milliseconds";

/// What the panel remembers.
#[derive(Debug, Default)]
pub(super) struct EventsState {
    /// What stands in the filter field.
    pub filter: String,
    /// Whether times are told with milliseconds.
    with_ms: bool,
    cached: Option<(Key, Vec<Row>)>,
    /// How far the list is scrolled away from the newest.
    offset: f32,
    /// Where the list is to be scrolled to.
    wanted: Option<f32>,
    /// How many came since it was scrolled away.
    missed: usize,
    /// The moment that is looked at, seconds on the stream, and whether it is yet to be scrolled to.
    moment: Option<(f64, bool)>,
}

impl EventsState {
    /// Takes what came. Who follows the newest goes on doing so; who looks at something older goes on looking at it.
    fn refresh(&mut self, view: &View<'_>) {
        let key = Key::new(view, &self.filter, self.with_ms);
        if self.cached.as_ref().is_some_and(|(cached, _)| *cached == key) {
            return;
        }
        let rows = model::rows(view, &self.filter, self.with_ms);
        match &self.cached {
            Some((before, old)) if before.filters_as(&key) => {
                let newer = model::newer(old, &rows);
                if self.offset > 0.0 && newer > 0 {
                    self.wanted = Some(self.offset + newer as f32 * paint::LINE);
                    self.missed += newer;
                }
            }
            _ => self.follow(),
        }
        self.cached = Some((key, rows));
    }

    /// Shows the newest, and what comes.
    fn follow(&mut self) {
        self.wanted = Some(0.0);
        self.missed = 0;
    }

    /// Brings what happened at a moment into view.
    pub(super) fn look(&mut self, t: f64) {
        self.moment = Some((t, true));
    }

    fn rows(&self) -> &[Row] {
        self.cached.as_ref().map_or(&[], |(_, rows)| rows)
    }
}

/// The whole panel.
pub(super) fn ui(state: &mut EventsState, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    state.refresh(view);
    CentralPanel::no_frame()
        .frame(Frame::NONE.fill(tokens.panel))
        .show(ui, |ui| {
            Frame::NONE
                .inner_margin(Margin::symmetric(16, 12))
                .show(ui, |ui| {
                    ui.horizontal(|ui| head(state, ui, &mut commands));
                });
            ui.spacing_mut().item_spacing.y = 0.0;
            hairline(ui);
            if state.rows().is_empty() {
                Frame::NONE.inner_margin(Margin::same(24)).show(ui, |ui| {
                    nothing(state, view, ui);
                });
                return;
            }
            list(state, view, ui, &mut commands);
        });
    commands
}

fn head(state: &mut EventsState, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    filter_field(
        ui,
        &mut state.filter,
        "Filter events",
        "subflow wlan0 0x91c787ca",
        (ui.available_width() * 0.4).clamp(200.0, 344.0),
    );
    ui.add_space(8.0);
    let number = state.rows().len();
    label(ui, format::several(number, "event"), Type::Small, tokens.text3);
    let hint = "Times with milliseconds, as the kernel's messages came";
    let look = if state.with_ms { Look::Primary } else { Look::Plain };
    let press = Button::text("ms").named(MILLISECONDS).small().look(look);
    let response = press.ui(ui).on_hover_text(hint);
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, state.with_ms, MILLISECONDS));
    if response.clicked() {
        state.with_ms = !state.with_ms;
    }
    if number > 0 {
        let press = Button::icon(ICON_CONTENT_COPY.codepoint, "Copy events");
        if press.ui(ui).clicked() {
            let text: Vec<String> = state.rows().iter().map(Row::as_text).collect();
            commands.push(UiCommand::Copy(text.join("\n")));
        }
    }
    if state.offset > 0.0 {
        let text = match state.missed {
            0 => "Newest".to_owned(),
            missed => format!("{} newer", format::in_sentence(missed)),
        };
        let press = Button::text(&text)
            .with_icon(ICON_EXPAND_LESS.codepoint)
            .named("Back to the newest");
        if press.ui(ui).clicked() {
            state.follow();
            state.moment = None;
        }
    }
}

fn nothing(state: &mut EventsState, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    if view.shown.events().is_empty() && view.shown.incidents().is_empty() {
        let since = format::age(view.shown.now());
        let text = format!("Nothing happened in the last {since}.");
        label(ui, text, Type::Strong, tokens.text);
        ui.add_space(4.0);
        let what = "An event appears when a connection or a subflow begins or ends, when an interface comes or goes, \
                    and when an endpoint, a limit or a setting changes.";
        label(ui, what, Type::Body, tokens.text2);
        return;
    }
    let text = format!("No event matches {}.", state.filter.trim());
    label(ui, text, Type::Strong, tokens.text);
    ui.add_space(8.0);
    if Button::text("Show all events").ui(ui).clicked() {
        state.filter.clear();
    }
}

/// Events from so much before a moment until so much after it, seconds, belong to it.
const AROUND_S: (f64, f64) = (-0.5, 1.5);

fn list(state: &mut EventsState, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let now = view.shown.now();
    if let Some((t, to_be_shown @ true)) = &mut state.moment {
        *to_be_shown = false;
        let t = *t;
        let above = state.rows().partition_point(|row| row.t > t + AROUND_S.1);
        // A few lines above it tell what came after.
        state.wanted = Some(above.saturating_sub(4) as f32 * paint::LINE);
    }
    let mut area = ScrollArea::vertical().auto_shrink(false).id_salt("events");
    if let Some(offset) = state.wanted.take() {
        area = area.vertical_scroll_offset(offset);
    }
    let moment = state.moment.map(|(t, _)| t);
    let rows = state.rows();
    let columns = paint::Columns::new(ui.available_width(), state.with_ms);
    let shown = area.show_rows(ui, paint::LINE, rows.len(), |ui, range| {
        for row in rows.get(range).unwrap_or_default() {
            let meant = moment.is_some_and(|t| (AROUND_S.0..AROUND_S.1).contains(&(row.t - t)));
            if paint::line(row, &columns, meant, now, ui) {
                commands.push(if row.is_handover {
                    UiCommand::ShowHandover(row.t)
                } else {
                    UiCommand::Copy(row.as_text())
                });
            }
        }
    });
    state.offset = shown.state.clamped_offset().y;
    if state.offset <= 0.0 && state.missed > 0 {
        state.missed = 0;
    }
}
