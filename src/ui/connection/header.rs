//! Who talks to whom: the application, the peer, the token, and the badges.

use egui::{Frame, Margin, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_material_icons::icons::ICON_ARROW_FORWARD;

use crate::history::{Condition, ConnectionHistory};
use crate::model::{Connection, WaitReason};
use crate::ui::badges::{badge, remarks};
use crate::ui::format;
use crate::ui::kit::{Badge, focus_ring, icon, paint, paint_address, paint_within, width};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View, application};
use crate::words::connection::{self as words, Remark};
use crate::words::handover::{length, sentence};
use crate::words::{as_sentence, listed, waiting};

/// The second line, after the token: owner, age, subflows.
fn details(record: &ConnectionHistory, connection: &Connection, view: &View<'_>) -> String {
    let mut parts = Vec::new();
    let number = || connection.uid.map(|uid| format!("user {uid}"));
    let user = connection.user.clone().or_else(number);
    let pid = connection
        .process
        .as_ref()
        .map(|process| words::process(process.pid, connection.other_processes()));
    let owner: Vec<String> = user.into_iter().chain(pid).collect();
    if !owner.is_empty() {
        parts.push(owner.join(", "));
    }
    if let Some(ended) = record.ended_at {
        parts.push(format!("closed {}", words::ago(view.shown.now() - ended)));
        return parts.join(" · ");
    }
    parts.push(format!(
        "seen for {}",
        format::age(view.shown.now() - record.began_at)
    ));
    // What holds its data up says more than whose it is.
    let reasons = connection.wait_reasons();
    let mut reasons: Vec<String> = reasons
        .into_iter()
        .filter(|reason| *reason != WaitReason::NoPath)
        .map(|reason| waiting::reason(reason).to_owned())
        .collect();
    if !reasons.is_empty() {
        reasons.extend(waiting::queues(connection));
        parts.splice(0..0, reasons);
    }
    let subflows = view.subflows(connection.id());
    let carrying = subflows
        .iter()
        .filter(|subflow| view.condition(subflow) == Condition::Carrying)
        .count();
    parts.push(if connection.has_no_path() {
        words::NO_PATH_WAITS.to_owned()
    } else {
        words::subflows(subflows.len(), carrying)
    });
    parts.join(" · ")
}

/// What is in the queues of a connection, what it waits for and what held it back: a line each.
fn waits(connection: &Connection) -> Vec<String> {
    let mut lines = Vec::new();
    for reason in connection.wait_reasons() {
        lines.push(as_sentence(waiting::reason(reason)));
        lines.push(waiting::consequence(reason).to_owned());
    }
    let queues = waiting::queues(connection);
    if queues.is_empty() {
        lines.push("Its queues are empty.".to_owned());
    } else {
        lines.push(as_sentence(&listed(&queues)));
    }
    let held = waiting::held_back(&connection.hold_times());
    lines.extend(held.iter().map(|text| as_sentence(text)));
    lines
}

/// Paints the header; a click on the newest handover asks for its story.
pub(super) fn ui(
    record: &ConnectionHistory,
    connection: &Connection,
    view: &View<'_>,
    ui: &mut Ui,
) -> Option<UiCommand> {
    let tokens = Tokens::of(ui);
    let mut command = None;
    Frame::NONE.inner_margin(Margin::symmetric(16, 0)).show(ui, |ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 64.0), Sense::hover());
        let name = application(connection);
        let peer = connection.remote.to_string();
        response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, format!("{name} to {peer}")));
        response.clone().on_hover_ui(|ui| {
            for line in waits(connection) {
                ui.label(line);
            }
        });
        let painter = ui.painter();
        let mut right = rect.right();
        let newest = view.interruptions(connection.id()).next();
        let names = width(painter, &name, Type::Figure) + 36.0 + width(painter, &peer, Type::BigMono) + 16.0;
        for remark in remarks(connection, view) {
            let mut badge = badge(remark);
            let story = newest.filter(|_| matches!(remark, Remark::Handover { .. }));
            if let Some((_, gap)) = story {
                let told = format!("{}: {}", badge.text, length(gap));
                let short = words::remark_briefly(remark);
                // The peer says more than how long it was.
                let fits = |text: &String| {
                    let badge = Badge::neutral(text.as_str(), badge.icon);
                    right - badge.width(painter) - rect.left() >= names
                };
                let texts = [told, badge.text.clone(), short.clone()];
                badge.text = texts.into_iter().find(fits).unwrap_or(short);
            }
            let place = badge.paint(painter, pos2(right, rect.top() + 15.0), tokens);
            right = place.left() - 8.0;
            let sense = if story.is_some() {
                Sense::click()
            } else {
                Sense::hover()
            };
            let response = ui.interact(
                place,
                ui.scope_id().with(("badge", badge.icon, story.is_some())),
                sense,
            );
            let role = if story.is_some() {
                Role::Button
            } else {
                Role::Label
            };
            response.widget_info(|| WidgetInfo::labeled(role, true, &badge.text));
            focus_ring(ui, &response, 4.0);
            if let Some((handover, _)) = story {
                if response.clicked() {
                    command = Some(UiCommand::ShowHandover(handover.t));
                }
                response.on_hover_text(sentence(handover, |device| view.path(Some(device)).name));
            }
        }
        let y = rect.top() + 25.0;
        let most = (right - rect.left()) * 0.5;
        let end = paint_within(
            painter,
            pos2(rect.left(), y),
            &name,
            Type::Figure,
            tokens.text,
            most,
        );
        let arrow = pos2(end + 18.0, y);
        icon(painter, arrow, ICON_ARROW_FORWARD.codepoint, 20.0, tokens.text2);
        let start = arrow.x + 18.0;
        let most = right - start - 8.0;
        paint_address(painter, pos2(start, y), &peer, Type::BigMono, tokens.text, most);
        let mut at = pos2(rect.left(), rect.top() + 49.0);
        if let Some(token) = connection.token {
            at.x = paint(painter, at, &token.to_string(), Type::SmallMono, tokens.text2);
            at.x = paint(painter, at, " · ", Type::Small, tokens.text3);
        }
        let line = details(record, connection, view);
        paint_within(painter, at, &line, Type::Small, tokens.text2, rect.right() - at.x);
        drop(response);
    });
    command
}
