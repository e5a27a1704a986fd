//! What the kernel counted since the window opened, and what listens for connections: a page over the window.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Context, Grid, Id, RichText, ScrollArea, Ui};

use super::kit::{Button, dialog, label};
use super::theme::{Tokens, Type};
use super::view::View;
use crate::model::text::for_terminal;
use crate::words::{counter, waiting};

const NAME: &str = "kernel counters";
/// How wide the page is where there is room.
const WIDE: f32 = 720.0;

/// The counters as the window first saw them on a stream.
#[derive(Clone, Default)]
struct Start {
    stream: String,
    counters: Arc<BTreeMap<String, u64>>,
}

/// Opens the page.
pub(super) fn open(ctx: &Context) {
    ctx.data_mut(|data| data.insert_temp(Id::unique(NAME), true));
}

/// Notes the counters of a stream that is new; what they were when it was.
fn start(view: &View<'_>, ui: &Ui) -> Start {
    let id = Id::unique((NAME, "start"));
    let stream = view.live.header().map_or("", |header| header.started_at.as_str());
    let known = ui.data(|data| data.get_temp::<Start>(id)).unwrap_or_default();
    let counters = &view.live.state().counters;
    if counters.is_empty() || (known.stream == stream && !known.counters.is_empty()) {
        return known;
    }
    let start = Start {
        stream: stream.to_owned(),
        counters: Arc::new(counters.clone()),
    };
    ui.data_mut(|data| data.insert_temp(id, start.clone()));
    start
}

/// A counter that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moved<'a> {
    name: &'a str,
    /// By how much; for one that goes up and down, how many there are.
    by: u64,
    now: u64,
}

/// The counters that moved, those that moved most first, and how many did not.
fn moved<'a>(before: &BTreeMap<String, u64>, now: &'a BTreeMap<String, u64>) -> (Vec<Moved<'a>>, usize) {
    let mut all: Vec<Moved<'a>> = now
        .iter()
        .filter(|(name, _)| !counter::is_gauge(name))
        .map(|(name, now)| Moved {
            name,
            by: now.saturating_sub(before.get(name).copied().unwrap_or(0)),
            now: *now,
        })
        .collect();
    let number = all.len();
    all.retain(|one| one.by > 0);
    all.sort_by(|a, b| b.by.cmp(&a.by).then(a.name.cmp(b.name)));
    let still = number - all.len();
    (all, still)
}

/// The page, where it is open.
pub(super) fn ui(view: &View<'_>, ui: &Ui) {
    let start = start(view, ui);
    let id = Id::unique(NAME);
    if !ui.data(|data| data.get_temp(id).unwrap_or(false)) {
        return;
    }
    let whole = ui.ctx().content_rect();
    let mut closed = false;
    let modal = dialog(NAME, ui).show(ui.ctx(), |ui| {
        ui.set_width(WIDE.min(whole.width() - 96.0));
        ScrollArea::vertical()
            .max_height((whole.height() - 160.0).max(120.0))
            .show(ui, |ui| {
                listeners(view, ui);
                ui.add_space(16.0);
                counters(&start, view, ui);
            });
        ui.add_space(16.0);
        closed = Button::text("Close").ui(ui).clicked();
    });
    if closed || modal.should_close() {
        ui.data_mut(|data| data.remove::<bool>(id));
    }
}

fn listeners(view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    label(ui, "MPTCP sockets that listen", Type::Section, tokens.text);
    let all = &view.live.state().listeners;
    if all.is_empty() {
        label(ui, "None is known.", Type::Body, tokens.text2);
        return;
    }
    Grid::new("listeners")
        .num_columns(3)
        .spacing([24.0, 4.0])
        .show(ui, |ui| {
            for listener in all.values() {
                label(ui, listener.local.to_string(), Type::Mono, tokens.text);
                let process = listener.process.as_ref();
                let who = process.map_or_else(String::new, |one| {
                    format!("{} ({})", for_terminal(&one.name), one.pid)
                });
                label(ui, who, Type::Body, tokens.text2);
                let color = if listener.is_full() {
                    tokens.danger
                } else {
                    tokens.text2
                };
                label(ui, waiting::accept_queue(listener), Type::Body, color);
                ui.end_row();
            }
        });
}

fn counters(start: &Start, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    label(
        ui,
        "The kernel's counters since this window opened",
        Type::Section,
        tokens.text,
    );
    let (moved, still) = moved(&start.counters, &view.live.state().counters);
    if moved.is_empty() && still == 0 {
        label(ui, "The kernel has told none.", Type::Body, tokens.text2);
        return;
    }
    Grid::new("counters")
        .num_columns(3)
        .spacing([24.0, 4.0])
        .show(ui, |ui| {
            for one in &moved {
                let total = format!("{} in all", one.now);
                ui.label(RichText::new(format!("+{}", one.by)).color(tokens.text))
                    .on_hover_text(total);
                label(ui, for_terminal(one.name).into_owned(), Type::Mono, tokens.text);
                label(
                    ui,
                    counter::meaning(one.name).unwrap_or_default(),
                    Type::Small,
                    tokens.text2,
                );
                ui.end_row();
            }
        });
    label(ui, format!("{still} did not move."), Type::Small, tokens.text3);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_most_comes_first_and_what_did_not_is_counted() {
        let of = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect()
        };
        let before = of(&[
            ("MPJoinSynTx", 3),
            ("AddAddr", 1),
            ("MPCurrEstab", 5),
            ("RmAddr", 2),
        ]);
        let now = of(&[
            ("MPJoinSynTx", 5),
            ("AddAddr", 9),
            ("MPCurrEstab", 9),
            ("RmAddr", 2),
        ]);
        let (moved, still) = moved(&before, &now);
        let names: Vec<(&str, u64)> = moved.iter().map(|one| (one.name, one.by)).collect();
        assert_eq!(names, [("AddAddr", 8), ("MPJoinSynTx", 2)]);
        assert_eq!(still, 1, "how many there are is no count");
    }
}
