//! What the table of subflows says: rows, their order, and which columns there are.

use std::cmp::Ordering;

use super::columns::{COLUMNS, CellInput, CellStyle, Column, column};
use super::held::Held;
use super::value::Value;
use crate::history::{Condition, SubflowHistory};
use crate::model::{ConnectionId, Cookie, SocketAddr};
use crate::ui::format;
use crate::ui::settings::{Sort, TableSettings};
use crate::ui::view::{Direction, PathName, View};
use crate::words::event::closed_by;

/// One subflow, as the table says it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui::connection) struct Row {
    pub cookie: Cookie,
    pub path: PathName,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub condition: Condition,
    /// The same in words.
    pub state: String,
    /// The change made here that closed it.
    pub closed_by: Option<String>,
    pub lost: bool,
    /// How many other subflows the connection has.
    pub others: usize,
    /// What stands in each column that is shown.
    pub cells: Vec<Cell>,
}

/// What stands in one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ui::connection) struct Cell {
    pub text: String,
    /// What stands after it in grey.
    pub aside: String,
    /// Why there is nothing.
    pub why: Option<&'static str>,
}

/// The columns that are shown, in order.
pub(super) fn chosen(table: &TableSettings) -> Vec<&'static Column> {
    let is_shown = |column: &&'static Column| match &table.columns {
        Some(keys) => column.style == CellStyle::Path || keys.iter().any(|key| key == column.key),
        None => column.usual,
    };
    COLUMNS.iter().filter(is_shown).collect()
}

/// Shows a column, or hides it. What this version does not know stays as it is.
pub(super) fn toggle(table: &mut TableSettings, key: &str) {
    let mut keys = table.columns.take().unwrap_or_else(|| {
        let usual = COLUMNS.iter().filter(|column| column.usual);
        usual.map(|column| column.key.to_owned()).collect()
    });
    if keys.iter().any(|other| other == key) {
        keys.retain(|other| other != key);
    } else {
        keys.push(key.to_owned());
    }
    let of_order = |key: &String| COLUMNS.iter().position(|column| column.key == key);
    keys.sort_by_key(|key| of_order(key).unwrap_or(usize::MAX));
    let usual = COLUMNS.iter().filter(|column| column.usual);
    let is_usual = keys.iter().eq(usual.map(|column| column.key));
    table.columns = (!is_usual).then_some(keys);
}

/// A click on a column's head: numbers begin with the largest, words with the first; the third click brings the
/// order of the paths back.
pub(super) fn sort_by(table: &mut TableSettings, column: &Column) {
    let first = column.style == CellStyle::Number;
    let descending = match &table.sort {
        Some(sort) if sort.column == column.key && sort.descending == first => Some(!first),
        Some(sort) if sort.column == column.key => None,
        _ => Some(first),
    };
    table.sort = descending.map(|descending| Sort {
        column: column.key.to_owned(),
        descending,
    });
}

/// The rows of a connection that lives, or as it was when it ended.
pub(in crate::ui::connection) fn rows(
    connection: ConnectionId,
    table: &TableSettings,
    held: &mut Held,
    view: &View<'_>,
) -> Vec<Row> {
    held.settle(connection, table);
    let record = view.shown.connection(connection);
    let with_it = record.and_then(|record| record.ended_at);
    let peak = |direction| view.shown.peak(connection, direction);
    let peaks = (peak(Direction::Sent), peak(Direction::Received));
    let mut subflows: Vec<&SubflowHistory> = view
        .shown
        .subflows_of(connection)
        .filter(|subflow| match ended_s(subflow, view) {
            Some(ended_s) => subflow.ended_at == with_it || held.keeps(subflow, ended_s),
            None => true,
        })
        .collect();
    view.sort(&mut subflows);
    if let Some((column, descending)) = table
        .sort
        .as_ref()
        .and_then(|sort| Some((column(&sort.column)?, sort.descending)))
    {
        let mut keyed: Vec<_> = subflows
            .into_iter()
            .map(|subflow| {
                (
                    with_input(subflow, peaks, view, |input| column.value(input)),
                    subflow,
                )
            })
            .collect();
        keyed.sort_by(|(a, _), (b, _)| compare(a, b, descending));
        subflows = keyed.into_iter().map(|(_, subflow)| subflow).collect();
    }
    let living = subflows.iter().filter(|subflow| subflow.ended_at.is_none());
    let living = living.count();
    let columns = chosen(table);
    let mut rows: Vec<Row> = subflows
        .iter()
        .map(|subflow| row(subflow, living, view))
        .collect();
    for column in columns {
        let values: Vec<Value> = subflows
            .iter()
            .map(|subflow| with_input(subflow, peaks, view, |input| column.value(input)))
            .collect();
        for (row, cell) in rows.iter_mut().zip(cells(values)) {
            row.cells.push(cell);
        }
    }
    held.arrange(&mut rows, |row| row.cookie);
    rows
}

