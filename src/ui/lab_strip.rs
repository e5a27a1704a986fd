//! The links of a laboratory: each with a plug to pull, and a menu that makes it worse or closes a subflow over it.

use egui::{Align, Layout, Popup, Rect, Sense, Stroke, Ui, UiBuilder, pos2, vec2};
use egui_material_icons::icons::{
    ICON_LINK_OFF, ICON_MORE_VERT, ICON_POWER, ICON_POWER_OFF, ICON_SPEED, ICON_UNDO, ICON_WARNING,
};

use super::kit::{Button, Look, menu_item, paint, paint_within, segmented, shape_of};
use super::laboratory::LabNow;
use super::theme::{Slot, Tokens, Type};
use super::view::{UiCommand, View, application};
use super::{LabLink, LabQuality, LabShape};
use crate::model::{Command, Connection, Subflow, equivalent};
use crate::words::lab::{BY_HAND, BY_ITSELF, WHO_DRIVES};

/// How high the strip is.
pub(super) const HEIGHT: f32 = 56.0;

/// By how much a link is slowed down: its rate to a tenth, this much delay more.
const SLOWER_MS: f64 = 100.0;
/// The losses to choose from, percent.
const LOSSES: [f64; 3] = [1.0, 5.0, 20.0];
/// Cards that are as wide have room for the words of their button.
const IN_WORDS: f32 = 236.0;
/// The most subflows that the menu offers to close.
const MOST: usize = 8;

/// A number as people write it: at most two decimals, none that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn quality(quality: &LabQuality) -> String {
    let loss = if quality.loss_percent > 0.0 {
        format!(", {} % lost", number(quality.loss_percent))
    } else {
        String::new()
    };
    let (rate, delay) = (number(quality.rate_mbps), number(quality.delay_ms));
    format!("{rate} Mbit/s, {delay} ms{loss}")
}

fn now(link: &LabLink) -> LabQuality {
    LabQuality {
        delay_ms: link.delay_ms,
        rate_mbps: link.rate_mbps,
        loss_percent: link.loss_percent,
    }
}

fn is_worse(link: &LabLink) -> bool {
    now(link) != link.planned
}

/// What a link can do, in words.
fn description(link: &LabLink) -> String {
    if !link.plugged {
        return "unplugged".to_owned();
    }
    let lead = if is_worse(link) { "changed: " } else { "" };
    format!("{lead}{}", quality(&now(link)))
}

fn slower(link: &LabLink) -> LabQuality {
    LabQuality {
        rate_mbps: link.planned.rate_mbps / 10.0,
        delay_ms: link.planned.delay_ms + SLOWER_MS,
        ..now(link)
    }
}

fn all_of(quality: &LabQuality) -> LabShape {
    LabShape {
        delay_ms: Some(quality.delay_ms),
        rate_mbps: Some(quality.rate_mbps),
        loss_percent: Some(quality.loss_percent),
    }
}

/// The subflows over a link that can be closed, the busiest first.
fn closable<'a>(link: &LabLink, view: &View<'a>) -> Vec<(&'a Connection, &'a Subflow)> {
    let connections = view.live.state().connections.values();
    let mut found: Vec<_> = connections
        .flat_map(|connection| {
            connection
                .living_subflows()
                .map(move |subflow| (connection, &**subflow))
        })
        .filter(|(_, subflow)| subflow.interface.as_deref() == Some(&link.name))
        .collect();
    let rate = |subflow: &Subflow| {
        let history = view.live.subflow(subflow.cookie);
        let (out, inward) = history.map_or((0.0, 0.0), |history| view.live.rates(history));
        out + inward
    };
    found.sort_by(|(_, a), (_, b)| rate(b).total_cmp(&rate(a)).then(a.cookie.cmp(&b.cookie)));
    found
}

fn slot(link: &LabLink, view: &View<'_>) -> Slot {
    view.slots.of(Some(&link.name))
}

