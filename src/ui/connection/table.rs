//! The table of subflows under the plots.

use std::net::SocketAddr;

use egui::{Popup, Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_LINK_OFF, ICON_MORE_VERT, ICON_SWAP_HORIZ};

use crate::history::{Condition, SubflowHistory};
use crate::model::{Command, Cookie, EndpointFlags, FlagChange, equivalent, plan_change};
use crate::ui::format;
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{PathName, UiCommand, View};
use crate::ui::widgets::{Look, Press, menu_item, paint, paint_right, paint_within, shape_of};

/// One subflow, as the table says it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub cookie: Cookie,
    pub path: PathName,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub ids: String,
    pub state: &'static str,
    pub lost: bool,
    pub role: String,
    pub rtt: String,
    pub rtt_var: String,
    pub cwnd: String,
    pub out_bps: f64,
    pub in_bps: f64,
    pub sent: String,
    pub retrans: String,
    /// How many other subflows the connection has.
    pub others: usize,
}

/// What somebody wants of a row.
pub(super) enum Act {
    /// This.
    Ask(UiCommand),
    /// Its end, after a question.
    Close(Box<Row>),
}

const HEAD: f32 = 28.0;
const LINE: f32 = 28.0;
const PADDING: f32 = 16.0;

/// How high the table is: as high as its rows, at most about a third of what is there.
pub(super) fn height(rows: usize, available: f32) -> f32 {
    (HEAD + LINE * rows.max(1) as f32 + 6.0).min((available * 0.36).max(HEAD + 2.5 * LINE))
}

/// The rows of a connection that lives, or as it was when it ended.
pub(super) fn rows(connection: Cookie, view: &View<'_>) -> Vec<Row> {
    let mut subflows = view.subflows(connection);
    if subflows.is_empty() {
        let record = view.shown.connection(connection);
        let ended = record.and_then(|record| record.ended_at);
        subflows = view
            .shown
            .subflows_of(connection)
            .filter(|subflow| ended.is_some() && subflow.ended_at == ended)
            .collect();
        view.sort(&mut subflows);
    }
    let others = subflows.len().saturating_sub(1);
    subflows
        .into_iter()
        .map(|subflow| row(subflow, others, view))
        .collect()
}

fn row(subflow: &SubflowHistory, others: usize, view: &View<'_>) -> Row {
    let last = &subflow.last;
    let condition = view.condition(subflow);
    let lost = condition == Condition::Stalled;
    let absent = || format::ABSENT.to_owned();
    let rtt = last.rtt_us.filter(|rtt| *rtt > 0).map(format::ms);
    let var = last.rtt_var_us.map(format::ms);
    let (rtt, rtt_var) = match (rtt, var) {
        (Some(rtt), _) if lost => (absent(), format!("last {rtt}")),
        (Some(rtt), Some(var)) => (rtt, format!("± {var}")),
        (Some(rtt), None) => (rtt, String::new()),
        (None, _) => (absent(), String::new()),
    };
    let id = |id: Option<u8>| id.map_or_else(absent, |id| id.to_string());
    let number = |number: Option<u64>, show: fn(u64) -> String| number.map_or_else(absent, show);
    Row {
        cookie: last.cookie,
        path: view.path(last.interface.as_deref()),
        local: last.local,
        remote: last.remote,
        ids: format!("{} → {}", id(last.local_id), id(last.remote_id)),
        state: state_word(condition, view.interface_up(last)),
        lost,
        role: role(last.initial, last.backup_local, last.backup_remote),
        rtt,
        rtt_var,
        cwnd: number(last.cwnd.map(u64::from), format::count),
        out_bps: if lost { 0.0 } else { subflow.out_bps() },
        in_bps: if lost { 0.0 } else { subflow.in_bps() },
        sent: number(last.bytes_sent, format::megabytes),
        retrans: number(last.retrans_total.map(u64::from), format::count),
        others,
    }
}

fn state_word(condition: Condition, up: Option<bool>) -> &'static str {
    match condition {
        Condition::Carrying => "established",
        Condition::Idle => "idle",
        Condition::Stalled if up == Some(false) => "lost",
        Condition::Stalled => "stalled",
        Condition::NotAnswered => "not answered",
        Condition::Closed => "closed",
    }
}

fn role(initial: Option<bool>, local: Option<bool>, remote: Option<bool>) -> String {
    match (local, remote, initial) {
        (Some(true), _, _) => "backup",
        (_, Some(true), _) => "peer's backup",
        (_, _, Some(true)) => "initial",
        _ => "",
    }
    .to_owned()
}

/// The columns: where each begins or, for numbers, ends.
struct Columns {
    local: f32,
    remote: f32,
    ids: f32,
    state: f32,
    role: f32,
    rtt: f32,
    cwnd: f32,
    out: f32,
    inward: f32,
    sent: f32,
    retrans: f32,
    width: f32,
    /// How wide the addresses may be.
    addresses: (f32, f32),
}

