//! How present mode looks: the sentence, and the figures beside the plot.

use egui::{FontId, Painter, Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::layout::Places;
use super::said::Said;
use crate::ui::format;
use crate::ui::kit::{TextLine, paint, paint_right, paint_within, width};
use crate::ui::map::{Look, Map};
use crate::ui::theme::{Slot, Tokens, Type};

/// The sizes of text on 1280×720.
const SENTENCE: f32 = 40.0;
const SECOND: f32 = 24.0;
const NUMBER: f32 = 56.0;
const ROW: f32 = 26.0;
/// By how much a sentence that is too long may shrink.
const LEAST: f32 = 0.6;

/// The sentence with its figure in red, and the line below it.
pub(super) fn sentence(said: &Said, places: &Places, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let place = Rect::from_min_max(
        places.sentence - vec2(0.0, 30.0 * places.scale),
        places.second + vec2(places.room, 16.0 * places.scale),
    );
    let response = ui.allocate_rect(place, Sense::hover());
    let spoken = format!("{} {}", said.sentence, said.second);
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &spoken));
    let painter = ui.painter();
    let figure = said.sentence.figure.as_ref();
    let length = figure.map_or_else(String::new, |figure| format!(" {}", figure.alone()));
    let uncertainty = figure.and_then(|figure| figure.uncertainty());
    let uncertainty = uncertainty.map_or_else(String::new, |either| format!(" ± {either}"));
    let fonts = |share: f32| {
        let size = SENTENCE * places.scale * share;
        (Type::Strong.sized(size), Type::Body.sized(size * 0.8))
    };
    let wide = |share: f32| {
        let (bold, plain) = fonts(share);
        let words = width(painter, &said.sentence.words, bold.clone());
        words + width(painter, &length, bold) + width(painter, &uncertainty, plain)
    };
    let share = (places.room / wide(1.0)).clamp(LEAST, 1.0);
    let (bold, plain) = fonts(share);
    let room = places.room;
    let ends = (places.sentence.x, places.sentence.x + room);
    let mut line = TextLine::over(painter, ends, places.sentence.y);
    line.text(&said.sentence.words, bold.clone(), tokens.text);
    line.right = f32::INFINITY;
    line.text(&length, bold, tokens.danger);
    line.y += 2.0 * places.scale;
    line.text(&uncertainty, plain, tokens.text2);
    let font = shrunk(&said.second, SECOND * places.scale, room, painter);
    paint_within(painter, places.second, &said.second, font, tokens.text2, room);
}

/// A font in which a text fits, as far as it may shrink.
pub(super) fn shrunk(text: &str, size: f32, room: f32, painter: &Painter) -> FontId {
    let wide = width(painter, text, Type::Body.sized(size));
    Type::Body.sized(size * (room / wide.max(1.0)).clamp(0.75, 1.0))
}

/// What one path carries.
pub(super) struct PathRow {
    pub slot: Slot,
    pub name: String,
    pub bps: f64,
    /// Whether it does not deliver.
    pub lost: bool,
}

/// A row for each path of a map.
pub(super) fn rows_of(map: &Map) -> Vec<PathRow> {
    let nodes = map.nodes.iter().enumerate();
    nodes
        .map(|(number, node)| {
            let edges = map.edges.iter().filter(|edge| edge.ends.0 == number);
            let dead = edges.clone().count() > 0 && edges.clone().all(|edge| edge.look == Look::Lost);
            PathRow {
                slot: node.path.slot,
                name: node.path.name.clone(),
                bps: edges.map(|edge| edge.bps).sum(),
                lost: !node.up || dead,
            }
        })
        .collect()
}

/// The rate as a number, and a row for each path.
pub(super) fn figures(
    rows: &[PathRow],
    (total_bps, decimals): (f64, usize),
    place: Rect,
    scale: f32,
    ui: &Ui,
) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let mut y = place.top() + 34.0 * scale;
    let number = format::rate(total_bps, decimals);
    let font = Type::Strong.sized(NUMBER * scale);
    paint(painter, pos2(place.left(), y), &number, font, tokens.text);
    let at = pos2(place.right(), y + 10.0 * scale);
    paint_right(
        painter,
        at,
        "Mbit/s",
        Type::Body.sized(SECOND * scale),
        tokens.text2,
    );

    y += 62.0 * scale;
    let room = place.bottom() - y;
    let pitch = (room / rows.len().max(1) as f32).clamp(30.0 * scale, 40.0 * scale);
    let most = fitting(rows.len(), room, pitch);
    let most_bps = rows.iter().map(|row| row.bps).fold(0.0, f64::max);
    for row in rows.iter().take(most) {
        let mut line = TextLine::over(painter, (place.left(), place.right()), y);
        line.shape(20.0 * scale, row.slot, row.lost, tokens);
        let (style, color) = if row.bps > 0.0 && row.bps >= most_bps {
            (Type::Strong, tokens.text)
        } else {
            (Type::Body, tokens.text2)
        };
        let value = format::rate(row.bps, decimals);
        line.text_at_end(&value, style.sized(ROW * scale), color);
        (line.left, line.right) = (line.left + 14.0 * scale, line.right - 12.0 * scale);
        line.text(&row.name, Type::Body.sized(ROW * scale), color);
        y += pitch;
    }
    if most < rows.len() {
        let more = format!("and {} more", rows.len() - most);
        let font = Type::Body.sized(SECOND * scale);
        paint(painter, pos2(place.left(), y), &more, font, tokens.text2);
    }
}

/// How many rows there is room for; one less where the last says how many more there are.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few rows"
)]
fn fitting(count: usize, room: f32, pitch: f32) -> usize {
    let fits = (room / pitch + 0.5).max(0.0) as usize;
    if fits >= count {
        count
    } else {
        fits.saturating_sub(1)
    }
}
