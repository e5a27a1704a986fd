//! The report as tables of comma-separated values (RFC 4180), a row a fact, with units in the heads.

use std::io;
use std::path::{Path, PathBuf};

use csv::Writer;

use super::model::{ConnectionReport, Report};
use crate::model::Event;
use crate::model::text::for_terminal;
use crate::words;

/// Makes a table of a report.
type MakeTable = fn(&Report) -> csv::Result<Vec<u8>>;

/// Writes `connections.csv`, `subflows.csv`, `throughput.csv`, `handovers.csv`, `events.csv` and `interfaces.csv` into a
/// directory, which is made if it is not there; what is there by these names is replaced, each as a whole by `replace`.
/// The files.
///
/// # Errors
/// When one cannot be written.
pub fn write_tables(
    report: &Report,
    directory: &Path,
    replace: impl Fn(&Path, &[u8]) -> io::Result<()>,
) -> io::Result<Vec<PathBuf>> {
    let tables: [(&str, MakeTable); 6] = [
        ("connections.csv", connections),
        ("subflows.csv", subflows),
        ("throughput.csv", throughput),
        ("handovers.csv", handovers),
        ("events.csv", events),
        ("interfaces.csv", interfaces),
    ];
    std::fs::create_dir_all(directory)?;
    let write = |(name, table): (&str, MakeTable)| {
        let path = directory.join(name);
        replace(&path, &table(report)?)?;
        Ok(path)
    };
    tables.into_iter().map(write).collect()
}

/// Rows of a table below its head.
fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> csv::Result<Vec<u8>> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(head)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| safe(cell)))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// A cell that no spreadsheet takes for a formula, and with nothing hidden in it.
fn safe(cell: &str) -> String {
    let shown = for_terminal(cell);
    let is_number = shown.parse::<f64>().is_ok();
    if !is_number && shown.starts_with(['=', '+', '-', '@']) {
        return format!("'{shown}");
    }
    shown.into_owned()
}

/// A value, or nothing where it is not known.
fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Seconds to the millisecond.
fn seconds(t: f64) -> String {
    format!("{t:.3}")
}