impl Columns {
    /// Spread over `available`; wider than that where addresses would not fit.
    fn new(rows: &[Row], available: f32) -> Self {
        let longest = |address: fn(&Row) -> SocketAddr| {
            let most = rows.iter().map(|row| address(row).to_string().len()).max();
            (most.unwrap_or(0) as f32 * 7.8 + 12.0).clamp(110.0, 240.0)
        };
        let path = rows
            .iter()
            .map(|row| row.path.name.chars().count())
            .max()
            .unwrap_or(0) as f32;
        let path = (path * 8.0 + 36.0).clamp(88.0, 170.0);
        let (local, remote) = (longest(|row| row.local), longest(|row| row.remote));
        let role = rows.iter().map(|row| row.role.len()).max().unwrap_or(0) as f32;
        let role = (role * 7.0 + 12.0).clamp(48.0, 110.0);
        // Ids, state, role, RTT, cwnd, Out, In, sent, retransmissions, menu.
        let fixed = [52.0, 88.0, role, 92.0, 48.0, 84.0, 44.0, 68.0, 58.0, 36.0];
        let sum: f32 = fixed.iter().sum::<f32>() + path + local + remote;
        let spare = ((available - sum) / 10.0).clamp(0.0, 24.0);
        // What does not fit is taken from the addresses if that is enough; else the table scrolls.
        let narrow = ((sum - available) / 2.0).max(0.0);
        let narrow = if local.min(remote) - narrow >= 110.0 {
            narrow
        } else {
            0.0
        };
        let (local, remote) = (local - narrow, remote - narrow);
        let mut at = path + spare;
        let mut next = |width: f32| {
            let start = at;
            at += width + spare;
            start
        };
        let [ids, state, role, rtt, cwnd, out, inward, sent, retrans, _menu] = fixed;
        let mut columns = Self {
            local: next(local),
            remote: next(remote),
            ids: next(ids),
            state: next(state),
            role: next(role),
            rtt: next(rtt) + rtt,
            cwnd: next(cwnd) + cwnd,
            out: next(out) + out,
            inward: next(inward) + inward,
            sent: next(sent) + sent,
            retrans: next(retrans) + retrans,
            width: 0.0,
            addresses: (local, remote),
        };
        columns.width = (columns.retrans + 40.0).max(available);
        columns
    }
}

/// The table; what was asked of its rows.
pub(super) fn ui(rows: &[Row], view: &View<'_>, ui: &mut Ui) -> Vec<Act> {
    let mut acts = Vec::new();
    let tokens = Tokens::of(ui);
    ui.painter().hline(
        ui.max_rect().x_range(),
        ui.max_rect().top(),
        Stroke::new(1.0, tokens.line),
    );
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.add_space(1.0);
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let columns = Columns::new(rows, ui.available_width() - 2.0 * PADDING);
        let width = columns.width + 2.0 * PADDING;
        head(&columns, width, ui);
        let decimals = |bps: fn(&Row) -> f64| format::rate_decimals(rows.iter().map(bps).fold(0.0, f64::max));
        let decimals = (decimals(|row| row.out_bps), decimals(|row| row.in_bps));
        for row in rows {
            line(row, &columns, width, decimals, view, ui, &mut acts);
        }
        if rows.is_empty() {
            let (rect, _) = ui.allocate_exact_size(vec2(width, LINE), Sense::hover());
            let at = pos2(rect.left() + PADDING, rect.center().y);
            paint(ui.painter(), at, "No subflow is left.", Type::Body, tokens.text2);
        }
    });
    acts
}

fn head(columns: &Columns, width: f32, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(width, HEAD), Sense::hover());
    let painter = ui.painter();
    let (x, y) = (rect.left() + PADDING, rect.center().y);
    let left = |at: f32, text: &str| {
        paint(painter, pos2(x + at, y), text, Type::Small, tokens.text3);
    };
    let right = |at: f32, text: &str| {
        paint_right(painter, pos2(x + at, y), text, Type::Small, tokens.text3);
    };
    left(0.0, "Path");
    left(columns.local, "Local");
    left(columns.remote, "Remote");
    left(columns.ids, "Ids");
    left(columns.state, "State");
    left(columns.role, "Role");
    right(columns.rtt, "RTT, ms");
    right(columns.cwnd, "cwnd");
    right(columns.out, "Out, Mbit/s");
    right(columns.inward, "In");
    right(columns.sent, "Sent, MB");
    right(columns.retrans, "Retrans.");
    let bottom = rect.bottom() - 0.5;
    painter.hline(
        rect.left() + PADDING..=rect.right() - PADDING,
        bottom,
        Stroke::new(1.0, tokens.line),
    );
}

