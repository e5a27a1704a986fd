//! All connections together: a mark for each, split by the paths that it has, over what each path carries.

use std::collections::BTreeMap;

use egui::{Painter, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::layout::Places;
use super::paint::{self, PathRow};
use super::said::Said;
use crate::history::Condition;
use crate::model::{Connection, ConnectionId};
use crate::ui::format;
use crate::ui::kit::{TimeAxis, ValueAxis, paint as text, paint_right, sparkline, tick_label, ticks, width};
use crate::ui::running;
use crate::ui::theme::{Slot, Tokens, Type};
use crate::ui::view::{PathName, View, application};
use crate::words::handover::{headline, in_short, outcome};
use crate::words::present as words;

/// The largest and the least of a mark with the air around it, on 1280×720.
const LARGEST: f32 = 46.0;
const LEAST: f32 = 5.0;
/// The title of an application, and the air between two.
const TITLE: f32 = 34.0;
const BETWEEN: f32 = 28.0;
/// The sizes of text.
const NAME: f32 = 22.0;
const AXIS: f32 = 20.0;
/// How far back the plot reaches, seconds, and how far apart its labels are.
const SPAN_S: f64 = 60.0;
const LABEL_S: f64 = 15.0;
/// A bin of the plot is whole once the next has begun, and so long after it.
const LATE_S: f64 = 0.1;

/// The height of the plot, which does not flicker.
#[derive(Debug, Default)]
pub(super) struct CrowdAxis(ValueAxis);

/// What a connection does over one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It has no subflow there.
    Absent,
    /// It has one that carries nothing now.
    Idle,
    /// Data flows.
    Carrying,
    /// Data waits.
    Stalled,
}

/// A connection: its part in each path, and whether nothing is delivered to it.
#[derive(Debug, PartialEq)]
struct Dot {
    parts: Vec<Part>,
    waits: bool,
}

/// Everything that is shown.
#[derive(Debug, Default)]
struct Crowd {
    paths: Vec<(Option<String>, PathName)>,
    bps: Vec<f64>,
    down: Vec<bool>,
    apps: Vec<(String, Vec<Dot>)>,
    carrying: usize,
}

impl Crowd {
    fn new(view: &View<'_>) -> Self {
        let mut crowd = Self::default();
        let state = view.shown.state();
        let mut connections: Vec<&Connection> = state.connections.values().collect();
        connections.sort_by_key(|one| (one.cookie, one.id()));
        let subflows = || {
            connections
                .iter()
                .flat_map(|one| view.shown.subflows_of(one.id()))
        };
        let mut devices: Vec<Option<&str>> = subflows().map(|one| one.last.interface.as_deref()).collect();
        devices.sort_unstable();
        devices.dedup();
        let paths = devices
            .into_iter()
            .map(|device| (device.map(str::to_owned), view.path(device)));
        crowd.paths = paths.collect();
        crowd.paths.sort_by_key(|(_, path)| path.slot);
        crowd.bps = vec![0.0; crowd.paths.len()];
        let is_down = |(device, _): &(Option<String>, PathName)| {
            let interface = device.as_deref().map(|device| state.interface(device));
            interface.is_some_and(|found| found.is_none_or(|interface| !interface.up))
        };
        crowd.down = crowd.paths.iter().map(is_down).collect();
        let mut apps: BTreeMap<String, Vec<Dot>> = BTreeMap::new();
        for connection in connections {
            let dot = crowd.dot(connection.id(), view);
            crowd.carrying += usize::from(dot.parts.contains(&Part::Carrying));
            apps.entry(application(connection).into_owned())
                .or_default()
                .push(dot);
        }
        crowd.apps = apps.into_iter().collect();
        crowd
    }

    fn dot(&mut self, id: ConnectionId, view: &View<'_>) -> Dot {
        let mut parts = vec![Part::Absent; self.paths.len()];
        for subflow in view.subflows(id) {
            let device = subflow.last.interface.as_deref();
            let Some(place) = self.paths.iter().position(|(path, _)| path.as_deref() == device) else {
                continue;
            };
            let part = match view.condition(subflow) {
                Condition::Carrying => Part::Carrying,
                Condition::Stalled => Part::Stalled,
                Condition::Idle => Part::Idle,
                Condition::NotAnswered | Condition::Closed => Part::Absent,
            };
            if let (Some(before), Some(bps)) = (parts.get_mut(place), self.bps.get_mut(place)) {
                if *before != Part::Carrying {
                    *before = part;
                }
                *bps += view.shown.rate(subflow, view.direction());
            }
        }
        let waits = view
            .shown
            .running(id)
            .is_some_and(|one| one.stopped_since().is_some());
        Dot { parts, waits }
    }

