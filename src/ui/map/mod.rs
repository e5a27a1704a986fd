//! The path map: this host's interfaces at the left, the peer's addresses at the right, an edge a subflow, as wide as
//! its rate, with dots that move while data flows.

mod layout;
mod model;
mod motion;
mod paint;
mod sizes;

use egui::{Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use self::layout::Plan;
pub(in crate::ui) use self::model::{Look, Map};
pub(in crate::ui) use self::motion::Motion;
pub(in crate::ui) use self::sizes::Sizes;
use crate::ui::kit::focus_ring;
use crate::ui::theme::Tokens;
use crate::ui::view::View;

/// Air beside the map.
const PADDING: f32 = 16.0;
/// Air above and below.
pub(super) const ABOVE: f32 = 8.0;
pub(super) const BELOW: f32 = 12.0;

/// Whether there is room for a map in so much height.
pub(super) fn fits(map: &Map, sizes: &Sizes, most: f32) -> bool {
    layout::height(map, sizes, most - ABOVE - BELOW).is_some()
}

/// The map at the top of `ui`, at most `most` high. Where there is no room for it nothing is shown.
pub(in crate::ui) fn ui(
    map: &Map,
    sizes: &Sizes,
    motion: &mut Motion,
    view: &View<'_>,
    most: f32,
    ui: &mut Ui,
) {
    let Some(high) = layout::height(map, sizes, most - ABOVE - BELOW) else {
        return;
    };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ABOVE + high + BELOW), Sense::hover());
    let mut area = rect.shrink2(vec2(PADDING, 0.0));
    area.min.y += ABOVE;
    area.set_height(high);
    let painter = ui.painter().clone();
    let label = |edge: &model::Edge, scale| paint::label_width(&painter, edge, scale);
    let Some(plan) = Plan::new(map, sizes, area, label) else {
        return;
    };
    let time = ui.input(|input| input.time);
    if motion.step(map, view, time) && ui.is_rect_visible(rect) {
        ui.ctx().request_repaint_after(motion::FRAME);
    }
    paint::all(map, &plan, motion, sizes.afar, Tokens::of(ui), &painter);
    for (edge, label) in map.edges.iter().zip(&plan.labels) {
        let id = ui.scope_id().with(("edge", edge.cookie));
        let response = ui.interact(*label, id, Sense::focusable_noninteractive());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &edge.spoken));
        if response.has_focus() {
            focus_ring(ui, &response, 4.0);
        }
        // From afar everything is said already, and a pointer that rests is nobody's question.
        if !sizes.afar {
            response.on_hover_text_at_pointer(&edge.spoken);
        }
    }
}
