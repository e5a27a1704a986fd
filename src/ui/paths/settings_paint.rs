//! How limits, settings and the last changes look.

use egui::{
    Align, Frame, Layout, Popup, Rect, Sense, Stroke, StrokeKind, TextEdit, Ui, UiBuilder, pos2, vec2,
};
use egui::{WidgetInfo, accesskit::Role};
use egui_material_icons::icons::{ICON_ADD, ICON_CHECK, ICON_CONTENT_COPY, ICON_REMOVE, ICON_UNDO};

use super::settings::{Control, Limit, Setting, change_caption, limits, settings};
use crate::model::text::for_shell;
use crate::model::{Command, SettingValue, equivalent};
use crate::ui::changes::Change;
use crate::ui::format;
use crate::ui::kit::{Button, Switch, hairline, label, menu_item, paint, paint_within, switch};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View};

const ROW: f32 = 44.0;

/// The column at the right.
pub(super) fn ui(
    edit: &mut Option<(String, String)>,
    view: &View<'_>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let refusal = view.refusal();
    let state = view.live.state();
    let section = |ui: &mut Ui, name: &str| {
        label(ui, name, Type::Section, tokens.text);
        ui.add_space(8.0);
        hairline(ui);
    };
    let limits = limits(state);
    if !limits.is_empty() {
        section(ui, "Limits");
        for limit in &limits {
            limit_ui(limit, refusal.as_deref(), ui, commands);
        }
        ui.add_space(16.0);
    }
    let settings = settings(state);
    if !settings.is_empty() {
        section(ui, "Settings");
        for setting in &settings {
            setting_ui(setting, edit, refusal.as_deref(), ui, commands);
        }
        ui.add_space(16.0);
    }
    let mut done = view.changes.done().peekable();
    if done.peek().is_some() {
        section(ui, "Last changes");
        for change in done {
            change_ui(change, view, refusal.as_deref(), ui, commands);
        }
    }
}

/// A row with title and caption at the left; what is left of it at the right.
fn row(ui: &mut Ui, title: &str, caption: &str, mono: bool, control: f32) -> Rect {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{title}, {caption}")));
    let most = rect.width() - control - 8.0;
    let y = rect.center().y;
    let style = if mono { Type::SmallMono } else { Type::Small };
    let painter = ui.painter();
    paint_within(
        painter,
        pos2(rect.left(), y - 9.0),
        title,
        Type::Body,
        tokens.text,
        most,
    );
    paint_within(
        painter,
        pos2(rect.left(), y + 10.0),
        caption,
        style,
        tokens.text3,
        most,
    );
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    rect
}

/// A place for a control at the right end of a row.
fn at_right(ui: &mut Ui, rect: Rect, salt: &str) -> Ui {
    ui.new_child(
        UiBuilder::new()
            .max_rect(rect)
            .layout(Layout::right_to_left(Align::Center))
            .id_salt(salt),
    )
}

fn limit_ui(limit: &Limit, refusal: Option<&str>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let tokens = Tokens::of(ui);
    let rect = row(ui, limit.name, &limit.caption, false, 88.0);
    let mut child = at_right(ui, rect, limit.name);
    child.spacing_mut().item_spacing.x = 0.0;
    let ground = Rect::from_min_max(
        pos2(rect.right() - 84.0, rect.center().y - 14.0),
        pos2(rect.right(), rect.center().y + 14.0),
    );
    child.painter().rect_filled(ground, 6.0, tokens.control);
    let mut button = |place: Rect, sign: &'static str, word: &str, command: Option<&Command>| {
        let name = format!("{}: {word}", limit.name);
        let why = refusal.or(command.is_none().then_some("0 is the least."));
        let mut own = child.new_child(UiBuilder::new().max_rect(place).id_salt(&name));
        let response = own
            .add_enabled_ui(why.is_none(), |ui| {
                Button::icon(sign, &name).small().put(ui, place)
            })
            .inner;
        if let Some(command) = command.filter(|_| response.clicked()) {
            commands.push(UiCommand::Request(command.clone()));
        }
        match (why, command) {
            (Some(why), _) => drop(response.on_disabled_hover_text(why)),
            (None, Some(command)) => drop(response.on_hover_text(equivalent(command, &[]).join("\n"))),
            (None, None) => {}
        }
    };
    let square = |left: f32| Rect::from_min_size(pos2(left, ground.top() + 2.0), vec2(24.0, 24.0));
    button(
        square(ground.left() + 2.0),
        ICON_REMOVE.codepoint,
        "less",
        limit.less.as_ref(),
    );
    button(
        square(ground.right() - 26.0),
        ICON_ADD.codepoint,
        "more",
        limit.more.as_ref(),
    );
    let text = limit.value.to_string();
    let wide = crate::ui::kit::width(ui.painter(), &text, Type::Strong);
    let at = pos2(ground.center().x - wide / 2.0, ground.center().y);
    paint(ui.painter(), at, &text, Type::Strong, tokens.text);
}