    fn count(&self) -> usize {
        self.apps.iter().map(|(_, dots)| dots.len()).sum()
    }

    fn rows(&self) -> Vec<PathRow> {
        let paths = self.paths.iter().zip(&self.bps).zip(&self.down);
        paths
            .map(|(((_, path), bps), lost)| PathRow {
                slot: path.slot,
                name: path.name.clone(),
                bps: *bps,
                lost: *lost,
            })
            .collect()
    }
}

/// What is said of all connections: what happens, else the newest handover while it says how things are, else what is so.
fn said(crowd: &Crowd, view: &View<'_>) -> Said {
    if let Some(happening) = running::of_all(view) {
        return happening.into();
    }
    let names = |down: bool| -> Vec<String> {
        let paths = crowd.paths.iter().zip(&crowd.down);
        let of_these = paths.filter(|(_, is_down)| **is_down == down);
        of_these.map(|((_, path), _)| path.name.clone()).collect()
    };
    let is_up = |device: &String| {
        let interface = view.shown.state().interface(device);
        interface.is_some_and(|interface| interface.up)
    };
    let newest = view.shown.incidents().last();
    if let Some(incident) = newest.filter(|one| one.to.as_ref().is_none_or(is_up)) {
        let ago = format::age(view.shown.now() - incident.t);
        return Said {
            sentence: headline(incident, |device| view.path(Some(device)).name),
            second: format!("{} {ago} ago.", outcome(incident)),
        };
    }
    Said::plain(
        words::crowd(crowd.count(), &names(false)),
        words::busy(crowd.carrying, &names(true)),
    )
}

/// All of it.
pub(super) fn ui(axis: &mut CrowdAxis, places: &Places, view: &View<'_>, ui: &mut Ui) {
    let crowd = Crowd::new(view);
    paint::sentence(&said(&crowd, view), places, ui);
    dots(&crowd, places, ui);
    let (plot, figures) = places.below(places.map.bottom());
    throughput(axis, plot, places.scale, view, ui);
    let total: f64 = crowd.bps.iter().sum();
    paint::figures(
        &crowd.rows(),
        (total, format::rate_decimals(total)),
        figures,
        places.scale,
        ui,
    );
}

/// The size of a mark with which the applications have room beside each other, and how many stand above each other.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few rows"
)]
fn fitting(counts: &[(usize, f32)], room: Rect, scale: f32) -> (f32, usize) {
    let mut size = LARGEST * scale;
    loop {
        let rows = ((room.height() - TITLE * scale) / size).max(1.0) as usize;
        let wide: f32 = counts
            .iter()
            .map(|(count, title)| (count.div_ceil(rows) as f32 * size).max(*title) + BETWEEN * scale)
            .sum();
        if wide - BETWEEN * scale <= room.width() || size <= LEAST * scale {
            return (size, rows);
        }
        size = (size - scale).max(LEAST * scale);
    }
}

/// A mark for each connection, by application.
fn dots(crowd: &Crowd, places: &Places, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (room, scale) = (places.map, places.scale);
    let response = ui.allocate_rect(room, Sense::hover());
    let spoken: Vec<String> = crowd
        .apps
        .iter()
        .map(|(app, dots)| format!("{app} {}", dots.len()))
        .collect();
    response.widget_info(|| {
        let spoken = format!("Connections by application: {}", spoken.join(", "));
        WidgetInfo::labeled(Role::Image, true, spoken)
    });
    let painter = ui.painter().with_clip_rect(room);
    let font = Type::Body.sized(NAME * scale);
    let title = |app: &str, count: usize| format!("{app} {count}");
    let counts: Vec<(usize, f32)> = crowd
        .apps
        .iter()
        .map(|(app, dots)| (dots.len(), width(&painter, &title(app, dots.len()), font.clone())))
        .collect();
    let (size, rows) = fitting(&counts, room, scale);
    let mut left = room.left();
    for ((app, dots), (count, title_wide)) in crowd.apps.iter().zip(&counts) {
        let at = pos2(left, room.top() + TITLE * 0.4 * scale);
        text(&painter, at, &title(app, *count), font.clone(), tokens.text2);
        for (number, dot) in dots.iter().enumerate() {
            let (column, row) = (number / rows, number % rows);
            let corner = pos2(
                left + column as f32 * size,
                room.top() + TITLE * scale + row as f32 * size,
            );
            paint_dot(
                dot,
                crowd,
                Rect::from_min_size(corner, vec2(size, size)),
                &painter,
                tokens,
            );
        }
        left += (count.div_ceil(rows) as f32 * size).max(*title_wide) + BETWEEN * scale;
    }
}