/// How long ago a subflow ended, seconds.
fn ended_s(subflow: &SubflowHistory, view: &View<'_>) -> Option<f64> {
    let ended_at = subflow.ended_at?;
    Some((view.clock() - ended_at).max(0.0))
}

fn with_input<T>(
    subflow: &SubflowHistory,
    peaks: (f64, f64),
    view: &View<'_>,
    of: impl FnOnce(&CellInput<'_>) -> T,
) -> T {
    let path = view.path(subflow.last.interface.as_deref());
    of(&CellInput {
        subflow,
        path: &path,
        owner: view.other_owner(&subflow.last),
        condition: view.condition(subflow),
        rates: view.shown.rates(subflow),
        peaks,
        up: view.interface_up(&subflow.last),
        ended_s: ended_s(subflow, view),
    })
}

fn row(subflow: &SubflowHistory, living: usize, view: &View<'_>) -> Row {
    with_input(subflow, (0.0, 0.0), view, |input| Row {
        cookie: subflow.last.cookie,
        path: input.path.clone(),
        local: subflow.last.local,
        remote: subflow.last.remote,
        condition: input.condition,
        state: input.state(),
        closed_by: view.shown.ended_by(subflow).map(closed_by),
        lost: input.condition == Condition::Stalled,
        others: living - usize::from(subflow.ended_at.is_none()),
        cells: Vec::new(),
    })
}

/// The values of one column as they are written.
fn cells(values: Vec<Value>) -> impl Iterator<Item = Cell> {
    let rate = |value: &Value| match value {
        Value::Rate(bps, peak) => bps.max(*peak),
        _ => 0.0,
    };
    let decimals = format::rate_decimals(values.iter().map(rate).fold(0.0, f64::max));
    values.into_iter().map(move |value| match value {
        Value::Absent(why) => Cell {
            text: format::ABSENT.to_owned(),
            aside: String::new(),
            why: Some(why),
        },
        Value::Gone => Cell::default(),
        Value::Last(why, aside) => Cell {
            text: format::ABSENT.to_owned(),
            aside,
            why: Some(why),
        },
        Value::Text(text) | Value::Number(_, text) => Cell {
            text,
            ..Cell::default()
        },
        Value::Address(address) => Cell {
            text: address.to_string(),
            ..Cell::default()
        },
        Value::Spread(_, text, aside) => Cell {
            text,
            aside,
            why: None,
        },
        Value::Rate(bps, _) => Cell {
            text: format::rate(bps, decimals),
            ..Cell::default()
        },
    })
}

/// The order of two values; what is absent comes last in either direction.
fn compare(a: &Value, b: &Value, descending: bool) -> Ordering {
    let turned = |order: Ordering| if descending { order.reverse() } else { order };
    let number = |value: &Value| match value {
        Value::Number(number, _) | Value::Spread(number, ..) | Value::Rate(number, _) => Some(*number),
        _ => None,
    };
    let absent = |value: &Value| matches!(value, Value::Absent(_) | Value::Last(..) | Value::Gone);
    match (a, b) {
        _ if absent(a) || absent(b) => absent(a).cmp(&absent(b)),
        (Value::Text(a), Value::Text(b)) => turned(a.to_lowercase().cmp(&b.to_lowercase())),
        (Value::Address(a), Value::Address(b)) => turned(a.cmp(b)),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => turned(a.total_cmp(&b)),
            _ => Ordering::Equal,
        },
    }
}