fn setting_ui(
    setting: &Setting,
    edit: &mut Option<(String, String)>,
    refusal: Option<&str>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let caption = match setting.control {
        Control::ReadOnly => setting.shown(),
        _ => setting.name.clone(),
    };
    let rect = row(ui, &setting.title, &caption, true, 96.0);
    let mut child = at_right(ui, rect, &setting.name);
    match &setting.control {
        Control::Switch(on) => {
            let look = Switch {
                on: *on,
                pending: false,
                ink: Tokens::of(ui).text,
            };
            let command = setting.set(SettingValue::Number(i64::from(!on)));
            let response = child
                .add_enabled_ui(refusal.is_none(), |ui| switch(ui, look, &setting.title))
                .inner;
            if response.clicked() {
                commands.push(UiCommand::Request(command.clone()));
            }
            let hint = format!("{}\n{}", equivalent(&command, &[]).join("\n"), setting.hint);
            match refusal {
                Some(why) => response.on_disabled_hover_text(format!("{hint}\n{why}")),
                None => response.on_hover_text(hint),
            };
        }
        Control::Choice(choices) => choice(setting, choices, refusal, &mut child, commands),
        Control::Number(unit) => number(setting, unit, edit, refusal, &mut child, commands),
        Control::ReadOnly => {
            let hint = format!(
                "net.mptcp.{} tells what the kernel has; nobody can set it.",
                setting.name
            );
            label(&mut child, "read-only", Type::Small, Tokens::of(ui).text3).on_hover_text(hint);
        }
        Control::Text => {
            label(&mut child, setting.shown(), Type::Body, Tokens::of(ui).text2);
        }
    }
}

fn choice(
    setting: &Setting,
    choices: &[(String, SettingValue)],
    refusal: Option<&str>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let shown = setting.shown();
    let name = format!("{}: {shown}", setting.title);
    let response = Button::text(&shown).named(&name).chevron().unless(ui, refusal);
    Popup::menu(&response).show(|ui| {
        for (word, value) in choices {
            let now = *word == shown;
            let sign = if now { ICON_CHECK.codepoint } else { "" };
            let command = setting.set(value.clone());
            let hint = equivalent(&command, &[]).join("\n");
            if menu_item(ui, sign, word, hint, None) && !now {
                commands.push(UiCommand::Request(command));
            }
        }
    });
    if refusal.is_none() {
        response.on_hover_text(setting.hint);
    }
}

fn number(
    setting: &Setting,
    unit: &str,
    edit: &mut Option<(String, String)>,
    refusal: Option<&str>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let tokens = Tokens::of(ui);
    let editing = edit.as_ref().filter(|(name, _)| *name == setting.name);
    let mut text = editing.map_or_else(
        || {
            let space = if unit.is_empty() { "" } else { " " };
            format!("{}{space}{unit}", setting.value)
        },
        |(_, text)| text.clone(),
    );
    let (rect, _) = ui.allocate_exact_size(vec2(84.0, 32.0), Sense::hover());
    let response = ui
        .add_enabled_ui(refusal.is_none(), |ui| {
            ui.painter().rect_filled(rect, 6.0, tokens.bg);
            let inner = rect.shrink2(vec2(10.0, 0.0));
            let field = TextEdit::singleline(&mut text)
                .id_salt(&setting.name)
                .frame(Frame::NONE)
                .align(egui::Align2::RIGHT_CENTER)
                .desired_width(inner.width())
                .min_size(inner.size());
            let response = ui.place(inner, field).accessible_name(&setting.title);
            let stroke = if response.has_focus() {
                Stroke::new(2.0, tokens.text)
            } else {
                Stroke::new(1.0, tokens.ctl)
            };
            ui.painter().rect_stroke(rect, 6.0, stroke, StrokeKind::Inside);
            response
        })
        .inner;
    if response.changed() {
        *edit = Some((setting.name.clone(), text.clone()));
    }
    if response.lost_focus() && edit.as_ref().is_some_and(|(name, _)| *name == setting.name) {
        *edit = None;
        if !ui.input(|input| input.key_pressed(egui::Key::Escape)) {
            commands.extend(setting.typed(&text).map(UiCommand::Request));
        }
    }
    match refusal {
        Some(why) => response.on_disabled_hover_text(why),
        None => response.on_hover_text(format!(
            "{}\nsysctl -w {}=… (Enter applies, Esc does not)",
            setting.hint,
            for_shell(&format!("net.mptcp.{}", setting.name))
        )),
    };
}

fn change_ui(
    change: &Change,
    view: &View<'_>,
    refusal: Option<&str>,
    ui: &mut Ui,
    commands: &mut Vec<UiCommand>,
) {
    let clock = match (view.live.header(), change.done_at) {
        (Some(header), Some(t)) => format::clock(&header.started_at, t),
        _ => format::ABSENT.to_owned(),
    };
    let rect = row(
        ui,
        &change.label,
        &change_caption(&clock, change.note().as_deref()),
        false,
        112.0,
    );
    let mut child = at_right(ui, rect, &change.reference.to_string());
    let lines = change.lines.join("\n");
    let name = format!("Copy the command of {}", change.label);
    let copy = Button::icon(ICON_CONTENT_COPY.codepoint, &name).small();
    if copy.ui(&mut child).on_hover_text(&lines).clicked() {
        commands.push(UiCommand::Copy(lines));
    }
    if !change.can_undo(view.live.state()) {
        return;
    }
    let name = format!("Undo {}", change.label);
    let press = Button::text("Undo")
        .with_icon(ICON_UNDO.codepoint)
        .named(&name)
        .small();
    let response = press.unless(&mut child, refusal);
    if response.clicked() {
        commands.push(UiCommand::Undo(change.reference));
    }
    if refusal.is_none() {
        response.on_hover_text(change.undo_hint(view.live.state()));
    }
}
