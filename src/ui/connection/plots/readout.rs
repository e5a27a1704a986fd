//! The figures beside the plots: what is now, or what was under the pointer.

use egui::{Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2};

use super::paint::Scene;
use super::series::{Layer, value_at};
use crate::ui::format;
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::Direction;
use crate::ui::widgets::{focus_ring, paint, paint_right, paint_within, shape_of};
use crate::words::connection::past;

/// A subflow in the column.
struct Entry<'a> {
    layer: &'a Layer,
    value: String,
}

/// The titles of the plots with their units.
fn title(plot: usize, direction: Direction) -> (String, &'static str) {
    match plot {
        0 => (format!("Throughput, {}", past(direction)), "Mbit/s"),
        1 => ("Round-trip time".to_owned(), "ms"),
        2 => ("Congestion window".to_owned(), "packets"),
        _ => ("Retransmissions".to_owned(), "in view"),
    }
}

/// Paints the column.
pub(super) fn ui(scene: &Scene<'_>, second: &mut usize, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    for (plot, rect, _) in scene.shown() {
        let place = Rect::from_min_max(
            pos2(
                scene.places.readout.left(),
                rect.top() + if plot == 0 { 6.0 } else { 3.0 },
            ),
            pos2(scene.places.readout.right(), rect.bottom()),
        );
        let (name, unit) = title(plot, scene.direction);
        let mut y = place.top() + 8.0;
        let painter = ui.painter().clone();
        let unit = match (plot, scene.cursor) {
            (3, Some(_)) => "at pointer",
            _ => unit,
        };
        let mut start = paint_right(&painter, pos2(place.right(), y), unit, Type::Small, tokens.text3);
        if plot >= 2 && scene.places.shared {
            start = tabs(second, pos2(place.left(), y), ui, tokens).max(start);
        } else {
            let most = start - place.left() - 4.0;
            paint_within(
                &painter,
                pos2(place.left(), y),
                &name,
                Type::SmallStrong,
                tokens.text,
                most,
            );
        }
        y += 18.0;
        if plot == 0 {
            let total = total(scene);
            let decimals = decimals(scene);
            y += 6.0;
            paint(
                &painter,
                pos2(place.left(), y + 1.0),
                "Total",
                Type::Small,
                tokens.text2,
            );
            let figure = format::rate(total * 1e6, decimals);
            paint_right(
                &painter,
                pos2(place.right(), y),
                &figure,
                Type::Figure,
                tokens.text,
            );
            y += 24.0;
        }
        let entries = entries(plot, scene);
        let rows = entries.len().saturating_sub(1).max(1) as f32;
        let pitch = ((place.bottom() - y - 9.0) / rows).clamp(13.5, 18.0);
        for (number, entry) in entries.iter().enumerate() {
            let rest = entries.len() - number;
            if rest > 1 && y + pitch + 5.0 > place.bottom() {
                let more = if number > 0 {
                    format!("and {rest} more")
                } else {
                    format::several(rest, "subflow")
                };
                paint(&painter, pos2(place.left(), y), &more, Type::Small, tokens.text3);
                break;
            }
            let lost = entry.layer.lost && scene.cursor.is_none();
            shape_of(
                &painter,
                pos2(place.left() + 5.0, y),
                8.0,
                entry.layer.slot,
                tokens,
                lost,
            );
            let end = paint_right(
                &painter,
                pos2(place.right(), y),
                &entry.value,
                Type::Small,
                tokens.text,
            );
            let most = end - place.left() - 24.0;
            let at = pos2(place.left() + 18.0, y);
            paint_within(&painter, at, &entry.layer.name, Type::Small, tokens.text2, most);
            y += pitch;
        }
    }
    cursor_time(scene, ui);
}

/// The time under the pointer, at the foot of the column.
fn cursor_time(scene: &Scene<'_>, ui: &Ui) {
    let Some(t) = scene.cursor else { return };
    let tokens = Tokens::of(ui);
    let at = pos2(scene.places.readout.right(), scene.places.axis.top() + 12.0);
    let before = format!("−{:.1} s", (scene.now - t).max(0.0));
    let start = paint_right(ui.painter(), at, &before, Type::Small, tokens.text);
    if let Some(began) = scene.started_at {
        let clock = format::clock(began, t);
        paint_right(
            ui.painter(),
            pos2(start - 8.0, at.y),
            &clock,
            Type::Small,
            tokens.text3,
        );
    }
}

