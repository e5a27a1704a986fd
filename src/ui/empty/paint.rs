//! How the empty state looks.

use egui::epaint::CubicBezierShape;
use egui::{Color32, Frame, Margin, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};
use egui::{WidgetInfo, accesskit::Role};
use egui_material_icons::icons::ICON_PLAY_ARROW;

use super::model::{DEMO, RECIPES, Seen, Shown, seen, switch_on as command};
use crate::model::equivalent;
use crate::ui::kit::{
    Button, Chip, ChipState, Look, command_box, hairline, icon, label, paint, paint_right, paint_within,
    shape_of,
};
use crate::ui::theme::{Slot, Tokens, Type};
use crate::ui::view::{UiCommand, View};
use crate::words::empty::Reason;

/// A card on a raised ground.
fn card(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    Frame::NONE
        .fill(tokens.raised)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(8.0)
        .inner_margin(Margin::same(24))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui);
        });
}

/// The demo's card, with a small picture of it.
pub(super) fn demo(can_open: bool, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    card(ui, |ui| {
        let whole = ui.available_rect_before_wrap();
        let picture = whole.width() > 820.0;
        let text = if picture { 440.0 } else { whole.width() };
        ui.vertical(|ui| {
            ui.set_max_width(text);
            label(ui, "See a handover now", Type::Heading, tokens.text);
            ui.add_space(4.0);
            let words = "The demo builds two hosts joined by Wi-Fi, Ethernet and a phone link on this machine, moves \
                         real data, and lets you cut a path. It touches no real network and takes everything down \
                         when closed.";
            label(ui, words, Type::Body, tokens.text2);
            ui.add_space(12.0);
            let mut act = |ui: &mut Ui, wide: f32| {
                let wide = wide.min(ui.available_width());
                if command_box(ui, &[DEMO.to_owned()], wide, "Copy the demo's command", can_open) {
                    commands.push(UiCommand::Copy(DEMO.to_owned()));
                }
            };
            if !can_open {
                act(ui, 360.0);
                return;
            }
            let open = ui.horizontal(|ui| {
                let press = Button::text("Open the demo").with_icon(ICON_PLAY_ARROW.codepoint);
                let clicked = press.look(Look::Primary).ui(ui).clicked();
                ui.add_space(8.0);
                act(ui, 240.0);
                clicked
            });
            if open.inner {
                commands.push(UiCommand::OpenDemo);
            }
        });
        if picture {
            let right = Rect::from_min_size(pos2(whole.right() - 430.0, whole.top()), vec2(430.0, 130.0));
            strands(ui.painter(), right, tokens);
        }
    });
}

/// Three links that lead to one server.
fn strands(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let server = Rect::from_center_size(pos2(rect.right() - 48.0, rect.center().y), vec2(96.0, 56.0));
    for (number, name) in [(0_u8, "wifi"), (1, "ethernet"), (2, "phone")] {
        let slot = Slot::new(number);
        let ink = slot.ink(tokens.dark);
        let y = rect.top() + 17.0 + f32::from(number) * 46.0;
        let node = Rect::from_min_size(pos2(rect.left(), y - 16.0), vec2(130.0, 32.0));
        let (from, to) = (
            pos2(node.right(), y),
            pos2(server.left(), server.center().y - 14.0 + f32::from(number) * 14.0),
        );
        strand(painter, from, to, number, ink);
        painter.rect_filled(node, 6.0, tokens.control);
        painter.rect_filled(Rect::from_min_size(node.min, vec2(4.0, 32.0)), 0.0, ink.ink);
        shape_of(painter, pos2(node.left() + 20.0, y), 10.0, slot, tokens, false);
        paint(
            painter,
            pos2(node.left() + 36.0, y),
            name,
            Type::Body,
            tokens.text,
        );
    }
    painter.rect_filled(server, 6.0, tokens.control);
    painter.text(
        server.center(),
        egui::Align2::CENTER_CENTER,
        "server",
        Type::Body.font(),
        tokens.text,
    );
}

fn strand(painter: &Painter, from: Pos2, to: Pos2, number: u8, ink: &crate::ui::theme::Hues) {
    let half = (to.x - from.x) / 2.0;
    let points = [from, from + vec2(half, 0.0), to - vec2(half, 0.0), to];
    let curve = |width: f32, color: Color32| {
        CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, Stroke::new(width, color))
    };
    match number {
        0 => {
            painter.add(curve(9.0, ink.ink));
            painter.add(curve(6.0, ink.fill));
        }
        1 => {
            painter.add(curve(15.0, ink.ink));
            painter.add(curve(12.0, ink.fill));
        }
        _ => {
            let line = curve(2.0, ink.ink).flatten(Some(0.2));
            painter.extend(Shape::dashed_line(&line, Stroke::new(2.0, ink.ink), 8.0, 6.0));
        }
    }
}

