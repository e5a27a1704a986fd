//! The figures beside the plots: what is now, or what was under the pointer.

use egui::{Painter, Pos2, Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2};

use super::paint::Scene;
use super::series::Layer;
use super::spec::{SPECS, Shows, Spec, THROUGHPUT};
use crate::ui::format;
use crate::ui::kit::{TextLine, focus_ring, paint, paint_right, paint_within, width};
use crate::ui::theme::{Tokens, Type};
use crate::words::connection::past;

/// A subflow in the column.
struct Entry<'a> {
    layer: &'a Layer,
    value: String,
}

/// Paints the column; `turn` says which plot is shown of those that take turns.
pub(super) fn ui(scene: &Scene<'_>, turn: &mut usize, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let mut first = true;
    for (plot, rect) in scene.places.shown() {
        let Some(spec) = SPECS.get(plot) else { continue };
        let column = scene.places.readout;
        let lead = if first { 6.0 } else { 3.0 };
        let place = Rect::from_min_max(
            pos2(column.left(), rect.top() + lead),
            pos2(column.right(), rect.bottom()),
        );
        first = false;
        let mut y = place.top() + 8.0;
        let painter = ui.painter().clone();
        let unit = scene.cursor.map_or(spec.unit, |_| spec.unit_at_pointer);
        let at_end = pos2(place.right(), y);
        let turns = scene.places.turns_from.filter(|first| plot >= *first);
        if let Some(first) = turns {
            let end = tabs((first, plot), turn, pos2(place.left(), y), scene, ui);
            if end + width(&painter, unit, Type::Small) <= place.right() {
                paint_right(&painter, at_end, unit, Type::Small, tokens.text3);
            }
        } else {
            let start = paint_right(&painter, at_end, unit, Type::Small, tokens.text3);
            let (at, most) = (pos2(place.left(), y), start - place.left() - 4.0);
            let title = (spec.title)(scene.direction);
            paint_within(&painter, at, &title, Type::SmallStrong, tokens.text, most);
        }
        y += 18.0;
        if matches!(spec.shows, Shows::Stack(_)) {
            y += 6.0;
            let at = pos2(place.left(), y + 1.0);
            paint(&painter, at, "Total", Type::Small, tokens.text2);
            let total = total(plot, scene);
            let figure = total.map(|total| (spec.write)(total, decimals(plot, scene)));
            let figure = figure.unwrap_or_else(|| format::ABSENT.to_owned());
            let at = pos2(place.right(), y);
            paint_right(&painter, at, &figure, Type::Figure, tokens.text);
            y += 24.0;
        }
        rows(
            &entries(plot, spec, scene),
            scene,
            place.with_min_y(y),
            &painter,
            tokens,
        );
    }
    cursor_time(scene, ui);
}

/// A row a subflow, as many as have room.
fn rows(entries: &[Entry<'_>], scene: &Scene<'_>, place: Rect, painter: &Painter, tokens: &Tokens) {
    let mut y = place.top();
    let rows = entries.len().saturating_sub(1).max(1) as f32;
    let pitch = ((place.bottom() - y - 9.0) / rows).clamp(13.5, 18.0);
    for (number, entry) in entries.iter().enumerate() {
        if y + 6.0 > place.bottom() {
            break;
        }
        let rest = entries.len() - number;
        if rest > 1 && y + pitch + 5.0 > place.bottom() {
            let more = if number > 0 {
                format!("and {rest} more")
            } else {
                format::several(rest, "subflow")
            };
            paint(painter, pos2(place.left(), y), &more, Type::Small, tokens.text3);
            break;
        }
        let lost = entry.layer.lost && scene.cursor.is_none();
        let mut line = TextLine::over(painter, (place.left() + 1.0, place.right()), y);
        line.shape(8.0, entry.layer.slot, lost, tokens);
        line.text_at_end(&entry.value, Type::Small, tokens.text);
        (line.left, line.right) = (line.left + 9.0, line.right - 6.0);
        line.text(&entry.layer.name, Type::Small, tokens.text2);
        y += pitch;
    }
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

/// The plots that take turns as tabs, from the `first` on, of which one is `shown`; where they end.
fn tabs((first, shown): (usize, usize), turn: &mut usize, at: Pos2, scene: &Scene<'_>, ui: &Ui) -> f32 {
    let tokens = Tokens::of(ui);
    let mut x = at.x;
    for (number, spec) in SPECS.iter().enumerate().skip(first) {
        let on = number == shown;
        let style = if on { Type::SmallStrong } else { Type::Small };
        let color = if on { tokens.text } else { tokens.text3 };
        let end = paint(ui.painter(), pos2(x, at.y), spec.short, style, color);
        let rect = Rect::from_min_max(pos2(x - 2.0, at.y - 9.0), pos2(end + 2.0, at.y + 9.0));
        let response = ui.interact(rect, ui.scope_id().with(("plot tab", number)), Sense::click());
        let spoken = (spec.title)(scene.direction);
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, on, &spoken));
        focus_ring(ui, &response, 4.0);
        if response.clicked() {
            *turn = number;
        }
        x = end + 12.0;
    }
    x
}

