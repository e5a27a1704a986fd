//! Handovers: what happened, lanes against time, and a list with the figures.

mod lanes;
mod list;
mod paint;

use egui::{CentralPanel, Frame, Key, Margin, Modifiers, Panel, ScrollArea, Ui};

use self::lanes::Lanes;
use super::theme::{Tokens, Type};
use super::view::{UiCommand, View};
use super::widgets::{Press, label};
use crate::history::handover::{Incident, duration, incidents};

/// What the panel remembers.
#[derive(Debug)]
pub(super) struct HandoversState {
    /// When the chosen one began; `None` for the newest.
    chosen: Option<f64>,
    /// How long a stretch the lanes show, seconds.
    span_s: f64,
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
        }
    }
}

impl HandoversState {
    fn place<'a>(&self, incidents: &'a [Incident]) -> Option<&'a Incident> {
        let chosen = |t: f64| {
            incidents
                .iter()
                .min_by(|a, b| (a.t - t).abs().total_cmp(&(b.t - t).abs()))
        };
        self.chosen.map_or(incidents.last(), chosen)
    }

    fn keys(&mut self, incidents: &[Incident], ui: &Ui) {
        if ui.ctx().egui_wants_keyboard_input() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let step = i32::from(pressed(Key::ArrowRight)) - i32::from(pressed(Key::ArrowLeft));
        if let Some(now) = self.place(incidents).filter(|_| step != 0) {
            let next = incidents.iter().find(|one| match step {
                1 => one.number == now.number + 1,
                _ => one.number + 1 == now.number,
            });
            if let Some(next) = next {
                self.chosen = Some(next.t);
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
    }
}

/// The whole panel.
pub(super) fn ui(state: &mut HandoversState, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let frame = Frame::NONE.fill(tokens.panel);
    let incidents = incidents(view.shown.handovers());
    state.keys(&incidents, ui);
    let Some(chosen) = state.place(&incidents) else {
        CentralPanel::no_frame()
            .frame(frame)
            .show(ui, |ui| commands.extend(nothing(ui)));
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
            list::totals(&incidents, ui);
            super::widgets::hairline(ui);
            Panel::bottom("handover acts")
                .exact_size(96.0)
                .show_separator_line(true)
                .frame(frame)
                .show(ui, |ui| commands.extend(list::acts(chosen, view, ui)));
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                for incident in incidents.iter().rev() {
                    let is_chosen = incident.number == chosen.number;
                    if list::row(incident, is_chosen, longest.unwrap_or(0), view, ui) {
                        pick = Some(incident.t);
                    }
                }
            });
        });
    if pick.is_some() {
        state.chosen = pick;
    }
    CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        Frame::NONE
            .inner_margin(Margin {
                left: 16,
                right: 16,
                top: 12,
                bottom: 8,
            })
            .show(ui, |ui| {
                label(ui, headline(chosen, view), Type::Title, tokens.text);
                label(ui, outcome(chosen), Type::Lead, tokens.text2);
            });
        let from = chosen.t - BEFORE * state.span_s;
        let lanes = Lanes::new(chosen, view, from, from + state.span_s);
        paint::ui(&lanes, chosen.t, view, ui);
    });
    commands
}

/// `Wi-Fi lost. Data moved to Ethernet after 207 ms ± 20.`
fn headline(incident: &Incident, view: &View<'_>) -> String {
    let what = list::cause(incident, view);
    let Some(worst) = incident.worst() else {
        return match &incident.to {
            Some(to) if incident.cause.is_chosen() => {
                let path = view.path(Some(to)).name;
                format!("{what}. Data moved to {path} without an interruption.")
            }
            _ => format!("{what}. Nothing was to be sent."),
        };
    };
    let (length, uncertainty) = duration(worst.ms, worst.uncertainty_ms);
    match &incident.to {
        Some(to) if Some(to) == incident.from.as_ref() => {
            let path = view.path(Some(to)).name;
            format!("{what}. {path} delivered again after {length} ± {uncertainty}.")
        }
        Some(to) => {
            let path = view.path(Some(to)).name;
            format!("{what}. Data moved to {path} after {length} ± {uncertainty}.")
        }
        None => format!("{what}. Nothing was delivered for {length} ± {uncertainty}."),
    }
}

/// `Delivering as before after 0.4 s. 3 connections lived on, 1 had nothing to send, 0 were lost.`
fn outcome(incident: &Incident) -> String {
    let (lived, idle, lost) = incident.outcome();
    let again = incident.worst().map(|worst| {
        let seconds = worst.recovery_ms as f64 / 1000.0;
        format!("Delivering as before after {seconds:.1} s. ")
    });
    let lived = super::format::several(lived, "connection");
    format!(
        "{}{lived} lived on, {idle} had nothing to send, {lost} were lost.",
        again.unwrap_or_default()
    )
}

const DEMO: &str = "pathscope demo";

fn nothing(ui: &mut Ui) -> Vec<UiCommand> {
    let tokens = Tokens::of(ui);
    let mut commands = Vec::new();
    Frame::NONE.inner_margin(Margin::symmetric(64, 96)).show(ui, |ui| {
        label(ui, "No handover yet", Type::Empty, tokens.text);
        ui.add_space(8.0);
        let what = "Unplug a cable or walk away from the access point: what happens to each connection, and how long \
                    it delivers nothing, is measured and told here.";
        label(ui, what, Type::Lead, tokens.text2);
        ui.add_space(16.0);
        let press = Press::text("Copy the demo's command").look(super::widgets::Look::Primary);
        if press.ui(ui).on_hover_text(DEMO).clicked() {
            commands.push(UiCommand::Copy(DEMO.to_owned()));
        }
    });
    commands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::handover::{Cause, Handover, Interruption};
    use crate::model::Cookie;
    use crate::ui::test_data::Stage;

    fn all() -> Vec<Incident> {
        let handover = |t: f64, ms: u64| Handover {
            t,
            connection: Cookie(1),
            token: None,
            cause: Cause::LinkLost,
            from: Some("wlan0".to_owned()),
            to: Some("wwan0".to_owned()),
            interruption: Some(Interruption {
                t,
                ms,
                uncertainty_ms: 14,
                recovery_ms: ms + 230,
            }),
            survived: true,
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

    #[test]
    fn headline_and_outcome_are_sentences() {
        let (stage, all) = (Stage::usual(), all());
        let said: Vec<_> = all
            .iter()
            .map(|one| (headline(one, &stage.view()), outcome(one)))
            .collect();
        let (first, second) = (said.first().expect("two"), said.last().expect("two"));
        assert_eq!(first.0, "Wi-Fi lost. Data moved to Phone after 207 ms ± 14.");
        assert_eq!(second.0, "Wi-Fi lost. Data moved to Phone after 1.42 s ± 0.01.");
        assert_eq!(
            first.1,
            "Delivering as before after 0.4 s. 1 connection lived on, 0 had nothing to send, 0 were lost."
        );
    }
}
