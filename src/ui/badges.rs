//! What a word says of a connection in its row and in its header.

use egui_material_icons::icons::{ICON_SWAP_HORIZ, ICON_WARNING};

use super::kit::Badge;
use super::view::View;
use crate::model::Connection;
use crate::words::connection::{self, Remark};

/// How long a handover is news, seconds.
const RECENT_S: f64 = 60.0;

/// The badge of a remark.
pub(super) fn badge(remark: Remark) -> Badge {
    let text = connection::remark(remark);
    match remark {
        Remark::NoPath | Remark::Fallback | Remark::HandoverRuns { stopped_s: Some(_) } => {
            Badge::warning(text, ICON_WARNING.codepoint)
        }
        Remark::HandoverRuns { stopped_s: None } | Remark::Handover { .. } | Remark::BackupInUse => {
            Badge::neutral(text, Some(ICON_SWAP_HORIZ.codepoint))
        }
        Remark::OnePath => Badge::neutral(text, None),
    }
}

/// What is worth a badge at a connection, the gravest first.
pub(super) fn remarks(connection: &Connection, view: &View<'_>) -> Vec<Remark> {
    if connection.has_no_path() {
        return vec![Remark::NoPath];
    }
    if connection.fallback == Some(true) {
        return vec![Remark::Fallback];
    }
    let subflows = view.subflows(connection.id());
    let sum = |backup: bool| -> f64 {
        subflows
            .iter()
            .filter(|subflow| subflow.last.is_backup() == backup)
            .map(|subflow| view.shown.rates(subflow))
            .map(|(out, inward)| out + inward)
            .sum()
    };
    let mut remarks = Vec::new();
    // What runs says more than what was.
    if let Some(running) = view.shown.running(connection.id()) {
        let stopped_s = running.stopped_since().map(|since| view.clock() - since);
        remarks.push(Remark::HandoverRuns { stopped_s });
    }
    let newest = view
        .interruptions(connection.id())
        .next()
        .filter(|_| remarks.is_empty());
    let ago = newest.map(|(handover, _)| view.shown.now() - handover.t);
    let recent = ago.filter(|ago_s| *ago_s < RECENT_S);
    remarks.extend(recent.map(|ago_s| Remark::Handover { ago_s }));
    // A backup carries a few bytes now and then; in use means more than that.
    if sum(true) > 0.05 * sum(false) && sum(true) > 0.0 {
        remarks.push(Remark::BackupInUse);
    }
    if subflows.len() == 1 {
        remarks.push(Remark::OnePath);
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use crate::ui::test_data::Stage;

    #[test]
    fn a_connection_without_a_path_says_so_first() {
        let stage = Stage::usual();
        let view = stage.view();
        let mut connection = view.shown.latest(Token(3).into()).expect("known").clone();
        connection.subflows.clear();
        let first = |connection: &Connection| remarks(connection, &view).remove(0);
        assert_eq!(
            first(&connection),
            Remark::Fallback,
            "not accepted yet, as far as is known"
        );
        connection.inode = Some(7);
        assert_eq!(first(&connection), Remark::NoPath);
    }
}