impl Scene<'_> {
    /// The value of a layer at the pointer, or now.
    fn value(&self, plot: usize, layer: &Layer) -> Option<f64> {
        self.series.value(plot, layer, self.cursor, self.now)
    }
}

/// What all layers have together; nothing where nothing is known of any.
fn total(plot: usize, scene: &Scene<'_>) -> Option<f64> {
    let Some(t) = scene.cursor else {
        return Some(scene.series.total_mbps);
    };
    let layers = scene.series.layers.iter().filter(|layer| layer.lives_at(t));
    let values = layers.filter_map(|layer| scene.value(plot, layer));
    values.reduce(|sum, value| sum + value)
}

/// The decimals of all rates: those of the total at the pointer, or those that the rates of now have everywhere.
fn decimals(plot: usize, scene: &Scene<'_>) -> usize {
    match scene.cursor {
        Some(_) => format::rate_decimals(total(plot, scene).unwrap_or(0.0) * 1e6),
        None => scene.series.decimals,
    }
}

fn entries<'a>(plot: usize, spec: &Spec, scene: &'a Scene<'_>) -> Vec<Entry<'a>> {
    let at = scene.cursor.unwrap_or(scene.now);
    let is_shown = |layer: &&Layer| match scene.cursor {
        Some(_) => layer.lives_at(at),
        // What was counted in view stays counted when its subflow has gone, as its bars stay.
        None => layer.life.1.is_none() || layer.counted(plot).is_some_and(|count| count > 0.0),
    };
    let layers = scene.series.layers.iter().filter(is_shown);
    let decimals = decimals(plot, scene);
    layers
        .map(|layer| {
            let says_nothing = spec.of_delivery && layer.lost && scene.cursor.is_none();
            let value = scene.value(plot, layer).filter(|_| !says_nothing);
            let value = value.map(|value| (spec.write)(value, decimals));
            Entry {
                layer,
                value: value.unwrap_or_else(|| format::ABSENT.to_owned()),
            }
        })
        .collect()
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
    let decimals = decimals(THROUGHPUT, scene);
    let mbps = |layer: &Layer| scene.value(THROUGHPUT, layer).unwrap_or(0.0);
    let rates: Vec<String> = layers
        .map(|layer| {
            let mut words = vec![layer.name.clone(), format::rate(mbps(layer) * 1e6, decimals)];
            for (plot, spec) in SPECS.iter().enumerate() {
                let value = spec.spoken.zip(scene.value(plot, layer));
                words.extend(value.map(|(speak, value)| speak(value)));
            }
            words.join(" ")
        })
        .collect();
    format!(
        "Plots{when}: throughput {} {}; {}",
        past(scene.direction),
        total(THROUGHPUT, scene).map_or_else(
            || "not known".to_owned(),
            |total| format!("{} Mbit/s", format::rate(total * 1e6, decimals))
        ),
        rates.join(", ")
    )
}