/// A mark: a part for each path, always at the same place, so that it is seen without its colour.
fn paint_dot(dot: &Dot, crowd: &Crowd, cell: Rect, painter: &Painter, tokens: &Tokens) {
    let air = (cell.width() * 0.12).max(0.5);
    let whole = cell.shrink(air);
    painter.rect_filled(whole, air, tokens.control);
    let wide = whole.width() / dot.parts.len().max(1) as f32;
    for (number, (part, (_, path))) in dot.parts.iter().zip(&crowd.paths).enumerate() {
        let place = Rect::from_min_size(
            pos2(whole.left() + number as f32 * wide, whole.top()),
            vec2(wide, whole.height()),
        );
        let hues = path.slot.ink(tokens.dark);
        match part {
            Part::Absent => {}
            Part::Idle => {
                let low = Rect::from_min_max(
                    pos2(place.left(), place.bottom() - place.height() * 0.28),
                    place.max,
                );
                painter.rect_filled(low, 0.0, hues.fill);
            }
            Part::Carrying => {
                painter.rect_filled(place, 0.0, hues.ink);
            }
            Part::Stalled => {
                let low = Rect::from_min_max(
                    pos2(place.left(), place.bottom() - place.height() * 0.28),
                    place.max,
                );
                painter.rect_filled(low, 0.0, tokens.danger);
            }
        }
    }
    if dot.waits {
        let stroke = Stroke::new((cell.width() * 0.08).max(1.0), tokens.danger);
        painter.rect_stroke(whole, air, stroke, StrokeKind::Outside);
    }
}

/// What each path carries, of all connections.
fn throughput(axis: &mut CrowdAxis, area: Rect, scale: f32, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let gutter = 68.0 * scale;
    let plot = Rect::from_min_max(
        pos2(area.left() + gutter, area.top() + 44.0 * scale),
        pos2(area.right(), area.bottom() - 36.0 * scale),
    );
    let response = ui.allocate_rect(plot, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Plot: what each path carries"));
    let painter = ui.painter();
    let now = view.shown.now();
    let session = view.shown.session();
    let wide_s = session.width_s();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bins of a session, which are few"
    )]
    let bin = |t: f64| (t.max(0.0) / wide_s) as usize;
    let (first, whole) = (bin(now - SPAN_S), bin(now - LATE_S));
    let mut layers: Vec<(Slot, Vec<f64>)> = session
        .rates()
        .map(|(device, rates)| {
            let mut rates: Vec<f64> = rates.take(whole).skip(first).collect();
            rates.resize(whole.saturating_sub(first), 0.0);
            (view.slots.of(Some(device)), rates)
        })
        .collect();
    layers.sort_by_key(|(slot, _)| *slot);
    let bins = whole.saturating_sub(first);
    let total = |bin: usize| -> f64 { layers.iter().filter_map(|(_, rates)| rates.get(bin)).sum() };
    let highest = (0..bins).map(total).fold(0.0, f64::max);
    let top = axis
        .0
        .top(highest / 1e6, false, (!view.paused).then_some(now))
        .max(1e-3);
    let font = Type::Small.sized(AXIS * scale);
    for value in ticks(top, false, 4) {
        #[expect(clippy::cast_possible_truncation, reason = "a fraction of the height")]
        let y = plot.bottom() - (value / top) as f32 * plot.height();
        painter.hline(plot.x_range(), y, Stroke::new(scale, tokens.grid));
        let at = pos2(plot.left() - 10.0 * scale, y);
        paint_right(painter, at, &tick_label(value, top), font.clone(), tokens.text3);
    }
    let time = TimeAxis {
        from: now - SPAN_S,
        to: now,
        left: plot.left(),
        right: plot.right(),
    };
    let middle = |bin: usize| time.x_clamped((bin as f64 + 0.5) * wide_s);
    if bins > 1 {
        #[expect(clippy::cast_possible_truncation, reason = "a fraction of the height")]
        let high = (highest / 1e6 / top) as f32 * plot.height();
        let place = Rect::from_min_max(
            pos2(middle(first), plot.bottom() - high),
            pos2(middle(whole - 1), plot.bottom()),
        );
        let is_known = |bin: usize| {
            let from = bin as f64 * wide_s;
            view.shown.gaps().within(from, from + wide_s).next().is_none()
        };
        let known: Vec<bool> = (first..whole).map(is_known).collect();
        sparkline(painter, place, &layers, &known, tokens);
    }
    let y = plot.bottom() + 18.0 * scale;
    for t in time.ticks(LABEL_S, now) {
        let label = words::before_now(now - t);
        let wide = width(painter, &label, font.clone());
        let left = (time.x(t) - wide / 2.0).min(area.right() - wide);
        text(painter, pos2(left, y), &label, font.clone(), tokens.text3);
    }
    losses(&time, plot, scale, view, painter, tokens);
}

