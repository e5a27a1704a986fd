//! A connection with a line for itself and one for each subflow: where there is room, and for who reads a pipe.

use super::super::columns::shown_width;
use super::super::{Failure, Output, Styled};
use super::{Listing, MeasuredRate};
use crate::model::{Connection, ListeningSocket, Process, Subflow, WaitReason};
use crate::words::connection::{Remark, named_process, remark_in_line};
use crate::words::path::leaves_by;
use crate::words::state;
use crate::words::units::{self, ABSENT};
use crate::words::waiting::{accept_queue, held_back, queues, reason};

pub(super) fn text(listing: &Listing, output: &mut Output) -> Result<(), Failure> {
    for connection in &listing.connections {
        output.line(connection_line(connection, listing.rate(connection)))?;
        if let Some(line) = waiting_line(connection) {
            output.line(line)?;
        }
        for subflow in &connection.subflows {
            output.line(subflow_line(listing, subflow))?;
        }
    }
    listeners(listing, output)
}

/// The sockets that listen, under a heading of their own.
pub(super) fn listeners(listing: &Listing, output: &mut Output) -> Result<(), Failure> {
    if listing.listeners.is_empty() {
        return Ok(());
    }
    output.line(Styled::default().strong("Listening"))?;
    let holder = |listener: &ListeningSocket| {
        let others = listener.processes.len().saturating_sub(1);
        held_by(listener.process.as_ref(), others)
    };
    let address = |listener: &ListeningSocket| {
        let interface = listener.interface.as_ref().map(|name| format!(" on {name}"));
        format!("{}{}", listener.local, interface.unwrap_or_default())
    };
    let widest = |cells: Vec<String>| cells.iter().map(|cell| shown_width(cell)).max().unwrap_or(0);
    let widest_holder = widest(listing.listeners.iter().map(holder).collect());
    let widest_address = widest(listing.listeners.iter().map(address).collect());
    for listener in &listing.listeners {
        let (holder, address) = (holder(listener), address(listener));
        let room = |text: &str, width: usize| " ".repeat(width.saturating_sub(shown_width(text)));
        let line = Styled::from(format!(
            "  {holder}{}  {address}{}  ",
            room(&holder, widest_holder),
            room(&address, widest_address)
        ));
        let queue = accept_queue(listener);
        output.line(if listener.is_full() {
            line.alarming(queue)
        } else {
            line.plain(queue)
        })?;
    }
    Ok(())
}

/// Who holds a socket: `ssh (812) +1`.
pub(super) fn held_by(process: Option<&Process>, others: usize) -> String {
    process.map_or_else(|| ABSENT.to_owned(), |process| named_process(process, others))
}

/// What of a connection deserves to be seen at once.
pub(super) fn alarm(connection: &Connection) -> Option<String> {
    if connection.has_no_path() {
        Some(remark_in_line(Remark::NoPath))
    } else if connection.fallback == Some(true) {
        Some(remark_in_line(Remark::Fallback))
    } else {
        None
    }
}

fn rates(rate: MeasuredRate) -> String {
    format!(
        "  ↑ {}  ↓ {}",
        units::bit_rate(rate.out_bps),
        units::bit_rate(rate.in_bps)
    )
}

fn connection_line(connection: &Connection, rate: Option<MeasuredRate>) -> Styled {
    let token = connection.token;
    let token = token.map_or_else(|| ABSENT.to_owned(), |token| token.to_string());
    let process = held_by(connection.process.as_ref(), connection.other_processes());
    let line = Styled::default()
        .faint(token)
        .plain(format!("  {process}  {} → ", connection.local))
        .strong(connection.remote)
        .plain(format!("  {}", state::tcp(connection.state)))
        .plain(rate.map(rates).unwrap_or_default());
    match alarm(connection) {
        Some(alarm) => line.plain("  ").alarming(alarm),
        None => line,
    }
}

/// Why data waits, what is in the queues, and what held data back so far, if anything of that is so.
fn waiting_line(connection: &Connection) -> Option<Styled> {
    let reasons = connection.wait_reasons().into_iter();
    // That no path is left stands in the line above.
    let reasons = reasons.filter(|why| *why != WaitReason::NoPath);
    let reasons: Vec<&str> = reasons.map(reason).collect();
    let mut parts = queues(connection);
    parts.extend(held_back(&connection.hold_times()));
    if reasons.is_empty() && parts.is_empty() {
        return None;
    }
    let line = Styled::from("    ").plain(parts.join(", "));
    if reasons.is_empty() {
        return Some(line);
    }
    let between = if parts.is_empty() { "" } else { "  " };
    Some(line.plain(between).alarming(reasons.join(", ")))
}

fn subflow_line(listing: &Listing, subflow: &Subflow) -> Styled {
    let absent = || ABSENT.to_owned();
    let id = |id: Option<u8>| id.map_or_else(absent, |id| id.to_string());
    let time = |us: Option<u32>| us.map_or_else(absent, |us| units::time(us.into()));
    let bytes = |bytes: Option<u64>| bytes.map_or_else(absent, units::bytes);
    let interface = subflow.interface.as_deref().unwrap_or(ABSENT);
    let room = " ".repeat(9_usize.saturating_sub(shown_width(interface)));
    let mut line = format!(
        "    {interface}{room}  {} → {}  ids {} → {}  {}  RTT {} ± {}  cwnd {}  sent {}  received {}",
        subflow.local,
        subflow.remote,
        id(subflow.local_id),
        id(subflow.remote_id),
        state::tcp(subflow.state),
        time(subflow.rtt_us),
        time(subflow.rtt_var_us),
        subflow.cwnd.map_or_else(absent, |cwnd| cwnd.to_string()),
        bytes(subflow.bytes_sent),
        bytes(subflow.bytes_received),
    );
    line += &listing.rate_of_subflow(subflow).map(rates).unwrap_or_default();
    if subflow.is_backup() {
        line += "  backup";
    }
    let mut line = Styled::from(line);
    // Two paths that leave by one interface are none of each other's spare.
    if let (Some(owner), Some(interface)) = (&subflow.address_interface, &subflow.interface) {
        let address = subflow.local.ip();
        line = line.plain("  ").alarming(leaves_by(address, owner, interface));
    }
    match listing.stall(subflow) {
        Some(stall) => line.plain("  ").alarming(stall),
        None => line,
    }
}
