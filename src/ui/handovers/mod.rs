//! Handovers: what happened, lanes against time, and a list with the figures.

mod lanes;
mod legend;
mod list;
mod overview;
mod paint;

use egui::{CentralPanel, Frame, Key, Margin, Modifiers, Panel, Rect, ScrollArea, Ui, vec2};

use self::lanes::Lanes;
use super::kit::{Button, label};
use super::running;
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use crate::history::handover::Incident;
use crate::words::handover as words;

/// What the panel remembers.
#[derive(Debug)]
pub(super) struct HandoversState {
    /// When the chosen one began; `None` for the newest.
    chosen: Option<f64>,
    /// How long a stretch the lanes show, seconds.
    span_s: f64,
    /// The middle of what they show, where it was moved away from the handover.
    middle: Option<f64>,
}

/// The shares of the lanes' time before and after the moment.
const BEFORE: f64 = 0.25;
const SPAN_S: f64 = 2.0;
const SPANS_S: std::ops::RangeInclusive<f64> = 0.5..=60.0;

impl Default for HandoversState {
    fn default() -> Self {
        Self {
            chosen: None,
            span_s: SPAN_S,
            middle: None,
        }
    }
}

impl HandoversState {
    /// Shows one, by when it began.
    pub(super) fn choose(&mut self, t: f64) {
        self.chosen = Some(t);
        self.middle = None;
    }

    /// From when to when the lanes show.
    fn span(&self, chosen: &Incident) -> (f64, f64) {
        let from = match self.middle {
            Some(middle) => middle - self.span_s / 2.0,
            None => chosen.t - BEFORE * self.span_s,
        };
        (from, from + self.span_s)
    }

    fn place<'a>(&self, incidents: &'a [Incident]) -> Option<&'a Incident> {
        let chosen = |t: f64| {
            incidents
                .iter()
                .min_by(|a, b| (a.t - t).abs().total_cmp(&(b.t - t).abs()))
        };
        self.chosen.map_or(incidents.last(), chosen)
    }

    /// Does what the keys ask for; what they ask of other panels.
    fn keys(&mut self, incidents: &[Incident], ui: &Ui) -> Vec<UiCommand> {
        let mut commands = Vec::new();
        if ui.ctx().egui_wants_keyboard_input() {
            return commands;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        // Where something has the focus, Enter is meant for it.
        let focused = ui.memory(|memory| memory.focused().is_some());
        // The newest is at the right of the session, and at the top of the list.
        let either = |one, other| pressed(one) || pressed(other);
        let newer = either(Key::ArrowRight, Key::ArrowUp);
        let step = i32::from(newer) - i32::from(either(Key::ArrowLeft, Key::ArrowDown));
        if let Some(now) = self.place(incidents).filter(|_| !focused && pressed(Key::Enter)) {
            let worst = now.members.first();
            commands.extend(worst.map(|worst| UiCommand::ShowAt(worst.connection, now.t)));
        }
        if let Some(now) = self.place(incidents).filter(|_| step != 0) {
            let next = incidents.iter().find(|one| match step {
                1 => one.number == now.number + 1,
                _ => one.number + 1 == now.number,
            });
            if let Some(next) = next {
                self.choose(next.t);
                commands.push(UiCommand::ShowTime(next.t));
            }
        }
        let zoom = |span: f64| span.clamp(*SPANS_S.start(), *SPANS_S.end());
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.span_s = zoom(self.span_s / 1.5);
        }
        if pressed(Key::Minus) {
            self.span_s = zoom(self.span_s * 1.5);
        }
        if pressed(Key::Home) {
            *self = Self::default();
        }
        commands
    }
}

/// How somebody comes to see a handover from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    /// By unplugging one of the laboratory's links.
    Links,
    /// In the demo, which can be opened.
    Demo,
    /// In the demo, by its command.
    Command,
}

impl Try {
    /// By what there is here.
    pub(super) fn of(has_links: bool, can_open_demo: bool) -> Self {
        match (has_links, can_open_demo) {
            (true, _) => Self::Links,
            (false, true) => Self::Demo,
            (false, false) => Self::Command,
        }
    }
}

