//! How an endpoint's owner and the lines to keep look.

use egui::{Rect, Sense, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2};

use super::lasting::{Keep, Owner, Write};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::UiCommand;
use crate::ui::widgets::{Press, command_box, hairline, label, paint_within};

/// The line below an endpoint's row.
pub(super) fn owner_ui(owner: &Owner, id: u8, line: Rect, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    let name = format!("Write endpoint {id} to NetworkManager…");
    let press = Press::text("Write to NetworkManager…").named(&name).small();
    let wide = press.width(ui);
    let mut room = line.width();
    if let Some(write) = &owner.write {
        room -= wide + 24.0;
        let high = vec2(wide, 24.0);
        let place = Rect::from_min_size(pos2(line.right() - wide, line.center().y - 12.0), high);
        let mut child = ui.new_child(UiBuilder::new().max_rect(place).id_salt(("write", id)));
        let refusal = match write {
            Write::Flags(_) => None,
            Write::Cannot(why) => Some(why.as_str()),
        };
        let response = press.unless(&mut child, refusal);
        if let Write::Flags(flags) = write {
            if response.clicked() {
                commands.push(UiCommand::WriteProfile(owner.profile.clone(), *flags));
            }
            response.on_hover_text(format!(
                "nmcli connection modify '{name}' connection.mptcp-flags 0x{:x}\nIt counts for every address of {name}. \
                 NetworkManager may ask for a password.",
                flags.0,
                name = owner.profile.name
            ));
        }
    }
    let at = pos2(line.left(), line.center().y);
    let end = paint_within(ui.painter(), at, &owner.text, Type::Small, tokens.text2, room);
    let words = Rect::from_min_max(line.min, pos2(end, line.bottom()));
    let response = ui.interact(words, ui.scope_id().with(("owner", id)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &owner.text));
    response.on_hover_text(&owner.text);
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