/// A row in words: where it goes, and every column that is shown.
pub(super) fn spoken(row: &Row, columns: &[&Column]) -> String {
    let mut words = format!(
        "{}, {} to {}, {}",
        row.path.name, row.local, row.remote, row.state
    );
    for (column, cell) in columns.iter().zip(&row.cells) {
        if matches!(
            column.style,
            CellStyle::Path | CellStyle::Address | CellStyle::State
        ) || cell.text.is_empty()
        {
            continue;
        }
        words += &match (cell.why, column.unit) {
            (Some(_), _) => format!(", {} not known", column.head),
            (None, "") => format!(", {} {}", column.head, cell.text),
            (None, unit) => format!(", {} {} {unit}", column.head, cell.text),
        };
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Line, Sample, Subflow, Token};
    use crate::ui::test_data::Stage;

    fn keys(table: &TableSettings) -> Vec<&'static str> {
        chosen(table).iter().map(|column| column.key).collect()
    }

    #[test]
    fn keys_are_unique_and_the_usual_ones_are_those_of_the_plan() {
        let mut all: Vec<_> = COLUMNS.iter().map(|column| column.key).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), COLUMNS.len());
        let usual = [
            "path",
            "local",
            "remote",
            "ids",
            "condition",
            "role",
            "rtt",
            "cwnd",
            "out",
            "in",
            "bytes_sent",
            "retrans_total",
        ];
        assert_eq!(keys(&TableSettings::default()), usual);
    }

    #[test]
    fn every_number_that_the_kernel_tells_has_a_column_and_those_that_were_remembered_keep_their_keys() {
        let remembered = "path interface address_interface local remote ids local_id remote_id condition state role \
            initial backup_local backup_remote joined_by rtt min_rtt rtt_var cwnd ssthresh mss out in delivery_rate_bps \
            pacing_rate_bps bytes_sent bytes_acked bytes_received bytes_retrans retrans_total retrans lost unacked \
            snd_wnd rto backoff last_data_sent last_data_received last_ack_received";
        let keys: Vec<_> = COLUMNS.iter().map(|column| column.key).collect();
        let remembered: Vec<_> = remembered.split_whitespace().collect();
        assert!(keys.starts_with(&remembered), "{keys:?}");
        assert_eq!(keys.last(), Some(&"cookie"));
        for metric in Subflow::METRICS {
            let name = metric.field.name;
            let unitless = name.trim_end_matches("_us").trim_end_matches("_ms");
            assert!(keys.contains(&unitless), "{name}");
        }
    }

    #[test]
    fn a_column_is_shown_in_its_place_and_the_usual_ones_are_not_written_down() {
        let mut table = TableSettings::default();
        toggle(&mut table, "min_rtt");
        assert!(keys(&table).windows(2).any(|pair| pair == ["rtt", "min_rtt"]));
        toggle(&mut table, "min_rtt");
        assert_eq!(table.columns, None);
    }

    #[test]
    fn columns_of_a_newer_version_are_kept() {
        let mut table = TableSettings {
            columns: Some(vec!["rtt".to_owned(), "warp".to_owned()]),
            sort: None,
        };
        toggle(&mut table, "cwnd");
        assert_eq!(keys(&table), ["path", "rtt", "cwnd"]);
        let known = table.columns.unwrap_or_default();
        assert_eq!(known, ["rtt", "cwnd", "warp"]);
    }

    #[test]
    fn the_third_click_brings_the_order_of_the_paths_back() {
        let mut table = TableSettings::default();
        let rtt = column("rtt").expect("a column");
        let mut click = || {
            sort_by(&mut table, rtt);
            table.sort.as_ref().map(|sort| sort.descending)
        };
        assert_eq!([click(), click(), click()], [Some(true), Some(false), None]);
    }

    #[test]
    fn what_is_absent_comes_last_in_either_direction() {
        let (one, two, none) = (
            Value::Number(1.0, String::new()),
            Value::Number(2.0, String::new()),
            Value::Absent(""),
        );
        for descending in [true, false] {
            assert_eq!(compare(&none, &one, descending), Ordering::Greater);
            assert_eq!(compare(&two, &none, descending), Ordering::Less);
        }
        assert_eq!(compare(&one, &two, true), Ordering::Greater);
        assert_eq!(compare(&one, &two, false), Ordering::Less);
    }

    #[test]
    fn rows_are_sorted_and_absent_figures_say_why() {
        let stage = Stage::usual();
        let view = stage.view();
        let mut table = TableSettings::default();
        let paths = |table: &TableSettings| -> Vec<String> {
            let rows = rows(Token(1).into(), table, &mut Held::default(), &view);
            rows.into_iter().map(|row| row.path.name).collect()
        };
        assert_eq!(paths(&table), ["Wi-Fi", "Phone"]);
        sort_by(&mut table, column("path").expect("a column"));
        assert_eq!(paths(&table), ["Phone", "Wi-Fi"]);
        let rows = rows(Token(1).into(), &table, &mut Held::default(), &view);
        let columns = chosen(&table);
        let at = columns.iter().position(|column| column.key == "cwnd");
        let cell = at.and_then(|at| rows.first()?.cells.get(at));
        assert_eq!(
            cell.map(|cell| (cell.text.as_str(), cell.why)),
            Some(("–", Some("This kernel does not tell it.")))
        );
        assert!(
            rows.first()
                .is_some_and(|row| spoken(row, &columns).contains("cwnd not known"))
        );
    }

    /// The usual stage after a sample in which a connection has these subflows only.
    fn later(stage: &mut Stage, t: f64, left: &[u64]) {
        let mut connection = stage.history.latest(Token(1).into()).expect("known").clone();
        connection
            .subflows
            .retain(|subflow| left.contains(&subflow.cookie.0));
        stage.history.apply(Line::Sample(Box::new(Sample {
            t,
            connections: vec![connection],
            ..Sample::default()
        })));
    }

    #[test]
    fn a_subflow_that_ended_keeps_its_row_for_some_seconds_and_longer_under_the_pointer() {
        let mut stage = Stage::usual();
        let (table, mut held) = (TableSettings::default(), Held::default());
        let said = |stage: &Stage, held: &mut Held| -> Vec<String> {
            let rows = rows(Token(1).into(), &table, held, &stage.view());
            rows.iter()
                .map(|row| format!("{} {} {}", row.path.name, row.state, row.others))
                .collect()
        };
        let before = said(&stage, &mut held);
        assert_eq!(before.len(), 2);
        later(&mut stage, 11.0, &[12]);
        later(&mut stage, 14.0, &[12]);
        let rows = said(&stage, &mut held);
        assert_eq!(rows.first().map(String::as_str), Some("Wi-Fi closed 3 s ago 1"));
        assert_eq!(rows.len(), 2);
        held.point(true);
        later(&mut stage, 30.0, &[12]);
        assert_eq!(said(&stage, &mut held).len(), 2, "somebody points at it");
        held.point(false);
        assert_eq!(said(&stage, &mut held).len(), 1);
    }

    #[test]
    fn rows_stay_where_they_are_under_the_pointer() {
        let stage = Stage::usual();
        let (mut table, mut held) = (TableSettings::default(), Held::default());
        let paths = |table: &TableSettings, held: &mut Held| -> String {
            let rows = rows(Token(1).into(), table, held, &stage.view());
            rows.iter().map(|row| row.path.name.as_str()).collect()
        };
        assert_eq!(paths(&table, &mut held), "Wi-FiPhone");
        held.point(true);
        assert_eq!(paths(&table, &mut held), "Wi-FiPhone");
        sort_by(&mut table, column("path").expect("a column"));
        assert_eq!(paths(&table, &mut held), "PhoneWi-Fi", "somebody sorts them");
        assert_eq!(
            (held.lines(2, true), held.lines(1, true), held.lines(1, false)),
            (2, 2, 1)
        );
    }
}
