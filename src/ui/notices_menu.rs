//! The menu with what the desktop is told and what it keeps.

use egui::{Align, Layout, Popup, PopupCloseBehavior, Ui, vec2};
use egui_material_icons::icons::{ICON_NOTIFICATIONS, ICON_NOTIFICATIONS_OFF};

use super::desktop::Standing;
use super::kit::{Button, Switch, label, segmented, switch};
use super::theme::{Tokens, Type};
use super::view::UiCommand;
use crate::desktop::{NoticeSettings, When};
use crate::words::desktop::{Absence, absence};

/// The choices and how they are called.
const CHOICES: [(When, &str); 3] = [
    (When::Off, "Off"),
    (When::Hidden, "When hidden"),
    (When::Always, "Always"),
];
const WIDE: f32 = 336.0;

/// The button, and its menu while it is open.
pub(super) fn ui(standing: &Standing, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let settings = standing.settings;
    let off = settings.when == When::Off;
    let sign = if off {
        ICON_NOTIFICATIONS_OFF
    } else {
        ICON_NOTIFICATIONS
    };
    let response = Button::icon(sign.codepoint, "Notices").ui(ui);
    if response.clicked() {
        commands.push(UiCommand::CheckNotices);
    }
    Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .layout(Layout::top_down(Align::Min))
        .show(|ui| {
            ui.set_width(WIDE);
            ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
            let tokens = Tokens::of(ui);
            let mut chosen = settings;
            ui.add_space(4.0);
            label(ui, "Notification of a handover", Type::Strong, tokens.text);
            ui.add_space(4.0);
            let names = CHOICES.map(|(_, name)| name);
            let now = CHOICES.iter().position(|(when, _)| *when == settings.when);
            let clicked = segmented(ui, &names, now).and_then(|number| CHOICES.get(number));
            chosen.when = clicked.map_or(settings.when, |(when, _)| *when);
            said(meaning(settings.when), standing.no_notices.as_ref(), off, ui);
            ui.add_space(12.0);
            tray(standing, &mut chosen, ui);
            ui.add_space(4.0);
            if chosen != settings {
                commands.push(UiCommand::SetNotices(chosen));
            }
        });
}

fn meaning(when: When) -> &'static str {
    match when {
        When::Off => "None is sent.",
        When::Hidden => {
            "One sentence while the window is minimised, in the tray or, where the desktop tells, covered; at most one \
             in 5 s."
        }
        When::Always => "One sentence; at most one in 5 s.",
    }
}

fn tray(standing: &Standing, chosen: &mut NoticeSettings, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().interact_size.y = 20.0;
    ui.horizontal(|ui| {
        label(ui, "Closing leaves it in the tray", Type::Strong, tokens.text);
        ui.add_space((ui.available_width() - 36.0).max(0.0));
        let stands = Switch {
            on: standing.settings.stay_in_tray,
            pending: false,
            ink: tokens.text,
        };
        if switch(ui, stands, "Closing leaves it in the tray").clicked() {
            chosen.stay_in_tray = !chosen.stay_in_tray;
        }
    });
    let text = if standing.can_hide {
        "It reads on there, and comes back with a click."
    } else {
        "It is minimised, because Wayland lets no program hide its window or bring it back: use the task bar for that."
    };
    said(text, standing.no_tray.as_ref(), false, ui);
}

/// What a choice means, or why it means nothing here.
fn said(meaning: &str, why_not: Option<&Absence>, off: bool, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    match why_not.filter(|_| !off) {
        Some(why) => label(
            ui,
            format!("Not here: {}.", absence(why)),
            Type::Small,
            tokens.warn,
        ),
        None => label(ui, meaning, Type::Small, tokens.text2),
    };
}
