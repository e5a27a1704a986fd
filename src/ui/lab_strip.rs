//! The links of a laboratory, each with a plug to pull.

use egui::{Rect, Stroke, Ui, UiBuilder, pos2, vec2};
use egui_material_icons::icons::{ICON_POWER, ICON_POWER_OFF};

use super::LabLink;
use super::theme::{Slot, Tokens, Type};
use super::view::{UiCommand, View};
use super::widgets::{Look, Press, paint, paint_within, shape_of};

/// How high the strip is.
pub(super) const HEIGHT: f32 = 56.0;

/// What a link can do, in words.
fn description(link: &LabLink) -> String {
    if !link.plugged {
        return "unplugged".to_owned();
    }
    let mut text = format!("{} Mbit/s, {} ms", link.rate_mbps, link.delay_ms);
    if link.loss_percent > 0.0 {
        text += &format!(", {} % lost", link.loss_percent);
    }
    text
}

fn slot(link: &LabLink, view: &View<'_>) -> Slot {
    view.slots.of(Some(&link.name))
}

/// The strip.
pub(super) fn ui(links: &[LabLink], view: &View<'_>, ui: &mut Ui) -> Vec<UiCommand> {
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
    let room = (rect.right() - 16.0 - start - gaps) / links.len().max(1) as f32;
    let wide = room.clamp(180.0, 300.0);
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
        let button = if link.plugged { 84.0 } else { 84.0 };
        let most = card.right() - button - 8.0 - (left + 32.0);
        let at = pos2(left + 32.0, y - 8.0);
        paint_within(&painter, at, &link.label, Type::Strong, tokens.text, most);
        let color = if link.plugged { tokens.text3 } else { tokens.danger };
        let at = pos2(left + 32.0, y + 9.0);
        paint_within(&painter, at, &description(link), Type::Small, color, most);
        let place = Rect::from_min_max(
            pos2(card.right() - button, card.top() + 8.0),
            pos2(card.right() - 8.0, card.bottom() - 8.0),
        );
        let mut child = ui.new_child(UiBuilder::new().max_rect(place).id_salt(&link.name));
        let (text, name, sign) = if link.plugged {
            ("Unplug", format!("Unplug {}", link.label), ICON_POWER_OFF)
        } else {
            ("Plug in", format!("Plug in {}", link.label), ICON_POWER)
        };
        let look = if link.plugged { Look::Plain } else { Look::Primary };
        let press = Press::text(text)
            .with_icon(sign.codepoint)
            .named(&name)
            .small()
            .look(look);
        if press.put(&mut child, place).clicked() {
            commands.push(UiCommand::Plug(link.name.clone(), !link.plugged));
        }
    }
    commands
}
