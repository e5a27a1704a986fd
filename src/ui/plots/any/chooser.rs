//! The menus above the plot: which metrics it shows, and of which other connection beside the one that is shown.

use egui::{Popup, PopupCloseBehavior, Response, ScrollArea, Ui};

use super::metrics::{SubflowMetric, all};
use super::record::Recorder;
use crate::model::ConnectionId;
use crate::ui::kit::{CHOICE_WIDE, choice, filter_field, label};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{View, application};

/// Up to how many connections need no filter, and how many are listed at most.
const FEW: usize = 12;
const MOST: usize = 200;

/// The menu of metrics, while it is open.
pub(super) fn metrics(button: &Response, recorder: &mut Recorder, filter: &mut String) {
    Popup::menu(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            filter_field(ui, filter, "Filter metrics", "rtt bytes window", CHOICE_WIDE);
            ui.add_space(4.0);
            let words = filter.to_lowercase();
            let matches = |metric: &&SubflowMetric| {
                let text = format!(
                    "{} {} {}",
                    metric.field.name, metric.field.title, metric.field.meaning
                )
                .to_lowercase();
                words.split_whitespace().all(|word| text.contains(word))
            };
            scrolled(ui, |ui| {
                for metric in all().filter(matches) {
                    let on = recorder
                        .chosen
                        .iter()
                        .any(|chosen| chosen.field.name == metric.field.name);
                    if choice(
                        ui,
                        on,
                        metric.field.title,
                        metric.field.meaning,
                        &format!("Plot {}", metric.field.title),
                    ) {
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
    filter: &mut String,
    view: &View<'_>,
) -> Option<ConnectionId> {
    let mut chosen = other;
    Popup::menu(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let color = Tokens::of(ui).text2;
            let connections = view.shown.state().connections.values();
            let mut others: Vec<_> = connections
                .filter(|one| one.id() != shown)
                .map(|one| (application(one), one.remote.to_string(), one.id()))
                .collect();
            if others.is_empty() {
                label(ui, "There is no other connection.", Type::Body, color);
                return;
            }
            let is_long = others.len() > FEW;
            if is_long {
                filter_field(ui, filter, "Filter connections", "ssh 443", CHOICE_WIDE);
                ui.add_space(4.0);
                let words = filter.to_lowercase();
                others.retain(|(name, peer, _)| {
                    let text = format!("{name} {peer}").to_lowercase();
                    words.split_whitespace().all(|word| text.contains(word))
                });
            }
            others.sort_unstable();
            scrolled(ui, |ui| {
                for (name, peer, id) in others.iter().take(MOST) {
                    let on = other == Some(*id);
                    if choice(ui, on, name, peer, &format!("Plot {name} to {peer}")) {
                        chosen = (!on).then_some(*id);
                        ui.close();
                    }
                }
                if others.len() > MOST {
                    let more = format!("and {} more", others.len() - MOST);
                    label(ui, &more, Type::Small, color);
                }
            });
        });
    chosen
}

fn scrolled(ui: &mut Ui, show: impl FnOnce(&mut Ui)) {
    let high = (ui.ctx().content_rect().height() - 160.0).clamp(120.0, 420.0);
    ScrollArea::vertical().max_height(high).show(ui, show);
}
