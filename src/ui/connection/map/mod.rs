//! The path map: this host's interfaces at the left, the peer's addresses at the right, an edge a subflow, as wide as
//! its rate. Its dots move with the samples, and cost no frame of their own.

mod layout;
mod model;
mod paint;

use egui::{Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use self::layout::Plan;
use self::model::Map;
use crate::model::Connection;
use crate::ui::theme::Tokens;
use crate::ui::view::View;
use crate::ui::widgets::focus_ring;

const PADDING: f32 = 16.0;
/// Air above and below.
const ABOVE: f32 = 8.0;
const BELOW: f32 = 12.0;

/// The map at the top of `ui`, at most `most` high. Where there is no room for it nothing is shown.
pub(super) fn ui(connection: &Connection, view: &View<'_>, most: f32, ui: &mut Ui) {
    let map = Map::new(connection, view);
    let Some(high) = layout::height(&map, most - ABOVE - BELOW) else {
        return;
    };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ABOVE + high + BELOW), Sense::hover());
    let mut area = rect.shrink2(vec2(PADDING, 0.0));
    area.min.y += ABOVE;
    area.set_height(high);
    let painter = ui.painter().clone();
    let widths: Vec<f32> = map
        .edges
        .iter()
        .map(|edge| paint::label_width(&painter, edge))
        .collect();
    let Some(plan) = Plan::new(&map, area, &widths) else {
        return;
    };
    paint::all(&map, &plan, view.shown.now(), Tokens::of(ui), &painter);
    for (edge, label) in map.edges.iter().zip(&plan.labels) {
        let id = ui.scope_id().with(("edge", edge.cookie));
        let response = ui.interact(*label, id, Sense::focusable_noninteractive());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &edge.spoken));
        if response.has_focus() {
            focus_ring(ui, &response, 4.0);
        }
        response.on_hover_text_at_pointer(&edge.spoken);
    }
}