/// The name that a type has in JSON.
fn json_word(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn connections(report: &Report) -> csv::Result<Vec<u8>> {
    let rows = report.connections.iter().map(|one| {
        [
            cell(one.token),
            cell(one.application.as_ref()),
            cell(one.pid),
            cell(one.user.as_ref()),
            one.local.to_string(),
            one.remote.to_string(),
            cell(one.server_side),
            cell(one.fallback),
            seconds(one.began_s),
            one.was_there.to_string(),
            cell(one.ended_s.map(seconds)),
            one.sent_bytes.to_string(),
            one.received_bytes.to_string(),
            one.subflows_sent_bytes.to_string(),
            one.retransmitted_bytes.to_string(),
            one.handovers.to_string(),
            cell(one.without_delivery_ms),
            one.lost.to_string(),
        ]
    });
    let head = [
        "token",
        "application",
        "pid",
        "user",
        "local",
        "remote",
        "server_side",
        "fallback",
        "began_s",
        "was_there",
        "ended_s",
        "sent_bytes",
        "received_bytes",
        "subflows_sent_bytes",
        "retransmitted_bytes",
        "handovers",
        "without_delivery_ms",
        "lost",
    ];
    table(head, rows)
}

fn subflows(report: &Report) -> csv::Result<Vec<u8>> {
    let rows = |connection: &ConnectionReport| {
        let token = cell(connection.token);
        let ends = [connection.local, connection.remote].map(|end| end.to_string());
        let subflows = connection.subflows.iter();
        let rows = subflows.map(move |one| {
            let [local, remote] = ends.clone();
            [
                token.clone(),
                local,
                remote,
                one.local.to_string(),
                one.remote.to_string(),
                cell(one.interface.as_ref()),
                cell(one.initial),
                one.backup.to_string(),
                json_word(&one.state),
                seconds(one.began_s),
                cell(one.ended_s.map(seconds)),
                one.delivered_bytes.to_string(),
                one.received_bytes.to_string(),
                one.sent_bytes.to_string(),
                one.retransmitted_bytes.to_string(),
                one.retransmitted_segments.to_string(),
                cell(one.min_rtt_us),
                cell(one.rtt_us),
            ]
        });
        rows.collect::<Vec<_>>()
    };
    let head = [
        "token",
        "connection_local",
        "connection_remote",
        "local",
        "remote",
        "interface",
        "initial",
        "backup",
        "state",
        "began_s",
        "ended_s",
        "delivered_bytes",
        "received_bytes",
        "sent_bytes",
        "retransmitted_bytes",
        "retransmitted_segments",
        "min_rtt_us",
        "rtt_us",
    ];
    table(head, report.connections.iter().flat_map(rows))
}

fn throughput(report: &Report) -> csv::Result<Vec<u8>> {
    let throughput = &report.throughput;
    let to_s = report.recording.to_s;
    let rows = throughput.paths.iter().flat_map(|path| {
        let rates = path.sent_bps.iter().zip(&path.received_bps).enumerate();
        rates.map(move |(number, (sent, received))| {
            let from_s = throughput.from_s + number as f64 * throughput.bin_s;
            [
                seconds(from_s),
                seconds((from_s + throughput.bin_s).min(to_s)),
                cell(path.interface.as_ref()),
                format!("{sent:.0}"),
                format!("{received:.0}"),
            ]
        })
    });
    table(["from_s", "to_s", "interface", "sent_bps", "received_bps"], rows)
}

fn handovers(report: &Report) -> csv::Result<Vec<u8>> {
    let rows = report.handovers.iter().map(|one| {
        [
            one.number.to_string(),
            seconds(one.t),
            cell(one.token),
            cell(one.application.as_ref()),
            cell(one.remote),
            json_word(&one.cause),
            cell(one.from.as_ref()),
            cell(one.to.as_ref()),
            cell(one.interruption_ms),
            cell(one.uncertainty_ms),
            cell(one.recovery_ms),
            cell(one.survived),
            one.ongoing.to_string(),
            one.sentence.clone(),
        ]
    });
    let head = [
        "number",
        "t_s",
        "token",
        "application",
        "remote",
        "cause",
        "from",
        "to",
        "interruption_ms",
        "uncertainty_ms",
        "recovery_ms",
        "survived",
        "ongoing",
        "sentence",
    ];
    table(head, rows)
}

fn events(report: &Report) -> csv::Result<Vec<u8>> {
    let row = |event: &Event| {
        [
            seconds(event.t),
            event.kind.to_string(),
            json_word(&event.origin),
            cell(event.token),
            cell(event.local),
            cell(event.remote),
            cell(event.address),
            cell(event.interface.as_ref()),
            cell(event.local_id),
            cell(event.remote_id),
            cell(event.backup),
            cell(event.error),
            cell(event.reset_reason),
            words::event::details(event).join("; "),
        ]
    };
    let head = [
        "t_s",
        "event",
        "source",
        "token",
        "local",
        "remote",
        "address",
        "interface",
        "local_id",
        "remote_id",
        "backup",
        "error",
        "reset_reason",
        "details",
    ];
    table(head, report.all_events.iter().map(row))
}

fn interfaces(report: &Report) -> csv::Result<Vec<u8>> {
    let machine = &report.machine.interfaces;
    let gone = report.paths.iter().filter(|path| {
        let device = path.interface.as_deref();
        !machine
            .iter()
            .any(|interface| Some(interface.name.as_str()) == device)
    });
    let there = machine.iter().map(|interface| {
        let path = report
            .paths
            .iter()
            .find(|path| path.interface.as_ref() == Some(&interface.name));
        let addresses = interface.addresses.iter();
        let addresses = addresses.map(|address| format!("{}/{}", address.address, address.prefix));
        [
            interface.name.clone(),
            json_word(&interface.kind),
            interface.up.to_string(),
            interface.default_route.to_string(),
            addresses.collect::<Vec<_>>().join(" "),
            cell(interface.ssid.as_ref()),
            cell(interface.signal_dbm),
            cell(interface.mtu),
            cell(interface.speed_mbps),
            path.map_or(0, |path| path.sent_bytes).to_string(),
            path.map_or(0, |path| path.received_bytes).to_string(),
            path.map_or(0, |path| path.retransmitted_bytes).to_string(),
        ]
    });
    let gone = gone.map(|path| {
        let nothing = String::new;
        [
            cell(path.interface.as_ref()),
            path.kind.as_ref().map(json_word).unwrap_or_default(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            path.sent_bytes.to_string(),
            path.received_bytes.to_string(),
            path.retransmitted_bytes.to_string(),
        ]
    });
    let head = [
        "interface",
        "kind",
        "up",
        "default_route",
        "addresses",
        "ssid",
        "signal_dbm",
        "mtu_bytes",
        "speed_mbps",
        "mptcp_sent_bytes",
        "mptcp_received_bytes",
        "mptcp_retransmitted_bytes",
    ];
    table(head, there.chain(gone))
}