/// The whole panel.
pub(super) fn ui(state: &mut HandoversState, by: Try, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let tokens = Tokens::of(ui);
    let frame = Frame::NONE.fill(tokens.panel);
    let incidents = view.shown.incidents();
    let before = state.chosen;
    let mut commands = state.keys(incidents, ui);
    let stepped = state.chosen != before;
    let Some(chosen) = state.place(incidents) else {
        CentralPanel::no_frame()
            .frame(frame)
            .show(ui, |ui| commands.extend(nothing(by, ui)));
        return commands;
    };
    let longest = incidents
        .iter()
        .filter_map(|one| one.worst().map(|worst| worst.ms))
        .max();
    let narrow = ui.available_width() < 1200.0;
    let mut pick = None;
    Panel::right("handover list")
        .exact_size(if narrow { 320.0 } else { 400.0 })
        .resizable(false)
        .show_separator_line(true)
        .frame(frame)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            list::totals(incidents, ui);
            super::kit::hairline(ui);
            let rows = incidents.len() as f32 * list::ROW;
            let explains = ui.available_height() - rows > 96.0 + legend::HEIGHT + 24.0;
            Panel::bottom("handover acts")
                .exact_size(if explains { 96.0 + legend::HEIGHT } else { 96.0 })
                .show_separator_line(true)
                .frame(frame)
                .show(ui, |ui| {
                    if explains {
                        legend::ui(ui);
                    }
                    commands.extend(list::acts(chosen, view, ui));
                });
            // Of a thousand rows only those in view are made.
            let area = ScrollArea::vertical().auto_shrink(false);
            area.show_rows(ui, list::ROW, incidents.len(), |ui, rows| {
                if stepped {
                    let above = (incidents.len() - chosen.number) as f32 - rows.start as f32;
                    let top = ui.max_rect().min + vec2(0.0, above * list::ROW);
                    ui.scroll_to_rect(Rect::from_min_size(top, vec2(1.0, list::ROW)), None);
                }
                let newest_first = incidents.iter().rev();
                for incident in newest_first.skip(rows.start).take(rows.len()) {
                    let is_chosen = incident.number == chosen.number;
                    if list::row(incident, is_chosen, longest.unwrap_or(0), view, ui) {
                        pick = Some(incident.t);
                    }
                }
            });
        });
    let span = state.span(chosen);
    CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        Frame::NONE
            .inner_margin(Margin {
                left: 16,
                right: 16,
                top: 12,
                bottom: 8,
            })
            .show(ui, |ui| {
                // What runs comes before what was, unless somebody chose to look at that.
                let happening = running::of_all(view).filter(|_| state.chosen.is_none());
                let (headline, second) = happening.map_or_else(
                    || {
                        let name = |device: &str| view.path(Some(device)).name;
                        (words::headline(chosen, name), words::outcome(chosen))
                    },
                    |happening| (happening.headline, happening.second),
                );
                label(ui, headline.to_string(), Type::Title, tokens.text);
                label(ui, second, Type::Lead, tokens.text2);
            });
        match overview::ui(incidents, chosen, span, view, ui) {
            Some(overview::Act::Choose(t)) => pick = Some(t),
            Some(overview::Act::Move(t)) => state.middle = Some(t),
            None => {}
        }
        let lanes = Lanes::new(chosen, view, span.0, span.1);
        pick = paint::ui(&lanes, chosen, view, ui).or(pick);
    });
    if let Some(t) = pick {
        state.choose(t);
        commands.push(UiCommand::ShowTime(t));
    }
    commands
}

const DEMO: &str = "pathscope demo";

fn nothing(by: Try, ui: &mut Ui) -> Vec<UiCommand> {
    let tokens = Tokens::of(ui);
    let mut commands = Vec::new();
    Frame::NONE.inner_margin(Margin::symmetric(48, 40)).show(ui, |ui| {
        label(ui, "No handover yet", Type::Empty, tokens.text);
        let act = match by {
            Try::Links => "Unplug a link below",
            Try::Demo | Try::Command => "Unplug a cable or walk away from the access point",
        };
        let what = format!(
            "{act}: what happens to each connection, and how long it delivers nothing, is measured and told here."
        );
        label(ui, what, Type::Lead, tokens.text2);
        ui.add_space(16.0);
        let (text, command) = match by {
            Try::Links => return,
            Try::Demo => ("Try it in the demo", UiCommand::OpenDemo),
            Try::Command => ("Copy the demo's command", UiCommand::Copy(DEMO.to_owned())),
        };
        let press = Button::text(text).look(super::kit::Look::Primary);
        if press.ui(ui).on_hover_text(DEMO).clicked() {
            commands.push(command);
        }
    });
    commands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::handover::{Cause, Handover, Interruption, incidents};
    use crate::model::Token;

    fn all() -> Vec<Incident> {
        let handover = |t: f64, ms: u64| Handover {
            t,
            connection: Token(1).into(),
            token: None,
            cause: Cause::LinkLost,
            from: Some("wlan0".to_owned()),
            to: Some("wwan0".to_owned()),
            interruption: Some(Interruption {
                t,
                ms,
                uncertainty_ms: 14,
                recovery_ms: Some(ms + 230),
            }),
            uninterrupted: None,
            steady: true,
            survived: true,
            ongoing: false,
        };
        incidents(&[handover(5.0, 207), handover(20.0, 1420)])
    }

    #[test]
    fn the_newest_is_shown_until_one_is_chosen() {
        let all = all();
        let mut state = HandoversState::default();
        assert_eq!(state.place(&all).map(|one| one.number), Some(2));
        state.chosen = Some(5.0);
        assert_eq!(state.place(&all).map(|one| one.number), Some(1));
        assert_eq!(state.place(&[]), None);
    }
}
