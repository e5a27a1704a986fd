//! How an endpoint's owner and the lines to keep look.

use std::sync::Arc;

use egui::{Align2, Galley, Rect, Sense, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2};

use super::lasting::{Keep, Owner, Write};
use crate::model::text::for_terminal;
use crate::ui::kit::{Button, command_box, hairline, label};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::UiCommand;
use crate::words::endpoint::unstorable;

/// The least height of the line about an owner, and what each further line of its words takes.
const LINE: f32 = 36.0;
const FURTHER: f32 = 16.0;

/// What is said of an owner, in as many lines as it needs beside the button.
fn words(owner: &Owner, wide: f32, ui: &Ui) -> Arc<Galley> {
    let button = owner.write.as_ref().map_or(0.0, |_| press("").width(ui) + 24.0);
    let (font, color) = (Type::Small.font(), Tokens::of(ui).text2);
    ui.painter()
        .layout(owner.text.clone(), font, color, wide - button)
}

/// The button; its name tells the endpoint.
fn press(name: &str) -> Button<'_> {
    Button::text("Write to NetworkManager…").named(name).small()
}

/// How high the line about an owner is, where it is so wide.
pub(super) fn owner_height(owner: &Owner, wide: f32, ui: &Ui) -> f32 {
    let further = words(owner, wide, ui).rows.len().saturating_sub(1);
    LINE + FURTHER * further as f32
}

/// The line below an endpoint's row.
pub(super) fn owner_ui(owner: &Owner, id: u8, line: Rect, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let name = format!("Write endpoint {id} to NetworkManager…");
    let words = words(owner, line.width(), ui);
    if let Some(write) = &owner.write {
        let press = press(&name);
        let wide = press.width(ui);
        let high = vec2(wide, 24.0);
        let place = Rect::from_min_size(pos2(line.right() - wide, line.center().y - 12.0), high);
        let mut child = ui.new_child(UiBuilder::new().max_rect(place).id_salt(("write", id)));
        let refusal = match write {
            Write::Flags(_) => None,
            Write::Cannot(why) => Some(unstorable(*why)),
        };
        let response = press.unless(&mut child, refusal.as_deref());
        if let Write::Flags(flags) = write {
            if response.clicked() {
                commands.push(UiCommand::WriteProfile(owner.profile.clone(), *flags));
            }
            response.on_hover_text(format!(
                "{}\nIt counts for every address of {}. NetworkManager may ask for a password.",
                owner.profile.command(*flags),
                for_terminal(&owner.profile.name)
            ));
        }
    }
    let place = Align2::LEFT_CENTER.anchor_size(line.left_center(), words.size());
    ui.painter().galley(place.min, words, Tokens::of(ui).text2);
    let response = ui.interact(place, ui.scope_id().with(("owner", id)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &owner.text));
}

/// The section below the last changes; nothing where there is nothing to keep.
pub(super) fn keep_ui(keep: &Keep, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    if *keep == Keep::default() {
        return;
    }
    let tokens = Tokens::of(ui);
    ui.add_space(16.0);
    label(ui, "After a restart", Type::Section, tokens.text);
    ui.add_space(8.0);
    hairline(ui);
    ui.add_space(8.0);
    let sentence = "These changes last until the machine restarts. To keep them:";
    label(ui, sentence, Type::Body, tokens.text2);
    for (lines, place, copy) in [
        (
            &keep.commands,
            "In a script that runs at start, as root",
            "Copy the commands to keep",
        ),
        (
            &keep.settings,
            "In /etc/sysctl.d/90-mptcp.conf",
            "Copy the settings to keep",
        ),
    ] {
        if lines.is_empty() {
            continue;
        }
        ui.add_space(8.0);
        label(ui, place, Type::Small, tokens.text3);
        ui.add_space(4.0);
        if command_box(ui, lines, ui.available_width(), copy, true) {
            commands.push(UiCommand::Copy(lines.join("\n")));
        }
    }
}
