//! `list`: connections with their subflows.

use serde::Serialize;

use super::envelope::Envelope;
use super::{Failure, Output, Styled};
use crate::kernel::Namespace;
use crate::model::{Connection, Header, Sample, Subflow, ignored};
use crate::source::snapshot;
use crate::words::connection::{Remark, named_process, remark_in_line};
use crate::words::path::leaves_by;
use crate::words::units::{self, ABSENT, several};
use crate::words::{access, endpoint, state};

/// `list --json`.
#[derive(Serialize)]
struct Listing<'a> {
    connections: &'a [Connection],
}

pub(super) fn run(namespace: &Namespace, json: bool, output: &mut Output) -> Result<(), Failure> {
    let (header, mut sample) = snapshot(namespace)?;
    // Oldest first, as far as that is known.
    sample
        .connections
        .sort_by_key(|connection| (connection.cookie, connection.token));
    if json {
        let listing = Listing {
            connections: &sample.connections,
        };
        output.json(&Envelope::new(&header, listing))?;
    } else {
        text(&header, &sample, output)?;
    }
    Ok(output.flush()?)
}

fn text(header: &Header, sample: &Sample, output: &mut Output) -> Result<(), Failure> {
    let connections = &sample.connections;
    for connection in connections {
        output.line(connection_line(connection))?;
        for subflow in &connection.subflows {
            output.line(subflow_line(subflow))?;
        }
    }
    let subflows: usize = connections
        .iter()
        .map(|connection| connection.subflows.len())
        .sum();
    let mut foot = format!(
        "{}, {}",
        several(connections.len(), "connection"),
        several(subflows, "subflow")
    );
    if let Some(plain) = sample.plain_tcp {
        foot += &format!("; {} on plain TCP", several(plain as usize, "connection"));
    }
    output.line(Styled::default().faint(foot))?;
    for why in ignored(&sample.settings) {
        output.line(Styled::default().alarming(endpoint::ignored(&why)))?;
    }
    if let Some(why_not) = &header.access.why_not {
        let why_not = access::why_not(why_not);
        output.line(Styled::default().faint(format!("read-only: {why_not}")))?;
    }
    Ok(())
}

fn connection_line(connection: &Connection) -> Styled {
    let process = connection.process.as_ref().map_or_else(
        || ABSENT.to_owned(),
        |process| named_process(process, connection.other_processes()),
    );
    let token = connection
        .token
        .map_or_else(|| ABSENT.to_owned(), |token| token.to_string());
    let line = Styled::default()
        .faint(token)
        .plain(format!("  {process}  {} → ", connection.local))
        .strong(connection.remote)
        .plain(format!("  {}", state::tcp(connection.state)));
    if connection.has_no_path() {
        line.plain("  ").alarming(remark_in_line(Remark::NoPath))
    } else if connection.fallback == Some(true) {
        line.plain("  ").alarming(remark_in_line(Remark::Fallback))
    } else {
        line
    }
}

fn subflow_line(subflow: &Subflow) -> Styled {
    let absent = || ABSENT.to_owned();
    let id = |id: Option<u8>| id.map_or_else(absent, |id| id.to_string());
    let ms = |us: Option<u32>| us.map_or_else(absent, units::ms);
    let bytes =
        |bytes: Option<u64>| bytes.map_or_else(absent, |bytes| format!("{} MB", units::megabytes(bytes)));
    let mut line = format!(
        "    {:<10} {} → {}  ids {} → {}  {}  RTT {} ± {} ms  cwnd {}  sent {}  received {}",
        subflow.interface.as_deref().unwrap_or(ABSENT),
        subflow.local,
        subflow.remote,
        id(subflow.local_id),
        id(subflow.remote_id),
        state::tcp(subflow.state),
        ms(subflow.rtt_us),
        ms(subflow.rtt_var_us),
        subflow.cwnd.map_or_else(absent, |cwnd| cwnd.to_string()),
        bytes(subflow.bytes_sent),
        bytes(subflow.bytes_received),
    );
    if subflow.is_backup() {
        line += "  backup";
    }
    let mut line = Styled::from(line);
    // Two paths that leave by one interface are none of each other's spare.
    if let (Some(owner), Some(interface)) = (&subflow.address_interface, &subflow.interface) {
        let address = subflow.local.ip();
        line = line.plain("  ").alarming(leaves_by(address, owner, interface));
    }
    if subflow.backoff.is_some_and(|backoff| backoff > 0) {
        return line.plain("  ").alarming("stalled");
    }
    line
}