/// The strip: the links, and who drives them.
pub(super) fn ui(lab: &LabNow, view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
    let links = &lab.links;
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let rect = ui.max_rect();
    let painter = ui.painter().clone();
    painter.hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, tokens.line));
    let y = rect.center().y;
    let start = paint(
        &painter,
        pos2(rect.left() + 16.0, y),
        "Links",
        Type::Strong,
        tokens.text,
    ) + 16.0;
    let gaps = links.len().saturating_sub(1) as f32 * 8.0;
    let end = rect.right() - 16.0 - drive(lab.by_itself, rect, ui, &mut commands);
    let room = (end - 16.0 - start - gaps) / links.len().max(1) as f32;
    let wide = room.clamp(150.0, 348.0);
    for (number, link) in links.iter().enumerate() {
        let left = start + number as f32 * (wide + 8.0);
        let card = Rect::from_min_size(pos2(left, rect.top() + 8.0), vec2(wide, 40.0));
        painter.rect_filled(card, 8.0, tokens.panel);
        painter.rect_stroke(card, 8.0, Stroke::new(1.0, tokens.line), egui::StrokeKind::Inside);
        shape_of(
            &painter,
            pos2(left + 18.0, y),
            10.0,
            slot(link, view),
            tokens,
            !link.plugged,
        );
        // Where there is little room its name says more than the button's words.
        let in_words = wide >= IN_WORDS;
        let (button, more) = (if in_words { 84.0 } else { 24.0 }, 24.0);
        let right = card.right() - 8.0;
        let most = right - more - 4.0 - button - 8.0 - (left + 32.0);
        let at = pos2(left + 32.0, y - 8.0);
        paint_within(&painter, at, &link.label, Type::Strong, tokens.text, most);
        let color = match (link.plugged, is_worse(link)) {
            (false, _) => tokens.danger,
            (true, true) => tokens.warn,
            (true, false) => tokens.text3,
        };
        let at = pos2(left + 32.0, y + 9.0);
        paint_within(&painter, at, &description(link), Type::Small, color, most);
        let place = |right: f32, wide: f32| {
            Rect::from_min_max(
                pos2(right - wide, card.top() + 8.0),
                pos2(right, card.bottom() - 8.0),
            )
        };
        let mut child = ui.new_child(UiBuilder::new().max_rect(card).id_salt(&link.name));
        plug(
            link,
            in_words,
            place(right - more - 4.0, button),
            &mut child,
            &mut commands,
        );
        let name = format!("Change {}: {}", link.label, description(link));
        let button = Button::icon(ICON_MORE_VERT.codepoint, &name)
            .small()
            .look(Look::Quiet)
            .put(&mut child, place(right, more));
        Popup::menu(&button).show(|ui| menu(link, view, ui, &mut commands));
    }
    commands
}

/// The switch between links that come and go by themselves and by hand, at the right end; how wide it is.
fn drive(by_itself: bool, strip: Rect, ui: &mut Ui, commands: &mut Vec<UiCommand>) -> f32 {
    let ways = [BY_ITSELF, BY_HAND];
    let place = Rect::from_min_max(
        pos2(strip.left(), strip.top() + 16.0),
        strip.max - vec2(16.0, 16.0),
    );
    let layout = Layout::right_to_left(Align::Center);
    let mut child = ui.new_child(UiBuilder::new().max_rect(place).layout(layout).id_salt("drive"));
    let on = usize::from(!by_itself);
    let clicked = segmented(&mut child, &ways, Some(on)).filter(|way| *way != on);
    commands.extend(clicked.map(|way| UiCommand::PlayByItself(way == 0)));
    let wide = child.min_rect().width();
    child
        .interact(child.min_rect(), child.scope_id().with("meaning"), Sense::hover())
        .on_hover_text(WHO_DRIVES);
    wide
}

fn plug(link: &LabLink, in_words: bool, place: Rect, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let (text, name, sign, look) = if link.plugged {
        let name = format!("Unplug {}", link.label);
        ("Unplug", name, ICON_POWER_OFF, Look::Plain)
    } else {
        let name = format!("Plug in {}", link.label);
        ("Plug in", name, ICON_POWER, Look::Primary)
    };
    let press = if in_words {
        Button::text(text).with_icon(sign.codepoint).named(&name)
    } else {
        Button::icon(sign.codepoint, &name)
    };
    if press.small().look(look).put(ui, place).clicked() {
        commands.push(UiCommand::Plug(link.name.clone(), !link.plugged));
    }
}

