//! The handovers at the right: totals, a row each, and what can be done with the chosen one.

use egui::{
    Color32, Painter, Pos2, Rect, Sense, Stroke, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};
use egui_material_icons::icons::{ICON_ARROW_FORWARD, ICON_CONTENT_COPY, ICON_LIST, ICON_SHOW_CHART};

use crate::history::handover::Incident;
use crate::ui::format;
use crate::ui::kit::{
    Button, focus_ring, icon, paint, paint_right, paint_within, row_ground, shape_of, width,
};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View, application};
use crate::words::handover as words;
use crate::words::units::{Figure, Measured, length};

pub(super) const ROW: f32 = 112.0;
const PADDING: f32 = 16.0;

/// What happened to the path, in words.
pub(super) fn cause(incident: &Incident, view: &View<'_>) -> String {
    let path = incident
        .from
        .as_deref()
        .map(|device| view.path(Some(device)).name);
    words::cause(incident.cause, path.as_deref())
}

/// Handovers, the worst and the total, each with its unit.
pub(super) fn totals(incidents: &[Incident], ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let lengths = || incidents.iter().filter_map(|one| Some(one.worst()?.ms));
    let number = incidents.len();
    let worst = lengths().max().map_or_else(Figure::absent, length);
    let figures = [
        (
            Figure::counted(number),
            if number == 1 { "handover" } else { "handovers" },
        ),
        (worst, "worst"),
        (length(lengths().sum()), "in total"),
    ];
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 72.0), Sense::hover());
    let spoken: Vec<String> = figures
        .iter()
        .map(|(figure, what)| format!("{figure} {what}"))
        .collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken.join(", ")));
    for ((figure, what), column) in figures.iter().zip(0_u8..) {
        let x = rect.left() + PADDING + f32::from(column) * ((rect.width() - PADDING) / 3.0).min(120.0);
        let y = rect.top() + 26.0;
        let end = paint(ui.painter(), pos2(x, y), &figure.number, Type::Title, tokens.text);
        paint(
            ui.painter(),
            pos2(end + 5.0, y + 3.0),
            figure.unit.unwrap_or_default(),
            Type::Body,
            tokens.text3,
        );
        paint(
            ui.painter(),
            pos2(x, rect.top() + 52.0),
            what,
            Type::Small,
            tokens.text3,
        );
    }
}

/// A handover's colour: red where something did not get through, or could not have.
pub(super) fn color(incident: &Incident, tokens: &Tokens) -> Color32 {
    if incident.cause.is_chosen() && incident.worst().is_none() {
        tokens.text2
    } else {
        tokens.danger
    }
}

/// The number of a handover on a ground of its own; the chosen one's has its colour.
pub(super) fn number_badge(
    painter: &Painter,
    rect: Rect,
    incident: &Incident,
    chosen: bool,
    tokens: &Tokens,
) {
    let number = &incident.number.to_string();
    let (ground, ink) = if chosen {
        (color(incident, tokens), tokens.panel)
    } else {
        (tokens.badge, tokens.text)
    };
    painter.rect_filled(rect, 4.0, ground);
    let wide = width(painter, number, Type::SmallStrong);
    let at = pos2(rect.center().x - wide / 2.0, rect.center().y);
    paint(painter, at, number, Type::SmallStrong, ink);
}

/// What happened to the worst of its connections, in a sentence.
pub(super) fn story(incident: &Incident, view: &View<'_>) -> String {
    let worst = incident.members.first();
    worst.map_or_else(String::new, |worst| {
        words::sentence(worst, |device| view.path(Some(device)).name)
    })
}

