//! A line a connection, for a terminal that is no wider.

use super::super::columns::{TextColumn, TextTable};
use super::super::{Failure, Output, Styled};
use super::Listing;
use super::wide::{alarm, listeners};
use crate::model::{Connection, Subflow, TcpState};
use crate::words::state;
use crate::words::units::{self, ABSENT};
use crate::words::waiting::reason;

/// The columns with what was moved in sum, and with what moves now.
const COLUMNS: [TextColumn; 8] = [
    TextColumn::words("APPLICATION", 7),
    TextColumn::numbers("PID", 3),
    TextColumn::words("PEER", 13),
    TextColumn::words("PATHS", 6),
    TextColumn::numbers("RTT", 2),
    TextColumn::numbers("SENT", 1),
    TextColumn::numbers("RECEIVED", 1),
    TextColumn::words("", 5),
];
const RATED: [TextColumn; 8] = [
    TextColumn::words("APPLICATION", 7),
    TextColumn::numbers("PID", 3),
    TextColumn::words("PEER", 13),
    TextColumn::words("PATHS", 6),
    TextColumn::numbers("RTT", 2),
    TextColumn::numbers("SENDS", 1),
    TextColumn::numbers("RECEIVES", 1),
    TextColumn::words("", 5),
];

pub(super) fn text(listing: &Listing, output: &mut Output) -> Result<(), Failure> {
    let columns = if listing.rated_s.is_some() {
        &RATED
    } else {
        &COLUMNS
    };
    let remarks: Vec<Option<String>> = listing
        .connections
        .iter()
        .map(|one| remark(listing, one))
        .collect();
    let rows: Vec<Vec<String>> = listing
        .connections
        .iter()
        .zip(&remarks)
        .map(|(connection, remark)| cells(listing, connection, remark.clone()))
        .collect();
    let table = TextTable::new(columns, &rows, output.width());
    if !rows.is_empty() {
        output.line(Styled::default().faint(table.titles().concat().trim_end()))?;
    }
    for row in &rows {
        let mut cells = table.row(row);
        let remark = cells.pop().unwrap_or_default();
        let line = cells.concat();
        output.line(if remark.is_empty() {
            Styled::from(line.trim_end())
        } else {
            Styled::from(line).alarming(remark)
        })?;
    }
    listeners(listing, output)
}

fn cells(listing: &Listing, connection: &Connection, remark: Option<String>) -> Vec<String> {
    let amounts = match listing.rate(connection) {
        Some(rate) => [units::bit_rate(rate.out_bps), units::bit_rate(rate.in_bps)],
        None => [
            units::bytes(connection.sent_bytes()),
            units::bytes(connection.received_bytes()),
        ],
    };
    let name = connection.process.as_ref().map(|process| process.name.as_str());
    let mut cells = vec![
        name.map_or_else(|| ABSENT.to_owned(), str::to_owned),
        pid(connection),
        connection.remote.to_string(),
        paths(connection),
        best_rtt(connection).map_or_else(|| ABSENT.to_owned(), |us| units::time(us.into())),
    ];
    cells.extend(amounts);
    cells.push(remark.unwrap_or_default());
    cells
}

/// The process that holds it, and how many others do: `812+1`.
fn pid(connection: &Connection) -> String {
    let process = connection.process.as_ref();
    let pid = process.map(|process| process.pid.to_string()).unwrap_or_default();
    match connection.other_processes() {
        0 => pid,
        others => format!("{pid}+{others}"),
    }
}

/// The interfaces of its open subflows, a backup in brackets: `wlan0+(eth0)`.
fn paths(connection: &Connection) -> String {
    let open = connection.subflows.iter().filter(|subflow| subflow.is_open());
    let mut open: Vec<&Subflow> = open.map(|subflow| &**subflow).collect();
    open.sort_by_key(|subflow| (subflow.is_backup(), subflow.interface.as_deref()));
    let name = open.into_iter().map(|subflow| {
        let name = subflow.interface.as_deref().unwrap_or(ABSENT);
        if subflow.is_backup() {
            format!("({name})")
        } else {
            name.to_owned()
        }
    });
    let mut names: Vec<String> = Vec::new();
    for name in name {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        ABSENT.to_owned()
    } else {
        names.join("+")
    }
}

fn best_rtt(connection: &Connection) -> Option<u32> {
    let open = connection.subflows.iter().filter(|subflow| subflow.is_open());
    open.filter_map(|subflow| subflow.rtt_us).min()
}

/// What is not as it should be, in a few words.
fn remark(listing: &Listing, connection: &Connection) -> Option<String> {
    let waits = connection.wait_reasons();
    alarm(connection)
        .or_else(|| waits.first().map(|why| reason(*why).to_owned()))
        .or_else(|| {
            let mut subflows = connection.subflows.iter();
            subflows
                .find_map(|subflow| listing.stall(subflow))
                .map(str::to_owned)
        })
        .or_else(|| {
            (connection.state != TcpState::Established).then(|| state::tcp(connection.state).to_string())
        })
}