fn menu(link: &LabLink, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let label = &link.label;
    let mut shape = |shape| commands.push(UiCommand::Shape(link.name.clone(), shape));
    let slow = slower(link);
    let slowed = (now(link) == slow).then_some("It is as slow as that already.");
    let hint = format!("To {}", quality(&slow));
    if menu_item(
        ui,
        ICON_SPEED.codepoint,
        &format!("Slow {label} down"),
        hint,
        slowed,
    ) {
        shape(LabShape {
            loss_percent: None,
            ..all_of(&slow)
        });
    }
    for percent in LOSSES {
        let name = format!("Lose {percent} % on {label}");
        let lossy = (link.loss_percent - percent).abs() < f64::EPSILON;
        let why = lossy.then_some("It loses as much already.");
        let hint = "Of the packets, in each direction.";
        if menu_item(ui, ICON_WARNING.codepoint, &name, hint, why) {
            shape(LabShape {
                delay_ms: None,
                rate_mbps: None,
                loss_percent: Some(percent),
            });
        }
    }
    let fine = (!is_worse(link)).then_some("It is as the scenario means it to be.");
    let hint = format!("To {}", quality(&link.planned));
    if menu_item(ui, ICON_UNDO.codepoint, &format!("Restore {label}"), hint, fine) {
        shape(all_of(&link.planned));
    }
    let closable = closable(link, view);
    if !closable.is_empty() {
        ui.separator();
    }
    let refusal = view.refusal();
    for (connection, subflow) in closable.into_iter().take(MOST) {
        let command = Command::Close {
            local: subflow.local,
            remote: subflow.remote,
        };
        let app = application(connection);
        let name = format!("Close the subflow of {app} over {label} ({})", subflow.local);
        let others = match connection.living_subflows().count() {
            0 | 1 => "It is the connection's only one.",
            _ => "The connection lives on over its other subflows.",
        };
        let hint = format!("{}\n{others}", equivalent(&command, &[]).join("\n"));
        if menu_item(ui, ICON_LINK_OFF.codepoint, &name, hint, refusal.as_deref()) {
            commands.push(UiCommand::Request(command));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InterfaceKind;
    use crate::ui::test_data::Stage;

    fn link() -> LabLink {
        LabLink {
            name: "wlan0".to_owned(),
            label: "Wi-Fi".to_owned(),
            kind: InterfaceKind::Wifi,
            delay_ms: 12.0,
            rate_mbps: 40.0,
            loss_percent: 0.0,
            plugged: true,
            planned: LabQuality {
                delay_ms: 12.0,
                rate_mbps: 40.0,
                loss_percent: 0.0,
            },
        }
    }

    #[test]
    fn a_link_says_what_it_can_do_and_that_it_was_changed() {
        let mut link = link();
        assert_eq!(description(&link), "40 Mbit/s, 12 ms");
        link.loss_percent = 2.5;
        assert_eq!(description(&link), "changed: 40 Mbit/s, 12 ms, 2.5 % lost");
        link.plugged = false;
        assert_eq!(description(&link), "unplugged");
    }

    #[test]
    fn slowing_down_starts_from_the_plan_and_leaves_the_loss() {
        let mut link = link();
        link.loss_percent = 5.0;
        link.rate_mbps = 4.0;
        assert_eq!(quality(&slower(&link)), "4 Mbit/s, 112 ms, 5 % lost");
    }

    #[test]
    fn the_busiest_subflow_over_the_link_comes_first() {
        let stage = Stage::usual();
        let view = stage.view();
        let apps: Vec<_> = closable(&link(), &view)
            .into_iter()
            .map(|(connection, _)| application(connection))
            .collect();
        assert_eq!(apps, ["nextcloud", "ssh"]);
    }
}
