//! The lists of the page: handovers, connections, and what was changed meanwhile.

use maud::{Markup, html};

use super::marks::mark;
use super::{Context, shown};
use crate::history::handover::Incident;
use crate::model::Event;
use crate::report::model::ConnectionReport;
use crate::words::connection::UNKNOWN_APPLICATION;
use crate::words::handover::{EVERY_PATH, NOWHERE, cause, uninterrupted, why};
use crate::words::units::{ABSENT, bytes, length, measured, several};
use crate::words::{event as event_words, report as words};

/// The page lists so many connections, handovers and changes; the tables have all.
const CONNECTIONS: usize = 50;
const HANDOVERS: usize = 200;
const CHANGES: usize = 100;

/// What happened, a row an incident.
pub(super) fn handovers(context: &Context) -> Markup {
    let incidents = &context.report.incidents;
    html! {
        section {
            h2 { "Handovers" }
            @if incidents.is_empty() {
                p.none { "No handover." }
            } @else {
                table {
                    thead { tr {
                        th scope="col" aria-label="Number" {}
                        th scope="col" { "When" }
                        th scope="col" { "What happened" }
                        th scope="col" { "From → to" }
                        th.n scope="col" { "Interruption" }
                        th.n scope="col" { "As before after" }
                        th scope="col" { "Connections" }
                    } }
                    tbody { @for incident in incidents.iter().take(HANDOVERS) { (handover(context, incident)) } }
                }
                (rest(incidents.len(), HANDOVERS, "handover"))
            }
        }
    }
}

fn handover(context: &Context, incident: &Incident) -> Markup {
    let from = incident.from.as_deref().map(|device| context.name(Some(device)));
    let worst = incident.worst();
    let recovery = worst.and_then(|gap| gap.recovery_ms);
    let path = |device: Option<&str>, absent: &str| {
        html! {
            @if let Some(device) = device {
                span.w { (mark(context.slot(Some(device)))) (shown(&context.name(Some(device)))) }
            } @else {
                (absent)
            }
        }
    };
    html! {
        tr {
            td.b { (incident.number) }
            td.m.w { (context.clock("%H:%M:%S%.3f", incident.t)) }
            td { (shown(&cause(incident.cause, from.as_deref()))) " (" (why(incident.cause)) ")" }
            td {
                (path(incident.from.as_deref(), EVERY_PATH))
                @if incident.to.is_none() || incident.to != incident.from {
                    " → " (path(incident.to.as_deref(), NOWHERE))
                }
            }
            td.n {
                @match worst {
                    Some(gap) => { @let gap = measured(gap.ms, gap.uncertainty_ms); span.b { (gap.length) } span.q { " ± " (gap.uncertainty) } }
                    None => span.q { (incident.uninterrupted().map_or(ABSENT, uninterrupted)) }
                }
            }
            td.n { (recovery.map_or_else(|| ABSENT.to_owned(), |ms| format!("{:.1} s", ms as f64 / 1000.0))) }
            td { (words::fates(incident)) }
        }
    }
}

/// That a list goes on where it is not shown.
fn rest(all: usize, shown: usize, noun: &str) -> Markup {
    html! {
        @if all > shown {
            p.more { "and " (several(all - shown, &format!("further {noun}"))) ", which --csv and --json list." }
        }
    }
}

/// The connections, those that carried most first.
pub(super) fn connections(context: &Context) -> Markup {
    let report = context.report;
    let more = report.connections_more;
    html! {
        section {
            h2 { "Connections" }
            @if report.connections.is_empty() {
                p.none { "No MPTCP connection was there." }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { "Application" }
                        th scope="col" { "Peer" }
                        th scope="col" { "Paths" }
                        th.n scope="col" { "Sent" }
                        th.n scope="col" { "Received" }
                        th.n scope="col" { "Retransmitted" }
                        th.n scope="col" { "Without delivery" }
                    } }
                    tbody { @for one in report.connections.iter().take(CONNECTIONS) { (connection(context, one)) } }
                }
                (rest(report.connections.len(), CONNECTIONS, "connection"))
                @if more.connections > 0 {
                    p.more {
                        (several(usize::try_from(more.connections).unwrap_or(usize::MAX), "further connection"))
                        ", of which only the sum is kept: " (bytes(more.sent_bytes)) " sent, " (bytes(more.received_bytes)) " received."
                    }
                }
            }
        }
    }
}

fn connection(context: &Context, one: &ConnectionReport) -> Markup {
    let mut paths: Vec<(Option<&str>, bool)> = Vec::new();
    for subflow in &one.subflows {
        let device = subflow.interface.as_deref();
        match paths.iter_mut().find(|(other, _)| *other == device) {
            Some((_, backup)) => *backup &= subflow.backup,
            None => paths.push((device, subflow.backup)),
        }
    }
    let again = one.retransmitted_bytes as f64 / one.subflows_sent_bytes.max(1) as f64 * 100.0;
    let waited = match one.without_delivery_ms {
        _ if one.lost => "lost".to_owned(),
        None => "nothing to send".to_owned(),
        Some(0) if one.handovers == 0 => ABSENT.to_owned(),
        Some(0) => "none".to_owned(),
        Some(ms) => length(ms).to_string(),
    };
    html! {
        tr {
            td.b.w { (shown(one.application.as_deref().unwrap_or(UNKNOWN_APPLICATION))) }
            td.m { (shown(&one.remote.to_string())) }
            td {
                @for (place, (device, backup)) in paths.iter().enumerate() {
                    @if place > 0 { ", " }
                    span.w { (mark(context.slot(*device))) (shown(&context.name(*device))) @if *backup { " (backup)" } }
                }
                @if one.fallback == Some(true) { span.q { " fell back to TCP" } }
            }
            td.n { (bytes(one.sent_bytes)) }
            td.n { (bytes(one.received_bytes)) }
            td.n { (format!("{again:.1} %")) }
            td.n.(if one.lost { "d" } else { "t" }) { (waited) }
        }
    }
}

/// What somebody changed on the machine meanwhile.
pub(super) fn changes(context: &Context) -> Markup {
    let report = context.report;
    let all = report.changes.len() + usize::try_from(report.changes_more).unwrap_or(0);
    html! {
        section {
            h2 { "What was changed meanwhile" }
            @if report.changes.is_empty() {
                p.none { "Nothing: no endpoint, no limit and no setting." }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { "When" }
                        th scope="col" { "What" }
                        th scope="col" { "Details" }
                    } }
                    tbody { @for event in report.changes.iter().take(CHANGES) { (change(context, event)) } }
                }
                (rest(all, CHANGES, "change"))
            }
        }
    }
}

fn change(context: &Context, event: &Event) -> Markup {
    html! {
        tr {
            td.m.w { (context.clock("%H:%M:%S%.3f", event.t)) }
            td.w { (shown(&event_words::title(event.kind))) }
            td { (shown(&event_words::details(event).join(" · "))) }
        }
    }
}
