//! The menus above the plot: which metrics it shows, and of which other connection beside the one that is shown.

use egui::{
    Popup, PopupCloseBehavior, Response, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};
use egui_material_icons::icons::ICON_CHECK;

use super::metrics::{METRICS, Metric};
use super::record::Recorder;
use crate::model::{Connection, ConnectionId};
use crate::ui::kit::{filter_field, icon, paint, paint_within};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{View, application};

const WIDE: f32 = 400.0;
/// Where meanings begin.
const MEANINGS: f32 = 150.0;

/// The menu of metrics, while it is open.
pub(super) fn metrics(button: &Response, recorder: &mut Recorder, filter: &mut String) {
    Popup::menu(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            filter_field(ui, filter, "Filter metrics", "rtt bytes window", WIDE);
            ui.add_space(4.0);
            let words = filter.to_lowercase();
            let matches = |metric: &&Metric| {
                let text = format!("{} {} {}", metric.name, metric.title, metric.meaning).to_lowercase();
                words.split_whitespace().all(|word| text.contains(word))
            };
            scrolled(ui, |ui| {
                for metric in METRICS.iter().filter(matches) {
                    let on = recorder.chosen.iter().any(|chosen| chosen.name == metric.name);
                    if entry(metric.title, metric.meaning, on, ui) {
                        recorder.toggle(metric);
                    }
                }
            });
        });
}

/// The menu of other connections, while it is open: which of them is chosen after it.
pub(super) fn connections(
    button: &Response,
    shown: ConnectionId,
    other: Option<ConnectionId>,
    view: &View<'_>,
) -> Option<ConnectionId> {
    let mut chosen = other;
    Popup::menu(button).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let connections = view.shown.state().connections.values();
        let mut others: Vec<&Connection> = connections.filter(|one| one.id() != shown).collect();
        others.sort_by_cached_key(|one| (application(one).into_owned(), one.remote.to_string()));
        if others.is_empty() {
            crate::ui::kit::label(
                ui,
                "There is no other connection.",
                Type::Body,
                Tokens::of(ui).text2,
            );
        }
        scrolled(ui, |ui| {
            for one in others {
                let on = other == Some(one.id());
                let name = application(one);
                if entry(&name, &one.remote.to_string(), on, ui) {
                    chosen = if on { None } else { Some(one.id()) };
                    ui.close();
                }
            }
        });
    });
    chosen
}

fn scrolled(ui: &mut Ui, show: impl FnOnce(&mut Ui)) {
    let high = (ui.ctx().content_rect().height() - 160.0).clamp(120.0, 420.0);
    ScrollArea::vertical().max_height(high).show(ui, show);
}

/// A line that is chosen or not; whether it was clicked.
fn entry(name: &str, meaning: &str, on: bool, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(WIDE, 24.0), Sense::click());
    response.widget_info(|| {
        let name = format!("Plot {name}");
        WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on, name)
    });
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, tokens.control_hover);
    }
    let y = rect.center().y;
    if on {
        let at = pos2(rect.left() + 14.0, y);
        icon(painter, at, ICON_CHECK.codepoint, 16.0, tokens.text);
    }
    let end = paint(
        painter,
        pos2(rect.left() + 30.0, y),
        name,
        Type::Body,
        tokens.text,
    );
    let at = pos2((end + 12.0).max(rect.left() + MEANINGS), y);
    let most = rect.right() - at.x - 8.0;
    paint_within(painter, at, meaning, Type::Small, tokens.text2, most);
    let clicked = response.clicked();
    response.on_hover_text(meaning);
    clicked
}
