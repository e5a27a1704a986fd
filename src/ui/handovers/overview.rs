//! The whole session in a strip: what each interface carried, the handovers by number, and what the lanes show.

use egui::{Painter, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::list;
use super::paint::{LABELS, PADDING};
use crate::history::handover::Incident;
use crate::ui::format;
use crate::ui::kit::{TimeAxis, focus_ring, paint, sparkline, width};
use crate::ui::theme::{Slot, Tokens, Type};
use crate::ui::view::View;

const STRIP: f32 = 40.0;
/// The numbers above it, and the clock below.
const NUMBERS: f32 = 20.0;
const CLOCK: f32 = 20.0;
const NUMBER: f32 = 16.0;
/// How far apart the labels of the clock stand at least.
const LABEL: f32 = 90.0;

/// What somebody did with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Act {
    /// Chose a handover, by when it began.
    Choose(f64),
    /// Moved the visible span to have this in its middle.
    Move(f64),
}

/// The strip with `span` in a frame.
pub(super) fn ui(
    incidents: &[Incident],
    chosen: &Incident,
    span: (f64, f64),
    view: &View<'_>,
    ui: &mut Ui,
) -> Option<Act> {
    let tokens = Tokens::of(ui);
    let high = NUMBERS + STRIP + CLOCK;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), high), Sense::hover());
    let strip = Rect::from_min_max(
        pos2(rect.left() + LABELS, rect.top() + NUMBERS),
        pos2(rect.right() - PADDING, rect.top() + NUMBERS + STRIP),
    );
    let now = view.shown.now().max(1e-3);
    let length = format::age(now);
    let left = pos2(rect.left() + PADDING, strip.top() + 12.0);
    paint(ui.painter(), left, "Whole session", Type::Small, tokens.text2);
    paint(
        ui.painter(),
        left + vec2(0.0, 17.0),
        &length,
        Type::Small,
        tokens.text3,
    );

    let response = ui.interact(strip, ui.scope_id().with("session"), Sense::click_and_drag());
    response.widget_info(|| {
        let name = format!("Whole session, {length}, a click moves the lanes");
        WidgetInfo::labeled(Role::Image, true, name)
    });
    // The session against the width of the strip; nothing lies beyond now.
    let axis = TimeAxis {
        from: 0.0,
        to: now,
        left: strip.left(),
        right: strip.right(),
    };
    let place = Place { strip, axis };
    let painter = ui.painter();
    painter.rect_filled(strip, 0.0, tokens.bg);
    carried(&place, view, painter, tokens);
    clock(&place, view, painter, tokens);
    let shown = Rect::from_x_y_ranges(
        place.axis.x_clamped(span.0)..=place.axis.x_clamped(span.1),
        strip.y_range(),
    );
    let frame = Rect::from_center_size(shown.center(), vec2(shown.width().max(8.0), STRIP + 4.0));
    painter.rect_stroke(frame, 2.0, Stroke::new(2.0, tokens.text), StrokeKind::Inside);
    focus_ring(ui, &response, 2.0);
    let moved = response
        .interact_pointer_pos()
        .filter(|_| response.clicked() || response.dragged());
    let picked = numbers(incidents, chosen, &place, view, ui);
    picked
        .map(Act::Choose)
        .or_else(|| moved.map(|at| Act::Move(axis.time(at.x).clamp(0.0, now))))
}

/// The strip and its time.
struct Place {
    strip: Rect,
    axis: TimeAxis,
}

/// What each interface carried, in order of slot. A bin that is not over yet would look like a loss.
fn carried(place: &Place, view: &View<'_>, painter: &Painter, tokens: &Tokens) {
    let session = view.shown.session();
    let width_s = session.width_s();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most as many as the session has"
    )]
    let whole = (place.axis.to / width_s).max(0.0) as usize;
    let mut layers: Vec<(Slot, Vec<f64>)> = session
        .rates()
        .map(|(device, rates)| {
            let mut rates: Vec<f64> = rates.take(whole).collect();
            rates.resize(whole, 0.0);
            (view.slots.of(Some(device)), rates)
        })
        .collect();
    layers.sort_by_key(|(slot, _)| *slot);
    let known: Vec<bool> = (0..whole)
        .map(|bin| {
            let from = bin as f64 * width_s;
            view.shown.gaps().within(from, from + width_s).next().is_none()
        })
        .collect();
    let middle = |bin: f64| place.axis.x_clamped((bin + 0.5) * width_s);
    let columns = middle(0.0)..=middle(whole as f64 - 1.0);
    sparkline(
        painter,
        Rect::from_x_y_ranges(columns, place.strip.y_range()),
        &layers,
        &known,
        tokens,
    );
}

/// Round times of the clock below the strip.
fn clock(place: &Place, view: &View<'_>, painter: &Painter, tokens: &Tokens) {
    let Some(header) = view.shown.header() else { return };
    let step = place.axis.step(LABEL).max(1.0);
    let since_round = format::past_round(&header.started_at, step);
    let mut t = (step - since_round) % step;
    while t <= place.axis.to {
        // A round time that lies a little before itself would be written as the one before.
        let text = format::clock(&header.started_at, t + 1e-3);
        let text = if step < 60.0 {
            text.as_str()
        } else {
            text.get(..5).unwrap_or(&text)
        };
        let wide = width(painter, text, Type::Small);
        let x = place.axis.x_clamped(t);
        let inside = x - wide / 2.0 >= place.strip.left() && x + wide / 2.0 <= place.strip.right();
        if inside {
            painter.vline(
                x,
                place.strip.bottom()..=place.strip.bottom() + 3.0,
                Stroke::new(1.0, tokens.strong),
            );
            let at = pos2(x - wide / 2.0, place.strip.bottom() + 11.0);
            paint(painter, at, text, Type::Small, tokens.text3);
        }
        t += step;
    }
}

/// A line a handover, and its number where there is room; the chosen one always has it. The one that was clicked.
fn numbers(
    incidents: &[Incident],
    chosen: &Incident,
    place: &Place,
    view: &View<'_>,
    ui: &Ui,
) -> Option<f64> {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let mut picked = None;
    let mut taken: Vec<f32> = Vec::new();
    let others = incidents.iter().rev().filter(|one| one.number != chosen.number);
    for incident in std::iter::once(chosen).chain(others) {
        let on = incident.number == chosen.number;
        let x = place.axis.x_clamped(incident.t);
        painter.vline(
            x,
            place.strip.y_range(),
            Stroke::new(1.5, list::color(incident, tokens)),
        );
        let number = incident.number.to_string();
        let wide = (width(painter, &number, Type::SmallStrong) + 8.0).max(NUMBER);
        if taken.iter().any(|other| (other - x).abs() < wide + 4.0) {
            continue;
        }
        taken.push(x);
        let badge = Rect::from_center_size(pos2(x, place.strip.top() - 11.0), vec2(wide, NUMBER));
        let response = ui.interact(
            badge,
            ui.scope_id().with(("number", incident.number)),
            Sense::click(),
        );
        response.widget_info(|| {
            let name = format!(
                "Handover {number} in the session: {}",
                list::cause(incident, view)
            );
            WidgetInfo::selected(Role::Button, true, on, name)
        });
        list::number_badge(painter, badge, incident, on, tokens);
        focus_ring(ui, &response, 4.0);
        if response.clicked() {
            picked = Some(incident.t);
        }
        response.on_hover_text(list::story(incident, view));
    }
    picked
}