fn line(
    row: &Row,
    columns: &Columns,
    width: f32,
    decimals: (usize, usize),
    view: &View<'_>,
    ui: &mut Ui,
    acts: &mut Vec<Act>,
) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, LINE), Sense::hover());
    let out = format::rate(row.out_bps, decimals.0);
    let inward = format::rate(row.in_bps, decimals.1);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken(row, &out)));
    let painter = ui.painter();
    let (x, y) = (rect.left() + PADDING, rect.center().y);
    let color = if row.lost { tokens.danger } else { tokens.text };
    shape_of(painter, pos2(x + 6.0, y), 10.0, row.path.slot, tokens, row.lost);
    let most = columns.local - 32.0;
    paint_within(
        painter,
        pos2(x + 20.0, y),
        &row.path.name,
        Type::Strong,
        tokens.text,
        most,
    );
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a column is hundreds of points wide"
    )]
    let address = |at: f32, wide: f32, address: &SocketAddr| {
        let letters = ((wide - 12.0) / 7.8).max(8.0) as usize;
        let text = format::elide_middle(&address.to_string(), letters);
        paint(painter, pos2(x + at, y), &text, Type::Mono, tokens.text);
    };
    address(columns.local, columns.addresses.0, &row.local);
    address(columns.remote, columns.addresses.1, &row.remote);
    let left = |at: f32, text: &str, color| {
        paint(painter, pos2(x + at, y), text, Type::Body, color);
    };
    left(columns.ids, &row.ids, tokens.text);
    left(columns.state, row.state, color);
    left(columns.role, &row.role, tokens.text);
    let right = |at: f32, text: &str| paint_right(painter, pos2(x + at, y), text, Type::Body, tokens.text);
    let start = if row.rtt_var.is_empty() {
        x + columns.rtt
    } else {
        paint_right(
            painter,
            pos2(x + columns.rtt, y),
            &row.rtt_var,
            Type::Body,
            tokens.text3,
        ) - 4.0
    };
    paint_right(painter, pos2(start, y), &row.rtt, Type::Body, tokens.text);
    right(columns.cwnd, &row.cwnd);
    right(columns.out, &out);
    right(columns.inward, &inward);
    right(columns.sent, &row.sent);
    right(columns.retrans, &row.retrans);
    painter.hline(
        rect.left() + PADDING..=rect.right() - PADDING,
        rect.bottom() - 0.5,
        Stroke::new(1.0, tokens.line),
    );
    response.on_hover_text_at_pointer(format!(
        "{} {}\n{} → {}\nThe kernel gives – where a figure is missing.",
        row.path.name, row.path.device, row.local, row.remote
    ));

    let place = Rect::from_center_size(pos2(x + columns.retrans + 26.0, y), vec2(24.0, 24.0));
    let name = format!("Menu of the subflow over {} from {}", row.path.name, row.local);
    let press = Press::icon(ICON_MORE_VERT.codepoint, &name).look(Look::Quiet);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(place).id_salt(row.cookie.0));
    let button = press.put(&mut child, place);
    Popup::menu(&button).show(|ui| menu(row, view, ui, acts));
}

fn menu(row: &Row, view: &View<'_>, ui: &mut Ui, acts: &mut Vec<Act>) {
    let refusal = view.refusal();
    let gone = (row.state == "closed").then(|| "The subflow is closed already.".to_owned());
    let no_close = refusal.clone().or(gone);
    if menu_item(
        ui,
        ICON_LINK_OFF.codepoint,
        "Close subflow…",
        "",
        no_close.as_deref(),
    ) {
        acts.push(Act::Close(Box::new(row.clone())));
    }
    let state = view.live.state();
    let endpoint = state
        .endpoints
        .values()
        .find(|endpoint| endpoint.address == row.local.ip());
    let on = endpoint.is_some_and(|endpoint| endpoint.flags.contains(EndpointFlags::BACKUP));
    let name = if on { "Not backup" } else { "Make backup" };
    let change = FlagChange::one(EndpointFlags::BACKUP, !on);
    let no_change = refusal.or_else(|| match endpoint {
        None => Some(format!(
            "No endpoint has {}: add one under Paths.",
            row.local.ip()
        )),
        Some(endpoint) if !plan_change(endpoint, change).in_place => {
            Some("The kernel made this endpoint itself and does not change it in place.".to_owned())
        }
        Some(_) => None,
    });
    let command = endpoint.map(|endpoint| Command::EndpointChange {
        id: endpoint.id,
        flags: change,
    });
    let hint = command.as_ref().map_or_else(String::new, |command| {
        let endpoints: Vec<_> = state.endpoints.values().cloned().collect();
        equivalent(command, &endpoints).join("\n")
    });
    if menu_item(ui, ICON_SWAP_HORIZ.codepoint, name, hint, no_change.as_deref())
        && let Some(command) = command
    {
        acts.push(Act::Ask(UiCommand::Request(command)));
    }
    if menu_item(ui, ICON_CONTENT_COPY.codepoint, "Copy addresses", "", None) {
        acts.push(Act::Ask(UiCommand::Copy(format!("{} {}", row.local, row.remote))));
    }
}

fn spoken(row: &Row, out: &str) -> String {
    let role = if row.role.is_empty() {
        String::new()
    } else {
        format!(", {}", row.role)
    };
    format!(
        "{}, {} to {}, {}{role}, RTT {} ms, {out} Mbit/s out",
        row.path.name, row.local, row.remote, row.state, row.rtt
    )
}
