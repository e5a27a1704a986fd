//! What a word says of a connection in its row and in its header.

use egui_material_icons::icons::{ICON_SWAP_HORIZ, ICON_WARNING};

use super::format;
use super::kit::Badge;
use super::view::View;
use crate::model::Connection;

/// How long a handover is news, seconds.
const RECENT_S: f64 = 60.0;

/// The badges of a connection, the gravest first.
pub(super) fn badges(connection: &Connection, view: &View<'_>) -> Vec<Badge> {
    if connection.has_no_path() {
        return vec![Badge::warning("No path left", ICON_WARNING.codepoint)];
    }
    if connection.fallback == Some(true) {
        return vec![Badge::warning("Fell back to TCP", ICON_WARNING.codepoint)];
    }
    let subflows = view.subflows(connection.id());
    let sum = |backup: bool| -> f64 {
        subflows
            .iter()
            .filter(|subflow| subflow.last.is_backup() == backup)
            .map(|subflow| view.recent_bps(subflow))
            .sum()
    };
    let mut badges = Vec::new();
    let newest = view.interruptions(connection.id()).next();
    let ago = newest.map(|(handover, _)| view.shown.now() - handover.t);
    if let Some(ago) = ago.filter(|ago| *ago < RECENT_S) {
        let text = format!("Handover {} ago", format::age(ago));
        badges.push(Badge::neutral(text, Some(ICON_SWAP_HORIZ.codepoint)));
    }
    // A backup carries a few bytes now and then; in use means more than that.
    if sum(true) > 0.05 * sum(false) && sum(true) > 0.0 {
        badges.push(Badge::neutral("Backup in use", Some(ICON_SWAP_HORIZ.codepoint)));
    }
    if subflows.len() == 1 {
        badges.push(Badge::neutral("One path", None));
    }
    badges
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
        let first = |connection: &Connection| badges(connection, &view).remove(0).text;
        assert_eq!(
            first(&connection),
            "Fell back to TCP",
            "not accepted yet, as far as is known"
        );
        connection.inode = Some(7);
        assert_eq!(first(&connection), "No path left");
    }
}