/// The handovers as lines, the newest that has room with its words.
fn losses(time: &TimeAxis, plot: Rect, scale: f32, view: &View<'_>, painter: &Painter, tokens: &Tokens) {
    let mut free = plot.right();
    let bold = Type::Strong.sized(AXIS * scale);
    for incident in view.shown.incidents().iter().rev() {
        if !time.shows(incident.t, incident.t) || incident.cause.is_chosen() {
            continue;
        }
        let x = time.x(incident.t);
        painter.vline(
            x,
            plot.top() - 26.0 * scale..=plot.bottom(),
            Stroke::new(2.0 * scale, tokens.danger),
        );
        let worst = incident.members.first();
        let Some((worst, gap)) = worst.and_then(|worst| Some((worst, worst.interruption?))) else {
            continue;
        };
        let label = in_short(worst, gap, |device| view.path(Some(device)).name);
        let left = x + 8.0 * scale;
        if left + width(painter, &label, bold.clone()) < free {
            text(
                painter,
                pos2(left, plot.top() - 18.0 * scale),
                &label,
                bold.clone(),
                tokens.danger,
            );
            free = x - 12.0 * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_data::Stage;

    #[test]
    fn each_connection_has_its_part_in_each_path() {
        let stage = Stage::usual();
        let view = stage.view();
        let crowd = Crowd::new(&view);
        assert_eq!(crowd.count(), view.shown.state().connections.len());
        let (_, dots) = crowd
            .apps
            .iter()
            .find(|(app, _)| app == "nextcloud")
            .expect("it runs");
        let parts = dots.first().map(|dot| dot.parts.clone()).expect("a connection");
        assert!(parts.contains(&Part::Carrying), "{parts:?}");
        let total: f64 = crowd.rows().iter().map(|row| row.bps).sum();
        assert!(total > 0.0);
        let said = said(&crowd, &view);
        assert!(said.sentence.to_string().contains("connections over"), "{said:?}");
    }

    #[test]
    fn a_crowd_of_any_size_has_room() {
        let room = Rect::from_min_size(egui::Pos2::ZERO, vec2(1216.0, 300.0));
        for count in [3, 40, 200, 2000] {
            let counts = [
                (count / 2, 90.0),
                (count / 4, 120.0),
                (count - count / 2 - count / 4, 60.0),
            ];
            let (size, rows) = fitting(&counts, room, 1.0);
            let high = rows as f32 * size + TITLE;
            let columns =
                |(count, title): &(usize, f32)| (count.div_ceil(rows) as f32 * size).max(*title) + BETWEEN;
            let wide: f32 = counts.iter().map(columns).sum::<f32>() - BETWEEN;
            assert!(high <= 300.0 && wide <= 1216.0, "{count}: {high} × {wide}");
        }
    }
}