/// Congestion window and retransmissions as two tabs; where they end.
fn tabs(second: &mut usize, at: egui::Pos2, ui: &Ui, tokens: &Tokens) -> f32 {
    let mut x = at.x;
    for (number, name, spoken) in [
        (0, "cwnd", "Congestion window"),
        (1, "Retrans.", "Retransmissions"),
    ] {
        let on = *second == number;
        let style = if on { Type::SmallStrong } else { Type::Small };
        let color = if on { tokens.text } else { tokens.text3 };
        let end = paint(ui.painter(), pos2(x, at.y), name, style, color);
        let rect = Rect::from_min_max(pos2(x - 2.0, at.y - 9.0), pos2(end + 2.0, at.y + 9.0));
        let response = ui.interact(rect, ui.scope_id().with(("plot tab", number)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, on, spoken));
        focus_ring(ui, &response, 4.0);
        if response.clicked() {
            *second = number;
        }
        x = end + 12.0;
    }
    x
}

/// The rate of a layer at the pointer, or now, Mbit/s.
fn rate(layer: &Layer, scene: &Scene<'_>) -> f64 {
    match scene.cursor {
        Some(t) => layer.rates.get(scene.series.bins.at(t)).copied().unwrap_or(0.0),
        None => layer.mbps,
    }
}

fn total(scene: &Scene<'_>) -> f64 {
    scene.series.layers.iter().map(|layer| rate(layer, scene)).sum()
}

/// The decimals of all rates: those of the total at the pointer, or of what it was lately.
fn decimals(scene: &Scene<'_>) -> usize {
    let largest = match scene.cursor {
        Some(_) => total(scene),
        None => scene.series.layers.iter().map(|layer| layer.peak_mbps).sum(),
    };
    format::rate_decimals(largest * 1e6)
}

fn entries<'a>(plot: usize, scene: &'a Scene<'_>) -> Vec<Entry<'a>> {
    let at = scene.cursor.unwrap_or(scene.now);
    let layers = scene.series.layers.iter().filter(|layer| layer.lives_at(at));
    let absent = || format::ABSENT.to_owned();
    let decimals = decimals(scene);
    layers
        .map(|layer| {
            let value = match plot {
                0 => format::rate(rate(layer, scene) * 1e6, decimals),
                1 if layer.lost && scene.cursor.is_none() => absent(),
                1 => value_at(&layer.rtt_ms, at).map_or_else(absent, |ms| format!("{ms:.1}")),
                2 => value_at(&layer.cwnd, at).map_or_else(absent, |cwnd| format!("{cwnd:.0}")),
                _ => retransmissions(layer, scene),
            };
            Entry { layer, value }
        })
        .collect()
}

fn retransmissions(layer: &Layer, scene: &Scene<'_>) -> String {
    let bins = &scene.series.retrans_bins;
    let count = match scene.cursor {
        Some(t) => layer.retrans.get(bins.at(t)).copied().unwrap_or(0.0),
        None => layer.retrans.iter().sum(),
    };
    format!("{count:.0}")
}

/// The plots in words: as it is now, or was at the pointer.
pub(super) fn spoken(scene: &Scene<'_>) -> String {
    let at = scene.cursor.unwrap_or(scene.now);
    let when = scene
        .cursor
        .map(|t| format!(" {:.1} s ago", (scene.now - t).max(0.0)))
        .unwrap_or_default();
    let layers = scene.series.layers.iter().filter(|layer| match scene.cursor {
        Some(_) => layer.lives_at(at),
        None => layer.life.1.is_none(),
    });
    let rates: Vec<String> = layers
        .map(|layer| {
            let rtt = value_at(&layer.rtt_ms, at).map_or_else(String::new, |ms| format!(" RTT {ms:.1} ms"));
            format!(
                "{} {}{rtt}",
                layer.name,
                format::lone_rate(rate(layer, scene) * 1e6)
            )
        })
        .collect();
    format!(
        "Plots{when}: throughput {} {} Mbit/s; {}",
        past(scene.direction),
        format::lone_rate(total(scene) * 1e6),
        rates.join(", ")
    )
}