/// The card that switches MPTCP on.
pub(super) fn switch_on(view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    card(ui, |ui| {
        label(ui, "Switch it on", Type::Heading, tokens.text);
        ui.add_space(4.0);
        let words = "Applications that ask for MPTCP get it from then on. Connections that are open stay as they are.";
        label(ui, words, Type::Body, tokens.text2);
        ui.add_space(12.0);
        let lines = equivalent(&command(), &[]);
        if command_box(ui, &lines, 400.0, "Copy the command", false) {
            commands.push(UiCommand::Copy(lines.join("\n")));
        }
        ui.add_space(12.0);
        let refusal = view.refusal();
        let press = Button::text("Switch on").look(Look::Primary);
        if press.unless(ui, refusal.as_deref()).clicked() {
            commands.push(UiCommand::Request(command()));
        }
        if let Some(why) = refusal {
            ui.add_space(4.0);
            label(ui, why, Type::Small, tokens.text3);
        }
    });
}

/// How to start something, and what is seen.
pub(super) fn columns(reason: Reason, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let recipes = reason != Reason::NoMptcp;
    let width = ui.available_width();
    if width < 760.0 {
        if recipes {
            recipes_ui(ui, commands);
            ui.add_space(24.0);
        }
        sees(reason, view, ui);
        return;
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 40.0;
        let column = |ui: &mut Ui, width: f32, contents: &mut dyn FnMut(&mut Ui)| {
            let layout = egui::Layout::top_down(egui::Align::Min);
            ui.allocate_ui_with_layout(vec2(width, 0.0), layout, |ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.x = 8.0;
                contents(ui);
            });
        };
        if recipes {
            let left = (width - 40.0) * 0.58;
            column(ui, left, &mut |ui| recipes_ui(ui, commands));
            column(ui, width - 40.0 - left, &mut |ui| sees(reason, view, ui));
        } else {
            column(ui, width * 0.5, &mut |ui| sees(reason, view, ui));
        }
    });
}

fn recipes_ui(ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    label(ui, "Start an application with MPTCP", Type::Heading, tokens.text);
    ui.add_space(8.0);
    for (title, origin, text) in RECIPES {
        hairline(ui);
        ui.add_space(8.0);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
        paint(ui.painter(), rect.left_center(), title, Type::Strong, tokens.text);
        paint_right(
            ui.painter(),
            rect.right_center(),
            origin,
            Type::Small,
            tokens.text3,
        );
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let width = ui.available_width();
        if command_box(ui, &lines, width, &format!("Copy: {title}"), false) {
            commands.push(UiCommand::Copy(text.to_owned()));
        }
        ui.add_space(12.0);
    }
}

fn sees(reason: Reason, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    label(ui, "What Pathscope sees", Type::Heading, tokens.text);
    ui.add_space(8.0);
    hairline(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    for row in seen(reason, view) {
        seen_ui(&row, view, ui);
        hairline(ui);
    }
}

fn seen_ui(row: &Seen, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let below = row.details.len() as f32;
    let high = if row.details.is_empty() {
        40.0
    } else {
        42.0 + 18.0 * below
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), high), Sense::hover());
    let details = row.details.join(" ");
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Label,
            true,
            format!("{}: {}{details}", row.title, row.value()),
        )
    });
    let painter = ui.painter();
    let mut y = rect.center().y - 9.0 * below;
    let color = if row.warns { tokens.warn } else { tokens.text2 };
    icon(
        painter,
        pos2(rect.left() + 10.0, rect.center().y),
        row.icon,
        18.0,
        color,
    );
    let x = rect.left() + 28.0;
    let most = rect.right() - x;
    paint_within(painter, pos2(x, y), &row.title, Type::Body, tokens.text, most);
    y += 1.0;
    for line in &row.details {
        y += 18.0;
        paint_within(painter, pos2(x, y), line, Type::Small, tokens.text2, most);
    }
    paint_right(
        painter,
        rect.right_center(),
        row.value(),
        Type::Body,
        tokens.text2,
    );
    if row.shown == Shown::Interfaces {
        chips(painter, rect, view, tokens);
    }
    if !details.is_empty() {
        response.on_hover_text(details);
    }
}

fn chips(painter: &Painter, rect: Rect, view: &View<'_>, tokens: &Tokens) {
    let interfaces = view.live.state().interfaces.values();
    let mut paths: Vec<_> = interfaces
        .filter(|interface| interface.up && interface.can_carry_subflows())
        .map(|interface| view.path(Some(&interface.name)))
        .collect();
    paths.sort_by_key(|path| std::cmp::Reverse(path.slot));
    let mut right = rect.right();
    for path in paths {
        let chip = Chip {
            slot: path.slot,
            state: ChipState::Carrying,
            text: path.name.clone(),
            path: path.name,
        };
        let left = right - chip.width(painter);
        if left < rect.left() + 140.0 {
            break;
        }
        chip.paint(painter, pos2(left, rect.center().y - 10.0), tokens);
        right = left - 8.0;
    }
}