/// The row of one; whether it was chosen.
pub(super) fn row(incident: &Incident, chosen: bool, longest_ms: u64, view: &View<'_>, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let title = cause(incident, view);
    let worst = incident.worst();
    let figure = worst.map(words::length);
    let said = figure.as_ref().map_or_else(
        || words::uninterrupted_briefly(incident.uninterrupted()).to_owned(),
        ToString::to_string,
    );
    response.widget_info(|| {
        let name = format!("Handover {}: {title}, {said}", incident.number);
        WidgetInfo::selected(Role::Button, true, chosen, name)
    });
    let painter = ui.painter();
    row_ground(painter, rect, chosen, &response, tokens);
    let (left, right) = (rect.left() + 24.0, rect.right() - PADDING);
    let y = rect.top() + 24.0;
    let number = incident.number.to_string();
    let wide = (width(painter, &number, Type::SmallStrong) + 8.0).max(18.0);
    let badge = Rect::from_min_size(pos2(left - 1.0, y - 9.0), vec2(wide, 18.0));
    number_badge(painter, badge, incident, chosen, tokens);
    let start = match &figure {
        Some(Measured { length, uncertainty }) => {
            let text = format!("± {uncertainty}");
            let end = paint_right(painter, pos2(right, y), &text, Type::Small, tokens.text2) - 8.0;
            paint_right(
                painter,
                pos2(end, y),
                &length.to_string(),
                Type::Figure,
                tokens.text,
            )
        }
        None => paint_right(painter, pos2(right, y), &said, Type::Small, tokens.text2),
    };
    let title_left = badge.right() + 7.0;
    let room = start - 8.0 - title_left;
    paint_within(
        painter,
        pos2(title_left, y),
        &title,
        Type::Strong,
        tokens.text,
        room,
    );

    let y = rect.top() + 48.0;
    paint_paths(painter, pos2(left, y), incident, view, tokens);
    let started_at = view
        .shown
        .header()
        .map_or("", |header| header.started_at.as_str());
    let clock = format::clock(started_at, incident.t);
    paint_right(painter, pos2(right, y), &clock, Type::Small, tokens.text3);

    let y = rect.top() + 70.0;
    let end = paint_right(
        painter,
        pos2(right, y),
        words::why(incident.cause),
        Type::Small,
        tokens.text3,
    );
    let who = who(incident, view);
    paint_within(
        painter,
        pos2(left, y),
        &who,
        Type::Small,
        tokens.text2,
        end - 8.0 - left,
    );
    if let Some(worst) = worst {
        let share = worst.ms as f32 / longest_ms.max(1) as f32;
        let bar = Rect::from_min_size(pos2(left, rect.top() + 88.0), vec2((right - left) * share, 4.0));
        painter.rect_filled(bar, 2.0, tokens.danger);
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    if response.has_focus() {
        focus_ring(ui, &response.clone().with_new_rect(rect.shrink(3.0)), 4.0);
    }
    let clicked = response.clicked();
    response.on_hover_text_at_pointer(story(incident, view));
    clicked
}

/// From which path to which.
fn paint_paths(painter: &Painter, at: Pos2, incident: &Incident, view: &View<'_>, tokens: &Tokens) {
    let Pos2 { mut x, y } = at;
    let nowhere = incident.from.is_none() && incident.to.is_none();
    for (device, last) in [(&incident.from, false), (&incident.to, true)] {
        if last && nowhere {
            continue;
        }
        if last {
            icon(
                painter,
                pos2(x + 8.0, y),
                ICON_ARROW_FORWARD.codepoint,
                16.0,
                tokens.text2,
            );
            x += 24.0;
        }
        if let Some(device) = device {
            let path = view.path(Some(device));
            shape_of(painter, pos2(x + 5.0, y), 10.0, path.slot, tokens, false);
            x = paint(painter, pos2(x + 16.0, y), &path.name, Type::Body, tokens.text) + 8.0;
        } else {
            let text = if last { words::NOWHERE } else { words::EVERY_PATH };
            x = paint(painter, pos2(x, y), text, Type::Body, tokens.text2) + 8.0;
        }
    }
}

/// Whom it happened to.
fn who(incident: &Incident, view: &View<'_>) -> String {
    let first = incident.members.first();
    let first = first.and_then(|member| view.shown.latest(member.connection));
    let first = first.map_or("a connection that is gone".into(), application);
    words::whom(&first, incident.connections())
}

/// What can be done with the chosen one.
pub(super) fn acts(incident: &Incident, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 88.0), Sense::hover());
    let left = rect.left() + 24.0;
    let title = format!("Handover {} in other panels", incident.number);
    paint(
        ui.painter(),
        pos2(left, rect.top() + 24.0),
        &title,
        Type::Strong,
        tokens.text,
    );
    let mut x = left;
    let mut press = |press: Button<'_>, ui: &mut Ui| {
        let place = Rect::from_min_size(pos2(x, rect.top() + 44.0), vec2(press.width(ui), 32.0));
        x = place.right() + 8.0;
        let mut child = ui.new_child(
            UiBuilder::new()
                .max_rect(place)
                .id_salt(press.name.unwrap_or(press.text)),
        );
        press.put(&mut child, place).clicked()
    };
    if let Some(worst) = incident.members.first() {
        let plots = Button::text("Plots").with_icon(ICON_SHOW_CHART.codepoint);
        if view.shown.connection(worst.connection).is_some() && press(plots, ui) {
            commands.push(UiCommand::ShowAt(worst.connection, incident.t));
        }
        if press(Button::text("Events").with_icon(ICON_LIST.codepoint), ui) {
            commands.push(UiCommand::ShowEventsAt(incident.t));
        }
        let copy = if rect.width() < 380.0 {
            Button::icon(ICON_CONTENT_COPY.codepoint, "Copy sentence")
        } else {
            Button::text("Copy sentence").with_icon(ICON_CONTENT_COPY.codepoint)
        };
        if press(copy, ui) {
            commands.push(UiCommand::Copy(story(incident, view)));
        }
    }
    commands
}
